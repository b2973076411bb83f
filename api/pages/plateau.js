// The live page: signs in, follows the stream, draws queues and agents.
// Text from outside (names, reasons) is only ever set as textContent.
import { WORDS, SHAPES } from "/words.js";

const API = "/api/v1";
const byId = (id) => document.getElementById(id);
const stored = (key, value) =>
  value === undefined ? sessionStorage.getItem(key)
    : value === null ? sessionStorage.removeItem(key) : sessionStorage.setItem(key, value);

let language = localStorage.getItem("language")
  || (navigator.language.toLowerCase().startsWith("en") ? "en" : "fr");
let access = null;
let socket = null;
let retry = 0;
let retryTimer = null;
let timeZone; // the business's, told by the stream
let clock = 0; // the floor's clock minus ours, in ms
let linkState = "connecting";
const floor = { queues: new Map(), agents: new Map() };

const word = (key, ...values) =>
  values.reduce((text, value, i) => text.replace(`{${i}}`, value), WORDS[language][key]);

function make(tag, className, text) {
  const node = document.createElement(tag);
  if (className) node.className = className;
  if (text !== undefined) node.textContent = text;
  return node;
}

function duration(ms) {
  const s = Math.max(0, Math.floor(ms / 1000));
  const two = (n) => String(n).padStart(2, "0");
  return s < 3600 ? `${two(Math.floor(s / 60))}:${two(s % 60)}`
    : `${Math.floor(s / 3600)}:${two(Math.floor(s / 60) % 60)}:${two(s % 60)}`;
}

// A share of nothing is unknown, never 0 % or 100 %.
function share(part, whole) {
  if (!whole) return "–";
  return new Intl.NumberFormat(language, { style: "percent", maximumFractionDigits: 0 })
    .format(part / whole);
}

// ---- drawing -----------------------------------------------------------------------------------

function figure(key, value, className) {
  const box = make("div", className);
  box.append(make("dt", "", word(key)), make("dd", "", value));
  return box;
}

function drawQueue(queue) {
  const waitMs = queue.oldest_at === null ? null : Date.now() + clock - queue.oldest_at;
  const late = waitMs !== null && waitMs > queue.service_level_s * 1000;
  const card = make("article", "queue" + (late ? " late" : queue.waiting ? " waits" : ""));
  card.dataset.id = queue.id;
  card.append(make("h3", "", queue.name));
  const big = make("dl", "figures big");
  const time = figure("longest", waitMs === null ? "–" : duration(waitMs), "longest");
  if (queue.oldest_at !== null) time.lastChild.dataset.since = queue.oldest_at;
  big.append(figure("waiting", queue.waiting, "waiting"), time,
    figure("ready", `${queue.fit_ready}/${queue.fit_signed_in}`));
  const small = make("dl", "figures");
  const decided = queue.answered_today + queue.abandoned_today;
  small.append(
    figure("talking", queue.talking),
    figure("offered", queue.offered_today),
    figure("answered", queue.answered_today),
    figure("qs", share(queue.answered_today, queue.offered_today - queue.waiting)),
    figure("level", share(queue.answered_in_time_today, decided - queue.short_abandoned_today)),
    figure("abandon", share(queue.abandoned_today, queue.offered_today)),
  );
  const from = new Intl.DateTimeFormat(language, { hour: "2-digit", minute: "2-digit", timeZone })
    .format(queue.counted_from);
  card.append(big, small, make("p", "from", word("today", from)));
  return card;
}

function drawAgent(agent) {
  const item = make("li", "agent " + agent.state);
  item.dataset.id = agent.id;
  const what = make("span", "what");
  const shape = make("span", "shape", SHAPES[agent.state] || "?");
  shape.setAttribute("aria-hidden", "true");
  let text = WORDS[language].states[agent.state] || agent.state;
  if (agent.state === "paused" && agent.reason && agent.reason !== "pause") text += ` · ${agent.reason}`;
  if (agent.after) text += ` (${word("after", WORDS[language].states[agent.after])})`;
  if (!agent.phone_up && agent.state !== "signed_out" && agent.state !== "unreachable")
    text += ` · ${word("noPhone")}`;
  what.append(shape, text);
  const time = make("span", "time", agent.state === "signed_out" ? "" : duration(Date.now() + clock - agent.since));
  if (agent.state !== "signed_out") time.dataset.since = agent.since;
  item.append(make("span", "name", agent.name), time, what);
  return item;
}

function draw() {
  const order = Object.keys(SHAPES);
  const queues = [...floor.queues.values()].sort((a, b) => a.name.localeCompare(b.name, language));
  // By name, whatever their state: a card that keeps its place is found again at a glance.
  const away = (agent) => agent.state === "signed_out";
  const agents = [...floor.agents.values()].sort((a, b) =>
    away(a) - away(b) || a.name.localeCompare(b.name, language));
  byId("queues").replaceChildren(...queues.map(drawQueue));
  if (!queues.length) byId("queues").append(make("p", "none", word("noQueue")));
  byId("agents").replaceChildren(...agents.map(drawAgent));
  if (!agents.length) byId("agents").append(make("li", "none", word("noAgent")));
  byId("tally").replaceChildren(...order.flatMap((state) => {
    const count = agents.filter((agent) => agent.state === state).length;
    if (!count) return [];
    const item = make("li", state);
    item.append(make("b", "", count), `${SHAPES[state]} ${WORDS[language].states[state]}`);
    return [item];
  }));
}

function tick() {
  for (const node of document.querySelectorAll("[data-since]"))
    node.textContent = duration(Date.now() + clock - Number(node.dataset.since));
}

function showLink(state) {
  linkState = state;
  const signs = { live: "● ", connecting: "◌ ", lost: "▲ ", absent: "▲ " };
  byId("link").dataset.state = state;
  byId("link").textContent = byId("floor").hidden ? "" : signs[state] + word(state);
  byId("floor").classList.toggle("stale", state !== "live");
}

function translate() {
  document.documentElement.lang = language;
  for (const node of document.querySelectorAll("[data-word]")) node.textContent = word(node.dataset.word);
  const other = language === "fr" ? "en" : "fr";
  byId("language").textContent = other === "fr" ? "Français" : "English";
  byId("language").lang = other;
  showLink(linkState);
  draw();
}

// ---- signing in --------------------------------------------------------------------------------

function showForm(message) {
  byId("sign-in").hidden = false;
  byId("floor").hidden = true;
  byId("leave").hidden = true;
  byId("refusal").textContent = message || "";
  showLink("connecting");
  byId("login").focus();
}

async function takeTokens(response) {
  const tokens = await response.json();
  access = tokens.access_token;
  stored("refresh", tokens.refresh_token);
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
      enter();
    } else if (response.status === 429) {
      byId("refusal").textContent = word("tooMany", response.headers.get("Retry-After"));
    } else {
      byId("refusal").textContent = response.status === 401 ? word("wrong") : (await response.json()).detail;
    }
  } catch {
    byId("refusal").textContent = word("unreachable");
  } finally {
    button.disabled = false;
  }
}

// True if there is a fresh access token; false if one must sign in again. Throws without network.
async function refresh() {
  const token = stored("refresh");
  if (!token) return false;
  const response = await fetch(`${API}/token/refresh`, {
    method: "POST", body: new URLSearchParams({ refresh_token: token }),
  });
  if (response.ok) {
    await takeTokens(response);
    return true;
  }
  if (response.status >= 500) throw new Error("unavailable");
  stored("refresh", null);
  return false;
}

async function leave() {
  const token = stored("refresh");
  access = null;
  stored("refresh", null);
  clearTimeout(retryTimer);
  if (socket) { socket.onclose = null; socket.close(); socket = null; }
  showForm();
  if (token) {
    try {
      await fetch(`${API}/token/revoke`, { method: "POST", body: new URLSearchParams({ refresh_token: token }) });
    } catch {
      // Offline: the token is forgotten here and ends by itself.
    }
  }
}

function enter() {
  byId("sign-in").hidden = true;
  byId("floor").hidden = false;
  byId("leave").hidden = false;
  showLink("connecting");
  connect();
}

// ---- the stream --------------------------------------------------------------------------------

function later() {
  showLink("lost");
  clearTimeout(retryTimer);
  retryTimer = setTimeout(connect, Math.min(500 * 2 ** retry++, 10000) * (0.75 + Math.random() / 2));
}

async function connect() {
  try {
    let response = access && await fetch(`${API}/live/ticket`, {
      method: "POST", headers: { Authorization: `Bearer ${access}` },
    });
    if (!response || response.status === 401) {
      if (!await refresh()) { showForm(word("expired")); return; }
      response = await fetch(`${API}/live/ticket`, {
        method: "POST", headers: { Authorization: `Bearer ${access}` },
      });
    }
    if (!response.ok) { later(); return; }
    const { ticket } = await response.json();
    open(ticket);
  } catch {
    later();
  }
}

function open(ticket) {
  const url = new URL(`${API}/live/stream`, location.href);
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  socket = new WebSocket(url, ["plateau.live", `ticket.${ticket}`]);
  socket.onmessage = (event) => take(JSON.parse(event.data));
  socket.onclose = (event) => {
    socket = null;
    if (event.code === 4401) { access = null; retry = 0; }
    later();
  };
}

function take(message) {
  retry = 0;
  clock = message.at - Date.now();
  if (message.type === "snapshot") {
    showLink(message.floor ? "live" : "absent");
    timeZone = message.time_zone;
    if (message.floor) { // an absent floor: the last figures stay, shown as stale
      floor.queues = new Map(message.queues.map((view) => [view.id, view]));
      floor.agents = new Map(message.agents.map((view) => [view.id, view]));
    }
  } else {
    for (const view of message.queues) floor.queues.set(view.id, view);
    for (const view of message.agents) floor.agents.set(view.id, view);
    for (const id of message.queues_gone) floor.queues.delete(id);
    for (const id of message.agents_gone) floor.agents.delete(id);
  }
  draw();
}

// ---- start -------------------------------------------------------------------------------------

byId("sign-in").addEventListener("submit", signIn);
byId("leave").addEventListener("click", leave);
byId("language").addEventListener("click", () => {
  language = language === "fr" ? "en" : "fr";
  localStorage.setItem("language", language);
  translate();
});
setInterval(() => { if (linkState === "live") tick(); }, 1000);
translate();
if (stored("refresh")) enter(); else showForm();
