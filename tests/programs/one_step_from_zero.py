import numpy as np

x = np.array([1.0, 2.0, 4.0])
y = np.array([2.0, 3.5, 8.0])
theta = np.zeros(2)
X = np.c_[x, np.ones(3)]
theta = theta - 0.05 * 2 * X.T @ (X @ theta - y) / 3
print(theta)
