"""The store before anybody serves from it: tables, first pause reasons, administrators.

What the database refuses is one sentence (store.errors.StoreError).
"""

from __future__ import annotations

from api.administrators import ensure_administrator, make_key, reset_administrator
from plateau.clock import Clock
from plateau.settings import Settings
from plateau.stack import FIRST_LOGIN
from store.config_seed import seed
from store.engine import opened
from store.schema import migrate, require_current


async def prepare_store(settings: Settings) -> str | None:
    """Tables of this release, the first pause reasons and administrator of a new store.

    Returns the administrator's password if one was made.
    """
    async with opened(settings.effective_store_url, there=False) as engine:
        await migrate(engine)
        async with engine.begin() as conn:
            await seed(conn, Clock().now_ms())
        async with engine.begin() as conn:
            return await ensure_administrator(conn, FIRST_LOGIN, None, Clock().now_ms())


async def ensure_first_administrator(
    settings: Settings, login: str, password: str | None
) -> str | None:
    """Make an administrator unless there is one; the password made up, or the one given."""
    async with opened(settings.effective_store_url) as engine:
        await require_current(engine)
        async with engine.begin() as conn:
            return await ensure_administrator(conn, login, password, Clock().now_ms())


async def reset_password(settings: Settings, login: str, password: str | None) -> str | None:
    """Give an administrator a new password: the one made up, None if `password` was used.

    Raises store.errors.NotFound if no administrator has this login.
    """
    async with opened(settings.effective_store_url) as engine:
        await require_current(engine)
        async with engine.begin() as conn:
            return await reset_administrator(conn, login, password, Clock().now_ms())


async def make_api_key(settings: Settings, name: str, days: int) -> str:
    """Make an API key of an administrator, good for so many days; the secret, kept nowhere."""
    async with opened(settings.effective_store_url) as engine:
        await require_current(engine)
        async with engine.begin() as conn:
            return (await make_key(conn, name, days, Clock().now_ms())).secret
