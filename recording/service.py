"""Follows each recording to a verified file, or to the reason why there is none.

Asterisk's word that a recording has finished does not prove that audio reached the disk: the file
is looked for, measured and hashed here, off the event loop. Verification tells `RecordingKept` or
`RecordingLost`, each recording exactly one; what was kept though the switch reported a failure, or
though much is missing, is kept with that fault.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from pathlib import Path

import msgspec
import structlog

from acd.commands import RecordLeg, StartRecording
from acd.events import CommandFailed, Failure
from acd.facts import AnyFact, ContactEnded, RecordingKept, RecordingLost, RecordingStarted
from acd.model import CallId, RecordingId
from recording.wav import WavFault, read_header

log = structlog.get_logger(__name__)

PATIENCE_S = 2.0
"""How long the switch's word is awaited after the call's end. It does not come for each recording:
Asterisk tells it through the bridge, and drops it when the last leg has just left."""

SETTLE_S = 1.0
"""How long a file must have kept its size to be taken as whole, if the switch told nothing or a
failure."""

SHORT_MS = 10_000
"""A conversation of which half or more is missing, and more than this, was not recorded whole. The
margin is wide: a phone that sends nothing while it is muted leaves no audio either."""


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
        self._until: dict[RecordingId, int] = {}
        self._tasks: set[asyncio.Task[None]] = set()
        self.kept_count = 0
        self.incomplete_count = 0
        self.lost_count = 0

    def on_fact(self, fact: AnyFact) -> None:
        """Learn from a step of the floor which recordings begin and which are over."""
        if isinstance(fact, RecordingStarted):
            message = fact.agent_id is None
            self.expect(Expected(fact.recording_id, fact.call_id, fact.at, message))
        elif isinstance(fact, ContactEnded):
            for expected in self._open.pop(fact.call_id, ()):
                until = self._until.get(expected.recording_id)
                if until is not None:
                    # A call that ended unseen is ended later than it ended.
                    self._until[expected.recording_id] = min(until, fact.at)
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

    def command_failed(self, event: CommandFailed) -> None:
        """A recording was refused. If no reply came it may be running: its file will tell."""
        command, unknown = event.command, event.failure is Failure.UNKNOWN
        if isinstance(command, RecordLeg) or (isinstance(command, StartRecording) and not unknown):
            self.switch_says_ended(command.recording_id, event.detail)

    def told_to_stop(self, recording_id: RecordingId) -> None:
        """The floor has the switch end this recording now: there is nothing to record after it."""
        if recording_id in self._ended:
            self._until.setdefault(recording_id, self._now_ms())

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
            doubtful = reason is not None or not ended.is_set()
            while doubtful and await self._grows(path, found):
                found = await asyncio.to_thread(measure, path)
        except FileNotFoundError:
            reason = reason or "no file was written"
        except (WavFault, OSError) as fault:
            reason = reason or str(fault)
        del self._ended[recording_id]
        until = self._until.pop(recording_id, None)
        if found is None:
            self._lost(expected, reason or "unknown")
        else:
            self._kept(expected, found, reason or _shortness(expected, found, until))

    async def _grows(self, path: Path, found: Measured) -> bool:
        """Without the switch's good word, a file is whole when it has not grown for a while."""
        await asyncio.sleep(self._settle_s)
        size = await asyncio.to_thread(lambda: path.stat().st_size)
        return size != found.size_bytes

    def _lost(self, expected: Expected, reason: str) -> None:
        recording_id, now_ms = expected.recording_id, self._now_ms()
        self.lost_count += 1
        log.error("a recording is lost", recording=recording_id, why=reason)
        lost = RecordingLost(recording_id, 1, now_ms, expected.call_id, recording_id, reason)
        self._keep((lost,))

    def _kept(self, expected: Expected, found: Measured, fault: str | None) -> None:
        recording_id = expected.recording_id
        self.kept_count += 1
        if fault is not None:
            self.incomplete_count += 1
            log.error("a recording may not be whole", recording=recording_id, why=fault)
        kept = RecordingKept(
            recording_id,
            1,
            self._now_ms(),
            expected.call_id,
            recording_id,
            file_name(recording_id),
            found.size_bytes,
            found.duration_ms,
            found.sha256,
            fault,
        )
        self._keep((kept,))


def _shortness(expected: Expected, found: Measured, until: int | None) -> str | None:
    """What is missing, in words; None: nothing much, or nobody knows how long it ought to be.

    The switch cuts the silence off a message's end, so its length says nothing.
    """
    if until is None or expected.message:
        return None
    meant_ms = until - expected.since
    if meant_ms - found.duration_ms <= SHORT_MS or found.duration_ms * 2 > meant_ms:
        return None
    return f"{found.duration_ms / 1000:.1f} s of audio for {meant_ms / 1000:.1f} s of conversation"
