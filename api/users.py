"""Accounts and API keys, and the audit log: administrators only."""

from __future__ import annotations

from typing import Annotated

import msgspec
from fastapi import APIRouter, Query
from pydantic import Field, JsonValue, StringConstraints
from sqlalchemy.ext.asyncio import AsyncConnection

from acd.model import AgentId
from api.auth import AsAdministrator
from api.context import Context, Ctx, audit
from api.credentials import API_KEY_PREFIX, digest, hash_password_async, new_token
from api.paging import (
    AsPage,
    Cursor,
    Limit,
    Page,
    Since,
    Until,
    cut_from,
    numbered,
    page_of,
)
from api.problems import Problem, described, invalid
from api.shapes import Body, Id, Instant, Name, Out, PathId, new_id
from store import accounts
from store.rows import ApiKeyRow, AuditRow, Role, UserRow

router = APIRouter(tags=["administration"])

Login = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9][A-Za-z0-9_.@+-]{0,99}$")]
Password = Annotated[str, StringConstraints(min_length=12, max_length=1000)]
_DAY_MS = 24 * 3600 * 1000


class UserChange(Body):
    """An account but for its password. `agent_id` ties it to the agent whose phone it is."""

    login: Login
    name: Name
    role: Role
    agent_id: Id | None = None
    active: bool = True


class UserNew(UserChange):
    """A new account."""

    password: Password


class PasswordChange(Body):
    """A new password, at least 12 characters."""

    password: Password


class User(Out):
    """An account."""

    id: str
    login: str
    name: str
    role: Role
    agent_id: str | None
    active: bool
    created_at: Instant


class Users(Page[User]):
    """A list of accounts."""


class ApiKeyNew(Body):
    """A new API key."""

    name: Name
    role: Role
    agent_id: Id | None = None
    expires_in_days: int | None = Field(365, ge=1, le=3650, description="null: never")


class ApiKey(Out):
    """An API key; `prefix` is the beginning of its secret, to recognise it."""

    id: str
    name: str
    prefix: str
    role: Role
    agent_id: str | None
    created_at: Instant
    expires_at: Instant | None
    last_used_at: Instant | None
    revoked_at: Instant | None


class ApiKeys(Page[ApiKey]):
    """A list of API keys."""


class ApiKeyCreated(ApiKey):
    """A new key. `secret` is shown this once."""

    secret: str


class AuditEntry(Out):
    """Who did what to which object. `detail` says how, by name."""

    id: int
    at: Instant
    actor: str
    action: str
    object: str
    detail: dict[str, JsonValue]


class AuditLog(Page[AuditEntry]):
    """A page of the audit log."""


def _check_agent_role(role: Role, agent_id: str | None) -> None:
    if role is Role.AGENT and agent_id is None:
        raise invalid(
            "/agent_id",
            "An account with the role agent needs the agent_id it acts for.",
            "Un compte de téléconseiller a besoin de l’agent_id pour qui il agit.",
        )


@router.get(
    "/users", operation_id="listUsers", summary="All accounts", responses=described(401, 403)
)
async def list_users(context: Ctx, _: AsAdministrator, cut: AsPage) -> Users:
    """By login."""
    async with context.engine.connect() as conn:
        rows = [User.model_validate(row) for row in await accounts.list_users(conn)]
    page, after = cut_from(rows, cut, lambda row: row.id)
    return Users(items=page, next=after)


@router.get(
    "/users/{user_id}",
    operation_id="getUser",
    summary="One account",
    responses=described(401, 403, 404),
)
async def get_user(context: Ctx, _: AsAdministrator, user_id: PathId) -> User:
    """One account."""
    async with context.engine.connect() as conn:
        return User.model_validate(await accounts.get_user(conn, user_id))


@router.post(
    "/users",
    operation_id="createUser",
    summary="Add an account",
    status_code=201,
    responses=described(401, 403, 409, 422),
)
async def create_user(context: Ctx, who: AsAdministrator, body: UserNew) -> User:
    """The person can sign in at once."""
    _check_agent_role(body.role, body.agent_id)
    row = UserRow(
        id=new_id(),
        login=body.login,
        name=body.name,
        password_hash=await hash_password_async(body.password),
        role=body.role,
        agent_id=None if body.agent_id is None else AgentId(body.agent_id),
        active=body.active,
        created_at=context.now_ms(),
    )
    async with context.engine.begin() as conn:
        await accounts.create_user(conn, row)
        detail = body.model_dump(mode="json", exclude={"password"})
        await audit(conn, context, who.actor, "create", f"user:{row.id}", detail)
    return User.model_validate(row)


@router.put(
    "/users/{user_id}",
    operation_id="updateUser",
    summary="Replace an account",
    responses=described(401, 403, 404, 409, 422),
)
async def update_user(
    context: Ctx, who: AsAdministrator, user_id: PathId, body: UserChange
) -> User:
    """Closing an account ends its sign-ins. The last administrator cannot be taken away."""
    _check_agent_role(body.role, body.agent_id)
    async with context.engine.begin() as conn:
        before = await accounts.get_user(conn, user_id)
        row = msgspec.structs.replace(
            before,
            login=body.login,
            name=body.name,
            role=body.role,
            agent_id=None if body.agent_id is None else AgentId(body.agent_id),
            active=body.active,
        )
        row = await accounts.update_user(conn, row)
        if not body.active:
            await accounts.revoke_user_tokens(conn, user_id, context.now_ms())
        await _keep_an_administrator(conn)
        detail = body.model_dump(mode="json")
        await audit(conn, context, who.actor, "update", f"user:{user_id}", detail)
    return User.model_validate(row)


async def _keep_an_administrator(conn: AsyncConnection) -> None:
    if not await accounts.count_active(conn, Role.ADMINISTRATOR):
        raise Problem(
            409,
            "last-administrator",
            "One active administrator must remain.",
            "Il doit rester un administrateur actif.",
        )


@router.post(
    "/users/{user_id}/password",
    operation_id="setPassword",
    summary="Give an account a new password",
    status_code=204,
    responses=described(401, 403, 404, 422),
)
async def set_password(
    context: Ctx, who: AsAdministrator, user_id: PathId, body: PasswordChange
) -> None:
    """Ends all its sign-ins."""
    hashed = await hash_password_async(body.password)
    async with context.engine.begin() as conn:
        await accounts.set_password(conn, user_id, hashed)
        await accounts.revoke_user_tokens(conn, user_id, context.now_ms())
        await audit(conn, context, who.actor, "set-password", f"user:{user_id}")


@router.delete(
    "/users/{user_id}",
    operation_id="deleteUser",
    summary="Remove an account",
    status_code=204,
    responses=described(401, 403, 404, 409),
)
async def delete_user(context: Ctx, who: AsAdministrator, user_id: PathId) -> None:
    """The last administrator cannot be removed."""
    async with context.engine.begin() as conn:
        await accounts.delete_user(conn, user_id)
        await _keep_an_administrator(conn)
        await audit(conn, context, who.actor, "delete", f"user:{user_id}")


@router.get(
    "/api-keys", operation_id="listApiKeys", summary="All API keys", responses=described(401, 403)
)
async def list_api_keys(context: Ctx, _: AsAdministrator, cut: AsPage) -> ApiKeys:
    """Revoked and expired ones too, newest first."""
    async with context.engine.connect() as conn:
        rows = [ApiKey.model_validate(row) for row in await accounts.list_api_keys(conn)]
    page, after = cut_from(rows, cut, lambda row: row.id)
    return ApiKeys(items=page, next=after)


@router.post(
    "/api-keys",
    operation_id="createApiKey",
    summary="Add an API key",
    status_code=201,
    responses=described(401, 403, 422),
)
async def create_api_key(context: Ctx, who: AsAdministrator, body: ApiKeyNew) -> ApiKeyCreated:
    """The answer holds the secret: it is shown this once."""
    _check_agent_role(body.role, body.agent_id)
    secret = new_token(API_KEY_PREFIX)
    row = _key_row(context, body, secret)
    async with context.engine.begin() as conn:
        await accounts.create_api_key(conn, row)
        detail = body.model_dump(mode="json")
        await audit(conn, context, who.actor, "create", f"key:{row.id}", detail)
    return ApiKeyCreated(**ApiKey.model_validate(row).model_dump(), secret=secret)


def _key_row(context: Context, body: ApiKeyNew, secret: str) -> ApiKeyRow:
    now_ms = context.now_ms()
    days = body.expires_in_days
    return ApiKeyRow(
        id=new_id(),
        name=body.name,
        prefix=secret[:8],
        secret_hash=digest(secret),
        role=body.role,
        agent_id=None if body.agent_id is None else AgentId(body.agent_id),
        created_at=now_ms,
        expires_at=None if days is None else now_ms + days * _DAY_MS,
    )


@router.delete(
    "/api-keys/{key_id}",
    operation_id="revokeApiKey",
    summary="Revoke an API key",
    responses=described(401, 403, 404),
)
async def revoke_api_key(context: Ctx, who: AsAdministrator, key_id: PathId) -> ApiKey:
    """At once. It stays in the list."""
    async with context.engine.begin() as conn:
        row = await accounts.revoke_api_key(conn, key_id, context.now_ms())
        await audit(conn, context, who.actor, "revoke", f"key:{key_id}")
    return ApiKey.model_validate(row)


@router.get(
    "/audit", operation_id="listAudit", summary="The audit log", responses=described(401, 403, 422)
)
async def list_audit(
    context: Ctx,
    _: AsAdministrator,
    since: Since = None,
    until: Until = None,
    actor: Annotated[str | None, Query(max_length=200, examples=["user:1f0c"])] = None,
    action: Annotated[str | None, Query(max_length=63, examples=["update"])] = None,
    object_: Annotated[
        str | None, Query(alias="object", max_length=200, examples=["queue:support-fr"])
    ] = None,
    limit: Limit = 100,
    cursor: Cursor = None,
) -> AuditLog:
    """Newest first."""
    wanted = accounts.AuditFilter(since, until, actor, action, object_)
    async with context.history() as conn:
        rows = await accounts.list_audit(conn, wanted, limit=limit + 1, before_id=numbered(cursor))
    page, after = page_of(rows, limit, lambda row: (row.id, ""))
    return AuditLog(items=[_audit_entry(row) for row in page], next=after)


def _audit_entry(row: AuditRow) -> AuditEntry:
    return AuditEntry.model_validate(
        msgspec.structs.asdict(row) | {"detail": msgspec.json.decode(row.detail or "{}")}
    )
