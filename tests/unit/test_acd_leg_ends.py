"""What Asterisk 22.10.1 tells of a leg's end before it comes, and what the floor makes of it."""

from __future__ import annotations

import pytest

from acd.events import ChannelGone, PlaceCall
from acd.facts import ContactEnded, SegmentClosed, VisitClosed
from acd.model import (
    AgentId,
    AgentState,
    ChannelId,
    EndedBy,
    LegEnd,
    OfferEnd,
    Outcome,
    Target,
    TargetKind,
    VisitOutcome,
)
from acd.shell.leg_ends import LegEnds
from acd.shell.translate import event_of
from ari.counters import Counters
from ari.decode import decode
from ari.events_gen import ChannelDestroyed, ChannelHangupRequest
from tests.acd_world import OUTSIDE, World
from tests.unit import test_ari_decode as captured
from tests.unit.test_acd_cancel_reasons import cancel, packet

pytestmark = pytest.mark.unit

LEG = ChannelId("ag-c2")


def _request(told: str) -> ChannelHangupRequest:
    """The frame that announces the end of `LEG`; `told` are its own members."""
    frame = captured.DESTROYED_BUSY.replace("ChannelDestroyed", "ChannelHangupRequest")
    event = decode(
        frame.replace('"cause":17,"cause_txt":"User busy","tech_cause":486', told), Counters()
    )
    assert isinstance(event, ChannelHangupRequest)
    return event


@pytest.mark.parametrize(
    ("told", "end"),
    [
        ('"cause":1,"soft":true', LegEnd.MEDIA_LOST),
        ('"cause":32,"soft":true', None),
        ('"cause":26,"tech_cause":487', LegEnd.ANSWERED_ELSEWHERE),
        ('"cause":16,"tech_cause":487', None),
        ('"cause":127,"tech_cause":487', None),
        ('"cause":26,"tech_cause":480', None),
        ('"cause":23,"tech_cause":302', LegEnd.FORWARDED),
        ('"cause":127,"tech_cause":380', LegEnd.FORWARDED),
        ('"soft":false', None),
    ],
)
def test_an_end_is_explained_by_what_was_told_before_it(told: str, end: LegEnd | None) -> None:
    ends = LegEnds()
    ends.announced(_request(told))
    gone = ends.explained(ChannelGone(LEG), None)
    assert gone == ChannelGone(LEG, end=end)
    assert ends.explained(ChannelGone(LEG), None) == ChannelGone(LEG), "told once"


@pytest.mark.parametrize("copied", [True, False])
def test_of_cause_16_only_the_cancel_itself_says_which_it_was(copied: bool) -> None:
    ends = LegEnds()
    request = _request('"cause":16,"tech_cause":487')
    ends.announced(request)
    assert ends.is_doubtful(LEG)
    if copied:
        call_id = str(request.channel.protocol_id).encode()
        message = cancel("Reason: SIP;cause=200").replace(b"call-1", call_id)
        ends.reasons.datagram_received(packet(message), None)
    end = LegEnd.ANSWERED_ELSEWHERE if copied else None
    assert ends.explained(ChannelGone(LEG), None) == ChannelGone(LEG, end=end)
    assert not ends.is_doubtful(LEG)


def test_what_was_told_before_a_gap_is_forgotten() -> None:
    ends = LegEnds()
    ends.announced(_request('"cause":1,"soft":true'))
    ends.forget()
    assert ends.explained(ChannelGone(LEG), None).end is None


def test_a_leg_that_never_came_in_says_itself_that_it_is_forwarded() -> None:
    frame = captured.DESTROYED_BUSY.replace('"cause":17', '"cause":23').replace("486", "302")
    event = decode(frame, Counters())
    assert isinstance(event, ChannelDestroyed)
    gone = event_of(event, "33")
    assert gone == ChannelGone(LEG, 23, sip=302)
    told = ChannelGone(LEG, 23, LegEnd.FORWARDED, sip=302)
    assert LegEnds().explained(gone, event) == told


@pytest.mark.parametrize(
    ("state", "announced", "end"),
    [
        ("Ringing", False, LegEnd.FORWARDED),
        ("Down", False, LegEnd.FORWARDED),
        ("Ringing", True, None),
        ("Up", False, None),
    ],
)
def test_a_leg_that_is_given_up_while_it_rings_and_unannounced_is_forwarded(
    state: str, announced: bool, end: LegEnd | None
) -> None:
    frame = captured.DESTROYED_BUSY.replace('"cause":17', '"cause":0').replace(
        '"tech_cause":486,', ""
    )
    event = decode(frame.replace('"state":"Up"', f'"state":"{state}"'), Counters())
    assert isinstance(event, ChannelDestroyed)
    ends = LegEnds()
    if announced:
        ends.announced(_request('"cause":32,"soft":true'))
    assert ends.explained(ChannelGone(LEG, 0), event).end is end


def _ended(world: World) -> ContactEnded:
    (fact,) = [fact for fact in world.facts if isinstance(fact, ContactEnded)]
    return fact


@pytest.mark.parametrize("whose", ["caller", "agent"])
def test_a_conversation_that_is_cut_for_want_of_sound_was_hung_up_by_nobody(whose: str) -> None:
    world = World()
    caller, ana = world.talk()
    world.legs.discard(caller if whose == "caller" else ana)
    world.tell(ChannelGone(caller if whose == "caller" else ana, end=LegEnd.MEDIA_LOST))
    ended = _ended(world)
    assert (ended.outcome, ended.ended_by) == (Outcome.ANSWERED, EndedBy.MEDIA_LOST)
    assert ended.reason == f"{whose}_media_lost"
    closed = [fact.reason for fact in world.facts if isinstance(fact, SegmentClosed)]
    assert closed[-1] == EndedBy.MEDIA_LOST
    world.over()


@pytest.mark.parametrize(
    ("end", "outcome", "by", "ringing_ends"),
    [
        (LegEnd.ANSWERED_ELSEWHERE, "answered_elsewhere", EndedBy.CALLER, OfferEnd.WITHDRAWN),
        (LegEnd.MEDIA_LOST, "abandoned", EndedBy.MEDIA_LOST, OfferEnd.CALLER_GONE),
        (None, "abandoned", EndedBy.CALLER, OfferEnd.CALLER_GONE),
    ],
)
def test_who_leaves_while_a_phone_rings(
    end: LegEnd | None, outcome: str, by: EndedBy, ringing_ends: OfferEnd
) -> None:
    world = World()
    world.sign_in("ana")
    caller = world.call()
    world.rung("ana")
    world.legs.discard(caller)
    world.tell(ChannelGone(caller, end=end))
    ended = _ended(world)
    assert (ended.outcome, ended.ended_by) == (Outcome(outcome), by)
    (visit,) = [fact for fact in world.facts if isinstance(fact, VisitClosed)]
    assert visit.outcome is VisitOutcome(outcome)
    assert ringing_ends in [f.reason for f in world.facts if isinstance(f, SegmentClosed)]
    assert world.state("ana") is AgentState.READY
    world.over()


def test_a_phone_that_forwards_rests_like_one_that_refuses() -> None:
    world = World()
    world.sign_in("ana")
    caller = world.call()
    leg = world.rung("ana")
    world.legs.discard(leg)
    world.tell(ChannelGone(leg, 23, LegEnd.FORWARDED))
    assert OfferEnd.FORWARDED in [f.reason for f in world.facts if isinstance(f, SegmentClosed)]
    assert world.state("ana") is AgentState.READY
    world.wait(4_000)
    assert leg not in world.legs
    assert world.state("ana") is AgentState.READY
    world.wait(1_500)
    assert world.state("ana") is AgentState.OFFERED
    world.gone(caller)
    world.over()


def test_a_number_that_forwards_is_not_reached() -> None:
    world = World()
    world.sign_in("ana")
    world.tell(PlaceCall(AgentId("ana"), Target(TargetKind.NUMBER, OUTSIDE)))
    world.answer(world.rung("ana"))
    far = world.dialled()
    world.legs.discard(far)
    world.tell(ChannelGone(far, 23, LegEnd.FORWARDED))
    assert _ended(world).reason == "not_taken:forwarded"
    world.over()
