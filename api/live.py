"""The floor as it is now: once over HTTP, or as a stream over a WebSocket.

Who sees what is in `api.live_shapes`.
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Iterable
from dataclasses import replace
from typing import Annotated, Literal
from urllib.parse import urlsplit

import msgspec
import orjson
from fastapi import APIRouter, Query, WebSocket, WebSocketDisconnect
from pydantic import Field

from acd.model import AgentState, CallState
from acd.routing.line import place
from api.auth import AsAgent, AsSupervisor, Principal, authenticate, principal_of
from api.context import Context, Ctx, context_of
from api.feed import Subscription
from api.live_shapes import (
    LiveAgent,
    LiveAlert,
    LiveCall,
    LiveFloor,
    LiveNews,
    LiveQueue,
    alerts_of,
    call_of,
    news,
    sees_agent,
    sees_call,
    snapshot,
)
from api.paging import Page
from api.problems import Problem, described
from api.shapes import Instant, Out
from control.client import FloorAbsent
from control.occupancy import occupancy_of
from control.protocol import CallView

router = APIRouter(tags=["live"])
stream_router = APIRouter(tags=["live"])

SUBPROTOCOL = "plateau.live"
TICKET_PREFIX = "ticket."
RECHECK_S = 60.0
CLOSE_EXPIRED = 4401


class Beat(Out):
    """The link is alive: what the client sees is what is. `at` is the floor's clock."""

    type: Literal["beat"] = "beat"
    at: Instant


class _TooSlow(Exception):
    """The reader does not take what is sent to it."""


class QueuesNow(Page[LiveQueue]):
    """Queues at one instant."""

    at: Instant


class AgentNow(LiveAgent):
    """An agent with their occupancy."""

    occupancy: float | None = Field(
        description="share of the time signed in that was busy; null in the first minute"
    )


class AgentsNow(Page[AgentNow]):
    """Agents at one instant."""

    at: Instant


class CallNow(LiveCall):
    """A call with its place."""

    position: int | None = Field(description="in its queue, from 1; null: it does not wait")


class CallsNow(Page[CallNow]):
    """Calls at one instant."""

    at: Instant


class AlertsNow(Page[LiveAlert]):
    """Alerts that stand at one instant."""

    at: Instant


class Colleague(Out):
    """Somebody whom a call may be sent to. `free`: they could take one now."""

    id: str
    name: str
    team: str | None
    signed_in: bool
    free: bool


class ColleaguesNow(Page[Colleague]):
    """Colleagues at one instant."""

    at: Instant


async def _present(context: Context) -> None:
    await context.feed.heard()
    if not context.feed.present:
        raise FloorAbsent("The floor is not running.")


@router.get(
    "/live",
    operation_id="getLive",
    summary="Queues, agents, calls and alerts now",
    responses=described(401, 503),
)
async def live(context: Ctx, principal: AsAgent) -> LiveFloor:
    """503 while the floor is absent."""
    await _present(context)
    return snapshot(context, principal)


@router.get(
    "/live/queues",
    operation_id="getLiveQueues",
    summary="Queues now",
    responses=described(401, 503),
)
async def live_queues(context: Ctx, _: AsAgent) -> QueuesNow:
    """By id."""
    await _present(context)
    views = sorted(context.feed.queues.values(), key=lambda view: view.id)
    return QueuesNow(items=[LiveQueue.model_validate(view) for view in views], at=context.feed.at)


@router.get(
    "/live/agents",
    operation_id="getLiveAgents",
    summary="Agents now",
    responses=described(401, 422, 503),
)
async def live_agents(
    context: Ctx,
    principal: AsAgent,
    team: Annotated[str | None, Query(max_length=63)] = None,
    state: AgentState | None = None,
) -> AgentsNow:
    """By id; an agent: themself."""
    await _present(context)
    at = context.feed.at
    found = [
        AgentNow.model_validate(
            msgspec.structs.asdict(view) | {"occupancy": occupancy_of(view, at)}
        )
        for _, view in sorted(context.feed.agents.items())
        if sees_agent(principal, view)
        and (team is None or view.team == team)
        and (state is None or view.state is state)
    ]
    return AgentsNow(items=found, at=at)


@router.get(
    "/live/calls",
    operation_id="getLiveCalls",
    summary="Calls now",
    responses=described(401, 422, 503),
)
async def live_calls(
    context: Ctx,
    principal: AsAgent,
    queue: Annotated[str | None, Query(max_length=63)] = None,
    state: CallState | None = None,
) -> CallsNow:
    """Waiting ones first, in the order of their queues; then by arrival. An agent: their own."""
    await _present(context)
    positions = _positions(context.feed.calls.values())
    found = [
        CallNow(**call_of(principal, view).model_dump(), position=positions.get(view.id))
        for view in sorted(context.feed.calls.values(), key=_in_order)
        if sees_call(principal, view)
        and (queue is None or view.queue_id == queue)
        and (state is None or view.state is state)
    ]
    return CallsNow(items=found, at=context.feed.at)


def _in_order(view: CallView) -> tuple[bool, str, tuple[int, int]]:
    if view.key is None:
        return (True, view.queue_id or "", (view.arrived_at, 0))
    return (False, view.queue_id or "", place(view.key, view.order or 0))


def _positions(views: Iterable[CallView]) -> dict[str, int]:
    """Places in the queues, from 1, of all who wait in one."""
    places: dict[str, int] = {}
    counts: Counter[str] = Counter()
    for view in sorted((view for view in views if view.key is not None), key=_in_order):
        counts[view.queue_id or ""] += 1
        places[view.id] = counts[view.queue_id or ""]
    return places


@router.get(
    "/live/alerts",
    operation_id="getLiveAlerts",
    summary="Alerts that stand now",
    responses=described(401, 403, 503),
)
async def live_alerts(context: Ctx, principal: AsSupervisor) -> AlertsNow:
    """Thresholds passed for as long as their rules say."""
    await _present(context)
    return AlertsNow(items=alerts_of(principal, context.feed.alerts), at=context.feed.at)


@router.get(
    "/live/colleagues",
    operation_id="getColleagues",
    summary="Whom a call may be sent to",
    responses=described(401, 503),
)
async def colleagues(context: Ctx, principal: AsAgent) -> ColleaguesNow:
    """All agents but oneself, with no more than is needed to choose one."""
    await _present(context)
    found = [
        Colleague(
            id=view.id,
            name=view.name,
            team=view.team,
            signed_in=view.state is not AgentState.SIGNED_OUT,
            free=view.state is AgentState.READY,
        )
        for _, view in sorted(context.feed.agents.items())
        if view.id != principal.agent_id
    ]
    return ColleaguesNow(items=found, at=context.feed.at)


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
            raise Problem(
                401,
                "bad-ticket",
                "The ticket is unknown, used or too old.",
                "Le ticket est inconnu, déjà utilisé ou trop ancien.",
            )
        async with context.engine.connect() as conn:
            principal = await principal_of(conn, found.actor, found.issued_at, context.now_ms())
        if principal is None:
            raise Problem(
                401,
                "bad-ticket",
                "This sign-in was ended, or the account closed.",
                "Cette session est terminée, ou le compte fermé.",
            )
        return replace(principal, expires_at=found.expires_at), chosen
    scheme, _, token = socket.headers.get("authorization", "").partition(" ")
    bearer = token if scheme.lower() == "bearer" else None
    return await authenticate(context, bearer, socket.headers.get("x-api-key")), chosen


@stream_router.websocket("/live/stream")
async def stream(socket: WebSocket) -> None:
    """A snapshot, then coalesced changes. See docs/api.md for the messages and close codes."""
    context = context_of(socket)
    try:
        if not _origin_allowed(socket, context):
            raise Problem(
                403,
                "origin",
                "This origin may not open the live stream.",
                "Cette origine ne peut pas ouvrir le flux en direct.",
            )
        principal, subprotocol = await _who(socket, context)
        _enter(context, principal)
    except Problem as problem:
        await socket.send_denial_response(problem.response())
        return
    reader = context.feed.subscribe()
    context.metrics.streams.inc()
    try:
        await socket.accept(subprotocol)
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
        context.streams.leave(principal.actor)


def _enter(context: Context, principal: Principal) -> None:
    if not context.streams.enter(principal.actor):
        raise Problem(
            429,
            "too-many-streams",
            f"This account or key has {context.streams.most} live streams open: close one first.",
            f"Ce compte ou cette clé a {context.streams.most} flux ouverts : fermez-en un.",
            headers={"Retry-After": "5"},
        )


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
    clock, beat_s = asyncio.get_running_loop().time, context.settings.stream_beat_s
    beat_at = clock() + beat_s
    while True:
        if clock() >= beat_at:
            beat_at = clock() + beat_s
            await _write(socket, context, Beat(at=context.feed.at))
        now_ms = context.now_ms()
        if now_ms - checked_at >= RECHECK_S * 1000:
            checked_at = now_ms
            async with context.engine.connect() as conn:
                found = await principal_of(conn, principal.actor, principal.issued_at, now_ms)
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
            async with asyncio.timeout(min(left_s, RECHECK_S, max(0.0, beat_at - clock()))):
                await reader.news.wait()
        except TimeoutError:
            continue
        unseen = reader.take()
        message = snapshot(context, principal) if unseen.whole else news(context, principal, unseen)
        if message is not None:
            await _write(socket, context, message)
        await asyncio.sleep(context.settings.stream_interval_s)


async def _write(socket: WebSocket, context: Context, message: LiveFloor | LiveNews | Beat) -> None:
    """Send one message. Raises _TooSlow when the reader does not take it; it is then dropped."""
    text = orjson.dumps(message.model_dump(mode="json")).decode()
    try:
        async with asyncio.timeout(context.settings.stream_send_timeout_s):
            await socket.send_text(text)
    except TimeoutError as error:
        raise _TooSlow from error
