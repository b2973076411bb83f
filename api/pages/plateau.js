// The live floor: alerts, queues, waiting calls, agents; and what supervisors do about them.
import {
  act, ask, begin, byId, duration, keep, language, make, me, percent, say, supervises, word, words,
} from "/session.js";
import { floor, follow, now, showLink, showLinkAgain, timeZone, unfollow } from "/stream.js";
import { SHAPES } from "/words.js";

const MOST_WAITING = 50; // rows; a longer list is not read
const TALKING = ["talking", "holding", "consulting"];
const BUSY = ["offered", ...TALKING, "wrap_up"];
let reasons = new Map(); // names of pause reasons by code

// A share of nothing is unknown, never 0 % or 100 %.
const share = (part, whole) => (whole ? percent(part / whole) : "–");
const nameOf = (queueId) => floor.queues.get(queueId)?.name || queueId || "";
const clockTime = (at) => new Intl.DateTimeFormat(
  language, { hour: "2-digit", minute: "2-digit", timeZone }).format(at);

function running(node, since) {
  node.textContent = duration(now() - since);
  node.dataset.since = since;
  return node;
}

function button(text, name, does, label) {
  const made = make("button", "small", text);
  made.type = "button";
  made.dataset.act = name;
  if (label) made.setAttribute("aria-label", label);
  made.addEventListener("click", does);
  return made;
}

// ---- queues ------------------------------------------------------------------------------------

function figure(key, value, className) {
  const box = make("div", className);
  box.append(make("dt", "", word(key)), make("dd", "", value));
  return box;
}

function queueHead(queue) {
  const head = make("header");
  head.append(make("h3", "", queue.name));
  if (!queue.open)
    head.append(make("span", "closed", `✕ ${word(queue.closed_by_hand ? "closedByHand" : "closed")}`));
  head.append(make("span", "from", word("today", clockTime(queue.counted_from))));
  if (supervises()) {
    const what = queue.closed_by_hand ? "open" : "close";
    head.append(button(word(what), "shut", () => act("POST", `/queues/${encodeURIComponent(queue.id)}/${what}`),
      `${word(what)} : ${queue.name}`));
  }
  return head;
}

function drawQueue(queue) {
  const waitMs = queue.oldest_at === null ? null : now() - queue.oldest_at;
  const late = waitMs !== null && waitMs > queue.service_level_s * 1000;
  const card = make("article", "queue" + (late ? " late" : queue.waiting ? " waits" : ""));
  card.classList.toggle("shut", !queue.open);
  card.dataset.id = queue.id;
  const big = make("dl", "figures big");
  const time = figure("longest", "–", "longest");
  if (queue.oldest_at !== null) running(time.lastChild, queue.oldest_at);
  big.append(figure("waiting", queue.waiting, "waiting"), time,
    figure("ready", `${queue.fit_ready}/${queue.fit_signed_in}`));
  const small = make("dl", "figures");
  const decided = queue.answered_today + queue.abandoned_today;
  small.append(
    figure("estimate", queue.estimate_ms === null ? "–" : duration(queue.estimate_ms), "estimate"),
    figure("talking", queue.talking),
    figure("callbacks", queue.callbacks, "callbacks"),
    figure("messages", queue.messages, "messages"),
    figure("level", share(queue.answered_in_time_today, decided - queue.short_abandoned_today), "level"),
    figure("qs", share(queue.answered_today, queue.offered_today - queue.waiting)),
    figure("abandon", share(queue.abandoned_today, queue.offered_today)),
    figure("offered", queue.offered_today),
    figure("answered", queue.answered_today),
  );
  card.append(queueHead(queue), big, small);
  return card;
}

function drawQueues() {
  const queues = [...floor.queues.values()].sort((a, b) => a.name.localeCompare(b.name, language));
  keep(byId("queues"), queues, (queue) => queue.id, drawQueue);
  byId("no-queue").hidden = queues.length > 0;
}

// ---- alerts ------------------------------------------------------------------------------------

function drawAlert(alert) {
  const item = make("li", alert.severity);
  const number = (value) => new Intl.NumberFormat(language, { maximumFractionDigits: 2 }).format(value);
  const what = alert.names[language] || Object.values(alert.names)[0] || alert.rule_id;
  item.append(
    make("b", "", `${alert.severity === "critical" ? "▲" : "△"} ${words().metric[alert.severity]}`),
    make("span", "what", `${what}${alert.queue_id ? ` — ${nameOf(alert.queue_id)}` : ""}`),
    make("span", "", word("threshold", number(alert.value), number(alert.threshold))),
    running(make("span", "time"), alert.since),
  );
  return item;
}

function drawAlerts() {
  const worst = (alert) => (alert.severity === "critical" ? 0 : 1);
  const alerts = [...floor.alerts].sort((a, b) => worst(a) - worst(b) || a.since - b.since);
  keep(byId("alerts"), alerts, (alert) => `${alert.rule_id} ${alert.queue_id}`, drawAlert);
  byId("alert-band").hidden = alerts.length === 0;
}

// ---- waiting calls -----------------------------------------------------------------------------

function waitingCalls() {
  const calls = [...floor.calls.values()].filter((call) => call.key !== null)
    .sort((a, b) => nameOf(a.queue_id).localeCompare(nameOf(b.queue_id), language)
      || (a.queue_id < b.queue_id ? -1 : a.queue_id > b.queue_id ? 1 : a.key - b.key || a.order - b.order));
  const places = new Map();
  return calls.map((call) => {
    places.set(call.queue_id, (places.get(call.queue_id) || 0) + 1);
    return { call, place: places.get(call.queue_id) };
  });
}

function callerCell(call) {
  const cell = make("td", "caller", call.number || word("withheld"));
  if (call.name && call.name !== call.number) cell.append(make("span", "quiet", call.name));
  if (call.kind === "callback" || call.kind === "voicemail")
    cell.append(make("span", "quiet", word(call.kind)));
  return cell;
}

function priorityCell(call) {
  const cell = make("td", "priority");
  const path = `/calls/${encodeURIComponent(call.id)}/priority`;
  const to = (step) => () => act("POST", path, { priority: call.priority + step });
  cell.append(button("−", "lower", to(-1), word("lower")), make("b", "", call.priority),
    button("+", "higher", to(1), word("higher")));
  return cell;
}

function moveCell(call) {
  const cell = make("td", "move");
  const choice = make("select");
  choice.dataset.act = "to";
  choice.setAttribute("aria-label", word("moveTo"));
  for (const queue of floor.queues.values()) {
    if (queue.id === call.queue_id) continue;
    const option = make("option", "", queue.name);
    option.value = queue.id;
    choice.append(option);
  }
  const go = button(word("move"), "move", () =>
    act("POST", `/calls/${encodeURIComponent(call.id)}/move`, { queue_id: choice.value }));
  go.disabled = choice.options.length === 0;
  cell.append(choice, go);
  return cell;
}

function drawWaiting({ call, place }) {
  const row = make("tr", "waiting-call");
  row.dataset.id = call.id;
  const wait = make("td", "time");
  if (call.enqueued_at !== null) running(wait, call.enqueued_at);
  row.append(
    make("td", "", nameOf(call.queue_id)), make("td", "place", place), callerCell(call), wait,
    make("td", "time", call.estimate_ms === null ? "–" : duration(call.estimate_ms)),
    priorityCell(call), moveCell(call),
  );
  return row;
}

function drawWaitingCalls() {
  byId("waiting-band").hidden = !supervises();
  if (!supervises()) return;
  const waiting = waitingCalls();
  keep(byId("waiting"), waiting.slice(0, MOST_WAITING), ({ call }) => call.id, drawWaiting);
  const more = waiting.length - MOST_WAITING;
  byId("no-waiting").textContent = !waiting.length ? word("noWaiting") : more > 0 ? word("others", more) : "";
  byId("waiting-band").querySelector("table").hidden = !waiting.length;
}

// ---- agents ------------------------------------------------------------------------------------

function occupancy(agent) {
  const signedInMs = now() - agent.signed_in_at;
  if (agent.state === "signed_out" || signedInMs < 60000) return null;
  const busy = agent.busy_ms + (BUSY.includes(agent.state) ? now() - agent.since : 0);
  return Math.min(1, Math.max(0, busy / signedInMs));
}

function reasonName(code) {
  const names = reasons.get(code);
  return (names && (names[language] || Object.values(names)[0])) || words().reasons[code] || code;
}

async function lookUpReasons() {
  const listed = await ask("GET", "/pause-reasons").catch(() => null);
  if (!listed) return;
  reasons = new Map(listed.map((one) => [one.code, one.names]));
  draw();
}

function stateText(agent) {
  const states = words().states;
  let text = states[agent.state] || agent.state;
  if (agent.state === "paused" && agent.reason && agent.reason !== "pause") text += ` · ${reasonName(agent.reason)}`;
  if (agent.after) text += ` (${word("after", states[agent.after])})`;
  if (!agent.phone_up && agent.state !== "signed_out" && agent.state !== "unreachable")
    text += ` · ${word("noPhone")}`;
  return text;
}

function monitorsOf(agent) {
  const call = floor.calls.get(agent.call_id);
  return call ? call.monitors.filter((monitor) => monitor.agent_id === agent.id) : [];
}

function supervising(agent) {
  const path = `/agents/${encodeURIComponent(agent.id)}`;
  const fold = make("details", "acts");
  fold.dataset.act = "fold";
  const summary = make("summary", "", word("acts"));
  summary.dataset.act = "summary";
  summary.setAttribute("aria-label", `${word("acts")} : ${agent.name}`);
  const row = make("div", "buttons");
  const mine = monitorsOf(agent).find((monitor) => monitor.by === me.actor);
  if (TALKING.includes(agent.state)) {
    for (const mode of ["listen", "whisper", "barge"]) {
      const one = button(word(mode), mode, () => act("POST", `${path}/supervision`,
        { mode, ...(byId("phone").value.trim() ? { phone: byId("phone").value.trim() } : {}) }));
      if (mine) one.setAttribute("aria-pressed", mine.mode === mode);
      row.append(one);
    }
    if (mine) row.append(
      button(word("takeOver"), "takeOver", () => act("POST", `${path}/supervision`, { mode: "take_over" })),
      button(word("stop"), "stop", () => act("DELETE", `${path}/supervision`)));
  }
  if (agent.state !== "signed_out") {
    const force = (state) => () => act("POST", `${path}/state`, { state });
    row.append(button(word("forceReady"), "ready", force("ready")),
      button(word("forcePause"), "paused", force("paused")),
      button(word("forceOut"), "signed_out", force("signed_out")));
  }
  fold.append(summary, row);
  return row.children.length ? fold : null;
}

function drawAgent(agent) {
  const item = make("li", "agent " + agent.state);
  item.dataset.id = agent.id;
  const what = make("span", "what");
  const shape = make("span", "shape", SHAPES[agent.state] || "?");
  shape.setAttribute("aria-hidden", "true");
  what.append(shape, stateText(agent));
  const time = make("span", "time");
  if (agent.state !== "signed_out") running(time, agent.since);
  item.append(make("span", "name", agent.name), time, what);
  const more = make("span", "more");
  const told = [];
  if (agent.queue_id) told.push(nameOf(agent.queue_id));
  const share = occupancy(agent);
  if (share !== null) told.push(word("occupancy", percent(share)));
  more.textContent = told.join(" · ");
  if (told.length) item.append(more);
  const watched = monitorsOf(agent);
  if (watched.length)
    item.append(make("span", "watched", `◉ ${word("listenedBy", watched.map((one) => word(one.mode)).join(", "))}`));
  const acts = supervises() && supervising(agent);
  if (acts) item.append(acts);
  return item;
}

function drawAgents() {
  // By name, whatever their state: a card that keeps its place is found again at a glance.
  const away = (agent) => agent.state === "signed_out";
  const agents = [...floor.agents.values()].sort((a, b) =>
    away(a) - away(b) || a.name.localeCompare(b.name, language));
  const rest = (agent) => JSON.stringify([
    language, me?.role, agent.reason && reasonName(agent.reason), nameOf(agent.queue_id), monitorsOf(agent), Math.floor(now() / 10000)]);
  keep(byId("agents"), agents, (agent) => agent.id, drawAgent, rest);
  byId("no-agent").hidden = agents.length > 0;
  byId("listening").hidden = !supervises();
  byId("tally").replaceChildren(...Object.keys(SHAPES).flatMap((state) => {
    const count = agents.filter((agent) => agent.state === state).length;
    if (!count) return [];
    const item = make("li", state);
    item.append(make("b", "", count), `${SHAPES[state]} ${words().states[state]}`);
    return [item];
  }));
}

function draw() {
  drawAlerts();
  drawQueues();
  drawWaitingCalls();
  drawAgents();
}

// ---- start -------------------------------------------------------------------------------------

byId("phone").value = localStorage.getItem("listening-phone") || "";
byId("phone").addEventListener("change", () => {
  localStorage.setItem("listening-phone", byId("phone").value.trim());
});

begin({
  arrived() { byId("floor").hidden = false; showLink("connecting"); },
  enter() { byId("desk").hidden = me.agent_id === null; follow(draw); lookUpReasons(); },
  left() { byId("floor").hidden = true; byId("desk").hidden = true; say(""); unfollow(); },
  translate() { showLinkAgain(); draw(); },
});
// A queue becomes late by the clock alone.
setInterval(() => { if (!byId("floor").hidden) drawQueues(); }, 1000);
setInterval(() => { if (me !== null) lookUpReasons(); }, 60000);
