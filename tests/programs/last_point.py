x = [0.5, 1.0, 1.5, 2.0]; y = [1.0, 2.2, 2.9, 4.2]
w, b, lr = 0.0, 0.0, 0.1
for epoch in range(30):
    for xi, yi in zip(x, y):
        e = w * xi + b - yi
        dw = 2 * e * xi
        db = 2 * e
    w -= lr * dw
    b -= lr * db
print(w, b)
