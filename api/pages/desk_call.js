// The call in hand, where it is sent, and what is written down about it.
import { byId, make, options } from "/draw.js";
import { colleagueName, known, mine, myself, TALKING } from "/desk.js";
import { named, noNumber, phoneNumber, word, words } from "/language.js";
import { act, me } from "/session.js";
import { floor } from "/stream.js";

let given = null; // the call last transferred, while it may be taken back

// ---- the call in hand --------------------------------------------------------------------------

export function drawCall(agent) {
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
    ? `◎ ${phoneNumber(call.number) || noNumber(call)} — Plateau` : "Plateau";
  if (!call) return;
  byId("caller").textContent = phoneNumber(call.outside || call.number) || noNumber(call);
  const queue = floor.queues.get(call.queue_id);
  const name = call.name === call.number ? "" : call.name; // what a phone without a name sends
  const told = [name, queue && queue.name, words().callStates[call.state]];
  if (call.muted) told.push(`✕ ${word("muted")}`);
  if (call.third) told.push(word("conferenceOn"));
  byId("call-more").textContent = told.filter(Boolean).join(" · ");
  const pairs = Object.entries(call.data).sort();
  byId("call-data").replaceChildren(...pairs.flatMap(([name, value]) => [make("dt", "", name), make("dd", "", value)]));
  const front = beside && isAside(call, beside) ? beside : call;
  byId("mute").textContent = word(front.muted ? "unmute" : "mute");
  byId("mute").dataset.does = front.muted ? "unmute" : "mute";
  for (const id of ["mute", "ask-wrap-up"]) byId(id).hidden = !talks;
  byId("keys-form").hidden = !talks;
  drawLine(byId("caller-line"), call, front === call, talks);
  drawHold(front, talks);
  drawThird(call, beside, front);
}

// Whether the agent speaks with whom they consult, and the customer waits.
const isAside = (call, beside) => (beside.own_line ? call.on_hold : call.away);

// Each party's line says whether one speaks with them now or they hear music.
function drawLine(at, call, inFront, talks) {
  const held = call.on_hold || !inFront;
  at.hidden = !talks;
  at.className = `line-state ${held ? "held" : "talking"}`;
  at.textContent = held ? `◐ ${word(holdOf(call))}` : `▶ ${word("speaking")}`;
}

function holdOf(call) {
  if (call.on_hold && call.held_by !== null && call.held_by !== me.agent_id) return "holdsMe";
  return call.held_by_phone ? "heldByPhone" : "onHold";
}

// Only what the floor will grant: who began a hold ends it, and a phone's own hold ends on the phone.
function drawHold(front, talks) {
  const led = front.kind === "consult" || front.kind === "internal" || front.third;
  const mine = front.on_hold ? front.held_by === me.agent_id && !front.held_by_phone
    : !led || front.kind === "internal" || leads(front);
  byId("hold").hidden = !talks || !mine || front.kind === "voicemail";
  byId("hold").textContent = word(front.on_hold ? "retrieve" : "hold");
  byId("hold").dataset.does = front.on_hold ? "retrieve" : "hold";
  byId("hold-note").hidden = !talks || mine || !front.on_hold;
  byId("hold-note").textContent = word(front.held_by === me.agent_id ? "retrieveOnPhone" : "theyTakeBack");
}

// In a consultation who asked leads, in a conference the customer's agent.
const leads = (call) => (call.kind === "consult"
  ? floor.calls.get(call.parent_id)?.agent_id === me.agent_id : call.agent_id === me.agent_id);

function drawThird(call, beside, front) {
  byId("third").hidden = !beside && !call.third;
  for (const id of ["swap", "conference", "complete", "cancel-consult"]) byId(id).hidden = !beside;
  for (const id of ["drop-third", "leave-conference"]) byId(id).hidden = !call.third;
  const talks = Boolean(beside) && beside.state === "talking";
  byId("swap").disabled = byId("conference").disabled = !talks;
  if (beside?.own_line) byId("swap").hidden = byId("conference").hidden = true;
  byId("third-note").hidden = !beside?.own_line;
  byId("third-line").hidden = true;
  byId("third-who").textContent = call.third ? word("conferenceOn") : "";
  if (!beside) return;
  const others = beside.agent_ids.filter((id) => id !== me.agent_id).map(colleagueName);
  const whom = phoneNumber(beside.outside) || others.join(", ") || floor.queues.get(beside.queue_id)?.name || "";
  byId("third-who").textContent = `${whom} · ${words().callStates[beside.state]}`;
  drawLine(byId("third-line"), beside, front === beside, talks);
}

export function drawTargets() {
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

export async function toTarget(path, draw) {
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

export async function takeBack(draw) {
  const call_id = given;
  given = null;
  await act("POST", `${mine}/call/take-back`, { call_id });
  draw();
}

// It came back by itself, or nobody is here any more.
export function forgetGiven(agent) {
  if (!agent || (given && agent.call_id === given && TALKING.includes(agent.state))) given = null;
}

// ---- after the call ----------------------------------------------------------------------------

export function drawAfter(agent) {
  const about = agent.call_id !== null || agent.wrap_up_call_id !== null;
  byId("after").hidden = !about;
  if (!about) return;
  const queue = known.queues.get(agent.queue_id);
  const codes = (queue ? queue.dispositions : []).map((one) => [one.code, named(one.names, one.code)]);
  options(byId("disposition"), [["", word("chooseOne")], ...codes]); // the first would be saved unread
  byId("disposition").closest("label").hidden = codes.length === 0;
  byId("save").hidden = codes.length === 0;
}

export async function dispose(event) {
  event.preventDefault();
  const note = byId("note").value.trim();
  const body = { code: byId("disposition").value, ...(note ? { note } : {}) };
  if (await act("POST", `${mine}/call/disposition`, body)) byId("note").value = byId("disposition").value = "";
}

export async function addNote() {
  const text = byId("note").value.trim();
  if (text && await act("POST", `${mine}/call/notes`, { text })) byId("note").value = "";
}
