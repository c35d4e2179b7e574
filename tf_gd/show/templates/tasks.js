// The tasks: what each asks, what a wrong try is told, the hints, and what is learnt. All are asked of the points at
// hand, so they work with anybody's data. A task is one of three kinds:
//   play    `judge` looks at the page and says { solved, told }, at every change
//   choice  `options` are { text, told, right }
//   number  `answer` is what is to be typed, `wrongAnswers` are [wrong answer, what to say of it]

const LONG = 30; // a valley so many times longer than wide takes too many steps to play with

// What keeps a question about gradient descent itself from being tried, or "".
function offTopic({ settings, model, finite }, { steps = true } = {}) {
  if (settings.single) return "This is about all points at once: set “each step uses” back to all points.";
  if (settings.sequential) return "This is about gradient descent: set the update back to simultaneous.";
  if (steps && !(elongation(model) < LONG)) {
    return `This valley is ${short(elongation(model), 3)} times longer than wide. Switch “centre and scale x” on first.`;
  }
  return finite ? "" : "The numbers have left the range of float64. Go back to the start, and lower α.";
}

const distance = (one, other) => Math.hypot(one.m - other.m, one.c - other.c);

const fewest = ({ model }, digits) => stepsTo(digits, (model.steep - model.flat) / (model.steep + model.flat));

function firstStepWith(world, digits) {
  return world.path.findIndex((line) => digitsGained(world.model, world.start, line) >= digits);
}

const TASKS = [
  {
    title: "Which way is down?",
    kind: "choice",
    ask: ({ account }) => `Look at the parabola of m: the slope of its tangent is dL/dm = ${short(account.m.slope)}. What does the next step do to m?`,
    options: ({ account: { m: { slope } } }) => [
      { text: "m rises", right: slope < 0, told: `dL/dm = ${short(slope)}: the loss ${slope > 0 ? "grows when m grows, so uphill is to the right" : "is flat there"}.` },
      { text: "m falls", right: slope > 0, told: `dL/dm = ${short(slope)}: the loss ${slope < 0 ? "falls when m grows, so downhill is to the right" : "is flat there"}.` },
      { text: "m stays", right: slope === 0, told: `m stays only where dL/dm is 0. Here it is ${short(slope)}.` },
    ],
    hints: ["The step goes against the sign of the derivative: M − α dL/dM.", "Downhill is where the tangent falls."],
    learnt: "Equation 7: positive means uphill is to the right, so decrease M; negative means increase it.",
  },
  {
    title: "One step on paper",
    kind: "number",
    ask: ({ account, rate }) => `m = ${short(account.m.here)}, α = ${short(rate)} and dL/dm = ${short(account.m.slope)}. What is m after the next step? Three digits will do.`,
    answer: ({ account }) => account.m.after,
    wrongAnswers: ({ account: { m, c }, rate }) => [
      [m.here + rate * m.slope, "That is m + α dL/dm, one step uphill. The sign in front of α is a minus."],
      [m.here - m.slope, "That is m − dL/dm: α is left out."],
      [rate * m.slope, "That is α dL/dm alone. It is subtracted from m."],
      [m.here - (rate * m.slope) / 2, "That is half the step. dL/dm holds the factor 2 of the square already."],
      [m.here - rate * c.slope, "That step uses dL/dc. Each parameter moves by its own derivative."],
    ],
    hints: ["Equation 8: m' = m − α dL/dm.", ({ account, rate }) => `α dL/dm = ${short(rate)} × ${signed(account.m.slope)}. Then subtract it from m.`],
    learnt: "Equation 8. Press “Step forward”: the page makes the same step.",
  },
  {
    title: "Make it diverge",
    kind: "play",
    ask: () => "Choose a learning rate with which the loss grows, and step until what is left to lose is ten times what it was at the start.",
    judge: (world) => {
      const grown = world.model.excess(world.here) / world.model.excess(world.start);
      if (grown >= 10 || (!world.finite && world.share > 1)) return { solved: true };
      const off = offTopic({ ...world, finite: true }, { steps: false });
      if (off) return { told: off };
      if (world.share < 1) return { told: `α is ${shareText(world.share)} of the largest stable rate: under it the steps get smaller in the end.` };
      if (world.share === 1) return { told: "At the limit itself the distance neither grows nor shrinks. Go past it." };
      return { told: `Past the limit. After ${plural(world.at, "step")} what is left to lose is ${short(grown, 3)} times that of the start: step on.` };
    },
    hints: ["Move the slider past the mark “largest stable”.", "Further past the limit it grows faster: try 1.1 of it, then step."],
    learnt: "Each step multiplies the distance along an eigenvector by 1 − α λ. For α over 2 / λmax that is under −1: every step lands higher on the other side.",
  },
  {
    title: "Swing for ever",
    kind: "play",
    ask: () => "Find the rate with which the line swings between two states for ever, and step until the page sees it.",
    judge: (world) => {
      const off = offTopic(world);
      if (off) return { told: off };
      const { path, at, share } = world;
      if (Math.abs(share - 1) > 0.002) {
        return { told: share < 1 ? `At ${shareText(share)} of the limit the swings get smaller: a higher rate.` : `At ${shareText(share)} of the limit the swings get larger: a lower rate.` };
      }
      if (at < 3) return { told: "The rate is right. Step, and watch the line jump." };
      const swing = distance(path[at], path[at - 1]), drift = distance(path[at], path[at - 2]);
      if (drift <= 0.02 * swing) return { solved: true };
      return { told: `The rate is right. Two steps apart the line still drifts by ${short(drift / swing, 2)} of a swing, along the flat direction: step on.` };
    },
    hints: ["Between shrinking and growing there is one rate where neither happens.", "Press “largest stable”, then “+10” a few times."],
    learnt: "At α = 2 / λmax the factor 1 − α λmax is −1: along the steepest direction the step lands exactly as high on the other side.",
  },
  {
    title: "As fast as it gets",
    kind: "play",
    ask: (world) => `Gain three digits in at most ${fewest(world, 3) + 2} steps, by the learning rate alone. (A digit is gained when the distance to the lowest point, the root of what is left to lose, is a tenth.)`,
    judge: (world) => {
      const off = offTopic(world);
      if (off) return { told: off };
      const most = fewest(world, 3) + 2, step = firstStepWith(world, 3), best = world.model.bestRate / world.descent.limit;
      if (step > 0 && step <= most) return { solved: true };
      const why = world.share < best ? "α is under the best rate: along the flat direction the steps are short." : "α is over the best rate: along the steep direction it swings.";
      if (step > most) return { told: `Three digits came at step ${step}, over ${most}. ${why}` };
      if (world.at <= most) return { told: `${short(digitsGained(world.model, world.start, world.here), 2)} digits after ${plural(world.at, "step")}.` };
      return { told: `${plural(world.at, "step")}, and not there. ${why}` };
    },
    hints: ["Too low is slow along the flat axis; too high swings along the steep one. The best rate balances both.", "The mark “best” on the slider is 2 / (λmax + λmin)."],
    learnt: "The best rate makes both factors equal in size, 1 − α λmin = α λmax − 1, so that neither direction lags.",
  },
  {
    title: "One derivative is 0",
    kind: "play",
    ask: () => "Choose a starting point (click on the contours) where dL/dm is practically 0, but dL/dc is not.",
    judge: (world) => {
      const { start, model } = world, slope = model.gradient(start), off = offTopic({ ...world, finite: true }, { steps: false });
      if (off) return { told: off };
      const pull = { m: Math.abs(slope.m) / Math.sqrt(model.hessian.mm), c: Math.abs(slope.c) / Math.sqrt(model.hessian.cc) };
      if (model.excess(start) < 1e-9 * model.excess({ m: model.best.m + 1, c: model.best.c + 1 })) return { told: "There both are 0: it is the lowest point. Move away from it." };
      if (pull.m <= 0.04 * pull.c) return { solved: true };
      return { told: `At the start dL/dm = ${short(slope.m)} and dL/dc = ${short(slope.c)}. On the parabola of m the diamond must sit at the bottom.` };
    },
    hints: ["Where dL/dm is 0, a contour runs level there: moving m alone does not change the loss.", "Hold c and move m with the arrow keys until the parabola of m shows its lowest point."],
    learnt: "dL/dm = 0 holds on a whole line of (m, c). At the lowest point both are 0 (equation 9).",
  },
  {
    title: "Straight to the bottom",
    kind: "play",
    ask: () => "Choose a starting point from which the path runs straight to the lowest point, and make three steps.",
    judge: (world) => {
      const { start, model, at } = world, off = offTopic(world);
      if (off) return { told: off };
      const slope = model.gradient(start), away = { m: start.m - model.best.m, c: start.c - model.best.c };
      const size = Math.hypot(slope.m, slope.c) * Math.hypot(away.m, away.c);
      const degrees = (Math.asin(Math.min(1, Math.abs(slope.m * away.c - slope.c * away.m) / size)) * 180) / Math.PI;
      if (!(size > 0)) return { told: "Start away from the lowest point, and step." };
      if (degrees > 3) return { told: `The gradient at the start points ${short(degrees, 2)}° past the lowest point. Try a start on another side of the ellipse.` };
      return at >= 3 ? { solved: true } : { told: `${short(degrees, 2)}° off: straight enough. Now make three steps.` };
    },
    hints: ["The gradient is at a right angle to the contour. Where does it point at the middle?", "Start on one of the two dashed axes of the ellipses."],
    learnt: "The axes of the ellipses are the eigenvectors of the Hessian. On them the gradient points at the lowest point; elsewhere the path bends.",
  },
  {
    title: "Sum or mean",
    kind: "play",
    ask: ({ home }) => `With the ${home.reduction.replace("_", " ")} and α = ${asAsked(home.rate)} there is a path. Choose another loss, and the learning rate that gives the very same path.`,
    judge: (world) => {
      const { home, settings, rate, model } = world;
      if (settings.reduction === home.reduction) return { told: "The loss is still the one that the page came with. Choose another." };
      const scale = (reduction) => 1 / DIVISORS[reduction](model.n);
      const ratio = (rate * scale(settings.reduction)) / (home.rate * scale(home.reduction));
      if (Math.abs(ratio - 1) < 1e-3) return { solved: true };
      return { told: `With α = ${asAsked(rate)} every step is ${short(ratio, 4)} times as long as before.` };
    },
    hints: [({ model }) => `The mean's gradient is that of the sum, divided by n = ${grouped(model.n, 15)}.`,
      ({ home, settings, model }) => `α must be multiplied by ${short(DIVISORS[settings.reduction](model.n) / DIVISORS[home.reduction](model.n))}.`],
    learnt: "Only the product of α and the scale of the loss matters: a rate means nothing without its loss.",
  },
  {
    title: "Six digits in under 20 steps",
    kind: "play",
    ask: () => "Gain six digits in fewer than 20 steps. You may change anything but the points.",
    judge: (world) => {
      const { settings, model, descent, rate } = world;
      if (settings.single) return { told: "One sample at a time will not settle that closely. Use all points." };
      const step = firstStepWith(world, 6);
      if (step > 0 && step < 20) return { solved: true };
      const need = stepsTo(6, descent.shrink(rate));
      const told = `At this rate six digits take about ${Number.isFinite(need) ? plural(need, "step") : "for ever"}.`;
      const best = fewest({ model }, 6);
      if (best >= 20) return { told: `${told} Even the best rate takes ${short(best)}: the valley is too long for any rate. Change its shape.` };
      return { told: `${told} The shape is right now: choose the rate.` };
    },
    hints: ["The ratio of the two curvatures, not their size, makes it slow. What would make the ellipses round?", "Switch “centre and scale x” on: z = (x − mean) / sd. Then press “best”."],
    learnt: "On z both curvatures are equal: the valley is a bowl, every direction has the same best rate, and the line found is the same one.",
  },
  {
    title: "Better, and still not gradient descent",
    kind: "choice",
    ask: ({ model, points, rate, settings }) => {
      const radius = (sequential) => makeDescent(model, points, { ...settings, single: false, sequential }).shrink(rate);
      const [both, one] = [radius(false), radius(true)];
      return `At this rate a step leaves, in the end, ${short(both, 3)} of the distance when simultaneous and ${short(one, 3)} when sequential${one < both ? ": the sequential path is better here" : ""}. Try both. Why is sequential still not gradient descent?`;
    },
    options: () => [
      { text: "It leads to another lowest point", told: "It does not: where both derivatives are 0 neither path moves. The lowest point is the same." },
      { text: "It is, for it is faster", told: "Faster is no proof. Gradient descent is a rule, M − α dL/dM for all parameters from one gradient (equation 10), not a result." },
      { text: "c's derivative is taken at another point than m's, so the step is not along the gradient of any point", right: true },
      { text: "It rounds differently", told: "It differs far above rounding: compare c after the first step in both modes." },
    ],
    hints: ["Switch between both and compare the sentence about c.", "Which m does c's derivative see?"],
    learnt: "Equation 10: both from one gradient. Updating in turn is coordinate descent (Gauss–Seidel): often fine, but TensorFlow's optimizer does not do it, and the numbers differ from the first step on.",
  },
  {
    title: "One point against all",
    kind: "play",
    ask: ({ homeBest }) => `Change one point only (drag it, type it, add or remove one) until the slope of the best line, ${short(homeBest.m)}, has changed by half.`,
    judge: ({ ownBest, homeBest, homeUnit, changed }) => {
      const moved = Math.abs(ownBest.m - homeBest.m) / homeUnit;
      if (changed > 1) return { told: `${changed} points differ from the page's own. One is enough: press “the page's points” and try again.` };
      if (moved >= 0.5) return { solved: true };
      if (!changed) return { told: "No point has been changed yet." };
      return { told: `The best slope is now ${short(ownBest.m)}, changed by ${short(100 * moved, 2)} %. A point pulls with its distance: where does it have the longest lever?` };
    },
    hints: ["Points at the ends turn the line; points in the middle lift it.", "Take the point furthest to the right, and drag it far up or down."],
    learnt: "Residuals are squared: one point far away pulls more than many near the line. Look at the data before you trust a slope.",
  },
  {
    title: "It never comes to rest",
    kind: "choice",
    ask: ({ settings, at }) => settings.single && at > 0 ? "One sample at a time the path dances around the lowest point and does not come to rest. Why?" :
      "Set “each step uses” to one point in turn, and press “+10” a few times. The path does not come to rest at the lowest point. Why?",
    options: () => [
      { text: "The learning rate is over the limit", told: "Then it would run away. It stays near; with a lower α it stays nearer, but still does not rest." },
      { text: "At the lowest point the sum of all gradients is 0, but no single point's gradient is", right: true },
      { text: "The points are taken in a fixed order", told: "A random order dances too. What would the gradient of one point alone have to be, for rest?" },
      { text: "It has not made enough steps", told: "Make a thousand more: after each pass it returns to the same places." },
    ],
    hints: ["Look at the residual of the sample in the narration when the line is near the lowest point.", "Rest means that the step is 0. Whose gradient makes the step here?"],
    learnt: "Each step follows one point's residual, and residuals stay even on the best line. A falling learning rate calms the dance.",
  },
];
