// An agent's desk: their state, and the start of all its parts.
import { byId, make, options, remaining, say } from "/draw.js";
import { known, mine, myself, TALKING } from "/desk.js";
import { addNote, dispose, drawAfter, drawCall, drawTargets, forgetGiven, takeBack, toTarget } from "/desk_call.js";
import { book, drawRecall } from "/desk_callbacks.js";
import { duration, named, reasonWord, word, words } from "/language.js";
import { act, begin, items, me } from "/session.js";
import { clock, floor, follow, now, showLink, showLinkAgain, unfollow } from "/stream.js";
import { SHAPES } from "/words.js";

const EVERY_MS = 15000; // colleagues and the recall list are looked up so often
let lookingUp = null;

// ---- state -------------------------------------------------------------------------------------

function drawState(agent) {
  const { state } = agent;
  byId("state").className = `panel ${state}`;
  byId("state-name").textContent = `${SHAPES[state]} ${words().states[state]}`;
  const running = byId("state-time");
  running.textContent = state === "signed_out" ? "" : duration(now() - agent.since);
  if (state === "signed_out") delete running.dataset.since; else running.dataset.since = agent.since;
  const told = [agent.name];
  if (agent.phone) told.push(agent.own_phone ? word("mySeat") : `${word("phone")} ${agent.phone}`);
  if (!agent.phone_up) told.push(`▲ ${word("noPhone")}`);
  if (state !== "ready" && agent.reason) told.push(reasonName(agent.reason));
  if (agent.after) told.push(word("after", words().states[agent.after]));
  if (agent.not_reached && !agent.call_id)
    told.push(`▲ ${word("lastPlaced", words().notReached[agent.not_reached] || agent.not_reached)}`);
  drawWrapUp(agent);
  byId("state-more").textContent = told.join(" · ");
  byId("start").hidden = state !== "signed_out";
  byId("work").hidden = state === "signed_out";
  byId("get-ready").disabled = ["ready", "offered", ...TALKING].includes(state);
  byId("extend").hidden = state !== "wrap_up" || agent.wrap_up_until === null;
}

// The countdown of a wrap-up, or what ends it.
function drawWrapUp(agent) {
  const at = byId("state-left");
  at.replaceChildren();
  if (agent.state !== "wrap_up") return;
  if (agent.wrap_up_mandatory) at.append(word("untilDisposed"));
  else if (agent.wrap_up_until !== null) at.append(`${word("left")} `,
    remaining(make("b", "time"), agent.wrap_up_until, now()),
    ` (${word("until", clock(agent.wrap_up_until, { second: "2-digit" }))})`);
}

function reasonName(code) {
  const reason = known.reasons.find((one) => one.code === code);
  return reason ? named(reason.names, code) : reasonWord(code);
}

function drawReasons() {
  const reasons = known.reasons.map((reason) => [reason.code, named(reason.names, reason.code)]);
  options(byId("reason"), reasons.length ? reasons : [["pause", word("pause")]]);
}

// ---- looked up beside the stream ---------------------------------------------------------------

async function lookUp() {
  clearTimeout(lookingUp);
  lookingUp = setTimeout(lookUp, EVERY_MS);
  const quietly = (path) => items(path).catch(() => null);
  const [reasons, queues, colleagues, recall] = await Promise.all(
    ["/pause-reasons", "/queues", "/live/colleagues", "/recall-list"].map(quietly));
  if (reasons) known.reasons = reasons;
  if (queues) known.queues = new Map(queues.map((queue) => [queue.id, queue]));
  if (colleagues) known.colleagues = colleagues;
  if (recall) known.recall = recall;
  byId("recall-panel").hidden = !recall;
  draw();
}

function draw() {
  const agent = myself();
  if (!agent) return;
  forgetGiven(agent);
  drawReasons();
  drawState(agent);
  drawTargets();
  drawCall(agent);
  drawAfter(agent);
  options(byId("callback-queue"), [...floor.queues.values()].map((queue) => [queue.id, queue.name]));
  drawRecall(lookUp);
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
onClick("transfer", () => toTarget("call/transfer", draw));
onClick("consult", () => toTarget("call/consult", draw));
onClick("place", () => toTarget("calls", draw));
onClick("take-back", () => takeBack(draw));
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
    forgetGiven();
    say("");
    unfollow();
  },
  translate() { byId("seat").placeholder = word("ownPhone"); showLinkAgain(); draw(); },
});
