// The loss as a function of (m, c), from six moments of the data: the same quadratic as in Python's `Surface`.
//
//   L(m, c) = least + n u^2 + spread v^2     with v = m - best_m and u = (c - best_c) + mean v
//
// Divided by n where the loss is a mean. Every function is pure.

function makeModel({ n, mean, spread, best_m, best_c, least, divisor }) {
  const away = ({ m, c }) => {
    const v = m - best_m;
    return { u: c - best_c + mean * v, v };
  };

  const excess = (line) => {
    const { u, v } = away(line);
    return (n * (u * u) + spread * (v * v)) / divisor;
  };

  const gradient = (line) => {
    const { u, v } = away(line);
    return { m: (2 * (n * u * mean + spread * v)) / divisor, c: (2 * (n * u)) / divisor };
  };

  // Equation 8. Simultaneous: both from the same gradient. Sequential: c already sees the new m.
  const update = (line, rate, sequential) => {
    const m = line.m - rate * gradient(line).m;
    const seen = sequential ? { m, c: line.c } : line;
    return { m, c: line.c - rate * gradient(seen).c };
  };

  return { excess, gradient, update, loss: (line) => least + excess(line), best: { m: best_m, c: best_c } };
}
