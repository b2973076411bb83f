"""Who calls, on the wire: what a carrier's headers make of it, and what of it reaches whom."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Sequence
from pathlib import Path

import pytest

from acd.events import CompleteTransfer, Consult, Transfer
from acd.model import AgentId, CallState
from load.dialog import Dialog
from tests.contract.harness import SippCaller, Subscriber
from tests.contract.team import (
    ANA,
    BOB,
    CALLER,
    NUMBERS,
    OUTSIDE_NUMBER,
    OUTSIDER,
    TeamFloor,
    agent,
    both_hear,
    number,
)

pytestmark = [pytest.mark.contract, pytest.mark.asyncio(loop_scope="module")]

_ANA = AgentId("ana")
_OUTSIDE = {OUTSIDE_NUMBER: Subscriber(tone_hz=OUTSIDER)}
_DIGITS = "699887766"
_NAME = "Sylvestre"
_SHOWN = "644332211"
"""Of one who hides nothing: what is kept of it stays in the home that all these tests share."""
_ASSERTED = f'P-Asserted-Identity: "{_NAME}" <sip:+33{_DIGITS}@carrier.example;user=phone>'
_NOBODY = '"Anonymous" <sip:anonymous@anonymous.invalid>'
_HIMSELF = f'"{_NAME}" <sip:+33{_DIGITS}@carrier.example>'

WITHHELD = {
    "id": (_HIMSELF, [_ASSERTED, "Privacy: id"]),
    "user and id, in another order": (_NOBODY, ["Privacy: user;id;critical", _ASSERTED]),
    "two lines of Privacy": (_HIMSELF, [_ASSERTED, "Privacy: history", "Privacy: header"]),
    "an anonymous From alone": (_NOBODY, [_ASSERTED]),
    "two asserted values": (_NOBODY, [f"{_ASSERTED}, <tel:+33{_DIGITS}>", "Privacy: id"]),
    "Remote-Party-ID": (
        _HIMSELF,
        [f"Remote-Party-ID: {_HIMSELF};party=calling;privacy=full;screen=yes"],
    ),
}


def _calling(
    team: TeamFloor,
    sender: str | None,
    headers: Sequence[str] = (),
    *,
    dnis: str = "601",
    uri: str | None = None,
) -> SippCaller:
    """A caller whose carrier says this of them."""
    return SippCaller(team.site, dnis=dnis, tone_hz=CALLER, sender=sender, headers=headers, uri=uri)


def _told(*parties: Dialog) -> str:
    """All that these phones were sent."""
    return "\n".join(
        "\n".join([message.first_line, *map(str, message.fields), message.body])
        for party in parties
        for message in party.sipp.messages()
        if not message.sent
    )


def _holds(text: str) -> list[str]:
    return [word for word in (_DIGITS, _NAME) if word in text]


def _files_with(folder: Path, words: Iterable[str]) -> list[str]:
    """The files of a folder that hold one of these words."""
    wanted = [word.encode() for word in words]
    files = (path for path in folder.rglob("*") if path.is_file())
    return [str(path) for path in files if any(word in path.read_bytes() for word in wanted)]


async def _kept_nowhere(team: TeamFloor) -> None:
    """Neither number nor name is in the journal, in SQL, or in what the floor said."""
    (contact,) = await team.assert_clean()
    assert (contact["number"], contact["name"], contact["withheld"]) == (None, None, True)
    assert _files_with(team.settings.home, [_DIGITS, _NAME]) == []
    assert _holds(team.said()) == []


@pytest.mark.parametrize("form", WITHHELD)
async def test_who_hides_the_number_is_shown_to_nobody(team: TeamFloor, form: str) -> None:
    sender, headers = WITHHELD[form]
    async with team.at_work("ana") as ana, _calling(team, sender, headers) as caller:
        await both_hear(ana, ANA, caller, CALLER)
        call = await team.only_call()
        assert (call.number, call.name, call.withheld) == (None, None, True)
        # A re-INVITE in mid-call names the number again.
        await caller.hold()
        await caller.resume()
        await both_hear(ana, ANA, caller, CALLER)
        assert _holds(repr(await team.live())) == []
        assert _holds(_told(ana)) == []
        await caller.hang_up()
        await ana.ended()
        await _kept_nowhere(team)


async def test_a_hidden_number_goes_nowhere_with_a_transfer(team: TeamFloor) -> None:
    sender, headers = WITHHELD["an anonymous From alone"]
    async with (
        team.outside(_OUTSIDE) as outside,
        team.at_work("bob") as bob,
        team.at_work("ana") as ana,
        _calling(team, sender, headers) as caller,
    ):
        await both_hear(ana, ANA, caller, CALLER)
        await team.ask(Consult(_ANA, agent("bob")))
        await both_hear(ana, ANA, bob, BOB)
        await team.ask(CompleteTransfer(_ANA))
        await both_hear(bob, BOB, caller, CALLER)
        await caller.hold()
        await caller.resume()
        await both_hear(bob, BOB, caller, CALLER)
        # By the phone's own key, to the outside.
        transfer = await bob.refer(OUTSIDE_NUMBER)
        assert await transfer.finished(within_s=5) == 200
        called = await outside.called(OUTSIDE_NUMBER)
        await asyncio.gather(
            caller.until_hears(OUTSIDER, within_s=5), called.until_hears(CALLER, within_s=5)
        )
        await caller.hold()
        await caller.resume()
        await called.until_hears(CALLER, within_s=5)
        assert _holds(_told(ana, bob, called)) == []
        await caller.hang_up()
        await called.ended()
        await _kept_nowhere(team)


async def test_a_phone_that_joins_two_calls_learns_no_hidden_number(team: TeamFloor) -> None:
    sender, headers = WITHHELD["an anonymous From alone"]
    async with (
        team.at_work("bob", sign_in=True) as bob,
        team.at_work("ana") as ana,
        _calling(team, sender, headers) as caller,
    ):
        await both_hear(ana, ANA, caller, CALLER)
        await ana.hold()
        second = await ana.dial(NUMBERS["bob"], tone_hz=ANA)
        await second.until_hears(BOB, within_s=5)
        transfer = await ana.refer_attended(second)
        assert await transfer.finished(within_s=5) == 200
        await both_hear(bob, BOB, caller, CALLER)
        assert _holds(_told(ana, bob)) == []
        await caller.hang_up()
        await bob.ended()
        await team.nobody_left()
        assert _files_with(team.settings.home, [_DIGITS, _NAME]) == []


@pytest.mark.parametrize(
    "asserted",
    [
        [f'P-Asserted-Identity: "Lo, Ana" <sip:+33{_SHOWN}@c.example>, <tel:+33-6-44-33-22-11>'],
        ["P-Asserted-Identity: <sip:gw@c.example>, <tel:+33-6-44-33-22-11>"],
        [
            "P-Asserted-Identity: <sip:gw@c.example>",
            f"P-Asserted-Identity: <tel:0{_SHOWN};phone-context=+33>",
        ],
    ],
    ids=["sip and tel", "tel second", "two lines"],
)
async def test_the_number_is_found_among_two_asserted_values(
    team: TeamFloor, asserted: list[str]
) -> None:
    sender = '"gateway :)" <sip:gw@c.example>'
    async with team.at_work("ana") as ana, _calling(team, sender, asserted) as caller:
        await both_hear(ana, ANA, caller, CALLER)
        call = await team.only_call()
        assert (call.number, call.withheld) == (f"+33{_SHOWN}", False)
        assert ana.invite.caller == f"+33{_SHOWN}"
        await caller.hang_up()
        await team.assert_clean()


async def test_a_name_hidden_alone_leaves_the_number(team: TeamFloor) -> None:
    himself = f'"{_NAME}" <sip:+33{_SHOWN}@carrier.example>'
    party = f"Remote-Party-ID: {himself};party=calling;privacy=name"
    async with team.at_work("ana") as ana, _calling(team, himself, [party]) as caller:
        await both_hear(ana, ANA, caller, CALLER)
        call = await team.only_call()
        assert (call.number, call.name, call.withheld) == (f"+33{_SHOWN}", None, False)
        assert _holds(_told(ana)) == []
        assert _SHOWN in _told(ana)
        await caller.hang_up()
        await team.assert_clean()


async def test_names_and_numbers_of_the_carrier_begin_no_argument(team: TeamFloor) -> None:
    """Commas, brackets and quotes of a header or of what is dialled stay where they are."""
    sender = f'"Du,pont) (x:1) ))))) :5" <sip:+33{_SHOWN}@c.example>'
    async with team.at_work("ana") as ana, _calling(team, sender) as caller:
        await both_hear(ana, ANA, caller, CALLER)
        call = await team.only_call()
        assert (call.number, call.dnis) == (f"+33{_SHOWN}", "601")
        assert call.name == "Du,pont) (x:1) ))))) :5"
        await caller.hang_up()
        await team.assert_clean()


_AT = "@[remote_ip]:[remote_port]"


@pytest.mark.parametrize(
    "uri",
    [
        f"sip:601;npdi{_AT}",
        f"sip:601;rn=+33140000000;npdi{_AT};user=phone",
        f"sip:601%3Bcpc=ordinary{_AT}",
        f"sip:601;phone-context=+33{_AT}",
        "tel:601;phone-context=+33",
    ],
)
async def test_parameters_of_the_dialled_number_lead_nowhere_else(
    team: TeamFloor, uri: str
) -> None:
    async with team.at_work("ana") as ana, _calling(team, None, uri=uri) as caller:
        await both_hear(ana, ANA, caller, CALLER)
        assert (await team.only_call()).dnis == "601"
        await caller.hang_up()
        await team.assert_clean()


async def test_parameters_of_what_a_phone_dials_or_refers_to_lead_nowhere_else(
    team: TeamFloor,
) -> None:
    async with team.at_work("bob") as bob, team.at_work("ana") as ana:
        call = await ana.dial(f"{NUMBERS['bob']};npdi")
        await call.until_hears(BOB, within_s=5)
        await call.hang_up()
        await bob.ended()
        async with _calling(team, None) as caller:
            await both_hear(ana, ANA, caller, CALLER)
            transfer = await ana.refer(f"{NUMBERS['bob']};npdi;rn=12")
            assert await transfer.finished(within_s=5) == 200
            await both_hear(bob, BOB, caller, CALLER)
            await caller.hang_up()
        await team.assert_clean(2)
        assert await team.transfers() == [("ana", "phone", "agent", "bob")]


async def test_a_hidden_caller_who_comes_through_a_restart_stays_hidden(team: TeamFloor) -> None:
    sender, headers = WITHHELD["id"]
    async with team.at_work("ana") as ana, _calling(team, sender, headers) as caller:
        await both_hear(ana, ANA, caller, CALLER)
        await team.kill()
        await team.start()
        await both_hear(ana, ANA, caller, CALLER)
        call = await team.only_call()
        assert (call.state, call.number, call.withheld) == (CallState.TALKING, None, True)
        await team.ask(Transfer(_ANA, number(OUTSIDE_NUMBER)))
        async with team.outside(_OUTSIDE) as outside:
            called = await outside.called(OUTSIDE_NUMBER)
            await called.until_hears(CALLER, within_s=5)
            assert _holds(_told(ana, called)) == []
            await caller.hang_up()
            await called.ended()
        await _kept_nowhere(team)
