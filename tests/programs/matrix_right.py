import numpy as np
X = np.matrix([[1, 0.5], [1, 1.0], [1, 2.0], [1, 2.5]])
y = np.matrix([[1.0], [2.0], [3.5], [4.5]])
theta = np.matrix(np.array([0, 0]))
def computeCost(X, y, theta):
    inner = np.power((X * theta.T) - y, 2)
    return np.sum(inner) / (2 * len(X))
def gradientDescent(X, y, theta, alpha, iters):
    temp = np.matrix(np.zeros(theta.shape))
    parameters = int(theta.ravel().shape[1])
    cost = np.zeros(iters)
    for i in range(iters):
        error = (X * theta.T) - y
        for j in range(parameters):
            term = np.multiply(error, X[:, j])
            temp[0, j] = theta[0, j] - ((alpha / len(X)) * np.sum(term))
        theta = temp
        cost[i] = computeCost(X, y, theta)
    return theta, cost
g, cost = gradientDescent(X, y, theta, 0.05, 50)
print(g)
