// The panel at the side: one agent or one call, opened from anywhere on the page.
import { byId, keep } from "/draw.js";

const kinds = new Map();
let shown = null; // {kind, id}
let opener = null; // finds what was clicked, which may have been drawn anew since

// `made`: title(id), sections(id) as [{key, draw()}], opened(id); title null: it is gone.
export const panelOf = (kind, made) => kinds.set(kind, made);

export function show(kind, id, from) {
  const [list, row] = [from.closest("[id]"), from.closest("[data-id]")];
  opener = () => (document.contains(from) ? from : list && row && list.querySelector(
    `[data-id="${CSS.escape(row.dataset.id)}"] [data-act="${from.dataset.act}"]`));
  shown = { kind, id };
  byId("panel-body").replaceChildren();
  byId("panel").hidden = false;
  kinds.get(kind).opened(id);
  drawPanel();
  byId("panel-close").focus();
}

export const isShown = (kind, id) => shown?.kind === kind && shown.id === id;

export function drawPanel() {
  if (shown === null) return;
  const { title, sections } = kinds.get(shown.kind);
  byId("panel-title").textContent = title(shown.id);
  keep(byId("panel-body"), sections(shown.id), (one) => one.key, (one) => one.draw());
}

export function hidePanel() {
  if (shown === null) return;
  shown = null;
  byId("panel").hidden = true;
  byId("panel-body").replaceChildren();
  opener()?.focus();
}

export function beginPanel() {
  byId("panel-close").addEventListener("click", hidePanel);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape" && !document.querySelector("dialog[open]")) hidePanel();
  });
}
