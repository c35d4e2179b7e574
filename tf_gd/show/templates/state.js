// What the page knows at a moment, and the functions that change it; nothing here touches the document.

const MOST_STEPS = 2000;

function makeState(data) {
  const drawn = data.points.x.map((x, at) => ({ x, y: data.points.y[at] }));
  const home = { reduction: data.reduction, rate: data.rate, start: data.start, standardized: data.standardized };
  const homeBest = data.moments.best, { n, spread } = data.moments;
  const spreadY = data.moments.least + spread * homeBest.m ** 2; // sum (y - mean y)^2
  const homeUnit = Math.max(Math.abs(homeBest.m), 0.1 * Math.sqrt(spreadY / (spread || n))) || 1;
  const state = { rate: data.rate, start: { ...data.start }, sequential: false, single: false, reduction: data.reduction,
    standardized: data.standardized, own: null, path: [], at: 0, chosen: null, radius: 1 };

  function rebuild() { // the model and the descent of the points and settings at hand
    state.base = state.own ? momentsOf(state.own) : data.moments;
    state.moments = state.standardized ? standardizedMoments(state.base) : state.base;
    state.points = state.own || drawn;
    const sd = deviation(state.base), { mean } = state.base;
    state.samples = state.standardized ? state.points.map(({ x, y }) => ({ x: (x - mean) / sd, y })) : state.points;
    state.model = makeModel(state.moments, state.reduction, data.factor);
    state.settings = { sequential: state.sequential, single: state.single, reduction: state.reduction,
      standardized: state.standardized, factor: data.factor };
    state.descent = makeDescent(state.model, state.samples, state.settings);
  }

  const finite = (line) => Number.isFinite(state.model.loss(line));
  const here = () => state.path[state.at];
  const account = () => state.descent.account(here(), state.rate, state.at);

  function settled() { // whether another step moves m and c by no more than rounding
    const line = here(), next = state.descent.next(line, state.rate, state.at);
    const rounding = 4 * Number.EPSILON * Math.max(Math.abs(line.m), Math.abs(line.c));
    return distance(line, next) <= rounding;
  }

  function forward() {
    if (state.at === state.path.length - 1) {
      if (!finite(here()) || state.at >= MOST_STEPS) return false;
      state.path.push(state.descent.next(here(), state.rate, state.at));
    }
    state.at += 1;
    return true;
  }

  function replay(to = 0) { // from the start again, as far as `to`
    state.path = [{ ...state.start }];
    state.at = 0;
    while (state.at < to && forward());
  }

  function look() { // choose the square to look at: around the lowest point, with the start inside
    state.radius = viewAround(state.model, state.start);
  }

  function change(parts, { keepStep = false, view = true } = {}) {
    const to = keepStep ? state.at : 0;
    Object.assign(state, parts);
    rebuild();
    if (view) look();
    replay(to);
  }

  // The same line and the same share of the limit, in the other coordinates.
  function standardize(on) {
    if (on === state.standardized) return;
    const share = state.rate / state.descent.limit, start = on ? standardizedLine(state.start, state.base) : ownLine(state.start, state.base);
    change({ standardized: on, start });
    change({ rate: appliedRate(share * state.descent.limit, state.descent.limit) });
  }

  function usePoints(own) { // other data altogether: from (0, 0) at its best rate
    change({ own, start: { m: 0, c: 0 }, chosen: null });
    change({ rate: appliedRate(own ? state.model.bestRate || state.descent.limit / 2 : bestHomeRate(), state.descent.limit) });
  }

  const bestHomeRate = () => (state.standardized === home.standardized && state.reduction === home.reduction ? home.rate : state.model.bestRate);

  function movePoint(at, point) {
    const own = state.points.map((old, index) => (index === at ? point : old));
    change({ own, chosen: at }, { keepStep: true });
  }

  function addPoint(point) {
    if (state.points.length >= MOST_OWN_POINTS) return false;
    change({ own: [...state.points, point], chosen: state.points.length }, { keepStep: true });
    return true;
  }

  function removePoint(at) {
    if (state.points.length < 2) return false;
    const own = state.points.filter((_, index) => index !== at);
    change({ own, chosen: Math.min(at, own.length - 1) }, { keepStep: true });
    return true;
  }

  function world() { // what the tasks may look at
    return { ...state, here: here(), account: account(), finite: finite(here()), share: state.rate / state.descent.limit,
      home, homeBest, homeUnit, ownBest: state.base.best, changed: state.own ? changedPoints(state.own, drawn) : 0 };
  }

  rebuild();
  look();
  replay();
  return { state, home, drawn, finite, here, account, settled, forward, replay, look, change, standardize, usePoints,
    movePoint, addPoint, removePoint, world };
}
