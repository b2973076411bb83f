// Callbacks that an agent books, and the lost calls to return.
import { byId, keep, make, options, say } from "/draw.js";
import { colleagueName, known } from "/desk.js";
import { phoneNumber, word, words } from "/language.js";
import { act, me } from "/session.js";
import { clock, floor, timeZone } from "/stream.js";

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

export async function book(event) {
  event.preventDefault();
  const at = byId("callback-at").value;
  const done = await act("POST", "/callbacks", {
    queue_id: byId("callback-queue").value, number: byId("callback-number").value,
    ...(byId("callback-name").value.trim() ? { name: byId("callback-name").value } : {}),
    ...(at ? { at: instant(at) } : {}),
    ...(byId("callback-me").checked ? { agent_id: "me" } : {}),
  });
  if (!done) return;
  say(word("booked", phoneNumber(done.number)));
  byId("callback-form").reset();
}

function drawEntry(entry, lookUpAgain) {
  const item = make("li", "lost");
  const path = `/recall-list/${encodeURIComponent(entry.id)}`;
  const told = [floor.queues.get(entry.queue_id)?.name || entry.queue_id, `${word("lostAt")} ${clock(entry.last_lost_at, { weekday: "short" })}`];
  if (entry.losses > 1) told.push(`${entry.losses} ${word("losses")}`);
  const own = entry.claimed_by === me.agent_id;
  if (entry.claimed_by && !own) told.push(word("takenBy", colleagueName(entry.claimed_by)));
  const call = make("button", "main", word("callIt"));
  call.type = "button";
  call.dataset.act = "call";
  call.disabled = Boolean(entry.claimed_by) && !own;
  call.addEventListener("click", async () => { await act("POST", `${path}/call`, {}); lookUpAgain(); });
  item.append(make("b", "", phoneNumber(entry.number)), make("span", "quiet", told.join(" · ")), call);
  if (own) {
    const result = make("select");
    result.dataset.act = "result";
    result.setAttribute("aria-label", word("finish"));
    options(result, [["", word("chooseOne")], ...Object.entries(words().results)]);
    const finish = make("button", "", word("finish"));
    finish.type = "button";
    finish.dataset.act = "finish";
    finish.addEventListener("click", async () => {
      if (!result.value) { result.focus(); return; }
      await act("POST", `${path}/done`, { result: result.value });
      lookUpAgain();
    });
    item.append(result, finish);
  }
  return item;
}

export function drawRecall(lookUpAgain) {
  keep(byId("recall"), known.recall, (entry) => entry.id,
    (entry) => drawEntry(entry, lookUpAgain));
  byId("no-recall").hidden = known.recall.length > 0;
}
