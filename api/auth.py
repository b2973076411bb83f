"""Who is asking, and whether they may. Roles form a ladder: agent < supervisor < administrator.

`Allow(role)` stands in each route's signature; the table in docs/api-roles.md is made from it.
Objects are checked in the routes with `Principal.may_act_for`.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Final

from fastapi import Depends
from fastapi.security import APIKeyHeader, OAuth2PasswordBearer
from sqlalchemy.ext.asyncio import AsyncConnection
from starlette.requests import Request

from api.context import Context, context_of
from api.credentials import API_KEY_PREFIX, digest
from api.problems import Problem, forbidden, unauthorized
from api.tokens import BadToken, read_access
from store.accounts import find_api_key, get_api_key, get_user, touch_api_key
from store.errors import NotFound
from store.rows import ApiKeyRow, Role

_LADDER: Final = (Role.AGENT, Role.SUPERVISOR, Role.ADMINISTRATOR)
_TOUCH_EVERY_MS: Final = 60_000
_MOST_BUCKETS: Final = 1000

_bearer = OAuth2PasswordBearer(
    "/api/v1/token",
    refreshUrl="/api/v1/token/refresh",
    auto_error=False,
    description="Sign in with login and password. `Bearer plt_…` takes an API key as well.",
)
_key_header = APIKeyHeader(name="X-API-Key", auto_error=False, description="An API key, `plt_…`.")


@dataclass(frozen=True, slots=True)
class Principal:
    """Who is asking. `actor` is `user:ID` or `key:ID`; `expires_at` UTC ms, None: no end.

    `issued_at` is when the access token was issued, UTC ms; None for an API key.
    """

    actor: str
    name: str
    role: Role
    agent_id: str | None
    expires_at: int | None
    issued_at: int | None = None

    def has(self, role: Role) -> bool:
        """Whether this one stands at `role` or above."""
        return _LADDER.index(self.role) >= _LADDER.index(role)

    def may_act_for(self, agent_id: str | None) -> bool:
        """Whether this one may act for, or see what belongs to, that agent."""
        return self.has(Role.SUPERVISOR) or (agent_id is not None and agent_id == self.agent_id)


def only_own(who: Principal, agent_id: str | None, what: str) -> str | None:
    """The agent whose `what` may be listed: an agent's own, a supervisor's as asked (None: all).

    Raises Problem 403.
    """
    if who.has(Role.SUPERVISOR):
        return agent_id
    if who.agent_id is None or agent_id not in (None, who.agent_id):
        raise forbidden(
            f"An agent may see only their own {what}.",
            "Un téléconseiller ne voit que ce qui le concerne.",
        )
    return who.agent_id


async def principal_of(
    conn: AsyncConnection, actor: str, issued_at: int | None, now_ms: int
) -> Principal | None:
    """The principal behind an actor as they stand now; None if they may do nothing any more.

    `issued_at` is the access token's, UTC ms; None for an API key, whose row says all.
    """
    kind, _, id_ = actor.partition(":")
    if kind == "user":
        try:
            user = await get_user(conn, id_)
        except NotFound:
            return None
        ended = issued_at is not None and issued_at < user.tokens_valid_from
        if not user.active or ended:
            return None
        return Principal(actor, user.login, user.role, user.agent_id, None, issued_at)
    try:
        return _of_key(await get_api_key(conn, id_), now_ms)
    except NotFound:
        return None


def _of_key(key: ApiKeyRow, now_ms: int) -> Principal | None:
    expired = key.expires_at is not None and key.expires_at <= now_ms
    if expired or key.revoked_at is not None:
        return None
    return Principal(f"key:{key.id}", key.name, key.role, key.agent_id, key.expires_at)


async def _by_key(context: Context, secret: str) -> Principal:
    now_ms = context.now_ms()
    async with context.engine.connect() as conn:
        key = await find_api_key(conn, digest(secret))
    principal = None if key is None else _of_key(key, now_ms)
    if key is None or principal is None:
        raise unauthorized(
            "The API key is unknown, revoked or expired.",
            "La clé d’API est inconnue, révoquée ou expirée.",
        )
    if key.last_used_at is None or key.last_used_at < now_ms - _TOUCH_EVERY_MS:
        async with context.engine.begin() as conn:
            await touch_api_key(conn, key.id, now_ms)
    return principal


async def authenticate(context: Context, bearer: str | None, key: str | None) -> Principal:
    """Who sent these credentials. Raises Problem 401."""
    if key is None and bearer is not None and bearer.startswith(API_KEY_PREFIX):
        key = bearer
    if key is not None:
        return await _by_key(context, key)
    if bearer is None:
        raise unauthorized(
            "Sign in first: send an access token or an API key.",
            "Connectez-vous d’abord : envoyez un jeton d’accès ou une clé d’API.",
        )
    now_ms = context.now_ms()
    try:
        access = read_access(context.settings.jwt_secret, bearer, now_ms)
    except BadToken as error:
        raise unauthorized(
            str(error), "Session expirée : reconnectez-vous.", slug="bad-token"
        ) from error
    async with context.engine.connect() as conn:
        found = await principal_of(conn, f"user:{access.user_id}", access.issued_at, now_ms)
    if found is None:
        raise unauthorized(
            "This sign-in was ended, or the account has been closed; sign in again.",
            "Cette session est terminée, ou le compte fermé : reconnectez-vous.",
        )
    return replace(found, expires_at=access.expires_at)


def _keep_pace(context: Context, principal: Principal) -> None:
    """Raises Problem 429 where this one has asked too much of late."""
    now_ms = context.now_ms()
    if len(context.rates) > _MOST_BUCKETS:
        context.rates.forget_full(now_ms)
    wait_s = context.rates.take(principal.actor, now_ms)
    if wait_s:
        raise Problem(
            429,
            "too-many-requests",
            f"These are too many requests at once for one account or key; go on in {wait_s} s.",
            f"Trop de demandes à la fois pour un compte ou une clé : reprenez dans {wait_s} s.",
            headers={"Retry-After": str(wait_s)},
        )


ROLES: Final = {
    Role.AGENT: "téléconseiller",
    Role.SUPERVISOR: "superviseur",
    Role.ADMINISTRATOR: "administrateur",
}
"""Roles in French."""


class Allow:
    """Dependency: lets those pass who stand at `role` or above, and says who they are."""

    def __init__(self, role: Role) -> None:
        self.role = role

    async def __call__(
        self,
        request: Request,
        bearer: Annotated[str | None, Depends(_bearer)],
        key: Annotated[str | None, Depends(_key_header)],
    ) -> Principal:
        """The principal. Raises Problem 401 or 403."""
        context = context_of(request)
        principal = await authenticate(context, bearer, key)
        _keep_pace(context, principal)
        if not principal.has(self.role):
            raise forbidden(
                f"This needs the role {self.role.value}; yours is {principal.role.value}.",
                f"Il faut le rôle {ROLES[self.role]} ; le vôtre est {ROLES[principal.role]}.",
            )
        return principal


AsAgent = Annotated[Principal, Depends(Allow(Role.AGENT))]
AsSupervisor = Annotated[Principal, Depends(Allow(Role.SUPERVISOR))]
AsAdministrator = Annotated[Principal, Depends(Allow(Role.ADMINISTRATOR))]
