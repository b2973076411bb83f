// Who is at this page: signs in, keeps the tokens, sends requests.
import { beginSaying, byId, say, sure } from "/draw.js";
import { language, speak, word } from "/language.js";

const API = "/api/v1";
const WAIT_MS = 15000; // a network on which no answer begins by then is as good as none

const stored = (key, value) =>
  value === undefined ? sessionStorage.getItem(key)
    : value === null ? sessionStorage.removeItem(key) : sessionStorage.setItem(key, value);

export let me = null; // {actor, name, role, agent_id} once signed in
let refreshing = null;
let page = null; // {enter(), left(), translate()} of the page

export const supervises = () => me !== null && me.role !== "agent";

// ---- requests ----------------------------------------------------------------------------------

export class Refused extends Error {
  constructor(status, detail) { super(detail); this.status = status; }
}

async function fetchInTime(url, told) {
  const stop = new AbortController();
  const timer = setTimeout(() => stop.abort(), WAIT_MS);
  try {
    return await fetch(url, { ...told, signal: stop.signal });
  } finally {
    clearTimeout(timer);
  }
}

// A copy of this tab starts with this tab's tokens: whoever renews them tells the others.
const renewed = new BroadcastChannel("plateau-tokens");
renewed.onmessage = ({ data }) => {
  if (stored("refresh") === data.before) stored("refresh", data.after);
};

async function takeTokens(response) {
  const tokens = await response.json();
  const before = stored("refresh");
  if (before) renewed.postMessage({ before, after: tokens.refresh_token });
  stored("access", tokens.access_token);
  stored("refresh", tokens.refresh_token);
}

// True if there is a fresh access token; false if one must sign in again. Throws without network.
function refresh() {
  refreshing ||= oneAtATime(fetchTokens).finally(() => { refreshing = null; });
  return refreshing;
}

// Between tabs too, where the browser can (over HTTPS and on this machine).
const oneAtATime = (does) =>
  (navigator.locks ? navigator.locks.request("plateau-refresh", does) : does());

async function fetchTokens() {
  const token = stored("refresh");
  if (!token) return false;
  const response = await fetchInTime(`${API}/token/refresh`, {
    method: "POST", body: new URLSearchParams({ refresh_token: token }),
  });
  if (response.ok) { await takeTokens(response); return true; }
  if (response.status === 429 || response.status >= 500) throw new Error("unavailable");
  if (stored("refresh") !== token) return fetchTokens(); // another tab was faster
  stored("access", null);
  stored("refresh", null);
  return false;
}

// The answer. Throws Refused with the server's sentence; an ended session shows the form.
export async function request(method, path, body, headers = {}) {
  const send = () => fetchInTime(API + path, {
    method,
    headers: {
      Authorization: `Bearer ${stored("access")}`, "Accept-Language": language, ...headers,
      ...(body === undefined ? {} : { "Content-Type": "application/json" }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  let response = stored("access") && await send();
  if (!response || response.status === 401) {
    if (!await refresh()) { showForm(word("expired")); throw new Refused(401, word("expired")); }
    response = await send();
  }
  if (!response.ok) {
    const problem = await response.json().catch(() => ({ detail: response.statusText }));
    throw new Refused(response.status, problem.detail);
  }
  return response;
}

// The answer's JSON; null where there is none.
export async function ask(method, path, body, headers) {
  const response = await request(method, path, body, headers);
  return response.status === 204 ? null : response.json();
}

// What a list holds, all of it or its first page.
export const items = async (path) => (await ask("GET", path)).items;

// Does it and says what came of it; the answer, or null where it was refused.
export async function act(method, path, body, headers) {
  try {
    const answer = await ask(method, path, body, headers);
    say((answer && answer.warnings && answer.warnings.join(" ")) || word("done"));
    return answer || {};
  } catch (error) {
    say(error instanceof Refused ? error.message : word("noServer"), true);
    return null;
  }
}

// The same after a question, for what cannot be undone; null too where the answer was no.
export async function actIfSure(question, yes, method, path, body) {
  return await sure(question, yes, word("no")) ? act(method, path, body) : null;
}

export function forget() { stored("access", null); }

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
  stored("access", null);
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
  for (const node of document.querySelectorAll("[data-hint]")) node.placeholder = node.ariaLabel = word(node.dataset.hint);
  for (const node of document.querySelectorAll("[data-label]")) node.ariaLabel = word(node.dataset.label);
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
  beginSaying();
  byId("language").addEventListener("click", () => {
    speak(language === "fr" ? "en" : "fr");
    say("");
    translate();
  });
  translate();
  if (stored("refresh")) enter(); else showForm();
}
