"""The recorded pass written as NumPy source."""
