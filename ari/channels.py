"""Channels: everything ARI lets us do to one leg of a call.

Decides how each act is written as a request. Refuses to know why a call is answered or hung up.
Every function raises `AriError`: `Gone` when the channel has ended, `Conflict` when it is not in
Stasis (yet), `NotAcceptable` when it is not up enough, `OutcomeUnknown` when no reply came.
"""

from collections.abc import Mapping, Sequence
from enum import StrEnum

from ari.call import Commander, ask, given, tell
from ari.errors import Gone
from ari.events_gen import Channel, Playback, RTPstat, Variable
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
    """Which way audio is muted, seen from Asterisk: `in` is what the party says."""

    BOTH = "both"
    IN = "in"
    OUT = "out"


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
    """Ring `endpoint` (`PJSIP/name`) under an id of ours; when it answers it enters `app`.

    The reply comes before the phone rings. `timeout_s` of -1 rings for ever. `originator` is the
    id of the channel on whose behalf we ring (its accounting and formats are taken over).
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
    """Make the channel without ringing; it is in `app` at once. `dial` then rings it."""
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


async def start_moh(
    conn: Commander, channel_id: str, *, pin: str, moh_class: str | None = None
) -> None:
    """Start music on hold; None takes the channel's class."""
    query = given(mohClass=moh_class)
    await tell(conn, "POST", f"/channels/{segment(channel_id)}/moh", query=query, pin=pin)


async def stop_moh(conn: Commander, channel_id: str, *, pin: str) -> None:
    """Stop music on hold."""
    await tell(conn, "DELETE", f"/channels/{segment(channel_id)}/moh", pin=pin)


async def hold(conn: Commander, channel_id: str, *, pin: str) -> None:
    """Tell the party's phone that it is held."""
    await tell(conn, "POST", f"/channels/{segment(channel_id)}/hold", pin=pin)


async def unhold(conn: Commander, channel_id: str, *, pin: str) -> None:
    """Tell the party's phone that it is no longer held."""
    await tell(conn, "DELETE", f"/channels/{segment(channel_id)}/hold", pin=pin)


async def mute(
    conn: Commander, channel_id: str, *, pin: str, direction: Direction = Direction.IN
) -> None:
    """Drop the party's audio one way or both."""
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
    """Send digits to the party."""
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
