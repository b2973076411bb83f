"""Ends of a leg that are nobody's hang-up: no sound for too long, and answered elsewhere."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable

import pytest
from sqlalchemy import select

from acd.model import AgentState
from plateau.clock import Clock
from store import tables as t
from store.reporting import By, ReportQuery, report
from tests.contract.harness import Behaviour, EndedBy
from tests.contract.team import CALLER, CUSTOMER, RINGING, TeamFloor
from tests.waiting import until

pytestmark = [pytest.mark.contract, pytest.mark.asyncio(loop_scope="module")]

_CUT_WITHIN_S = 20
"""The switch of these tests waits 10 s for sound."""

WAITING, HELD = "+33612345671", "+33612345672"


async def _media_lost(team: TeamFloor, by: By, scopes: Iterable[str]) -> dict[str, int]:
    now_ms = Clock().now_ms()
    async with team.store.connect() as conn:
        rows = await report(conn, ReportQuery(now_ms - 60_000, now_ms + 1, now_ms, by=by))
    found = {row.scope: row.sums.media_lost for row in rows}
    return {scope: found.get(scope, 0) for scope in scopes}


async def _lost_numbers(team: TeamFloor) -> set[object]:
    contacts = {row["id"] for row in await team.rows(t.contact)}
    async with team.store.connect() as conn:
        rows = await conn.execute(select(t.lost_call.c.contact_id, t.lost_call.c.number))
        return {row.number for row in rows if row.contact_id in contacts}


async def test_a_leg_without_sound_is_cut_and_nobody_has_hung_up(team: TeamFloor) -> None:
    """A caller's and an agent's in conversation, a caller's on hold, and one that waits."""
    async with (
        team.in_talk("ana", "601") as (_, talking),
        team.in_talk("cleo", "602") as (cleo, _other),
        team.at_work("dan") as dan,
        team.caller("604", tone_hz=CALLER, number=HELD) as held,
        team.caller("605", tone_hz=CALLER, number=WAITING) as waiting,
    ):
        await dan.until_hears(CALLER, within_s=5)
        await dan.hold()
        await team.agent_is("dan", AgentState.HOLDING)
        await waiting.answered()
        for silent in (talking, cleo, held, waiting):
            silent.audio.pause()
        ends = await asyncio.gather(
            *(one.ended(timeout_s=_CUT_WITHIN_S) for one in (talking, cleo, held, waiting))
        )
        assert ends == [EndedBy.REMOTE] * 4
    contacts = {row["dnis"]: row for row in await team.assert_clean(4)}
    told = {
        dnis: (row["outcome"], row["ended_by"], row["reason"]) for dnis, row in contacts.items()
    }
    assert told == {
        "601": ("answered", "media_lost", "caller_media_lost"),
        "602": ("answered", "media_lost", "agent_media_lost"),
        "604": ("answered", "media_lost", "caller_media_lost"),
        "605": ("abandoned", "media_lost", "caller_media_lost"),
    }
    ended = {
        (row["agent_id"], row["end_reason"])
        for row in await team.segments()
        if row["kind"] in ("talk", "hold") and row["end_reason"] not in ("held", "resumed")
    }
    assert ended == {("ana", "media_lost"), ("cleo", "media_lost"), ("dan", "media_lost")}
    assert await _media_lost(team, By.QUEUE, ("sales", "support", "all", "auto")) == {
        "sales": 1, "support": 1, "all": 1, "auto": 1,
    }  # fmt: skip
    assert await _media_lost(team, By.AGENT, ("ana", "cleo", "dan", "eve")) == {
        "ana": 1, "cleo": 1, "dan": 1, "eve": 0,
    }  # fmt: skip
    assert await _lost_numbers(team) == {WAITING}, "who waited has not been served"


@pytest.mark.parametrize(
    ("reason", "outcome"),
    [
        ("Q.850;cause=26", "answered_elsewhere"),
        ('SIP;cause=200;text="Call completed elsewhere"', "answered_elsewhere"),
        ('SIP;cause=200;text="elsewhere, and so", Q.850;cause=26', "answered_elsewhere"),
        ("Q.850 ;cause=16", "abandoned"),
        ("SIP;cause=487", "abandoned"),
        (None, "abandoned"),
    ],
)
async def test_a_caller_taken_back_by_the_network_was_answered_elsewhere(
    team: TeamFloor, reason: str | None, outcome: str
) -> None:
    offered = (await team.queue_view("sales")).offered_today
    async with team.at_work("ana", Behaviour.MANUAL) as ana:
        async with team.caller(RINGING, number=CUSTOMER) as caller:
            await ana.rung()
            if reason is None:
                await caller.hang_up()
            else:
                await caller.give_up(reason)
            assert await caller.ended() is EndedBy.CANCEL
        await ana.ended()
        elsewhere = outcome == "answered_elsewhere"
        assert ("cause=200" in (ana.cancel_reason() or "")) is elsewhere
        await team.agent_is("ana", AgentState.READY)
        (contact,) = await team.assert_clean()
        assert (contact["outcome"], contact["ended_by"]) == (outcome, "caller")
        assert [visit[:2] for visit in await team.visits()] == [("sales", outcome)]
        assert await _lost_numbers(team) == set(), "short, or answered elsewhere"

        async def counted() -> bool:
            now = (await team.queue_view("sales")).offered_today
            return now == offered + (not elsewhere)

        await until("the day's figures are so", counted, within_s=3)
