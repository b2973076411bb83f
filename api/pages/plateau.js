// The live floor: alerts, queues, waiting calls, conversations, agents; and what supervisors do.
import "/agent_panel.js";
import { drawAgents, lookUpNames, phoneName, teams } from "/agents.js";
import "/call_panel.js";
import { beginCalls, drawTalking, drawWaitingCalls } from "/calls.js";
import { byId, keep, make, running, say } from "/draw.js";
import { beginFilters, drawFilters } from "/filters.js";
import { inOrder, measured, named, word, words } from "/language.js";
import { beginPanel, drawPanel, hidePanel } from "/panel.js";
import { drawQueues, drawTotals, queueName } from "/queues.js";
import { begin, items, me, supervises } from "/session.js";
import { floor, follow, isLive, now, showLink, showLinkAgain, unfollow } from "/stream.js";

const LOOK_MS = 60000; // names and seats are looked up so often

// ---- alerts ------------------------------------------------------------------------------------

function drawAlert(alert) {
  const item = make("li", alert.severity);
  const { metric, value, threshold } = alert;
  item.append(
    make("b", "", `${alert.severity === "critical" ? "▲" : "△"} ${words().metric[alert.severity]}`),
    make("span", "what", `${named(alert.names, alert.rule_id)}${alert.queue_id ? ` — ${queueName(alert.queue_id)}` : ""}`),
    make("span", "measured", word("threshold", measured(metric, value), measured(metric, threshold))),
    running(make("span", "time"), alert.since, now()),
  );
  return item;
}

function drawAlerts() {
  const worst = (alert) => (alert.severity === "critical" ? 0 : 1);
  const alerts = [...floor.alerts].sort((a, b) => worst(a) - worst(b) || a.since - b.since);
  keep(byId("alerts"), alerts, (alert) => `${alert.rule_id} ${alert.queue_id}`, drawAlert);
  byId("alert-band").hidden = alerts.length === 0;
}

// ---- the phone on which I listen ----------------------------------------------------------------

let seats = [];

// Seats, one's own phone, and the phones of agents to whom no call comes now.
function drawPhones() {
  const agents = [...floor.agents.values()].filter((agent) => agent.phone);
  const own = agents.find((agent) => agent.id === me?.agent_id);
  const names = new Map([["", own ? word("mySeat") : word("noneChosen")]]);
  for (const seat of seats) names.set(seat.phone, seat.name || seat.phone);
  for (const agent of agents)
    if (agent !== own && ["signed_out", "paused"].includes(agent.state) && !names.has(agent.phone))
      names.set(agent.phone, agent.own_phone ? agent.name : `${agent.name} (${phoneName(agent)})`);
  const chosen = localStorage.getItem("listening-phone") || "";
  if (!names.has(chosen)) { // it is busy now, and may be free later
    const sitter = agents.find((agent) => agent.phone === chosen);
    names.set(chosen, sitter ? sitter.name : chosen);
  }
  byId("no-phone").hidden = names.size > 1 || Boolean(own);
  const pairs = [...names].sort((a, b) => (a[0] !== "") - (b[0] !== "") || inOrder(a[1], b[1]));
  const select = byId("phone");
  if (select.dataset.drawn === JSON.stringify(pairs)) return;
  select.dataset.drawn = JSON.stringify(pairs);
  select.replaceChildren(...pairs.map(([value, text]) => Object.assign(make("option", "", text), { value })));
  // Where there is but one seat, that is where one listens.
  select.value = chosen || (own || seats.length !== 1 ? "" : seats[0].phone);
}

async function lookUp() {
  if (me === null) return;
  await lookUpNames();
  if (supervises()) seats = await items("/seats").catch(() => seats);
  draw();
}

// ---- all ---------------------------------------------------------------------------------------

function draw() {
  const acts = supervises();
  byId("filters").hidden = !acts;
  if (acts) { drawFilters(teams); drawPhones(); }
  drawTotals();
  drawAlerts();
  drawQueues();
  drawWaitingCalls();
  drawTalking();
  drawAgents();
  drawPanel();
}

byId("phone").addEventListener("change", () => localStorage.setItem("listening-phone", byId("phone").value));
beginFilters(draw);
beginCalls();
beginPanel();

begin({
  arrived() { byId("floor").hidden = false; showLink("connecting"); },
  enter() { byId("desk").hidden = me.agent_id === null; follow(draw); lookUp(); },
  left() {
    hidePanel();
    byId("floor").hidden = byId("desk").hidden = byId("totals").hidden = true;
    say("");
    unfollow();
  },
  translate() { showLinkAgain(); draw(); },
});
// A queue becomes late by the clock alone.
setInterval(() => { if (!byId("floor").hidden && isLive()) { drawQueues(); drawTotals(); drawWaitingCalls(); } }, 1000);
setInterval(lookUp, LOOK_MS);
