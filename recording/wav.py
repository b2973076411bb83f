"""What a WAV file really holds. Pure: bytes in, a measurement or a reason out.

Asterisk writes RIFF/WAVE with 16-bit PCM at 8 kHz; a file whose writer was killed has sizes of 0 in
its header, so the length of the data is taken from the file, not from the header.
"""

from __future__ import annotations

import msgspec

_PCM = 1


class WavFault(Exception):
    """The file is no usable WAV; the text says what is wrong."""


class WavInfo(msgspec.Struct, frozen=True):
    """A PCM WAV: rate in Hz, channels, bytes a frame (all channels), where the data begins."""

    rate: int
    channels: int
    frame_bytes: int
    data_at: int

    def duration_ms(self, size_bytes: int) -> int:
        """How long a file of this size plays."""
        frames = max(0, size_bytes - self.data_at) // self.frame_bytes
        return frames * 1000 // self.rate


def read_header(head: bytes) -> WavInfo:
    """Read the header out of a file's first bytes (4,096 are plenty).

    Raises WavFault. Source: Multimedia Programming Interface 1.0 (IBM/Microsoft, 1991), RIFF/WAVE.
    """
    if len(head) < 12 or head[:4] != b"RIFF" or head[8:12] != b"WAVE":
        raise WavFault("not a RIFF/WAVE file")
    at = 12
    rate = channels = frame_bytes = 0
    while at + 8 <= len(head):
        name, size = head[at : at + 4], int.from_bytes(head[at + 4 : at + 8], "little")
        if name == b"data":
            if not (rate and channels and frame_bytes):
                raise WavFault("data before or without a usable format")
            return WavInfo(rate, channels, frame_bytes, at + 8)
        if name == b"fmt ":
            part = head[at + 8 : at + 8 + size]
            if len(part) < 16 or int.from_bytes(part[0:2], "little") != _PCM:
                raise WavFault("not linear PCM")
            channels = int.from_bytes(part[2:4], "little")
            rate = int.from_bytes(part[4:8], "little")
            frame_bytes = int.from_bytes(part[12:14], "little")
        at += 8 + size + (size & 1)
    raise WavFault("no data in the file's head")
