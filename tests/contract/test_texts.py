"""Text from outside on a real telephone: what a flow attaches, what a caller's telephone says."""

from __future__ import annotations

import json

import pytest

from acd.model import AgentState
from tests.contract.harness import SippCaller
from tests.contract.office import OfficeFloor
from tests.contract.team import CALLER, DAN, both_hear

pytestmark = [pytest.mark.contract, pytest.mark.asyncio(loop_scope="module")]

CROWN = {
    "flow": "emd",
    "start": "q",
    "nodes": {"q": {"kind": "queue", "queue": "care", "data": {"client": "VIP \U0001f451"}}},
}


async def test_a_flow_as_any_program_writes_it_brings_its_crown_to_the_agent(
    office: OfficeFloor,
) -> None:
    text = json.dumps(CROWN)
    assert "\\ud83d\\udc51" in text
    kind = {"Content-Type": "application/json"}
    await office.configure("POST", "/flows", content=text, headers=kind)
    await office.configure("POST", "/numbers", json={"dnis": "621", "flow": "emd"})
    async with office.at_work("dan") as dan:
        async with office.caller("621", tone_hz=CALLER) as caller:
            await both_hear(dan, DAN, caller, CALLER)
            assert (await office.only_call()).data == {"client": "VIP \U0001f451"}
            (shown,) = (await office.rest("GET", "/live/calls")).json()["items"]
            assert shown["data"] == {"client": "VIP \U0001f451"}
            await caller.hang_up()
        await office.nobody_left()
        await office.agent_is("dan", AgentState.READY)
        async with office.caller("602", tone_hz=CALLER) as caller:
            await both_hear(dan, DAN, caller, CALLER)
            await caller.hang_up()
    rows = await office.assert_clean(contacts=2)
    assert json.loads(str(rows[0]["data"])) == {"client": "VIP \U0001f451"}


NAMES = {
    "Zo\udceb \udcff\udcfe": "Zo\ufffd \ufffd\ufffd",  # bytes that are no UTF-8
    "\U0001f451 Zoë 中文": "\U0001f451 Zoë 中文",
    'a \\"quoted\\" \\\\ name': 'a "quoted" \\ name',
    "x" * 400: "x" * 200,
}
"""As the telephone sends them, and as they are shown."""


async def test_whatever_a_telephone_calls_itself_the_caller_is_served_and_shown(
    office: OfficeFloor,
) -> None:
    async with office.at_work("dan") as dan:
        for sent, shown in NAMES.items():
            sender = f'"{sent}" <sip:+33612345678@[local_ip]:[local_port]>'
            async with SippCaller(office.site, dnis="602", tone_hz=CALLER, sender=sender) as caller:
                await both_hear(dan, DAN, caller, CALLER)
                call = await office.only_call()
                (live,) = (await office.rest("GET", "/live/calls")).json()["items"]
                assert (call.name, live["name"]) == (shown, shown)
                await caller.hang_up()
            await office.nobody_left()
            await office.agent_is("dan", AgentState.READY)
    rows = await office.assert_clean(contacts=len(NAMES))
    assert [row["name"] for row in rows] == list(NAMES.values())
