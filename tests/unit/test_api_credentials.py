"""Tokens, throttling, secrets and SIP digests: pure parts of the API."""

from __future__ import annotations

import json

import jwt
import pytest

from api import throttle
from api.credentials import (
    ha1,
    new_password,
    new_sip_secret,
    new_token,
    next_token,
    verify_password,
)
from api.settings import ApiSettings
from api.tokens import TICKET_LIFE_MS, Access, BadToken, Tickets, issue_access, read_access

pytestmark = pytest.mark.unit
SECRET = "s" * 40
NOW = 1_800_000_000_000


def test_access_token_goes_and_comes_back() -> None:
    token = issue_access(SECRET, "u1", NOW, 900)
    assert read_access(SECRET, token, NOW + 899_000) == Access("u1", NOW, NOW + 900_000)


def test_an_access_token_knows_the_millisecond_of_its_issue() -> None:
    token = issue_access(SECRET, "u1", NOW + 123, 900)
    assert read_access(SECRET, token, NOW + 200).issued_at == NOW + 123


def test_a_refresh_token_has_one_successor_that_needs_the_secret() -> None:
    after = next_token(SECRET, "token")
    assert after == next_token(SECRET, "token")
    assert len({after, next_token("t" * 40, "token"), next_token(SECRET, after)}) == 3
    assert len(after) == len(new_token())


def test_access_token_expires() -> None:
    token = issue_access(SECRET, "u1", NOW, 900)
    with pytest.raises(BadToken, match="expired"):
        read_access(SECRET, token, NOW + 900_000)


@pytest.mark.parametrize(
    "change",
    [{"typ": "refresh"}, {"aud": "other"}, {"iss": "other"}, {"exp": None}, {"sub": 7}],
)
def test_access_token_with_other_claims_is_refused(change: dict[str, object]) -> None:
    claims: dict[str, object] = {
        "iss": "plateau",
        "aud": "plateau",
        "typ": "access",
        "sub": "u1",
        "iat": NOW // 1000,
        "exp": NOW // 1000 + 900,
    }
    claims.update(change)
    claims = {name: value for name, value in claims.items() if value is not None}
    # PyJWT itself refuses to make a token whose subject is no string: sign by hand.
    token = jwt.api_jws.encode(json.dumps(claims).encode(), SECRET, "HS256")
    with pytest.raises(BadToken):
        read_access(SECRET, token, NOW)


@pytest.mark.parametrize(("algorithm", "key"), [("none", ""), ("HS512", SECRET)])
def test_the_algorithm_is_pinned(algorithm: str, key: str) -> None:
    good = jwt.decode(issue_access(SECRET, "u1", NOW, 900), options={"verify_signature": False})
    with pytest.raises(BadToken):
        read_access(SECRET, jwt.encode(good, key * 2, algorithm), NOW)


def test_a_token_signed_with_another_secret_is_refused() -> None:
    with pytest.raises(BadToken):
        read_access(SECRET, issue_access("t" * 40, "u1", NOW, 900), NOW)


def test_a_ticket_works_once_and_not_for_long() -> None:
    tickets = Tickets()
    tickets.put("a", "user:1", NOW, NOW + 900_000, NOW)
    tickets.put("b", "user:1", NOW, NOW + 900_000, NOW)
    assert tickets.take("a", NOW + 1) is not None
    assert tickets.take("a", NOW + 1) is None
    assert tickets.take("b", NOW + TICKET_LIFE_MS) is None


def test_delay_doubles_and_is_bounded() -> None:
    delays = [throttle.delay_ms(n) for n in range(30)]
    assert delays[:5] == [0] * 5
    assert delays[5:9] == [1000, 2000, 4000, 8000]
    assert max(delays) == throttle.MOST_MS


def test_what_others_do_makes_late_and_never_for_long() -> None:
    assert throttle.late_ms(throttle.FREE_PER_LOGIN, throttle.FREE_PER_ADDRESS) == 0
    assert throttle.late_ms(throttle.FREE_PER_LOGIN + 3, 0) == 3 * throttle.STEP_MS
    assert throttle.late_ms(0, throttle.FREE_PER_ADDRESS + 4) == 4 * throttle.STEP_MS
    assert throttle.late_ms(100_000, 100_000) == throttle.MOST_LATE_MS


def test_guesses_are_noted_fewer_the_more_there_are() -> None:
    assert [n for n in range(1, 70) if throttle.worth_noting(n)] == [1, 2, 4, 8, 16, 32, 64]


def test_ha1_is_that_of_rfc_2617() -> None:
    # RFC 2617 §3.5: Mufasa, testrealm@host.com, "Circle Of Life".
    expected = "939e7578ed9e3c518a452acee763bce9"
    assert ha1("Mufasa", "testrealm@host.com", "Circle Of Life") == expected


def test_generated_secrets_differ_and_are_long() -> None:
    made = {maker() for maker in (new_token, new_sip_secret, new_password) for _ in range(50)}
    assert len(made) == 150
    assert min(map(len, made)) >= 23


async def test_an_unknown_login_costs_a_verification_and_fails() -> None:
    assert not await verify_password(None, "anything")


def test_a_short_jwt_secret_is_refused(tmp_path) -> None:  # type: ignore[no-untyped-def]
    with pytest.raises(ValueError, match="32"):
        ApiSettings("sqlite:///x", tmp_path, tmp_path, "short")
