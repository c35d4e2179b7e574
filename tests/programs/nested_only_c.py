import numpy as np
def fit(x, y, lr=0.1, steps=25):
    w, b = 0.3, 0.1
    def update():
        nonlocal w, b
        r = w * x + b - y
        gw, gb = np.dot(r, x) / len(x), r.mean()
        w_new = w - lr * gw
        b = b - lr * gb
    for _ in range(steps):
        update()
    return w, b
print(fit(np.array([0.1, 0.9, 1.7, 2.2]), np.array([0.2, 1.4, 2.4, 3.3])))
