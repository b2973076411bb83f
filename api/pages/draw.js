// Drawing: nodes with text only, and lists whose nodes stay where they are.
import { duration } from "/language.js";

export const byId = (id) => document.getElementById(id);

// Text from outside (names, reasons) is only ever set as textContent.
export function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

export function button(text, name, does, label, className = "small") {
  const made = make("button", className, text);
  made.type = "button";
  made.dataset.act = name;
  if (label) made.setAttribute("aria-label", label);
  made.addEventListener("click", does);
  return made;
}

// A choice of [value, text]; what was chosen stays chosen where it is still there.
export function options(select, items) {
  const chosen = select.value;
  const wanted = JSON.stringify(items);
  if (select.dataset.drawn === wanted) return;
  select.dataset.drawn = wanted;
  select.replaceChildren(...items.map(([value, text]) => {
    const option = make("option", "", text);
    option.value = value;
    return option;
  }));
  if (items.some(([value]) => value === chosen)) select.value = chosen;
}

export function choice(name, label, items, value) {
  const select = make("select");
  select.dataset.act = name;
  select.setAttribute("aria-label", label);
  options(select, items);
  if (value !== undefined) select.value = value;
  return select;
}

export function field(label, control) {
  const box = make("label");
  box.append(make("span", "", label), control);
  return box;
}

// A time that runs down to `until`; `now` is the floor's.
export function remaining(node, until, now) {
  node.textContent = duration(Math.max(0, until - now));
  node.dataset.until = until;
  return node;
}

// A running time; `now` is the floor's.
export function running(node, since, now) {
  node.textContent = duration(now - since);
  node.dataset.since = since;
  return node;
}

// ---- things that stay where they are ----------------------------------------------------------

// Draws `items` into `container`, one node each. A node whose item and `context(item)` (all else
// that it is drawn from) are the same stays; one that is drawn anew keeps the keyboard's focus, what was
// typed and what was unfolded.
export function keep(container, items, key, draw, context) {
  const old = new Map([...container.children].map((node) => [node.dataset.key, node]));
  const nodes = items.map((item) => {
    const id = String(key(item));
    const before = old.get(id);
    const rest = context && context(item);
    if (before && context && before.item === item && before.rest === rest) return before;
    const node = Object.assign(draw(item), { item, rest });
    node.dataset.key = id;
    if (!before) return node;
    node.dataset.drawn = signature(node);
    if (before.dataset.drawn === node.dataset.drawn) return Object.assign(before, { item, rest });
    carryOver(before, node);
    return node;
  });
  nodes.forEach((node, i) => {
    node.dataset.drawn ||= signature(node);
    if (container.children[i] !== node) {
      const focused = container.contains(document.activeElement) ? document.activeElement : null;
      container.insertBefore(node, container.children[i] || null);
      if (focused && focused !== document.activeElement && document.contains(focused)) focused.focus();
    }
  });
  const kept = new Set(nodes);
  for (const node of [...container.children]) if (!kept.has(node)) node.remove();
  for (const node of nodes) if (node.refocus) { node.refocus.focus(); node.refocus = null; }
}

// What a node says, but for running times.
function signature(node) {
  const copy = node.cloneNode(true);
  for (const time of copy.querySelectorAll("[data-since], [data-until]")) time.textContent = "";
  delete copy.dataset.drawn;
  return copy.outerHTML;
}

function carryOver(before, node) {
  const twin = (other) => other && other.dataset.act
    && node.querySelector(`[data-act="${other.dataset.act}"]`);
  for (const control of before.querySelectorAll("select, input, textarea")) {
    const to = twin(control);
    if (to) to.value = control.value;
  }
  for (const fold of before.querySelectorAll("details[open]")) {
    const to = twin(fold);
    if (to) to.open = true;
  }
  if (before.contains(document.activeElement)) node.refocus = twin(document.activeElement);
}

// ---- said and asked -----------------------------------------------------------------------------

const SAID_MS = 4000; // what went well is not read for longer; what went wrong stays
let silence = null;

export function say(text, bad) {
  clearTimeout(silence);
  byId("toast").hidden = !text;
  byId("said").textContent = text || "";
  byId("toast").classList.toggle("bad", Boolean(bad));
  if (text && !bad) silence = setTimeout(() => say(""), SAID_MS);
}

// What went wrong stays until it is closed: by its button, or by Escape where nothing else is open.
export function beginSaying() {
  byId("unsay").addEventListener("click", () => say(""));
  document.addEventListener("keydown", (event) => {
    const open = document.querySelector("dialog[open]") || !(byId("panel")?.hidden ?? true);
    if (event.key === "Escape" && !open) say("");
  });
}

// Asks before what cannot be undone; resolves to whether it was confirmed.
export function sure(question, yes, no) {
  const dialog = make("dialog", "ask");
  const row = make("div", "row");
  const answered = new Promise((tell) => {
    dialog.addEventListener("close", () => {
      dialog.remove();
      tell(dialog.returnValue === "yes");
    });
  });
  row.append(button(no, "no", () => dialog.close("no"), "", ""),
    button(yes, "yes", () => dialog.close("yes"), "", "stop"));
  dialog.append(make("p", "", question), row);
  document.body.append(dialog);
  dialog.showModal(); // the first button is in focus: Enter alone changes nothing
  return answered;
}
