"""What frames captured from Asterisk 22.10.1 mean to the floor."""

from __future__ import annotations

import pytest

from acd.events import (
    CallArrived,
    ChannelGone,
    LegAnswered,
    LegReplaced,
    PhoneDialled,
    PhoneReachable,
    PhoneTransferred,
    PhoneUnreachable,
    PromptFinished,
    RecordingEnded,
    SwitchEvent,
)
from acd.model import (
    ChannelId,
    PhoneId,
    PlaybackId,
    RecordingId,
)
from acd.shell.translate import Contacts, event_of, ours
from ari.counters import Counters
from ari.decode import decode
from ari.events_gen import Channel, ContactInfo, ContactStatusChange, Endpoint, RESTResponse
from tests.unit import test_ari_decode as captured

pytestmark = pytest.mark.unit


def meant(frame: str) -> SwitchEvent | None:
    event = decode(frame, Counters())
    assert event is not None
    assert not isinstance(event, RESTResponse)
    return event_of(event, "33")


def started(args: str, name: str = "PJSIP/trunk-00000149") -> str:
    return captured.STASIS_START.replace('["in","1000"]', args).replace(
        "PJSIP/trunk-00000149", name
    )


def test_frames_become_events() -> None:
    channel = ChannelId("1795362851.331")
    assert meant(started('["inbound","600"]')) == CallArrived(channel, "600", "+33612345678", None)
    assert meant(started('["rung","call-1"]')) == LegAnswered(channel)
    assert meant(started('["agent","*12"]', "PJSIP/agent-a-b-00000149")) == PhoneDialled(
        channel, PhoneId("agent-a-b"), "*12"
    )
    assert meant(captured.DESTROYED_BUSY) == ChannelGone(ChannelId("ag-c2"), 17, sip=486)
    assert meant(captured.RECORDING_FINISHED) == RecordingEnded(RecordingId("rec-c2"))
    assert meant(captured.ENDPOINT_STATE) is None  # contacts tell more, and sooner
    assert meant(captured.PLAYBACK_FINISHED) == PromptFinished(PlaybackId("pb-c"))
    failed = captured.PLAYBACK_FINISHED.replace('"state":"done"', '"state":"failed"')
    assert meant(failed) == PromptFinished(PlaybackId("pb-c"), failed=True)


def replaced_by(name: str) -> SwitchEvent | None:
    """What it means when a Local leg of this name takes the place of the phone's, `ana-1`."""
    frame = started("[]", name)
    channel = frame.partition('"channel":')[2].partition(',"asterisk_id"')[0]
    phones = channel.replace("1795362851.331", "ana-1").replace(name, "PJSIP/agent-ana-0000002a")
    return meant(frame.replace(',"asterisk_id"', f',"replace_channel":{phones},"asterisk_id"', 1))


@pytest.mark.parametrize(
    ("dialled", "to"), [("702", "702"), ("support", "support"), ("0140000099", "+33140000099")]
)
def test_a_blind_transfer_is_read_off_the_leg_that_takes_the_phones_place(
    dialled: str, to: str
) -> None:
    event = replaced_by(f"Local/{dialled}@phone-transfer-00000001;1")
    assert event == PhoneTransferred(ChannelId("ana-1"), to)


def test_a_leg_that_takes_a_phones_place_to_join_two_calls_leads_nowhere_yet() -> None:
    event = replaced_by("Local/_attended@transfer-00000011;2")
    assert event == LegReplaced(ChannelId("ana-1"), ChannelId("1795362851.331"))


def contact(uri: str, status: str) -> ContactStatusChange:
    return ContactStatusChange(
        application="plateau-phones",
        timestamp="2026-11-22T15:54:11.458+0000",
        endpoint=Endpoint(technology="PJSIP", resource="agent-ana", channel_ids=()),
        contact_info=ContactInfo(uri=uri, contact_status=status, aor="agent-ana"),
    )


def test_a_phone_can_be_rung_while_it_has_a_contact() -> None:
    contacts, ana = Contacts(), PhoneId("agent-ana")
    assert contacts.event_of(contact("sip:a", "NonQualified")) == PhoneReachable(ana)
    assert contacts.event_of(contact("sip:a", "Reachable")) == PhoneReachable(ana)
    assert contacts.event_of(contact("sip:a", "Unreachable")) == PhoneUnreachable(ana)
    assert contacts.event_of(contact("sip:a", "Reachable")) == PhoneReachable(ana)
    # The phone moves: the new contact comes before the old one goes.
    assert contacts.event_of(contact("sip:b", "NonQualified")) == PhoneReachable(ana)
    assert contacts.event_of(contact("sip:a", "Removed")) == PhoneReachable(ana)
    assert contacts.event_of(contact("sip:b", "Removed")) == PhoneUnreachable(ana)
    contacts.forget()
    assert contacts.event_of(contact("sip:b", "Removed")) == PhoneUnreachable(ana)


@pytest.mark.parametrize("args", ["[]", '["inbound"]', '["in","1000"]', '["agent"]'])
def test_a_leg_with_arguments_of_nobody_means_nothing(args: str) -> None:
    assert meant(started(args)) is None


def leg(state: str, app: str, data: str) -> Channel:
    frame = captured.STASIS_START.replace('"state":"Ring"', f'"state":"{state}"')
    frame = frame.replace('"app_name":"Stasis"', f'"app_name":"{app}"')
    frame = frame.replace('"app_data":"plateau,in,1000"', f'"app_data":"{data}"')
    event = decode(frame, Counters())
    channel = getattr(event, "channel", None)
    assert isinstance(channel, Channel)
    return channel


@pytest.mark.parametrize(
    ("state", "app", "data", "seen"),
    [
        # As read from Asterisk 22.10.1: a rung leg before and after its answer, a caller.
        ("Ringing", "AppDial2", "(Outgoing Line)", (False, ("rung",))),
        ("Up", "Stasis", "plateau,rung,call-1", (True, ("rung", "call-1"))),
        ("Ring", "Stasis", "plateau,inbound,600", (False, ("inbound", "600"))),
        ("Up", "Stasis", "plateau,inbound,600", (True, ("inbound", "600"))),
        ("Up", "Stasis", "plateau-2,inbound,600", None),
        ("Up", "Playback", "plateau,inbound,600", None),
        ("Down", "", "", None),
    ],
)
def test_what_is_ours_is_told_by_what_the_leg_executes(
    state: str, app: str, data: str, seen: tuple[bool, tuple[str, ...]] | None
) -> None:
    found = ours((leg(state, app, data),), "plateau", "33")
    assert [(one.answered, one.args) for one in found] == ([seen] if seen else [])
