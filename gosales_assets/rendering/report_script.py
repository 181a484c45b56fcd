"""What the page of a list does when somebody filters or sorts: the one script of the page.

It reads numbers of rows and text of cells and writes nothing but counts as text: no markup is made
of what data says, nothing is asked of a network. Without it the whole list is there to read.
"""

# A row's `data-k` has its place in each filter, then what it is sorted by, in the order of the
# controls. Rows beyond `STEP` wait for a click on the screen; paper has all that match.
SCRIPT = """
"use strict";
(() => {
  const STEP = 200;
  const body = document.getElementById("rows");
  if (!body) return;
  const controls = document.getElementById("controls");
  const selects = Array.from(controls.querySelectorAll("select[data-at]"));
  const words = document.getElementById("words");
  const order = document.getElementById("order");
  const count = document.getElementById("count");
  const more = document.getElementById("more");
  const heads = Array.from(document.querySelectorAll("#list th[data-by]"));
  const keysOf = (row) => row.dataset.k.split(",").map(Number);
  const rows = Array.from(body.rows, (row, at) => ({ row, at, keys: keysOf(row), text: null }));
  let shown = STEP;
  let by = { at: -1, down: false };

  const number = (value) => value.toLocaleString("en-US");
  const fold = (text) => text.normalize("NFKD").replace(/\\p{M}/gu, "").toLowerCase();
  const textOf = (one) => (one.text === null ? (one.text = fold(one.row.textContent)) : one.text);

  function sorted() {
    if (by.at < 0) return rows.slice();
    const sign = by.down ? -1 : 1;
    return rows.slice().sort((a, b) => {
      const [x, y] = [a.keys[by.at], b.keys[by.at]];
      if (Number.isNaN(x) || Number.isNaN(y)) return Number.isNaN(x) - Number.isNaN(y) || a.at - b.at;
      return sign * (x - y) || a.at - b.at;
    });
  }

  function show() {
    const asked = selects.filter((one) => one.value !== "");
    const chosen = asked.map((one) => [Number(one.dataset.at), one.value]);
    const wanted = fold(words.value).split(/\\s+/).filter(Boolean);
    let found = 0;
    for (const one of sorted()) {
      const isChosen = chosen.every(([at, value]) => one.keys[at] === Number(value));
      one.isIn = isChosen && wanted.every((word) => textOf(one).includes(word));
      one.row.hidden = !one.isIn;
      if (one.isIn) found += 1;
      one.row.classList.toggle("later", one.isIn && found > shown);
    }
    const nameOf = (one) => one.dataset.name + ": " + one.selectedOptions[0].dataset.name;
    const told = asked.map(nameOf);
    if (wanted.length) told.push("with the words: " + words.value.trim());
    const which = told.length ? " (" + told.join("; ") + ")" : "";
    count.textContent = number(found) + " of " + number(rows.length) + " rows" + which;
    more.hidden = found <= shown;
    more.textContent = "Show all " + number(found) + " rows";
    const isOneRep = selects.some((one) => one.id === "by-rep" && one.value !== "");
    document.body.classList.toggle("one-rep", isOneRep);
  }

  function sort() {
    const [at, way] = order.value.split(" ");
    by = { at: Number(at), down: way === "down" };
    for (const head of heads) {
      const mine = Number(head.dataset.by) === by.at;
      head.setAttribute("aria-sort", mine ? (by.down ? "descending" : "ascending") : "none");
    }
    body.append(...sorted().map((one) => one.row));
    show();
  }

  const again = () => { shown = STEP; show(); };
  for (const one of selects) one.addEventListener("change", again);
  words.addEventListener("input", again);
  order.addEventListener("change", () => { shown = STEP; sort(); });
  for (const head of heads) {
    head.querySelector("button").addEventListener("click", () => {
      const isMine = (value) => value.split(" ")[0] === head.dataset.by;
      const ways = Array.from(order.options, (one) => one.value).filter(isMine);
      order.value = ways[(ways.indexOf(order.value) + 1) % ways.length];
      shown = STEP;
      sort();
    });
  }
  more.addEventListener("click", () => { shown = rows.length; show(); });
  document.getElementById("print").addEventListener("click", () => window.print());
  document.getElementById("clear").addEventListener("click", () => {
    for (const one of selects) one.value = "";
    words.value = "";
    again();
  });

  // list.html#rep=Ann+Lee opens on the rows of one.
  const asked = new URLSearchParams(location.hash.slice(1));
  for (const one of selects) {
    const name = asked.get(one.id.slice(3));
    const option = Array.from(one.options).find((each) => each.dataset.name === name);
    if (name !== null && option) one.value = option.value;
  }
  if (asked.has("words")) words.value = asked.get("words");
  controls.hidden = false;
  sort();
})();
"""
