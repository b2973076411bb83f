"""SIPp's message log as messages: headers, tags, sipfrag, media."""

from __future__ import annotations

import pytest

from load.agent import asks_auto_answer
from load.wire import (
    SipMessage,
    decode_message,
    media_of,
    parse_messages,
    sipfrag_code,
)

pytestmark = pytest.mark.unit

_INVITE = (
    b"INVITE sip:%2B3312@127.0.0.1:5060;transport=udp SIP/2.0\r\n"
    b"v: SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK1\r\n"
    b'From: "Dupont, \\"Jo\\"" <sip:0612@127.0.0.1>;tag=abc\r\n'
    b"To: <sip:ana@127.0.0.1>\r\n"
    b"i: call-1\r\n"
    b"CSeq: 7 INVITE\r\n"
    b"Call-Info: <sip:x>;\r\n answer-after=0\r\n"
    b"\r\n"
    b"v=0\r\nm=audio 4000 RTP/AVP 0\r\na=sendonly\r\n"
)
_STEER = b"HANGUP sip:steer@127.0.0.1 SIP/2.0\r\nFrom: <sip:harness@127.0.0.1>;tag=harness\r\n\r\n"
_OK = b"SIP/2.0 200 OK\r\nTo: <sip:ana@127.0.0.1>;tag=def\r\nCSeq: 7 INVITE\r\n\r\n"


def _logged(way: str, data: bytes) -> bytes:
    line = b"-" * 47 + b" 2026-11-22T18:33:35.400906Z\n"
    return line + f"UDP message {way} [{len(data)}] bytes:\n\n".encode() + data + b"\n"


def _message(data: bytes) -> SipMessage:
    return decode_message(data, at_s=1.0, sent=False)


def test_log_gives_whole_messages_without_the_harness_own_steering() -> None:
    log = _logged("received", _INVITE) + _logged("received", _STEER) + _logged("sent", _OK)
    (invite, answer), taken = parse_messages(log + _logged("sent", _OK)[:-20])
    assert (invite.sent, invite.method, invite.code) == (False, "INVITE", None)
    assert (answer.sent, answer.method, answer.code) == (True, None, 200)
    assert invite.at_s == 1795372415.400906
    again, more = parse_messages(log[taken:] + _logged("sent", _OK))
    assert ([m.code for m in again], more > 0) == ([200], True)


def test_headers_by_any_name_and_what_they_say() -> None:
    invite = _message(_INVITE)
    assert invite.header("VIA") == "SIP/2.0/UDP 127.0.0.1:5060;branch=z9hG4bK1"
    assert invite.header("call-info") == "<sip:x>; answer-after=0"
    assert (invite.call_id, invite.cseq) == ("call-1", (7, "INVITE"))
    assert (invite.number, invite.caller, invite.caller_name) == ("+3312", "0612", 'Dupont, "Jo"')
    assert (invite.tag("From"), invite.tag("To"), _message(_OK).tag("To")) == ("abc", None, "def")
    assert invite.header("Reason") is None
    assert media_of(invite) == (4000, "sendonly")
    assert media_of(_message(_OK)) is None


def test_only_a_notify_of_a_refer_carries_a_status() -> None:
    head = b"NOTIFY sip:a@b SIP/2.0\r\nEvent: %b\r\n\r\nSIP/2.0 486 Busy Here\r\n"
    assert sipfrag_code(_message(head % b"refer;id=3")) == 486
    assert sipfrag_code(_message(head % b"presence")) is None
    assert sipfrag_code(_message(_OK)) is None


@pytest.mark.parametrize(
    ("header", "asks"),
    [
        (b"Call-Info: <sip:127.0.0.1>;answer-after=0", True),
        (b"Alert-Info: <http://127.0.0.1>;info=alert-autoanswer;Auto-Answer", True),
        (b"Call-Info: <sip:127.0.0.1>;answer-after=10", False),
        (b"Alert-Info: <http://127.0.0.1>;info=ring2", False),
        (b"Subject: auto-answer", False),
    ],
)
def test_auto_answer_is_asked_as_phones_understand_it(header: bytes, asks: bool) -> None:
    assert asks_auto_answer(_message(b"INVITE sip:a@b SIP/2.0\r\n" + header + b"\r\n\r\n")) is asks
