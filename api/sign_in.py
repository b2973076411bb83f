"""Signing in: password for tokens, refresh with rotation, who am I, a ticket for the stream."""

from __future__ import annotations

import asyncio
from typing import Annotated, Final, Literal

from fastapi import APIRouter, Depends, Form, Request
from fastapi.security import OAuth2PasswordRequestForm
from sqlalchemy.ext.asyncio import AsyncConnection

from api import throttle
from api.auth import AsAgent, Principal
from api.context import Context, Ctx, audit
from api.credentials import (
    digest,
    new_token,
    next_token,
    verify_password,
)
from api.problems import Problem, described, unauthorized
from api.shapes import AgentId, Out, new_id
from api.tokens import TICKET_LIFE_MS, issue_access
from store import accounts
from store.rows import RefreshTokenRow, Role, UserRow

router = APIRouter(tags=["sign-in"])

GRACE_MS: Final = 30_000
"""How long a refresh token that was used still gives its successor: a page that is loaded again
before it has the answer must not lose its sign-in."""


class Tokens(Out):
    """What a sign-in gives. A refresh token is good once: its use gives the next."""

    access_token: str
    token_type: Literal["bearer"] = "bearer"
    expires_in: int
    refresh_token: str
    role: Role


class Me(Out):
    """Who the credentials belong to."""

    actor: str
    name: str
    role: Role
    agent_id: AgentId | None


class StreamTicket(Out):
    """Opens one live stream, once, within `expires_in` seconds."""

    ticket: str
    expires_in: int


def _address(request: Request, context: Context) -> str:
    host = request.client.host if request.client is not None else "local"
    forwarded = request.headers.get("x-forwarded-for")
    if forwarded and host in context.settings.trusted_proxies:
        return forwarded.rsplit(",", 1)[-1].strip()
    return host


async def _refuse_hasty(context: Context, login: str, address: str) -> None:
    """Raises Problem 429 while this login's wrong passwords from this address ask for a pause."""
    now_ms = context.now_ms()
    since = now_ms - throttle.WINDOW_MS
    async with context.engine.connect() as conn:
        failures = await accounts.count_failures(conn, since_ms=since, login=login, address=address)
        delay = throttle.delay_ms(failures)
        recent = 0
        if delay:
            recent = await accounts.count_failures(
                conn, since_ms=now_ms - delay + 1, login=login, address=address
            )
    if recent:
        context.metrics.sign_ins.labels("throttled").inc()
        seconds = -(-delay // 1000)
        raise Problem(
            429,
            "too-many-attempts",
            f"Too many wrong passwords; try again in {seconds} s.",
            f"Trop de mots de passe incorrects ; réessayez dans {seconds} s.",
            headers={"Retry-After": str(seconds)},
        )


async def _late_ms(context: Context, login: str, address: str) -> int | None:
    """How late the answer is to come, in ms; None: the address is known for this login."""
    now_ms = context.now_ms()
    since = now_ms - throttle.WINDOW_MS
    async with context.engine.connect() as conn:
        known_at = await accounts.last_success(conn, login, address)
        if known_at is not None and known_at >= now_ms - throttle.KNOWN_MS:
            return None
        of_login = await accounts.count_failures(conn, since_ms=since, login=login)
        of_address = await accounts.count_failures(conn, since_ms=since, address=address)
    return throttle.late_ms(of_login, of_address)


async def _check_password(context: Context, login: str, password: str, address: str) -> UserRow:
    """The user. Raises Problem 401 or 429.

    Attempts for one login from one address go one after another, so that parallel guesses count;
    so do all from one address but those to logins for which it is known: a flood of guesses must
    not hold up who signs in there each day.
    """
    late = await _late_ms(context, login, address)
    pair = context.locks.setdefault(f"pair {address} {login}", asyncio.Lock())
    if late is None:
        async with pair:
            return await _attempt(context, login, password, address)
    await asyncio.sleep(late / 1000)
    by_address = context.locks.setdefault(f"address {address}", asyncio.Lock())
    async with pair, by_address:
        return await _attempt(context, login, password, address)


async def _attempt(context: Context, login: str, password: str, address: str) -> UserRow:
    await _refuse_hasty(context, login, address)
    async with context.engine.connect() as conn:
        user = await accounts.find_user(conn, login)
    good = await verify_password(None if user is None else user.password_hash, password)
    accepted = good and user is not None and user.active
    now_ms = context.now_ms()
    async with context.engine.begin() as conn:
        await accounts.record_attempt(
            conn, login=login, address=address, succeeded=accepted, now_ms=now_ms
        )
        await accounts.purge_attempts(
            conn,
            failed_before_ms=now_ms - 24 * 3600 * 1000,
            succeeded_before_ms=now_ms - throttle.KNOWN_MS,
        )
        if accepted and user is not None:
            await audit(conn, context, f"user:{user.id}", "sign-in", f"user:{user.id}")
        else:
            await _note_refused(conn, context, user, login, address)
    context.metrics.sign_ins.labels("accepted" if accepted else "refused").inc()
    if user is None or not accepted:
        raise wrong_password()
    return user


def wrong_password() -> Problem:
    """401: which of the two is wrong is not told."""
    return unauthorized(
        "The login or the password is wrong.",
        "Identifiant ou mot de passe incorrect.",
        slug="wrong-password",
    )


async def _note_refused(
    conn: AsyncConnection, context: Context, user: UserRow | None, login: str, address: str
) -> None:
    """Wrong passwords in the audit log, fewer lines the more there are.

    What was typed as an unknown login is not kept: it may be a password in the wrong field.
    """
    failures = await accounts.count_failures(
        conn,
        since_ms=context.now_ms() - throttle.WINDOW_MS,
        login=None if user is None else login,
        address=address,
    )
    if throttle.worth_noting(failures):
        object_ = "user:unknown" if user is None else f"user:{user.id}"
        detail: dict[str, object] = {"failures": failures}
        await audit(conn, context, f"address:{address}", "sign-in-refused", object_, detail)


def _refresh_row(context: Context, user_id: str, family: str, token: str) -> RefreshTokenRow:
    now_ms = context.now_ms()
    return RefreshTokenRow(
        id=new_id(),
        user_id=user_id,
        family_id=family,
        hash=digest(token),
        issued_at=now_ms,
        expires_at=now_ms + context.settings.refresh_token_s * 1000,
    )


def _tokens(context: Context, user: UserRow, refresh: str) -> Tokens:
    settings = context.settings
    access = issue_access(settings.jwt_secret, user.id, context.now_ms(), settings.access_token_s)
    return Tokens(
        access_token=access,
        expires_in=settings.access_token_s,
        refresh_token=refresh,
        role=user.role,
    )


@router.post(
    "/token",
    operation_id="signIn",
    summary="Sign in with login and password (OAuth2 password grant)",
    responses=described(401, 422, 429),
)
async def sign_in(
    request: Request, context: Ctx, form: Annotated[OAuth2PasswordRequestForm, Depends()]
) -> Tokens:
    """Wrong passwords slow the next attempt for that login from that address: 429 says how long."""
    address = _address(request, context)
    fits = len(form.username) <= 100 and len(form.password) <= 1000
    if not fits or "\0" in form.username:  # which PostgreSQL cannot even look for
        raise wrong_password()
    user = await _check_password(context, form.username, form.password, address)
    refresh = new_token()
    async with context.engine.begin() as conn:
        await accounts.purge_refresh_tokens(conn, context.now_ms())
        row = _refresh_row(context, user.id, new_id(), refresh)
        await accounts.create_refresh_token(conn, row)
    return _tokens(context, user, refresh)


@router.post(
    "/token/refresh",
    operation_id="refreshToken",
    summary="A new access token and the next refresh token",
    responses=described(401, 422),
)
async def refresh_token(
    context: Ctx, refresh_token: Annotated[str, Form(max_length=200)]
) -> Tokens:
    """A refresh token used again gives its successor for 30 s (the answer was lost); after that
    it has been copied, and the whole sign-in is ended.
    """
    now_ms = context.now_ms()
    successor = next_token(context.settings.jwt_secret, refresh_token)
    reused = False
    user: UserRow | None = None
    async with context.engine.begin() as conn:
        row = await accounts.find_refresh_token(conn, digest(refresh_token))
        if row is not None and row.expires_at > now_ms and row.revoked_at is None:
            next_row = _refresh_row(context, row.user_id, row.family_id, successor)
            reused = not await accounts.rotate_refresh_token(conn, row.id, next_row)
            if reused and await _just_rotated(conn, row, successor, now_ms):
                reused = False
            if not reused:
                user = await accounts.get_user(conn, row.user_id)
            else:
                await accounts.revoke_token_family(conn, row.family_id, now_ms)
                actor = f"user:{row.user_id}"
                await audit(conn, context, actor, "refresh-token-reused", actor)
    if reused:
        raise unauthorized(
            "This refresh token has been used before; the sign-in was ended for safety.",
            "Ce jeton a déjà servi ; par sécurité, la session est terminée : reconnectez-vous.",
            slug="token-reused",
        )
    if user is None or not user.active:
        raise unauthorized(
            "The refresh token is unknown, ended or expired; sign in.",
            "Session expirée : reconnectez-vous.",
            slug="bad-token",
        )
    return _tokens(context, user, successor)


async def _just_rotated(
    conn: AsyncConnection, row: RefreshTokenRow, successor: str, now_ms: int
) -> bool:
    """Whether this token may still be exchanged for its successor."""
    made = await accounts.successor_of(conn, row.id)
    return (
        made is not None
        and made.revoked_at is None
        and made.hash == digest(successor)
        and now_ms - made.issued_at <= GRACE_MS
    )


@router.post(
    "/token/revoke",
    operation_id="signOutOfApi",
    summary="End a sign-in",
    status_code=204,
    responses=described(422),
)
async def revoke(context: Ctx, refresh_token: Annotated[str, Form(max_length=200)]) -> None:
    """Ends all refresh tokens of this sign-in; unknown ones are no error (RFC 7009)."""
    async with context.engine.begin() as conn:
        row = await accounts.find_refresh_token(conn, digest(refresh_token))
        if row is not None:
            await accounts.revoke_token_family(conn, row.family_id, context.now_ms())


@router.get("/me", operation_id="whoAmI", summary="Who am I", responses=described(401))
async def me(principal: AsAgent) -> Me:
    """The account or key behind the credentials sent."""
    return Me(
        actor=principal.actor,
        name=principal.name,
        role=principal.role,
        agent_id=principal.agent_id,
    )


@router.post(
    "/live/ticket",
    operation_id="getStreamTicket",
    summary="A one-time ticket for the live stream",
    responses=described(401),
)
async def stream_ticket(context: Ctx, principal: AsAgent) -> StreamTicket:
    """Browsers cannot send a header with a WebSocket: they send this as a subprotocol."""
    token = new_token()
    ends = _ends(context, principal)
    context.tickets.put(token, principal.actor, principal.issued_at, ends, context.now_ms())
    return StreamTicket(ticket=token, expires_in=TICKET_LIFE_MS // 1000)


def _ends(context: Context, principal: Principal) -> int:
    life_ms = context.settings.access_token_s * 1000
    return principal.expires_at or context.now_ms() + life_ms
