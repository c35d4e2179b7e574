"""How TensorFlow adds: the order of a sum, and the sums themselves."""
