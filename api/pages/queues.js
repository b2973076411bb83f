// The queues: a large card each while they are few, a line each when they are many.
import { button, byId, keep, make, running } from "/draw.js";
import { filtering, MANY_QUEUES, onlyQueue, seesQueue } from "/filters.js";
import { duration, inOrder, share, word } from "/language.js";
import { act, actIfSure, supervises } from "/session.js";
import { clock, floor, now } from "/stream.js";

export const queueName = (id) => floor.queues.get(id)?.name || id || "";
export const isLate = (queue) =>
  queue.oldest_at !== null && now() - queue.oldest_at > queue.service_level_s * 1000;

const level = (queue) => share(queue.answered_in_time_today,
  queue.answered_today + queue.abandoned_today - queue.short_abandoned_today);
const abandoned = (queue) => share(queue.abandoned_today, queue.offered_today);
const estimate = (queue) => (queue.estimate_ms === null ? "–" : duration(queue.estimate_ms));
const kind = (queue) => (isLate(queue) ? " late" : queue.waiting ? " waits" : "");

function figure(key, value, className) {
  const box = make("div", className);
  box.append(make("dt", "", word(key)), make("dd", "", value));
  return box;
}

function shutSign(queue) {
  return make("span", "closed", `✕ ${word(queue.closed_by_hand ? "closedByHand" : "closed")}`);
}

// Opens at once; closing is asked first, since callers are turned away from then on.
function shutButton(queue) {
  const path = `/queues/${encodeURIComponent(queue.id)}`;
  const does = queue.closed_by_hand ? () => act("POST", `${path}/open`)
    : () => actIfSure(word("sureClose", queue.name), word("close"), "POST", `${path}/close`);
  const what = word(queue.closed_by_hand ? "open" : "close");
  return button(what, "shut", does, `${what} : ${queue.name}`);
}

// ---- a card ------------------------------------------------------------------------------------

function drawCard(queue) {
  const card = make("article", "queue" + kind(queue));
  card.classList.toggle("shut", !queue.open);
  card.dataset.id = queue.id;
  const head = make("header");
  head.append(make("h3", "", queue.name));
  if (!queue.open) head.append(shutSign(queue));
  head.append(make("span", "from", word("today", clock(queue.counted_from))));
  if (supervises()) head.append(shutButton(queue));
  const big = make("dl", "figures big");
  const time = figure("longest", "–", "longest");
  if (queue.oldest_at !== null) running(time.lastChild, queue.oldest_at, now());
  big.append(figure("waiting", queue.waiting, "waiting"), time,
    figure("ready", `${queue.fit_ready}/${queue.fit_signed_in}`));
  const small = make("dl", "figures");
  small.append(
    figure("estimate", estimate(queue), "estimate"),
    figure("talking", queue.talking),
    figure("level", level(queue), "level"),
    figure("qs", share(queue.answered_today, queue.offered_today)),
    figure("abandon", abandoned(queue)),
    figure("offered", queue.offered_today),
    figure("answered", queue.answered_today),
    figure("callbacks", queue.callbacks, "callbacks"),
    figure("messages", queue.messages, "messages"),
  );
  card.append(head, big, small);
  return card;
}

// ---- a line ------------------------------------------------------------------------------------

function drawLine(queue) {
  const row = make("tr", "queue" + kind(queue));
  row.classList.toggle("shut", !queue.open);
  row.dataset.id = queue.id;
  const name = make("th", "name");
  name.scope = "row";
  // One queue alone is shown as a card, with all that can be done about it.
  const line = make("div", "line");
  line.append(button(queue.name, "only", () => onlyQueue(queue.id), word("details", queue.name), "link"));
  if (!queue.open) line.append(make("span", "closed", `✕ ${word("closed")}`));
  name.append(line);
  const longest = make("td", "time", "–");
  if (queue.oldest_at !== null) running(longest, queue.oldest_at, now());
  row.append(name, make("td", "waiting", queue.waiting), longest,
    make("td", "", `${queue.fit_ready}/${queue.fit_signed_in}`), make("td", "", queue.talking),
    make("td", "estimate", estimate(queue)), make("td", "level", level(queue)),
    make("td", "more", abandoned(queue)), make("td", "more aside", queue.callbacks + queue.messages || ""));
  return row;
}

// Who is late stands first, then who waits; the rest by name, so that a queue is found again.
function troubleFirst(a, b) {
  const rank = (queue) => (isLate(queue) ? 0 : queue.waiting ? 1 : 2);
  return rank(a) - rank(b) || inOrder(a.name, b.name);
}

export function drawQueues() {
  const many = floor.queues.size > MANY_QUEUES;
  const queues = [...floor.queues.values()].filter((queue) => seesQueue(queue) || !supervises());
  queues.sort(many ? troubleFirst : (a, b) => inOrder(a.name, b.name));
  const lines = many && queues.length > 1;
  byId("floor").classList.toggle("many-queues", lines);
  byId("queue-table").hidden = !lines;
  keep(byId("queues"), lines ? [] : queues, (queue) => queue.id, drawCard);
  keep(byId("queue-lines"), lines ? queues : [], (queue) => queue.id, drawLine);
  byId("no-queue").hidden = queues.length > 0;
  byId("no-queue").textContent = word(floor.queues.size && filtering() ? "nothingFound" : "noQueue");
}

// ---- the whole floor in one line ----------------------------------------------------------------

export function drawTotals() {
  const queues = [...floor.queues.values()];
  const agents = [...floor.agents.values()];
  const sum = (of) => queues.reduce((total, queue) => total + of(queue), 0);
  const oldest = queues.map((queue) => queue.oldest_at).filter((at) => at !== null);
  const count = (test) => agents.filter(test).length;
  const late = queues.filter(isLate).length;
  const item = (value, name, className) => {
    const made = make("li", className);
    made.append(make("b", "", value), " ", name);
    return made;
  };
  const longest = item("–", word("longest"), late ? "bad" : "");
  if (oldest.length) running(longest.firstChild, Math.min(...oldest), now());
  byId("totals").hidden = !supervises() || !queues.length;
  byId("totals").replaceChildren(
    item(sum((queue) => queue.waiting), word("waiting"), late ? "bad" : ""), longest,
    item(count((agent) => agent.state === "ready"), word("states").ready, ""),
    item(count((agent) => agent.state !== "signed_out"), word("signedIn"), ""),
    item([...floor.calls.values()].filter((call) => call.state === "in_flow").length, word("inFlow"), ""));
}
