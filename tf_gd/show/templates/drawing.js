// SVG by hand: elements, axes with readable ticks, curves and marks. Text from the data is only ever set as text.

const SVG = "http://www.w3.org/2000/svg";
const MOST_POINTS = 500, MOST_STATES = 200; // drawn; more would be slow, and nobody could tell them apart

function element(name, attributes = {}, text = "") {
  const made = document.createElementNS(SVG, name);
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  if (text) made.textContent = text;
  return made;
}

const round = (value) => Math.round(Math.min(Math.max(value, -1e5), 1e5) * 100) / 100;

function niceTicks(low, high, most) {
  const rough = (high - low) / most, size = 10 ** Math.floor(Math.log10(rough));
  const step = [1, 2, 5, 10].map((part) => part * size).find((one) => one >= rough);
  const ticks = [];
  for (let at = Math.ceil(low / step); at * step <= high && ticks.length < 20; at += 1) ticks.push(at * step);
  return ticks.map((value) => ({ value, text: tickText(value, step) }));
}

function tickText(exact, step) {
  const value = exact === 0 ? 0 : exact; // not -0
  const decimals = Math.max(0, -Math.floor(Math.log10(step) + 1e-9));
  if (decimals > 5) return short(value, Math.min(15, Math.max(3, Math.ceil(Math.log10(Math.abs(value) / step)) + 1)));
  if (Math.abs(value) >= 1e9) return short(value, Math.min(15, Math.ceil(Math.log10(Math.abs(value) / step)) + 1));
  return grouped(value, decimals, "maximumFractionDigits").replace("-", "−");
}

// Of a logarithmic axis, whose range is given in powers of ten: powers, and 2 and 5 times them where there is room.
function powerTicks(low, high, most) {
  const every = Math.max(1, Math.ceil((high - low) / most)), parts = high - low < 2.5 ? [1, 2, 5] : [1], ticks = [];
  for (let at = Math.floor(low); at <= high; at += 1) {
    if (at % every !== 0) continue;
    for (const part of parts) {
      const value = at + Math.log10(part);
      if (value >= low && value <= high) ticks.push({ value, text: parts.length > 1 ? short(part * 10 ** at) : power(at) });
    }
  }
  return ticks;
}

const widths = new WeakMap(); // of the hosts: asking the browser at every step would lay the page out again and again

function widthOf(host) {
  if (!widths.has(host)) widths.set(host, host.clientWidth);
  return Math.max(240, widths.get(host) || 320);
}

function ticksOf(x, y, across, down) {
  return { x: x.ticks || niceTicks(...x.range, Math.max(2, Math.floor(across / 85))),
    y: y.ticks || niceTicks(...y.range, Math.max(2, Math.floor(down / 45))) };
}

const drawn = new WeakMap(); // the picture in each host: axes that stay the same are not drawn again

// A picture in `host` with two axes: `x` and `y` are { range: [low, high], name, ticks? }; `square` gives both one scale.
function makePicture(host, { x, y, height = 260, square = false }) {
  const width = widthOf(host), key = JSON.stringify([width, x, y]), old = drawn.get(host);
  if (old && old.key === key) {
    old.plot.replaceChildren();
    return old;
  }
  const right = 12, top = 10, bottom = 44;
  const rough = ticksOf(x, y, width, square ? width - 78 : height).y; // their texts decide the room on the left
  const left = 26 + 7 * Math.max(...rough.map(({ text }) => text.length), 3);
  const across = width - left - right, side = square ? Math.min(across, 470) : across;
  const down = square ? side : height - top - bottom;
  const svg = element("svg", { width, height: down + top + bottom, viewBox: `0 0 ${width} ${down + top + bottom}`,
    "aria-hidden": "true" });
  const toX = (value) => left + ((value - x.range[0]) / (x.range[1] - x.range[0])) * side;
  const toY = (value) => top + down - ((value - y.range[0]) / (y.range[1] - y.range[0])) * down;
  const fromX = (pixel) => x.range[0] + ((pixel - left) / side) * (x.range[1] - x.range[0]);
  const fromY = (pixel) => y.range[0] + ((top + down - pixel) / down) * (y.range[1] - y.range[0]);
  const clip = element("svg", { x: left, y: top, width: side, height: down,
    viewBox: `${left} ${top} ${side} ${down}` }); // an inner svg clips what leaves it
  const plot = element("g"), ground = element("g");
  const picture = { host, svg, plot, ground, toX, toY, fromX, fromY, left, top, side, down, key };
  drawAxes(picture, x, y);
  clip.append(ground, plot);
  svg.append(clip);
  host.style.height = `${down + top + bottom}px`; // known in advance, so a new picture moves nothing else
  host.replaceChildren(svg);
  drawn.set(host, picture);
  return picture;
}

// What stays as long as `key` is the same is drawn once, under the rest.
function drawOnce(picture, key, draw) {
  if (picture.onGround === key) return;
  picture.onGround = key;
  picture.ground.replaceChildren();
  draw({ ...picture, plot: picture.ground });
}

function clearPicture(host) {
  drawn.delete(host);
  host.replaceChildren();
}

function drawAxes({ svg, toX, toY, left, top, side, down }, x, y) {
  const grid = [], base = top + down, ticks = ticksOf(x, y, side, down);
  for (const { value, text } of ticks.x) {
    grid.push(`M${round(toX(value))} ${top}V${base}`);
    svg.append(element("text", { x: round(toX(value)), y: base + 16, class: "tick", "text-anchor": "middle" }, text));
  }
  for (const { value, text } of ticks.y) {
    grid.push(`M${left} ${round(toY(value))}H${left + side}`);
    svg.append(element("text", { x: left - 6, y: round(toY(value)) + 4, class: "tick", "text-anchor": "end" }, text));
  }
  svg.append(element("path", { d: grid.join(""), class: "grid" }));
  svg.append(element("path", { d: `M${left} ${top}V${base}H${left + side}`, class: "axis" }));
  svg.append(element("text", { x: left + side / 2, y: base + 37, class: "name", "text-anchor": "middle" }, x.name));
  svg.append(element("text", { x: 0, y: 0, class: "name", "text-anchor": "middle",
    transform: `translate(12 ${top + down / 2}) rotate(-90)` }, y.name));
}

// ---- marks: each takes values, not pixels -----------------------------------------------------------------------

function drawCurve(picture, line, kind) {
  const finite = line.filter((at) => Number.isFinite(at.x) && Number.isFinite(at.y));
  const path = finite.map(({ x, y }, at) => `${at ? "L" : "M"}${round(picture.toX(x))} ${round(picture.toY(y))}`);
  picture.plot.append(element("path", { d: path.join(""), class: `curve ${kind}` }));
}

function drawDots(picture, dots, kind) { // one path, whatever their number: strokes of no length with round ends
  const path = dots.map(({ x, y }) => `M${round(picture.toX(x))} ${round(picture.toY(y))}h0`);
  picture.plot.append(element("path", { d: path.join(""), class: `dots ${kind}` }));
}

function drawBars(picture, bars, kind) { // vertical segments
  const path = bars.map(({ x, from, to }) => `M${round(picture.toX(x))} ${round(picture.toY(from))}V${round(picture.toY(to))}`);
  picture.plot.append(element("path", { d: path.join(""), class: `curve ${kind}` }));
}

const SHAPES = { diamond: "M0-7L7 0 0 7-7 0Z", square: "M-5-5H5V5H-5Z", ring: "M-6 0a6 6 0 1 0 12 0a6 6 0 1 0-12 0Z",
  star: "M0-9 2.5-2.8 9-2.8 3.8 1.3 5.6 7.6 0 3.8-5.6 7.6-3.8 1.3-9-2.8-2.5-2.8Z" };

function drawMark(picture, { x, y }, shape, kind) {
  const place = `translate(${round(picture.toX(x))} ${round(picture.toY(y))})`;
  picture.plot.append(element("path", { d: SHAPES[shape], transform: place, class: `mark-shape ${kind}` }));
}

function drawArrow(picture, from, to, kind) {
  const [x1, y1, x2, y2] = [picture.toX(from.x), picture.toY(from.y), picture.toX(to.x), picture.toY(to.y)].map(round);
  const long = Math.hypot(x2 - x1, y2 - y1);
  if (long < 2) return;
  const [ax, ay] = [((x2 - x1) / long) * 8, ((y2 - y1) / long) * 8];
  const head = `M${x2} ${y2}L${round(x2 - ax - ay / 2)} ${round(y2 - ay + ax / 2)} ${round(x2 - ax + ay / 2)} ${round(y2 - ay - ax / 2)}Z`;
  picture.plot.append(element("path", { d: `M${x1} ${y1}L${x2} ${y2}`, class: `curve ${kind}` }));
  picture.plot.append(element("path", { d: head, class: `mark-shape ${kind}` }));
}

// The first and the last and every k-th between them.
function thinned(list, most) {
  if (list.length <= most) return list;
  const step = (list.length - 1) / (most - 1);
  return Array.from({ length: most }, (_, at) => list[Math.round(at * step)]);
}

function span(values, room = 0.06) { // a range around values that can be drawn
  const finite = values.filter(Number.isFinite);
  const low = finite.reduce((least, value) => Math.min(least, value), Infinity);
  const high = finite.reduce((most, value) => Math.max(most, value), -Infinity);
  if (!(low <= high)) return [-1, 1];
  const extra = (high - low) * room || Math.abs(high) * 0.1 || 1;
  return [low - extra, high + extra];
}
