// The points: drag one, choose and move one with keys, add, remove, type, or paste others.

function note(text) {
  find("data-note").textContent = text;
}

function pointAt(event) { // the dragged point goes where the pointer is; the axes stay until it is let go
  const picture = showing.pictures.data, pixel = pixelOf(find("line-now"), event);
  const place = (from, at) => toPixel(from(at), from(at + 1) - from(at));
  page.movePoint(state.chosen, { x: place(picture.fromX, pixel.x), y: place(picture.fromY, pixel.y) });
  show(picture.range);
  return true;
}

function takePoint(event) {
  const reach = event.pointerType === "touch" ? 28 : 14;
  const found = nearestPoint(state.points, showing.pictures.data, pixelOf(find("line-now"), event), reach);
  if (found === null) return false;
  pause();
  state.chosen = found;
  show();
  find("point-handle").focus({ preventScroll: true });
  return true;
}

follow(find("data-board"), takePoint, pointAt, () => show());
find("data-board").addEventListener("touchstart", (event) => { // a finger on a point drags it; elsewhere it scrolls
  const [touch] = event.touches;
  if (nearestPoint(state.points, showing.pictures.data, pixelOf(find("line-now"), touch), 28) !== null) event.preventDefault();
}, { passive: false });
find("data-board").addEventListener("dblclick", (event) => {
  const picture = showing.pictures.data, pixel = pixelOf(find("line-now"), event);
  if (nearestPoint(state.points, picture, pixel, 14) === null) addPoint({ x: picture.fromX(pixel.x), y: picture.fromY(pixel.y) });
});

function addPoint({ x, y }) {
  apply(() => note(page.addPoint({ x: Number(x.toPrecision(6)), y: Number(y.toPrecision(6)) }) ? "A point was added." :
    `The page takes at most ${MOST_OWN_POINTS} points.`));
}

function removePoint() {
  if (state.chosen === null) return;
  apply(() => note(page.removePoint(state.chosen) ? "The point was removed." : "The last point stays: a line needs one."));
}

function choosePoint(by) {
  const { length } = state.points;
  state.chosen = state.chosen === null ? 0 : (state.chosen + by + length) % length;
  show();
}

onArrows("point-handle", (x, y) => {
  const picture = showing.pictures.data, at = state.chosen ?? 0, old = state.points[at];
  const unit = { x: picture.fromX(1) - picture.fromX(0), y: picture.fromY(0) - picture.fromY(1) };
  const place = { x: x ? toPixel(old.x + 2 * x * unit.x, unit.x) : old.x, y: y ? toPixel(old.y + 2 * y * unit.y, unit.y) : old.y };
  apply(() => page.movePoint(at, place));
});
find("point-handle").addEventListener("keydown", (event) => {
  const act = { PageUp: () => choosePoint(-1), PageDown: () => choosePoint(1), Delete: removePoint, Backspace: removePoint }[event.key];
  if (!act) return;
  act();
  event.preventDefault();
});
find("point-handle").addEventListener("focus", () => state.chosen === null && choosePoint(1));
find("point-before").addEventListener("click", () => choosePoint(-1));
find("point-next").addEventListener("click", () => choosePoint(1));
find("point-add").addEventListener("click", () => {
  const { mean, best } = state.base;
  addPoint({ x: mean, y: best.m * mean + best.c });
});
find("point-remove").addEventListener("click", removePoint);
for (const axis of ["x", "y"]) {
  onNumber(`point-${axis}`, () => state.chosen !== null, (value) => apply(() => page.movePoint(state.chosen, { ...state.points[state.chosen], [axis]: value })));
}
find("points-home").addEventListener("click", () => apply(() => {
  page.usePoints(null);
  note("These are the page's own points again.");
}));

function takeText() {
  const { points, error, note: read } = readPoints(find("paste").value);
  find("paste").setAttribute("aria-invalid", String(Boolean(error)));
  if (error) return note(error);
  find("paste").blur();
  return apply(() => {
    page.usePoints(points);
    note(`${read} The start is (0, 0), the rate the best one of these points.`);
  });
}

find("paste-use").addEventListener("click", takeText);
find("paste").addEventListener("paste", () => {
  find("paste").value = ""; // what is pasted replaces the points that were there
  setTimeout(takeText, 0);
});
