"""Calls: what happened to each, why it was routed as it was, and ending one."""

from __future__ import annotations

from typing import Annotated, Final

import msgspec
import orjson
from fastapi import APIRouter, Header, Query
from pydantic import Field, JsonValue

from acd.events import EndCall
from acd.facts import Supervised
from acd.model import (
    CallId,
    CallKind,
    EndedBy,
    Outcome,
    SegmentKind,
    TargetKind,
    VisitOutcome,
)
from api import acts
from api.auth import AsAgent, AsSupervisor, Principal, only_own
from api.callbacks import Callback
from api.context import Ctx
from api.paging import (
    Cursor,
    Limit,
    Number,
    Page,
    Since,
    Until,
    decode_cursor,
    page_of,
    sought,
)
from api.problems import described, not_found
from api.reasons import Language, Names, named_decision, of_candidate, of_decision, pick_language
from api.recordings import Recording, RecordingState
from api.shapes import Instant, Out, PathId, Saved, SkillLevel
from api.voicemails import Voicemail
from store import call_acts, config, queries
from store.call_totals import CallTotals, totals_of
from store.errors import NotFound
from store.rows import Role

router = APIRouter(prefix="/calls", tags=["calls"])

_HIDDEN: Final = frozenset({Supervised.__name__})
"""Facts that an agent does not see of their own calls."""


class Call(Out):
    """A call; `outcome` None: in progress. `root_id` is the call that it follows from, or itself.

    `queue_id` and `agent_id` are those of its last stay in a queue; of a call that an agent placed,
    those for which and by whom.
    """

    id: str
    kind: CallKind | None
    direction: str | None
    root_id: str | None
    arrived_at: Instant
    ended_at: Instant | None
    dnis: str | None
    number: str | None
    name: str | None
    flow_id: str | None
    outcome: Outcome | None
    ended_by: EndedBy | None
    reason: str | None
    queue_id: str | None
    agent_id: str | None
    wait_ms: int | None
    withheld: bool = Field(description="the caller hides the number, which is null then")


class CallRecording(Out):
    """A recording of the call; its audio is at /recordings/{id}/audio once it is kept."""

    id: str
    state: RecordingState
    agent_id: str | None
    duration_ms: int | None


class ListedCall(Call):
    """A call in a list. `talk_ms` is conversation with its agents without holds, `hold_ms` the time
    on hold, as reports count them; of a call in progress, what has ended of it.
    """

    talk_ms: int
    hold_ms: int
    recordings: list[CallRecording] = Field(description="an agent sees their own")


class Calls(Page[ListedCall]):
    """A page of the list."""


class Visit(Out):
    """A stay in a queue."""

    id: str
    seq: int | None
    queue_id: str | None
    required: list[SkillLevel]
    priority: int | None
    enqueued_at: int | None
    left_at: int | None
    outcome: VisitOutcome | None
    agent_id: str | None
    ringing: bool | None
    service_level_ms: int | None
    short_abandon_ms: int | None
    kind: CallKind | None
    estimate_ms: int | None = Field(description="the wait that was predicted at entry")
    overflow_to: str | None = Field(description="where it was sent: `queue:ID`, `number:+33…`")
    moved_by: str | None


class Segment(Out):
    """A stretch of the call's time; `consult_id` tells those of a consultation apart."""

    id: str
    visit_id: str | None
    agent_id: str | None
    team: str | None
    kind: SegmentKind | None
    started_at: int | None
    ended_at: int | None
    end_reason: str | None
    consult_id: str | None


class FlowStep(Out):
    """A node of the flow that the caller went through."""

    flow_id: str
    version: int
    node: str
    kind: str
    input: str | None
    entered_at: int
    left_at: int


class CallEvent(Out):
    """A fact as it was told."""

    subject: str
    seq: int
    kind: str
    agent_id: str | None
    occurred_at: Instant
    received_at: Instant
    payload: JsonValue


class Transfer(Out):
    """An agent gave the call away or took it back; `kind` is how."""

    from_agent_id: str | None
    kind: str
    target_kind: TargetKind
    target_id: str | None
    at: Instant


class CallDisposition(Out):
    """An agent qualified the call; the last of an agent in a queue is the one that counts."""

    agent_id: str | None
    queue_id: str | None
    code: str
    note: str | None
    at: Instant


class Note(Out):
    """Something written down about the call."""

    agent_id: str | None
    text: str
    at: Instant


class Supervision(Out):
    """A supervisor's act; `by` is who, `agent_id` whom it concerned."""

    act: str
    by: str
    agent_id: str | None
    detail: str | None
    at: Instant


class Following(Out):
    """A call that this one led to: a callback, or a message being listened to."""

    id: str
    kind: CallKind
    arrived_at: Instant
    outcome: Outcome | None


class CallDetail(Out):
    """One call with all that is known of it, each list in order of time.

    `data` is what was attached to it, by the end or until now.
    """

    call: Call
    data: dict[str, str]
    visits: list[Visit]
    segments: list[Segment]
    steps: list[FlowStep]
    transfers: list[Transfer]
    dispositions: list[CallDisposition]
    notes: list[Note]
    supervision: list[Supervision]
    callbacks: list[Callback]
    messages: list[Voicemail]
    following: list[Following]
    events: list[CallEvent]
    recordings: list[Recording]


class Candidate(Out):
    """An agent as the router saw them."""

    agent_id: str
    verdict: str
    idle_ms: int | None
    step: int | None = Field(default=None, description="the first step that they fit, from 0")
    preferred: bool = False
    priority: int = 0
    score: int | None = Field(default=None, description="what the queue's strategy counts")
    sentence: str


class RoutingDecision(Out):
    """Why the call was given to this agent, or to nobody, at that moment."""

    visit_id: str
    queue_id: str
    trigger: str
    agent_id: str | None
    decided_at: Instant
    signed_in: int
    could_serve: int | None = Field(default=None, description="of these, busy or not")
    waiting_ahead: int
    waited_ms: int | None = None
    step: int | None = Field(default=None, description="the last step open, from 0")
    steps: int | None = None
    strategy: str | None = None
    delay_s: int | None = Field(default=None, description="membership delays passed, at most")
    only_agent_id: str | None = Field(default=None, description="who was looked for alone")
    sentence: str
    candidates: list[Candidate]


class RoutingDecisions(Page[RoutingDecision]):
    """All decisions about one call, in order."""


@router.get("", operation_id="listCalls", summary="Calls", responses=described(401, 403, 404, 422))
async def list_calls(
    context: Ctx,
    who: AsAgent,
    since: Since = None,
    until: Until = None,
    queue: str | None = None,
    agent: Annotated[str | None, Query(description="had a part in it")] = None,
    answered_by: Annotated[
        str | None, Query(description="the agent who answered it in a queue")
    ] = None,
    outcome: Outcome | None = None,
    kind: CallKind | None = None,
    number: Number = None,
    short_abandon: bool = False,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> Calls:
    """Newest first. With `queue` or `answered_by`, times and outcome are those of the stay there.

    A report's figures are the calls of `kind=inbound` with the report's range and queue, or
    `answered_by` its agent.
    """
    wanted = queries.CallFilter(
        since=since,
        until=until,
        queue_id=queue,
        agent_id=only_own(who, agent, "calls"),
        answered_by=answered_by,
        outcome=outcome,
        number=sought(context, number),
        kind=kind,
        short_abandon=short_abandon,
    )
    async with context.history() as conn:
        if queue is not None:
            await config.get_queue(conn, queue)
        for name in {agent, answered_by} - {None}:
            await config.get_agent(conn, name or "")
        found = await queries.list_calls(conn, wanted, limit=limit + 1, below=decode_cursor(cursor))
        page, after = page_of(found, limit, lambda row: (row.arrived_at, row.id))
        totals = await totals_of(conn, [row.id for row in page])
    return Calls(items=[_listed(who, row, totals[row.id]) for row in page], next=after)


def _listed(who: Principal, row: queries.CallRow, totals: CallTotals) -> ListedCall:
    seen = [one for one in totals.recordings if who.may_act_for(one.agent_id)]
    return ListedCall(
        **Call.model_validate(row).model_dump(),
        talk_ms=totals.talk_ms,
        hold_ms=totals.hold_ms,
        recordings=[CallRecording.model_validate(one) for one in seen],
    )


async def _visible(context: Ctx, who: Principal, call_id: str) -> queries.CallDetail:
    async with context.history() as conn:
        detail = await queries.get_call(conn, call_id)
    if who.has(Role.SUPERVISOR):
        return detail
    part_of = {detail.call.agent_id, *(segment.agent_id for segment in detail.segments)}
    if not any(who.may_act_for(agent_id) for agent_id in part_of):
        raise not_found("call", call_id)  # as if it did not exist: ids tell nothing
    return detail


@router.get(
    "/{call_id}", operation_id="getCall", summary="One call whole", responses=described(401, 404)
)
async def get_call(context: Ctx, who: AsAgent, call_id: PathId) -> CallDetail:
    """What happened to it, and all that was done to it.

    An agent: own calls, without what supervisors did, so that nobody learns who listens to them.
    """
    detail = await _visible(context, who, call_id)
    async with context.history() as conn:
        done = await call_acts.read_acts(conn, call_id)
    all_of_it = who.has(Role.SUPERVISOR)
    live = context.feed.calls.get(call_id)
    data = detail.data if detail.data is not None else (live.data if live is not None else {})
    return CallDetail(
        call=Call.model_validate(detail.call),
        data=data,
        visits=[Visit.model_validate(row) for row in detail.visits],
        segments=[Segment.model_validate(row) for row in detail.segments],
        steps=[FlowStep.model_validate(row) for row in detail.steps],
        transfers=[Transfer.model_validate(row) for row in done.transfers],
        dispositions=[CallDisposition.model_validate(row) for row in done.dispositions],
        notes=[Note.model_validate(row) for row in done.notes],
        supervision=[Supervision.model_validate(row) for row in done.supervision if all_of_it],
        callbacks=[Callback.model_validate(row) for row in done.callbacks],
        messages=[Voicemail.model_validate(row) for row in done.messages],
        following=[Following.model_validate(row) for row in done.following],
        events=[_event(row) for row in detail.events if all_of_it or row.kind not in _HIDDEN],
        recordings=[Recording.model_validate(row) for row in detail.recordings],
    )


def _event(row: queries.EventRow) -> CallEvent:
    return CallEvent(
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
) -> RoutingDecisions:
    """Each decision with the agents considered, in French or English sentences."""
    await _visible(context, who, call_id)
    language = pick_language(lang, accept_language)
    async with context.history() as conn:
        decisions = await queries.list_decisions(conn, call_id)
        names = Names(*(await queries.names_of_agents_and_skills(conn)))
    before: dict[str, queries.DecisionRow] = {}
    told: list[RoutingDecision] = []
    for row in decisions:
        spoken = named_decision(row, names)
        told.append(_told(row, spoken, before.get(row.visit_id), language))
        before[row.visit_id] = spoken
    return RoutingDecisions(items=told)


def _told(
    row: queries.DecisionRow,
    spoken: queries.DecisionRow,
    before: queries.DecisionRow | None,
    language: Language,
) -> RoutingDecision:
    """The decision with its sentences; `spoken` and `before` have names where ids stood."""
    chosen = next((seen for seen in spoken.candidates if seen.verdict == "chosen"), None)
    reasons = [
        msgspec.structs.asdict(seen)
        | {"sentence": of_candidate(said, language, chosen, row.strategy)}
        for seen, said in zip(row.candidates, spoken.candidates, strict=True)
    ]
    sentence = of_decision(spoken, before, language)
    return RoutingDecision.model_validate(
        msgspec.structs.asdict(row) | {"sentence": sentence, "candidates": reasons}
    )


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
            async with context.history() as conn:
                await queries.get_call(conn, call_id)
        except NotFound:
            if context.feed.present:
                raise
    await acts.must_reach_call(context, who, call_id)
    act = EndCall(CallId(call_id), who.actor)
    done = await acts.ask(context, who, act, f"call:{call_id}")
    return Saved(warnings=list(done.warnings))
