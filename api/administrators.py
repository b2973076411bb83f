"""What the operator's command line does about administrators and keys where nobody can sign in."""

from __future__ import annotations

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from api.credentials import (
    API_KEY_PREFIX,
    digest,
    hash_password_async,
    new_password,
    new_token,
)
from api.shapes import new_id
from store import accounts
from store.errors import NotFound
from store.rows import ApiKeyRow, Role, UserRow


async def reset_administrator(
    conn: AsyncConnection, login: str, password: str | None, now_ms: int
) -> str | None:
    """Give the administrator `login` a new password, open the account, end its sign-ins.

    `password` None: one is generated and returned, to be shown once; None is returned otherwise.
    Raises NotFound if no administrator has this login.
    """
    user = await accounts.find_user(conn, login)
    if user is None or user.role is not Role.ADMINISTRATOR:
        raise NotFound("administrator", login)
    generated = new_password() if password is None else None
    hashed = await hash_password_async(password if password is not None else generated or "")
    await accounts.update_user(conn, msgspec.structs.replace(user, active=True))
    await accounts.set_password(conn, user.id, hashed)
    await accounts.revoke_user_tokens(conn, user.id, now_ms)
    await accounts.write_audit(
        conn, at=now_ms, actor="system", action="set-password", object_=f"user:{user.id}"
    )
    return generated


async def ensure_administrator(
    conn: AsyncConnection, login: str, password: str | None, now_ms: int
) -> str | None:
    """Make the first administrator where there is none yet.

    `password` None: one is generated and returned, to be shown once. Returns None if nothing was
    generated: an administrator was there already, or the password given was used.
    """
    if await accounts.count_active(conn, Role.ADMINISTRATOR):
        return None
    generated = new_password() if password is None else None
    hashed = await hash_password_async(password if password is not None else generated or "")
    user = UserRow(
        id=new_id(),
        login=login,
        name="Administrator",
        password_hash=hashed,
        role=Role.ADMINISTRATOR,
        agent_id=None,
        active=True,
        created_at=now_ms,
    )
    await accounts.create_user(conn, user)
    await accounts.write_audit(
        conn, at=now_ms, actor="system", action="create", object_=f"user:{user.id}"
    )
    return generated


class MadeKey(msgspec.Struct, frozen=True):
    """A new API key; the secret is kept nowhere."""

    id: str
    secret: str


async def make_key(conn: AsyncConnection, name: str, days: int, now_ms: int) -> MadeKey:
    """Make an API key with the role administrator, good for so many days."""
    secret = new_token(API_KEY_PREFIX)
    row = ApiKeyRow(
        id=new_id(),
        name=name,
        prefix=secret[:8],
        secret_hash=digest(secret),
        role=Role.ADMINISTRATOR,
        agent_id=None,
        created_at=now_ms,
        expires_at=now_ms + days * 24 * 3600 * 1000,
    )
    await accounts.create_api_key(conn, row)
    await accounts.write_audit(
        conn, at=now_ms, actor="system", action="create", object_=f"key:{row.id}"
    )
    return MadeKey(row.id, secret)


async def revoke_key(conn: AsyncConnection, key_id: str, now_ms: int) -> None:
    """End an API key at once. Raises NotFound."""
    await accounts.revoke_api_key(conn, key_id, now_ms)
    await accounts.write_audit(
        conn, at=now_ms, actor="system", action="revoke", object_=f"key:{key_id}"
    )
