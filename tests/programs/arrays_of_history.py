import numpy as np
x = np.array([0.3, 1.0, 2.0, 2.6]); y = np.array([0.5, 2.4, 4.6, 6.4])
N = 40
M = np.zeros(N + 1); C = np.zeros(N + 1)
alpha = 0.05
for k in range(N):
    e = M[k] * x + C[k] - y
    M[k + 1] = M[k] - alpha * 2 * np.mean(e)
    C[k + 1] = C[k] - alpha * 2 * np.mean(e * x)
print(M[-1], C[-1])
