// One function that shows the state: numbers, words and pictures. It reads the state and never changes it.

function makeShowing(find, data, page) {
  const { state } = page, pictures = {};
  let written = null; // the points that stand in the text box
  const runStates = data.run ? data.run.m.map((m, at) => ({ m, c: data.run.c[at] })) : null;

  function setText(id, text) {
    if (find(id).textContent !== text) find(id).textContent = text;
  }

  function showNumbers() { // every digit, for whoever compares
    const line = page.here(), slope = state.model.gradient(line), own = state.standardized ? ownLine(line, state.base) : line;
    const values = { step: state.at, m: line.m, c: line.c, loss: state.model.loss(line), dm: slope.m, dc: slope.c };
    for (const [id, value] of Object.entries(values)) setText(`now-${id}`, String(value));
    setText("now-line", Number.isFinite(own.m) ? lineText(own) : "beyond float64");
    setText("best-line", `${lineText(state.base.best)}, least loss ${short(state.model.least, 6)}`);
    setText("condition", Number.isFinite(state.model.condition) ? short(state.model.condition) : "infinite: all x are equal");
  }

  function showWords() {
    const line = page.here(), { model, at } = state, before = at ? model.excess(state.path[at - 1]) : NaN;
    setText("status", stateSentence({ at, here: line, loss: model.loss(line), finite: page.finite(line), settled: page.settled(),
      grew: state.single ? NaN : model.excess(line) / before, most: MOST_STEPS, digits: digitsGained(model, state.start, line) }));
    setText("rate-note", rateSentence(state.rate, state.descent.limit, state.descent.shrink(state.rate), state.settings, state.points.length));
    find("rate-note").classList.toggle("past", state.rate >= state.descent.limit);
    showNarration(line);
    showValley();
    const states = at + 1 > MOST_STATES ? `${MOST_STATES} of ${grouped(at + 1, 15)} states are drawn.` : "";
    setText("states-note", states);
    setText("points-note", pointsNote());
  }

  function pointsNote() {
    if (state.own || data.moments.n <= state.points.length) return plural(state.points.length, "point");
    const all = grouped(data.moments.n, 15);
    return `${state.points.length} of ${all} points are drawn; line, valley and path are those of all. Whoever changes a point, ` +
      "or takes one sample at a time, goes on with the drawn ones.";
  }

  function showNarration(line) {
    const account = page.account(), source = { ...state.settings, formula: formulaOf(state.settings) };
    const sample = state.descent.sampleOf(state.at);
    setText("narrate-sample", sample === null ? "" : sampleSentence(state.samples[sample], sample, state.samples.length, line, state.standardized));
    for (const name of ["m", "c"]) {
      setText(`narrate-${name}`, parameterSentence(name, account[name], state.rate, source));
      setText(`formula-${name}`, page.finite(line) ? updateFormula(name, account[name], state.rate) : "");
    }
  }

  function showValley() { // a valley that cannot be drawn is explained
    const long = elongation(state.model);
    const words = Number.isFinite(long)
      ? `The contours are ${short(long, 3)} times longer than wide (condition number ${short(state.model.condition, 6)}): on one scale they are a single line, so only the axes are drawn. Along the valley a step gains next to nothing; “centre and scale x” makes it a bowl.`
      : "All x are equal: the valley has no lowest point but a whole line of them, so the slope cannot be found.";
    setText("valley-note", long < TOO_LONG ? "" : words);
  }

  function showInputs() {
    const values = { rate: asAsked(state.rate), "start-m": state.start.m, "start-c": state.start.c };
    for (const [id, value] of Object.entries(values)) {
      if (document.activeElement !== find(id)) find(id).value = String(value);
      find(id).removeAttribute("aria-invalid");
    }
    find("rate-slider").value = String(Math.min(state.rate / state.descent.limit, 1.2));
    find("rate-slider").setAttribute("aria-valuetext", find("rate-note").textContent);
    const best = state.single || state.sequential ? null : state.model.bestRate / state.descent.limit;
    find("best-mark").hidden = best === null;
    find("best-mark").style.setProperty("--share", String((best || 0) / 1.2));
    find("rate-best").disabled = best === null;
    for (const id of ["rate-limit", "limit-name"]) setText(id, state.single ? "no overshoot" : "largest stable");
    find(state.sequential ? "sequential" : "simultaneous").checked = true;
    find(state.single ? "single" : "all").checked = true;
    find("standardize").checked = state.standardized;
    find("reduction").value = state.reduction;
    find("back").disabled = find("restart").disabled = state.at === 0;
  }

  function showPoint() {
    const point = state.points[state.chosen ?? 0], box = find("chosen");
    setText("chosen", state.chosen === null ? "no point chosen" : `point ${state.chosen + 1} of ${state.points.length}`);
    box.classList.toggle("none", state.chosen === null);
    for (const axis of ["x", "y"]) {
      if (document.activeElement !== find(`point-${axis}`)) find(`point-${axis}`).value = state.chosen === null ? "" : String(point[axis]);
    }
    for (const id of ["point-x", "point-y", "point-remove"]) find(id).disabled = state.chosen === null;
    find("points-home").disabled = !state.own;
    if (document.activeElement === find("paste") || written === state.points) return;
    find("paste").value = writePoints(state.points);
    written = state.points;
  }

  function showPictures(range) {
    const { model, path, at, radius, standardized, points } = state, line = page.here();
    const on = standardized ? " (on z)" : "", account = page.account();
    const run = state.own || standardized !== page.home.standardized ? null : runStates;
    find("run-key").hidden = !run;
    pictures.contour = drawContours(find("contour"), { model, radius, path, at, run,
      names: { m: `slope m${on}`, c: `intercept c${on}` } });
    pictures.data = drawData(find("line-now"), { points: thinned(points, MOST_POINTS), line: standardized ? ownLine(line, state.base) : line, best: state.base.best,
      names: { x: data.x_name, y: data.y_name }, sample: state.descent.sampleOf(at), chosen: state.chosen, range });
    for (const name of ["m", "c"]) {
      const finite = page.finite(line) && Number.isFinite(account[name].after);
      if (finite) drawParabola(find(`parabola-${name}`), name === "m" ? `slope m${on}` : `intercept c${on}`, account[name]);
      else clearPicture(find(`parabola-${name}`));
    }
    drawLosses(find("loss-now"), { model, path, at });
    placeHandles();
    describe();
  }

  function placeHandles() {
    const { contour, data: picture } = pictures, point = state.points[state.chosen ?? 0];
    const put = (id, x, y) => Object.assign(find(id).style, { left: `${x}px`, top: `${y}px` });
    put("handle", contour.toX(state.start.m), contour.toY(state.start.c));
    put("point-handle", picture.toX(point.x), picture.toY(point.y));
    find("handle").setAttribute("aria-valuenow", String(state.start.m));
    find("handle").setAttribute("aria-valuetext", `m = ${short(state.start.m)}, c = ${short(state.start.c)}`);
    find("point-handle").setAttribute("aria-valuenow", String((state.chosen ?? 0) + 1));
    find("point-handle").setAttribute("aria-valuetext", `point ${(state.chosen ?? 0) + 1}: x = ${short(point.x)}, y = ${short(point.y)}`);
  }

  function describe() { // what each picture shows, for whoever does not see it
    const line = page.here(), names = { contour: `Contours of the loss over slope m and intercept c. The lowest point is at m = ${short(state.model.best.m)}, c = ${short(state.model.best.c)}; the path has made ${plural(state.at, "step")} and is at m = ${short(line.m)}, c = ${short(line.c)}.`,
      "line-now": `${plural(state.points.length, "point")}, the line at this step, ${find("now-line").textContent}, and the best line, ${lineText(state.base.best)}.`,
      "parabola-m": `The loss against m alone. ${find("narrate-m").textContent}`, "parabola-c": `The loss against c alone. ${find("narrate-c").textContent}`,
      "loss-now": `The loss up to step ${state.at}, now ${short(state.model.loss(line), 6)}; least ${short(state.model.least, 6)}.` };
    for (const [id, name] of Object.entries(names)) find(id).setAttribute("aria-label", name);
  }

  function show(range) {
    showNumbers();
    showWords();
    showInputs();
    showPoint();
    showPictures(range);
  }

  return { show, pictures };
}
