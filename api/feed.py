"""The live state of the floor in the web process, and what each reader has not seen of it yet.

One task follows the floor; any number of subscriptions read from here. A subscription remembers
*which* things changed, not the changes: a slow reader costs no more than the floor has things, and
gets the newest state of each. It knows nothing of HTTP.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field

from control.client import FloorClient
from control.protocol import AgentView, AlertView, CallView, Live, LiveChange, QueueView


@dataclass(slots=True)
class Unseen:
    """Ids that changed or left since the reader last looked."""

    agents: set[str] = field(default_factory=set)
    queues: set[str] = field(default_factory=set)
    calls: set[str] = field(default_factory=set)
    alerts: bool = False
    whole: bool = False

    def __bool__(self) -> bool:
        return bool(self.whole or self.agents or self.queues or self.calls or self.alerts)


class Subscription:
    """One reader of the feed."""

    def __init__(self) -> None:
        self.unseen = Unseen(whole=True)
        self.news = asyncio.Event()
        self.news.set()

    def take(self) -> Unseen:
        """What has changed since the last `take`; the next starts empty."""
        unseen, self.unseen = self.unseen, Unseen()
        self.news.clear()
        return unseen


class LiveFeed:
    """The floor as last heard. `present` is False while the floor is absent: the rest is empty."""

    def __init__(self, floor: FloorClient, now_ms: Callable[[], int]) -> None:
        self._floor = floor
        self._now_ms = now_ms
        self._readers: set[Subscription] = set()
        self._task: asyncio.Task[None] | None = None
        self._heard = asyncio.Event()
        self.present = False
        self._version = 0
        self._moved = asyncio.Event()
        self._at = 0
        self._heard_at = 0
        self.agents: dict[str, AgentView] = {}
        self.queues: dict[str, QueueView] = {}
        self.calls: dict[str, CallView] = {}
        self.alerts: tuple[AlertView, ...] = ()

    @property
    def at(self) -> int:
        """The floor's clock now, as far as we know it: UTC ms."""
        return self._at + self._now_ms() - self._heard_at

    def start(self) -> None:
        """Begin to follow the floor."""
        self._task = asyncio.create_task(self._follow(), name="live-feed")

    async def stop(self) -> None:
        """Stop following."""
        if self._task is not None:
            self._task.cancel()
            with suppress(asyncio.CancelledError):
                await self._task

    async def heard(self) -> None:
        """Wait until the floor has answered, or turned out to be absent, for the first time."""
        await self._heard.wait()

    async def reached(self, version: int, timeout_s: float) -> bool:
        """Wait until the picture is of this version; False: it is not, and the time has passed.

        True at once while the floor is absent: there is no picture then that could be older.
        """
        try:
            async with asyncio.timeout(timeout_s):
                while self.present and self._version < version:
                    await self._moved.wait()
        except TimeoutError:
            return False
        return True

    def subscribe(self) -> Subscription:
        """A new reader, to whom everything is unseen."""
        reader = Subscription()
        self._readers.add(reader)
        return reader

    def unsubscribe(self, reader: Subscription) -> None:
        """The reader has gone."""
        self._readers.discard(reader)

    async def _follow(self) -> None:
        stream = self._floor.follow()
        try:
            async for message in stream:
                self._take(message)
                self._heard.set()
        finally:
            await stream.aclose()

    def _take(self, message: Live | LiveChange | None) -> None:
        self._hear(message)
        self._version = 0 if message is None else message.version
        moved, self._moved = self._moved, asyncio.Event()
        moved.set()

    def _hear(self, message: Live | LiveChange | None) -> None:
        if isinstance(message, LiveChange):
            self._clock(message.at)
            self._apply(message)
            return
        self.present = message is not None
        self.agents = {} if message is None else {view.id: view for view in message.agents}
        self.queues = {} if message is None else {view.id: view for view in message.queues}
        self.calls = {} if message is None else {view.id: view for view in message.calls}
        self.alerts = () if message is None else message.alerts
        self._clock(self._now_ms() if message is None else message.at)
        for reader in self._readers:
            reader.unseen = Unseen(whole=True)
            reader.news.set()

    def _clock(self, at: int) -> None:
        self._at, self._heard_at = at, self._now_ms()

    def _apply(self, change: LiveChange) -> None:
        self.agents.update((view.id, view) for view in change.agents)
        self.queues.update((view.id, view) for view in change.queues)
        self.calls.update((view.id, view) for view in change.calls)
        for agent_id in change.agents_gone:
            self.agents.pop(agent_id, None)
        for queue_id in change.queues_gone:
            self.queues.pop(queue_id, None)
        for call_id in change.calls_ended:
            self.calls.pop(call_id, None)
        if change.alerts is not None:
            self.alerts = change.alerts
        for reader in self._readers:
            if not reader.unseen.whole:
                reader.unseen.agents.update(view.id for view in change.agents)
                reader.unseen.agents.update(change.agents_gone)
                reader.unseen.queues.update(view.id for view in change.queues)
                reader.unseen.queues.update(change.queues_gone)
                reader.unseen.calls.update(view.id for view in change.calls)
                reader.unseen.calls.update(change.calls_ended)
                reader.unseen.alerts = reader.unseen.alerts or change.alerts is not None
            reader.news.set()
