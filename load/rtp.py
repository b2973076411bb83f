"""RTP packets (RFC 3550) and telephone events (RFC 4733), as bytes.

Decides only the layout; refuses to know sockets and clocks.
"""

from __future__ import annotations

import struct
from collections.abc import Sequence
from dataclasses import dataclass

from load.sound import FRAME_SAMPLES

PCMU = 0
TELEPHONE_EVENT = 101
_DIGITS = "0123456789*#ABCD"


@dataclass(frozen=True, slots=True)
class RtpPacket:
    """One RTP packet without extensions or contributing sources."""

    payload_type: int
    sequence: int
    timestamp: int
    ssrc: int
    payload: bytes
    marker: bool = False

    def encode(self) -> bytes:
        """Return the packet's bytes (RFC 3550, 5.1)."""
        second = (0x80 if self.marker else 0) | self.payload_type
        head = struct.pack(
            "!BBHII", 0x80, second, self.sequence & 0xFFFF, self.timestamp & 0xFFFFFFFF, self.ssrc
        )
        return head + self.payload


def decode_rtp(data: bytes) -> RtpPacket | None:
    """Return the packet, or None when `data` is no RTP version 2 (RTCP, STUN, noise)."""
    if len(data) < 12 or data[0] >> 6 != 2:
        return None
    _, second, sequence, timestamp, ssrc = struct.unpack_from("!BBHII", data)
    if 72 <= second & 0x7F <= 76:  # RTCP multiplexed on the port (RFC 5761, 4)
        return None
    start = 12 + 4 * (data[0] & 0x0F)
    if data[0] & 0x10:
        if len(data) < start + 4:
            return None
        start += 4 + 4 * struct.unpack_from("!HH", data, start)[1]
    end = len(data) - data[-1] if data[0] & 0x20 else len(data)
    if end < start:
        return None
    return RtpPacket(
        second & 0x7F, sequence, timestamp, ssrc, data[start:end], marker=bool(second & 0x80)
    )


def event_payload(digit: str, duration: int, *, end: bool, volume: int = 10) -> bytes:
    """Return a telephone-event payload (RFC 4733, 2.3); `duration` in timestamp units.

    Raises:
        ValueError: `digit` is not one of 0-9 * # A-D.
    """
    if len(digit) != 1 or digit not in _DIGITS:
        raise ValueError(f"{digit!r} is no DTMF digit: use one of {_DIGITS}")
    flags = (0x80 if end else 0) | (volume & 0x3F)
    return struct.pack("!BBH", _DIGITS.index(digit), flags, min(duration, 0xFFFF))


def event_digit(payload: bytes) -> str | None:
    """Return the digit of a telephone-event payload (RFC 4733, 2.3); None for other events."""
    if len(payload) < 4 or payload[0] >= len(_DIGITS):
        return None
    return _DIGITS[payload[0]]


def event_frames(digit: str, on_ms: int) -> list[tuple[bytes, bool, int]]:
    """Return (payload, marker, frame number) of one key press, three end packets included.

    All packets of an event carry the timestamp of its start (RFC 4733, 2.5.1); frame numbers say
    in which 20 ms frame each is sent, the three ends being sent together in the last.
    """
    frames = max(2, on_ms // 20)
    packets = [
        (event_payload(digit, FRAME_SAMPLES * (number + 1), end=False), number == 0, number)
        for number in range(frames)
    ]
    last = event_payload(digit, FRAME_SAMPLES * (frames + 1), end=True)
    return packets + [(last, False, frames)] * 3


def rtp_capture(payloads: Sequence[bytes], *, ssrc: int = 0x5A5A) -> bytes:
    """Return a pcap file (Ethernet, IPv4, UDP) of mu-law frames, one each 20 ms, for SIPp to play.

    SIPp rewrites addresses and ports; checksums are left 0, which it ignores.
    """
    parts = [struct.pack("<IHHiIII", 0xA1B2C3D4, 2, 4, 0, 0, 65535, 1)]
    for number, payload in enumerate(payloads):
        packet = RtpPacket(
            PCMU, number + 1, number * FRAME_SAMPLES, ssrc, payload, marker=number == 0
        )
        rtp = packet.encode()
        udp = struct.pack("!HHHH", 4000, 4002, 8 + len(rtp), 0) + rtp
        local = bytes((127, 0, 0, 1))
        ip = struct.pack("!BBHHHBBH4s4s", 0x45, 0, 20 + len(udp), 0, 0, 64, 17, 0, local, local)
        frame = bytes(12) + b"\x08\x00" + ip + udp
        seconds, micros = divmod(number * 20_000, 1_000_000)
        parts.append(struct.pack("<IIII", seconds, micros, len(frame), len(frame)) + frame)
    return b"".join(parts)
