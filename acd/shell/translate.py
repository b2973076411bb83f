"""From the switch's words to the floor's: ARI events and snapshots to `acd.events`. Pure.

Knows ARI's vocabulary and the arguments that our dialplan and our originates give; decides nothing.
"""

from __future__ import annotations

from acd.events import (
    CallArrived,
    ChannelGone,
    ChannelHeld,
    ChannelResumed,
    DigitPressed,
    LegAnswered,
    LegReplaced,
    PhoneDialled,
    PhoneReachable,
    PhoneTransferred,
    PhoneUnreachable,
    PromptFinished,
    RecordingEnded,
    SnoopStarted,
    SwitchEvent,
)
from acd.model import ChannelId, PhoneId, PlaybackId, RecordingId
from acd.phone_numbers import as_dialled, without_options
from acd.shell import dialplan
from acd.sightings import SwitchChannel, SwitchSeen
from ari.connection import Snapshot
from ari.events_gen import (
    AriEvent,
    BridgeAttendedTransfer,
    Channel,
    ChannelDestroyed,
    ChannelDtmfReceived,
    ChannelHold,
    ChannelUnhold,
    ContactStatusChange,
    PlaybackFinished,
    RecordingFailed,
    RecordingFinished,
    StasisEnd,
    StasisStart,
)

RUNG = "rung"
"""First argument of a leg that we rang ourselves; `acd.shell.dialplan` has the dialplan's own."""

SNOOP = "snoop"
"""First argument of a leg that listens to another."""

TRANSFER_CONTEXT = "phone-transfer"
"""Where the switch puts what a phone transfers blind; the dialplan knows it by this name."""

FORWARD_CONTEXT = "forwarded"
"""Where the switch puts a leg that was rung and forwards us: no number is there, so nowhere."""

TRANSFERRED = "Success"
"""What the switch says of a transfer by phone that it has carried out."""

HEARD = frozenset(
    {
        "StasisStart",
        "StasisEnd",
        "ChannelHangupRequest",
        "ChannelDestroyed",
        "ChannelDtmfReceived",
        "ChannelHold",
        "ChannelUnhold",
        "PlaybackFinished",
        "RecordingFinished",
        "RecordingFailed",
        "BridgeAttendedTransfer",
    }
)
"""The event types asked of the switch: all others are filtered where they arise."""


def event_of(event: AriEvent, country: str) -> SwitchEvent | None:
    """What an ARI event means for the floor; None where it means nothing.

    `country` is the telephone code (`33`) of numbers that come without one.
    """
    match event:
        case StasisStart(replace_channel=Channel() as replaced, channel=channel):
            return _replaced(replaced, channel, country)
        case StasisStart(channel=channel, args=args):
            return _started(channel, args, country)
        case BridgeAttendedTransfer():
            return _attended(event)
        case StasisEnd(channel=channel):
            return ChannelGone(ChannelId(channel.id))
        case ChannelDestroyed(channel=channel, cause=cause, tech_cause=sip):
            return ChannelGone(
                ChannelId(channel.id), cause, sip=sip, rang=channel.state == "Ringing"
            )
        case ChannelDtmfReceived(channel=channel, digit=digit):
            return DigitPressed(ChannelId(channel.id), digit)
        case ChannelHold(channel=channel):
            return ChannelHeld(ChannelId(channel.id))
        case ChannelUnhold(channel=channel):
            return ChannelResumed(ChannelId(channel.id))
        case PlaybackFinished(playback=playback):
            return PromptFinished(PlaybackId(playback.id), playback.state == "failed")
        case RecordingFinished(recording=recording):
            return RecordingEnded(RecordingId(recording.name))
        case RecordingFailed(recording=recording):
            return RecordingEnded(RecordingId(recording.name), recording.cause or "unknown cause")
        case _:
            return None


class Contacts:
    """Which contacts each phone has registered: a phone can be rung while it has one.

    A contact not qualified yet (up to half a minute after registering) counts; the endpoint's own
    state would call it offline until then. A phone that registers anew from elsewhere has the new
    contact before the old one is removed.
    """

    def __init__(self) -> None:
        self._of: dict[PhoneId, set[str]] = {}

    def forget(self) -> None:
        """After a gap, what is registered is not known."""
        self._of.clear()

    def event_of(self, event: ContactStatusChange) -> SwitchEvent:
        """Whether the phone can be rung after this."""
        contact = event.contact_info
        phone = PhoneId(contact.aor)
        known = self._of.setdefault(phone, set())
        if contact.contact_status in ("Unreachable", "Removed"):
            known.discard(contact.uri)
        else:
            known.add(contact.uri)
        return PhoneReachable(phone) if known else PhoneUnreachable(phone)


def _started(channel: Channel, args: tuple[str, ...], country: str) -> SwitchEvent | None:
    channel_id = ChannelId(channel.id)
    if args[:1] == (RUNG,):
        return LegAnswered(channel_id)
    if args[:1] == (SNOOP,):
        return SnoopStarted(channel_id)
    if args[:1] == (dialplan.INBOUND,) and len(args) >= 2:
        who = dialplan.caller(args, channel, country)
        dnis = dialplan.dialled(args[1])
        return CallArrived(channel_id, dnis, who.number, who.name, who.withheld)
    if args[:1] == (dialplan.AGENT,) and len(args) >= 2:
        to = _dialled(dialplan.dialled(args[1]), country)
        return PhoneDialled(channel_id, _phone(channel.name), to)
    return None


def _replaced(leg: Channel, by: Channel, country: str) -> SwitchEvent:
    """What it means that the switch puts `by`, a leg of its own, in the place of a phone's.

    Its name says where a blind transfer leads (`Local/702@phone-transfer-00000001;1`). The event
    made for this, BridgeBlindTransfer, does not come where the customer is held: Asterisk keeps it
    to itself when nobody but the recording is left in the bridge.
    """
    _, _, place = by.name.partition("Local/")
    extension, _, context = place.partition("@")
    if context.startswith(TRANSFER_CONTEXT + "-"):
        return PhoneTransferred(ChannelId(leg.id), _dialled(extension, country))
    return LegReplaced(ChannelId(leg.id), ChannelId(by.id))


def _attended(event: BridgeAttendedTransfer) -> SwitchEvent | None:
    if event.result != TRANSFERRED:
        return None
    ends = (event.destination_link_first_leg, event.destination_link_second_leg)
    return PhoneTransferred(
        ChannelId(event.transferer_first_leg.id),
        None,
        ChannelId(event.transferer_second_leg.id),
        tuple(ChannelId(leg.id) for leg in ends if leg is not None),
    )


def _dialled(extension: str, country: str) -> str:
    """What a phone dialled: a code, a colleague or a queue as it is, a number in one form."""
    plain = without_options(extension)
    try:
        return as_dialled(plain, country)
    except ValueError:
        return plain


def _phone(channel_name: str) -> PhoneId | None:
    """`PJSIP/agent-ana-00000012` is a leg of the phone `agent-ana`."""
    technology, _, rest = channel_name.partition("/")
    phone = rest.rpartition("-")[0]
    return PhoneId(phone) if technology == "PJSIP" and phone else None


def seen_of(
    snapshot: Snapshot,
    app: str,
    country: str,
    taken_at: int,
    restarted: bool,
    in_sync: bool = True,
) -> SwitchSeen:
    """A snapshot reduced to what is ours; `taken_at` is when its reading began."""
    return SwitchSeen(
        taken_at=taken_at,
        in_sync=in_sync,
        channels=ours(snapshot.channels, app, country),
        bridges={
            bridge.id: tuple(ChannelId(channel) for channel in bridge.channels)
            for bridge in snapshot.bridges
            if bridge.name == app
        },
        phones_up=frozenset(
            PhoneId(endpoint.resource)
            for endpoint in snapshot.endpoints
            if endpoint.state == "online"
        ),
        restarted=restarted,
    )


def ours(channels: tuple[Channel, ...], app: str, country: str) -> tuple[SwitchChannel, ...]:
    """The legs that are in our application, or that we rang and that have not answered yet."""
    found: list[SwitchChannel] = []
    for channel in channels:
        plan = channel.dialplan
        words = tuple((plan.app_data or "").split(",")) if plan.app_name == "Stasis" else ()
        if words[:1] == (app,):
            found.append(_seen(channel, words[1:], country))
        elif plan.app_name == "AppDial2":
            # What ARI's originate shows until the leg answers and enters Stasis.
            found.append(SwitchChannel(ChannelId(channel.id), answered=False, args=(RUNG,)))
    return tuple(found)


def _seen(channel: Channel, args: tuple[str, ...], country: str) -> SwitchChannel:
    """A leg in our application; of a caller's, the arguments that say who calls go no further."""
    leg = SwitchChannel(ChannelId(channel.id), channel.state == "Up", args)
    if args[:1] != (dialplan.INBOUND,) or len(args) < 2:
        return leg
    who = dialplan.caller(args, channel, country)
    return SwitchChannel(
        leg.id,
        leg.answered,
        (dialplan.INBOUND, dialplan.dialled(args[1])),
        who.number,
        who.name,
        who.withheld,
    )
