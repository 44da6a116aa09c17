"""What is wrong with one gradient: a case, and the hypotheses that may fit it."""
