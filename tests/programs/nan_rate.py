import matplotlib.pyplot as plt
import numpy as np

size = np.array([12.0, 25.0, 33.0, 47.0, 58.0])
price = np.array([30.0, 55.0, 70.0, 101.0, 120.0])
w = 0.0
b = 0.0
learning_rate = 0.01
history = []
for i in range(2000):
    prediction = w * size + b
    cost = np.mean((prediction - price) ** 2)
    history.append(cost)
    dw = 2 * np.mean((prediction - price) * size)
    db = 2 * np.mean(prediction - price)
    w = w - learning_rate * dw
    b = b - learning_rate * db
plt.plot(history)
plt.show()
print(w, b)
