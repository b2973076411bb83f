// Calls: who waits, who talks, what has ended; and what a supervisor does with them.
import { button, byId, choice, keep, make, running, say } from "/draw.js";
import { filtering, queueWanted, seesCall } from "/filters.js";
import {
  counted, duration, inOrder, language, noNumber, phoneNumber, word, words,
} from "/language.js";
import { show } from "/panel.js";
import { queueName } from "/queues.js";
import { act, actIfSure, items, me, supervises } from "/session.js";
import { clock, floor, now } from "/stream.js";
import { SHAPES } from "/words.js";

const MOST = 60; // rows of one list; a longer list is not read
const TALKS = ["talking", "holding", "consulting"];
const BESIDE = ["callback", "voicemail"]; // wait in a queue with nobody on the telephone
let recent = null; // ended calls, looked up while they are shown
let lookingUp = null;

export const agentName = (id) => floor.agents.get(id)?.name || id || "";
export const callPath = (id) => `/calls/${encodeURIComponent(id)}`;
export const callerName = (call) =>
  phoneNumber(call.outside || call.number) || call.name || noNumber(call);

export function callerButton(call) {
  const named = call.name && call.name !== call.number ? call.name : "";
  const open = button(callerName(call), "details", (event) => show("call", call.id, event.target),
    word("details", callerName(call)), "link");
  const cell = make("td", "caller");
  cell.append(open);
  const kind = ["callback", "voicemail", "consult", "internal", "manual"].includes(call.kind)
    ? words().kinds[call.kind] : "";
  const more = [named, kind].filter(Boolean).join(" · ");
  if (more) cell.append(make("span", "quiet", more));
  return cell;
}

export const hangUp = (call) => actIfSure(
  word("sureHangUp", callerName(call)), word("yesHangUp"), "POST", `${callPath(call.id)}/hang-up`);

// ---- who waits ---------------------------------------------------------------------------------

function waitingCalls() {
  const calls = [...floor.calls.values()].filter((call) => call.key !== null)
    .sort((a, b) => a.key - b.key || a.order - b.order);
  const places = new Map();
  return calls.map((call) => {
    places.set(call.queue_id, (places.get(call.queue_id) || 0) + 1);
    return { call, place: places.get(call.queue_id) };
  }).filter(({ call }) => seesCall(call))
    .sort((a, b) => a.call.enqueued_at - b.call.enqueued_at || (a.call.id < b.call.id ? -1 : 1));
}

function priorityCell(call) {
  const cell = make("td", "priority");
  const to = (step) => () => act("POST", `${callPath(call.id)}/priority`, { priority: call.priority + step });
  cell.append(button("−", "lower", to(-1), word("lower")), make("b", "", call.priority),
    button("+", "higher", to(1), word("higher")));
  return cell;
}

function moveCell(call) {
  const cell = make("td", "move");
  const queues = [...floor.queues.values()].filter((queue) => queue.id !== call.queue_id)
    .map((queue) => [queue.id, queue.name]).sort((a, b) => inOrder(a[1], b[1]));
  const to = choice("to", word("moveTo"), [["", word("moveTo")], ...queues]);
  const go = button(word("move"), "move", () => {
    if (to.value) act("POST", `${callPath(call.id)}/move`, { queue_id: to.value }); else to.focus();
  });
  go.disabled = queues.length === 0;
  cell.append(to, go);
  return cell;
}

const isLate = (call) => {
  const queue = floor.queues.get(call.queue_id);
  return Boolean(queue) && call.enqueued_at !== null && now() - call.enqueued_at > queue.service_level_s * 1000;
};

function drawWaiting(call, place) {
  const row = make("tr", "waiting-call");
  row.dataset.id = call.id;
  const late = isLate(call);
  row.classList.toggle("late", late);
  const wait = make("td", "time");
  if (call.enqueued_at !== null) wait.append(running(make("span"), call.enqueued_at, now()));
  if (late) wait.append(make("span", "sr", ` ${word("late")}`));
  row.append(wait, callerButton(call), make("td", "queue-name", queueName(call.queue_id)),
    make("td", "place", place),
    make("td", "more estimate", call.estimate_ms === null ? "–" : duration(call.estimate_ms)),
    priorityCell(call), moveCell(call));
  return row;
}

export function drawWaitingCalls() {
  byId("waiting-band").hidden = !supervises();
  if (!supervises()) return;
  const waiting = waitingCalls();
  const places = new Map(waiting.map(({ call, place }) => [call.id, place]));
  const queues = [...floor.queues.values()].map((queue) => queue.name).join();
  keep(byId("waiting"), waiting.slice(0, MOST).map(({ call }) => call), (call) => call.id,
    (call) => drawWaiting(call, places.get(call.id)),
    (call) => [language, places.get(call.id), isLate(call), queues].join());
  const more = waiting.length - MOST;
  const beside = waiting.filter(({ call }) => BESIDE.includes(call.kind));
  byId("waiting-count").textContent = waiting.length - beside.length || "";
  byId("waiting-beside").textContent = BESIDE.map((kind) => [kind, beside.filter(({ call }) => call.kind === kind).length])
    .filter(([, count]) => count).map(([kind, count]) => `+ ${counted(kind, count)}`).join(" ");
  byId("no-waiting").textContent = waiting.length ? (more > 0 ? word("others", more) : "")
    : word(filtering() && [...floor.calls.values()].some((call) => call.key !== null) ? "nothingFound" : "noWaiting");
  byId("waiting-table").hidden = !waiting.length;
}

// ---- who talks ---------------------------------------------------------------------------------

export const phoneChosen = () => byId("phone").value;

// The ways to be with an agent's conversation; more of them once one is there.
export function listening(agent) {
  const path = `/agents/${encodeURIComponent(agent.id)}/supervision`;
  const call = floor.calls.get(agent.call_id);
  const mine = call?.monitors.find((one) => one.agent_id === agent.id && one.by === me.actor);
  const row = make("span", "buttons");
  for (const mode of ["listen", "whisper", "barge"]) {
    const one = button(word(mode), mode, () => {
      if (phoneChosen() || floor.agents.get(me.agent_id)?.phone)
        act("POST", path, { mode, ...(phoneChosen() ? { phone: phoneChosen() } : {}) });
      else { say(word("choosePhone"), true); byId("phone").focus(); }
    });
    if (mine) one.setAttribute("aria-pressed", mine.mode === mode);
    row.append(one);
  }
  if (mine) row.append(
    button(word("takeOver"), "takeOver", () =>
      actIfSure(word("sureTakeOver", agent.name), word("takeOver"), "POST", path, { mode: "take_over" })),
    button(word("stop"), "stop", () => act("DELETE", path)));
  return row;
}

export const watchers = (call) => (call?.monitors.length
  ? `◉ ${call.monitors.map((one) => words().monitored[one.mode]).join(", ")}` : "");

function drawTalk(call) {
  const row = make("tr", "talk");
  row.dataset.id = call.id;
  const agent = floor.agents.get(call.agent_id);
  const who = make("td", "agent-name");
  const others = call.agent_ids.slice(1).map(agentName);
  if (agent) {
    const open = button(agent.name, "agent", (event) => show("agent", agent.id, event.target),
      word("details", agent.name), "link");
    const shape = make("span", `shape ${agent.state}`, SHAPES[agent.state]);
    shape.title = words().states[agent.state];
    const line = make("div", "line");
    line.append(shape, open);
    who.append(line);
  }
  const beside = [queueName(call.queue_id), others.length && `+ ${others.join(", ")}`].filter(Boolean);
  if (beside.length) who.append(make("span", "quiet", beside.join(" · ")));
  if (call.on_hold) who.append(make("span", "held", `◐ ${word("onHold")}`));
  if (call.monitors.length) who.append(make("span", "watched", watchers(call)));
  const cell = make("td", "acts");
  const acts = agent && TALKS.includes(agent.state) ? listening(agent) : make("span", "buttons");
  cell.append(acts);
  acts.append(button(word("hangUp"), "hangUp", () => hangUp(call),
    `${word("hangUp")} : ${callerName(call)}`, "small danger"));
  row.append(running(make("td", "time"), call.since, now()), callerButton(call), who, cell);
  return row;
}

export function drawTalking() {
  byId("talking-band").hidden = !supervises();
  if (!supervises()) return;
  const talking = [...floor.calls.values()]
    .filter((call) => call.state === "talking" && seesCall(call))
    .sort((a, b) => a.since - b.since || (a.id < b.id ? -1 : 1));
  const about = (call) => JSON.stringify([language, me.actor, queueName(call.queue_id),
    call.agent_ids.map((id) => [agentName(id), floor.agents.get(id)?.state])]);
  const ended = recent !== null;
  keep(byId("talking"), ended ? [] : talking.slice(0, MOST), (call) => call.id, drawTalk, about);
  byId("talking-count").textContent = talking.length || "";
  byId("show-talking").setAttribute("aria-pressed", !ended);
  byId("show-recent").setAttribute("aria-pressed", ended);
  byId("talking-table").hidden = ended || !talking.length;
  const more = talking.length - MOST;
  const none = ended ? (recent.length ? "" : word("noRecent"))
    : !talking.length ? word("noTalking") : more > 0 ? word("others", more) : "";
  byId("no-talking").textContent = none;
  drawRecent();
}

// ---- what has ended ----------------------------------------------------------------------------

function drawEnded(call) {
  const row = make("tr", "ended");
  row.dataset.id = call.id;
  const waited = call.wait_ms === null ? "–" : duration(call.wait_ms);
  row.append(make("td", "time", clock(call.ended_at)), callerButton(call),
    make("td", "agent-name", agentName(call.agent_id)), make("td", "queue-name", queueName(call.queue_id)),
    make("td", "outcome", words().outcomes[call.outcome] || call.outcome), make("td", "", waited));
  return row;
}

function drawRecent() {
  const wanted = (recent || []).filter((call) =>
    seesCall({ ...call, outside: null, data: {}, agent_ids: call.agent_id ? [call.agent_id] : [] }));
  byId("recent-table").hidden = !wanted.length;
  keep(byId("recent"), wanted.slice(0, MOST), (call) => call.id, drawEnded,
    () => JSON.stringify([language, floor.agents.size]));
}

async function lookUpRecent() {
  clearTimeout(lookingUp);
  if (recent === null) return;
  lookingUp = setTimeout(lookUpRecent, 10000);
  const queue = queueWanted() ? `&queue=${encodeURIComponent(queueWanted())}` : "";
  const found = await items(`/calls?limit=200${queue}`).catch(() => null);
  if (!found || recent === null) return;
  recent = found.filter((call) => call.ended_at !== null);
  drawTalking();
}

export function beginCalls() {
  byId("show-talking").addEventListener("click", () => { recent = null; drawTalking(); });
  byId("show-recent").addEventListener("click", () => { recent ||= []; lookUpRecent(); drawTalking(); });
}
