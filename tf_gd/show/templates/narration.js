// What happens in the step that comes next, in words and with its numbers, equation by equation.

function movement(after, here) {
  if (after === here) return "stays";
  return after > here ? "rises" : "falls";
}

// Equation 7: what the sign of the derivative says.
function signSentence(name, slope) {
  if (slope === 0) return `is 0: neither way is downhill, so ${name} stays`;
  const side = slope < 0 ? "left" : "right";
  return `is ${slope < 0 ? "negative" : "positive"}: uphill is to the ${side}, so ${name} ${slope < 0 ? "rises" : "falls"}`;
}

function parameterSentence(name, { here, slope, after, seen }, rate, source) {
  const size = Math.abs(rate * slope);
  if (![here, slope, after].every(Number.isFinite)) return `dL/d${name} is ${short(slope)}: there is no next step.`;
  const with_m = name === "c" && seen !== undefined ? source.sequential ? `, with the new m = ${short(seen)} put in,` : "" : "";
  const by = slope === 0 ? "." : ` by ${short(rate)} × ${short(Math.abs(slope))} = ${short(size)}.`;
  return `dL/d${name} = ${source.formula[name]}${with_m} = ${short(slope)} ${signSentence(name, slope)}${by}`;
}

// Equation 8 with the numbers put in.
function updateFormula(name, { here, slope, after }, rate) {
  return `${name} − α dL/d${name} = ${short(here)} − ${short(rate)} × ${signed(slope)} = ${short(after)}`;
}

const FORMULAS = {
  sum: ["Σ 2 e x", "Σ 2 e"], mean: ["(1/n) Σ 2 e x", "(1/n) Σ 2 e"], half_sum: ["Σ e x", "Σ e"],
  half_mean: ["(1/n) Σ e x", "(1/n) Σ e"],
};

function formulaOf({ reduction, single, standardized, factor }) {
  const [m, c] = single ? (reduction.startsWith("half") ? ["e x", "e"] : ["2 e x", "2 e"]) : FORMULAS[reduction];
  const front = factor === 1 ? "" : `${short(factor)} × `;
  return { m: front + (standardized ? m.replace("x", "z") : m), c: front + c };
}

function sampleSentence(point, index, count, line, standardized) {
  const x = standardized ? "z" : "x", residual = line.m * point.x + line.c - point.y;
  return `Sample ${index + 1} of ${count}: ${x} = ${short(point.x)}, y = ${short(point.y)}, so the residual ` +
    `e = m ${x} + c − y = ${short(residual)}. Only this point is asked.`;
}

// One sentence about the state: it is read aloud, so it is short.
function stateSentence({ at, here, loss, finite, settled, grew, most, digits }) {
  const where = `Step ${grouped(at, 15)}: m = ${short(here.m)}, c = ${short(here.c)}, loss = ${short(loss, 6)}.`;
  if (!finite) return `${where} It diverged: the numbers have left the range of float64.`;
  if (settled) return `${where} Converged: another step moves m and c by no more than rounding.`;
  if (at === most) return `${where} This page makes no more steps than these.`;
  if (grew > 1) return `${where} It went uphill: what is left to lose grew ${short(grew, 3)}-fold.`;
  return digits >= 1 ? `${where} ${Math.floor(digits)} ${Math.floor(digits) === 1 ? "digit" : "digits"} gained.` : where;
}

// Where the learning rate stands beside the largest stable one.
function rateSentence(rate, limit, shrink, { single, sequential }, n) {
  const share = rate / limit, part = shareText(share);
  const kind = single ? "the rate up to which no step overshoots its own point" : "the largest stable rate";
  const what = single ? `A pass through the ${plural(n, "point")}` : "Each step";
  const change = shrink > 0.999 && shrink < 1 ? `takes only ${short(1 - shrink, 3)} of the distance to the lowest point away in the end`
    : shrink < 1 ? `shrinks the distance to the lowest point to ${short(shrink, 3)} of it in the end`
    : shrink === 1 ? "keeps the distance as it is" : `makes the distance ${short(shrink, 3)} times as large in the end`;
  const way = single || !sequential ? "" : " (of the sequential path)";
  return `α = ${asAsked(rate)} is ${part} of ${kind}${way}. ${what} ${change}.`;
}
