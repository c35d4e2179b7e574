// Points of the reader's own: read from pasted or typed text, as a spreadsheet copies them, and written back to it.

const MOST_OWN_POINTS = 500;

// One number; a decimal comma is read where the comma does not separate the columns.
function readNumber(text, commaIsDecimal) {
  let plain = text.trim().replace(/^["']|["']$/g, "").replace("−", "-").replace(/[\s\u00a0\u202f]/g, "");
  if (commaIsDecimal && plain.lastIndexOf(",") < plain.lastIndexOf(".")) plain = plain.replace(/,(?=\d{3})/g, "");
  else if (commaIsDecimal) plain = plain.replace(/\.(?=\d{3}(\D|$))(?=.*,)/g, "").replace(",", ".");
  return /^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(plain) ? Number(plain) : NaN;
}

// How the cells of a table are set apart: by tabs, else semicolons, else commas, else spaces.
function separatorOf(rows) {
  const everywhere = (pattern) => rows.every((row) => pattern.test(row.trim()));
  return [/\t/, /;/, /,\s*(?=\S)/].find(everywhere) || /\s+/;
}

// Return { points, note } of a text, or { error } that names the line.
function readPoints(text) {
  const lines = text.split(/\r\n|\r|\n/).map((row, at) => ({ row, number: at + 1 })).filter(({ row }) => row.trim());
  if (!lines.length) return { error: "Nothing to read: give two numbers a line, x and y." };
  const body = lines.length > 1 ? lines.slice(1) : lines; // the first line may be a header, with other separators
  let separator = separatorOf(body.map(({ row }) => row));
  const pairs = body.every(({ row }) => /^\s*[-+−]?[\d.]+,[\d]+\s+[-+−]?[\d.]+,[\d]+\s*$/.test(row));
  if (pairs) separator = /\s+/; // 1,5 2,5: two decimal commas
  const commaIsDecimal = !separator.test(",0");
  const rows = lines.map(({ row, number }) => ({ number, cells: row.trim().split(separator).map((cell) => cell.trim()) }));
  const headed = !rows[0].cells.slice(0, 2).some((cell) => Number.isFinite(readNumber(cell, commaIsDecimal)));
  const points = [];
  for (const { number, cells } of headed ? rows.slice(1) : rows) {
    const [x, y] = cells.slice(0, 2).map((cell) => readNumber(cell, commaIsDecimal));
    if (cells.length < 2) return { error: `Line ${number} holds one number. Give two a line, x and y.` };
    const bad = Number.isFinite(x) ? (Number.isFinite(y) ? null : cells[1]) : cells[0];
    if (bad !== null) return { error: `Line ${number}: “${bad.slice(0, 30)}” is not a number. Correct or delete the line.` };
    points.push({ x, y });
  }
  if (!points.length) return { error: "Only a header was found. Give two numbers a line, x and y." };
  return { points: points.slice(0, MOST_OWN_POINTS), note: readNote(points, rows, headed) };
}

function readNote(points, rows, headed) {
  const parts = [`${plural(Math.min(points.length, MOST_OWN_POINTS), "point")} read.`];
  if (points.length > MOST_OWN_POINTS) parts.push(`The first ${MOST_OWN_POINTS} of ${grouped(points.length, 15)} are used.`);
  if (headed) parts.push("The first line was taken as a header.");
  if (rows.some(({ cells }) => cells.length > 2)) parts.push("The first two columns were taken.");
  return parts.join(" ");
}

const writePoints = (points) => points.map(({ x, y }) => `${x}\t${y}`).join("\n");

// A number of a dragged point, with as many digits as a pixel is worth.
function toPixel(value, pixel) {
  const decimals = Math.min(15, Math.max(0, 1 - Math.floor(Math.log10(Math.abs(pixel) || 1))));
  return Number(value.toFixed(decimals));
}

function nearestPoint(points, picture, pixel, reach) { // the index of the point within `reach` pixels, or null
  let [found, least] = [null, reach];
  points.forEach((point, at) => {
    const away = Math.hypot(picture.toX(point.x) - pixel.x, picture.toY(point.y) - pixel.y);
    if (away <= least) [found, least] = [at, away];
  });
  return found;
}

// How many points differ from those that the page came with: changed, added and removed ones.
function changedPoints(points, original) {
  const key = ({ x, y }) => `${x};${y}`, left = new Map();
  for (const point of original) left.set(key(point), (left.get(key(point)) || 0) + 1);
  let fresh = 0;
  for (const point of points) {
    const count = left.get(key(point)) || 0;
    if (count) left.set(key(point), count - 1);
    else fresh += 1;
  }
  const lost = [...left.values()].reduce((sum, count) => sum + count, 0);
  return Math.max(fresh, lost);
}
