import numpy as np

rng = np.random.default_rng(7)
X = rng.uniform(0, 2, 40)
Y = 3 * X - 1 + 0.1 * rng.normal(size=40)
w, b = 0.0, 0.0
for epoch in range(5):
    order = rng.permutation(40)
    for first in range(0, 40, 8):
        rows = order[first : first + 8]
        xb, yb = X[rows], Y[rows]
        e = w * xb + b - yb
        w, b = w - 0.1 * 2 * np.mean(e * xb), b - 0.1 * 2 * np.mean(e)
print(w, b)
