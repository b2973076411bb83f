"""Bridges: where legs meet, hear music and are recorded.

Decides how each act is written as a request. Refuses to know which legs belong together. A bridge
never dissolves by itself and outlives its maker: whoever creates one destroys it. Every function
raises `AriError`.
"""

from collections.abc import Sequence
from contextlib import suppress
from enum import StrEnum

from ari.call import Commander, ask, given, tell
from ari.errors import Conflict
from ari.events_gen import Bridge, LiveRecording, Playback
from ari.wire import segment


class IfExists(StrEnum):
    """What to do when a recording of the name is there already."""

    FAIL = "fail"
    OVERWRITE = "overwrite"
    APPEND = "append"


async def create(
    conn: Commander,
    bridge_id: str,
    *,
    pin: str,
    bridge_type: str = "mixing",
    name: str | None = None,
) -> Bridge:
    """Make a bridge under an id of ours. `bridge_type` is a comma-separated list of attributes
    (`mixing`, `holding`, `dtmf_events`, `proxy_media`).

    A mixing bridge without `proxy_media` may let two phones exchange audio around Asterisk's core;
    a recording brings it back by itself. Until then the keys that the two press are told by
    ChannelDtmfReceived only with `dtmf_events`. In a holding bridge nobody hears anybody, and no
    packet is sent until there is music or a playback.
    """
    query = given(type=bridge_type, name=name)
    return await ask(conn, "POST", f"/bridges/{segment(bridge_id)}", Bridge, query=query, pin=pin)


async def add_channels(
    conn: Commander,
    bridge_id: str,
    channel_ids: Sequence[str],
    *,
    pin: str,
    role: str | None = None,
    absorb_dtmf: bool | None = None,
    mute: bool | None = None,
    inhibit_connected_line_updates: bool | None = None,
) -> None:
    """Put channels into the bridge, several at once; one that is elsewhere is moved.

    `absorb_dtmf` keeps these channels' keys from the others; ChannelDtmfReceived still tells them.
    `role` of `announcer` speaks to all in a holding bridge. Each party's phone is told the other's
    number, and a leg dialled later shows it as its own, unless `inhibit_connected_line_updates`.

    Raises `Unprocessable` when a channel is not in Stasis, `BadRequest` when one is gone, `Gone`
    when the bridge is, `Conflict` while a channel is itself recorded.
    """
    query = given(
        channel=",".join(channel_ids),
        role=role,
        absorbDTMF=absorb_dtmf,
        mute=mute,
        inhibitConnectedLineUpdates=inhibit_connected_line_updates,
    )
    await tell(conn, "POST", f"/bridges/{segment(bridge_id)}/addChannel", query=query, pin=pin)


async def remove_channels(
    conn: Commander, bridge_id: str, channel_ids: Sequence[str], *, pin: str
) -> None:
    """Take channels out; they stay in Stasis. `Unprocessable` when one is not in this bridge."""
    query = given(channel=",".join(channel_ids))
    await tell(conn, "POST", f"/bridges/{segment(bridge_id)}/removeChannel", query=query, pin=pin)


async def destroy(conn: Commander, bridge_id: str, *, pin: str) -> None:
    """End the bridge; its channels stay in Stasis. One that is gone already is success.

    For some milliseconds after its end Asterisk still lists a bridge and answers 409 instead of
    404; that is success too (it would also be the answer for a bridge that no ARI client made).
    """
    with suppress(Conflict):
        await tell(conn, "DELETE", f"/bridges/{segment(bridge_id)}", pin=pin)


async def record(
    conn: Commander,
    bridge_id: str,
    name: str,
    *,
    pin: str,
    audio_format: str = "wav",
    if_exists: IfExists = IfExists.FAIL,
    max_duration_s: int | None = None,
    beep: bool = False,
) -> LiveRecording:
    """Record what the bridge mixes into `{spool}/recording/{name}.{audio_format}`.

    Raises `Conflict` when the name is taken, `ServerFault` when the folder
    cannot be written. Never let a user's text into `name`, and never ask twice: a second request
    with the name of a running recording makes Asterisk 22.10.1 forget the first (it goes on, but
    can no longer be stopped by name). `max_duration_s` of None has no end.
    """
    query = given(
        name=name,
        format=audio_format,
        ifExists=if_exists,
        maxDurationSeconds=max_duration_s,
        beep=beep,
    )
    path = f"/bridges/{segment(bridge_id)}/record"
    return await ask(conn, "POST", path, LiveRecording, query=query, pin=pin)


async def play(
    conn: Commander,
    bridge_id: str,
    playback_id: str,
    media: Sequence[str],
    *,
    pin: str,
    lang: str | None = None,
) -> Playback:
    """Play media to everybody in the bridge."""
    return await ask(
        conn,
        "POST",
        f"/bridges/{segment(bridge_id)}/play/{segment(playback_id)}",
        Playback,
        query=given(media=",".join(media), lang=lang),
        pin=pin,
    )


async def start_moh(
    conn: Commander, bridge_id: str, *, pin: str, moh_class: str | None = None
) -> None:
    """Start music on hold for everybody in a holding bridge; those who talk do not notice it."""
    query = given(mohClass=moh_class)
    await tell(conn, "POST", f"/bridges/{segment(bridge_id)}/moh", query=query, pin=pin)


async def stop_moh(conn: Commander, bridge_id: str, *, pin: str) -> None:
    """Stop the bridge's music on hold."""
    await tell(conn, "DELETE", f"/bridges/{segment(bridge_id)}/moh", pin=pin)


async def get(conn: Commander, bridge_id: str, *, pin: str) -> Bridge:
    """Return the bridge as it is now."""
    return await ask(conn, "GET", f"/bridges/{segment(bridge_id)}", Bridge, pin=pin)


async def list_all(conn: Commander, *, pin: str = "") -> tuple[Bridge, ...]:
    """Return every bridge of the server, ours or not."""
    return await ask(conn, "GET", "/bridges", tuple[Bridge, ...], pin=pin)
