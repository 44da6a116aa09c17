"""Two passes by hand, run as they are: on Tensors, on arrays, and what backward gives."""
