"""Calls: what happened to each, why it was routed as it was, and ending one."""

from __future__ import annotations

from typing import Annotated

import orjson
from fastapi import APIRouter, Header, Query
from pydantic import BaseModel, JsonValue

from acd.events import EndCall
from acd.model import CallId, Outcome
from api.auth import AsAgent, AsSupervisor, Principal
from api.context import Ctx, audit
from api.cursors import decode_cursor, encode_cursor
from api.problems import described, forbidden, not_found
from api.reasons import of_candidate, of_decision, pick_language
from api.recordings import Recording
from api.shapes import Instant, Out, PathId, Saved, SkillLevel
from store import config, queries
from store.errors import NotFound
from store.rows import Role

router = APIRouter(prefix="/calls", tags=["calls"])

Since = Annotated[int | None, Query(ge=0, le=2**53, description="from this instant on, UTC ms")]
Until = Annotated[int | None, Query(ge=0, le=2**53, description="before this instant, UTC ms")]
Limit = Annotated[int, Query(ge=1, le=500)]
Cursor = Annotated[str | None, Query(max_length=200, description="`next` of the page before")]


class Call(Out):
    """A call; `outcome` None: in progress."""

    id: str
    arrived_at: Instant
    ended_at: Instant | None
    dnis: str | None
    number: str | None
    name: str | None
    flow_id: str | None
    outcome: Outcome | None
    ended_by: str | None
    reason: str | None
    queue_id: str | None
    agent_id: str | None
    wait_ms: int | None


class Calls(BaseModel):
    """A page; `next` is null on the last."""

    calls: list[Call]
    next: str | None


class Visit(Out):
    """A stay in a queue."""

    id: str
    seq: int | None
    queue_id: str | None
    required: list[SkillLevel]
    priority: int | None
    enqueued_at: int | None
    left_at: int | None
    outcome: str | None
    agent_id: str | None
    ringing: bool | None
    service_level_ms: int | None
    short_abandon_ms: int | None


class Segment(Out):
    """A stretch of the call's time."""

    id: str
    visit_id: str | None
    agent_id: str | None
    team: str | None
    kind: str | None
    started_at: int | None
    ended_at: int | None
    end_reason: str | None


class FlowStep(Out):
    """A node of the flow that the caller went through."""

    flow_id: str
    version: int
    node: str
    kind: str
    input: str | None
    entered_at: int
    left_at: int


class Event(Out):
    """A fact as it was told."""

    subject: str
    seq: int
    kind: str
    agent_id: str | None
    occurred_at: Instant
    received_at: Instant
    payload: JsonValue


class CallDetail(BaseModel):
    """One call with all that is known of it, each list in order of time."""

    call: Call
    visits: list[Visit]
    segments: list[Segment]
    steps: list[FlowStep]
    events: list[Event]
    recordings: list[Recording]


class Reason(Out):
    """An agent as the router saw them."""

    agent_id: str
    verdict: str
    idle_ms: int | None
    sentence: str


class Decision(Out):
    """Why the call was given to this agent, or to nobody, at that moment."""

    visit_id: str
    queue_id: str
    trigger: str
    agent_id: str | None
    decided_at: Instant
    signed_in: int
    waiting_ahead: int
    sentence: str
    candidates: list[Reason]


def _own_agent(who: Principal, agent: str | None) -> str | None:
    """Whose calls may be listed: an agent's own only."""
    if who.has(Role.SUPERVISOR):
        return agent
    if who.agent_id is None or agent not in (None, who.agent_id):
        raise forbidden("An agent may see only their own calls.")
    return who.agent_id


@router.get("", operation_id="listCalls", summary="Calls", responses=described(401, 403, 404, 422))
async def list_calls(
    context: Ctx,
    who: AsAgent,
    since: Since = None,
    until: Until = None,
    queue: str | None = None,
    agent: str | None = None,
    outcome: Outcome | None = None,
    number: Annotated[str | None, Query(max_length=64, description="the caller's, exact")] = None,
    short_abandon: bool = False,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Calls:
    """Newest first. With a queue or agent, times and outcome are those of the stay in the queue."""
    wanted = queries.CallFilter(
        since=since,
        until=until,
        queue_id=queue,
        agent_id=_own_agent(who, agent),
        outcome=outcome,
        number=number,
        short_abandon=short_abandon,
    )
    async with context.engine.connect() as conn:
        if queue is not None:
            await config.get_queue(conn, queue)
        if agent is not None:
            await config.get_agent(conn, agent)
        found = await queries.list_calls(conn, wanted, limit=limit + 1, below=decode_cursor(cursor))
    page = found[:limit]
    more = len(found) > limit
    return Calls(
        calls=[Call.model_validate(row) for row in page],
        next=encode_cursor(page[-1].arrived_at, page[-1].id) if more else None,
    )


async def _visible(context: Ctx, who: Principal, call_id: str) -> queries.CallDetail:
    async with context.engine.connect() as conn:
        detail = await queries.get_call(conn, call_id)
    if who.has(Role.SUPERVISOR):
        return detail
    if not any(who.may_act_for(segment.agent_id) for segment in detail.segments):
        raise not_found("call", call_id)  # as if it did not exist: ids tell nothing
    return detail


@router.get(
    "/{call_id}", operation_id="getCall", summary="One call whole", responses=described(401, 404)
)
async def get_call(context: Ctx, who: AsAgent, call_id: PathId) -> CallDetail:
    """Visits to queues, segments, steps in the flow, events, recordings. An agent: own calls."""
    detail = await _visible(context, who, call_id)
    return CallDetail(
        call=Call.model_validate(detail.call),
        visits=[Visit.model_validate(row) for row in detail.visits],
        segments=[Segment.model_validate(row) for row in detail.segments],
        steps=[FlowStep.model_validate(row) for row in detail.steps],
        events=[_event(row) for row in detail.events],
        recordings=[Recording.model_validate(row) for row in detail.recordings],
    )


def _event(row: queries.EventRow) -> Event:
    return Event(
        subject=row.subject,
        seq=row.seq,
        kind=row.kind,
        agent_id=row.agent_id,
        occurred_at=row.occurred_at,
        received_at=row.received_at,
        payload=orjson.loads(row.payload),
    )


@router.get(
    "/{call_id}/routing",
    operation_id="getCallRouting",
    summary="Why was this call routed so",
    responses=described(401, 404),
)
async def get_call_routing(
    context: Ctx,
    who: AsAgent,
    call_id: PathId,
    lang: Annotated[str | None, Query(max_length=20, description="fr or en")] = None,
    accept_language: Annotated[str | None, Header(max_length=500)] = None,
) -> list[Decision]:
    """Each decision with the agents considered, in French or English sentences."""
    await _visible(context, who, call_id)
    language = pick_language(lang, accept_language)
    async with context.engine.connect() as conn:
        decisions = await queries.list_decisions(conn, call_id)
    return [
        Decision(
            visit_id=row.visit_id,
            queue_id=row.queue_id,
            trigger=row.trigger,
            agent_id=row.agent_id,
            decided_at=row.decided_at,
            signed_in=row.signed_in,
            waiting_ahead=row.waiting_ahead,
            sentence=of_decision(
                row.trigger, row.agent_id, row.signed_in, row.waiting_ahead, language
            ),
            candidates=[
                Reason(
                    agent_id=candidate.agent_id,
                    verdict=candidate.verdict,
                    idle_ms=candidate.idle_ms,
                    sentence=of_candidate(candidate, language),
                )
                for candidate in row.candidates
            ],
        )
        for row in decisions
    ]


@router.post(
    "/{call_id}/hang-up",
    operation_id="hangUpCall",
    summary="End a call",
    responses=described(401, 403, 404, 409, 503),
)
async def hang_up(context: Ctx, who: AsSupervisor, call_id: PathId) -> Saved:
    """404 for a call that never was, 409 for one that has ended."""
    if call_id not in context.feed.calls:  # the floor is asked all the same: it knows best
        try:
            async with context.engine.connect() as conn:
                await queries.get_call(conn, call_id)
        except NotFound:
            if context.feed.present:
                raise
    warnings = await context.act(EndCall(CallId(call_id)))
    async with context.engine.begin() as conn:
        await audit(conn, context, who.actor, "hang-up", f"call:{call_id}")
    return Saved(warnings=warnings)
