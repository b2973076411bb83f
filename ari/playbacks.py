"""Playbacks: what is being played to a channel or a bridge.

Decides how each act is written as a request. Refuses to know what is said. Raises `AriError`.
"""

from enum import StrEnum

from ari.call import Commander, ask, tell
from ari.events_gen import Playback
from ari.wire import segment


class Control(StrEnum):
    """What a listener may do to a playback; forward and reverse jump 3 s."""

    PAUSE = "pause"
    UNPAUSE = "unpause"
    RESTART = "restart"
    REVERSE = "reverse"
    FORWARD = "forward"


async def control(conn: Commander, playback_id: str, operation: Control, *, pin: str) -> None:
    """Pause, resume, restart or jump. `Gone` when the playback has ended."""
    query = {"operation": operation.value}
    await tell(conn, "POST", f"/playbacks/{segment(playback_id)}/control", query=query, pin=pin)


async def stop(conn: Commander, playback_id: str, *, pin: str) -> None:
    """Stop the playback; one that ended already is success. PlaybackFinished follows."""
    await tell(conn, "DELETE", f"/playbacks/{segment(playback_id)}", pin=pin)


async def get(conn: Commander, playback_id: str, *, pin: str) -> Playback:
    """Return the playback as it is now."""
    return await ask(conn, "GET", f"/playbacks/{segment(playback_id)}", Playback, pin=pin)
