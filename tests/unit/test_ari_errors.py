"""Status codes to errors, requests to frames, ids to paths, failures to waits."""

import asyncio
from urllib.parse import unquote

import msgspec
import pytest
from hypothesis import assume
from hypothesis import given as hypothesis_given
from hypothesis import strategies as st

from ari import errors
from ari.backoff import backoff_s
from ari.call import given
from ari.settings import AriSettings
from ari.wire import Pending, http_target, make_pending, message_in, segment, socket_frame

pytestmark = pytest.mark.unit


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (400, errors.BadRequest),
        (401, errors.Refused),
        (403, errors.Refused),
        (404, errors.Gone),
        (405, errors.BadRequest),
        (409, errors.Conflict),
        (412, errors.NotAcceptable),
        (422, errors.Unprocessable),
        (500, errors.ServerFault),
        (501, errors.ServerFault),
        (503, errors.Unavailable),
    ],
)
def test_each_status_has_its_error(status: int, kind: type[errors.AriError]) -> None:
    error = errors.error_for("POST", "/channels/c/answer", status, "Channel not found")
    assert type(error) is kind
    assert error.details == {
        "method": "POST",
        "path": "/channels/c/answer",
        "status": status,
        "message": "Channel not found",
    }
    assert str(error) == f"POST /channels/c/answer: Channel not found ({status})"
    assert error.retryable is (status == 503)


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        (b'{"message":"Channel not found"}', "Channel not found"),
        (b'{"error":"Allocation failed"}', "Allocation failed"),
        (b"", ""),
        (b"<html>no</html>", "<html>no</html>"),
        (b"[1]", "[1]"),
    ],
)
def test_the_sentence_is_found_in_the_body(body: bytes, sentence: str) -> None:
    assert message_in(body) == sentence


def _pending(query: dict[str, str], body: dict[str, object]) -> Pending:
    loop = asyncio.new_event_loop()
    try:
        return make_pending(loop, "POST", "/channels/c", query, body)
    finally:
        loop.close()


def test_a_socket_frame_holds_query_and_body_as_asterisk_wants_them() -> None:
    request = _pending(query={"reason": "busy & more"}, body={"variables": {"A": "é"}})
    frame = msgspec.json.decode(socket_frame(request, "7"))
    assert frame == {
        "type": "RESTRequest",
        "transaction_id": "7",
        "request_id": "7",
        "method": "POST",
        "uri": "channels/c",
        "query_strings": [{"name": "reason", "value": "busy & more"}],
        "content_type": "application/json",
        "message_body": '{"variables":{"A":"é"}}',
    }


def test_http_quotes_the_query() -> None:
    assert (
        http_target("/x", {"media": "sound:a,number:1 &"})
        == "/x?media=sound%3Aa%2Cnumber%3A1%20%26"
    )
    assert http_target("/x", {}) == "/x"


@hypothesis_given(st.text(st.characters(exclude_categories=["Cs"]), min_size=1))
def test_no_id_can_leave_its_segment(text: str) -> None:
    assume(text not in (".", ".."))
    quoted = segment(text)
    assert not set(quoted) & set("/?#&, ")
    assert unquote(quoted) == text


@pytest.mark.parametrize("text", ["", ".", ".."])
def test_an_id_that_would_address_something_else_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="cannot be an id"):
        segment(text)


def test_a_path_needs_its_slash() -> None:
    loop = asyncio.new_event_loop()
    with pytest.raises(ValueError, match="slash"):
        make_pending(loop, "GET", "channels", None, None)
    loop.close()


def test_given_leaves_none_out_and_writes_booleans_as_ari_does() -> None:
    assert given(a=None, b=True, c=False, d=3, e="x") == {
        "b": "true",
        "c": "false",
        "d": "3",
        "e": "x",
    }


def test_backoff_doubles_to_its_limit_with_jitter_below() -> None:
    high = [backoff_s(n, 0.1, 5.0, lambda: 1.0) for n in range(1, 9)]
    assert high == pytest.approx([0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0])
    assert backoff_s(1, 0.1, 5.0, lambda: 0.0) == pytest.approx(0.05)
    assert backoff_s(10_000, 0.1, 5.0, lambda: 1.0) == 5.0


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"base_url": "127.0.0.1:8088"}, "http://"),
        ({"app": ""}, "application"),
        ({"app": "a,b"}, "application"),
        ({"command_sockets": -1}, "command_sockets"),
    ],
)
def test_settings_that_cannot_work_are_refused(change: dict[str, object], named: str) -> None:
    good: dict[str, object] = {
        "base_url": "http://127.0.0.1:8088",
        "user": "u",
        "password": "p",
        "app": "plateau",
    }
    with pytest.raises(ValueError, match=named):
        AriSettings(**(good | change))  # type: ignore[arg-type]


@pytest.mark.parametrize("tail", ["", "/", "/ari", "/ari/"])
def test_ari_is_found_below_the_server_however_it_is_written(tail: str) -> None:
    settings = AriSettings(base_url=f"http://h:1{tail}", user="u", password="p", app="a")
    assert settings.ari_url == "http://h:1/ari"


def test_the_password_is_not_shown() -> None:
    settings = AriSettings(base_url="http://h", user="u", password="s3cret", app="a")
    assert "s3cret" not in repr(settings)
