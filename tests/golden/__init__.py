"""Numbers computed elsewhere. A package, for two of its files are named as files next door."""
