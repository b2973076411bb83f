"""Each recording asked for becomes one verified file or one reason: on real files."""

from __future__ import annotations

import asyncio
import hashlib
import io
import random
import struct
import wave
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from acd.commands import StartRecording
from acd.events import CommandFailed, Failure
from acd.facts import AnyFact, ContactEnded, RecordingKept, RecordingLost, RecordingStarted
from acd.model import AgentId, BridgeId, CallId, EndedBy, Outcome, RecordingId
from recording.service import Expected, Measured, Recorder, measure
from recording.wav import WavFault, read_header

pytestmark = pytest.mark.unit

CALL, RECORDING = CallId("call-1"), RecordingId("0f28c572-8789-4a3e-8f32-a90cdaf16307")
ANA = AgentId("ana")
NOW_MS = 1_760_000_000_000


def wav(frames: int, rate: int = 8000, channels: int = 1) -> bytes:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(channels)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(b"\1\2" * frames * channels)
    return buffer.getvalue()


# ---- wav ---------------------------------------------------------------------------------------


@given(st.integers(0, 5000), st.sampled_from([8000, 16000, 48000]), st.integers(1, 2))
def test_a_file_of_the_standard_library_is_measured_to_the_millisecond(
    frames: int, rate: int, channels: int
) -> None:
    data = wav(frames, rate, channels)
    info = read_header(data[:4096])
    assert (info.rate, info.channels, info.frame_bytes) == (rate, channels, 2 * channels)
    assert info.duration_ms(len(data)) == frames * 1000 // rate


@settings(max_examples=300)
@given(st.binary(max_size=200), st.booleans())
def test_any_bytes_are_measured_or_refused(noise: bytes, headed: bool) -> None:
    data = b"RIFF\0\0\0\0WAVE" + noise if headed else noise
    try:
        read_header(data)
    except WavFault:
        return  # no other exception is allowed out
    assert headed


def test_damaged_files_are_measured_within_what_they_hold_or_refused() -> None:
    rng, measured, refused = random.Random(1), 0, 0
    for _ in range(2_000):
        data = bytearray(wav(rng.randrange(2_000)))
        for _ in range(rng.randrange(1, 4)):
            data[rng.randrange(44)] = rng.randrange(256)
        try:
            info = read_header(bytes(data))
        except WavFault:
            refused += 1
            continue
        measured += 1
        assert min(info.rate, info.channels, info.frame_bytes) > 0
        assert info.data_at >= 44
        seconds = info.duration_ms(len(data)) / 1000
        assert 0 <= seconds <= (len(data) - 44) / info.frame_bytes / info.rate
    assert min(measured, refused) > 200


def test_the_length_is_the_files_where_the_writer_was_killed() -> None:
    data = bytearray(wav(8000))
    data[4:8] = bytes(4)
    data[40:44] = bytes(4)
    assert read_header(bytes(data[:4096])).duration_ms(len(data)) == 1000


def test_chunks_before_the_data_are_passed_over() -> None:
    data = wav(800)
    junk = b"LIST" + struct.pack("<I", 3) + b"abc\0"
    mixed = data[:36] + junk + data[36:]
    assert read_header(mixed).duration_ms(len(mixed)) == 100


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "not a RIFF"),
        (b"RIFF\0\0\0\0AVI ", "not a RIFF"),
        (wav(0)[:36], "no data"),
        (b"RIFF\0\0\0\0WAVEdata\0\0\0\0", "data before"),
        (wav(1).replace(b"fmt \x10\0\0\0\1\0", b"fmt \x10\0\0\0\7\0"), "not linear PCM"),
    ],
)
def test_what_is_no_usable_wav_says_why(data: bytes, why: str) -> None:
    with pytest.raises(WavFault, match=why):
        read_header(data)


def test_measuring_reads_the_whole_file(tmp_path: Path) -> None:
    data = wav(8000 * 200)  # longer than one block
    path = tmp_path / "long.wav"
    path.write_bytes(data)
    found = measure(path)
    assert found.duration_ms == 200_000
    assert found.size_bytes == len(data)
    assert found.sha256 == hashlib.sha256(data).hexdigest()


def test_a_header_without_audio_is_no_recording(tmp_path: Path) -> None:
    path = tmp_path / "empty.wav"
    path.write_bytes(wav(0))
    with pytest.raises(WavFault, match="holds no audio"):
        measure(path)


# ---- the recorder ------------------------------------------------------------------------------


class Desk:
    """A recorder on a folder, and what it told."""

    def __init__(self, folder: Path, patience_s: float = 10.0, settle_s: float = 0.2) -> None:
        self.told: list[AnyFact] = []
        self.arrived = asyncio.Event()
        self.folder = folder
        self.now_ms = NOW_MS
        self.recorder = Recorder(folder, lambda: self.now_ms, self.keep, patience_s, settle_s)

    def keep(self, facts: tuple[AnyFact, ...]) -> None:
        self.told.extend(facts)
        self.arrived.set()

    def start(self, agent_id: AgentId | None = ANA) -> None:
        self.recorder.on_fact(RecordingStarted(CALL, 3, 1, CALL, RECORDING, agent_id, None))

    def end(self, at: int = 2) -> None:
        ended = ContactEnded(CALL, 9, at, CALL, Outcome.ANSWERED, EndedBy.CALLER, "")
        self.recorder.on_fact(ended)

    def write(self, data: bytes) -> None:
        (self.folder / f"{RECORDING}.wav").write_bytes(data)

    async def one(self) -> AnyFact:
        async with asyncio.timeout(5):
            await self.arrived.wait()
        await self.recorder.close()
        assert len(self.told) == 1
        return self.told[0]


async def test_a_whole_file_is_kept_with_its_hash(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.start()
    desk.write(wav(16_000))
    desk.end()
    desk.recorder.switch_says_ended(RECORDING, None)
    kept = await desk.one()
    assert isinstance(kept, RecordingKept)
    assert (kept.subject, kept.seq, kept.at) == (RECORDING, 1, NOW_MS)
    assert (kept.path, kept.duration_ms) == (f"{RECORDING}.wav", 2000)
    assert kept.sha256 == hashlib.sha256(wav(16_000)).hexdigest()
    assert (desk.recorder.kept_count, desk.recorder.lost_count) == (1, 0)


async def test_nothing_is_verified_while_the_call_goes_on(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.start()
    desk.write(wav(16_000))
    desk.recorder.switch_says_ended(RECORDING, None)
    await asyncio.sleep(0)
    assert desk.told == []
    desk.end()
    assert isinstance(await desk.one(), RecordingKept)


async def test_a_message_is_verified_as_soon_as_it_is_written_and_only_once(
    tmp_path: Path,
) -> None:
    desk = Desk(tmp_path)
    desk.start(agent_id=None)
    desk.write(wav(16_000))
    desk.recorder.switch_says_ended(RECORDING, None)
    kept = await desk.one()
    assert isinstance(kept, RecordingKept)
    assert kept.duration_ms == 2000
    desk.end()
    await desk.recorder.close()
    assert len(desk.told) == 1


async def test_a_message_whose_end_was_never_told_is_verified_when_the_call_ends(
    tmp_path: Path,
) -> None:
    desk = Desk(tmp_path, patience_s=0.01)
    desk.start(agent_id=None)
    desk.write(wav(16_000))
    desk.end()
    assert isinstance(await desk.one(), RecordingKept)


async def test_messages_are_running_until_the_switch_tells_their_end(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.start(agent_id=None)
    desk.write(wav(16_000))
    assert desk.recorder.messages_running(before=1) == []
    assert desk.recorder.messages_running(before=2) == [RECORDING]
    desk.recorder.switch_says_ended(RECORDING, None)
    assert desk.recorder.messages_running(before=2) == []
    assert isinstance(await desk.one(), RecordingKept)


async def test_a_switch_that_never_tells_the_end_costs_patience_not_the_recording(
    tmp_path: Path,
) -> None:
    desk = Desk(tmp_path, patience_s=0.01)
    desk.start()
    desk.write(wav(8000))
    desk.end()
    assert isinstance(await desk.one(), RecordingKept)


@pytest.mark.parametrize(
    ("written", "failed", "reason"),
    [
        (None, None, "no file was written"),
        (None, "Bridge not found", "Bridge not found"),
        (b"noise", None, "not a RIFF/WAVE file"),
        (wav(0), None, "the file holds no audio"),
    ],
)
async def test_what_is_lost_says_why_at_once(
    tmp_path: Path, written: bytes | None, failed: str | None, reason: str
) -> None:
    desk = Desk(tmp_path)
    desk.start()
    if written is not None:
        desk.write(written)
    desk.recorder.switch_says_ended(RECORDING, failed)
    desk.end()
    lost = await desk.one()
    assert isinstance(lost, RecordingLost)
    assert lost.reason == reason
    assert desk.recorder.lost_count == 1


async def test_audio_counts_more_than_the_switchs_word(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.start()
    desk.write(wav(8000))
    desk.recorder.switch_says_ended(RECORDING, "unknown cause")
    desk.end()
    kept = await desk.one()
    assert isinstance(kept, RecordingKept)
    assert kept.fault == "unknown cause"
    assert (desk.recorder.kept_count, desk.recorder.incomplete_count) == (1, 1)


async def test_a_file_that_the_switch_gave_up_is_measured_when_it_grows_no_more(
    tmp_path: Path,
) -> None:
    desk = Desk(tmp_path, settle_s=0.05)
    desk.start()
    desk.write(wav(8000))
    desk.recorder.switch_says_ended(RECORDING, "No space left on device")
    desk.end()
    grew = asyncio.Event()
    first = desk.recorder._grows

    async def grows(path: Path, found: Measured) -> bool:
        if not grew.is_set():
            grew.set()
            desk.write(wav(16_000))
        return await first(path, found)

    desk.recorder._grows = grows  # type: ignore[method-assign]
    kept = await desk.one()
    assert isinstance(kept, RecordingKept)
    assert (kept.duration_ms, kept.fault) == (2000, "No space left on device")


@pytest.mark.parametrize(
    ("seconds", "agent_id", "fault"),
    [
        (1, ANA, "1.0 s of audio for 60.0 s of conversation"),
        (30, ANA, "30.0 s of audio for 60.0 s of conversation"),
        (31, ANA, None),
        (60, ANA, None),
        # A message's silent end is cut off by the switch.
        (1, None, None),
    ],
)
async def test_much_less_audio_than_conversation_is_a_fault(
    tmp_path: Path, seconds: int, agent_id: AgentId | None, fault: str | None
) -> None:
    desk = Desk(tmp_path)
    desk.start(agent_id)
    desk.write(wav(8000 * seconds))
    desk.now_ms = 60_001
    desk.recorder.told_to_stop(RECORDING)
    desk.now_ms = 90_000
    desk.end(90_000)
    desk.recorder.switch_says_ended(RECORDING, None)
    kept = await desk.one()
    assert isinstance(kept, RecordingKept)
    assert kept.fault == fault
    assert desk.recorder.incomplete_count == (fault is not None)


async def test_a_short_conversation_and_one_that_ended_unseen_lack_nothing(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.start()
    desk.write(wav(8000 * 30))
    desk.now_ms = 14 * 3_600_000
    desk.recorder.told_to_stop(RECORDING)
    desk.end(31_000)
    desk.recorder.switch_says_ended(RECORDING, None)
    kept = await desk.one()
    assert isinstance(kept, RecordingKept)
    assert kept.fault is None


async def test_a_start_without_a_reply_may_have_been_one(tmp_path: Path) -> None:
    desk = Desk(tmp_path, patience_s=0.01, settle_s=0.01)
    desk.start()
    desk.write(wav(8000))
    started = StartRecording(CALL, BridgeId("b"), RECORDING)
    desk.recorder.command_failed(CommandFailed(started, Failure.UNKNOWN, "no reply"))
    desk.end()
    kept = await desk.one()
    assert isinstance(kept, RecordingKept)
    assert kept.fault is None


async def test_a_refused_start_says_why_there_is_nothing(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.start()
    started = StartRecording(CALL, BridgeId("b"), RECORDING)
    desk.recorder.command_failed(CommandFailed(started, Failure.REFUSED, "Bridge not found"))
    desk.end()
    lost = await desk.one()
    assert isinstance(lost, RecordingLost)
    assert lost.reason == "Bridge not found"


async def test_a_call_that_lasts_across_a_restart_is_verified_when_it_ends(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.recorder.expect(Expected(RECORDING, CALL, 1))
    desk.write(wav(8000))
    desk.end()
    desk.recorder.switch_says_ended(RECORDING, None)
    assert isinstance(await desk.one(), RecordingKept)


async def test_a_call_that_ended_unseen_is_caught_up_with(tmp_path: Path) -> None:
    desk = Desk(tmp_path, patience_s=0.01)
    desk.write(wav(8000))
    desk.recorder.catch_up(Expected(RECORDING, CALL, 1))
    assert isinstance(await desk.one(), RecordingKept)


async def test_the_end_told_twice_makes_one_record(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.start()
    desk.write(wav(8000))
    desk.end()
    desk.end()
    desk.recorder.switch_says_ended(RECORDING, None)
    desk.recorder.switch_says_ended(RECORDING, None)
    assert isinstance(await desk.one(), RecordingKept)
