// An agent's desk: their state, the call in hand, what is written down about it, callbacks.
import {
  act, ask, begin, byId, duration, keep, language, make, me, say, word, words,
} from "/session.js";
import { floor, follow, now, showLink, showLinkAgain, timeZone, unfollow } from "/stream.js";
import { SHAPES } from "/words.js";

const TALKING = ["talking", "holding", "consulting"];
const EVERY_MS = 15000; // colleagues and the recall list are looked up so often
const mine = "/agents/me";
const known = { reasons: [], queues: new Map(), colleagues: [], recall: [] };
let given = null; // the call last transferred, while it may be taken back
let lookingUp = null;

const myself = () => floor.agents.get(me?.agent_id);
const named = (names, code) => names[language] || Object.values(names)[0] || code;
const time = (at) => new Intl.DateTimeFormat(
  language, { weekday: "short", hour: "2-digit", minute: "2-digit", timeZone }).format(at);
const clock = (at) => new Intl.DateTimeFormat(
  language, { hour: "2-digit", minute: "2-digit", second: "2-digit", timeZone }).format(at);

// Leaves what was chosen, where it is still there.
function options(select, items) {
  const chosen = select.value;
  const wanted = JSON.stringify(items);
  if (select.dataset.drawn === wanted) return;
  select.dataset.drawn = wanted;
  select.replaceChildren(...items.map(([value, text]) => {
    const option = make("option", "", text);
    option.value = value;
    return option;
  }));
  if (items.some(([value]) => value === chosen)) select.value = chosen;
}

// ---- state -------------------------------------------------------------------------------------

function drawState(agent) {
  const { state } = agent;
  byId("state").className = `panel ${state}`;
  byId("state-name").textContent = `${SHAPES[state]} ${words().states[state]}`;
  const running = byId("state-time");
  running.textContent = state === "signed_out" ? "" : duration(now() - agent.since);
  if (state === "signed_out") delete running.dataset.since; else running.dataset.since = agent.since;
  const told = [agent.name];
  if (agent.phone) told.push(`${word("phone")} ${agent.phone}`);
  if (!agent.phone_up) told.push(`▲ ${word("noPhone")}`);
  if (state === "paused" && agent.reason) told.push(reasonName(agent.reason));
  if (agent.after) told.push(word("after", words().states[agent.after]));
  if (agent.wrap_up_until) told.push(word("until", clock(agent.wrap_up_until)));
  if (agent.wrap_up_mandatory) told.push(word("untilDisposed"));
  byId("state-more").textContent = told.join(" · ");
  byId("start").hidden = state !== "signed_out";
  byId("work").hidden = state === "signed_out";
  byId("get-ready").disabled = ["ready", "offered", ...TALKING].includes(state);
  byId("extend").hidden = state !== "wrap_up" || agent.wrap_up_until === null;
}

function reasonName(code) {
  const reason = known.reasons.find((one) => one.code === code);
  return reason ? named(reason.names, code) : words().reasons[code] || code;
}

function drawReasons() {
  const reasons = known.reasons.map((reason) => [reason.code, named(reason.names, reason.code)]);
  options(byId("reason"), reasons.length ? reasons : [["pause", word("pause")]]);
}

// ---- the call in hand --------------------------------------------------------------------------

function drawCall(agent) {
  const call = floor.calls.get(agent.call_id);
  const beside = floor.calls.get(agent.consult_id);
  byId("no-call").hidden = Boolean(call);
  byId("call").hidden = !call;
  const talks = Boolean(call) && TALKING.includes(agent.state);
  byId("transfer").hidden = byId("consult").hidden = !talks || Boolean(beside) || call.third;
  byId("place").hidden = Boolean(call);
  byId("send").hidden = talks && (Boolean(beside) || call.third);
  byId("send-title").textContent = word(call ? "sendTo" : "placeCall");
  byId("take-back").hidden = given === null || Boolean(call && call.id !== given);
  document.title = agent.state === "offered" && call
    ? `◎ ${call.number || word("withheld")} — Plateau` : "Plateau";
  if (!call) return;
  byId("caller").textContent = call.outside || call.number || word("withheld");
  const queue = floor.queues.get(call.queue_id);
  const name = call.name === call.number ? "" : call.name; // what a phone without a name sends
  const told = [name, queue && queue.name, words().callStates[call.state]];
  if (call.on_hold) told.push(`◐ ${word("onHold")}`);
  if (call.muted) told.push(`✕ ${word("muted")}`);
  if (call.third) told.push(word("conferenceOn"));
  byId("call-more").textContent = told.filter(Boolean).join(" · ");
  const pairs = Object.entries(call.data).sort();
  byId("call-data").replaceChildren(...pairs.flatMap(([name, value]) => [make("dt", "", name), make("dd", "", value)]));
  const held = (beside && call.away ? beside : call).on_hold;
  byId("hold").textContent = word(held ? "retrieve" : "hold");
  byId("hold").dataset.does = held ? "retrieve" : "hold";
  const muted = (beside && call.away ? beside : call).muted;
  byId("mute").textContent = word(muted ? "unmute" : "mute");
  byId("mute").dataset.does = muted ? "unmute" : "mute";
  for (const id of ["hold", "mute", "ask-wrap-up"]) byId(id).hidden = !talks;
  byId("keys-form").hidden = !talks;
  drawThird(call, beside);
}

function drawThird(call, beside) {
  byId("third").hidden = !beside && !call.third;
  for (const id of ["swap", "conference", "complete", "cancel-consult"]) byId(id).hidden = !beside;
  for (const id of ["drop-third", "leave-conference"]) byId(id).hidden = !call.third;
  const talks = Boolean(beside) && beside.state === "talking";
  byId("swap").disabled = byId("conference").disabled = !talks;
  if (!beside) { byId("third-line").textContent = call.third ? word("conferenceOn") : ""; return; }
  const others = beside.agent_ids.filter((id) => id !== me.agent_id).map(colleagueName);
  const whom = beside.outside || others.join(", ") || floor.queues.get(beside.queue_id)?.name || "";
  byId("third-line").textContent = `${whom} · ${words().callStates[beside.state]}`;
}

const colleagueName = (id) => known.colleagues.find((one) => one.id === id)?.name || id;

function drawTargets() {
  const colleagues = known.colleagues.filter((one) => one.signed_in).map((one) =>
    [`agent ${one.id}`, `${one.free ? "● " : "○ "}${one.name}${one.free ? ` (${word("free")})` : ""}`]);
  const queues = [...floor.queues.values()].map((queue) => [`queue ${queue.id}`, `${word("queue")} ${queue.name}`]);
  options(byId("colleague"), [["", word("number")], ...colleagues, ...queues]);
  byId("other-number").disabled = byId("colleague").value !== "";
}

// Where the form points; null (said so) where nothing was chosen.
function target() {
  const chosen = byId("colleague").value;
  const number = byId("other-number").value.trim();
  if (!chosen) {
    if (number) return { kind: "number", id: number };
    byId("other-number").focus();
    return null;
  }
  const [kind, ...id] = chosen.split(" ");
  return { kind, id: id.join(" ") };
}

async function toTarget(path) {
  const call = myself()?.call_id;
  const to = target();
  if (!to) return;
  const done = await act("POST", `${mine}/${path}`, { target: to });
  if (!done) return;
  byId("other-number").value = "";
  byId("colleague").value = "";
  if (path === "call/transfer") given = call;
  draw();
}

// ---- after the call ----------------------------------------------------------------------------

function drawAfter(agent) {
  const about = agent.call_id !== null || agent.wrap_up_call_id !== null;
  byId("after").hidden = !about;
  if (!about) return;
  const queue = known.queues.get(agent.queue_id);
  const codes = (queue ? queue.dispositions : []).map((one) => [one.code, named(one.names, one.code)]);
  options(byId("disposition"), codes);
  byId("disposition").closest("label").hidden = codes.length === 0;
  byId("save").hidden = codes.length === 0;
}

async function dispose(event) {
  event.preventDefault();
  const note = byId("note").value.trim();
  const body = { code: byId("disposition").value, ...(note ? { note } : {}) };
  if (await act("POST", `${mine}/call/disposition`, body)) byId("note").value = "";
}

async function addNote() {
  const text = byId("note").value.trim();
  if (text && await act("POST", `${mine}/call/notes`, { text })) byId("note").value = "";
}

// ---- callbacks and lost calls ------------------------------------------------------------------

// The instant (UTC ms) at which clocks in the business's time zone show `text`.
function instant(text) {
  const shown = new Intl.DateTimeFormat("en", {
    timeZone, hourCycle: "h23", year: "numeric", month: "numeric", day: "numeric",
    hour: "numeric", minute: "numeric",
  });
  const wanted = Date.parse(`${text}Z`);
  let at = wanted;
  for (let i = 0; i < 2; i++) { // twice: the first guess may stand before a change of the clocks
    const p = Object.fromEntries(shown.formatToParts(at).map((part) => [part.type, part.value]));
    at += wanted - Date.UTC(p.year, p.month - 1, p.day, p.hour, p.minute);
  }
  return at;
}

async function book(event) {
  event.preventDefault();
  const at = byId("callback-at").value;
  const done = await act("POST", "/callbacks", {
    queue_id: byId("callback-queue").value, number: byId("callback-number").value,
    ...(byId("callback-name").value.trim() ? { name: byId("callback-name").value } : {}),
    ...(at ? { at: instant(at) } : {}),
    ...(byId("callback-me").checked ? { agent_id: "me" } : {}),
  });
  if (!done) return;
  say(word("booked", done.number));
  byId("callback-form").reset();
}

function drawEntry(entry) {
  const item = make("li", "lost");
  const path = `/recall-list/${encodeURIComponent(entry.id)}`;
  const told = [floor.queues.get(entry.queue_id)?.name || entry.queue_id, `${word("lostAt")} ${time(entry.last_lost_at)}`];
  if (entry.losses > 1) told.push(`${entry.losses} ${word("losses")}`);
  const own = entry.claimed_by === me.agent_id;
  if (entry.claimed_by && !own) told.push(word("takenBy", colleagueName(entry.claimed_by)));
  const call = make("button", "main", word("callIt"));
  call.type = "button";
  call.dataset.act = "call";
  call.disabled = Boolean(entry.claimed_by) && !own;
  call.addEventListener("click", async () => { await act("POST", `${path}/call`, {}); lookUp(); });
  item.append(make("b", "", entry.number), make("span", "quiet", told.join(" · ")), call);
  if (own) {
    const result = make("select");
    result.dataset.act = "result";
    result.setAttribute("aria-label", word("finish"));
    options(result, Object.entries(words().results));
    const finish = make("button", "", word("finish"));
    finish.type = "button";
    finish.dataset.act = "finish";
    finish.addEventListener("click", async () => {
      await act("POST", `${path}/done`, { result: result.value });
      lookUp();
    });
    item.append(result, finish);
  }
  return item;
}

function drawRecall() {
  keep(byId("recall"), known.recall, (entry) => entry.id, drawEntry);
  byId("no-recall").hidden = known.recall.length > 0;
}

// ---- looked up beside the stream ---------------------------------------------------------------

async function lookUp() {
  clearTimeout(lookingUp);
  lookingUp = setTimeout(lookUp, EVERY_MS);
  const quietly = (path) => ask("GET", path).catch(() => null);
  const [reasons, queues, colleagues, recall] = await Promise.all(
    ["/pause-reasons", "/queues", "/live/colleagues", "/recall-list"].map(quietly));
  if (reasons) known.reasons = reasons;
  if (queues) known.queues = new Map(queues.map((queue) => [queue.id, queue]));
  if (colleagues) known.colleagues = colleagues.colleagues;
  if (recall) known.recall = recall.entries;
  byId("recall-panel").hidden = !recall;
  draw();
}

function draw() {
  const agent = myself();
  if (!agent) return;
  if (given && agent.call_id === given && TALKING.includes(agent.state)) given = null;
  drawReasons();
  drawState(agent);
  drawTargets();
  drawCall(agent);
  drawAfter(agent);
  options(byId("callback-queue"), [...floor.queues.values()].map((queue) => [queue.id, queue.name]));
  drawRecall();
}

// ---- start -------------------------------------------------------------------------------------

function signInAs(ready) {
  const phone = byId("seat").value.trim();
  return act("POST", `${mine}/sign-in`, {
    ready, connected: byId("keep-line").checked, ...(phone ? { phone } : {}),
  });
}

function onSubmit(form, does) {
  byId(form).addEventListener("submit", (event) => { event.preventDefault(); does(event); });
}

function onClick(id, does) { byId(id).addEventListener("click", does); }

onSubmit("start", () => signInAs(true));
onSubmit("send", () => {});
onSubmit("disposition-form", dispose);
onSubmit("callback-form", book);
onSubmit("keys-form", async () => {
  if (await act("POST", `${mine}/call/digits`, { digits: byId("keys").value })) byId("keys").value = "";
});
onClick("start-paused", () => signInAs(false));
onClick("get-ready", () => act("POST", `${mine}/ready`));
onClick("pause", () => act("POST", `${mine}/pause`, { reason: byId("reason").value }));
onClick("end-work", () => act("POST", `${mine}/sign-out`));
onClick("extend", () => act("POST", `${mine}/wrap-up/extend`));
onClick("ask-wrap-up", () => act("POST", `${mine}/wrap-up`));
onClick("hold", (event) => act("POST", `${mine}/call/${event.target.dataset.does}`));
onClick("mute", (event) => act("POST", `${mine}/call/${event.target.dataset.does}`));
for (const id of ["hang-up", "swap", "conference", "complete", "cancel-consult", "drop-third", "leave-conference"])
  onClick(id, () => act("POST", `${mine}/call/${id}`));
onClick("transfer", () => toTarget("call/transfer"));
onClick("consult", () => toTarget("call/consult"));
onClick("place", () => toTarget("calls"));
onClick("take-back", async () => {
  const call_id = given;
  given = null;
  await act("POST", `${mine}/call/take-back`, { call_id });
  draw();
});
onClick("add-note", addNote);
byId("colleague").addEventListener("change", drawTargets);
byId("seat").placeholder = word("ownPhone");

begin({
  arrived() { showLink("connecting"); },
  enter() {
    byId("nobody").hidden = me.agent_id !== null;
    byId("floor").hidden = me.agent_id === null;
    if (me.agent_id === null) return;
    follow(draw);
    lookUp();
  },
  left() {
    byId("floor").hidden = true;
    byId("nobody").hidden = true;
    clearTimeout(lookingUp);
    given = null;
    say("");
    unfollow();
  },
  translate() { byId("seat").placeholder = word("ownPhone"); showLinkAgain(); draw(); },
});
