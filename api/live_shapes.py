"""What the live picture looks like to a client, and who sees which part of it.

Supervisors see everything; an agent sees all queues, but only themself and the calls they are in,
and neither who listens to them nor alerts.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal, TypeVar

from pydantic import Field

from acd.config import AlertMetric, Severity
from acd.model import AgentState, CallKind, CallState, MonitorMode, OfferEnd
from api.auth import Principal
from api.context import Context
from api.feed import Unseen
from api.shapes import Instant, Out
from control.protocol import AgentView, AlertView, CallView
from store.rows import Role

T = TypeVar("T")


class LiveAgent(Out):
    """An agent now. `after`: the state that starts when the present work ends.

    `busy_ms` (the present state not included) and `calls_taken` count since `signed_in_at`, which
    is 0 for who is signed out.
    """

    id: str
    name: str
    state: AgentState
    since: Instant
    reason: str | None
    after: AgentState | None
    phone_up: bool
    call_id: str | None
    team: str | None
    phone: str | None = Field(description="where they sit")
    own_phone: bool = Field(description="that phone is their own, not a seat")
    connected: bool = Field(description="a leg to their phone is kept up")
    consult_id: str | None = Field(description="the consultation that they lead")
    queue_id: str | None = Field(description="of the call in hand or in wrap-up")
    wrap_up_until: Instant | None
    wrap_up_mandatory: bool = Field(description="until a disposition is set")
    wrap_up_call_id: str | None
    calls_taken: int
    busy_ms: int
    signed_in_at: Instant
    queue_ids: list[str] = Field(description="the queues whose calls they may ever take")
    not_reached: OfferEnd | None = Field(
        description="why the call outside that they placed last reached nobody: `trunk` (it came "
        "no further than our carrier), `invalid_number`, `busy`, `rejected`, `rona` (no answer), "
        "`failed`; null: it did, or another followed"
    )


class LiveQueue(Out):
    """A queue now. The counts of today run from `counted_from`."""

    id: str
    name: str
    service_level_s: int
    waiting: int
    offered: int
    talking: int
    oldest_at: Instant | None = Field(description="when the longest waiting caller came in")
    fit_ready: int
    fit_signed_in: int
    counted_from: Instant
    offered_today: int
    answered_today: int
    answered_in_time_today: int
    abandoned_today: int
    short_abandoned_today: int
    open: bool
    closed_by_hand: bool
    callbacks: int = Field(description="that wait in the queue")
    messages: int = Field(description="left, and not listened to yet")
    estimate_ms: int | None = Field(description="what a caller who came now would be told to wait")
    estimate_coverage: float | None = Field(description="share of the estimates that held")
    estimate_error_ms: int | None = Field(description="mean distance of estimate and wait")


class LiveMonitor(Out):
    """A supervisor with a conversation; `up` once their phone was picked up."""

    by: str
    agent_id: str
    mode: MonitorMode
    up: bool


class LiveCall(Out):
    """A call in progress. Who waits in one queue stands in the order of `key`, then `order`."""

    id: str
    state: CallState
    dnis: str
    number: str | None
    arrived_at: Instant
    since: Instant
    queue_id: str | None
    agent_id: str | None
    on_hold: bool
    kind: CallKind
    name: str | None
    withheld: bool = Field(description="the caller hides the number, which is null then")
    agent_ids: list[str] = Field(description="all in it, or rung for it")
    outside: str | None = Field(description="the number outside that talks or is rung")
    key: int | None
    order: int | None
    priority: int | None
    enqueued_at: Instant | None
    estimate_ms: int | None = Field(description="the wait announced at entry")
    step: int | None = Field(description="the last step open, from 0")
    due_at: Instant | None = Field(description="a callback's time")
    parent_id: str | None = Field(description="the call from which an agent consults")
    away: bool = Field(description="its agent speaks with somebody they consult")
    muted: bool
    third: bool = Field(description="it is a conference")
    held_by: str | None = Field(description="the agent who put the other side on hold")
    held_by_phone: bool = Field(description="the hold began on a phone: only that phone ends it")
    own_line: bool = Field(description="a consultation on a second line of the agent's phone")
    disposition: str | None
    monitors: list[LiveMonitor]
    data: dict[str, str]


class LiveAlert(Out):
    """A threshold of `metric` that is passed now; `value` is the last seen."""

    rule_id: str
    queue_id: str | None
    since: Instant
    value: float
    threshold: float
    severity: Severity
    names: dict[str, str]
    metric: AlertMetric


class LiveFloor(Out):
    """The floor now; the stream's first message, and again after each time the floor was absent.

    `floor` False (stream only): the floor does not answer, the lists are empty. `time_zone` is
    the business's: a day of counts begins at its midnight.
    """

    type: Literal["snapshot"] = "snapshot"
    at: Instant
    floor: bool
    time_zone: str
    agents: list[LiveAgent]
    queues: list[LiveQueue]
    calls: list[LiveCall]
    alerts: list[LiveAlert]


class LiveNews(Out):
    """What changed since the stream's last message; the `gone` lists hold ids.

    `alerts` are all that stand now, null where none of them changed.
    """

    type: Literal["change"] = "change"
    at: Instant
    agents: list[LiveAgent]
    queues: list[LiveQueue]
    calls: list[LiveCall]
    agents_gone: list[str]
    queues_gone: list[str]
    calls_gone: list[str]
    alerts: list[LiveAlert] | None


# ---- who sees what ----------------------------------------------------------------------------


def sees_agent(principal: Principal, view: AgentView) -> bool:
    """Whether this one may see that agent."""
    return principal.may_act_for(view.id)


def sees_call(principal: Principal, view: CallView) -> bool:
    """Whether this one may see that call."""
    if principal.has(Role.SUPERVISOR):
        return True
    return principal.agent_id is not None and principal.agent_id in view.agent_ids


def call_of(principal: Principal, view: CallView) -> LiveCall:
    """The call as this one may see it."""
    call = LiveCall.model_validate(view)
    return call if principal.has(Role.SUPERVISOR) else call.model_copy(update={"monitors": []})


def alerts_of(principal: Principal, views: Iterable[AlertView]) -> list[LiveAlert]:
    """The alerts that this one may see."""
    seen = views if principal.has(Role.SUPERVISOR) else ()
    return [LiveAlert.model_validate(view) for view in seen]


def snapshot(context: Context, principal: Principal) -> LiveFloor:
    """All that this one may see."""
    feed = context.feed
    agents = [view for view in feed.agents.values() if sees_agent(principal, view)]
    calls = [view for view in feed.calls.values() if sees_call(principal, view)]
    return LiveFloor(
        at=feed.at,
        floor=feed.present,
        time_zone=context.settings.time_zone,
        agents=[LiveAgent.model_validate(view) for view in agents],
        queues=[LiveQueue.model_validate(view) for view in feed.queues.values()],
        calls=[call_of(principal, view) for view in calls],
        alerts=alerts_of(principal, feed.alerts),
    )


def _split(ids: Iterable[str], known: dict[str, T]) -> tuple[list[T], list[str]]:
    here, gone = [], []
    for id_ in sorted(ids):
        if id_ in known:
            here.append(known[id_])
        else:
            gone.append(id_)
    return here, gone


def news(context: Context, principal: Principal, unseen: Unseen) -> LiveNews | None:
    """The changed things that this one may see; None if there are none."""
    feed = context.feed
    agents, agents_gone = _split(unseen.agents, feed.agents)
    queues, queues_gone = _split(unseen.queues, feed.queues)
    calls, calls_gone = _split(unseen.calls, feed.calls)
    alerts = alerts_of(principal, feed.alerts) if unseen.alerts else None
    if not principal.has(Role.SUPERVISOR):
        # A call that goes from this agent to another has left what they may see.
        calls_gone += [view.id for view in calls if not sees_call(principal, view)]
        agents_gone = []
        alerts = None
    message = LiveNews(
        at=feed.at,
        agents=[LiveAgent.model_validate(v) for v in agents if sees_agent(principal, v)],
        queues=[LiveQueue.model_validate(view) for view in queues],
        calls=[call_of(principal, view) for view in calls if sees_call(principal, view)],
        agents_gone=agents_gone,
        queues_gone=queues_gone,
        calls_gone=calls_gone,
        alerts=alerts,
    )
    things = message.agents, message.queues, message.calls, agents_gone, queues_gone, calls_gone
    return message if any(things) or alerts is not None else None
