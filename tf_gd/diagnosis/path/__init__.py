"""The steps that a program took: is it gradient descent, and if not, what is wrong with it."""
