// Follows the floor: the last that was heard of queues, agents, calls and alerts.
import { byId } from "/draw.js";
import { clockTime, duration, word } from "/language.js";
import { ask, forget, Refused } from "/session.js";

const SILENCE_MS = 12000; // the server says something at least every 5 s

export const floor = { queues: new Map(), agents: new Map(), calls: new Map(), alerts: [] };
export let timeZone; // the business's, told by the stream
let ahead = 0; // the floor's clock minus ours, in ms
let socket = null;
let retry = 0;
let retryTimer = null;
let silence = null; // ends a connection on which nothing comes
let draw = () => {};
let linkState = "connecting";
let heardAt = null; // when the floor last said something, by our clock

export const now = () => Date.now() + ahead;

export const clock = (at, more) => clockTime(at, timeZone, more);

export function showLink(state) {
  linkState = state;
  const signs = { live: "● ", connecting: "◌ ", lost: "▲ ", absent: "▲ " };
  const at = byId("link");
  at.dataset.state = state;
  const last = state !== "live" && heardAt !== null ? ` (${word("lastHeard", clock(heardAt + ahead, { second: "2-digit" }))})` : "";
  at.textContent = byId("floor").hidden ? "" : signs[state] + word(state) + last;
  document.body.classList.toggle("stale", state !== "live" && !byId("floor").hidden);
}
export const isLive = () => linkState === "live";
export const showLinkAgain = () => showLink(linkState);

function later() {
  showLink("lost");
  clearTimeout(retryTimer);
  retryTimer = setTimeout(connect, Math.min(500 * 2 ** retry++, 10000) * (0.75 + Math.random() / 2));
}

async function connect() {
  try {
    open((await ask("POST", "/live/ticket")).ticket);
  } catch (error) {
    if (!(error instanceof Refused && error.status === 401)) later();
  }
}

function open(ticket) {
  const url = new URL("/api/v1/live/stream", location.href);
  url.protocol = location.protocol === "https:" ? "wss:" : "ws:";
  socket = new WebSocket(url, ["plateau.live", `ticket.${ticket}`]);
  socket.onmessage = (event) => take(JSON.parse(event.data));
  socket.onclose = (event) => {
    drop();
    if (event.code === 4401) { forget(); retry = 0; }
    later();
  };
  heard();
}

// A dead network closes nothing, and a browser does not show pings to the page.
function heard() {
  clearTimeout(silence);
  silence = setTimeout(() => { drop(); later(); }, SILENCE_MS);
}

function drop() {
  clearTimeout(silence);
  if (!socket) return;
  socket.onclose = socket.onmessage = null;
  socket.close();
  socket = null;
}

const mapped = (views) => new Map(views.map((view) => [view.id, view]));

function take(message) {
  retry = 0;
  heard();
  ahead = message.at - Date.now();
  if (linkState === "live" || message.floor) heardAt = Date.now();
  if (message.type === "beat") return;
  if (message.type === "snapshot") {
    timeZone = message.time_zone;
    showLink(message.floor ? "live" : "absent");
    if (message.floor) { // an absent floor: the last figures stay, shown as stale
      floor.queues = mapped(message.queues);
      floor.agents = mapped(message.agents);
      floor.calls = mapped(message.calls);
      floor.alerts = message.alerts;
    }
  } else {
    for (const kind of ["queues", "agents", "calls"]) {
      for (const view of message[kind]) floor[kind].set(view.id, view);
      for (const id of message[`${kind}_gone`]) floor[kind].delete(id);
    }
    if (message.alerts !== null) floor.alerts = message.alerts;
  }
  draw();
}

// Calls `drawn` after each message, until `unfollow`.
export function follow(drawn) {
  draw = drawn;
  showLink("connecting");
  connect();
}

export function unfollow() {
  heardAt = null;
  clearTimeout(retryTimer);
  drop();
  showLink("connecting");
}

setInterval(() => {
  if (linkState !== "live") return;
  for (const node of document.querySelectorAll("[data-since]"))
    node.textContent = duration(now() - Number(node.dataset.since));
  for (const node of document.querySelectorAll("[data-until]"))
    node.textContent = duration(Math.max(0, Number(node.dataset.until) - now()));
}, 1000);
