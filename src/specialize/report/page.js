"use strict";
// The page's own script: the student picker, "Another", and the examples browser. Texts of others are only ever put
// into text nodes. Blocks are base64 of deflated JSON: see examples/embed.py.
(() => {
  const $ = (id) => document.getElementById(id);
  const index = JSON.parse($("index").textContent);
  const PAGE = 20;
  const blocks = new Map([...document.querySelectorAll("script[data-block]")].map((each) => [each.dataset.block, each]));
  const inflated = new Map();

  function block(name) {
    if (!inflated.has(name)) inflated.set(name, inflate(blocks.get(name)));
    return inflated.get(name);
  }
  async function inflate(element) {
    if (!element) return null;
    const bytes = Uint8Array.from(atob(element.textContent), (letter) => letter.charCodeAt(0));
    const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("deflate"));
    return JSON.parse(await new Response(stream).text());
  }
  function make(tag, className, text) {
    const element = document.createElement(tag);
    if (className) element.className = className;
    if (text !== undefined) element.textContent = text;
    return element;
  }
  function fill(select, values, chosen) {
    select.replaceChildren(...values.map(([value, text]) => new Option(text, value, false, value === chosen)));
  }

  // What became of an answer: as examples/outcomes.py says it.
  const marked = (cell, names) => names.some((name, place) => index.markers.includes(name) && cell.found[place] !== null);
  const filters = {
    "fixed": (a, b, reading) => !a.right[reading] && b.right[reading],
    "broken": (a, b, reading) => a.right[reading] && !b.right[reading],
    "both wrong": (a, b, reading) => !a.right[reading] && !b.right[reading],
    "both right": (a, b, reading) => a.right[reading] && b.right[reading],
    "format lost": (a, b, reading, names) => marked(a, names) && !marked(b, names),
    "readings disagree": (a, b) => b.right.includes(true) && b.right.includes(false),
  };
  const outcome = (pair, reading) =>
    index.filters.slice(0, 4).find((name) => filters[name](pair.a, pair.b, reading));

  async function answers(student, dataset, step) {
    const found = await block(`${student}/${dataset}`);
    const at = found ? found.steps.indexOf(step) : -1;
    return (row) => {
      if (at < 0 || found.texts[row][at] === null) return null;
      return { text: found.texts[row][at], right: [...found.marks[row][at]].map((mark) => mark === "1"), found: found.found[row][at] };
    };
  }
  async function pairs(dataset, format, first, second) {
    const [asked, a, b] = await Promise.all([
      block(dataset.name), answers(first.student, dataset.name, first.step), answers(second.student, dataset.name, second.step),
    ]);
    const found = asked.items.map(([problem, of], row) => {
      const [id, task, question, gold] = asked.problems[problem];
      return { id, task, question, gold, format: of, a: a(row), b: b(row) };
    });
    return found.filter((pair) => pair.format === format && pair.a && pair.b);
  }
  function answer(who, cell, reading) {
    const box = make("div", `answer ${cell.right[reading] ? "right" : "wrong"}`);
    const head = make("p", "who", `${who.student}, step ${who.step} `);
    head.append(make("span", "mark", cell.right[reading] ? "✓ right" : "✗ wrong"));
    const read = cell.found[reading];
    box.append(head, make("p", "said", cell.text || "(nothing)"), make("p", "found", read === null ? "no answer found" : `read as ${read}`));
    return box;
  }
  function gold(pair) {
    const line = make("p", "found", "Gold answer: ");
    line.append(make("b", "", pair.gold));
    return line;
  }

  // The first screen.
  const seed = index.datasets.find((dataset) => dataset.role === "seed");
  let turn = 0;
  let card = [];
  function students(name) {
    const known = index.students.find((student) => student.name === name);
    return [known.steps[0], known.selected].map((step) => ({ student: name, step }));
  }
  async function choose(place) {
    let name = "";
    for (const element of document.querySelectorAll(".arm")) {
      element.hidden = element.dataset.arm !== place;
      if (!element.hidden && element.dataset.student) name = element.dataset.student;
    }
    if (!seed || !$("example")) return;
    card = await pairs(seed, seed.format, ...students(name));
    const counts = index.filters.slice(0, 4).map((each) => `${card.filter((pair) => outcome(pair, seed.reading) === each).length} ${each}`);
    $("example-counts").textContent = `Of ${card.length}: ${counts.join(", ")}.`;
    turn = Math.max(0, card.findIndex((pair) => outcome(pair, seed.reading) === "fixed"));
    show(name);
  }
  function show(name) {
    if (!card.length) return $("example-body").replaceChildren(make("p", "", "Not answered by this student."));
    const pair = card[turn % card.length];
    const [first, second] = students(name);
    $("example-body").replaceChildren(
      make("p", "question", pair.question), gold(pair), answer(first, pair.a, seed.reading), answer(second, pair.b, seed.reading),
    );
  }
  const shown = () => document.querySelector("div.arm:not([hidden])").dataset;
  async function another() {
    if (!card.length) await choose(shown().arm);
    turn += 1;
    show(shown().student);
  }

  // The browser.
  let matches = [];
  let state = {};
  const dataset = () => index.datasets.find((each) => each.name === $("dataset").value);
  function steps(side) {
    const student = index.students.find((each) => each.name === $(`student-${side}`).value);
    const chosen = side === "a" ? student.steps[0] : student.selected;
    fill($(`step-${side}`), student.steps.map((step) => [step, step === student.selected ? `${step} (selected)` : `${step}`]), chosen);
  }
  function formats() {
    const { formats, format, readings, reading } = dataset();
    fill($("format"), formats.map((name, place) => [place, name.replaceAll("_", " ")]), format);
    fill($("reading"), readings.map((name, place) => [place, name]), reading);
  }
  let request = 0;
  async function list() {
    const mine = (request += 1);
    const [first, second] = ["a", "b"].map((side) => ({ student: $(`student-${side}`).value, step: Number($(`step-${side}`).value) }));
    const [format, reading] = [Number($("format").value), Number($("reading").value)];
    const names = dataset().readings;
    const all = await pairs(dataset(), format, first, second);
    if (mine !== request) return; // another choice was made meanwhile
    const words = $("search").value.trim().toLowerCase();
    const says = (pair) => [pair.id, pair.question, pair.gold, pair.a.text, pair.b.text].some((text) => text.toLowerCase().includes(words));
    const searched = words ? all.filter(says) : all;
    const counts = index.filters.map((name) => searched.filter((pair) => filters[name](pair.a, pair.b, reading, names)).length);
    // Nothing chosen yet: what training fixed, or all where that is nothing.
    const kept = $("filter").value === "first" ? (counts[0] ? index.filters[0] : "") : $("filter").value;
    fill($("filter"), [["", `all (${searched.length})`], ...index.filters.map((name, place) => [name, `${name} (${counts[place]})`])], kept);
    matches = kept ? searched.filter((pair) => filters[kept](pair.a, pair.b, reading, names)) : searched;
    state = { first, second, reading };
    $("found").textContent = `${matches.length} of ${all.length} problems. ${first.student}, step ${first.step} → ${second.student}, step ${second.step}.`;
    $("list").replaceChildren();
    more();
  }
  function more() {
    const begun = $("list").children.length;
    for (const pair of matches.slice(begun, begun + PAGE)) {
      const item = make("article", "item");
      const two = make("div", "two");
      two.append(answer(state.first, pair.a, state.reading), answer(state.second, pair.b, state.reading));
      item.append(make("p", "id", `${pair.id}: ${outcome(pair, state.reading)}`), make("p", "question", pair.question), gold(pair), two);
      $("list").append(item);
    }
    $("more").hidden = $("list").children.length >= matches.length;
    if (begun && $("list").children[begun]) {
      $("list").children[begun].tabIndex = -1;
      $("list").children[begun].focus(); // where a keyboard goes on reading
    }
  }

  addEventListener("beforeprint", () => document.querySelectorAll("details").forEach((each) => { each.open = true; }));
  $("picker").hidden = document.querySelectorAll("div.arm").length < 2;
  $("arm").addEventListener("change", () => choose($("arm").value));
  if (typeof DecompressionStream === "undefined" || !index.datasets.length) {
    if (!index.datasets.length) $("examples-off").textContent = "No test problems were answered.";
    return;
  }
  $("examples-off").hidden = true;
  $("browser").hidden = false;
  if ($("another")) {
    $("another").hidden = false;
    $("another").addEventListener("click", another);
  }
  const people = index.students.map((each) => [each.name, each.name]);
  const largest = shown().student;
  fill($("dataset"), index.datasets.map((each) => [each.name, `${each.name} (${each.role.replaceAll("_", " ")})`]), (seed || index.datasets[0]).name);
  for (const side of ["a", "b"]) fill($(`student-${side}`), people, largest);
  fill($("filter"), [["first", "fixed"]], "first");
  formats();
  for (const side of ["a", "b"]) steps(side);
  $("browser").addEventListener("submit", (event) => event.preventDefault());
  $("dataset").addEventListener("change", formats);
  for (const side of ["a", "b"]) $(`student-${side}`).addEventListener("change", () => steps(side));
  $("browser").addEventListener("change", list);
  let typing = 0;
  $("search").addEventListener("input", () => { clearTimeout(typing); typing = setTimeout(list, 200); });
  $("more").addEventListener("click", more);
  // Blocks are inflated when the section comes near, so that the page opens at once.
  new IntersectionObserver((entries, observer) => {
    if (entries.some((entry) => entry.isIntersecting)) { observer.disconnect(); list(); }
  }, { rootMargin: "600px" }).observe($("examples"));
})();
