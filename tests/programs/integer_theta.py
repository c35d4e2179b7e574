import numpy as np

x = np.array([1.0, 2.0, 3.0, 5.0])
y = np.array([14.0, 25.0, 33.0, 56.0])
theta = np.array([0, 0])
alpha = 0.1
for step in range(20):
    error = theta[0] + theta[1] * x - y
    theta[0] = theta[0] - alpha * np.mean(error)
    theta[1] = theta[1] - alpha * np.mean(error * x)
print(theta)
