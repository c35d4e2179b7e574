"""A program whose numbers run away: why?"""

import numpy as np

size = np.array([52.0, 65.0, 78.0, 90.0, 120.0])
price = np.array([160.0, 196.0, 240.0, 266.0, 365.0])
w = b = 0.0
for step in range(1000):
    error = w * size + b - price
    dw, db = 2 * np.mean(error * size), 2 * np.mean(error)
    w, b = w - 0.01 * dw, b - 0.01 * db
print(w, b)
