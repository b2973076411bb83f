"""One party's sound: a thread that sends a tone and digits by RTP and keeps what it receives.

Decides when each 20 ms frame leaves; refuses to know SIP. A thread, not a task, so that a busy
event loop makes no gap in the tone; arrival times come from the kernel, so that a busy
interpreter adds none to what was heard.
"""

from __future__ import annotations

import itertools
import select
import socket
import struct
import threading
import time
from collections import deque
from dataclasses import dataclass
from types import TracebackType

from load.rtp import (
    PCMU,
    TELEPHONE_EVENT,
    RtpPacket,
    decode_rtp,
    event_digit,
    event_frames,
)
from load.sound import FRAME_SAMPLES, SILENCE, ulaw_frames

_FRAME_NS = 20_000_000
_SO_TIMESTAMPNS = 35  # asm-generic/socket.h; absent from Python's socket module


@dataclass(frozen=True, slots=True)
class Frame:
    """One received frame of sound: kernel arrival time (ns, UTC) and mu-law bytes."""

    arrived_ns: int
    timestamp: int
    ssrc: int
    payload: bytes


class RtpParty:
    """A UDP port that speaks mu-law: sends `tone_hz` (None: silence) once it knows its peer.

    Sound starts with `start(peer)` and ends with `close()`. Times in seconds count from the
    creation of the party.
    """

    def __init__(self, tone_hz: int | None, port: int, address: str = "127.0.0.1") -> None:
        self.port = port
        self.tone_hz = tone_hz
        self.began_ns = time.time_ns()
        self._frames: list[Frame] = []
        self._digits: deque[tuple[str, int, int]] = deque()
        self._digits_received: dict[tuple[int, int, str], None] = {}
        self._peer: tuple[str, int] | None = None
        self._closing = threading.Event()
        self._muted = False
        # One second of a tone of whole hertz repeats without a click.
        self._sound = ulaw_frames(tone_hz, 1.0) if tone_hz else [SILENCE]
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        try:
            self._socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMPNS, 1)
            self._socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 1 << 20)
            self._socket.setblocking(False)
            self._socket.bind((address, port))
        except OSError:
            self._socket.close()
            raise
        self._thread = threading.Thread(target=self._run, name=f"rtp-{port}", daemon=True)
        self._thread.start()

    def __enter__(self) -> RtpParty:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def start(self, peer: tuple[str, int]) -> None:
        """Send sound to `peer` (host, RTP port) from now on."""
        self._peer = peer

    def pause(self) -> None:
        """Send nothing at all until the next `start`."""
        self._peer = None

    def mute(self, muted: bool = True) -> None:
        """Send silence instead of the tone, or the tone again."""
        self._muted = muted

    def press(self, digits: str, *, on_ms: int = 100, gap_ms: int = 100) -> float:
        """Queue key presses as telephone events; return the seconds they take."""
        for digit in digits:
            event_frames(digit, on_ms)  # refuses an unknown digit here, not in the thread
            self._digits.append((digit, on_ms, gap_ms))
        return len(digits) * (on_ms + gap_ms + 40) / 1000

    @property
    def pressing(self) -> bool:
        """Whether queued key presses are still to be sent."""
        return bool(self._digits)

    @property
    def has_peer(self) -> bool:
        """Whether it is known where to send sound."""
        return self._peer is not None

    def digits_received(self) -> str:
        """Return the digits received so far; the packets of one key press count once."""
        return "".join(digit for _, _, digit in list(self._digits_received))

    def now_s(self) -> float:
        """Return the present on this party's time line."""
        return (time.time_ns() - self.began_ns) / 1e9

    @property
    def frames(self) -> list[Frame]:
        """A copy of the frames received so far."""
        return list(self._frames)

    def frames_since(self, from_s: float) -> list[bytes]:
        """Return the mu-law bytes of the frames that arrived from `from_s` on."""
        first = self.began_ns + round(from_s * 1e9)
        return [frame.payload for frame in self.frames if frame.arrived_ns >= first]

    def frames_between(self, from_s: float, to_s: float) -> int:
        """Return how many frames arrived in [from_s, to_s)."""
        first, last = (self.began_ns + round(at_s * 1e9) for at_s in (from_s, to_s))
        return sum(first <= frame.arrived_ns < last for frame in self.frames)

    def longest_gap_s(self, from_s: float = 0.0, to_s: float | None = None) -> float:
        """Return the longest time without a frame in [from_s, to_s), both ends counted."""
        end_s = self.now_s() if to_s is None else to_s
        times = [(frame.arrived_ns - self.began_ns) / 1e9 for frame in self.frames]
        marks = [from_s, *(at for at in times if from_s <= at < end_s), end_s]
        return max(later - sooner for sooner, later in itertools.pairwise(marks))

    def close(self) -> None:
        """End the thread and close the port; what was heard stays readable."""
        self._closing.set()
        self._thread.join(timeout=2)
        self._socket.close()

    def _run(self) -> None:
        sequence, timestamp, number = 1, 0, 0
        ssrc = self.port << 8 | 0x5A
        event: deque[tuple[bytes, bool, int]] = deque()
        event_timestamp = event_number = gap = 0
        due = time.monotonic_ns()
        while not self._closing.is_set():
            wait = max(0, due - time.monotonic_ns()) / 1e9
            if select.select([self._socket], [], [], wait)[0]:
                self._receive()
            if time.monotonic_ns() < due:
                continue
            due += _FRAME_NS
            if self._peer is None:
                continue
            if not event and gap == 0 and self._digits:
                digit, on_ms, gap_ms = self._digits[0]
                event.extend(event_frames(digit, on_ms))
                event_timestamp, event_number, gap = timestamp, 0, gap_ms // 20
            if event:
                while event and event[0][2] == event_number:
                    payload, marker, _ = event.popleft()
                    self._send(TELEPHONE_EVENT, sequence, event_timestamp, ssrc, payload, marker)
                    sequence += 1
                event_number += 1
                if not event:
                    self._digits.popleft()
            else:
                gap = max(0, gap - 1)
                frame = SILENCE if self._muted else self._sound[number % len(self._sound)]
                self._send(PCMU, sequence, timestamp, ssrc, frame, number == 0)
                sequence += 1
            number += 1
            timestamp += FRAME_SAMPLES

    def _send(
        self, kind: int, sequence: int, timestamp: int, ssrc: int, payload: bytes, marker: bool
    ) -> None:
        peer = self._peer
        if peer is None:
            return
        packet = RtpPacket(kind, sequence, timestamp, ssrc, payload, marker)
        try:
            self._socket.sendto(packet.encode(), peer)
        except (ConnectionRefusedError, BlockingIOError):
            return  # the other side closed its port (the call just ended), or the buffer is full

    def _receive(self) -> None:
        while True:
            try:
                data, ancillary, _, _ = self._socket.recvmsg(2048, 64)
            except (BlockingIOError, ConnectionRefusedError):
                return
            arrived_ns = time.time_ns()
            for level, kind, value in ancillary:
                if level == socket.SOL_SOCKET and kind == _SO_TIMESTAMPNS and len(value) >= 16:
                    seconds, nanoseconds = struct.unpack_from("qq", value)
                    arrived_ns = seconds * 1_000_000_000 + nanoseconds
            packet = decode_rtp(data)
            if packet is None:
                continue
            if packet.payload_type == PCMU:
                self._frames.append(
                    Frame(arrived_ns, packet.timestamp, packet.ssrc, packet.payload)
                )
            elif packet.payload_type == TELEPHONE_EVENT and (digit := event_digit(packet.payload)):
                # A press has one timestamp for all its packets (RFC 4733, 2.5.1.2).
                self._digits_received[(packet.ssrc, packet.timestamp, digit)] = None
