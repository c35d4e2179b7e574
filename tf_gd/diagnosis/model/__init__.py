"""The gradient of any model: by hand, by TensorFlow, and from the loss itself, beside each other."""
