// The panel that asks: one task at a time, feedback at once, hints one after another.

function makeAsking(find, worldOf, onChange) {
  const state = { at: 0, solved: new Set(), hints: 0, told: "", typed: "" };
  const task = () => TASKS[state.at];
  const say = (text) => (typeof text === "function" ? text(worldOf()) : text);

  function go(to) {
    Object.assign(state, { at: Math.min(Math.max(to, 0), TASKS.length - 1), hints: 0, told: "" });
    drawAnswers();
    show();
    onChange();
  }

  function solve() {
    state.solved.add(state.at);
    state.told = "";
    drawAnswers(); // other points, another right answer: what was solved is not asked again
  }

  function choose(option) {
    if (option.right) solve();
    else state.told = option.told;
    show();
  }

  function checkNumber() {
    const world = worldOf(), typed = readNumber(find("answer").value, false), right = task().answer(world);
    const near = (value) => Math.abs(typed - value) <= 0.005 * Math.max(Math.abs(value), 1e-12);
    if (!Number.isFinite(typed)) state.told = "Type one number, for example 12.5.";
    else if (near(right)) solve();
    else {
      const wrong = task().wrongAnswers(world).find(([value]) => near(value));
      state.told = wrong ? wrong[1] : `Not ${short(typed)}. Put the numbers into m − α dL/dm.`;
    }
    show();
  }

  function button(text, act) {
    const made = Object.assign(document.createElement("button"), { type: "button", textContent: text });
    made.addEventListener("click", act);
    return made;
  }

  function drawAnswers() {
    const made = [];
    if (!state.solved.has(state.at) && task().kind === "choice") {
      task().options(worldOf()).forEach((option, at) => {
        made.push(button(option.text, () => choose(task().options(worldOf())[at])));
      });
    }
    if (!state.solved.has(state.at) && task().kind === "number") {
      const label = Object.assign(document.createElement("label"), { textContent: "m after the step = ", htmlFor: "answer" });
      const box = Object.assign(document.createElement("input"), { id: "answer", inputMode: "decimal", autocomplete: "off" });
      box.addEventListener("keydown", (event) => event.key === "Enter" && checkNumber());
      made.push(label, box, button("Check", checkNumber));
    }
    find("answers").replaceChildren(...made);
  }

  function setText(id, text) { // live regions speak when their text changes, so it changes only when it must
    if (find(id).textContent !== text) find(id).textContent = text;
  }

  function show() {
    const world = worldOf();
    if (task().kind === "play" && !state.solved.has(state.at)) {
      const { solved, told } = task().judge(world);
      if (solved) solve();
      else state.told = told;
    }
    const done = state.solved.has(state.at);
    setText("task-title", `Task ${state.at + 1} of ${TASKS.length}: ${task().title}`);
    setText("task-ask", say(task().ask));
    setText("task-told", done ? `Solved. ${task().learnt}` : state.told);
    find("task").classList.toggle("solved", done);
    setText("task-hints", task().hints.slice(0, state.hints).map(say).join(" "));
    find("hint").disabled = done || state.hints >= task().hints.length;
    setText("hint", state.hints ? "Next hint" : "Hint");
    find("task-before").disabled = state.at === 0;
    find("task-next").classList.toggle("main", done);
    find("task-next").disabled = state.at === TASKS.length - 1;
    setText("task-score", `${state.solved.size} of ${TASKS.length} solved`);
  }

  find("hint").addEventListener("click", () => {
    state.hints += 1;
    show();
  });
  find("task-before").addEventListener("click", () => go(state.at - 1));
  find("task-next").addEventListener("click", () => go(state.at + 1));
  return { show, go, get at() { return state.at; }, get solved() { return state.solved; } };
}
