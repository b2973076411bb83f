"""What a list of calls shows beside each call: how long was talked and held, and its recordings.

Read for a whole page at once, so that a list costs no more statements the longer it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection

import msgspec
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from acd.model import SegmentKind
from kpi.intervals import without
from store import tables as t


class RecordingShort(msgspec.Struct, frozen=True):
    """A recording of a call; `state` is started, kept or lost, `duration_ms` None until kept."""

    id: str
    state: str
    agent_id: str | None
    duration_ms: int | None


class CallTotals(msgspec.Struct, frozen=True):
    """Of one call, in ms: its agents' conversations with the other side, and how long that side was
    on hold, as reports count them (holds and consultations are no talk); of what has ended.
    """

    talk_ms: int = 0
    hold_ms: int = 0
    recordings: tuple[RecordingShort, ...] = ()


async def totals_of(conn: AsyncConnection, call_ids: Collection[str]) -> dict[str, CallTotals]:
    """By call; in two statements, however many there are."""
    if not call_ids:
        return {}
    times = await _times(conn, call_ids)
    recordings = await _recordings(conn, call_ids)
    return {
        call_id: CallTotals(*times.get(call_id, (0, 0)), tuple(recordings.get(call_id, ())))
        for call_id in call_ids
    }


async def _times(conn: AsyncConnection, call_ids: Collection[str]) -> dict[str, tuple[int, int]]:
    segment = t.segment.c
    rows = await conn.execute(
        select(segment.contact_id, segment.kind, segment.started_at, segment.ended_at).where(
            segment.contact_id.in_(call_ids),
            segment.kind.in_((SegmentKind.TALK.value, SegmentKind.HOLD.value)),
            segment.agent_id.is_not(None),
            segment.consult_id.is_(None),
            segment.started_at.is_not(None),
            segment.ended_at.is_not(None),
        )
    )
    talks: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    holds: defaultdict[str, list[tuple[int, int]]] = defaultdict(list)
    for row in rows:
        spans = talks if row.kind == SegmentKind.TALK.value else holds
        spans[row.contact_id].append((row.started_at, row.ended_at))
    return {
        call_id: (
            sum(
                end - start
                for talk in talks[call_id]
                for start, end in without(talk, holds[call_id])
            ),
            sum(end - start for start, end in holds[call_id]),
        )
        for call_id in talks.keys() | holds.keys()
    }


async def _recordings(
    conn: AsyncConnection, call_ids: Collection[str]
) -> dict[str, list[RecordingShort]]:
    recording = t.recording.c
    rows = await conn.execute(
        select(t.recording)
        .where(recording.contact_id.in_(call_ids))
        .order_by(recording.started_at, recording.id)
    )
    found: dict[str, list[RecordingShort]] = {}
    for row in rows:
        kept, lost = row.kept_at is not None, row.lost_at is not None
        state = "kept" if kept else "lost" if lost else "started"
        short = RecordingShort(row.id, state, row.agent_id, row.duration_ms)
        found.setdefault(row.contact_id, []).append(short)
    return found
