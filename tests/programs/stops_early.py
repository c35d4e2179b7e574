import numpy as np

x = np.array([20.0, 30.0, 45.0, 60.0])
y = np.array([80.0, 95.0, 130.0, 150.0])
m, c, rate = 0.0, 0.0, 0.0002
previous = np.inf
while True:
    e = m * x + c - y
    loss = np.mean(e**2)
    if abs(previous - loss) < 0.01:
        break
    previous = loss
    dm, dc = 2 * np.mean(e * x), 2 * np.mean(e)
    m, c = m - rate * dm, c - rate * dc
print(m, c)
