// One agent at the side: state, call in hand, forced states, skills and queues.
import { occupancy, pauseReasons, phoneName, reasonName, stateText, teams, wrapUpLeft } from "/agents.js";
import { callerButton, hangUp, listening, watchers } from "/calls.js";
import { button, choice, field, make, running } from "/draw.js";
import { inOrder, percent, word } from "/language.js";
import { drawPanel, isShown, panelOf } from "/panel.js";
import { queueName } from "/queues.js";
import { act, actIfSure, items, request } from "/session.js";
import { clock, floor, now } from "/stream.js";
import { SHAPES } from "/words.js";

const TALKS = ["talking", "holding", "consulting"];
const fresh = { skills: 0, queues: 0 }; // counts what was read: nothing typed before is carried over
let skills = []; // all that there are
let kept = null; // the agent as configured: {id, etag, skills, queues, read}, the lists as being edited

const path = (id) => `/agents/${encodeURIComponent(id)}`;
const part = (key, title) => {
  const made = make("section", key);
  if (title) made.append(make("h3", "", title));
  return made;
};

// ---- as they are now ---------------------------------------------------------------------------

function drawState(agent) {
  const made = part("state");
  const line = make("p", `state-now ${agent.state}`);
  const shape = make("span", "shape", SHAPES[agent.state]);
  shape.setAttribute("aria-hidden", "true");
  line.append(shape, stateText(agent), " ");
  if (agent.state !== "signed_out") line.append(running(make("span", "time"), agent.since, now()));
  const told = [];
  if (agent.team) told.push(teams.get(agent.team) || agent.team);
  if (agent.phone) told.push(`${word("phone")} : ${phoneName(agent)}`);
  const busy = occupancy(agent);
  if (busy !== null) told.push(word("occupancy", percent(busy)), `${agent.calls_taken} ${word("calls")}`,
    word("signedInSince", clock(agent.signed_in_at)));
  const left = wrapUpLeft(agent);
  made.append(line, ...(left ? [left] : []), make("p", "quiet", told.join(" · ")));
  return made;
}

function drawCall(agent, call) {
  const made = part("call", word("call"));
  const row = make("p", "caller-line");
  row.append(...callerButton(call).childNodes);
  const queue = queueName(call.queue_id);
  if (queue) row.append(make("span", "quiet", queue));
  made.append(row);
  const watched = watchers(call);
  if (watched) made.append(make("p", "watched", watched));
  const acts = TALKS.includes(agent.state) ? listening(agent) : make("span", "buttons");
  acts.append(button(word("hangUp"), "hangUp", () => hangUp(call), "", "small danger"));
  made.append(acts);
  return made;
}

function drawForce(agent) {
  const made = part("force", word("force"));
  const force = (state, more) => act("POST", `${path(agent.id)}/state`, { state, ...more });
  const reasons = [...pauseReasons.keys()].map((code) => [code, reasonName(code)]);
  const reason = choice("reason", word("reason"), [["", word("noReason")], ...reasons]);
  const pause = make("span", "together");
  pause.append(reason, button(word("forcePause"), "paused", () =>
    force("paused", reason.value ? { reason: reason.value } : {})));
  const row = make("div", "buttons");
  row.append(button(word("forceReady"), "ready", () => force("ready")), pause,
    button(word("forceOut"), "signed_out", () => actIfSure(word("sureOut", agent.name), word("forceOut"),
      "POST", `${path(agent.id)}/state`, { state: "signed_out" }), "", "small danger"));
  made.append(row);
  return made;
}

// ---- as configured -----------------------------------------------------------------------------

async function load(id, saved) {
  const [response, all] = await Promise.all([
    request("GET", path(id)).catch(() => null), items("/skills").catch(() => []),
  ]);
  if (!isShown("agent", id)) return;
  skills = all;
  const before = kept?.id === id ? kept : null;
  kept = response && { ...await response.json(), etag: response.headers.get("ETag"), read: {} };
  for (const kind of kept ? Object.keys(FORMS) : []) {
    kept.read[kind] = JSON.stringify(kept[kind]);
    // The other list may be half edited when one is saved.
    if (kind !== saved && before?.read[kind] === kept.read[kind]) kept[kind] = before[kind];
    else fresh[kind] += 1;
  }
  drawPanel();
  if (saved) document.querySelector(`#panel .${saved} [data-act="save"]`)?.focus();
}

const FORMS = {
  skills: {
    title: "skills", save: "saveSkills", of: "skill", fields: [["level", "level_", 1, 10, 5]],
    all: () => skills.map((one) => [one.id, one.name]), none: "noSkill",
  },
  queues: {
    title: "queuesOf", save: "saveQueues", of: "queue", none: "bySkills",
    fields: [["priority", "priority", -10, 10, 0], ["delay_s", "delay", 0, 3600, 0]],
    all: () => [...floor.queues.values()].map((one) => [one.id, one.name]),
  },
};

function numberOf(entry, id, [name, label, min, max], text) {
  const input = make("input");
  Object.assign(input, { type: "number", min, max, required: true, value: entry[name] });
  input.dataset.act = `${name} ${id}`;
  input.setAttribute("aria-label", `${word(label)} : ${text}`);
  input.addEventListener("input", () => { if (input.validity.valid) entry[name] = Number(input.value); });
  return field(word(label), input);
}

function drawForm(kind) {
  const form = FORMS[kind];
  const made = part(kind, word(form.title));
  const entries = kept[kind];
  const all = form.all().sort((a, b) => inOrder(a[1], b[1]));
  const textOf = new Map(all);
  const list = make("form", "entries");
  for (const entry of entries) {
    const id = entry[form.of];
    const text = textOf.get(id) || id;
    const row = make("div", "entry");
    row.append(make("span", "name", text),
      ...form.fields.map((one) => numberOf(entry, id, one, text)),
      button("✕", `remove ${id}`, () => { entries.splice(entries.indexOf(entry), 1); drawPanel(); },
        `${word("remove")} : ${text}`));
    list.append(row);
  }
  if (!entries.length) list.append(make("p", "none", word(form.none)));
  const rest = all.filter(([id]) => !entries.some((entry) => entry[form.of] === id));
  const row = make("div", "buttons");
  if (rest.length) {
    const add = choice("add", `${word("add")} : ${word(form.title)}`, [["", `${word("add")}…`], ...rest]);
    add.addEventListener("change", () => {
      entries.push({ [form.of]: add.value, ...Object.fromEntries(form.fields.map(([name, , , , value]) => [name, value])) });
      drawPanel();
    });
    row.append(add);
  }
  const save = make("button", "small main", word(form.save));
  save.dataset.act = "save";
  row.append(save);
  list.append(row);
  list.addEventListener("submit", async (event) => {
    event.preventDefault();
    const { id, etag } = kept;
    await act("PUT", `${path(id)}/${kind}`, { [kind]: entries }, etag ? { "If-Match": etag } : {});
    load(id, kind); // what is in force now, whatever came of it
  });
  made.append(list);
  return made;
}

panelOf("agent", {
  title: (id) => floor.agents.get(id)?.name || kept?.name || id,
  sections(id) {
    const agent = floor.agents.get(id);
    const call = agent && floor.calls.get(agent.call_id);
    const made = [];
    if (agent) made.push({ key: "state", draw: () => drawState(agent) });
    if (call) made.push({ key: `call ${call.id}`, draw: () => drawCall(agent, call) });
    if (agent && agent.state !== "signed_out") made.push({ key: "force", draw: () => drawForce(agent) });
    if (kept?.id === id) for (const kind of Object.keys(FORMS)) made.push({ key: `${kind} ${fresh[kind]}`, draw: () => drawForm(kind) });
    return made;
  },
  opened(id) { kept = null; load(id); },
});
