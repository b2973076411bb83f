"""Follows each recording to a verified file, or to the reason why there is none.

Asterisk's word that a recording has finished does not prove that audio reached the disk: the file
is looked for, measured and hashed here, off the event loop. Verification tells `RecordingKept` or
`RecordingLost`, each recording exactly one.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from pathlib import Path

import msgspec
import structlog

from acd.facts import AnyFact, ContactEnded, RecordingKept, RecordingLost, RecordingStarted
from acd.model import CallId, RecordingId
from recording.wav import WavFault, read_header

log = structlog.get_logger(__name__)

PATIENCE_S = 2.0
"""How long the switch's word is awaited after the call's end. It does not come for each recording:
Asterisk tells it through the bridge, and drops it when the last leg has just left."""

SETTLE_S = 1.0
"""How long a file must have kept its size to be taken as whole, if the switch told nothing."""


class Expected(msgspec.Struct, frozen=True):
    """A recording that was asked for and has not been verified yet. `since` is UTC ms.

    `message`: a caller speaks to voicemail, and the call waits to know whether anything was said.
    """

    recording_id: RecordingId
    call_id: CallId
    since: int
    message: bool = False


class Measured(msgspec.Struct, frozen=True):
    """What was found on disk."""

    size_bytes: int
    duration_ms: int
    sha256: str


def file_name(recording_id: RecordingId) -> str:
    """The file of a recording, relative to the recordings folder. Ids are UUIDs of our making."""
    return f"{recording_id}.wav"


def measure(path: Path) -> Measured:
    """Read the whole file once: size, duration, hash.

    Raises WavFault, OSError. Blocking: call it off the loop.
    """
    digest = hashlib.sha256()
    size = 0
    with path.open("rb") as file:
        head = file.read(4096)
        digest.update(head)
        size = len(head)
        while block := file.read(1 << 20):
            digest.update(block)
            size += len(block)
    duration_ms = read_header(head).duration_ms(size)
    if duration_ms == 0:
        raise WavFault("the file holds no audio")
    return Measured(size, duration_ms, digest.hexdigest())


class Recorder:
    """Knows which recordings are due and verifies each once its conversation is over; a message as
    soon as the switch has finished writing it.

    `folder` is where Asterisk writes; `keep` takes the facts found.
    """

    def __init__(
        self,
        folder: Path,
        now_ms: Callable[[], int],
        keep: Callable[[tuple[AnyFact, ...]], None],
        patience_s: float = PATIENCE_S,
        settle_s: float = SETTLE_S,
    ) -> None:
        self._folder = folder
        self._now_ms = now_ms
        self._keep = keep
        self._patience_s = patience_s
        self._settle_s = settle_s
        self._open: dict[CallId, list[Expected]] = {}
        self._messages: dict[RecordingId, Expected] = {}
        self._ended: dict[RecordingId, asyncio.Event] = {}
        self._failed: dict[RecordingId, str] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.kept_count = 0
        self.lost_count = 0

    def on_fact(self, fact: AnyFact) -> None:
        """Learn from a step of the floor which recordings begin and which are over."""
        if isinstance(fact, RecordingStarted):
            message = fact.agent_id is None
            self.expect(Expected(fact.recording_id, fact.call_id, fact.at, message))
        elif isinstance(fact, ContactEnded):
            for expected in self._open.pop(fact.call_id, ()):
                self._messages.pop(expected.recording_id, None)
                self._start(expected)

    def expect(self, expected: Expected) -> None:
        """A recording is running (also one of before a restart)."""
        self._open.setdefault(expected.call_id, []).append(expected)
        if expected.message:
            self._messages[expected.recording_id] = expected
        self._ended[expected.recording_id] = asyncio.Event()

    def catch_up(self, expected: Expected) -> None:
        """The call ended while nobody looked: verify now."""
        self._ended[expected.recording_id] = asyncio.Event()
        self._start(expected)

    def switch_says_ended(self, recording_id: RecordingId, failed: str | None) -> None:
        """The switch finished writing, or gave up."""
        if failed is not None:
            self._failed[recording_id] = failed
        ended = self._ended.get(recording_id)
        if ended is not None:
            ended.set()
        message = self._messages.pop(recording_id, None)
        if message is not None:
            self._open[message.call_id].remove(message)
            self._start(message)

    def messages_running(self, before: int) -> list[RecordingId]:
        """The messages begun before that instant (UTC ms) whose end the switch has not told."""
        return [each.recording_id for each in self._messages.values() if each.since < before]

    async def close(self) -> None:
        """Finish what is being verified."""
        if self._tasks:
            await asyncio.wait(self._tasks, timeout=self._patience_s + 5)

    def _start(self, expected: Expected) -> None:
        task = asyncio.get_running_loop().create_task(self._verify(expected))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _verify(self, expected: Expected) -> None:
        recording_id = expected.recording_id
        path = self._folder / file_name(recording_id)
        ended = self._ended[recording_id]
        try:
            async with asyncio.timeout(self._patience_s):
                await ended.wait()
        except TimeoutError:
            log.info("the switch did not tell the end of a recording", recording=recording_id)
        reason = self._failed.pop(recording_id, None)
        found: Measured | None = None
        try:
            found = await asyncio.to_thread(measure, path)
            while reason is None and not ended.is_set() and await self._grows(path, found):
                found = await asyncio.to_thread(measure, path)
        except FileNotFoundError:
            reason = reason or "no file was written"
        except (WavFault, OSError) as fault:
            reason = reason or str(fault)
        del self._ended[recording_id]
        self._tell(expected, found, reason or "unknown")

    async def _grows(self, path: Path, found: Measured) -> bool:
        """Without the switch's word, a file is whole when it has not grown for a while."""
        await asyncio.sleep(self._settle_s)
        size = await asyncio.to_thread(lambda: path.stat().st_size)
        return size != found.size_bytes

    def _tell(self, expected: Expected, found: Measured | None, reason: str) -> None:
        recording_id, now_ms = expected.recording_id, self._now_ms()
        if found is None:
            self.lost_count += 1
            log.error("a recording is lost", recording=recording_id, why=reason)
            lost = RecordingLost(recording_id, 1, now_ms, expected.call_id, recording_id, reason)
            self._keep((lost,))
            return
        self.kept_count += 1
        kept = RecordingKept(
            recording_id,
            1,
            now_ms,
            expected.call_id,
            recording_id,
            file_name(recording_id),
            found.size_bytes,
            found.duration_ms,
            found.sha256,
        )
        self._keep((kept,))
