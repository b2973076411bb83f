"""What the switch says of a leg that nobody picked up, in the floor's words.

Causes and responses are those that Asterisk 22.10.1 was seen to give, response by response.
"""

from __future__ import annotations

import pytest

from acd.dial_ends import outside_end, phone_end, phone_reason
from acd.model import OfferEnd as E

SEEN = {
    400: (127, E.TRUNK),
    401: (21, E.TRUNK),
    402: (127, E.TRUNK),
    403: (21, E.TRUNK),
    404: (1, E.INVALID),
    405: (127, E.TRUNK),
    407: (21, E.TRUNK),
    408: (18, E.TRUNK),
    410: (22, E.INVALID),
    415: (127, E.TRUNK),
    480: (19, E.RONA),
    484: (28, E.INVALID),
    486: (17, E.BUSY),
    487: (127, E.RONA),
    488: (58, E.TRUNK),
    500: (38, E.TRUNK),
    501: (29, E.TRUNK),
    502: (27, E.TRUNK),
    503: (34, E.TRUNK),
    504: (102, E.TRUNK),
    513: (34, E.TRUNK),
    600: (17, E.BUSY),
    603: (21, E.REJECTED),
    604: (1, E.INVALID),
    606: (58, E.TRUNK),
    302: (23, E.FAILED),
}


@pytest.mark.parametrize(("sip", "cause", "how"), [(s, *seen) for s, seen in SEEN.items()])
def test_responses_tell_the_trunks_failures_from_the_customers(
    sip: int, cause: int, how: E
) -> None:
    assert outside_end(cause, sip, rang=False) is how


@pytest.mark.parametrize(("sip", "cause", "how"), [(s, *seen) for s, seen in SEEN.items()])
def test_what_has_begun_to_ring_came_to_the_customer(sip: int, cause: int, how: E) -> None:
    after = outside_end(cause, sip, rang=True)
    assert after is not E.TRUNK
    if sip == 408:
        assert after is E.RONA
    elif how is not E.TRUNK:
        assert after is how


@pytest.mark.parametrize("sip", range(400, 700))
def test_each_final_response_has_a_meaning(sip: int) -> None:
    known = {E.TRUNK, E.INVALID, E.BUSY, E.REJECTED, E.RONA}
    assert outside_end(None, sip, rang=False) in known


@pytest.mark.parametrize(
    ("cause", "how"),
    [
        (1, E.INVALID),
        (3, E.TRUNK),
        (17, E.BUSY),
        (18, E.RONA),
        (20, E.RONA),
        (21, E.REJECTED),
        (28, E.INVALID),
        (34, E.TRUNK),
        (127, E.TRUNK),
        (16, E.FAILED),
        (0, E.FAILED),
        (None, E.FAILED),
    ],
)
def test_without_a_response_the_cause_speaks(cause: int | None, how: E) -> None:
    assert outside_end(cause, None, rang=False) is how


@pytest.mark.parametrize(
    ("cause", "sip", "rang", "reason"),
    [
        (17, 486, False, "sip_486"),
        (21, 603, True, "sip_603"),
        (19, 480, False, "sip_480"),
        (19, 480, True, "no_answer"),
        (18, None, False, "no_answer"),
        (58, 488, False, "sip_488"),
        (17, None, False, "phone_refuses"),
        (23, 302, False, "sip_302"),
    ],
)
def test_the_reason_is_what_the_phone_said(
    cause: int, sip: int | None, rang: bool, reason: str
) -> None:
    assert phone_reason(phone_end(cause), sip, rang) == reason
