// The agents: who does what, since when. One click opens the agent's panel.
import { byId, keep, make, remaining, running } from "/draw.js";
import { agentMatches, MANY_AGENTS, seesState, statePressed, toggleState } from "/filters.js";
import { inOrder, language, named, percent, reasonWord, word, words } from "/language.js";
import { show } from "/panel.js";
import { watchers } from "/calls.js";
import { queueName } from "/queues.js";
import { items, me, supervises } from "/session.js";
import { floor, now } from "/stream.js";
import { SHAPES } from "/words.js";

const BUSY = ["offered", "talking", "holding", "consulting", "wrap_up"];
export const pauseReasons = new Map(); // names by code
export const teams = new Map(); // names by id
export const seatNames = new Map(); // names of seats by phone
export const dispositionNames = new Map(); // names by code

export function occupancy(agent) {
  const signedInMs = now() - agent.signed_in_at;
  if (agent.state === "signed_out" || signedInMs < 60000) return null;
  const busy = agent.busy_ms + (BUSY.includes(agent.state) ? now() - agent.since : 0);
  return Math.min(1, Math.max(0, busy / signedInMs));
}

export const reasonName = (code) =>
  (pauseReasons.has(code) ? named(pauseReasons.get(code), code) : reasonWord(code));

export const dispositionName = (code) =>
  (dispositionNames.has(code) ? named(dispositionNames.get(code), code) : code);

export async function lookUpNames() {
  const quietly = (path) => items(path).catch(() => null);
  const [reasons, queues, known, seats] = await Promise.all([quietly("/pause-reasons"), quietly("/queues"),
    ...(supervises() ? [quietly("/teams"), quietly("/seats")] : [])]);
  for (const queue of queues || []) for (const one of queue.dispositions) dispositionNames.set(one.code, one.names);
  for (const one of seats || []) if (one.name) seatNames.set(one.phone, one.name);
  for (const one of reasons || []) pauseReasons.set(one.code, one.names);
  for (const one of known || []) teams.set(one.id, one.name);
}

export function stateText(agent) {
  const states = words().states;
  let text = states[agent.state] || agent.state;
  if (agent.state !== "ready" && agent.reason && agent.reason !== "pause") text += ` · ${reasonName(agent.reason)}`;
  if (agent.after) text += ` (${word("after", states[agent.after])})`;
  if (!agent.phone_up && agent.state !== "signed_out" && agent.state !== "unreachable")
    text += ` · ${word("noPhone")}`;
  return text;
}

// How long a wrap-up still lasts; null outside one. Over, it may be late by the way of the news.
export function wrapUpLeft(agent) {
  if (agent.state !== "wrap_up") return null;
  const made = make("span", "left");
  if (agent.wrap_up_mandatory) made.append(word("untilDisposed"));
  else if (agent.wrap_up_until !== null)
    made.append(`${word("left")} `, remaining(make("b", "time"), agent.wrap_up_until, now()));
  return made.hasChildNodes() ? made : null;
}

// Where somebody sits, by a name: their own phone, or a seat.
export const phoneName = (agent) =>
  (agent.own_phone ? word("ownPhoneOf") : seatNames.get(agent.phone) || agent.phone);

function drawAgent(agent) {
  const item = make("li", `agent ${agent.state}`);
  item.dataset.id = agent.id;
  const inner = make(supervises() ? "button" : "div", "open");
  if (supervises()) {
    inner.type = "button";
    inner.dataset.act = "open";
    inner.addEventListener("click", () => show("agent", agent.id, inner));
  }
  const what = make("span", "what");
  const shape = make("span", "shape", SHAPES[agent.state] || "?");
  shape.setAttribute("aria-hidden", "true");
  what.append(shape, stateText(agent));
  const time = make("span", "time");
  if (agent.state !== "signed_out") running(time, agent.since, now());
  inner.append(make("span", "name", agent.name), time, what);
  const left = wrapUpLeft(agent);
  if (left) inner.append(left);
  const told = [];
  if (agent.queue_id) told.push(queueName(agent.queue_id));
  const busy = occupancy(agent);
  if (busy !== null) told.push(word("occupancy", percent(busy)));
  if (told.length) inner.append(make("span", "more", told.join(" · ")));
  const watched = watchers(floor.calls.get(agent.call_id));
  if (watched) inner.append(make("span", "watched", watched));
  item.append(inner);
  return item;
}

// All else that a card is drawn from.
const around = (agent) => JSON.stringify([language, me?.role, agent.reason && reasonName(agent.reason),
  queueName(agent.queue_id), watchers(floor.calls.get(agent.call_id)), Math.round(100 * (occupancy(agent) ?? -1))]);

// How many are in each state; pressed, only those are shown.
function drawTally(agents) {
  keep(byId("tally"), Object.keys(SHAPES), (state) => state, (state) => {
    const item = make("li", state);
    const count = agents.filter((agent) => agent.state === state).length;
    const chip = make(supervises() ? "button" : "span", "chip");
    chip.append(make("b", "", count), ` ${SHAPES[state]} ${words().states[state]}`);
    if (supervises()) {
      chip.type = "button";
      chip.dataset.act = "state";
      chip.setAttribute("aria-pressed", statePressed(state));
      chip.addEventListener("click", () => toggleState(state));
    }
    item.hidden = count === 0 && !statePressed(state);
    item.append(chip);
    return item;
  });
}

export function drawAgents() {
  // By name, whatever their state: a card that keeps its place is found again at a glance.
  const away = (agent) => agent.state === "signed_out";
  const many = floor.agents.size > MANY_AGENTS;
  const matching = [...floor.agents.values()].filter((agent) => !supervises() || agentMatches(agent));
  const agents = matching.filter((agent) => !supervises() || seesState(agent, many))
    .sort((a, b) => away(a) - away(b) || inOrder(a.name, b.name));
  byId("agents").classList.toggle("dense", many && agents.length > 24);
  keep(byId("agents"), agents, (agent) => agent.id, drawAgent, around);
  drawTally(matching);
  byId("agents-shown").textContent = agents.length === floor.agents.size ? ""
    : word("shown", agents.length, floor.agents.size);
  byId("no-agent").hidden = agents.length > 0;
  byId("no-agent").textContent = word(floor.agents.size ? "nothingFound" : "noAgent");
}
