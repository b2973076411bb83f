"""Channels: everything ARI lets us do to one leg of a call.

Decides how each act is written as a request. Refuses to know why a call is answered or hung up.
Every function raises `AriError`: `Gone` when the channel has ended, `Conflict` when it is not in
Stasis (yet), `NotAcceptable` when it is not up enough, `OutcomeUnknown` when no reply came.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from ari.bridges import IfExists
from ari.call import Commander, ask, given, tell
from ari.errors import Gone
from ari.events_gen import Channel, LiveRecording, Playback, RTPstat, Variable
from ari.wire import segment


class HangupReason(StrEnum):
    """Reasons that ARI takes by name; each gives the SIP answer of the same meaning."""

    NORMAL = "normal"
    BUSY = "busy"
    CONGESTION = "congestion"
    NO_ANSWER = "no_answer"
    TIMEOUT = "timeout"
    REJECTED = "rejected"
    UNALLOCATED = "unallocated"
    NORMAL_UNSPECIFIED = "normal_unspecified"
    NUMBER_INCOMPLETE = "number_incomplete"
    CODEC_MISMATCH = "codec_mismatch"
    INTERWORKING = "interworking"
    FAILURE = "failure"
    ANSWERED_ELSEWHERE = "answered_elsewhere"


class Direction(StrEnum):
    """Which way audio goes, seen from Asterisk: `in` is what the party says."""

    BOTH = "both"
    IN = "in"
    OUT = "out"


class TransferState(StrEnum):
    """What a phone that asked for a transfer is told of it: NOTIFY 100, 200, 503 or 603."""

    PROGRESS = "channel_progress"
    ANSWERED = "channel_answered"
    UNAVAILABLE = "channel_unavailable"
    DECLINED = "channel_declined"


class EndRecordingOn(StrEnum):
    """The keys with which a party ends the recording of itself."""

    NONE = "none"
    ANY = "any"
    STAR = "*"
    HASH = "#"


async def originate(
    conn: Commander,
    channel_id: str,
    endpoint: str,
    *,
    app: str,
    pin: str,
    app_args: str | None = None,
    caller_id: str | None = None,
    timeout_s: int = 30,
    variables: Mapping[str, str] | None = None,
    originator: str | None = None,
    formats: str | None = None,
) -> Channel:
    """Ring `endpoint` (`PJSIP/name`, `PJSIP/+33…@trunk`); when it answers it enters `app`.

    The reply comes before the phone rings. `timeout_s` of -1 rings for ever. `originator` is the
    id of the channel on whose behalf we ring (its accounting and formats are taken over).
    `variables` are set before the INVITE leaves, functions too: `TIMEOUT(absolute)`,
    `PJSIP_HEADER(add,Call-Info)`. Early media is not to be had here, see `create`.
    """
    return await ask(
        conn,
        "POST",
        f"/channels/{segment(channel_id)}",
        Channel,
        pin=pin,
        query=given(
            endpoint=endpoint,
            app=app,
            appArgs=app_args,
            callerId=caller_id,
            timeout=timeout_s,
            originator=originator,
            formats=formats,
        ),
        body={"variables": dict(variables)} if variables else None,
    )


async def create(
    conn: Commander,
    channel_id: str,
    endpoint: str,
    *,
    app: str,
    pin: str,
    app_args: str | None = None,
    variables: Mapping[str, str] | None = None,
    originator: str | None = None,
    formats: str | None = None,
) -> Channel:
    """Make the channel without ringing; it is in `app` at once. `dial` then rings it.

    After its StasisStart, and not before, it may join a bridge and be dialled: the bridge then
    hears ring-back and early media. The answer is told by ChannelStateChange, not by a second
    StasisStart. The number shown comes from the variable `CONNECTEDLINE(all,i)`.
    """
    return await ask(
        conn,
        "POST",
        "/channels/create",
        Channel,
        pin=pin,
        query=given(
            endpoint=endpoint,
            app=app,
            appArgs=app_args,
            channelId=channel_id,
            originator=originator,
            formats=formats,
        ),
        body={"variables": dict(variables)} if variables else None,
    )


async def dial(
    conn: Commander,
    channel_id: str,
    *,
    pin: str,
    caller: str | None = None,
    timeout_s: int | None = None,
) -> None:
    """Ring a channel made by `create`. `ServerFault` is raised when it has just ended."""
    query = given(caller=caller, timeout=timeout_s)
    await tell(conn, "POST", f"/channels/{segment(channel_id)}/dial", query=query, pin=pin)


async def answer(conn: Commander, channel_id: str, *, pin: str) -> None:
    """Answer: from here on the caller pays."""
    await tell(conn, "POST", f"/channels/{segment(channel_id)}/answer", pin=pin)


async def ring(conn: Commander, channel_id: str, *, pin: str) -> None:
    """Let the caller hear ringing (180)."""
    await tell(conn, "POST", f"/channels/{segment(channel_id)}/ring", pin=pin)


async def ring_stop(conn: Commander, channel_id: str, *, pin: str) -> None:
    """End the ringing the caller hears."""
    await tell(conn, "DELETE", f"/channels/{segment(channel_id)}/ring", pin=pin)


async def hangup(
    conn: Commander,
    channel_id: str,
    *,
    pin: str,
    reason: HangupReason | None = None,
    reason_code: int | None = None,
) -> None:
    """End the channel; one that is gone already is success.

    Give `reason` by name or `reason_code` by number (Q.850), not both. Raises `ValueError`.
    """
    if reason is not None and reason_code is not None:
        raise ValueError("give reason or reason_code to hangup, not both")
    query = given(reason=reason, reason_code=reason_code)
    await tell(conn, "DELETE", f"/channels/{segment(channel_id)}", query=query, pin=pin)


async def play(
    conn: Commander,
    channel_id: str,
    playback_id: str,
    media: Sequence[str],
    *,
    pin: str,
    lang: str | None = None,
) -> Playback:
    """Play one or more media (`sound:hello`, `number:42`, `tone:ring`) one after another.

    `lang` chooses the sounds' language, None takes the channel's. The end is told by
    PlaybackFinished, whose `state` is `failed` when a file was missing.
    """
    return await ask(
        conn,
        "POST",
        f"/channels/{segment(channel_id)}/play/{segment(playback_id)}",
        Playback,
        query=given(media=",".join(media), lang=lang),
        pin=pin,
    )


async def record(
    conn: Commander,
    channel_id: str,
    name: str,
    *,
    pin: str,
    audio_format: str = "wav",
    if_exists: IfExists = IfExists.FAIL,
    max_duration_s: int | None = None,
    max_silence_s: int | None = None,
    beep: bool = False,
    end_on: EndRecordingOn = EndRecordingOn.NONE,
) -> LiveRecording:
    """Record what the party says into `{spool}/recording/{name}.{audio_format}`.

    The channel must be in no bridge, otherwise RecordingFailed follows the reply; while it runs,
    joining a bridge raises `Conflict`. It ends by `end_on`, after `max_silence_s` of silence or
    `max_duration_s`, by `recordings.stop` or with the channel: always with RecordingFinished. The
    silence and the key that ended it are cut off. Names are treated as in `bridges.record`.
    """
    query = given(
        name=name,
        format=audio_format,
        ifExists=if_exists,
        maxDurationSeconds=max_duration_s,
        maxSilenceSeconds=max_silence_s,
        beep=beep,
        terminateOn=end_on,
    )
    path = f"/channels/{segment(channel_id)}/record"
    return await ask(conn, "POST", path, LiveRecording, query=query, pin=pin)


async def snoop(
    conn: Commander,
    channel_id: str,
    snoop_id: str,
    *,
    app: str,
    pin: str,
    spy: Direction | None = None,
    whisper: Direction | None = None,
    app_args: str | None = None,
) -> Channel:
    """Make a channel, under an id of ours, that hears another and may speak into it.

    It enters `app` at once and is meant for a bridge with the listener's leg. `spy` is what is
    heard: `in` the party itself, `out` what is said to it. `whisper` is where the listener's voice
    goes: `out` to the party alone, `in` to those it talks with. Give one at least; neither can be
    changed later: whisper from the start and mute the listener's leg to listen only. It follows
    the spied channel from bridge to bridge and ends with it (StasisEnd, no ChannelDestroyed); when
    the listener leaves it stays, so hang it up.
    """
    return await ask(
        conn,
        "POST",
        f"/channels/{segment(channel_id)}/snoop/{segment(snoop_id)}",
        Channel,
        query=given(spy=spy, whisper=whisper, app=app, appArgs=app_args),
        pin=pin,
    )


async def start_moh(
    conn: Commander, channel_id: str, *, pin: str, moh_class: str | None = None
) -> None:
    """Start music on hold; None takes the channel's class.

    It goes on through bridges, and others in the bridge still hear the party.
    """
    query = given(mohClass=moh_class)
    await tell(conn, "POST", f"/channels/{segment(channel_id)}/moh", query=query, pin=pin)


async def stop_moh(conn: Commander, channel_id: str, *, pin: str) -> None:
    """Stop music on hold."""
    await tell(conn, "DELETE", f"/channels/{segment(channel_id)}/moh", pin=pin)


async def start_silence(conn: Commander, channel_id: str, *, pin: str) -> None:
    """Send packets of silence, for a phone or a firewall that drops a call without any."""
    await tell(conn, "POST", f"/channels/{segment(channel_id)}/silence", pin=pin)


async def stop_silence(conn: Commander, channel_id: str, *, pin: str) -> None:
    """Stop sending silence: before the channel joins others, or it is mixed with their voices."""
    await tell(conn, "DELETE", f"/channels/{segment(channel_id)}/silence", pin=pin)


async def hold(conn: Commander, channel_id: str, *, pin: str) -> None:
    """Tell the party's phone that it is held."""
    await tell(conn, "POST", f"/channels/{segment(channel_id)}/hold", pin=pin)


async def unhold(conn: Commander, channel_id: str, *, pin: str) -> None:
    """Tell the party's phone that it is no longer held."""
    await tell(conn, "DELETE", f"/channels/{segment(channel_id)}/hold", pin=pin)


async def mute(
    conn: Commander, channel_id: str, *, pin: str, direction: Direction = Direction.IN
) -> None:
    """Drop the party's audio one way or both, in whatever bridge it is; its keys still pass."""
    query = given(direction=direction)
    await tell(conn, "POST", f"/channels/{segment(channel_id)}/mute", query=query, pin=pin)


async def unmute(
    conn: Commander, channel_id: str, *, pin: str, direction: Direction = Direction.IN
) -> None:
    """Let audio through again."""
    query = given(direction=direction)
    await tell(conn, "DELETE", f"/channels/{segment(channel_id)}/mute", query=query, pin=pin)


async def send_dtmf(
    conn: Commander,
    channel_id: str,
    digits: str,
    *,
    pin: str,
    between_ms: int | None = None,
    duration_ms: int | None = None,
) -> None:
    """Send digits to the party alone, as RFC 4733 events where its phone takes them.

    Outside a bridge they wait until a playback to the channel has ended.
    """
    query = given(dtmf=digits, between=between_ms, duration=duration_ms)
    await tell(conn, "POST", f"/channels/{segment(channel_id)}/dtmf", query=query, pin=pin)


async def get_variable(conn: Commander, channel_id: str, name: str, *, pin: str) -> str | None:
    """Return a channel variable or function (`CHANNEL(language)`); None when it is not set.

    `Gone` is raised only when the channel itself has ended.
    """
    path = f"/channels/{segment(channel_id)}/variable"
    try:
        found = await ask(conn, "GET", path, Variable, query={"variable": name}, pin=pin)
    except Gone as error:
        if "variable" in error.message.lower():
            return None
        raise
    return found.value


async def set_variable(
    conn: Commander, channel_id: str, name: str, value: str, *, pin: str
) -> None:
    """Set a channel variable or a writable function (`TIMEOUT(absolute)`)."""
    query = {"variable": name, "value": value}
    await tell(conn, "POST", f"/channels/{segment(channel_id)}/variable", query=query, pin=pin)


async def show_connected(conn: Commander, channel_id: str, caller_id: str, *, pin: str) -> None:
    """Tell the party's phone with whom it talks now: `"Name" <number>`.

    Its endpoint needs `send_pai` and `trust_id_outbound`; an UPDATE or a re-INVITE carries it.
    """
    await set_variable(conn, channel_id, "CONNECTEDLINE(all)", caller_id, pin=pin)


async def tell_transfer(
    conn: Commander, channel_id: str, state: TransferState, *, pin: str
) -> None:
    """Tell the phone how the transfer goes that ChannelTransfer said it asked for.

    Every state but `PROGRESS` is the last. Asterisk tells it again as a ChannelTransfer with that
    `state`. Only a leg with `PJSIP_TRANSFER_HANDLING()` of `ari-only` asks; on such a leg a REFER
    with `Refer-Sub: false` crashes Asterisk 22.10.1.
    """
    query = {"states": state.value}
    path = f"/channels/{segment(channel_id)}/transfer_progress"
    await tell(conn, "POST", path, query=query, pin=pin)


async def continue_in_dialplan(
    conn: Commander,
    channel_id: str,
    *,
    pin: str,
    context: str | None = None,
    extension: str | None = None,
    priority: int | None = None,
    label: str | None = None,
) -> None:
    """Hand the channel back to the dialplan; without a place it goes on behind `Stasis()`."""
    query = given(context=context, extension=extension, priority=priority, label=label)
    await tell(conn, "POST", f"/channels/{segment(channel_id)}/continue", query=query, pin=pin)


async def rtp_statistics(conn: Commander, channel_id: str, *, pin: str) -> RTPstat:
    """Return packets, losses and jitter of the channel's audio so far."""
    path = f"/channels/{segment(channel_id)}/rtp_statistics"
    return await ask(conn, "GET", path, RTPstat, pin=pin)


async def get(conn: Commander, channel_id: str, *, pin: str) -> Channel:
    """Return the channel as it is now."""
    return await ask(conn, "GET", f"/channels/{segment(channel_id)}", Channel, pin=pin)


async def list_all(conn: Commander, *, pin: str = "") -> tuple[Channel, ...]:
    """Return every channel of the server, ours or not."""
    return await ask(conn, "GET", "/channels", tuple[Channel, ...], pin=pin)
