"""Functions in forms that belong to no list: right ones, and such as are no gradient or step of a line at all."""

IMPORT = "import numpy as np\n"

# Right: whatever is checked in them must be right, and something must be checked.
RIGHT: dict[str, str] = {
    "ng multi": """
def compute_gradient(X, y, w, b):
    m,n = X.shape
    dj_dw = np.zeros((n,))
    dj_db = 0.
    for i in range(m):
        err = (np.dot(X[i], w) + b) - y[i]
        for j in range(n):
            dj_dw[j] = dj_dw[j] + err * X[i, j]
        dj_db = dj_db + err
    dj_dw = dj_dw / m
    dj_db = dj_db / m
    return dj_dw, dj_db
""",
    "per point": """
def gradient(m, c, x_i, y_i):
    e = m*x_i + c - y_i
    return 2*e*x_i, 2*e
""",
    "predict first": """
def predict(x, w, b): return w*x+b
def gradients(x, y, w, b):
    y_hat = predict(x, w, b)
    return 2*np.mean((y_hat-y)*x), 2*np.mean(y_hat-y)
""",
    "zero-d": """
def gradient(x, y, w, b):
    g = np.zeros(2)
    for xi, yi in zip(x, y):
        g += 2*(w*xi+b-yi)*np.array([xi, 1])
    return g
""",
    "with prints": """
def gradient(x, y, w, b):
    print("hi")
    e = w*x+b-y
    return float(2*np.sum(e*x)), float(2*np.sum(e))
""",
    "weights vec": """
def gradient(X, y, weights):
    n = len(y)
    Xb = np.c_[np.ones(n), X]
    return 2/n * Xb.T @ (Xb @ weights - y)
""",
    "weights vec2": """
def mse_gradient(w, X, y):
    return 2/len(y) * X.T @ (X @ w - y)
""",
    "math": """
def grad(points, line):
    m, b = line
    dm = db = 0
    for x, y in points:
        dm += -2*x*(y-(m*x+b))
        db += -2*(y-(m*x+b))
    n = len(points)
    return dm/n, db/n
""",
    "lambda": """
gradient = lambda w, b, x, y: (2*np.sum((w*x+b-y)*x), 2*np.sum(w*x+b-y))
""",
    "lambdas pair": """
dw = lambda w, b, x, y: 2*np.sum((w*x+b-y)*x)
db = lambda w, b, x, y: 2*np.sum(w*x+b-y)
""",
    "pair globals": """
x = np.array([1.,2,3]); y = np.array([2.,3,5])
def dm(m, c): return 2*np.sum((m*x+c-y)*x)
def dc(m, c): return 2*np.sum(m*x+c-y)
""",
    "pair with n": """
def grad_m(x, y, m, b, n): return (2/n)*np.sum((m*x+b-y)*x)
def grad_b(x, y, m, b, n): return (2/n)*np.sum(m*x+b-y)
""",
    "pair different order": """
def grad_m(x, y, m, b): return 2*np.sum((m*x+b-y)*x)
def grad_b(m, b, x, y): return 2*np.sum(m*x+b-y)
""",
    "pair methods": """
class Line:
    def dm(self, m, c, x, y): return 2*np.sum((m*x+c-y)*x)
    def dc(self, m, c, x, y): return 2*np.sum(m*x+c-y)
""",
    "update pair": """
def update_m(m, c, x, y, lr): return m - lr*2*np.sum((m*x+c-y)*x)
def update_c(m, c, x, y, lr): return c - lr*2*np.sum(m*x+c-y)
""",
    "class step": """
class Model:
    def __init__(self, lr=0.01):
        self.w, self.b, self.lr = 0.0, 0.0, lr
    def step(self, x, y):
        e = self.w*x+self.b-y
        dw, db = 2*np.mean(e*x), 2*np.mean(e)
        self.w -= self.lr*dw
        self.b -= self.lr*db
""",
    "class backward": """
class Model:
    def __init__(self):
        self.w, self.b = 0.0, 0.0
    def forward(self, x): return self.w*x+self.b
    def backward(self, x, y):
        e = self.forward(x)-y
        self.dw = 2*np.mean(e*x)
        self.db = 2*np.mean(e)
""",
    "class fit inside data": """
class GD:
    def __init__(self, x, y, lr=0.01, epochs=100):
        self.x = np.array(x); self.y = np.array(y); self.lr = lr; self.epochs = epochs
        self.m = 0; self.c = 0
    def fit(self):
        for _ in range(self.epochs):
            e = self.m*self.x+self.c-self.y
            self.m -= self.lr*2*np.sum(e*self.x)
            self.c -= self.lr*2*np.sum(e)
        return self
""",
    "global gd": """
m = 0.0
b = 0.0
def step_gd(x, y, lr):
    global m, b
    e = m*x+b-y
    m, b = m - lr*2*np.mean(e*x), b - lr*2*np.mean(e)
""",
    "tuple points": """
def gradient(m, b, points):
    n = float(len(points))
    gm = sum(-(2/n)*p[0]*(p[1]-(m*p[0]+b)) for p in points)
    gb = sum(-(2/n)*(p[1]-(m*p[0]+b)) for p in points)
    return gm, gb
""",
    "dict points": """
def gradient(m, b, points):
    gm = sum(2*p["x"]*(m*p["x"]+b-p["y"]) for p in points)
    gb = sum(2*(m*p["x"]+b-p["y"]) for p in points)
    return gm, gb
""",
    "dict params": """
def gradient(params, x, y):
    e = params["w"]*x+params["b"]-y
    return {"w": 2*np.sum(e*x), "b": 2*np.sum(e)}
""",
    "returns pred too": """
def forward_backward(x, y, w, b):
    p = w*x+b
    return p, 2*np.mean((p-y)*x), 2*np.mean(p-y)
""",
    "squeeze": """
def gradient(X, Y, w, b):
    e = X @ w + b - Y
    return X.T @ e / len(X), np.mean(e)
""",
    "decorated": """
import functools
def timed(f):
    @functools.wraps(f)
    def inner(*a, **k): return f(*a, **k)
    return inner
@timed
def gradient(x, y, w, b):
    e = w*x+b-y
    return 2*np.sum(e*x), 2*np.sum(e)
""",
}

# Of other models, or with other arguments: none of them may be called wrong.
OTHER: dict[str, str] = {
    "logistic": """
def sigmoid(z): return 1/(1+np.exp(-z))
def compute_gradient(X, y, w, b):
    m = len(y)
    p = sigmoid(X*w + b)
    return np.sum((p-y)*X)/m, np.sum(p-y)/m
""",
    "logistic theta": """
def gradient(theta, X, y):
    h = 1/(1+np.exp(-X @ theta))
    return X.T @ (h - y) / len(y)
""",
    "ridge": """
def gradient(X, y, w, b, lambda_):
    e = w*X + b - y
    return np.mean(e*X) + lambda_*w, np.mean(e)
""",
    "numerical": """
def numerical_gradient(f, x, h=1e-5):
    return (f(x+h)-f(x-h))/(2*h)
""",
    "grad check": """
def loss(m, c, x, y): return np.sum((m*x+c-y)**2)
def numeric_gradient(m, c, x, y, h=1e-5):
    return (loss(m+h,c,x,y)-loss(m-h,c,x,y))/(2*h), (loss(m,c+h,x,y)-loss(m,c-h,x,y))/(2*h)
""",
    "async order y_true y_pred": """
def mse_gradient(y_true, y_pred, x):
    return 2*np.mean((y_pred-y_true)*x), 2*np.mean(y_pred-y_true)
""",
    "quad": """
def gradient(a, b, c, x, y):
    e = a*x**2+b*x+c-y
    return np.sum(2*e*x**2), np.sum(2*e*x), np.sum(2*e)
""",
    "one arg f": """
def gradient(x):
    return 2*x
def gradient_descent(start, lr, n_iter):
    v = start
    for _ in range(n_iter):
        v -= lr*gradient(v)
    return v
""",
    "two var f": """
def gradient(x, y):
    return 2*x, 2*y
def gradient_descent(x, y, lr, steps):
    for _ in range(steps):
        dx, dy = gradient(x, y)
        x -= lr*dx
        y -= lr*dy
    return x, y
""",
    "image gradient": """
def image_gradient(img):
    return np.gradient(img)
def compute_gradient(image, kernel):
    return image, kernel
""",
    "optimizer class": """
class SGD:
    def __init__(self, lr=0.1): self.lr = lr
    def step(self, params, grads):
        return [p - self.lr*g for p, g in zip(params, grads)]
""",
    "init_params": """
def initialize(): return 0.0, 0.0
def update_parameters(w, b, dw, db, learning_rate):
    return w - learning_rate*dw, b - learning_rate*db
def update_params(params, grads, lr):
    return {k: params[k]-lr*grads["d"+k] for k in params}
""",
    "backward cache": """
def backward(cache, y):
    x, y_hat = cache
    return np.mean((y_hat-y)*x), np.mean(y_hat-y)
""",
    "residual arg": """
def gradient(residuals, x):
    return 2*np.sum(residuals*x), 2*np.sum(residuals)
""",
}
OTHER["layer"] = """
class Linear:
    def __init__(self):
        self.w, self.b = 0.5, 0.0
    def forward(self, x):
        self.x = x
        return self.w * x + self.b
    def backward(self, dout):
        self.dw = np.sum(dout * self.x)
        self.db = np.sum(dout)
        return dout * self.w
"""

# Right, with the descent in them, and called by nothing.
RIGHT_DESCENTS: dict[str, str] = {
    "sklearn like 2d": """
class LinearRegressionGD:
    def __init__(self, eta=0.01, n_iter=50):
        self.eta = eta
        self.n_iter = n_iter
    def fit(self, X, y):
        self.w_ = np.zeros(1 + X.shape[1])
        self.cost_ = []
        for i in range(self.n_iter):
            output = self.net_input(X)
            errors = (y - output)
            self.w_[1:] += self.eta * X.T.dot(errors)
            self.w_[0] += self.eta * errors.sum()
            self.cost_.append((errors**2).sum() / 2.0)
        return self
    def net_input(self, X):
        return np.dot(X, self.w_[1:]) + self.w_[0]
""",
    "features": """
class LinearRegression:
    def __init__(self, learning_rate=0.001, n_iters=1000):
        self.lr = learning_rate
        self.n_iters = n_iters
        self.weights = None
        self.bias = None
    def fit(self, X, y):
        n_samples, n_features = X.shape
        self.weights = np.zeros(n_features)
        self.bias = 0
        for _ in range(self.n_iters):
            y_predicted = np.dot(X, self.weights) + self.bias
            dw = (1 / n_samples) * np.dot(X.T, (y_predicted - y))
            db = (1 / n_samples) * np.sum(y_predicted - y)
            self.weights -= self.lr * dw
            self.bias -= self.lr * db
    def predict(self, X):
        return np.dot(X, self.weights) + self.bias
""",
    "history": """
def gradient_descent(x, y, w=0, b=0, learning_rate=0.05, num_iterations=60, verbose=False):
    n = len(x)
    history = []
    for i in range(num_iterations):
        y_pred = w * x + b
        cost = (1/n) * sum((y - y_pred) ** 2)
        dw = -(2/n) * sum(x * (y - y_pred))
        db = -(2/n) * sum(y - y_pred)
        w = w - learning_rate * dw
        b = b - learning_rate * db
        history.append(cost)
        if verbose: print(cost)
    return w, b, history
""",
    "codebasics": """
def gradient_descent(x,y):
    m_curr = b_curr = 0
    iterations = 100
    n = len(x)
    learning_rate = 0.08
    for i in range(iterations):
        y_predicted = m_curr * x + b_curr
        cost = (1/n) * sum([val**2 for val in (y-y_predicted)])
        md = -(2/n)*sum(x*(y-y_predicted))
        bd = -(2/n)*sum(y-y_predicted)
        m_curr = m_curr - learning_rate * md
        b_curr = b_curr - learning_rate * bd
        print ("m {}, b {}, cost {} iteration {}".format(m_curr,b_curr,cost, i))
""",
    "minibatch": """
def train(x, y, lr=0.05, epochs=20, batch_size=2):
    w=b=0.0
    for _ in range(epochs):
        for i in range(0, len(x), batch_size):
            xb, yb = x[i:i+batch_size], y[i:i+batch_size]
            e = w*xb+b-yb
            w -= lr*2*np.mean(e*xb)
            b -= lr*2*np.mean(e)
    return w,b
""",
    "scaled inside": """
def fit(x, y, lr=0.1, epochs=50):
    xs = (x-x.mean())/x.std()
    w=b=0.0
    for _ in range(epochs):
        e = w*xs+b-y
        w, b = w - lr*2*np.mean(e*xs), b - lr*2*np.mean(e)
    return w/x.std(), b - w*x.mean()/x.std()
""",
    "main guard uncalled": """
def load(): return np.array([1.,2,3]), np.array([2.,4,5.5])
def train(x, y, alpha, epochs):
    theta0 = theta1 = 0
    for _ in range(epochs):
        h = theta0 + theta1*x
        t0 = theta0 - alpha*np.sum(h-y)/len(x)
        t1 = theta1 - alpha*np.sum((h-y)*x)/len(x)
        theta0, theta1 = t0, t1
    return theta0, theta1
def main():
    x, y = load()
    print(train(x, y, 0.1, 100))
""",
    "no loop args": """
x = np.array([1.,2,3]); y = np.array([2.,4,5.5])
def train(lr, epochs):
    w = b = 0
    for _ in range(epochs):
        e = w*x+b-y
        w, b = w-lr*np.mean(e*x), b-lr*np.mean(e)
    return w, b
""",
    "helpers": """
def predict(w, b, x): return w*x+b
def gradients(w, b, x, y):
    e = predict(w,b,x)-y
    return np.mean(2*e*x), np.mean(2*e)
def fit(x, y, rate=0.05, rounds=40):
    w, b = 0, 0
    for _ in range(rounds):
        gw, gb = gradients(w, b, x, y)
        w -= rate*gw
        b -= rate*gb
    return w, b
""",
    "ng full": """
def compute_gradient(x, y, w, b):
    m = x.shape[0]
    e = w*x+b-y
    return np.sum(e*x)/m, np.sum(e)/m
def gradient_descent(x, y, w_in, b_in, alpha, num_iters, gradient_function):
    w, b = w_in, b_in
    for i in range(num_iters):
        dj_dw, dj_db = gradient_function(x, y, w, b)
        w = w - alpha*dj_dw
        b = b - alpha*dj_db
    return w, b
""",
}

# Descents of other models, called by nothing: none of them may be called wrong.
OTHER_DESCENTS: dict[str, str] = {
    "logistic class": """
class LogisticRegression:
    def __init__(self, lr=0.1, n_iters=100):
        self.lr = lr; self.n_iters = n_iters
    def fit(self, X, y):
        self.w = 0.0; self.b = 0.0
        for _ in range(self.n_iters):
            p = 1/(1+np.exp(-(self.w*X+self.b)))
            self.w -= self.lr*np.mean((p-y)*X)
            self.b -= self.lr*np.mean(p-y)
""",
    "momentum": """
def momentum_gd(x, y, lr, beta, epochs):
    w=b=vw=vb=0.0
    for _ in range(epochs):
        e=w*x+b-y
        vw=beta*vw+2*np.mean(e*x); vb=beta*vb+2*np.mean(e)
        w-=lr*vw; b-=lr*vb
    return w,b
""",
    "poly": """
def fit(x, y, lr=0.01, epochs=100):
    a=b=c=0.0
    for _ in range(epochs):
        e = a*x**2+b*x+c-y
        a -= lr*np.mean(e*x**2); b -= lr*np.mean(e*x); c -= lr*np.mean(e)
    return a,b,c
""",
    "kmeans": """
def fit(X, k, iters):
    c = X[:k]
    for _ in range(iters):
        l = np.argmin(((X[:,None]-c)**2).sum(-1),1)
        c = np.array([X[l==j].mean(0) for j in range(k)])
    return c
""",
    "perceptron": """
class Perceptron:
    def __init__(self, lr=0.1, epochs=10): self.lr, self.epochs = lr, epochs
    def fit(self, X, y):
        self.w, self.b = 0.0, 0.0
        for _ in range(self.epochs):
            for xi, t in zip(X, y):
                p = 1 if self.w*xi+self.b >= 0 else 0
                u = self.lr*(t-p)
                self.w += u*xi
                self.b += u
""",
    "newton": """
def newton(f, df, x0, tol=1e-6, max_iter=50):
    x = x0
    for _ in range(max_iter):
        x = x - f(x)/df(x)
    return x
""",
    "1d gd": """
def gradient_descent(x0, lr=0.1, steps=50):
    x = x0
    for _ in range(steps):
        x = x - lr*2*(x-3)
    return x
""",
}
