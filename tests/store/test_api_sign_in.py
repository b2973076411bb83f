"""Signing in over real HTTP and real SQLite: tokens, rotation, throttling, keys, roles."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
import websockets
from sqlalchemy import update

from api import live, throttle
from api.administrators import ensure_administrator
from api.roles import rows, table
from api.sign_in import GRACE_MS
from store import tables as t
from store.engine import open_store
from tests.api_stand import PASSWORD, T0, Stand, running

pytestmark = pytest.mark.store


@pytest_asyncio.fixture
async def stand(tmp_path: Path) -> AsyncIterator[Stand]:
    async with running(tmp_path) as made:
        yield made


async def token(stand: Stand, login: str, password: str) -> tuple[int, dict[str, object]]:
    answer = await stand.http.post("/api/v1/token", data={"username": login, "password": password})
    return answer.status_code, answer.json()


async def test_me_says_who_signed_in(stand: Stand) -> None:
    answer = await stand.call("GET", "/me", "1001")
    assert answer.json() == {
        "actor": "user:1001",
        "name": "1001",
        "role": "agent",
        "agent_id": "1001",
    }
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("headers", [{}, {"Authorization": "Bearer x.y.z"}, {"X-API-Key": "plt_x"}])
async def test_without_good_credentials_401(stand: Stand, headers: dict[str, str]) -> None:
    answer = await stand.http.get("/api/v1/me", headers=headers)
    assert answer.status_code == 401
    assert answer.headers["content-type"] == "application/problem+json"
    assert "Bearer" in answer.headers["www-authenticate"]


async def test_wrong_password_and_unknown_login_look_the_same(stand: Stand) -> None:
    wrong = await token(stand, "admin", "nope")
    unknown = await token(stand, "nobody", "nope")
    assert wrong == unknown
    assert wrong[0] == 401


async def test_wrong_passwords_are_slowed(stand: Stand) -> None:
    for _ in range(throttle.FREE):
        assert (await token(stand, "boss", "wrong"))[0] == 401
    answer = await stand.http.post("/api/v1/token", data={"username": "boss", "password": PASSWORD})
    assert answer.status_code == 429
    assert int(answer.headers["retry-after"]) >= 1
    assert answer.json()["type"].endswith("too-many-attempts")
    assert (await token(stand, "admin", PASSWORD))[0] == 200  # another login is not


async def later(stand: Stand, ms: int) -> None:
    """All that was issued was issued so much earlier."""
    engine = open_store(stand.settings.store_url)
    issued = t.refresh_token.c.issued_at
    async with engine.begin() as conn:
        await conn.execute(update(t.refresh_token).values(issued_at=issued - ms))
    await engine.dispose()


async def test_a_page_that_is_loaded_again_keeps_its_sign_in(stand: Stand) -> None:
    _, first = await token(stand, "boss", PASSWORD)
    form = {"refresh_token": first["refresh_token"]}
    answers = await asyncio.gather(
        *(stand.http.post("/api/v1/token/refresh", data=form) for _ in range(3))
    )
    assert [answer.status_code for answer in answers] == [200] * 3
    (successor,) = {answer.json()["refresh_token"] for answer in answers}
    assert successor != first["refresh_token"]
    form = {"refresh_token": successor}
    third = await stand.http.post("/api/v1/token/refresh", data=form)
    assert third.status_code == 200


async def test_a_refresh_token_is_good_once(stand: Stand) -> None:
    _, first = await token(stand, "boss", PASSWORD)
    form = {"refresh_token": first["refresh_token"]}
    second = await stand.http.post("/api/v1/token/refresh", data=form)
    assert second.status_code == 200
    await later(stand, GRACE_MS + 1)
    again = await stand.http.post("/api/v1/token/refresh", data=form)
    assert again.status_code == 401
    assert again.json()["type"].endswith("token-reused")
    # The thief's, or the owner's, newer token ends with it.
    form = {"refresh_token": second.json()["refresh_token"]}
    assert (await stand.http.post("/api/v1/token/refresh", data=form)).status_code == 401


async def test_revoked_sign_in_cannot_be_refreshed(stand: Stand) -> None:
    _, made = await token(stand, "boss", PASSWORD)
    form = {"refresh_token": made["refresh_token"]}
    assert (await stand.http.post("/api/v1/token/revoke", data=form)).status_code == 204
    assert (await stand.http.post("/api/v1/token/refresh", data=form)).status_code == 401


async def test_api_key_works_by_header_and_bearer_until_revoked(stand: Stand) -> None:
    made = await stand.call("POST", "/api-keys", json={"name": "crm", "role": "supervisor"})
    assert made.status_code == 201
    secret = made.json()["secret"]
    assert secret.startswith("plt_")
    for headers in ({"X-API-Key": secret}, {"Authorization": f"Bearer {secret}"}):
        answer = await stand.http.get("/api/v1/agents", headers=headers)
        assert answer.status_code == 200
    refused = await stand.http.get("/api/v1/users", headers={"X-API-Key": secret})
    assert refused.status_code == 403
    await stand.call("DELETE", f"/api-keys/{made.json()['id']}")
    gone = await stand.http.get("/api/v1/agents", headers={"X-API-Key": secret})
    assert gone.status_code == 401
    listed = await stand.call("GET", "/api-keys")
    assert secret not in listed.text


async def test_a_closed_account_loses_its_access_at_once(stand: Stand) -> None:
    await stand.sign_in("boss")
    body = {"login": "boss", "name": "Boss", "role": "supervisor", "active": False}
    assert (await stand.call("PUT", "/users/boss", json=body)).status_code == 200
    assert (await stand.call("GET", "/me", "boss")).status_code == 401


async def test_a_new_password_ends_every_sign_in_at_once(stand: Stand) -> None:
    _, old = await token(stand, "boss", PASSWORD)
    ticket = (await stand.call("POST", "/live/ticket", "boss")).json()["ticket"]
    body = {"password": "another long password"}
    assert (await stand.call("POST", "/users/boss/password", json=body)).status_code == 204
    assert (await stand.call("GET", "/me", "boss")).status_code == 401
    form = {"refresh_token": old["refresh_token"]}
    assert (await stand.http.post("/api/v1/token/refresh", data=form)).status_code == 401
    with pytest.raises(websockets.InvalidStatus) as refused:
        await websockets.connect(
            stand.url.replace("http", "ws") + "/api/v1/live/stream",
            subprotocols=["plateau.live", f"ticket.{ticket}"],  # type: ignore[list-item]
        )
    assert refused.value.response.status_code == 401
    status, made = await token(stand, "boss", "another long password")
    assert status == 200
    headers = {"Authorization": f"Bearer {made['access_token']}"}
    assert (await stand.http.get("/api/v1/me", headers=headers)).status_code == 200


async def test_an_open_stream_ends_with_its_sign_in(
    stand: Stand, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(live, "RECHECK_S", 0.1)
    headers = await stand.sign_in("boss")
    url = stand.url.replace("http", "ws") + "/api/v1/live/stream"
    async with websockets.connect(url, additional_headers=headers) as socket:
        await socket.recv()
        body = {"password": "another long password"}
        await stand.call("POST", "/users/boss/password", json=body)
        await asyncio.wait_for(socket.wait_closed(), 10)
        assert socket.close_code == live.CLOSE_EXPIRED


async def test_the_last_administrator_stays(stand: Stand) -> None:
    assert (await stand.call("DELETE", "/users/admin")).status_code == 409
    body = {"login": "admin", "name": "A", "role": "supervisor"}
    assert (await stand.call("PUT", "/users/admin", json=body)).status_code == 409
    assert (await stand.call("GET", "/users")).status_code == 200


async def test_audit_tells_who_did_what_and_holds_no_secret(stand: Stand) -> None:
    body = {"login": "eve", "name": "Eve", "role": "supervisor", "password": "a long password"}
    made = await stand.call("POST", "/users", json=body)
    assert made.status_code == 201
    log = (await stand.call("GET", "/audit?limit=1")).json()["items"]
    assert log[0]["actor"] == "user:admin"
    assert log[0]["object"] == f"user:{made.json()['id']}"
    assert "a long password" not in (await stand.call("GET", "/audit")).text


async def test_every_route_refuses_those_below_its_role(stand: Stand) -> None:
    below = {"agent": (), "supervisor": ("1001",), "administrator": ("1001", "boss")}
    tried = 0
    for method, path, role, _ in rows():
        needed = role.partition(",")[0]
        if needed == "everybody" or method == "WebSocket":
            continue
        where = path.removeprefix("/api/v1").replace("{", "").replace("}", "")
        where = where.replace("/versions/version", "/versions/1")
        answer = await stand.call(method, where, None)
        assert answer.status_code == 401, (method, path)
        for login in below[needed]:
            answer = await stand.call(method, where, login)
            assert answer.status_code == 403, (method, path, login)
            tried += 1
    assert tried > 40


def test_the_table_of_roles_is_the_one_in_the_docs() -> None:
    written = (Path(__file__).parents[2] / "docs" / "api-roles.md").read_text()
    assert written == table(), "run: python -m api.roles > docs/api-roles.md"


async def test_the_first_administrator_is_made_once(tmp_path: Path) -> None:
    from store import tables as t

    engine = open_store(f"sqlite:///{tmp_path}/first.db")
    async with engine.begin() as conn:
        await conn.run_sync(t.metadata.create_all)
        password = await ensure_administrator(conn, "admin", None, T0)
        assert password is not None
        assert len(password) >= 20
        assert await ensure_administrator(conn, "admin", None, T0) is None
    await engine.dispose()
