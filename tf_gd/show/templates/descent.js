// The step from one line to the next, in each of the ways that the page offers, and how fast it converges.

// What a step from `line` does to each parameter (equations 7 and 8): where it is, the slope, and where it goes.
// Simultaneous: both slopes are of one gradient. Sequential: c already sees the new m.
function accountOf(loss, line, rate, sequential) {
  const slope = loss.gradient(line).m, m = line.m - rate * slope;
  const seen = sequential ? { m, c: line.c } : line, slopeC = loss.gradient(seen).c;
  return {
    m: { here: line.m, slope, after: m, curvature: loss.hessian.mm, height: loss.loss(line) },
    c: { here: line.c, slope: slopeC, after: line.c - rate * slopeC, curvature: loss.hessian.cc,
      height: loss.loss(seen), seen: seen.m },
  };
}

// The matrix that a step multiplies the distance to the lowest point by.
function stepMatrix({ mm, mc, cc }, rate, sequential) {
  const a = 1 - rate * mm, b = -rate * mc;
  return sequential ? [a, b, b * a, 1 - rate * cc + b * b] : [a, b, b, 1 - rate * cc];
}

const product = ([a, b, c, d], [p, q, r, s]) => [a * p + b * r, a * q + b * s, c * p + d * r, c * q + d * s];

function spectralRadius([a, b, c, d]) { // the largest absolute eigenvalue
  const half = (a + d) / 2, root = half * half - (a * d - b * c);
  return root < 0 ? Math.sqrt(a * d - b * c) : Math.abs(half) + Math.sqrt(root);
}

// The smallest positive rate at which an eigenvalue of the sequential step reaches size 1 (Jury's conditions).
function sequentialLimit({ mm, mc, cc }) {
  const trace = mm + cc, mixed = mm * cc + mc * mc;
  const roots = [trace / (mm * cc), (trace - Math.sqrt(trace ** 2 - 4 * mixed)) / mixed,
    (trace - Math.sqrt(trace ** 2 - 8 * mm * cc)) / (2 * mm * cc)];
  const reached = roots.filter((rate) => rate > 0 && Number.isFinite(rate));
  return reached.length ? Math.min(...reached) : 2 / trace;
}

function makeDescent(model, points, { sequential, single, reduction, factor }) {
  const samples = single ? points.map((point) => pointModel(point, reduction, factor)) : [];
  const lossAt = (step) => (single ? samples[step % samples.length] : model);
  const account = (line, rate, step) => accountOf(lossAt(step), line, rate, sequential);
  const next = (line, rate, step) => {
    const { m, c } = account(line, rate, step);
    return { m: m.after, c: c.after };
  };
  // Single: under this rate, no step goes past the lowest line of its own point by more than it was away from it.
  const limit = single ? 2 / Math.max(...samples.map(({ hessian }) => hessian.mm + hessian.cc))
    : sequential ? sequentialLimit(model.hessian) : model.limit;
  const shrink = (rate) => { // by what a step, or a pass through the points, multiplies the distance in the end
    const parts = single ? samples.map(({ hessian }) => stepMatrix(hessian, rate, sequential))
      : [stepMatrix(model.hessian, rate, sequential)];
    return spectralRadius(parts.reduce((whole, part) => product(part, whole)));
  };
  return { account, next, limit, shrink, sampleOf: (step) => (single ? step % samples.length : null), lossAt };
}

// A number as TensorFlow's optimizer takes it: rounded to float32, and never up to or over a limit that it was under.
function appliedRate(rate, limit = Infinity) {
  const rounded = Math.fround(rate);
  if (rate < limit && rounded >= limit) return rate;
  return rounded > 0 && Number.isFinite(rounded) ? rounded : rate;
}

// How many decimal digits of the distance to the lowest point were gained; distance = sqrt(what is left to lose).
function digitsGained(model, start, here) {
  const before = model.excess(start), now = model.excess(here);
  if (!(before > 0)) return 0;
  return now > 0 ? Math.log10(before / now) / 2 : 16;
}

function stepsTo(digits, shrink) {
  return shrink < 1 ? Math.max(1, Math.ceil((digits * Math.log(10)) / -Math.log(shrink))) : Infinity;
}
