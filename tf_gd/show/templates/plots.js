// Drawing with Plotly. Each function takes what it draws and keeps nothing.

const colour = (name) => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();

// Plotly reads <b> and the like in its texts as markup, so text from the data is escaped first.
const asText = (text) => text.replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");

const axis = (title, more) => ({
  title: { text: title, standoff: 8 }, gridcolor: colour("grid"), linecolor: colour("faint"), zeroline: false,
  automargin: true, fixedrange: true, exponentformat: "power", ...more,
});

function draw(id, traces, xaxis, yaxis, more) {
  const layout = {
    xaxis, yaxis, margin: { l: 56, r: 12, t: 12, b: 44 }, height: 360, hovermode: "closest",
    paper_bgcolor: colour("ground"), plot_bgcolor: colour("ground"), showlegend: true,
    font: { color: colour("ink"), family: "system-ui, sans-serif", size: 12 },
    legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom", font: { size: 11 } }, ...more,
  };
  return Plotly.react(id, traces, layout, { displayModeBar: false, responsive: true, doubleClick: false });
}

function drawLine(id, data, line) {
  const { x, y } = data.points;
  const uprights = x.flatMap((value, at) => [value, value, null]);
  const ends = [Math.min(...x), Math.max(...x)], low = Math.min(...y), high = Math.max(...y);
  const room = 0.1 * (high - low) || 1;
  const predict = (value) => {  // nothing so far away that it could not be seen
    const fitted = line.m * value + line.c;
    return Math.abs(fitted - low) < 1e6 * room ? fitted : null;
  };
  const fitted = x.map(predict);
  return draw(id, [
    { x: uprights, y: y.flatMap((value, at) => [value, fitted[at], null]), mode: "lines", name: "residual, p − y",
      line: { color: colour("orange"), width: 1.2 }, hoverinfo: "skip" },
    { x, y, mode: "markers", name: "observation, y", marker: { color: colour("blue"), size: 7 } },
    { x: ends, y: ends.map(predict), mode: "lines", name: "prediction, p = m x + c",
      line: { color: colour("ink"), width: 2 } },
  ], axis(asText(data.x_name)), axis(asText(data.y_name), { range: [low - room, high + room] }));
}

const positive = (values) => values.map((value) => (value > 0 && value < 1e200 ? value : null));

function drawLoss(id, steps, loss, excess, here) {
  const mark = { color: colour("red"), size: 10, symbol: "diamond" };
  const traces = [
    { x: steps, y: positive(loss), mode: "lines+markers", name: "loss, L",
      line: { color: colour("blue"), width: 2 }, marker: { size: 4 } },
    { x: steps, y: positive(excess), mode: "lines", name: "left to lose, L − min L",
      line: { color: colour("green"), width: 2, dash: "dash" } },
  ];
  if (here !== undefined) {
    traces.push({ x: [steps[here]], y: positive([loss[here]]), mode: "markers", name: "this step",
      marker: mark, cliponaxis: false });
  }
  return draw(id, traces, axis("step", { rangemode: "tozero" }), axis("loss", { type: "log" }));
}

function grid(model, view, size) {
  const along = (middle) =>
    Array.from({ length: size }, (_, at) => middle + view.radius * ((2 * at) / (size - 1) - 1));
  const m = along(view.m), c = along(view.c);
  const floor = 1e-6 * model.excess({ m: m[0], c: c[0] }) || 1;
  return { m, c, z: c.map((cc) => m.map((mm) => Math.log10(Math.max(model.excess({ m: mm, c: cc }), floor)))) };
}

function drawContour(id, model, view, path, here) {
  const { m, c, z } = grid(model, view, 71);
  const away = (at) => Math.max(Math.abs(at.m - view.m), Math.abs(at.c - view.c));
  const near = path.slice(0, here + 1).filter((at) => away(at) < 100 * view.radius);
  const range = (middle) => [middle - view.radius, middle + view.radius];
  return draw(id, [
    { type: "contour", x: m, y: c, z, showscale: false, ncontours: 16, hoverinfo: "skip", showlegend: false,
      colorscale: [[0, colour("valley")], [1, colour("ground")]], line: { width: 0.6, color: colour("faint") } },
    { x: near.map((at) => at.m), y: near.map((at) => at.c), mode: "lines+markers", name: "path",
      line: { color: colour("red"), width: 1.6 }, marker: { size: 5 } },
    { x: [model.best.m], y: [model.best.c], mode: "markers", name: "lowest point",
      marker: { symbol: "star", size: 14, color: colour("ink") } },
    { x: near.slice(-1).map((at) => at.m), y: near.slice(-1).map((at) => at.c), mode: "markers", name: "this step",
      marker: { symbol: "diamond", size: 11, color: colour("red") } },
  ], axis("slope m", { range: range(view.m), constrain: "domain" }),
  axis("intercept c", { range: range(view.c), scaleanchor: "x", constrain: "domain" }),
  { height: Math.min(560, document.getElementById(id).clientWidth + 60) });
}
