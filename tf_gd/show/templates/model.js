// The loss as a function of (m, c), its gradient and its curvature, from six moments of the points.
//
//   L(m, c) = least + scale (n u^2 + spread v^2)     with v = m - best.m and u = (c - best.c) + mean v
//
// The same quadratic as in Python's `Surface`. scale is factor / divisor: 1 for the sum of the squared residuals, 1/n
// for the mean, half of either for half_sum and half_mean. Every function here is pure.

const DIVISORS = { sum: () => 1, mean: (n) => n, half_sum: () => 2, half_mean: (n) => 2 * n };

// Two passes, both relative to the first point: x far from zero keeps its digits.
function momentsOf(points) {
  const n = points.length, [first] = points;
  const average = (value) => points.reduce((sum, point) => sum + value(point), 0) / n;
  const mean = first.x + average((point) => point.x - first.x);
  const meanY = first.y + average((point) => point.y - first.y);
  const spread = n * average(({ x }) => (x - mean) ** 2);
  const m = spread > 0 ? (n * average(({ x, y }) => (x - mean) * (y - meanY))) / spread : 0;
  const least = n * average(({ x, y }) => (m * (x - mean) - (y - meanY)) ** 2);
  return { n, mean, spread, best: { m, c: meanY - m * mean }, least };
}

// The moments of z = (x - mean) / sd; sd is 1 where all x are equal.
const deviation = ({ n, spread }) => Math.sqrt(spread / n) || 1;

function standardizedMoments(moments) {
  const { n, mean, spread, best, least } = moments, sd = deviation(moments);
  return { n, mean: 0, spread: spread / sd ** 2, best: { m: best.m * sd, c: best.c + best.m * mean }, least };
}

const standardizedLine = (line, moments) => ({ m: line.m * deviation(moments), c: line.c + line.m * moments.mean });

function ownLine(line, moments) { // the line in the data's own units
  const m = line.m / deviation(moments);
  return { m, c: line.c - m * moments.mean };
}

function eigenvalues({ mm, mc, cc }, determinant) {
  const steep = (mm + cc + Math.hypot(mm - cc, 2 * mc)) / 2;
  return { steep, flat: steep > 0 ? determinant / steep : 0 };
}

function makeModel(moments, reduction, factor = 1) {
  const { n, mean, spread, best } = moments, divisor = DIVISORS[reduction](n);
  const scaled = (value) => (value / divisor) * factor;
  const away = ({ m, c }) => ({ u: c - best.c + mean * (m - best.m), v: m - best.m });
  const hessian = { mm: scaled(2 * (spread + n * mean ** 2)), mc: scaled(2 * n * mean), cc: scaled(2 * n) };
  const { steep, flat } = eigenvalues(hessian, scaled(scaled(4 * n * spread)));
  const excess = (line) => {
    const { u, v } = away(line);
    return scaled(n * (u * u) + spread * (v * v));
  };
  const gradient = (line) => {
    const { u, v } = away(line);
    return { m: scaled(2 * (n * u * mean + spread * v)), c: scaled(2 * (n * u)) };
  };
  const least = scaled(moments.least);
  return { n, best, least, excess, gradient, hessian, steep, flat, condition: steep / flat,
    limit: 2 / steep, bestRate: 2 / (steep + flat), loss: (line) => least + excess(line) };
}

// The loss of one point: a batch of one, so that the mean of it is the sum of it.
function pointModel({ x, y }, reduction, factor = 1) {
  const scale = factor / DIVISORS[reduction](1);
  const residual = ({ m, c }) => m * x + c - y;
  return { residual, loss: (line) => residual(line) ** 2 * scale,
    gradient: (line) => ({ m: residual(line) * 2 * scale * x, c: residual(line) * 2 * scale }),
    hessian: { mm: 2 * scale * x * x, mc: 2 * scale * x, cc: 2 * scale } };
}
