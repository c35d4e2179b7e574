// The controls: what a click, a key or a drag does to the state, and the state in the address. Everything starts here.

const find = (id) => document.getElementById(id);
const data = JSON.parse(find("data").textContent);
const page = makeState(data);
const { state } = page;
const showing = makeShowing(find, data, page);
const asking = makeAsking(find, page.world, () => keepAddress());
const still = matchMedia("(prefers-reduced-motion: reduce)");
let timer = null, saving = null;

function show(range) {
  showing.show(range);
  asking.show();
  keepAddress();
}

// ---- the address ------------------------------------------------------------------------------------------------

function address() {
  return writeAddress({ ...state, task: asking.at }, page.home);
}

function keepAddress() { // browsers refuse more than a few changes a second
  clearTimeout(saving);
  saving = setTimeout(() => {
    find("share").hidden = !replaceAddress(address());
  }, 250);
}

function fromAddress() {
  const { at = 0, task = 0, own = null, ...parts } = readAddress(location.hash, MOST_STEPS);
  page.change({ ...parts, own });
  page.replay(at);
  asking.go(task);
  show();
}

find("share").addEventListener("click", async () => {
  const link = location.href.split("#")[0] + address();
  try {
    await navigator.clipboard.writeText(link);
    find("share-note").textContent = "Copied. It holds the points, the settings and the step.";
  } catch {
    find("share-note").textContent = "Copy it from the address bar.";
  }
});

// ---- steps ------------------------------------------------------------------------------------------------------

function pause() {
  clearInterval(timer);
  timer = null;
  find("play").textContent = still.matches ? "Make 100 steps" : "Play";
  find("status").setAttribute("aria-live", "polite");
}

function go(count) {
  for (let made = 0; made < count && page.forward(); made += 1);
  show();
}

function play() {
  if (timer !== null) return pause();
  if (still.matches) return go(100); // no movement where none is wanted
  find("play").textContent = "Pause";
  find("status").setAttribute("aria-live", "off");
  timer = setInterval(() => {
    const moved = !page.settled() && page.forward();
    if (!moved) pause();
    show();
  }, 200);
  return timer;
}

function apply(act) { // a change of settings stops the play
  pause();
  act();
  show();
}

find("play").addEventListener("click", play);
find("forward").addEventListener("click", () => apply(() => page.forward()));
find("forward-10").addEventListener("click", () => apply(() => go(10)));
find("back").addEventListener("click", () => apply(() => { state.at = Math.max(0, state.at - 1); }));
find("restart").addEventListener("click", () => apply(() => page.replay()));

// ---- rate, start and switches -----------------------------------------------------------------------------------

const setRate = (rate) => apply(() => page.change({ rate }, { view: false }));

function onNumber(id, accept, use) { // a number that cannot be used is marked, and nothing else changes
  find(id).addEventListener("change", () => {
    const text = find(id).value, value = Number(text), good = text.trim() !== "" && Number.isFinite(value) && accept(value);
    if (good) use(value);
    if (good) find(id).removeAttribute("aria-invalid");
    else find(id).setAttribute("aria-invalid", "true");
  });
}

const typedRate = (rate) => (data.exact_rate ? rate : appliedRate(rate));

onNumber("rate", (value) => value > 0, (value) => setRate(typedRate(value)));
onNumber("start-m", () => true, (m) => apply(() => page.change({ start: { ...state.start, m } })));
onNumber("start-c", () => true, (c) => apply(() => page.change({ start: { ...state.start, c } })));
find("rate-slider").addEventListener("input", () => {
  setRate(appliedRate(Number(find("rate-slider").value) * state.descent.limit, state.descent.limit));
});
find("rate-best").addEventListener("click", () => setRate(appliedRate(state.model.bestRate, state.descent.limit)));
find("rate-limit").addEventListener("click", () => setRate(state.descent.limit));
find("rate-run").addEventListener("click", () => setRate(page.home.rate));
for (const id of ["simultaneous", "sequential", "all", "single"]) {
  find(id).addEventListener("change", () => apply(() => page.change({ sequential: find("sequential").checked, single: find("single").checked })));
}
find("standardize").addEventListener("change", () => apply(() => page.standardize(find("standardize").checked)));
find("reduction").addEventListener("change", () => apply(() => page.change({ reduction: find("reduction").value })));

// ---- the starting point: click or drag on the contours, or arrow keys -------------------------------------------

function moveStart(m, c) {
  const inside = (value, middle) => Math.min(Math.max(value, middle - state.radius), middle + state.radius);
  const { best } = state.model, start = { m: inside(m, best.m), c: inside(c, best.c) };
  apply(() => page.change({ start }, { view: false }));
}

function pixelOf(host, event) {
  const box = host.getBoundingClientRect();
  return { x: event.clientX - box.left, y: event.clientY - box.top };
}

function follow(host, begin, move, end = () => {}) { // a press, what it drags, and its end
  host.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || !begin(event)) return;
    host.setPointerCapture(event.pointerId);
    event.preventDefault();
  });
  host.addEventListener("pointermove", (event) => host.hasPointerCapture(event.pointerId) && move(event));
  host.addEventListener("pointerup", (event) => host.hasPointerCapture(event.pointerId) && end(event));
}

function startAt(event) {
  const { contour } = showing.pictures, pixel = pixelOf(find("contour"), event);
  moveStart(contour.fromX(pixel.x), contour.fromY(pixel.y));
  find("handle").focus({ preventScroll: true });
  return true;
}

follow(find("board"), startAt, startAt);

const ARROWS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };

function onArrows(id, act) {
  find(id).addEventListener("keydown", (event) => {
    const [x, y] = ARROWS[event.key] || [0, 0], size = event.shiftKey ? 10 : 1;
    if (!x && !y) return;
    act(x * size, y * size);
    event.preventDefault();
  });
}

onArrows("handle", (x, y) => moveStart(state.start.m + (x * state.radius) / 100, state.start.c + (y * state.radius) / 100));
