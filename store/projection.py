"""PURE: from a fact to the rows that it writes.

Every column is written by one kind of fact only, and a row operation names the row by its key. So
the order of facts does not matter, a fact told twice writes the same values again, and operations
on the same row may be merged. There are two exceptions, both exact whatever the order: an agent's
state ends where the next one begins (`ChainState`), and what changes more than once (a callback's
state, a visit's priority) is written by the fact with the highest `seq` (`Put.newest`).
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from acd.facts import (
    AgentStateChanged,
    AlertChanged,
    AnyFact,
    Audited,
    CallbackChanged,
    ContactArrived,
    ContactEnded,
    DigitsSent,
    DispositionSet,
    FlowNodeLeft,
    MessageHeard,
    MessageLeft,
    NoteAdded,
    PriorityChanged,
    RecordingKept,
    RecordingLost,
    RecordingStarted,
    RoutingDecided,
    SegmentClosed,
    SegmentOpened,
    Supervised,
    Transferred,
    VisitClosed,
    VisitOpened,
)
from acd.model import Outcome, SegmentKind

CALLBACK_OVER: Final = frozenset({"reached", "failed", "cancelled"})
"""The states of a callback after which no other comes."""

Value = str | int | float | bool | None
Values = dict[str, Value]


class Put(msgspec.Struct, frozen=True):
    """Insert the row of `table` with this `key`, or set `values` in it if it is there.

    `newest` names the column that holds the `seq` of the fact that wrote these values: they are set
    only over those of a lower one. None: nothing else writes them.
    """

    table: str
    key: tuple[tuple[str, str | int], ...]
    values: Values
    newest: str | None = None


class ChainState(msgspec.Struct, frozen=True):
    """The agent's state `seq` ends the one before it and is ended by the one after it."""

    agent_id: str
    seq: int


RowOp = Put | ChainState

_encoder: Final = msgspec.json.Encoder()


def _json(value: object) -> str:
    return _encoder.encode(value).decode()


def _clean(value: Value) -> Value:
    """PostgreSQL cannot hold NUL in text, and a caller's name may contain anything."""
    return value.replace("\x00", "\ufffd") if isinstance(value, str) else value


def _put(table: str, key: dict[str, str | int], /, **values: Value) -> Put:
    return Put(
        table=table,
        key=tuple(key.items()),
        values={name: _clean(value) for name, value in values.items()},
    )


def _newest(
    column: str, seq: int, table: str, key: dict[str, str | int], /, **values: Value
) -> Put:
    put = _put(table, key, **values, **{column: seq})
    return msgspec.structs.replace(put, newest=column)


def event_row(fact: AnyFact, received_at: int) -> Values:
    """The fact's own row in `event`; `received_at` is when it was written to SQL, UTC ms."""
    return {
        "subject": fact.subject,
        "seq": fact.seq,
        "kind": type(fact).__name__,
        "contact_id": getattr(fact, "call_id", None),
        "agent_id": getattr(fact, "agent_id", None),
        "occurred_at": fact.at,
        "received_at": received_at,
        "payload": _json(fact),
    }


def project(fact: AnyFact) -> tuple[RowOp, ...]:
    """The row operations of one fact; deterministic, needs nothing but the fact."""
    match fact:
        case ContactArrived() | ContactEnded():
            return (_contact(fact),)
        case VisitOpened() | VisitClosed() | PriorityChanged():
            return _visit(fact)
        case SegmentOpened() | SegmentClosed():
            return (_segment(fact),)
        case RecordingStarted() | RecordingKept() | RecordingLost():
            return (_recording(fact),)
        case FlowNodeLeft() | RoutingDecided():
            return (_log_line(fact),)
        case Transferred() | DispositionSet() | NoteAdded() | Supervised():
            return (_act(fact),)
        case CallbackChanged():
            return _callback(fact)
        case MessageLeft() | MessageHeard():
            return (_message(fact),)
        case AlertChanged():
            return (_alert(fact),)
        case Audited():
            return (_audit(fact),)
        case DigitsSent():
            return ()
        case AgentStateChanged():
            state = _put(
                "agent_state",
                {"agent_id": fact.agent_id, "seq": fact.seq},
                state=fact.state.value,
                reason=fact.reason,
                team=fact.team,
                started_at=fact.at,
                productive=fact.productive,
                paid=fact.paid,
                forced_by=fact.by,
            )
            return (state, ChainState(agent_id=fact.agent_id, seq=fact.seq))


def _audit(fact: Audited) -> Put:
    return _put(
        "audit",
        {"act_id": fact.subject},
        at=fact.at,
        actor=fact.actor,
        action=fact.action,
        object=fact.object,
        detail=_json(fact.detail),
    )


def _contact(fact: ContactArrived | ContactEnded) -> Put:
    key: dict[str, str | int] = {"id": fact.call_id}
    if isinstance(fact, ContactArrived):
        return _put(
            "contact",
            key,
            root_id=fact.root_id or fact.call_id,
            prev_id=fact.root_id,
            channel="voice",
            kind=fact.kind.value,
            direction=fact.direction,
            initiation=fact.direction,
            dnis=fact.dnis,
            number=fact.number,
            name=fact.name,
            withheld=fact.withheld,
            flow_id=fact.flow,
            queue_id=fact.queue_id,
            agent_id=fact.agent_id,
            arrived_at=fact.at,
        )
    return _put(
        "contact",
        key,
        ended_at=fact.at,
        ended_by=fact.ended_by.value,
        in_hours=fact.in_hours and fact.outcome is not Outcome.OUT_OF_HOURS,
        outcome=fact.outcome.value,
        reason=fact.reason,
        data=_json(fact.data),
    )


def _visit(fact: VisitOpened | VisitClosed | PriorityChanged) -> tuple[Put, ...]:
    key: dict[str, str | int] = {"id": fact.visit_id}
    if isinstance(fact, VisitClosed):
        closed = _put(
            "queue_visit",
            key,
            contact_id=fact.call_id,
            left_at=fact.at,
            outcome=fact.outcome.value,
            agent_id=fact.agent_id,
            answered_segment_id=fact.segment_id,
            ringing=fact.ringing,
            overflow_to=fact.to,
            moved_by=fact.by,
        )
        return (closed,)
    place = _newest(
        "priority_seq",
        fact.seq,
        "queue_visit",
        key,
        contact_id=fact.call_id,
        priority=fact.priority,
        key=fact.key,
    )
    if isinstance(fact, PriorityChanged):
        return (place,)
    opened = _put(
        "queue_visit",
        key,
        contact_id=fact.call_id,
        seq=fact.visit_seq,
        queue_id=fact.queue_id,
        kind=fact.kind.value,
        required=_json(fact.required),
        enqueued_at=fact.at,
        service_level_ms=fact.service_level_ms,
        short_abandon_ms=fact.short_abandon_ms,
        estimate_ms=fact.estimate_ms,
        waited_before_ms=fact.waited_before_ms,
    )
    return (opened, place)


def _segment(fact: SegmentOpened | SegmentClosed) -> Put:
    key: dict[str, str | int] = {"id": fact.segment_id}
    if isinstance(fact, SegmentOpened):
        return _put(
            "segment",
            key,
            contact_id=fact.call_id,
            visit_id=fact.visit_id,
            agent_id=fact.agent_id,
            team=fact.team,
            kind=fact.kind.value,
            started_at=fact.at,
            consult_id=_consult_of(fact),
        )
    return _put("segment", key, contact_id=fact.call_id, ended_at=fact.at, end_reason=fact.reason)


def _consult_of(fact: SegmentOpened) -> str | None:
    """The consultation that this stretch belongs to: its facts have a subject of their own."""
    apart = fact.subject != fact.call_id and fact.kind is not SegmentKind.ACW
    return fact.subject if apart else None


def _recording(fact: RecordingStarted | RecordingKept | RecordingLost) -> Put:
    key: dict[str, str | int] = {"id": fact.recording_id}
    match fact:
        case RecordingStarted():
            return _put(
                "recording",
                key,
                contact_id=fact.call_id,
                agent_id=fact.agent_id,
                queue_id=fact.queue_id,
                started_at=fact.at,
            )
        case RecordingKept():
            return _put(
                "recording",
                key,
                contact_id=fact.call_id,
                kept_at=fact.at,
                path=fact.path,
                size_bytes=fact.size_bytes,
                duration_ms=fact.duration_ms,
                sha256=fact.sha256,
                fault=fact.fault,
            )
        case RecordingLost():
            return _put(
                "recording",
                key,
                contact_id=fact.call_id,
                lost_at=fact.at,
                lost_reason=fact.reason,
            )


def _log_line(fact: FlowNodeLeft | RoutingDecided) -> Put:
    key: dict[str, str | int] = {"subject": fact.subject, "seq": fact.seq}
    if isinstance(fact, FlowNodeLeft):
        return _put(
            "flow_step",
            key,
            contact_id=fact.call_id,
            flow_id=fact.flow,
            version=fact.version,
            node=fact.node,
            kind=fact.kind,
            input=fact.input,
            entered_at=fact.entered_at,
            left_at=fact.at,
        )
    return _put(
        "routing_decision",
        key,
        contact_id=fact.call_id,
        visit_id=fact.visit_id,
        queue_id=fact.queue_id,
        trigger=fact.trigger,
        agent_id=fact.agent_id,
        decided_at=fact.at,
        signed_in=fact.signed_in,
        waiting_ahead=fact.waiting_ahead,
        candidates=_json(fact.candidates),
        step=fact.step,
        steps=fact.steps,
        strategy=fact.strategy,
        waited_ms=fact.waited_ms,
        delay_s=fact.delay_s,
        only_agent_id=fact.only,
        could_serve=fact.could_serve,
    )


def _act(fact: Transferred | DispositionSet | NoteAdded | Supervised) -> Put:
    """What somebody did to a contact, once."""
    key: dict[str, str | int] = {"subject": fact.subject, "seq": fact.seq}
    match fact:
        case Transferred():
            return _put(
                "transfer",
                key,
                contact_id=fact.call_id,
                from_agent_id=fact.agent_id,
                kind=fact.how,
                target_kind=fact.target_kind.value,
                target_id=fact.target_id,
                at=fact.at,
            )
        case DispositionSet():
            return _put(
                "disposition",
                key,
                contact_id=fact.call_id,
                agent_id=fact.agent_id,
                queue_id=fact.queue_id,
                code=fact.code,
                note=fact.note,
                at=fact.at,
            )
        case NoteAdded():
            return _put(
                "contact_note",
                key,
                contact_id=fact.call_id,
                agent_id=fact.agent_id,
                text=fact.text,
                at=fact.at,
            )
        case Supervised():
            return _put(
                "supervision_act",
                key,
                contact_id=fact.call_id,
                agent_id=fact.agent_id,
                by=fact.by,
                act=fact.act,
                detail=fact.detail,
                at=fact.at,
            )


def _callback(fact: CallbackChanged) -> tuple[Put, ...]:
    key: dict[str, str | int] = {"id": fact.call_id}
    state = _newest(
        "seq",
        fact.seq,
        "callback",
        key,
        queue_id=fact.queue_id,
        number=fact.number,
        origin_contact_id=fact.origin_id,
        state=fact.state,
        attempts=fact.attempts,
        due_at=fact.due_at,
        agent_id=fact.agent_id,
    )
    if fact.state == "booked":
        booked = _put("callback", key, booked_at=fact.at, asked_at=fact.due_at, by=fact.by)
        return (state, booked)
    if fact.state in CALLBACK_OVER:
        return (state, _put("callback", key, ended_at=fact.at, outcome=fact.state))
    return (state,)


def _message(fact: MessageLeft | MessageHeard) -> Put:
    """A message is known by the work item that it makes: the subject of both facts."""
    key: dict[str, str | int] = {"id": fact.subject}
    if isinstance(fact, MessageHeard):
        return _put("voicemail", key, agent_id=fact.agent_id, heard_at=fact.at)
    return _put(
        "voicemail",
        key,
        contact_id=fact.call_id,
        queue_id=fact.queue_id,
        number=fact.number,
        recording_id=fact.recording_id,
        left_at=fact.at,
    )


def _alert(fact: AlertChanged) -> Put:
    """An alert clears by the fact that follows the one which raised it."""
    if not fact.raised:
        return _put(
            "alert_event", {"subject": fact.subject, "seq": fact.seq - 1}, cleared_at=fact.at
        )
    return _put(
        "alert_event",
        {"subject": fact.subject, "seq": fact.seq},
        rule_id=fact.rule_id,
        queue_id=fact.queue_id,
        raised_at=fact.at,
        value=fact.value,
        threshold=fact.threshold,
    )


class Statement(msgspec.Struct, frozen=True):
    """Rows of one shape, written at once: table, key columns, value columns, `Put.newest`."""

    table: str
    key: tuple[str, ...]
    columns: tuple[str, ...]
    newest: str | None = None


class Plan(msgspec.Struct, frozen=True):
    """What a batch writes: complete parameter sets for each statement, then the chains."""

    rows: dict[Statement, list[Values]]
    chains: tuple[ChainState, ...]


def plan(facts: Iterable[AnyFact]) -> Plan:
    """Merge the operations of many facts; the result does not depend on their order."""
    merged: dict[tuple[str, tuple[tuple[str, str | int], ...], str | None], Values] = {}
    chains: set[ChainState] = set()
    for fact in facts:
        for op in project(fact):
            if isinstance(op, ChainState):
                chains.add(op)
                continue
            values = merged.setdefault((op.table, op.key, op.newest), {})
            if op.newest is None or not values or _is_newer(op.values, values, op.newest):
                values.update(op.values)
    rows: dict[Statement, list[Values]] = {}
    for (table, key, newest), values in merged.items():
        names = tuple(name for name, _ in key)
        group = Statement(table, names, tuple(sorted(values)), newest)
        rows.setdefault(group, []).append({**dict(key), **values})
    return Plan(rows=rows, chains=tuple(sorted(chains, key=lambda c: (c.agent_id, c.seq))))


def _is_newer(values: Values, than: Values, column: str) -> bool:
    mine, theirs = values[column], than[column]
    return isinstance(mine, int) and isinstance(theirs, int) and mine > theirs
