"""RTP and telephone events, byte by byte."""

from __future__ import annotations

import socket
import struct

import pytest

from load.audio import RtpParty
from load.rtp import (
    RtpPacket,
    decode_rtp,
    event_digit,
    event_frames,
    event_payload,
    rtp_capture,
)
from load.sound import ulaw_frames
from tests.contract.harness.tones import pcm_of, tones_heard
from tests.waiting import until_blocking

pytestmark = pytest.mark.unit


def test_packet_round_trip_and_layout() -> None:
    packet = RtpPacket(0, 0x1234, 0x01020304, 0xCAFEBABE, b"abc", marker=True)
    data = packet.encode()
    assert data == bytes.fromhex("8080 1234 01020304 cafebabe") + b"abc"
    assert decode_rtp(data) == packet


@pytest.mark.parametrize(
    "noise",
    [
        b"",
        b"\x00" * 20,
        bytes.fromhex("80c80006") + b"\x00" * 20,
        bytes.fromhex("90000001") + b"\0" * 8,
    ],
    ids=["empty", "stun", "rtcp", "short extension"],
)
def test_what_is_no_rtp_is_not_decoded(noise: bytes) -> None:
    assert decode_rtp(noise) is None


def test_extension_and_padding_are_taken_off() -> None:
    head = struct.pack("!BBHII", 0xB0, 0, 1, 160, 7)
    data = head + struct.pack("!HHI", 0xBEDE, 1, 0) + b"sound" + b"\x00\x02"
    packet = decode_rtp(data)
    assert packet is not None
    assert packet.payload == b"sound"


def test_event_payload_follows_rfc_4733() -> None:
    assert event_payload("1", 400, end=False) == bytes([1, 0x0A, 0x01, 0x90])
    assert event_payload("#", 800, end=True) == bytes([11, 0x8A, 0x03, 0x20])
    with pytest.raises(ValueError, match="no DTMF digit"):
        event_payload("x", 1, end=False)


def test_only_key_presses_are_digits() -> None:
    assert [event_digit(event_payload(key, 160, end=True)) for key in "09*#D"] == list("09*#D")
    assert event_digit(bytes([16, 0, 0, 160])) is None  # a hook flash
    assert event_digit(b"\x01") is None


def test_a_key_press_grows_and_ends_three_times() -> None:
    packets = event_frames("5", 100)
    durations = [struct.unpack("!BBH", payload)[2] for payload, _, _ in packets]
    assert durations == [160, 320, 480, 640, 800, 960, 960, 960]
    assert [marker for _, marker, _ in packets] == [True] + [False] * 7
    assert [payload[1] >> 7 for payload, _, _ in packets] == [0] * 5 + [1] * 3
    assert [frame for _, _, frame in packets] == [0, 1, 2, 3, 4, 5, 5, 5]


def test_capture_holds_one_packet_each_20_ms() -> None:
    frames = ulaw_frames(450, 0.1)
    data = rtp_capture(frames)
    assert struct.unpack_from("<I", data)[0] == 0xA1B2C3D4
    record = 16 + 14 + 20 + 8 + 12 + 160
    assert len(data) == 24 + 5 * record
    second = data[24 + record :]
    assert struct.unpack_from("<IIII", second) == (0, 20_000, record - 16, record - 16)
    packet = decode_rtp(second[16 + 14 + 20 + 8 : record])
    assert packet is not None
    assert (packet.timestamp, packet.payload) == (160, frames[1])


def _free_port() -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def test_two_parties_hear_each_other() -> None:
    with RtpParty(450, _free_port()) as left, RtpParty(1000, _free_port()) as right:
        left.start(("127.0.0.1", right.port))
        right.start(("127.0.0.1", left.port))
        until_blocking(
            "each hears half a second", lambda: min(len(left.frames), len(right.frames)) >= 25
        )
        begun = (left.frames[0].arrived_ns - left.began_ns) / 1e9
        assert left.longest_gap_s(begun, begun + 0.4) < 0.2
    assert [one.hz for one in tones_heard(pcm_of(left))] == [1000]
    assert [one.hz for one in tones_heard(pcm_of(right))] == [450]
    assert left.frames_between(begun, begun + 0.4) == pytest.approx(20, abs=2)
    assert left.frames_between(100.0, 101.0) == 0


def test_keys_pressed_are_digits_received_once_each_also_the_same_twice() -> None:
    with RtpParty(450, _free_port()) as left, RtpParty(None, _free_port()) as right:
        left.start(("127.0.0.1", right.port))
        left.press("1123#", on_ms=40, gap_ms=40)
        until_blocking("five keys", lambda: not left.pressing and len(right.digits_received()) >= 5)
    assert right.digits_received() == "1123#"
