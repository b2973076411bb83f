"""The floor as it is now: once over HTTP, or as a stream over a WebSocket.

Supervisors see everything; an agent sees all queues, but only themself and their own call.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable
from typing import Literal, TypeVar
from urllib.parse import urlsplit

import orjson
from fastapi import APIRouter, WebSocket, WebSocketDisconnect
from pydantic import Field

from acd.model import AgentState, CallState
from api.auth import AsAgent, Principal, authenticate, principal_of
from api.context import Context, Ctx, context_of
from api.feed import Subscription, Unseen
from api.problems import Problem, described
from api.shapes import Instant, Out
from control.client import FloorAbsent
from control.protocol import AgentView, CallView
from store.rows import Role

router = APIRouter(tags=["live"])
stream_router = APIRouter(tags=["live"])

SUBPROTOCOL = "plateau.live"
TICKET_PREFIX = "ticket."
RECHECK_S = 60.0
CLOSE_EXPIRED = 4401

T = TypeVar("T")


class _TooSlow(Exception):
    """The reader does not take what is sent to it."""


class LiveAgent(Out):
    """An agent now. `after`: the state that starts when the present work ends."""

    id: str
    name: str
    state: AgentState
    since: Instant
    reason: str | None
    after: AgentState | None
    phone_up: bool
    call_id: str | None


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


class LiveCall(Out):
    """A call in progress."""

    id: str
    state: CallState
    dnis: str
    number: str | None
    arrived_at: Instant
    since: Instant
    queue_id: str | None
    agent_id: str | None
    on_hold: bool


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


class LiveNews(Out):
    """What changed since the stream's last message; the `gone` lists hold ids."""

    type: Literal["change"] = "change"
    at: Instant
    agents: list[LiveAgent]
    queues: list[LiveQueue]
    calls: list[LiveCall]
    agents_gone: list[str]
    queues_gone: list[str]
    calls_gone: list[str]


def _sees_agent(principal: Principal, view: AgentView) -> bool:
    return principal.may_act_for(view.id)


def _sees_call(principal: Principal, view: CallView) -> bool:
    return principal.may_act_for(view.agent_id)


def snapshot(context: Context, principal: Principal) -> LiveFloor:
    """All that this one may see."""
    feed = context.feed
    return LiveFloor(
        at=feed.at,
        floor=feed.present,
        time_zone=context.settings.time_zone,
        agents=[
            LiveAgent.model_validate(view)
            for view in feed.agents.values()
            if _sees_agent(principal, view)
        ],
        queues=[LiveQueue.model_validate(view) for view in feed.queues.values()],
        calls=[
            LiveCall.model_validate(view)
            for view in feed.calls.values()
            if _sees_call(principal, view)
        ],
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
    if not principal.has(Role.SUPERVISOR):
        # A call that goes from this agent to another has left what they may see.
        calls_gone += [view.id for view in calls if not _sees_call(principal, view)]
        agents_gone = []
    message = LiveNews(
        at=feed.at,
        agents=[LiveAgent.model_validate(v) for v in agents if _sees_agent(principal, v)],
        queues=[LiveQueue.model_validate(view) for view in queues],
        calls=[LiveCall.model_validate(v) for v in calls if _sees_call(principal, v)],
        agents_gone=agents_gone,
        queues_gone=queues_gone,
        calls_gone=calls_gone,
    )
    things = message.agents, message.queues, message.calls, agents_gone, queues_gone, calls_gone
    return message if any(things) else None


@router.get(
    "/live",
    operation_id="getLive",
    summary="Queues, agents and calls now",
    responses=described(401, 503),
)
async def live(context: Ctx, principal: AsAgent) -> LiveFloor:
    """503 while the floor is absent."""
    await context.feed.heard()
    if not context.feed.present:
        raise FloorAbsent("The floor is not running.")
    return snapshot(context, principal)


# ---- the stream -------------------------------------------------------------------------------


def _origin_allowed(socket: WebSocket, context: Context) -> bool:
    origin = socket.headers.get("origin")
    if origin is None:  # not a browser: the credentials alone decide
        return True
    if origin in context.settings.allowed_origins:
        return True
    return urlsplit(origin).netloc == socket.headers.get("host")


async def _who(socket: WebSocket, context: Context) -> tuple[Principal, str | None]:
    """The principal and the subprotocol to answer with. Raises Problem."""
    offered = [item.strip() for item in socket.headers.get("sec-websocket-protocol", "").split(",")]
    chosen = SUBPROTOCOL if SUBPROTOCOL in offered else None
    ticket = next(
        (o.removeprefix(TICKET_PREFIX) for o in offered if o.startswith(TICKET_PREFIX)), None
    )
    if ticket is not None:
        found = context.tickets.take(ticket, context.now_ms())
        if found is None:
            raise Problem(401, "bad-ticket", "The ticket is unknown, used or too old.")
        async with context.engine.connect() as conn:
            principal = await principal_of(conn, found.actor, context.now_ms())
        if principal is None:
            raise Problem(401, "bad-ticket", "This account has been closed.")
        return (
            Principal(
                principal.actor,
                principal.name,
                principal.role,
                principal.agent_id,
                found.expires_at,
            ),
            chosen,
        )
    scheme, _, token = socket.headers.get("authorization", "").partition(" ")
    bearer = token if scheme.lower() == "bearer" else None
    return await authenticate(context, bearer, socket.headers.get("x-api-key")), chosen


@stream_router.websocket("/live/stream")
async def stream(socket: WebSocket) -> None:
    """A snapshot, then coalesced changes. See docs/api.md for the messages and close codes."""
    context = context_of(socket)
    try:
        if not _origin_allowed(socket, context):
            raise Problem(403, "origin", "This origin may not open the live stream.")
        principal, subprotocol = await _who(socket, context)
    except Problem as problem:
        await socket.send_denial_response(problem.response())
        return
    await socket.accept(subprotocol)
    reader = context.feed.subscribe()
    context.metrics.streams.inc()
    try:
        async with asyncio.TaskGroup() as tasks:
            sender = tasks.create_task(_send(socket, context, principal, reader))
            tasks.create_task(_until_closed(socket, sender))
    except* WebSocketDisconnect:
        pass  # the reader left while something was being sent to it
    except* _TooSlow:
        context.metrics.streams_dropped.inc()
    finally:
        context.feed.unsubscribe(reader)
        context.metrics.streams.dec()


async def _until_closed(socket: WebSocket, sender: asyncio.Task[None]) -> None:
    """Read (and ignore) what the client says until it leaves, then stop sending."""
    try:
        while True:
            message = await socket.receive()
            if message["type"] == "websocket.disconnect":
                break
    finally:
        sender.cancel()


async def _send(
    socket: WebSocket, context: Context, principal: Principal, reader: Subscription
) -> None:
    await context.feed.heard()
    checked_at = context.now_ms()
    while True:
        now_ms = context.now_ms()
        if now_ms - checked_at >= RECHECK_S * 1000:
            checked_at = now_ms
            async with context.engine.connect() as conn:
                found = await principal_of(conn, principal.actor, now_ms)
            if found is None or found.role != principal.role:
                await socket.close(CLOSE_EXPIRED, "signed out")
                return
        left_s = RECHECK_S
        if principal.expires_at is not None:
            left_s = (principal.expires_at - now_ms) / 1000
            if left_s <= 0:
                await socket.close(CLOSE_EXPIRED, "expired")
                return
        try:
            async with asyncio.timeout(min(left_s, RECHECK_S)):
                await reader.news.wait()
        except TimeoutError:
            continue
        unseen = reader.take()
        message = snapshot(context, principal) if unseen.whole else news(context, principal, unseen)
        if message is not None:
            await _write(socket, context, message)
        await asyncio.sleep(context.settings.stream_interval_s)


async def _write(socket: WebSocket, context: Context, message: LiveFloor | LiveNews) -> None:
    """Send one message. Raises _TooSlow when the reader does not take it; it is then dropped."""
    text = orjson.dumps(message.model_dump(mode="json")).decode()
    try:
        async with asyncio.timeout(context.settings.stream_send_timeout_s):
            await socket.send_text(text)
    except TimeoutError as error:
        raise _TooSlow from error
