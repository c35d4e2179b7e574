"""Look at it: figures, the interactive report, TensorBoard, and the brute-force search."""
