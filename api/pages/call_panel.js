// One call at the side: who, why it was routed so, what was said (notes, recordings).
import { dispositionName } from "/agents.js";
import { agentName, callerName, callPath, hangUp, listening, watchers } from "/calls.js";
import { button, make, running, say } from "/draw.js";
import { duration, language, phoneNumber, word, words } from "/language.js";
import { drawPanel, isShown, panelOf } from "/panel.js";
import { queueName } from "/queues.js";
import { ask, items, request } from "/session.js";
import { clock, floor, now } from "/stream.js";

const AGAIN_MS = 5000; // decisions and recordings of a live call are looked up so often
const TALKS = ["talking", "holding", "consulting"];
let told = null; // {id, detail, decisions, language}: what history knows of the call shown
let lookingUp = null;

const seconds = (at) => clock(at, { second: "2-digit" });
const part = (key, title) => {
  const made = make("section", key);
  if (title) made.append(make("h3", "", title));
  return made;
};

async function load(id) {
  clearTimeout(lookingUp);
  if (!isShown("call", id)) return;
  const [detail, decisions] = await Promise.all([
    ask("GET", callPath(id)).catch(() => null), items(`${callPath(id)}/routing`).catch(() => null),
  ]);
  if (!isShown("call", id)) return;
  told = { id, detail, decisions: decisions || [], language };
  lookingUp = setTimeout(() => load(id), AGAIN_MS);
  drawPanel();
}

// ---- who ---------------------------------------------------------------------------------------

function drawLive(call) {
  const made = part("live");
  const line = make("p", "state-now busy", words().callStates[call.state] || call.state);
  line.append(" ", running(make("span", "time"), call.since, now()));
  const more = [call.name !== call.number && call.name, queueName(call.queue_id),
    call.agent_ids.map(agentName).join(", "), word("called", phoneNumber(call.dnis)),
    word("arrived", seconds(call.arrived_at))];
  made.append(line, make("p", "quiet", more.filter(Boolean).join(" · ")));
  const watched = watchers(call);
  if (watched) made.append(make("p", "watched", watched));
  const agent = floor.agents.get(call.agent_id);
  const acts = agent?.call_id === call.id && TALKS.includes(agent.state) ? listening(agent) : make("span", "buttons");
  acts.append(button(word("hangUp"), "hangUp", () => hangUp(call), "", "small danger"));
  made.append(acts);
  return made;
}

function drawPast({ call, segments }) {
  const made = part("past");
  const talked = segments.filter((one) => one.kind === "talk" && one.ended_at !== null && one.consult_id === null)
    .reduce((sum, one) => sum + one.ended_at - one.started_at, 0);
  const more = [call.name !== call.number && call.name, queueName(call.queue_id), agentName(call.agent_id),
    call.dnis && word("called", phoneNumber(call.dnis)), word("arrived", seconds(call.arrived_at)),
    call.wait_ms !== null && word("waited", duration(call.wait_ms)),
    talked > 0 && word("conversation", duration(talked))];
  made.append(make("p", "state-now", words().outcomes[call.outcome] || call.outcome),
    make("p", "quiet", more.filter(Boolean).join(" · ")));
  return made;
}

function drawData(data) {
  const made = part("data", word("dataOf"));
  const list = make("dl", "pairs");
  for (const [name, value] of Object.entries(data).sort())
    list.append(make("dt", "", name), make("dd", "", value));
  made.append(list);
  return made;
}

// ---- why ---------------------------------------------------------------------------------------

function drawWhy(decisions) {
  const made = part("why", word("whyRouted"));
  if (!decisions.length) made.append(make("p", "none", word("noDecision")));
  decisions.forEach((decision, i) => {
    const one = make("article", "decision");
    const head = make("p", "");
    head.append(make("span", "time", seconds(decision.decided_at)), ` ${queueName(decision.queue_id)}`);
    if (decision.agent_id) head.append(" → ", make("b", "", agentName(decision.agent_id)));
    one.append(head, make("p", "sentence", decision.sentence));
    if (decision.candidates.length) {
      const fold = make("details");
      fold.dataset.act = `why ${i}`;
      const summary = make("summary", "", `${word("considered")} (${decision.candidates.length})`);
      summary.dataset.act = `whom ${i}`;
      const list = make("ul");
      list.append(...decision.candidates.map((seen) => make("li", "", seen.sentence)));
      fold.append(summary, list);
      one.append(fold);
    }
    made.append(one);
  });
  return made;
}

// ---- what was said -----------------------------------------------------------------------------

async function play(recording, place) {
  try {
    const audio = make("audio");
    const sound = await (await request("GET", `/recordings/${encodeURIComponent(recording.id)}/audio`)).blob();
    audio.src = URL.createObjectURL(sound);
    audio.controls = true;
    place.replaceWith(audio);
    await audio.play();
  } catch (error) {
    say(error.message || word("noServer"), true);
  }
}

function drawRecordings(recordings) {
  const made = part("recordings", word("recordings"));
  if (!recordings.length) made.append(make("p", "none", word("noRecording")));
  for (const recording of recordings) {
    const row = make("p", "recording");
    row.append(make("span", "time", recording.started_at === null ? "" : seconds(recording.started_at)),
      ` ${agentName(recording.agent_id)}${recording.duration_ms === null ? "" : ` · ${duration(recording.duration_ms)}`} `);
    if (recording.state === "kept") {
      const listen = button(word("playIt"), `play ${recording.id}`, () => play(recording, listen));
      row.append(listen);
    } else {
      row.append(make("span", "quiet", word(recording.state === "lost" ? "recordingLost" : "recordingNow")));
    }
    made.append(row);
  }
  return made;
}

function drawNotes({ notes, dispositions }) {
  const made = part("notes", word("notes"));
  for (const one of [...dispositions, ...notes].sort((a, b) => a.at - b.at)) {
    const text = [one.code && dispositionName(one.code), one.note, one.text].filter(Boolean).join(" — ");
    const row = make("p", "", text);
    row.append(make("span", "quiet", ` ${agentName(one.agent_id)} ${clock(one.at)}`));
    made.append(row);
  }
  return made;
}

panelOf("call", {
  title(id) {
    const call = floor.calls.get(id) || (told?.id === id && told.detail?.call);
    return call ? callerName(call) : word("loading");
  },
  sections(id) {
    const call = floor.calls.get(id);
    const known = told?.id === id ? told : null;
    if (known && known.language !== language) { known.language = language; load(id); } // its sentences
    const detail = known?.detail;
    const data = call ? call.data : detail?.data || {};
    const made = [];
    if (call) made.push({ key: "live", draw: () => drawLive(call) });
    else if (detail) made.push({ key: "past", draw: () => drawPast(detail) });
    if (Object.keys(data).length) made.push({ key: "data", draw: () => drawData(data) });
    if (known) made.push({ key: "why", draw: () => drawWhy(known.decisions) });
    if (detail) made.push({ key: "recordings", draw: () => drawRecordings(detail.recordings) });
    if (detail && detail.notes.length + detail.dispositions.length)
      made.push({ key: "notes", draw: () => drawNotes(detail) });
    return made;
  },
  opened(id) { told = null; load(id); },
});
