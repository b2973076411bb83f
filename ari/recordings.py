"""Recordings: those still running and those on Asterisk's disk.

Decides how each act is written as a request. Refuses to know whether a file holds what it should:
RecordingFinished does not prove that audio reached the disk. Raises `AriError`.
"""

from collections.abc import AsyncIterator

from ari.call import Commander, ask, tell
from ari.connection import AriConnection
from ari.events_gen import LiveRecording, StoredRecording
from ari.wire import segment


async def stop(conn: Commander, name: str, *, pin: str) -> None:
    """Stop a running recording and keep it. RecordingFinished follows."""
    await tell(conn, "POST", f"/recordings/live/{segment(name)}/stop", pin=pin)


async def discard(conn: Commander, name: str, *, pin: str) -> None:
    """Stop a running recording and throw it away; one that is gone already is success."""
    await tell(conn, "DELETE", f"/recordings/live/{segment(name)}", pin=pin)


async def pause(conn: Commander, name: str, *, pin: str) -> None:
    """Pause a running recording, such as while a card number is said."""
    await tell(conn, "POST", f"/recordings/live/{segment(name)}/pause", pin=pin)


async def unpause(conn: Commander, name: str, *, pin: str) -> None:
    """Go on with a paused recording."""
    await tell(conn, "DELETE", f"/recordings/live/{segment(name)}/pause", pin=pin)


async def get_live(conn: Commander, name: str, *, pin: str) -> LiveRecording:
    """Return a running recording."""
    return await ask(conn, "GET", f"/recordings/live/{segment(name)}", LiveRecording, pin=pin)


async def get_stored(conn: Commander, name: str, *, pin: str) -> StoredRecording:
    """Return what Asterisk knows of a file; `Gone` when it has none of that name."""
    return await ask(conn, "GET", f"/recordings/stored/{segment(name)}", StoredRecording, pin=pin)


async def list_stored(conn: Commander, *, pin: str = "") -> tuple[StoredRecording, ...]:
    """Return every file below the recording folder."""
    return await ask(conn, "GET", "/recordings/stored", tuple[StoredRecording, ...], pin=pin)


async def copy(conn: Commander, name: str, to: str, *, pin: str) -> StoredRecording:
    """Copy a file on Asterisk's disk. Raises `Conflict` when `to` exists."""
    path = f"/recordings/stored/{segment(name)}/copy"
    query = {"destinationRecordingName": to}
    return await ask(conn, "POST", path, StoredRecording, query=query, pin=pin)


async def delete(conn: Commander, name: str, *, pin: str) -> None:
    """Delete a file from Asterisk's disk; one that is gone already is success."""
    await tell(conn, "DELETE", f"/recordings/stored/{segment(name)}", pin=pin)


def download(conn: AriConnection, name: str) -> AsyncIterator[bytes]:
    """Return the file in chunks, by HTTP. Raises `AriError` while iterating."""
    return conn.stream(f"/recordings/stored/{segment(name)}/file")
