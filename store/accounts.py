"""Users, API keys, refresh tokens, sign-in attempts and the audit log: their storage only.

What a password or a role is worth is decided in the API; here they are rows. Each function works
on a connection that the caller opened (`async with engine.begin() as conn`). Secrets come in
already hashed.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec
from sqlalchemy import and_, delete, func, insert, or_, select, update
from sqlalchemy.engine import Row
from sqlalchemy.ext.asyncio import AsyncConnection

from acd.model import AgentId
from store import tables as t
from store.decode import to_struct
from store.errors import AlreadyThere, NotFound, UnknownReference
from store.queries import between
from store.rows import ApiKeyRow, AuditRow, RefreshTokenRow, Role, UserRow

# ---- users ------------------------------------------------------------------------------------


def _user(row: Row[*tuple[object, ...]]) -> UserRow:
    return to_struct(row, UserRow)


async def _check_agent(conn: AsyncConnection, agent_id: AgentId | None, referrer: str) -> None:
    if agent_id is None:
        return
    if await conn.scalar(select(t.agent.c.id).where(t.agent.c.id == agent_id)) is None:
        raise UnknownReference("agent", agent_id, referrer)


async def list_users(conn: AsyncConnection) -> list[UserRow]:
    """All accounts, by login."""
    rows = await conn.execute(select(t.user_account).order_by(t.user_account.c.login))
    return [_user(row) for row in rows]


async def get_user(conn: AsyncConnection, user_id: str) -> UserRow:
    """One account. Raises NotFound."""
    query = select(t.user_account).where(t.user_account.c.id == user_id)
    row = (await conn.execute(query)).one_or_none()
    if row is None:
        raise NotFound("user", user_id)
    return _user(row)


async def find_user(conn: AsyncConnection, login: str) -> UserRow | None:
    """The account with this login, None without one."""
    query = select(t.user_account).where(t.user_account.c.login == login)
    row = (await conn.execute(query)).one_or_none()
    return None if row is None else _user(row)


async def count_active(conn: AsyncConnection, role: Role) -> int:
    """How many active accounts have this role (the last administrator must stay)."""
    user = t.user_account.c
    query = select(func.count()).where(user.role == role.value, user.active.is_(True))
    return await conn.scalar(query) or 0


async def create_user(conn: AsyncConnection, user: UserRow) -> UserRow:
    """Add an account. Raises AlreadyThere (id, login), UnknownReference (agent)."""
    if await find_user(conn, user.login) is not None:
        raise AlreadyThere("user", user.login, "login")
    taken = select(t.user_account.c.id).where(t.user_account.c.id == user.id)
    if await conn.scalar(taken) is not None:
        raise AlreadyThere("user", user.id)
    await _check_agent(conn, user.agent_id, f"The user {user.login!r}")
    await conn.execute(insert(t.user_account).values(**msgspec.structs.asdict(user)))
    return user


async def update_user(conn: AsyncConnection, user: UserRow) -> UserRow:
    """Replace an account whole, but for its id and date of creation.

    Raises NotFound, AlreadyThere (login), UnknownReference (agent).
    """
    before = await get_user(conn, user.id)
    if user.login != before.login and await find_user(conn, user.login) is not None:
        raise AlreadyThere("user", user.login, "login")
    await _check_agent(conn, user.agent_id, f"The user {user.login!r}")
    row = msgspec.structs.replace(user, created_at=before.created_at)
    await conn.execute(
        update(t.user_account)
        .where(t.user_account.c.id == user.id)
        .values(**msgspec.structs.asdict(row))
    )
    return row


async def set_password(conn: AsyncConnection, user_id: str, password_hash: str) -> None:
    """Replace the stored hash. Raises NotFound."""
    done = await conn.execute(
        update(t.user_account)
        .where(t.user_account.c.id == user_id)
        .values(password_hash=password_hash)
    )
    if done.rowcount == 0:
        raise NotFound("user", user_id)


async def delete_user(conn: AsyncConnection, user_id: str) -> None:
    """Remove an account and its refresh tokens. Raises NotFound."""
    done = await conn.execute(delete(t.user_account).where(t.user_account.c.id == user_id))
    if done.rowcount == 0:
        raise NotFound("user", user_id)


# ---- API keys ---------------------------------------------------------------------------------


def _key(row: Row[*tuple[object, ...]]) -> ApiKeyRow:
    return to_struct(row, ApiKeyRow)


async def list_api_keys(conn: AsyncConnection) -> list[ApiKeyRow]:
    """All keys, revoked and expired ones too, newest first."""
    rows = await conn.execute(
        select(t.api_key).order_by(t.api_key.c.created_at.desc(), t.api_key.c.id)
    )
    return [_key(row) for row in rows]


async def get_api_key(conn: AsyncConnection, key_id: str) -> ApiKeyRow:
    """One key. Raises NotFound."""
    row = (await conn.execute(select(t.api_key).where(t.api_key.c.id == key_id))).one_or_none()
    if row is None:
        raise NotFound("API key", key_id)
    return _key(row)


async def find_api_key(conn: AsyncConnection, secret_hash: str) -> ApiKeyRow | None:
    """The key whose secret hashes to this, None without one; it may be revoked or expired."""
    query = select(t.api_key).where(t.api_key.c.secret_hash == secret_hash)
    row = (await conn.execute(query)).one_or_none()
    return None if row is None else _key(row)


async def create_api_key(conn: AsyncConnection, key: ApiKeyRow) -> ApiKeyRow:
    """Add a key. Raises AlreadyThere, UnknownReference (agent)."""
    taken = select(t.api_key.c.id).where(t.api_key.c.id == key.id)
    if await conn.scalar(taken) is not None:
        raise AlreadyThere("API key", key.id)
    if await find_api_key(conn, key.secret_hash) is not None:
        raise AlreadyThere("API key", key.prefix, "secret")
    await _check_agent(conn, key.agent_id, f"The API key {key.name!r}")
    await conn.execute(insert(t.api_key).values(**msgspec.structs.asdict(key)))
    return key


async def touch_api_key(conn: AsyncConnection, key_id: str, now_ms: int) -> None:
    """Note that the key was used; unknown keys are no error (it may just have been deleted)."""
    await conn.execute(
        update(t.api_key).where(t.api_key.c.id == key_id).values(last_used_at=now_ms)
    )


async def revoke_api_key(conn: AsyncConnection, key_id: str, now_ms: int) -> ApiKeyRow:
    """End a key; the first revocation's time stays. Raises NotFound."""
    await conn.execute(
        update(t.api_key)
        .where(t.api_key.c.id == key_id, t.api_key.c.revoked_at.is_(None))
        .values(revoked_at=now_ms)
    )
    return await get_api_key(conn, key_id)


# ---- refresh tokens ---------------------------------------------------------------------------


def _token(row: Row[*tuple[object, ...]]) -> RefreshTokenRow:
    return to_struct(row, RefreshTokenRow)


async def create_refresh_token(conn: AsyncConnection, token: RefreshTokenRow) -> RefreshTokenRow:
    """Add the first token of a sign-in. Raises UnknownReference (user)."""
    known = select(t.user_account.c.id).where(t.user_account.c.id == token.user_id)
    if await conn.scalar(known) is None:
        raise UnknownReference("user", token.user_id, "The refresh token")
    await conn.execute(insert(t.refresh_token).values(**msgspec.structs.asdict(token)))
    return token


async def find_refresh_token(conn: AsyncConnection, hash_: str) -> RefreshTokenRow | None:
    """The token with this hash, None without one; it may be rotated, revoked or expired."""
    query = select(t.refresh_token).where(t.refresh_token.c.hash == hash_)
    row = (await conn.execute(query)).one_or_none()
    return None if row is None else _token(row)


async def rotate_refresh_token(
    conn: AsyncConnection, token_id: str, successor: RefreshTokenRow
) -> bool:
    """Replace a token by `successor`; False if it was already rotated or revoked.

    False means that the same token was presented twice: by a page that was loaded again before it
    had the answer, or by somebody with a copy. The check and the mark are one statement, so of two
    requests at the same time one gets False.
    """
    old = t.refresh_token.c
    done = await conn.execute(
        update(t.refresh_token)
        .where(old.id == token_id, old.rotated_to.is_(None), old.revoked_at.is_(None))
        .values(rotated_to=successor.id)
    )
    if done.rowcount == 0:
        return False
    await conn.execute(insert(t.refresh_token).values(**msgspec.structs.asdict(successor)))
    return True


async def successor_of(conn: AsyncConnection, token_id: str) -> RefreshTokenRow | None:
    """The token that this one was replaced by, None if it was not; it may be revoked."""
    old, new = t.refresh_token.alias("old"), t.refresh_token
    query = select(new).join(old, old.c.rotated_to == new.c.id).where(old.c.id == token_id)
    row = (await conn.execute(query)).one_or_none()
    return None if row is None else _token(row)


async def revoke_token_family(conn: AsyncConnection, family_id: str, now_ms: int) -> int:
    """End every token that came from one sign-in; how many were still alive."""
    token = t.refresh_token.c
    done = await conn.execute(
        update(t.refresh_token)
        .where(token.family_id == family_id, token.revoked_at.is_(None))
        .values(revoked_at=now_ms)
    )
    return done.rowcount


async def revoke_user_tokens(conn: AsyncConnection, user_id: str, now_ms: int) -> int:
    """End every token of a user (password changed, account closed), those for access included.

    How many refresh tokens were alive.
    """
    user = t.user_account
    await conn.execute(update(user).where(user.c.id == user_id).values(tokens_valid_from=now_ms))
    token = t.refresh_token.c
    done = await conn.execute(
        update(t.refresh_token)
        .where(token.user_id == user_id, token.revoked_at.is_(None))
        .values(revoked_at=now_ms)
    )
    return done.rowcount


async def purge_refresh_tokens(conn: AsyncConnection, before_ms: int) -> int:
    """Delete tokens that expired before `before_ms`; how many."""
    done = await conn.execute(
        delete(t.refresh_token).where(t.refresh_token.c.expires_at < before_ms)
    )
    return done.rowcount


# ---- sign-in attempts -------------------------------------------------------------------------


async def record_attempt(
    conn: AsyncConnection, *, login: str, address: str, succeeded: bool, now_ms: int
) -> None:
    """Note one attempt to sign in."""
    await conn.execute(
        insert(t.sign_in_attempt).values(
            login=login, address=address, succeeded=succeeded, at=now_ms
        )
    )


async def count_failures(
    conn: AsyncConnection, *, since_ms: int, login: str | None = None, address: str | None = None
) -> int:
    """Failed attempts since `since_ms` for a login, an address or both (None: any).

    With both, only those after the last success of that login from that address count.
    """
    attempt = t.sign_in_attempt.c
    query = select(func.count()).where(attempt.succeeded.is_(False), attempt.at >= since_ms)
    if address is not None:
        query = query.where(attempt.address == address)
    if login is not None:
        query = query.where(attempt.login == login)
    if login is not None and address is not None:
        last_at = await last_success(conn, login, address)
        query = query.where(attempt.at > (-1 if last_at is None else last_at))
    return await conn.scalar(query) or 0


async def last_success(conn: AsyncConnection, login: str, address: str) -> int | None:
    """When this login was last signed in to from this address, UTC ms; None: not that we know."""
    attempt = t.sign_in_attempt.c
    found: int | None = await conn.scalar(
        select(func.max(attempt.at)).where(
            attempt.login == login, attempt.address == address, attempt.succeeded.is_(True)
        )
    )
    return found


async def purge_attempts(
    conn: AsyncConnection, *, failed_before_ms: int, succeeded_before_ms: int
) -> int:
    """Delete failures and successes made before these instants; how many."""
    attempt = t.sign_in_attempt.c
    old = or_(
        and_(attempt.succeeded.is_(False), attempt.at < failed_before_ms),
        and_(attempt.succeeded.is_(True), attempt.at < succeeded_before_ms),
    )
    done = await conn.execute(delete(t.sign_in_attempt).where(old))
    return done.rowcount


# ---- audit ------------------------------------------------------------------------------------


async def write_audit(
    conn: AsyncConnection,
    *,
    at: int,
    actor: str,
    action: str,
    object_: str,
    detail: Mapping[str, object] | None = None,
) -> None:
    """Add one line to the audit log. `detail` must be JSON-able; never put secrets in it."""
    await conn.execute(
        insert(t.audit).values(
            at=at,
            actor=actor,
            action=action,
            object=object_,
            detail=msgspec.json.encode(dict(detail or {})).decode(),
        )
    )


class AuditFilter(msgspec.Struct, frozen=True):
    """Which lines: of [since, until) (UTC ms), by whom, what, about what. None: no restriction."""

    since: int | None = None
    until: int | None = None
    actor: str | None = None
    action: str | None = None
    object: str | None = None


async def list_audit(
    conn: AsyncConnection,
    wanted: AuditFilter | None = None,
    *,
    limit: int = 100,
    before_id: int | None = None,
) -> list[AuditRow]:
    """The audit log, newest first; `before_id` continues below the last row of a page."""
    wanted = wanted or AuditFilter()
    line = t.audit.c
    query = select(t.audit).where(*between(line.at, wanted.since, wanted.until))
    for column, value in (
        (line.actor, wanted.actor),
        (line.action, wanted.action),
        (line.object, wanted.object),
    ):
        if value is not None:
            query = query.where(column == value)
    query = query.order_by(line.id.desc()).limit(limit)
    if before_id is not None:
        query = query.where(t.audit.c.id < before_id)
    return [to_struct(row, AuditRow) for row in await conn.execute(query)]
