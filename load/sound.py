"""Tones and mu-law (ITU-T G.711), without any library: what a party sends, how loud it is.

Pure: numbers in, bytes out. Samples are 16-bit at 8,000 a second; a frame is 20 ms.
"""

from __future__ import annotations

import math
import operator
from collections.abc import Iterable, Sequence
from itertools import cycle, islice

RATE = 8000
FRAME_SAMPLES = 160
FRAMES_PER_S = RATE // FRAME_SAMPLES
TONES: tuple[int, ...] = (450, 600, 800, 1000, 1250, 1500, 1850, 2200)
"""Frequencies that parties send: on whole bins of 40 ms, none near a harmonic of another."""
LEVEL = 0.3
"""Peak of a tone as a share of full scale."""
SILENCE = b"\xff" * FRAME_SAMPLES
_BIAS = 0x84
_CLIP = 32635
_SHARE = 0.6
"""A tone alone has this share of a piece of sound's energy, at least."""
_SILENCE_MEAN_SQUARE = (32768 * 10 ** (-50 / 20)) ** 2
"""Below -50 dB of full scale nobody hears anything."""


def encode_sample(sample: int) -> int:
    """Return the mu-law byte of a 16-bit sample."""
    sign = 0x80 if sample < 0 else 0
    magnitude = min(abs(sample), _CLIP) + _BIAS
    exponent = magnitude.bit_length() - 8
    return ~(sign | exponent << 4 | magnitude >> (exponent + 3) & 0x0F) & 0xFF


def _decoded(code: int) -> int:
    inverted = ~code & 0xFF
    magnitude = (((inverted & 0x0F) << 3) + _BIAS << ((inverted >> 4) & 7)) - _BIAS
    return -magnitude if inverted & 0x80 else magnitude


DECODED: tuple[int, ...] = tuple(_decoded(code) for code in range(256))
"""The sample of each mu-law byte."""
_SQUARES = tuple(sample * sample for sample in DECODED)


def encode_ulaw(samples: Iterable[int]) -> bytes:
    """Return the mu-law bytes of samples."""
    return bytes(encode_sample(sample) for sample in samples)


def ulaw_frames(hz: int, seconds: float) -> list[bytes]:
    """Return a tone of whole hertz as frames; a second of it repeats without a click."""
    turn = 2 * math.pi * hz / RATE
    second = [int(LEVEL * 32767 * math.sin(turn * number)) for number in range(RATE)]
    sound = encode_ulaw(second)
    frames = [sound[i : i + FRAME_SAMPLES] for i in range(0, RATE, FRAME_SAMPLES)]
    return list(islice(cycle(frames), int(seconds * FRAMES_PER_S + 1e-6)))


def is_sound(frame: bytes) -> bool:
    """Return whether a frame of mu-law bytes is more than silence."""
    return sum(_SQUARES[code] for code in frame) > _SILENCE_MEAN_SQUARE * len(frame)


def seconds_of_tone(frames: Sequence[bytes], hz: int) -> float:
    """Return for how long the frames are that tone: it alone has most of their energy.

    One bin of a discrete Fourier transform (Goertzel 1958) over two frames at a time.
    """
    turn = 2 * math.pi * hz / RATE
    size = 2 * FRAME_SAMPLES
    cosines = [math.cos(turn * number) for number in range(size)]
    sines = [math.sin(turn * number) for number in range(size)]
    found = 0
    for first, second in zip(frames[::2], frames[1::2], strict=False):
        samples = [DECODED[code] for code in first + second]
        energy = sum(sample * sample for sample in samples)
        if len(samples) != size or energy <= _SILENCE_MEAN_SQUARE * size:
            continue
        real = sum(map(operator.mul, samples, cosines))
        imaginary = sum(map(operator.mul, samples, sines))
        found += 2 * (real * real + imaginary * imaginary) / size >= _SHARE * energy
    return 2 * found / FRAMES_PER_S


def seconds_of_sound(frames: Sequence[bytes]) -> float:
    """Return for how long the frames are more than silence."""
    return sum(is_sound(frame) for frame in frames) / FRAMES_PER_S
