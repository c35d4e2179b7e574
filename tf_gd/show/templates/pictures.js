// The four pictures: the contours with the path, the data with the line, the parabola of a parameter, and the loss.

const TOO_LONG = 150; // a valley so many times longer than wide is a line on the screen: it is explained in words

// How many times longer than wide the contours are.
const elongation = (model) => Math.sqrt(model.condition);

function viewAround(model, start) { // half the side of the square that shows the lowest point and the start
  const away = Math.max(Math.abs(start.m - model.best.m), Math.abs(start.c - model.best.c));
  return 1.25 * away || Math.max(1, Math.abs(model.best.m), Math.abs(model.best.c)) / 4;
}

function principalAxes({ mm, mc, cc }) { // the angle of the steepest direction
  return Math.atan2(2 * mc, mm - cc) / 2;
}

// The contours of a quadratic are ellipses: half axes sqrt(2 excess / lambda), turned to the eigenvectors.
function drawEllipses(picture, model, radius) {
  const angle = principalAxes(model.hessian), pixels = picture.side / (2 * radius);
  const corner = model.excess({ m: model.best.m + radius, c: model.best.c + radius * Math.sign(model.hessian.mc || 1) });
  const place = `translate(${round(picture.toX(model.best.m))} ${round(picture.toY(model.best.c))}) rotate(${round((-angle * 180) / Math.PI)})`;
  for (let at = 0; at < 13; at += 1) {
    const level = corner * 10 ** (-at / 2.4);
    const [rx, ry] = [model.steep, model.flat].map((value) => Math.min(Math.sqrt((2 * level) / value) * pixels, 1e5));
    if (rx > 0 && Number.isFinite(ry)) picture.plot.append(element("ellipse", { rx: round(rx), ry: round(ry), transform: place, class: "contour" }));
  }
}

function drawAxesOf(picture, model, radius) {
  const angle = principalAxes(model.hessian);
  for (const [turn, kind] of [[0, "steep"], [Math.PI / 2, "flat"]]) {
    const [dm, dc] = [Math.cos(angle + turn) * radius * 0.95, Math.sin(angle + turn) * radius * 0.95];
    drawCurve(picture, [-1, 1].map((way) => ({ x: model.best.m + way * dm, y: model.best.c + way * dc })), `axis-${kind}`);
  }
}

function drawContours(host, { model, radius, path, at, run, names }) {
  const around = (middle) => [middle - radius, middle + radius];
  const picture = makePicture(host, { square: true, x: { range: around(model.best.m), name: names.m },
    y: { range: around(model.best.c), name: names.c } });
  const near = ({ m, c }) => Math.max(Math.abs(m - model.best.m), Math.abs(c - model.best.c)) < 100 * radius;
  const seen = (lines) => thinned(lines.filter(near), MOST_STATES).map(({ m, c }) => ({ x: m, y: c }));
  drawOnce(picture, model, (ground) => { // a model is made anew whenever points, loss or coordinates change
    if (elongation(model) < TOO_LONG) drawEllipses(ground, model, radius);
    if (Number.isFinite(model.condition)) drawAxesOf(ground, model, radius);
    if (run) drawCurve(ground, seen(run), "run");
  });
  const mine = seen(path.slice(0, at + 1)), here = path[at];
  drawCurve(picture, mine, "path");
  drawDots(picture, mine, "path");
  drawMark(picture, { x: model.best.m, y: model.best.c }, "star", "lowest");
  if (near(here)) drawMark(picture, { x: here.m, y: here.c }, "diamond", "now");
  return picture;
}

// Points that `thinned` leaves out are named in words beside the picture.
function drawData(host, { points, line, best, names, sample, chosen, range }) {
  const x = range ? range.x : span(points.map((point) => point.x)), y = range ? range.y : span(points.map((point) => point.y));
  const picture = makePicture(host, { x: { range: x, name: names.x }, y: { range: y, name: names.y }, height: 400 });
  const fitted = (one, at) => one.m * at + one.c;
  const across = (one) => x.map((at) => ({ x: at, y: fitted(one, at) }));
  picture.range = { x, y };
  if (Number.isFinite(fitted(line, x[0]))) {
    drawBars(picture, points.map((point) => ({ x: point.x, from: point.y, to: fitted(line, point.x) })), "residual");
    drawCurve(picture, across(best), "best");
    drawCurve(picture, across(line), "line");
  }
  drawDots(picture, points, "point");
  if (sample !== null && points[sample]) drawMark(picture, points[sample], "ring", "sample");
  if (chosen !== null && points[chosen]) drawMark(picture, points[chosen], "ring", "chosen");
  return picture;
}

// L against one parameter M, the other one held: the parabola, the tangent with slope dL/dM, and the step.
function drawParabola(host, name, { here, slope, after, curvature, height }) {
  const lowest = curvature > 0 ? here - slope / curvature : here;
  const loss = (at) => height + slope * (at - here) + (curvature / 2) * (at - here) ** 2;
  const floor = loss(lowest), rise = curvature > 0 ? Math.sqrt((2e-5 * Math.abs(floor)) / curvature) : 0;
  const seen = Math.max(1e-6 * Math.abs(lowest), Number.isFinite(rise) ? rise : 0); // nearer, all ticks would be alike
  const away = Math.max(Math.abs(here - lowest), Math.abs(after - lowest), seen);
  const reach = 1.35 * away || Math.max(1, Math.abs(lowest)) / 4;
  const top = Math.max(loss(lowest - reach), floor + (Math.abs(floor) * 1e-9 || 1e-9));
  const picture = makePicture(host, { height: 230, x: { range: [lowest - reach, lowest + reach], name },
    y: { range: [floor - 0.08 * (top - floor), top + 0.05 * (top - floor)], name: "loss L" } });
  const along = Array.from({ length: 61 }, (_, at) => lowest + reach * (at / 30 - 1));
  drawCurve(picture, along.map((at) => ({ x: at, y: loss(at) })), "loss");
  drawCurve(picture, [-0.4, 0.4].map((part) => ({ x: here + part * reach, y: height + slope * part * reach })), "tangent");
  drawBars(picture, [{ x: after, from: height, to: loss(after) }], "drop");
  drawArrow(picture, { x: here, y: height }, { x: after, y: height }, "step");
  drawMark(picture, { x: lowest, y: floor }, "star", "lowest");
  drawMark(picture, { x: after, y: loss(after) }, "square", "next");
  drawMark(picture, { x: here, y: height }, "diamond", "now");
}

function drawLosses(host, { model, path, at }) {
  const steps = thinned(path.slice(0, at + 1).map((line, step) => ({ line, step })), MOST_STATES);
  const series = [["loss", model.loss], ["left", model.excess]].map(([kind, height]) => [kind,
    steps.map(({ line, step }) => ({ x: step, y: Math.log10(height(line)) })).filter(({ y }) => y > -300 && y < 300)]);
  const [low, high] = span(series.flatMap(([, dots]) => dots.map(({ y }) => y)));
  const range = [Math.floor(low), Math.max(Math.ceil(high), Math.floor(low) + 1)]; // round, so that the axes seldom change
  const last = [10, 20, 50, 100, 200, 500, 1000].find((most) => at <= most) || MOST_STEPS;
  const picture = makePicture(host, { height: 230, x: { range: [0, last], name: "step" },
    y: { range, name: "loss", ticks: powerTicks(...range, 5) } });
  for (const [kind, dots] of series) drawCurve(picture, dots, kind);
  const [, [...losses]] = series[0];
  if (losses.length) drawMark(picture, losses[losses.length - 1], "diamond", "now");
}
