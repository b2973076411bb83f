"""Does what SIPp counted stand in SQL, call by call? Reads the store, compares by name.

The two accounts come from different programs: SIPp's own logs of both sides, and the rows that the
floor's facts became.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

import msgspec
from sqlalchemy import ColumnElement, and_, func, select
from sqlalchemy.ext.asyncio import AsyncConnection

from acd.model import AgentState, CallKind, EndedBy, OfferEnd, SegmentKind, VisitOutcome
from demo.cast import CONNECTED
from demo.crowd import SippCounts
from demo.rest import FloorHealth, KpiRow
from store import tables as t
from store.engine import open_store


class SqlCounts(msgspec.Struct, frozen=True):
    """Counts of rows. `contacts` to `talks` are of callers; `all_…` of every kind of call.

    `rings` are those at a phone: a connected agent's line does not ring. `talks` are conversations
    with a visit of its own: holds do not count them twice.
    """

    contacts: int
    ended_by_caller: int
    ended_by_others: int
    visits_answered: int
    talks: int
    all_contacts: int
    all_ended: int
    terminal_records: int
    terminal_contacts: int
    ended_by_agent: int
    rings: int
    rings_answered: int
    all_visits: int
    all_visits_closed: int
    recordings: int
    recordings_kept: int
    callbacks: int
    callbacks_reached: int
    dispositions: int
    transfers: int
    consultations: int
    pauses: int
    alerts: int
    alerts_cleared: int


class Comparison(msgspec.Struct, frozen=True):
    """One thing counted twice. `left` and `right` say who counted."""

    name: str
    left: str
    left_count: int
    right: str
    right_count: int
    agrees: bool


_CONTACT, _EVENT, _SEGMENT, _VISIT = t.contact.c, t.event.c, t.segment.c, t.queue_visit.c
_INBOUND = and_(_CONTACT.arrived_at.is_not(None), _CONTACT.kind == CallKind.INBOUND.value)
_ENDED = _EVENT.kind == "ContactEnded"
_RING = and_(_SEGMENT.kind == SegmentKind.RING.value, _SEGMENT.agent_id != CONNECTED)
_OF_CALLERS = _VISIT.kind == CallKind.INBOUND.value
_ANSWERED = and_(_VISIT.outcome == VisitOutcome.ANSWERED.value, _OF_CALLERS)
_TALKED = and_(
    _SEGMENT.kind == SegmentKind.TALK.value,
    _SEGMENT.visit_id.in_(select(_VISIT.id).where(_OF_CALLERS)),
)
_OURS = _CONTACT.ended_by.in_([e.value for e in EndedBy if e is not EndedBy.CALLER])

_WHAT: Final[Mapping[str, tuple[ColumnElement[bool], *tuple[ColumnElement[str], ...]]]] = {
    "contacts": (_INBOUND,),
    "ended_by_caller": (and_(_INBOUND, _CONTACT.ended_by == EndedBy.CALLER.value),),
    "ended_by_others": (and_(_INBOUND, _OURS),),
    "visits_answered": (_ANSWERED,),
    "talks": (_TALKED, _SEGMENT.visit_id),
    "all_contacts": (_CONTACT.arrived_at.is_not(None),),
    "all_ended": (_CONTACT.outcome.is_not(None),),
    "terminal_records": (_ENDED,),
    "terminal_contacts": (_ENDED, _EVENT.contact_id),
    "ended_by_agent": (_CONTACT.ended_by == EndedBy.AGENT.value,),
    "rings": (_RING,),
    "rings_answered": (and_(_RING, _SEGMENT.end_reason == OfferEnd.ANSWERED.value),),
    "all_visits": (_VISIT.enqueued_at.is_not(None),),
    "all_visits_closed": (_VISIT.left_at.is_not(None),),
    "recordings": (t.recording.c.started_at.is_not(None),),
    "recordings_kept": (t.recording.c.kept_at.is_not(None),),
    "callbacks": (t.callback.c.booked_at.is_not(None),),
    "callbacks_reached": (t.callback.c.outcome == "reached",),
    "dispositions": (t.disposition.c.code.is_not(None),),
    "transfers": (t.transfer.c.at.is_not(None),),
    "consultations": (_SEGMENT.kind == SegmentKind.CONSULT.value, _SEGMENT.consult_id),
    "pauses": (t.agent_state.c.state == AgentState.PAUSED.value,),
    "alerts": (t.alert_event.c.raised_at.is_not(None),),
    "alerts_cleared": (t.alert_event.c.cleared_at.is_not(None),),
}


async def read_counts(store_url: str) -> SqlCounts:
    """Count in the store. Raises StoreError, SQLAlchemyError."""
    engine = open_store(store_url)
    try:
        async with engine.connect() as conn:
            return SqlCounts(**{name: await _count(conn, *what) for name, what in _WHAT.items()})
    finally:
        await engine.dispose()


async def _count(
    conn: AsyncConnection, condition: ColumnElement[bool], what: ColumnElement[str] | None = None
) -> int:
    number = func.count() if what is None else func.count(func.distinct(what))
    return int(await conn.scalar(select(number).where(condition)) or 0)


def compare(
    sipp: SippCounts,
    sql: SqlCounts,
    health: FloorHealth,
    floor: Sequence[KpiRow],
    acts: Mapping[str, int],
) -> list[Comparison]:
    """Every count that must agree. `acts`: what REST was asked for and granted."""
    values = floor[0].values if floor else {}
    counters = health.counters
    rows = [
        ("callers dialled = contacts", "SIPp", sipp.dialled, "SQL", sql.contacts),
        ("callers answered = contacts", "SIPp", sipp.answered, "SQL", sql.contacts),
        ("callers = contacts received (KPI)", "SIPp", sipp.dialled, "REST",
         _whole(values, "received")),
        ("ended by the caller", "SIPp", sipp.ended_by_caller, "SQL", sql.ended_by_caller),
        ("ended by the other side", "SIPp", sipp.ended_by_switch, "SQL", sql.ended_by_others),
        ("agents hung up (phone or click)", "SIPp, REST",
         sipp.phones_hung_up + acts.get("hang-up", 0), "SQL", sql.ended_by_agent),
        ("phones rung = rings, and the line", "SIPp", sipp.phones_rung, "SQL", sql.rings + 1),
        ("phones answered = rings answered", "SIPp", sipp.phones_answered, "SQL",
         sql.rings_answered + 1),
        ("visits answered = talks", "SQL", sql.visits_answered, "SQL", sql.talks),
        ("talks = answered (KPI)", "SQL", sql.talks, "REST", _whole(values, "answered")),
        ("visits = visits left", "SQL", sql.all_visits, "SQL", sql.all_visits_closed),
        ("calls of all kinds = ended", "SQL", sql.all_contacts, "SQL", sql.all_ended),
        ("calls = terminal records", "SQL", sql.all_contacts, "SQL", sql.terminal_records),
        ("one terminal record each", "SQL", sql.terminal_records, "SQL", sql.terminal_contacts),
        ("recordings begun = kept", "SQL", sql.recordings, "SQL", sql.recordings_kept),
        ("callbacks (KPI)", "SQL", sql.callbacks, "REST", _whole(values, "callbacks_requested")),
        ("customers called back", "SIPp", sipp.customers_called_back, "SQL", sql.callbacks_reached),
        ("customers called back (KPI)", "SIPp", sipp.customers_called_back, "REST",
         _whole(values, "callbacks_reached")),
        ("experts outside asked", "SIPp", sipp.experts_answered, "REST",
         acts.get("ask-outside", 0)),
        ("dispositions set", "REST", acts.get("disposition", 0), "SQL", sql.dispositions),
        ("transfers, blind and warm", "REST",
         acts.get("transfer", 0) + acts.get("complete", 0), "SQL", sql.transfers),
        ("consultations", "REST", acts.get("consult", 0), "SQL", sql.consultations),
        ("alerts raised = over", "SQL", sql.alerts, "SQL", sql.alerts_cleared),
        ("SIPp calls failed", "SIPp", sipp.failed, "wanted", 0),
        ("phones refused", "SIPp", sipp.phones_refused, "wanted", 0),
        ("calls left on the floor", "floor", health.calls, "wanted", 0),
        *(
            (f"floor: {name.removesuffix('_total').replace('_', ' ')}", "floor",
             int(counters.get(name, -1)), "wanted", 0)
            for name in (
                "faults_total",
                "impossible_transitions_total",
                "recordings_lost_total",
                "store_facts_rejected_total",
                "ari_reconnects_total",
            )
        ),
    ]  # fmt: skip
    return [Comparison(*row, agrees=row[2] == row[4]) for row in rows]


def _whole(values: dict[str, float | None], key: str) -> int:
    return int(values.get(key) or 0)
