// The state in the address, after the #, so that a link shares it. What comes from there is checked like any input.

const MOST_ADDRESS = 30000; // characters; longer ones are cut by mail and chat programs

function writeAddress({ rate, start, sequential, single, standardized, reduction, at, task, own }, defaults) {
  const words = { rate: String(rate), start: `${start.m},${start.c}`, step: String(at), task: String(task + 1) };
  if (sequential) words.update = "sequential";
  if (single) words.samples = "one";
  if (standardized) words.scale = "on";
  if (reduction !== defaults.reduction) words.loss = reduction;
  if (own) words.points = own.map(({ x, y }) => `${x},${y}`).join(";");
  const text = Object.entries(words).map(([key, value]) => `${key}=${encodeURIComponent(value).replace(/%2C/g, ",").replace(/%3B/g, ";")}`);
  return `#${text.join("&")}`;
}

function readPair(text) {
  const parts = String(text).split(",");
  const [first, second] = parts.map((part) => (part.trim() === "" ? NaN : Number(part)));
  return parts.length === 2 && Number.isFinite(first) && Number.isFinite(second) ? [first, second] : null;
}

// Return the parts of the state that the address holds; whatever is not understood is left out.
function readAddress(hash, most) {
  const words = new URLSearchParams(hash.replace(/^#/, "").replace(/\+/g, "%2B")), state = {};
  const rate = Number(words.get("rate")), start = readPair(words.get("start"));
  if (rate > 0 && Number.isFinite(rate)) state.rate = rate;
  if (start) state.start = { m: start[0], c: start[1] };
  const step = Number(words.get("step")), task = Number(words.get("task"));
  if (Number.isInteger(step) && step >= 0) state.at = Math.min(step, most);
  if (Number.isInteger(task) && task >= 1) state.task = task - 1;
  state.sequential = words.get("update") === "sequential";
  state.single = words.get("samples") === "one";
  state.standardized = words.get("scale") === "on";
  if (Object.hasOwn(DIVISORS, words.get("loss"))) state.reduction = words.get("loss");
  const pairs = (words.get("points") || "").split(";").filter(Boolean).slice(0, MOST_OWN_POINTS).map(readPair);
  if (pairs.length && pairs.every(Boolean)) state.own = pairs.map(([x, y]) => ({ x, y }));
  return state;
}

function replaceAddress(text) { // a notebook's cell has no address of its own; then there is nothing to share
  if (text.length > MOST_ADDRESS) return false;
  try {
    history.replaceState(null, "", text);
    return location.protocol !== "about:";
  } catch {
    return false;
  }
}
