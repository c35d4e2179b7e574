"""The same gradient and the same descent, as users of other libraries write them."""

from collections.abc import Callable

import numpy as np

LINE = (1.5, 0.5)


def made_points(n: int, offset: float = 0.0) -> tuple[np.ndarray, np.ndarray]:
    """Return n points about a line, x from 0 to 10 above the offset."""
    generator = np.random.default_rng(n)
    x = generator.uniform(0, 10, n)
    return x + offset, 2 * x + 1 + generator.normal(size=n)


def numpy_gradient(x: np.ndarray, y: np.ndarray) -> Callable[[], object]:
    """Return the gradient as everybody writes it."""
    m, c = LINE

    def gradient() -> tuple[float, float]:
        errors = m * x + c - y
        return 2 * (errors * x).sum(), 2 * errors.sum()

    return gradient


def jax_loss():
    """Return jax, with float64, and the loss."""
    import jax

    jax.config.update("jax_enable_x64", True)
    return jax, lambda line, x, y: ((line[0] * x + line[1] - y) ** 2).sum()


def jax_gradient(x: np.ndarray, y: np.ndarray) -> Callable[[], object]:
    """Return the compiled gradient."""
    jax, loss = jax_loss()
    gradient = jax.jit(jax.grad(loss))
    arguments = jax.numpy.array(LINE), jax.numpy.asarray(x), jax.numpy.asarray(y)
    return lambda: gradient(*arguments).block_until_ready()


def jax_descent(x: np.ndarray, y: np.ndarray, rate: float, num_steps: int) -> Callable[[], object]:
    """Return a compiled descent that records every line."""
    jax, loss = jax_loss()
    points = jax.numpy.asarray(x), jax.numpy.asarray(y)

    def step(line, _):
        line = line - rate * jax.grad(loss)(line, *points)
        return line, line

    descent = jax.jit(lambda line: jax.lax.scan(step, line, length=num_steps)[1])
    start = jax.numpy.zeros(2)
    return lambda: descent(start).block_until_ready()


def torch_gradient(x: np.ndarray, y: np.ndarray) -> Callable[[], object]:
    """Return the gradient by autograd."""
    import torch

    points = torch.from_numpy(x), torch.from_numpy(y)

    def gradient():
        m, c = (torch.tensor(value, dtype=torch.float64, requires_grad=True) for value in LINE)
        loss = ((m * points[0] + c - points[1]) ** 2).sum()
        return torch.autograd.grad(loss, (m, c))

    return gradient
