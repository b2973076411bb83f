"""Nobody can lock somebody else out: guesses from elsewhere, and of other logins."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import pytest

from api import throttle
from api.app import create_app
from api.settings import ApiSettings
from store import accounts
from store.engine import open_store
from tests.api_stand import PASSWORD, T0, fill

pytestmark = pytest.mark.store

Client = Callable[[str], httpx.AsyncClient]


class Clock:
    def __init__(self) -> None:
        self.at = T0

    def now_ms(self) -> int:
        return self.at


@asynccontextmanager
async def serving(folder: Path, clock: Clock) -> AsyncIterator[Client]:
    """Clients from the address that is named."""
    (folder / "recordings").mkdir()
    settings = ApiSettings(
        store_url=f"sqlite:///{folder}/plateau.db",
        control_socket=folder / "control",
        recordings=folder / "recordings",
        jwt_secret="test-secret-" * 4,
    )
    await fill(settings.store_url)
    app = create_app(settings, clock.now_ms)

    def client(address: str) -> httpx.AsyncClient:
        transport = httpx.ASGITransport(app=app, client=(address, 1))
        return httpx.AsyncClient(transport=transport, base_url="http://plateau/api/v1")

    async with app.router.lifespan_context(app):
        yield client


async def sign_in(client: httpx.AsyncClient, login: str, password: str) -> int:
    form = {"username": login, "password": password}
    return (await client.post("/token", data=form)).status_code


async def test_guesses_from_elsewhere_lock_nobody_out(tmp_path: Path) -> None:
    clock = Clock()
    async with serving(tmp_path, clock) as client, client("203.0.113.9") as guesser:
        refused = 0
        async with client("10.0.0.5") as boss:
            for _ in range(12):
                clock.at += 500
                refused += await sign_in(guesser, "boss", "no") == 429
                clock.at += 500
                assert await sign_in(boss, "boss", PASSWORD) == 200
        assert refused > 0  # the guesser is


async def test_a_machine_that_guesses_other_logins_locks_its_building_not_out(
    tmp_path: Path,
) -> None:
    clock = Clock()
    async with serving(tmp_path, clock) as client, client("198.51.100.1") as building:
        for n in range(throttle.FREE_PER_ADDRESS + 3):
            clock.at += 1000
            assert await sign_in(building, f"guess{n}", "no") == 401
            clock.at += 1000
            assert await sign_in(building, "1001", PASSWORD) == 200


async def test_an_address_that_is_not_known_waits_and_is_let_in(tmp_path: Path) -> None:
    clock = Clock()
    async with serving(tmp_path, clock) as client:
        engine = open_store(f"sqlite:///{tmp_path}/plateau.db")
        async with engine.begin() as conn:
            for n in range(throttle.FREE_PER_LOGIN + 2):
                await accounts.record_attempt(
                    conn, login="boss", address=f"203.0.113.{n}", succeeded=False, now_ms=T0
                )
        await engine.dispose()
        async with client("10.0.0.5") as boss:
            assert await sign_in(boss, "boss", PASSWORD) == 200


async def test_a_pair_that_guesses_is_refused_until_its_pause_is_over(tmp_path: Path) -> None:
    clock = Clock()
    async with serving(tmp_path, clock) as client, client("10.0.0.5") as boss:
        for _ in range(throttle.FREE):
            assert await sign_in(boss, "boss", "no") == 401
        assert await sign_in(boss, "boss", PASSWORD) == 429
        clock.at += throttle.delay_ms(throttle.FREE)
        assert await sign_in(boss, "boss", PASSWORD) == 200


async def test_wrong_passwords_are_in_the_audit_log_without_what_was_typed(tmp_path: Path) -> None:
    clock = Clock()
    async with serving(tmp_path, clock) as client, client("10.0.0.5") as boss:
        for _ in range(3):
            await sign_in(boss, "boss", "no")
        await sign_in(boss, "my password", "no")
        form = {"username": "admin", "password": PASSWORD}
        token = (await boss.post("/token", data=form)).json()["access_token"]
        log = (await boss.get("/audit", headers={"Authorization": f"Bearer {token}"})).json()[
            "items"
        ]
    lines = [
        (line["actor"], line["object"], line["detail"])
        for line in reversed(log)
        if line["action"] == "sign-in-refused"
    ]
    assert lines == [
        ("address:10.0.0.5", "user:boss", {"failures": 1}),
        ("address:10.0.0.5", "user:boss", {"failures": 2}),
        ("address:10.0.0.5", "user:unknown", {"failures": 4}),
    ]
    assert "my password" not in str(log)
