"""What the routes share: settings, database, the floor, the live feed, the clock.

One `Context` belongs to one application. It also knows the two ways of reaching the floor: `ask`
(which fails if the floor is absent) and `reload` (after a change that is saved in any case).
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Annotated
from weakref import WeakValueDictionary

from fastapi import Depends
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine
from starlette.requests import HTTPConnection

from acd.events import AgentRequest, FloorRequest, TalkRequest
from acd.facts import Audited
from api.feed import LiveFeed
from api.metrics import ApiMetrics
from api.rates import OpenStreams, Rates
from api.settings import ApiSettings
from api.tokens import Tickets
from control.client import FloorAbsent, FloorClient, FloorRefused
from control.protocol import Done, Health, ReadHealth, Refused, Reload
from store.accounts import write_audit

FloorAction = AgentRequest | TalkRequest | FloorRequest


@dataclass(slots=True)
class Context:
    """Everything that lives as long as the application."""

    settings: ApiSettings
    engine: AsyncEngine
    floor: FloorClient
    feed: LiveFeed
    tickets: Tickets
    metrics: ApiMetrics
    now_ms: Callable[[], int]
    rates: Rates
    streams: OpenStreams
    locks: WeakValueDictionary[str, asyncio.Lock] = field(default_factory=WeakValueDictionary)

    async def ask(self, wish: FloorAction, audit: Audited | None = None) -> Done:
        """Have the floor do it, and keep `audit` with it. Raises FloorAbsent, FloorRefused."""
        result = await self.floor.ask(wish, self.settings.floor_timeout_s, audit)
        if isinstance(result, Done):
            return result
        raise FloorRefused(_refusal(result))

    async def act(self, wish: FloorAction) -> list[str]:
        """The same; its warnings."""
        return list((await self.ask(wish)).warnings)

    async def health(self) -> Health:
        """The floor's health. Raises FloorAbsent, FloorRefused."""
        result = await self.floor.ask(ReadHealth(), self.settings.floor_timeout_s)
        if isinstance(result, Health):
            return result
        raise FloorRefused(_refusal(result))

    async def reload(self) -> list[str]:
        """Put a saved change in force; what an operator should know, empty if all is well."""
        try:
            result = await self.floor.ask(Reload(), self.settings.reload_timeout_s)
        except FloorAbsent as absent:
            if absent.maybe_done:
                return [f"Saved. {absent} The change takes effect when the floor has read it."]
            return ["Saved. The floor is not running; the change takes effect when it starts."]
        if isinstance(result, Done):
            return list(result.warnings)
        return [f"Saved, but not in force yet: {_refusal(result).detail}"]


def _refusal(result: object) -> Refused:
    if isinstance(result, Refused):
        return result
    return Refused("unexpected-answer", 502, "The floor gave an answer of an unexpected kind.")


def context_of(connection: HTTPConnection) -> Context:
    """The application's context (dependency)."""
    context = connection.app.state.context
    assert isinstance(context, Context)
    return context


Ctx = Annotated[Context, Depends(context_of)]


async def audit(
    conn: AsyncConnection,
    context: Context,
    actor: str,
    action: str,
    object_: str,
    detail: dict[str, object] | None = None,
) -> None:
    """Note a change in the audit log, in the same transaction as the change."""
    await write_audit(
        conn, at=context.now_ms(), actor=actor, action=action, object_=object_, detail=detail
    )
