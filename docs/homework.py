def gradient(m, c, x, y):
    dm = dc = 0
    for i in range(1, len(x)):
        e = m * x[i] + c - y[i]
        dm += 2 * e * x[i]
        dc += 2 * e
    return dm, dc


def update(m, c, x, y, learning_rate):
    m = m - learning_rate * gradient(m, c, x, y)[0]
    c = c - learning_rate * gradient(m, c, x, y)[1]
    return m, c
