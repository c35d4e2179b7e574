import numpy as np
rng = np.random.default_rng(0)
x = rng.uniform(0, 2, 20); y = 2 * x + 1 + rng.normal(0, 0.1, 20)
w = b = 0.0
lr = 0.1
for epoch in range(8):
    for s in range(0, 20, 5):
        xb, yb = x[s:s+5], y[s:s+5]
        w -= lr * 2 * np.mean((w * xb + b - yb) * xb)
        b -= lr * 2 * np.mean(w * xb + b - yb)
print(w, b)
