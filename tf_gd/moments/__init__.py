"""Is it large? Six sums, read once, stand for any number of points."""
