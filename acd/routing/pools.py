"""Ready agents and waiting calls that are after one another, in order. Pure.

A *roster* is what all agents are to one queue. A *pool* is the part of it that fits the same
wishes: its ready agents stand in one heap whatever step is open, because the step comes first in
their order; its calls stand in one heap for each step. Heap entries of those who went are left
behind and thrown out when they outnumber the rest.

A pool reads who became ready from a log, and only when it is asked: agents of a queue that nobody
calls, and agents who found a call at once, cost it nothing.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Collection, Mapping

import msgspec

from acd.config import AgentProfile, Strategy
from acd.model import AgentId, AgentWork, CallId
from acd.routing.eligibility import Place, Requirement, Terms, misfit

SLACK = 64
"""Heap entries of agents and calls that went are kept until they outnumber the rest by this."""

Entry = tuple[tuple[int, int, int], int, int, AgentId, int]
"""A ready agent in order: rank, score, ready since, id; and the stamp of that readiness."""

Waiter = tuple[int, int, CallId]
"""A waiting call in order: key, order, id."""


class Standing(msgspec.Struct, frozen=True):
    """A ready agent: since when, and what strategies count. `stamp` is the place in the log."""

    stamp: int
    since: int
    calls: int
    occupancy: int


Score = Callable[[AgentId, Place, Standing], int]


def occupancy(work: AgentWork, since: int) -> int:
    """Busy time of the time since signing in, in millionths, as it was when they became ready."""
    present_ms = since - work.signed_in_at
    return work.busy_ms * 1_000_000 // present_ms if present_ms > 0 else 0


class ReadyLog:
    """Who is ready, and in what order they became so.

    Entries are numbered without a gap; the oldest are forgotten, so a reader who comes after a
    long time reads `ready` instead.
    """

    def __init__(self) -> None:
        self.ready: dict[AgentId, Standing] = {}
        self._log: list[AgentId] = []
        self._start = 0
        self._read = 0

    @property
    def end(self) -> int:
        """The number of the next entry."""
        return self._start + len(self._log)

    def enter(self, agent_id: AgentId, since: int, calls: int, busy: int) -> None:
        """This agent is ready; what was read of them before is void."""
        self.ready[agent_id] = Standing(self.end, since, calls, busy)
        self._log.append(agent_id)
        if len(self._log) > 2 * (len(self.ready) + SLACK):
            forgotten = len(self._log) - len(self.ready) - SLACK
            del self._log[:forgotten]
            self._start += forgotten

    def again(self, agent_id: AgentId) -> None:
        """Something about this agent has changed: whoever has read of them must do so again."""
        known = self.ready.get(agent_id)
        if known is not None:
            self.enter(agent_id, known.since, known.calls, known.occupancy)

    def leave(self, agent_id: AgentId) -> None:
        """This agent is ready no more; harmless if so already."""
        if self.ready.pop(agent_id, None) is None:
            return
        # One who found a call at once was read by nobody: then the log need not keep them.
        if self._log and self._log[-1] == agent_id and self.end > self._read:
            self._log.pop()

    def since(self, seen: int, most: int) -> list[AgentId] | None:
        """Who became ready from entry `seen` on, in order; None if there are more than `most` or
        some were forgotten.
        """
        self._read = self.end
        if seen < self._start or self.end - seen > most:
            return None
        return self._log[seen - self._start :]


class Roster:
    """What every agent is to one queue, and the pools made of it.

    `turns` says when each had their turn in this queue, for round robin. `score` is what the
    strategy counts for an agent, smaller is better; None: idle time alone. What it finds it also
    puts into `by_agent`, where all rosters of an agent stand together.
    """

    __slots__ = ("_by_agent", "_delays", "_turns", "places", "pools", "score", "terms")

    def __init__(
        self,
        terms: Terms,
        profiles: Mapping[AgentId, AgentProfile],
        turns: Mapping[AgentId, int],
        by_agent: dict[AgentId, dict[Roster, Place]],
    ) -> None:
        self.pools: dict[tuple[Requirement, int, AgentId | None], Pool] = {}
        self._turns = turns
        self._by_agent = by_agent
        self.places: dict[AgentId, Place] = {}
        self._delays: tuple[int, ...] | None = None
        self.score: Score | None = None
        self.terms = terms
        self.fill(terms, profiles)

    def fill(self, terms: Terms, profiles: Mapping[AgentId, AgentProfile]) -> None:
        """Look at everybody anew, under these conditions."""
        self.terms = terms
        self.score = self._scoring(terms.strategy)
        self._delays = None
        self.forget()
        shared: dict[Place, Place] = {}
        for agent_id, profile in profiles.items():
            place = terms.place(profile)
            if place is not None:
                self._put(agent_id, shared.setdefault(place, place))

    def revise(self, agent_id: AgentId, profile: AgentProfile | None) -> None:
        """Look at one agent anew; None: they are not configured any more."""
        place = self.terms.place(profile) if profile is not None else None
        self._delays = None
        if place is not None:
            self._put(agent_id, place)
        elif self.places.pop(agent_id, None) is not None:
            self._leave(agent_id)

    def forget(self) -> None:
        """Let go of everybody."""
        for agent_id in self.places:
            self._leave(agent_id)
        self.places = {}

    def _put(self, agent_id: AgentId, place: Place) -> None:
        self.places[agent_id] = place
        self._by_agent.setdefault(agent_id, {})[self] = place

    def _leave(self, agent_id: AgentId) -> None:
        mine = self._by_agent[agent_id]
        del mine[self]
        if not mine:
            del self._by_agent[agent_id]

    @property
    def delays(self) -> tuple[int, ...]:
        """The membership delays above zero that occur, in order, in seconds."""
        if self._delays is None:
            found = {place.delay_s for place in self.places.values()}
            self._delays = tuple(sorted(delay_s for delay_s in found if delay_s > 0))
        return self._delays

    def _scoring(self, strategy: Strategy) -> Score | None:
        match strategy:
            case Strategy.LEAST_OCCUPIED:
                return lambda _agent, _place, standing: standing.occupancy
            case Strategy.BEST_SKILL:
                return lambda _agent, place, _standing: -place.points
            case Strategy.FEWEST_CALLS:
                return lambda _agent, _place, standing: standing.calls
            case Strategy.ROUND_ROBIN:
                return lambda agent_id, _place, _standing: self._turns.get(agent_id, 0)
            case _:
                return None


class Line:
    """The calls of one pool that wait with one step open; the first in order is at hand."""

    __slots__ = ("_entries", "count", "pool", "step")

    def __init__(self, pool: Pool, step: int) -> None:
        self.pool = pool
        self.step = step
        self.count = 0
        self._entries: list[Waiter] = []

    @property
    def head(self) -> Waiter:
        """The first in order; there must be one."""
        return self._entries[0]

    def add(self, waiter: Waiter) -> None:
        """Stand in line."""
        self.count += 1
        heapq.heappush(self._entries, waiter)

    def leave(self, waiting: Mapping[CallId, tuple[Waiter, Line]]) -> None:
        """One has left: `waiting` says who has not."""
        self.count -= 1
        entries = self._entries
        if len(entries) > 2 * self.count + SLACK:
            self._entries = entries = [e for e in set(entries) if self._holds(e, waiting)]
            heapq.heapify(entries)
        while entries and not self._holds(entries[0], waiting):
            heapq.heappop(entries)

    def calls(self, waiting: Mapping[CallId, tuple[Waiter, Line]]) -> list[CallId]:
        """Who stands here, in order; walks them all."""
        return [entry[2] for entry in sorted(set(self._entries)) if self._holds(entry, waiting)]

    def _holds(self, entry: Waiter, waiting: Mapping[CallId, tuple[Waiter, Line]]) -> bool:
        known = waiting.get(entry[2])
        return known is not None and known[1] is self and known[0] == entry

    def __len__(self) -> int:
        return len(self._entries)


class Pool:
    """Who fits the same wishes: skills `extra` beside the queue's, delays passed up to `delay_s`,
    one agent `only`; and the calls that wait with these wishes.
    """

    __slots__ = (
        "_entries",
        "_seen",
        "at_work",
        "at_work_by_step",
        "delay_s",
        "extra",
        "lines",
        "members",
        "only",
        "roster",
        "used",
    )

    def __init__(
        self, roster: Roster, extra: Requirement, delay_s: int, only: AgentId | None
    ) -> None:
        self.roster = roster
        self.only = only
        self.lines: dict[int, Line] = {}
        self.used = 0
        self.members: dict[AgentId, Place] = {}
        self.at_work: list[int] = []
        self.at_work_by_step: list[int] = []
        self.extra = extra
        self.delay_s = delay_s
        self._entries: list[Entry] = []
        self._seen = -1

    # ---- members ----

    def fill(self, profiles: Mapping[AgentId, AgentProfile], at_work: Collection[AgentId]) -> None:
        """Take from the roster who belongs here."""
        steps = self.roster.terms.steps
        self.members = {}
        self.at_work = [0] * steps
        self.at_work_by_step = [0] * steps
        self._entries = []
        self._seen = -1
        places = self.roster.places
        for agent_id in places if self.only is None else (self.only,):
            place = self._place(agent_id, profiles)
            if place is not None:
                self.members[agent_id] = place
                if agent_id in at_work:
                    self._count(place, 1)

    def revise(
        self, agent_id: AgentId, profiles: Mapping[AgentId, AgentProfile], at_work: bool
    ) -> None:
        """The roster sees one agent otherwise than before."""
        if self.only is not None and agent_id != self.only:
            return
        before = self.members.pop(agent_id, None)
        if before is not None and at_work:
            self._count(before, -1)
        place = self._place(agent_id, profiles)
        if place is not None:
            self.members[agent_id] = place
            if at_work:
                self._count(place, 1)

    def _place(self, agent_id: AgentId, profiles: Mapping[AgentId, AgentProfile]) -> Place | None:
        place = self.roster.places.get(agent_id)
        if place is None or place.delay_s > self.delay_s:
            return None
        if self.extra and misfit(profiles[agent_id], self.extra) is not None:
            return None
        return place

    def present(self, agent_id: AgentId, change: int) -> None:
        """An agent came to work (1) or left (-1)."""
        place = self.members.get(agent_id)
        if place is not None:
            self._count(place, change)

    def _count(self, place: Place, change: int) -> None:
        self.at_work[place.rank[0]] += change
        for step in place.steps:
            self.at_work_by_step[step] += change

    # ---- ready agents ----

    def first(self, log: ReadyLog, step: int) -> Entry | None:
        """The best ready agent of those who fit up to `step`; None if there is none."""
        self._catch_up(log)
        entries, ready = self._entries, log.ready
        while entries:
            entry = entries[0]
            standing = ready.get(entry[3])
            if standing is not None and standing.stamp == entry[4]:
                return entry if entry[0][0] <= step else None
            heapq.heappop(entries)
        return None

    def best(self, log: ReadyLog, step: int, limit: int) -> list[Entry]:
        """The best ready agents who fit up to `step`, in order, at most `limit`."""
        found: list[Entry] = []
        while len(found) < limit and (entry := self.first(log, step)) is not None:
            found.append(heapq.heappop(self._entries))
        for entry in found:
            heapq.heappush(self._entries, entry)
        return found

    def _catch_up(self, log: ReadyLog) -> None:
        if self._seen == log.end:
            return
        members, entries = self.members, self._entries
        fewer = min(len(log.ready), len(members))
        news = log.since(self._seen, fewer)
        if news is None or len(entries) > 2 * fewer + SLACK:
            self._entries = self._made(members.keys() & log.ready.keys(), log)
            heapq.heapify(self._entries)
        else:
            for entry in self._made(members.keys() & news, log):
                heapq.heappush(entries, entry)
        self._seen = log.end

    def _made(self, agents: set[AgentId], log: ReadyLog) -> list[Entry]:
        """The entries of those of these members who are ready, each once, in no order."""
        made: list[Entry] = []
        members, ready, score = self.members, log.ready, self.roster.score
        for agent_id in agents:
            standing = ready.get(agent_id)
            if standing is not None:
                place = members[agent_id]
                counted = 0 if score is None else score(agent_id, place, standing)
                made.append((place.rank, counted, standing.since, agent_id, standing.stamp))
        return made

    def ready_count(self, log: ReadyLog, step: int) -> int:
        """How many who are ready fit up to `step`; walks the fewer of members and ready."""
        ready, members = log.ready, self.members
        if len(members) < len(ready):
            return sum(place.rank[0] <= step for a, place in members.items() if a in ready)
        known = (members.get(agent_id) for agent_id in ready)
        return sum(place is not None and place.rank[0] <= step for place in known)

    def __len__(self) -> int:
        return len(self._entries)
