"""What a CANCEL says of why the call is taken back, in copies as Asterisk 22.10.1 sends them."""

from __future__ import annotations

import pytest

from acd.shell.cancel_reasons import CancelReasons, payload_of, taken_back

pytestmark = pytest.mark.unit


def chunk(kind: int, data: bytes) -> bytes:
    """A HEP3 chunk: vendor, type, length with its own six bytes, data."""
    return b"\0\0" + kind.to_bytes(2, "big") + (len(data) + 6).to_bytes(2, "big") + data


def packet(message: bytes) -> bytes:
    chunks = chunk(0x0001, b"\x02") + chunk(0x000F, message) + chunk(0x0011, b"call-1")
    return b"HEP3" + (len(chunks) + 6).to_bytes(2, "big") + chunks


def cancel(*reasons: str) -> bytes:
    lines = ["CANCEL sip:601@127.0.0.1 SIP/2.0", "Call-ID: call-1", "CSeq: 1 CANCEL", *reasons]
    return "\r\n".join([*lines, "Content-Length: 0", "", ""]).encode()


@pytest.mark.parametrize(
    ("reasons", "elsewhere"),
    [
        (['Reason: SIP;cause=200;text="Call completed elsewhere"'], True),
        (["reason : sip ; cause = 200"], True),
        (["Reason: Q.850;cause=26"], True),
        (['Reason: SIP;cause=200;text="a, b", Q.850;cause=26'], True),
        (["Reason: Q.850;cause=16", "Reason: SIP;cause=200"], True),
        (["Reason: Q.850;cause=16"], False),
        (['Reason: Q.850;cause=16;text="SIP;cause=200"'], False),
        (["Reason: SIP;cause=487"], False),
        (["Reason: SIP;cause=2000"], False),
        (["Reason: Q.850;cause=200"], False),
        (["Reason:"], False),
        ([], False),
    ],
)
def test_a_cancel_says_whether_another_place_has_answered(
    reasons: list[str], elsewhere: bool
) -> None:
    told = CancelReasons()
    told.datagram_received(packet(cancel(*reasons)), ("127.0.0.1", 9))
    assert told.said_elsewhere("call-1") is elsewhere
    assert not told.said_elsewhere("call-1"), "told once"
    assert not told.said_elsewhere(None)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"CANCEL ",
        b"HEP3\0\0",
        b"HEP3\0\x10\0\0\0\x0f\0\0CANCEL ",
        packet(cancel("Reason: SIP;cause=200"))[:20],
        packet(cancel("Reason: SIP;cause=200").replace(b"CANCEL", b"BYE")),
        packet(cancel("Reason: SIP;cause=200").replace(b"Call-ID", b"Call-Id-Not")),
        cancel("Reason: SIP;cause=200"),
    ],
)
def test_whatever_else_comes_is_passed_over(data: bytes) -> None:
    told = CancelReasons()
    told.datagram_received(data, ("127.0.0.1", 9))
    assert not told.said_elsewhere("call-1")


def test_a_message_is_found_among_other_parts() -> None:
    assert payload_of(packet(b"BYE sip:x SIP/2.0\r\n\r\n")) == b"BYE sip:x SIP/2.0\r\n\r\n"
    assert taken_back(b"") is None


def test_calls_that_nobody_asks_about_are_forgotten() -> None:
    told = CancelReasons()
    for n in range(1_500):
        message = cancel("Reason: SIP;cause=200").replace(b"call-1", b"call-%d" % n)
        told.datagram_received(packet(message), ("127.0.0.1", 9))
    assert not told.said_elsewhere("call-0")
    assert told.said_elsewhere("call-1499")
