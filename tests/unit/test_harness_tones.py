"""The ears of the contract tests: they must hear what sounds, and nothing else."""

from __future__ import annotations

import wave
from pathlib import Path

import numpy as np
import pytest

from load.sound import RATE, TONES, encode_ulaw
from tests.contract.harness.tones import (
    decode_ulaw,
    goertzel_power,
    hears,
    hears_other_sound,
    is_silent,
    level_dbfs,
    longest_run_s,
    read_wav,
    tone,
    tones_heard,
    wav_tones,
)

pytestmark = pytest.mark.unit


@pytest.mark.parametrize("hz", TONES)
def test_each_tone_is_heard_alone_after_ulaw(hz: int) -> None:
    heard = tones_heard(decode_ulaw(encode_ulaw(tone(hz, 1.0).tolist())))
    assert [one.hz for one in heard] == [hz]
    assert heard[0].seconds == pytest.approx(1.0, abs=0.06)


def test_goertzel_gives_a_sine_its_whole_energy() -> None:
    block = tone(1000, 0.04).astype(np.float64)
    assert goertzel_power(block, 1000, RATE) == pytest.approx(float(block @ block), rel=0.01)
    assert goertzel_power(block, 1500, RATE) < 0.01 * float(block @ block)


def test_hears_tells_when() -> None:
    pcm = np.concatenate([tone(600, 1.0), np.zeros(RATE, dtype=np.int16), tone(1000, 1.0)])
    assert hears(pcm, 600, 0.1, 0.9)
    assert not hears(pcm, 600, 1.1, 1.9)
    assert hears(pcm, 1000, 2.1, 2.9)
    assert not hears(pcm, 1000, 0.0, 3.0)
    assert not hears(pcm, 1000, 3.5, 4.0)


def test_silence_is_no_tone_and_no_music() -> None:
    quiet = np.zeros(RATE, dtype=np.int16)
    assert is_silent(quiet)
    assert level_dbfs(quiet[:0]) == -120.0
    assert tones_heard(quiet) == []
    assert not hears_other_sound(quiet)
    for tone_s in (0.1, 0.25, 0.4):
        breaks_off = np.concatenate([tone(1000, tone_s), quiet[: round((0.6 - tone_s) * RATE)]])
        assert not hears_other_sound(breaks_off)


def test_noise_and_melody_are_other_sound_and_a_tone_is_not() -> None:
    noise = np.random.default_rng(1).normal(0, 3000, RATE).astype(np.int16)
    chord = tone(523, 1.0, level=0.2) + tone(659, 1.0, level=0.2) + tone(784, 1.0, level=0.2)
    for sound in (noise, chord):
        assert hears_other_sound(sound)
        assert tones_heard(sound) == []
    assert not hears_other_sound(tone(800, 1.0))


def test_a_mixed_recording_holds_both_tones(tmp_path: Path) -> None:
    path = tmp_path / "both.wav"
    both = tone(450, 1.0, level=0.2) + tone(1000, 1.0, level=0.2)
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(both.astype("<i2").tobytes())
    assert {one.hz for one in wav_tones(path)} == {450, 1000}
    assert read_wav(path)[1] == RATE


def test_a_tone_under_two_others_runs_as_long_as_it_sounds() -> None:
    under = np.concatenate([np.zeros(RATE), tone(1500, 0.3, level=0.2), np.zeros(RATE)])
    sound = (tone(450, 2.3, level=0.2) + tone(1000, 2.3, level=0.2) + under).astype(np.int16)
    heard = decode_ulaw(encode_ulaw(sound.tolist()))
    assert longest_run_s(heard, 1500) == pytest.approx(0.3, abs=0.05)
    assert longest_run_s(heard, 450) == pytest.approx(2.3, abs=0.05)
    assert longest_run_s(heard, 800) == 0.0
    assert hears(heard, 1500, 1.05, 1.25, mixed=True)
    assert not hears(heard, 450)


def test_a_click_is_no_tone_that_runs() -> None:
    torn = tone(450, 1.0)
    torn[3000:3160] = 0
    assert all(longest_run_s(torn, hz) < 0.1 for hz in TONES if hz != 450)


def test_eight_bit_wav_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "old.wav"
    with wave.open(str(path), "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(1)
        file.setframerate(RATE)
        file.writeframes(b"\x80" * 100)
    with pytest.raises(ValueError, match="8 bits a sample"):
        read_wav(path)


def test_ulaw_reference_values() -> None:
    # ITU-T G.711, table 2a: the ends and the middle of the scale.
    assert encode_ulaw([0, 32767, -32768]) == b"\xff\x80\x00"
    assert decode_ulaw(b"\xff\x80\x00").tolist() == [0, 32124, -32124]
