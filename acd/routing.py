"""Who gets the call, and why: an index from both sides, and the reasons of a decision.

Fit agents are those who hold every required skill at its level; among the fit and ready the
longest idle is chosen, among the waiting the smallest key that the agent can serve. Neither search
walks all agents or all calls: agents and calls are kept in heaps by *requirement* (the set of
skills asked for), of which a centre has few. Pure: it knows ids, skills and instants only.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterable, Mapping
from itertools import islice

from acd.facts import Candidate
from acd.model import AgentId, AgentProfile, AgentState, AgentWork, CallId, SkillId, SkillLevel

Requirement = tuple[SkillLevel, ...]
"""Skills asked for, each once, in the order of their names."""

SLACK = 64
"""Heap entries of agents and calls that went are kept until they outnumber the rest by this."""

SHOWN_FIT = 5
SHOWN_REFUSED = 10


def requirement(*parts: Iterable[SkillLevel]) -> Requirement:
    """Several requirements as one: of a skill asked for twice, the higher level counts."""
    levels: dict[SkillId, int] = {}
    for part in parts:
        for wanted in part:
            levels[wanted.skill] = max(wanted.level, levels.get(wanted.skill, 0))
    return tuple(SkillLevel(skill, levels[skill]) for skill in sorted(levels))


def misfit(profile: AgentProfile, wanted: Requirement) -> str | None:
    """Why this agent does not fit, as a `Candidate` verdict; None if the agent does.

    A skill that the agent does not hold is not level zero: nothing compares with it.
    """
    held = {skill.skill: skill.level for skill in profile.skills}
    for need in wanted:
        level = held.get(need.skill)
        if level is None:
            return f"lacks:{need.skill}"
        if level < need.level:
            return f"below:{need.skill}:{level}<{need.level}"
    return None


class _Pool:
    """All that concerns one requirement: its ready agents and its waiting calls.

    Heap entries are left behind when an agent or call goes; `Router` tells which are still true.
    """

    __slots__ = (
        "at_work_count",
        "ready",
        "ready_count",
        "waiting",
        "waiting_count",
        "wanted",
    )

    def __init__(self, wanted: Requirement) -> None:
        self.wanted = wanted
        self.at_work_count = 0
        self.ready_count = 0
        self.ready: list[tuple[int, AgentId]] = []
        self.waiting: list[tuple[int, int, CallId]] = []
        self.waiting_count = 0


class Router:
    """The index: ready agents and waiting calls, by requirement."""

    def __init__(self, profiles: Mapping[AgentId, AgentProfile]) -> None:
        self._profiles: dict[AgentId, AgentProfile] = {}
        self._pools: dict[Requirement, _Pool] = {}
        self._pools_of: dict[AgentId, list[_Pool]] = {}
        self._ready: dict[AgentId, int] = {}
        self._at_work: set[AgentId] = set()
        self._waiting: dict[CallId, tuple[int, int, _Pool]] = {}
        self.configure(profiles)

    def configure(self, profiles: Mapping[AgentId, AgentProfile]) -> None:
        """Take these agents and skills as the truth; ready agents and waiting calls stay."""
        self._profiles = dict(profiles)
        self._ready = {agent: since for agent, since in self._ready.items() if agent in profiles}
        self._pools_of = {}
        for pool in self._pools.values():
            self._fill(pool)

    def _fill(self, pool: _Pool) -> None:
        pool.ready = []
        pool.at_work_count = 0
        for agent_id, profile in self._profiles.items():
            if misfit(profile, pool.wanted) is None:
                self._pools_of.setdefault(agent_id, []).append(pool)
                pool.at_work_count += agent_id in self._at_work
                if agent_id in self._ready:
                    pool.ready.append((self._ready[agent_id], agent_id))
        pool.ready_count = len(pool.ready)
        heapq.heapify(pool.ready)

    def _pool(self, wanted: Requirement) -> _Pool:
        pool = self._pools.get(wanted)
        if pool is None:
            pool = self._pools[wanted] = _Pool(wanted)
            self._fill(pool)
        return pool

    # ---- agents ----

    def agent_ready(self, agent_id: AgentId, since: int) -> None:
        """The agent can be chosen from now on; `since` orders the idle (UTC ms)."""
        if agent_id not in self._profiles or self._ready.get(agent_id) == since:
            return
        self.agent_unready(agent_id)
        self._ready[agent_id] = since
        for pool in self._pools_of.get(agent_id, ()):
            pool.ready_count += 1
            heapq.heappush(pool.ready, (since, agent_id))
            if len(pool.ready) > 2 * pool.ready_count + SLACK:
                self._compact_ready(pool)

    def _compact_ready(self, pool: _Pool) -> None:
        """A queue that nobody calls is never asked: its heap must not keep every agent ever."""
        pool.ready = [entry for entry in set(pool.ready) if self._ready.get(entry[1]) == entry[0]]
        heapq.heapify(pool.ready)

    def agent_unready(self, agent_id: AgentId) -> None:
        """The agent cannot be chosen any more; harmless if so already."""
        if self._ready.pop(agent_id, None) is not None:
            for pool in self._pools_of.get(agent_id, ()):
                pool.ready_count -= 1

    def agent_at_work(self, agent_id: AgentId, at_work: bool) -> None:
        """The agent is signed in, or is not."""
        if at_work == (agent_id in self._at_work):
            return
        (self._at_work.add if at_work else self._at_work.discard)(agent_id)
        for pool in self._pools_of.get(agent_id, ()):
            pool.at_work_count += 1 if at_work else -1

    def is_ready(self, agent_id: AgentId) -> bool:
        """Whether the agent can be chosen."""
        return agent_id in self._ready

    def best_agent(self, wanted: Requirement) -> AgentId | None:
        """The fit agent who has been ready longest; None if nobody is."""
        pool = self._pool(wanted)
        while pool.ready:
            since, agent_id = pool.ready[0]
            if self._ready.get(agent_id) == since:
                return agent_id
            heapq.heappop(pool.ready)
        return None

    # ---- calls ----

    def call_waits(self, call_id: CallId, wanted: Requirement, key: int, order: int) -> None:
        """A call waits for an agent; the smallest `(key, order)` is served first."""
        self.call_gone(call_id)
        pool = self._pool(wanted)
        self._waiting[call_id] = (key, order, pool)
        pool.waiting_count += 1
        heapq.heappush(pool.waiting, (key, order, call_id))
        if len(pool.waiting) > 2 * pool.waiting_count + SLACK:
            pool.waiting = [
                entry
                for entry in set(pool.waiting)
                if self._waiting.get(entry[2]) == (entry[0], entry[1], pool)
            ]
            heapq.heapify(pool.waiting)

    def call_gone(self, call_id: CallId) -> None:
        """The call waits no longer; harmless if so already."""
        entry = self._waiting.pop(call_id, None)
        if entry is not None:
            pool = entry[2]
            pool.waiting_count -= 1
            if not pool.waiting_count:
                pool.waiting.clear()

    def best_call(self, agent_id: AgentId) -> CallId | None:
        """The waiting call with the smallest key that this agent fits; None if there is none."""
        best: tuple[int, int, CallId] | None = None
        for pool in self._pools_of.get(agent_id, ()):
            if not pool.waiting_count:
                continue
            head = self._head(pool)
            if head is not None and (best is None or head < best):
                best = head
        return best[2] if best else None

    def _head(self, pool: _Pool) -> tuple[int, int, CallId] | None:
        while pool.waiting:
            head = pool.waiting[0]
            if self._waiting.get(head[2]) == (head[0], head[1], pool):
                return head
            heapq.heappop(pool.waiting)
        return None

    # ---- reasons ----

    def candidates(
        self,
        wanted: Requirement,
        chosen: AgentId | None,
        at_work: Mapping[AgentId, AgentWork],
        now_ms: int,
    ) -> tuple[Candidate, ...]:
        """What a decision saw: the chosen, the next fit, and examples of why others were refused.

        Bounded (`SHOWN_FIT`, `SHOWN_REFUSED`), so that its cost does not grow with the floor.
        `at_work` holds the agents who are signed in.
        """
        shown: list[Candidate] = []
        if chosen is not None:
            idle_ms = now_ms - self._ready.get(chosen, now_ms)
            shown.append(Candidate(chosen, "chosen", idle_ms))
        fit = 0
        for since, agent_id in islice(self._pool(wanted).ready, 4 * SHOWN_FIT):
            if fit == SHOWN_FIT:
                break
            if agent_id != chosen and self._ready.get(agent_id) == since:
                shown.append(Candidate(agent_id, "fit", now_ms - since))
                fit += 1
        refused = 0
        for agent_id, work in islice(at_work.items(), 4 * SHOWN_REFUSED):
            if refused == SHOWN_REFUSED:
                break
            verdict = self._verdict(agent_id, work, wanted)
            if verdict is not None and agent_id != chosen:
                shown.append(Candidate(agent_id, verdict))
                refused += 1
        return tuple(shown)

    def _verdict(self, agent_id: AgentId, work: AgentWork, wanted: Requirement) -> str | None:
        profile = self._profiles.get(agent_id)
        if profile is None:
            return "unknown"
        why = misfit(profile, wanted)
        if why is not None or self.is_ready(agent_id):
            return why
        return "resting" if work.state is AgentState.READY else str(work.state)

    def fit_counts(self, wanted: Requirement) -> tuple[int, int]:
        """(ready, signed in) agents who fit."""
        pool = self._pool(wanted)
        return pool.ready_count, pool.at_work_count
