xs = [30.0, 50.0, 80.0]
ys = [61.0, 99.0, 165.0]
m = b = 0.0
for _ in range(500):
    loss = sum((m * x + b - y) ** 2 for x, y in zip(xs, ys))
    dm = sum(2 * (m * x + b - y) * x for x, y in zip(xs, ys))
    db = sum(2 * (m * x + b - y) for x, y in zip(xs, ys))
    m -= 0.01 * dm
    b -= 0.01 * db
print(m, b)
