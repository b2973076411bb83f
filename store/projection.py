"""PURE: from a fact to the rows that it writes.

Every column is written by one kind of fact only, and a row operation names the row by its key. So
the order of facts does not matter, a fact told twice writes the same values again, and operations
on the same row may be merged. The one exception is an agent's state, which ends where the next one
begins: `ChainState` says so, and is exact whatever the order.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

import msgspec

from acd.facts import (
    AgentStateChanged,
    AnyFact,
    ContactArrived,
    ContactEnded,
    FlowNodeLeft,
    RecordingKept,
    RecordingLost,
    RecordingStarted,
    RoutingDecided,
    SegmentClosed,
    SegmentOpened,
    VisitClosed,
    VisitOpened,
)
from acd.model import Outcome

Value = str | int | bool | None
Values = dict[str, Value]


class Put(msgspec.Struct, frozen=True):
    """Insert the row of `table` with this `key`, or set `values` in it if it is there."""

    table: str
    key: tuple[tuple[str, str | int], ...]
    values: Values


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


def event_row(fact: AnyFact, received_at: int) -> Values:
    """The fact's own row in `event`; `received_at` is when it was written to SQL, UTC ms."""
    return {
        "subject": fact.subject,
        "seq": fact.seq,
        "kind": type(fact).__name__,
        "contact_id": None if isinstance(fact, AgentStateChanged) else fact.call_id,
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
        case VisitOpened() | VisitClosed():
            return (_visit(fact),)
        case SegmentOpened() | SegmentClosed():
            return (_segment(fact),)
        case RecordingStarted() | RecordingKept() | RecordingLost():
            return (_recording(fact),)
        case FlowNodeLeft() | RoutingDecided():
            return (_log_line(fact),)
        case AgentStateChanged():
            state = _put(
                "agent_state",
                {"agent_id": fact.agent_id, "seq": fact.seq},
                state=fact.state.value,
                reason=fact.reason,
                team=fact.team,
                started_at=fact.at,
            )
            return (state, ChainState(agent_id=fact.agent_id, seq=fact.seq))


def _contact(fact: ContactArrived | ContactEnded) -> Put:
    key: dict[str, str | int] = {"id": fact.call_id}
    if isinstance(fact, ContactArrived):
        return _put(
            "contact",
            key,
            root_id=fact.call_id,
            prev_id=None,
            channel="voice",
            direction=fact.direction,
            initiation=fact.direction,
            dnis=fact.dnis,
            number=fact.number,
            name=fact.name,
            flow_id=fact.flow,
            arrived_at=fact.at,
        )
    return _put(
        "contact",
        key,
        ended_at=fact.at,
        ended_by=fact.ended_by.value,
        in_hours=fact.outcome is not Outcome.OUT_OF_HOURS,
        outcome=fact.outcome.value,
        reason=fact.reason,
    )


def _visit(fact: VisitOpened | VisitClosed) -> Put:
    key: dict[str, str | int] = {"id": fact.visit_id}
    if isinstance(fact, VisitOpened):
        return _put(
            "queue_visit",
            key,
            contact_id=fact.call_id,
            seq=fact.visit_seq,
            queue_id=fact.queue_id,
            required=_json(fact.required),
            priority=fact.priority,
            key=fact.key,
            enqueued_at=fact.at,
            service_level_ms=fact.service_level_ms,
            short_abandon_ms=fact.short_abandon_ms,
        )
    return _put(
        "queue_visit",
        key,
        contact_id=fact.call_id,
        left_at=fact.at,
        outcome=fact.outcome.value,
        agent_id=fact.agent_id,
        answered_segment_id=fact.segment_id,
        ringing=fact.ringing,
    )


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
        )
    return _put("segment", key, contact_id=fact.call_id, ended_at=fact.at, end_reason=fact.reason)


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
    )


class Plan(msgspec.Struct, frozen=True):
    """What a batch writes: rows grouped so that each group is one statement, then the chains.

    `rows` maps (table, key columns, value columns) to complete parameter sets.
    """

    rows: dict[tuple[str, tuple[str, ...], tuple[str, ...]], list[Values]]
    chains: tuple[ChainState, ...]


def plan(facts: Iterable[AnyFact]) -> Plan:
    """Merge the operations of many facts; the result does not depend on their order."""
    merged: dict[tuple[str, tuple[tuple[str, str | int], ...]], Values] = {}
    chains: set[ChainState] = set()
    for fact in facts:
        for op in project(fact):
            if isinstance(op, ChainState):
                chains.add(op)
            else:
                merged.setdefault((op.table, op.key), {}).update(op.values)
    rows: dict[tuple[str, tuple[str, ...], tuple[str, ...]], list[Values]] = {}
    for (table, key), values in merged.items():
        group = (table, tuple(name for name, _ in key), tuple(sorted(values)))
        rows.setdefault(group, []).append({**dict(key), **values})
    return Plan(rows=rows, chains=tuple(sorted(chains, key=lambda c: (c.agent_id, c.seq))))
