"""Which tones a piece of sound holds, and from when to when.

Decides what counts as a tone heard, as silence and as other sound (speech, music); refuses to
know where the samples came from. Pure: numpy in, numbers out. Samples are mono int16.
"""

from __future__ import annotations

import wave
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from load.audio import RtpParty
from load.sound import DECODED, RATE, TONES

Pcm = NDArray[np.int16]

BLOCK_S = 0.04
_HOP_S = 0.02
#: A block holds a tone when that tone alone carries this share of the block's energy.
_SHARE_ALONE = 0.6
#: In a mix (a recording of both sides) each tone still stands out by this share.
_SHARE_MIXED = 0.15
_SILENCE_DBFS = -50.0
_SAMPLES: Pcm = np.array(DECODED, dtype=np.int16)


@dataclass(frozen=True, slots=True)
class ToneHeard:
    """One candidate frequency and how long, in all, it was heard (seconds)."""

    hz: int
    seconds: float


def tone(hz: float, seconds: float, *, rate: int = RATE, level: float = 0.3) -> Pcm:
    """Return a sine of `hz`; `level` is the peak as a share of full scale."""
    time = np.arange(round(seconds * rate)) / rate
    return (level * 32767 * np.sin(2 * np.pi * hz * time)).astype(np.int16)


def decode_ulaw(data: bytes) -> Pcm:
    """Return the samples of G.711 mu-law bytes."""
    return _SAMPLES[np.frombuffer(data, dtype=np.uint8)]


def pcm_of(audio: RtpParty, from_s: float = 0.0, to_s: float | None = None) -> Pcm:
    """Return what a party heard on its time line; where nothing arrived there is silence.

    A frame is placed by its RTP timestamp after its stream's first one, and anew by its arrival
    whenever the two disagree by more than 60 ms.
    """
    end_s = audio.now_s() if to_s is None else to_s
    heard = np.zeros(max(0, round(end_s * RATE)), dtype=np.int16)
    anchors: dict[int, tuple[int, int]] = {}
    for frame in audio.frames:
        arrived = (frame.arrived_ns - audio.began_ns) * RATE // 1_000_000_000
        first, at = anchors.setdefault(frame.ssrc, (frame.timestamp, arrived))
        position = at + ((frame.timestamp - first) & 0xFFFFFFFF)
        if abs(position - arrived) > 0.06 * RATE:
            anchors[frame.ssrc], position = (frame.timestamp, arrived), arrived
        samples = decode_ulaw(frame.payload)
        room = heard[max(0, position) : position + len(samples)]
        room[:] = samples[len(samples) - len(room) if position < 0 else 0 :][: len(room)]
    return heard[round(from_s * RATE) :]


def goertzel_power(block: NDArray[np.float64], hz: float, rate: int) -> float:
    """Return the energy of `block` at `hz`, on the scale where a pure sine gives the block's own.

    The single bin of a discrete Fourier transform (Goertzel 1958), written as an inner product.
    """
    angle = 2 * np.pi * hz * np.arange(len(block)) / rate
    real, imaginary = float(block @ np.cos(angle)), float(block @ np.sin(angle))
    return 2 * (real * real + imaginary * imaginary) / len(block)


def level_dbfs(pcm: Pcm) -> float:
    """Return the root-mean-square level in dB of full scale; -120 for nothing at all."""
    if len(pcm) == 0:
        return -120.0
    rms = float(np.sqrt(np.mean(pcm.astype(np.float64) ** 2)))
    return max(-120.0, 20 * float(np.log10(max(rms, 1e-9) / 32768)))


def is_silent(pcm: Pcm) -> bool:
    """Return whether the level is below -50 dB of full scale."""
    return level_dbfs(pcm) < _SILENCE_DBFS


def _blocks(pcm: Pcm, rate: int) -> NDArray[np.float64]:
    size, hop = round(BLOCK_S * rate), round(_HOP_S * rate)
    if len(pcm) < size:
        return np.zeros((0, size))
    windows = np.lib.stride_tricks.sliding_window_view(pcm, size)[::hop]
    return windows.astype(np.float64)


def _shares(blocks: NDArray[np.float64], hz: float, rate: int) -> NDArray[np.float64]:
    """Return, per block, the share of its energy that lies at `hz`; 0 for silent blocks."""
    size = blocks.shape[1]
    angle = 2 * np.pi * hz * np.arange(size) / rate
    power = 2 * ((blocks @ np.cos(angle)) ** 2 + (blocks @ np.sin(angle)) ** 2) / size
    energy = np.sum(blocks**2, axis=1)
    return np.where(_loud(blocks), power / np.maximum(energy, 1.0), 0.0)


def _loud(blocks: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return, per block, whether it is more than silence."""
    loud: NDArray[np.bool_] = np.mean(blocks**2, axis=1) > (32768 * 10 ** (_SILENCE_DBFS / 20)) ** 2
    return loud


def tones_heard(
    pcm: Pcm, rate: int = RATE, candidates: Sequence[int] = TONES, *, mixed: bool = False
) -> list[ToneHeard]:
    """Return the candidates heard for 0.1 s or more, longest first.

    With `mixed`, several tones may sound together (a recording of both sides); without, a tone
    must carry most of the sound's energy. Candidates nearer than 50 Hz cannot be told apart.
    """
    blocks = _blocks(pcm, rate)
    wanted = _SHARE_MIXED if mixed else _SHARE_ALONE
    heard = []
    for hz in candidates:
        seconds = float(np.count_nonzero(_shares(blocks, hz, rate) >= wanted)) * _HOP_S
        if seconds >= 0.1:
            heard.append(ToneHeard(hz, round(seconds, 2)))
    return sorted(heard, key=lambda one: -one.seconds)


def hears(
    pcm: Pcm,
    hz: int,
    from_s: float = 0.0,
    to_s: float | None = None,
    rate: int = RATE,
    *,
    share: float = 0.8,
    mixed: bool = False,
) -> bool:
    """Return whether `hz` sounds during at least `share` of [from_s, to_s) (None: the end)."""
    piece = pcm[round(from_s * rate) : None if to_s is None else round(to_s * rate)]
    blocks = _blocks(piece, rate)
    if len(blocks) == 0:
        return False
    wanted = _SHARE_MIXED if mixed else _SHARE_ALONE
    return float(np.mean(_shares(blocks, hz, rate) >= wanted)) >= share


def longest_run_s(pcm: Pcm, hz: int, rate: int = RATE) -> float:
    """Return for how long at most `hz` sounded without a break, alone or with other tones."""
    longest = run = 0
    for holds in _shares(_blocks(pcm, rate), hz, rate) >= _SHARE_MIXED:
        run = run + 1 if holds else 0
        longest = max(longest, run)
    return 0.0 if longest == 0 else BLOCK_S + (longest - 1) * _HOP_S


def hears_other_sound(pcm: Pcm, rate: int = RATE, candidates: Sequence[int] = TONES) -> bool:
    """Return whether most of `pcm` is sound, yet no candidate tone: music or speech.

    A tone that ends and the silence after it are neither.
    """
    blocks = _blocks(pcm, rate)
    if len(blocks) == 0:
        return False
    tonal = np.max([_shares(blocks, hz, rate) for hz in candidates], axis=0) >= _SHARE_ALONE
    return float(np.mean(_loud(blocks) & ~tonal)) >= 0.5


def read_wav(path: Path) -> tuple[Pcm, int]:
    """Return (samples, rate) of a 16-bit PCM WAV file; channels are averaged to one.

    Raises:
        ValueError: the file is not 16-bit PCM.
    """
    with wave.open(str(path), "rb") as file:
        if file.getsampwidth() != 2:
            raise ValueError(f"{path}: {file.getsampwidth() * 8} bits a sample, 16 were expected")
        samples = np.frombuffer(file.readframes(file.getnframes()), dtype="<i2")
        if file.getnchannels() > 1:
            samples = samples.reshape(-1, file.getnchannels()).mean(axis=1).astype(np.int16)
        return samples.astype(np.int16), file.getframerate()


def wav_tones(path: Path, candidates: Sequence[int] = TONES) -> list[ToneHeard]:
    """Return the tones that a recording of both sides holds, longest first."""
    pcm, rate = read_wav(path)
    return tones_heard(pcm, rate, candidates, mixed=True)
