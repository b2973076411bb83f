"""The whole way on real Asterisk: dial, menu, queue, agent, talk, recording, SQL."""

from __future__ import annotations

import pytest

from acd.model import AgentState
from store import tables as t
from tests.contract.real_floor import RealFloor

pytestmark = pytest.mark.contract


async def test_menu_choice_reaches_its_queue_and_both_hear_each_other(floor: RealFloor) -> None:
    async with floor.agent("ana", tone_hz=1000) as ana, floor.caller("600") as caller:
        await caller.answered(timeout_s=5)
        await caller.until_hears_other_sound(within_s=5)
        await caller.press("1")
        await ana.answered(timeout_s=5)
        await floor.agent_is("ana", AgentState.TALKING)
        await caller.until_hears(1000, within_s=5)
        await ana.until_hears(440, within_s=5)
        await caller.hang_up()
        await floor.agent_is("ana", AgentState.WRAP_UP)
        await floor.agent_is("ana", AgentState.READY)
        (contact,) = await floor.contacts(1)
        assert (contact["outcome"], contact["ended_by"]) == ("answered", "caller")
        (visit,) = await floor.rows(t.queue_visit)
        assert (visit["queue_id"], visit["outcome"], visit["agent_id"]) == (
            "sales",
            "answered",
            "ana",
        )
        (recording,) = await floor.kept_recordings(1)
        assert recording["lost_reason"] is None
