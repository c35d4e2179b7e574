import numpy as np


class GD:
    def __init__(self, lr, n_iter):
        self.lr = lr
        self.n_iter = n_iter

    def fit(self, X, y):
        self.mean_, self.std_ = X.mean(), X.std()
        Z = (X - self.mean_) / self.std_
        self.w_ = [0.0, 0.0]
        for _ in range(self.n_iter):
            out = self.w_[0] + self.w_[1] * Z
            err = y - out
            self.w_[1] += self.lr * Z.dot(err) / len(y)
            self.w_[0] += self.lr * err.sum() / len(y)
        return self


years = np.array([1990.0, 1995.0, 2001.0, 2008.0, 2015.0, 2022.0])
level = np.array([3.1, 3.9, 5.2, 6.0, 7.7, 8.4])
model = GD(0.2, 60).fit(years, level)
print(model.w_)
