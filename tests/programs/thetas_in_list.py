import numpy as np

x = np.array([0.3, 0.7, 1.1, 1.8])
y = np.array([2.0, 2.9, 3.2, 4.6])
thetas = [(0.0, 0.0)]
for k in range(25):
    t0, t1 = thetas[-1]
    r = t0 + t1 * x - y
    thetas.append((t0 - 0.1 * np.sum(r) * 2, t1 + 0.1 * np.sum(r * x) * 2))
print(thetas[-1])
