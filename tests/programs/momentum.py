import numpy as np

x = np.array([0.1, 0.5, 0.9, 1.4, 2.0])
y = np.array([0.4, 1.2, 2.1, 2.9, 4.2])
params = np.array([0.2, 0.1])
velocity = np.zeros(2)
for _ in range(60):
    e = params[0] * x + params[1] - y
    gradient = 2 * np.array([np.mean(e * x), np.mean(e)])
    velocity = 0.9 * velocity - 0.05 * gradient
    params = params + velocity
print(params)
