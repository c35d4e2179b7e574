// The part of the page that can be played with: a state, the controls that change it, and one function that shows it.

const data = JSON.parse(document.getElementById("data").textContent);
const model = makeModel(data.moments);
const find = (id) => document.getElementById(id);

const MOST_STEPS = 2000;
const state = { rate: data.rate, start: { ...data.start }, sequential: false, path: [], at: 0, timer: null, view: null };

function restart() {
  state.path = [{ ...state.start }];
  state.at = 0;
}

function look() {  // choose the square to look at: around the lowest point, with the start inside
  const away = Math.max(Math.abs(state.start.m - model.best.m), Math.abs(state.start.c - model.best.c));
  state.view = { ...model.best, radius: 1.25 * away || data.radius };
}

const finite = (line) => Number.isFinite(model.loss(line));

function settled(here) {  // whether another step moves m and c by no more than rounding
  const next = model.update(here, state.rate, state.sequential);
  const rounding = 4 * Number.EPSILON * Math.max(Math.abs(here.m), Math.abs(here.c));
  return Math.max(Math.abs(next.m - here.m), Math.abs(next.c - here.c)) <= rounding;
}

function forward() {
  if (state.at === state.path.length - 1) {
    const here = state.path[state.at];
    if (!finite(here) || state.at >= MOST_STEPS) return false;
    state.path.push(model.update(here, state.rate, state.sequential));
  }
  state.at += 1;
  return true;
}

function back() {
  state.at = Math.max(0, state.at - 1);
}

// ---- showing ----------------------------------------------------------------------------------------------------

const short = (value) => (Number.isFinite(value) ? Number(value.toPrecision(6)).toString() : "too large to hold");

function sentence() {
  const here = state.path[state.at], loss = model.loss(here);
  const where = `Step ${state.at}: m = ${short(here.m)}, c = ${short(here.c)}, loss = ${short(loss)}.`;
  if (!finite(here)) return `${where} It diverged: the numbers have left the range of float64.`;
  if (settled(here)) return `${where} Converged: another step moves m and c by no more than rounding.`;
  if (state.at === 0) return where;
  if (state.at === MOST_STEPS) return `${where} This page makes no more steps than these.`;
  const before = model.excess(state.path[state.at - 1]), now = model.excess(here);
  return now > before ? `${where} It went uphill: what is left to lose grew ${short(now / before)}-fold.` : where;
}

function limits() {
  const share = state.rate / data.max_rate;
  const past = share >= 1 ? ": at or past the limit, a simultaneous descent does not converge" : "";
  const part = share !== 1 && share.toPrecision(3) === "1.00" ? (share < 1 ? "just under 1" : "just over 1") :
    Number(share.toPrecision(3));
  return `${short(state.rate)} is ${part} of the largest stable rate${past}.`;
}

function showNumbers() {
  const here = state.path[state.at], slope = model.gradient(here);
  const values = { "now-step": state.at, "now-m": here.m, "now-c": here.c, "now-loss": model.loss(here),
    "now-dm": slope.m, "now-dc": slope.c };
  for (const [id, value] of Object.entries(values)) find(id).textContent = String(value);
  find("status").textContent = sentence();
  find("rate-note").textContent = limits();
  find("rate-note").classList.toggle("past", state.rate >= data.max_rate);
  find("back").disabled = state.at === 0;
}

function showInputs() {
  for (const [id, value] of [["rate", state.rate], ["start-m", state.start.m], ["start-c", state.start.c]]) {
    find(id).value = String(value);
    find(id).removeAttribute("aria-invalid");
  }
  find("rate-slider").value = String(Math.min(state.rate / data.max_rate, 1.2));
  find("rate-slider").setAttribute("aria-valuetext", limits());
}

function showPlots() {
  const upto = state.path.slice(0, state.at + 1);
  const steps = upto.map((_, step) => step);
  drawContour("contour", model, state.view, state.path, state.at).then(placeHandle);
  if (finite(state.path[state.at])) drawLine("line-now", data, state.path[state.at]);
  drawLoss("loss-now", steps, upto.map(model.loss), upto.map(model.excess), state.at);
}

function show() {
  showNumbers();
  showPlots();
}

// ---- the handle on the contour: the starting point, for a pointer and for the arrow keys ------------------------

const handle = find("handle");
const axes = () => [find("contour")._fullLayout.xaxis, find("contour")._fullLayout.yaxis];

function placeHandle() {
  const [x, y] = axes();
  handle.style.left = `${x._offset + x.d2p(state.start.m)}px`;
  handle.style.top = `${y._offset + y.d2p(state.start.c)}px`;
  handle.setAttribute("aria-valuenow", String(state.start.m));
  handle.setAttribute("aria-valuetext", `m = ${short(state.start.m)}, c = ${short(state.start.c)}`);
}

function moveStart(m, c) {
  const inside = (value, middle) =>
    Math.min(Math.max(value, middle - state.view.radius), middle + state.view.radius);
  state.start = { m: inside(m, state.view.m), c: inside(c, state.view.c) };
  pause();
  restart();
  showInputs();
  show();
}

function drag(event) {
  const [x, y] = axes(), box = find("contour").getBoundingClientRect();
  moveStart(x.p2d(event.clientX - box.left - x._offset), y.p2d(event.clientY - box.top - y._offset));
}

handle.addEventListener("pointerdown", (event) => {
  handle.setPointerCapture(event.pointerId);
  handle.focus();
  event.preventDefault();
});
handle.addEventListener("pointermove", (event) => {
  if (handle.hasPointerCapture(event.pointerId)) drag(event);
});
handle.addEventListener("keydown", (event) => {
  const arrows = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
  const arrow = arrows[event.key];
  if (!arrow) return;
  event.preventDefault();
  const reach = state.view.radius * (event.shiftKey ? 0.1 : 0.02);
  moveStart(state.start.m + reach * arrow[0], state.start.c + reach * arrow[1]);
});

// ---- the other controls -----------------------------------------------------------------------------------------

function pause() {
  clearInterval(state.timer);
  state.timer = null;
  find("play").textContent = "Play";
  find("status").setAttribute("aria-live", "polite");
}

function play() {
  find("play").textContent = "Pause";
  find("status").setAttribute("aria-live", "off");  // a screen reader hears the last step, not every one
  state.timer = setInterval(() => {
    if (!forward() || settled(state.path[state.at])) pause();
    show();
  }, 150);
}

function setRate(rate) {
  state.rate = rate;
  pause();
  restart();
  showInputs();
  show();
}

function typed(id, accept, use) {
  find(id).addEventListener("change", () => {
    const value = find(id).value.trim() === "" ? NaN : Number(find(id).value);
    if (accept(value)) use(value);
    else find(id).setAttribute("aria-invalid", "true");
  });
}

typed("rate", (value) => value > 0 && Number.isFinite(value), setRate);
for (const name of ["m", "c"]) {
  typed(`start-${name}`, Number.isFinite, (value) => {
    state.start = { ...state.start, [name]: value };
    look();
    moveStart(state.start.m, state.start.c);
  });
}
find("rate-slider").addEventListener("input", (event) => setRate(Number(event.target.value) * data.max_rate));
find("rate-best").addEventListener("click", () => setRate(data.best_rate));
find("rate-limit").addEventListener("click", () => setRate(data.max_rate));
find("rate-run").addEventListener("click", () => setRate(data.rate));
find("play").addEventListener("click", () => (state.timer === null ? play() : pause()));
find("forward").addEventListener("click", () => { pause(); forward(); show(); });
find("back").addEventListener("click", () => { pause(); back(); show(); });
find("restart").addEventListener("click", () => { pause(); restart(); show(); });
for (const choice of document.querySelectorAll("input[name=update]")) {
  choice.addEventListener("change", () => {
    state.sequential = find("sequential").checked;
    pause();
    restart();
    show();
  });
}

function showAll() {
  if (data.run.line) drawLine("line-run", data, data.run.line);
  drawLoss("loss-run", data.run.step, data.run.loss, data.run.excess);
  show();
}

for (const range of [find("best-mark"), find("limit-mark")]) {
  range.style.setProperty("--share", String(Math.min(Number(range.dataset.share) / 1.2, 1)));
}
restart();
look();
showInputs();
showAll();
matchMedia("(prefers-color-scheme: dark)").addEventListener("change", showAll);
find("contour").on("plotly_afterplot", placeHandle);
