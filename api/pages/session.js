// Who is at this page: signs in, keeps the tokens, sends requests, speaks the reader's language.
import { WORDS } from "/words.js";

const API = "/api/v1";
export const byId = (id) => document.getElementById(id);

const stored = (key, value) =>
  value === undefined ? sessionStorage.getItem(key)
    : value === null ? sessionStorage.removeItem(key) : sessionStorage.setItem(key, value);

export let language = localStorage.getItem("language")
  || (navigator.language.toLowerCase().startsWith("en") ? "en" : "fr");
export let me = null; // {actor, name, role, agent_id} once signed in
let access = null;
let refreshing = null;
let page = null; // {enter(), left(), translate()} of the page

export const words = () => WORDS[language];
export const word = (key, ...values) =>
  values.reduce((text, value, i) => text.replace(`{${i}}`, value), words()[key]);
export const supervises = () => me !== null && me.role !== "agent";

// ---- text --------------------------------------------------------------------------------------

// Text from outside (names, reasons) is only ever set as textContent.
export function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

export function duration(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  const two = (n) => String(n).padStart(2, "0");
  return s < 3600 ? `${two(Math.floor(s / 60))}:${two(s % 60)}`
    : `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}

export const percent = (part) => new Intl.NumberFormat(
  language, { style: "percent", maximumFractionDigits: 0 }).format(part);

export function say(text, bad) {
  byId("said").textContent = text || "";
  byId("said").classList.toggle("bad", Boolean(bad));
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
  for (const running of copy.querySelectorAll("[data-since]")) running.textContent = "";
  delete copy.dataset.drawn;
  return copy.outerHTML;
}

function carryOver(before, node) {
  const twin = (other) => other && other.dataset.act
    && node.querySelector(`[data-act="${other.dataset.act}"]`);
  for (const field of before.querySelectorAll("select, input, textarea")) {
    const to = twin(field);
    if (to) to.value = field.value;
  }
  for (const fold of before.querySelectorAll("details[open]")) {
    const to = twin(fold);
    if (to) to.open = true;
  }
  if (before.contains(document.activeElement)) node.refocus = twin(document.activeElement);
}

// ---- requests ----------------------------------------------------------------------------------

export class Refused extends Error {
  constructor(status, detail) { super(detail); this.status = status; }
}

async function takeTokens(response) {
  const tokens = await response.json();
  access = tokens.access_token;
  stored("refresh", tokens.refresh_token);
}

// True if there is a fresh access token; false if one must sign in again. Throws without network.
function refresh() {
  refreshing ||= fetchTokens().finally(() => { refreshing = null; });
  return refreshing;
}

async function fetchTokens() {
  const token = stored("refresh");
  if (!token) return false;
  const response = await fetch(`${API}/token/refresh`, {
    method: "POST", body: new URLSearchParams({ refresh_token: token }),
  });
  if (response.ok) { await takeTokens(response); return true; }
  if (response.status >= 500) throw new Error("unavailable");
  stored("refresh", null);
  return false;
}

// The answer's JSON. Throws Refused with the server's sentence; an ended session shows the form.
export async function ask(method, path, body) {
  const send = () => fetch(API + path, {
    method,
    headers: {
      Authorization: `Bearer ${access}`, "Accept-Language": language,
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  let response = access && await send();
  if (!response || response.status === 401) {
    if (!await refresh()) { showForm(word("expired")); throw new Refused(401, word("expired")); }
    response = await send();
  }
  if (!response.ok) {
    const problem = await response.json().catch(() => ({ detail: response.statusText }));
    throw new Refused(response.status, problem.detail);
  }
  return response.status === 204 ? null : response.json();
}

// Does it and says what came of it; the answer, or null where it was refused.
export async function act(method, path, body) {
  try {
    const answer = await ask(method, path, body);
    say((answer && answer.warnings && answer.warnings.join(" ")) || word("done"));
    return answer || {};
  } catch (error) {
    say(error instanceof Refused ? error.message : word("noServer"), true);
    return null;
  }
}

export function forget() { access = null; }

// ---- signing in --------------------------------------------------------------------------------

export function showForm(message) {
  me = null;
  page.left();
  byId("sign-in").hidden = false;
  byId("leave").hidden = true;
  byId("refusal").textContent = message || "";
  byId("login").focus();
}

async function signIn(event) {
  event.preventDefault();
  const button = byId("sign-in").querySelector("button");
  button.disabled = true;
  byId("refusal").textContent = "";
  try {
    const response = await fetch(`${API}/token`, {
      method: "POST",
      body: new URLSearchParams({
        grant_type: "password", username: byId("login").value, password: byId("password").value,
      }),
    });
    if (response.ok) {
      await takeTokens(response);
      byId("password").value = "";
      await enter();
    } else if (response.status === 429) {
      byId("refusal").textContent = word("tooMany", response.headers.get("Retry-After"));
    } else {
      byId("refusal").textContent = response.status === 401 ? word("wrong")
        : (await response.json()).detail;
    }
  } catch {
    byId("refusal").textContent = word("noServer");
  } finally {
    button.disabled = false;
  }
}

async function leave() {
  const token = stored("refresh");
  access = null;
  stored("refresh", null);
  showForm();
  if (token) {
    try {
      await fetch(`${API}/token/revoke`, { method: "POST", body: new URLSearchParams({ refresh_token: token }) });
    } catch {
      // Offline: the token is forgotten here and ends by itself.
    }
  }
}

async function enter() {
  byId("sign-in").hidden = true;
  byId("leave").hidden = false;
  page.arrived();
  for (let wait = 500; me === null; wait = Math.min(wait * 2, 10000)) {
    try {
      me = await ask("GET", "/me");
    } catch (error) {
      if (error instanceof Refused && error.status < 500) return;
      await new Promise((go) => setTimeout(go, wait));
    }
  }
  page.enter();
}

export function translate() {
  document.documentElement.lang = language;
  for (const node of document.querySelectorAll("[data-word]")) node.textContent = word(node.dataset.word);
  const other = language === "fr" ? "en" : "fr";
  byId("language").textContent = other === "fr" ? "Français" : "English";
  byId("language").lang = other;
  page.translate();
}

// `page`: arrived() when signed in, enter() when we know as whom, left(), translate().
export function begin(itself) {
  page = itself;
  byId("sign-in").addEventListener("submit", signIn);
  byId("leave").addEventListener("click", leave);
  byId("language").addEventListener("click", () => {
    language = language === "fr" ? "en" : "fr";
    localStorage.setItem("language", language);
    say("");
    translate();
  });
  translate();
  if (stored("refresh")) enter(); else showForm();
}
