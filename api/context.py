"""What the routes share: settings, database, the floor, the live feed, the clock.

One `Context` belongs to one application. It also knows the two ways of reaching the floor: `ask`
(which fails if the floor is absent) and `reload` (after a change that is saved in any case).
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Annotated, Final
from weakref import WeakValueDictionary

import msgspec
import structlog
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
from control.protocol import Done, Health, Kept, ReadHealth, Refused, Reload
from store.accounts import write_audit
from store.progress import reached

log = structlog.get_logger(__name__)

_LOOK_AGAIN_S: Final = 0.02

FloorAction = AgentRequest | TalkRequest | FloorRequest


@dataclass(frozen=True, slots=True)
class _Own:
    """The last thing that was done through this process; until when (the loop's clock) who reads
    waits for it.
    """

    kept: Kept
    until: float


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
    _own: _Own | None = None

    async def ask(self, wish: FloorAction, audit: Audited | None = None) -> Done:
        """Have the floor do it, and keep `audit` with it. Raises FloorAbsent, FloorRefused."""
        result = await self.floor.ask(wish, self.settings.floor_timeout_s, audit)
        if isinstance(result, Done):
            return await self._shown(result)
        raise FloorRefused(_refusal(result))

    async def _shown(self, done: Done) -> Done:
        """The same once the live picture has it: whoever asked reads next what they have done."""
        wait_s = self.settings.own_writes_s
        if done.kept is not None:
            self._own = _Own(done.kept, asyncio.get_running_loop().time() + wait_s)
        if await self.feed.reached(done.version, wait_s):
            return done
        log.warning("the live picture lags behind what was done", version=done.version)
        late = "It was done; the live picture does not show it yet."
        return msgspec.structs.replace(done, warnings=(*done.warnings, late))

    @asynccontextmanager
    async def history(self) -> AsyncIterator[AsyncConnection]:
        """A connection to read what came to pass, once SQL has what was done through this process.

        The floor keeps what it does in its journal, from which SQL is written a moment later.
        """
        if self._own is not None:
            await self._written(self._own)
        async with self.engine.connect() as conn:
            yield conn

    async def _written(self, own: _Own) -> None:
        clock = asyncio.get_running_loop().time
        while True:
            async with self.engine.connect() as conn:
                has = await reached(conn, own.kept.journal, own.kept.segment, own.kept.offset)
            if has or clock() >= own.until:
                if self._own is own:
                    self._own = None
                return
            await asyncio.sleep(_LOOK_AGAIN_S)

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
            return list((await self._shown(result)).warnings)
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
