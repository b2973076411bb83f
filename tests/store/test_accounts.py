"""Accounts, keys and tokens as rows."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncEngine

from acd.model import AgentId
from store import accounts
from store.errors import AlreadyThere, NotFound, UnknownReference
from store.rows import ApiKeyRow, RefreshTokenRow, Role, UserRow

pytestmark = pytest.mark.store

ROOT = UserRow("u1", "root", "Root", "hash", Role.ADMINISTRATOR, None, True, 5)
TOKEN = RefreshTokenRow("t1", "u1", "f1", "h1", 10, 100)


async def test_users(engine: AsyncEngine) -> None:
    async with engine.begin() as conn:
        await accounts.create_user(conn, ROOT)
        assert await accounts.find_user(conn, "root") == ROOT
        assert await accounts.find_user(conn, "nobody") is None
        with pytest.raises(AlreadyThere, match="login 'root'"):
            await accounts.create_user(conn, replace(ROOT, id="u2"))
        with pytest.raises(UnknownReference, match="agent 'zoe'"):
            await accounts.create_user(
                conn, replace(ROOT, id="u2", login="zoe", agent_id=AgentId("zoe"))
            )
        assert await accounts.count_active(conn, Role.ADMINISTRATOR) == 1
        await accounts.update_user(conn, replace(ROOT, active=False, created_at=99))
        assert (await accounts.get_user(conn, "u1")).created_at == 5
        assert await accounts.count_active(conn, Role.ADMINISTRATOR) == 0
        await accounts.set_password(conn, "u1", "new")
        assert (await accounts.get_user(conn, "u1")).password_hash == "new"
        with pytest.raises(NotFound):
            await accounts.set_password(conn, "u9", "new")


async def test_a_key_is_found_by_its_hash_and_revoked_once(engine: AsyncEngine) -> None:
    key = ApiKeyRow("k1", "crm", "plt_ab", "sha", Role.SUPERVISOR, None, 7)
    async with engine.begin() as conn:
        await accounts.create_api_key(conn, key)
        await accounts.touch_api_key(conn, "k1", 8)
        await accounts.revoke_api_key(conn, "k1", 9)
        await accounts.revoke_api_key(conn, "k1", 10)
        found = await accounts.find_api_key(conn, "sha")
    assert found == replace(key, last_used_at=8, revoked_at=9)


async def test_a_token_rotates_once(engine: AsyncEngine) -> None:
    async with engine.begin() as conn:
        await accounts.create_user(conn, ROOT)
        await accounts.create_refresh_token(conn, TOKEN)
        second = replace(TOKEN, id="t2", hash="h2")
        assert await accounts.rotate_refresh_token(conn, "t1", second)
        assert not await accounts.rotate_refresh_token(
            conn, "t1", replace(TOKEN, id="t3", hash="h3")
        )
        assert await accounts.find_refresh_token(conn, "h3") is None
        assert await accounts.revoke_token_family(conn, "f1", 50) == 2
        assert await accounts.revoke_user_tokens(conn, "u1", 51) == 0
        assert await accounts.purge_refresh_tokens(conn, 101) == 2


async def test_failures_of_a_pair_count_since_its_last_success(engine: AsyncEngine) -> None:
    tries = ((1, "::1", False), (2, "::1", True), (3, "::1", False), (4, "::1", False))
    async with engine.begin() as conn:
        for at, address, succeeded in (*tries, (5, "::2", True), (6, "::2", False)):
            await accounts.record_attempt(
                conn, login="a", address=address, succeeded=succeeded, now_ms=at
            )
        assert await accounts.count_failures(conn, since_ms=0, login="a", address="::1") == 2
        assert await accounts.count_failures(conn, since_ms=4, login="a", address="::1") == 1
        assert await accounts.count_failures(conn, since_ms=0, login="a") == 4
        assert await accounts.count_failures(conn, since_ms=0, address="::1") == 3
        assert await accounts.last_success(conn, "a", "::1") == 2
        assert await accounts.last_success(conn, "b", "::1") is None
        # The failures at 1 and 3, and no success: those are kept longer.
        assert await accounts.purge_attempts(conn, failed_before_ms=4, succeeded_before_ms=2) == 2
        assert await accounts.last_success(conn, "a", "::1") == 2


async def test_the_audit_log_pages_backwards(engine: AsyncEngine) -> None:
    async with engine.begin() as conn:
        for at in range(5):
            await accounts.write_audit(
                conn, at=at, actor="root", action="queue.update", object_="sales", detail={"n": at}
            )
        newest = await accounts.list_audit(conn, limit=2)
        older = await accounts.list_audit(conn, limit=10, before_id=newest[-1].id)
    assert [row.at for row in newest + older] == [4, 3, 2, 1, 0]
    assert newest[0].detail == '{"n":4}'
