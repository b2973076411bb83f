// What the supervisor wants to see: a search, a team, a queue, states of agents.
import { byId, options } from "/draw.js";
import { inOrder, word } from "/language.js";
import { floor } from "/stream.js";

export const MANY_QUEUES = 6; // beyond, a queue is one line
export const MANY_AGENTS = 60; // beyond, who is signed out stays away until asked for

const stored = JSON.parse(sessionStorage.getItem("filters") || "{}");
const wanted = { text: "", team: "", queue: "", states: [], ...stored };
let changed = () => {};

// Upper and lower case, accents and the ways to write a number are the same thing to who searches.
const plain = (text) => text.normalize("NFD").replace(/\p{M}/gu, "").toLowerCase();
// Numbers are copied with blanks of every width, dashes and marks that nobody sees (\p{Cf}).
const digits = (text) => text.normalize("NFKC").replace(/[\s.()/]|\p{Cf}|\p{Pd}/gu, "")
  .replace(/^(\+330?|0033)(?=\d)/, "0");

function found(...texts) {
  const text = plain(wanted.text.trim());
  if (!text) return true;
  const number = /^\+?\d{2,}$/.test(digits(text)) ? digits(text) : null;
  return texts.some((one) => one
    && (plain(one).includes(text) || (number !== null && digits(one).includes(number))));
}

const queueName = (id) => floor.queues.get(id)?.name || id || "";
const teamOf = (id) => floor.agents.get(id)?.team;

export const seesQueue = (queue) =>
  (wanted.queue ? queue.id === wanted.queue : found(queue.name, queue.id));

export const agentMatches = (agent) =>
  (!wanted.team || agent.team === wanted.team)
  && (!wanted.queue || agent.queue_ids.includes(wanted.queue) || agent.queue_id === wanted.queue)
  && found(agent.name, agent.id, agent.phone, queueName(agent.queue_id));

export const seesState = (agent, many) =>
  (wanted.states.length ? wanted.states.includes(agent.state)
    : !many || agent.state !== "signed_out" || Boolean(wanted.text.trim()));

export const seesCall = (call) =>
  (!wanted.queue || call.queue_id === wanted.queue)
  && (!wanted.team || !call.agent_ids.length || call.agent_ids.some((id) => teamOf(id) === wanted.team))
  && found(call.number, call.outside, call.name, queueName(call.queue_id), ...Object.values(call.data),
    ...call.agent_ids.map((id) => floor.agents.get(id)?.name));

export const statePressed = (state) => wanted.states.includes(state);
export const filtering = () =>
  Boolean(wanted.text.trim() || wanted.team || wanted.queue || wanted.states.length);

function set(change) {
  Object.assign(wanted, change);
  sessionStorage.setItem("filters", JSON.stringify(wanted));
  changed();
}

export const toggleState = (state) => set({
  states: wanted.states.includes(state)
    ? wanted.states.filter((one) => one !== state) : [...wanted.states, state],
});
export const onlyQueue = (id) => set({ queue: wanted.queue === id ? "" : id });
export const queueWanted = () => wanted.queue;

// `teams`: names by id.
export function drawFilters(teams) {
  const named = (pairs) => pairs.sort((a, b) => inOrder(a[1], b[1]));
  const used = [...new Set([...floor.agents.values()].map((agent) => agent.team).filter(Boolean))];
  options(byId("of-team"), [["", word("allTeams")], ...named(used.map((id) => [id, teams.get(id) || id]))]);
  options(byId("of-queue"), [["", word("allQueues")],
    ...named([...floor.queues.values()].map((queue) => [queue.id, queue.name]))]);
  byId("of-team").hidden = used.length < 2;
  for (const [id, key] of [["of-team", "team"], ["of-queue", "queue"]])
    if (byId(id).value !== wanted[key]) byId(id).value = wanted[key];
  if (document.activeElement !== byId("search")) byId("search").value = wanted.text;
  byId("clear").hidden = !filtering();
}

export function beginFilters(draw) {
  changed = draw;
  byId("filters").addEventListener("submit", (event) => event.preventDefault());
  byId("search").addEventListener("input", () => set({ text: byId("search").value }));
  byId("of-team").addEventListener("change", () => set({ team: byId("of-team").value }));
  byId("of-queue").addEventListener("change", () => set({ queue: byId("of-queue").value }));
  byId("clear").addEventListener("click", () => {
    byId("search").value = "";
    set({ text: "", team: "", queue: "", states: [] });
    byId("search").focus();
  });
  document.addEventListener("keydown", (event) => {
    const typing = ["INPUT", "SELECT", "TEXTAREA"].includes(document.activeElement?.tagName);
    if (event.key !== "/" || typing || event.ctrlKey || event.metaKey || byId("filters").hidden) return;
    event.preventDefault();
    byId("search").focus();
  });
}
