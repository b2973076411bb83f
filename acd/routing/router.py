"""Who gets the call, and why: an index from both sides, and the reasons of a decision.

Of the ready agents whom a waiting item takes, the best by step, preference, membership and the
queue's strategy is chosen; of the waiting items that an agent may take, the one with the smallest
key. Neither search walks all agents or all calls: both stand in heaps by *want*, what an item asks
for now, of which a centre has few. Pure: it knows the configuration, ids and instants only.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from itertools import islice
from typing import TypeVar

import msgspec

from acd.config import AgentProfile, FloorConfig, Queue, Strategy
from acd.facts import Candidate
from acd.model import AgentId, AgentState, AgentWork, CallId, QueueId, SkillLevel
from acd.routing.eligibility import Place, Requirement, Terms, bare, misfit, requirement
from acd.routing.pools import Line, Pool, ReadyLog, Roster, Standing, Waiter, occupancy

__all__ = ["Requirement", "Router", "Want", "misfit", "requirement"]

POOLS_KEPT = 512
"""Pools in which nobody waits are kept, the last used, up to about this many."""

SHOWN_FIT = 5
SHOWN_REFUSED = 10

_NEVER = frozenset(
    {"lacks", "below", "unmet", "not_member", "not_preferred", "no_voice", "only", "unknown"}
)
"""Refusals of those who may not take this call at all: their place in the queue says nothing."""


class Want(msgspec.Struct, frozen=True):
    """What a waiting item asks for now; equal wants share a pool.

    `extra` is what the flow asks for beside the queue, as `requirement` orders it. Steps up to
    `step` are open, membership delays up to `delay_s` have passed. `only`: this agent alone.
    `required` counts only where the queue is not configured (any more).
    """

    queue_id: QueueId
    extra: tuple[SkillLevel, ...] = ()
    step: int = 0
    delay_s: int = 0
    only: AgentId | None = None
    required: tuple[SkillLevel, ...] = ()


class Router:
    """The index: ready agents and waiting calls, by what is wanted."""

    def __init__(self, config: FloorConfig) -> None:
        self._profiles: Mapping[AgentId, AgentProfile] = config.agents
        self._queues: Mapping[QueueId, Queue] = config.queues
        self._rosters: dict[tuple[QueueId, Requirement], Roster] = {}
        self._rosters_of: dict[AgentId, dict[Roster, Place]] = {}
        self._log = ReadyLog()
        self._at_work: set[AgentId] = set()
        self._waiting: dict[CallId, tuple[Waiter, Line]] = {}
        self._busy: dict[Roster, dict[Line, None]] = {}
        self._busy_for_one: dict[AgentId, dict[Line, None]] = {}
        self._turns: dict[QueueId, dict[AgentId, int]] = {}
        self._turn = 0
        self._lookups = 0
        self._pool_count = 0
        self._sweep_at = POOLS_KEPT

    # ---- configuration ----

    def configure(self, config: FloorConfig) -> None:
        """Take these agents and queues as the truth; ready agents and waiting calls stay.

        Only what changed is looked at anew. Calls of a queue that is gone are from now on for
        those who hold their `required` and `extra` skills.
        """
        before, queues_before = self._profiles, self._queues
        self._profiles, self._queues = config.agents, config.queues
        agents = _changed(before, config.agents)
        queues = {
            queue_id
            for queue_id in _changed(queues_before, config.queues)
            if _routes_by(queues_before.get(queue_id)) != _routes_by(config.queues.get(queue_id))
        }
        for agent_id in agents:
            if agent_id in config.agents:
                self._log.again(agent_id)
            else:
                self._log.leave(agent_id)
        self._forget_turns(agents)
        for (queue_id, required), roster in self._rosters.items():
            if queue_id in queues:
                self._refill(roster, self._terms(queue_id, required))
            elif len(agents) > len(self._profiles) // 4 + 8:
                self._refill(roster, roster.terms)
            else:
                self._revise(roster, agents)

    def _forget_turns(self, agents: list[AgentId]) -> None:
        for queue_id, turns in self._turns.items():
            if not self._takes_turns(queue_id):
                turns.clear()
            for agent_id in agents:
                if agent_id not in self._profiles:
                    turns.pop(agent_id, None)

    def _takes_turns(self, queue_id: QueueId) -> bool:
        queue = self._queues.get(queue_id)
        return queue is not None and queue.strategy is Strategy.ROUND_ROBIN

    def _refill(self, roster: Roster, terms: Terms) -> None:
        roster.fill(terms, self._profiles)
        for pool in roster.pools.values():
            pool.fill(self._profiles, self._at_work)

    def _revise(self, roster: Roster, agents: list[AgentId]) -> None:
        for agent_id in agents:
            roster.revise(agent_id, self._profiles.get(agent_id))
            for pool in roster.pools.values():
                pool.revise(agent_id, self._profiles, agent_id in self._at_work)

    def _terms(self, queue_id: QueueId, required: Requirement) -> Terms:
        queue = self._queues.get(queue_id)
        return bare(queue_id, required) if queue is None else Terms(queue)

    # ---- pools ----

    def _roster(self, queue_id: QueueId, required: Requirement) -> Roster:
        roster = self._rosters.get((queue_id, required))
        if roster is None:
            turns = self._turns.setdefault(queue_id, {})
            terms = self._terms(queue_id, required)
            roster = Roster(terms, self._profiles, turns, self._rosters_of)
            self._rosters[(queue_id, required)] = roster
        return roster

    def _pool(self, want: Want) -> Pool:
        roster = self._roster(want.queue_id, want.required)
        key = (want.extra, want.delay_s, want.only)
        pool = roster.pools.get(key)
        if pool is None:
            if self._pool_count >= self._sweep_at:
                self._sweep()
                roster = self._roster(want.queue_id, want.required)
            pool = roster.pools[key] = Pool(roster, *key)
            pool.fill(self._profiles, self._at_work)
            self._pool_count += 1
        self._lookups += 1
        pool.used = self._lookups
        return pool

    def _sweep(self) -> None:
        """Let go of the pools that were not used for longest, unless calls wait there."""
        idle = sorted(
            pool.used
            for roster in self._rosters.values()
            for pool in roster.pools.values()
            if not pool.lines
        )
        oldest_kept = idle[-(POOLS_KEPT // 2)] if len(idle) > POOLS_KEPT // 2 else 0
        for key, roster in list(self._rosters.items()):
            for wishes, pool in list(roster.pools.items()):
                if not pool.lines and pool.used < oldest_kept:
                    del roster.pools[wishes]
            if not roster.pools:
                roster.forget()
                del self._rosters[key]
        self._pool_count = sum(len(roster.pools) for roster in self._rosters.values())
        self._sweep_at = max(POOLS_KEPT, 2 * self._pool_count)

    # ---- agents ----

    def agent_ready(self, agent: AgentWork) -> None:
        """The agent can be chosen from now on; nothing changes for one not configured.

        `ready_since` orders the idle; their occupancy counts as it was when they became ready;
        `calls_taken`, `busy_ms` and `signed_in_at` are what strategies look at.
        """
        since = agent.ready_since
        if since is None or agent.id not in self._profiles:
            return
        # Who goes on being idle after an offer has been busy meanwhile.
        busy = occupancy(agent, max(since, agent.since))
        known = self._log.ready.get(agent.id)
        if known is None or (known.since, known.calls, known.occupancy) != (
            since,
            agent.calls_taken,
            busy,
        ):
            self._log.enter(agent.id, since, agent.calls_taken, busy)

    def agent_unready(self, agent_id: AgentId) -> None:
        """The agent cannot be chosen any more; harmless if so already."""
        self._log.leave(agent_id)

    def agent_at_work(self, agent_id: AgentId, at_work: bool) -> None:
        """The agent is signed in, or is not."""
        if at_work == (agent_id in self._at_work):
            return
        (self._at_work.add if at_work else self._at_work.discard)(agent_id)
        for roster in self._rosters_of.get(agent_id, ()):
            for pool in roster.pools.values():
                pool.present(agent_id, 1 if at_work else -1)

    def is_ready(self, agent_id: AgentId) -> bool:
        """Whether the agent can be chosen."""
        return agent_id in self._log.ready

    def best_agent(self, want: Want) -> AgentId | None:
        """The ready agent who comes first for this want; None if there is none."""
        if want.only is not None:
            return want.only if self._serves(want, want.only) and self._is_free(want.only) else None
        entry = self._pool(want).first(self._log, want.step)
        return None if entry is None else entry[3]

    def best_agents(self, want: Want, limit: int) -> tuple[AgentId, ...]:
        """The ready agents who come first for this want, in order, at most `limit`."""
        if want.only is not None:
            chosen = self.best_agent(want) if limit > 0 else None
            return () if chosen is None else (chosen,)
        return tuple(entry[3] for entry in self._pool(want).best(self._log, want.step, limit))

    def serves(self, want: Want, agent_id: AgentId) -> bool:
        """Whether this agent may take this, whatever they are doing now."""
        return want.only in (None, agent_id) and self._serves(want, agent_id)

    def _is_free(self, agent_id: AgentId) -> bool:
        return agent_id in self._log.ready

    def _serves(self, want: Want, agent_id: AgentId) -> bool:
        place = self._roster(want.queue_id, want.required).places.get(agent_id)
        return (
            place is not None
            and place.rank[0] <= want.step
            and place.delay_s <= want.delay_s
            and (not want.extra or misfit(self._profiles[agent_id], want.extra) is None)
        )

    def chosen(self, queue_id: QueueId, agent_id: AgentId) -> None:
        """The agent had their turn in this queue; only round robin keeps count.

        The count is not kept over a restart: all turns are equal then, and idle time decides.
        """
        if agent_id in self._profiles and self._takes_turns(queue_id):
            self._turn += 1
            self._turns.setdefault(queue_id, {})[agent_id] = self._turn
            self._log.again(agent_id)

    # ---- calls ----

    def call_waits(self, call_id: CallId, want: Want, key: int, order: int) -> None:
        """A call waits for an agent; the smallest `(key, order)` is served first.

        Said again, it takes the place of what was said before.
        """
        self.call_gone(call_id)
        pool = self._pool(want)
        line = pool.lines.get(want.step)
        if line is None:
            line = pool.lines[want.step] = Line(pool, want.step)
            if want.only is None:
                self._busy.setdefault(pool.roster, {})[line] = None
            else:
                self._busy_for_one.setdefault(want.only, {})[line] = None
        waiter = (key, order, call_id)
        self._waiting[call_id] = (waiter, line)
        line.add(waiter)

    def call_gone(self, call_id: CallId) -> None:
        """The call waits no longer; harmless if so already."""
        known = self._waiting.pop(call_id, None)
        if known is None:
            return
        line = known[1]
        line.leave(self._waiting)
        if not line.count:
            del line.pool.lines[line.step]
            if line.pool.only is None:
                _take_out(self._busy, line.pool.roster, line)
            else:
                _take_out(self._busy_for_one, line.pool.only, line)

    def best_call(self, agent_id: AgentId) -> CallId | None:
        """The waiting call that comes first for this agent; None if there is none.

        By key, less what the agent's priority in that queue is worth, then by order.
        """
        best: Waiter | None = None
        busy = self._busy
        for roster, place in self._rosters_of.get(agent_id, _NOWHERE).items():
            lines = busy.get(roster)
            if lines is not None:
                best = _first(agent_id, place, lines, best)
        alone = self._busy_for_one.get(agent_id)
        if alone is not None:
            for line in alone:
                known = line.pool.members.get(agent_id)
                if known is not None:
                    best = _first(agent_id, known, (line,), best)
        return None if best is None else best[2]

    def stranded(self, agent_id: AgentId) -> tuple[CallId, ...]:
        """The waiting calls whose search has to be looked at anew, now that this agent is away:
        those kept for them alone, and those with a step open that nobody signed in fits now.

        Walks the lines that this agent could serve, and their calls only where that is so.
        """
        found = list(self._busy_for_one.get(agent_id, ()))
        for roster, place in self._rosters_of.get(agent_id, _NOWHERE).items():
            last = roster.terms.steps - 1
            for line in self._busy.get(roster, ()):
                fitted = line.step in place.steps and line.step < last
                if fitted and not line.pool.at_work_by_step[line.step]:
                    found.append(line)
        return tuple(call_id for line in found for call_id in line.calls(self._waiting))

    # ---- who there is ----

    def could_serve(self, want: Want) -> int:
        """How many of those signed in may take this, whatever they are doing now."""
        if want.only is not None:
            return int(want.only in self._at_work and self._serves(want, want.only))
        return sum(self._pool(want).at_work[: want.step + 1])

    def fit_counts(self, want: Want) -> tuple[int, int]:
        """(ready, signed in) agents who may take this."""
        if want.only is not None:
            return int(self.best_agent(want) is not None), self.could_serve(want)
        return self._pool(want).ready_count(self._log, want.step), self.could_serve(want)

    def could_fit_step(self, want: Want) -> bool:
        """Whether anybody signed in fits `want.step` itself, now or once their delay has passed.

        Who fits an earlier step only does not count, nor does `only`.
        """
        delays = self.delays(want.queue_id)
        delay_s = max(want.delay_s, delays[-1] if delays else 0)
        pool = self._pool(msgspec.structs.replace(want, delay_s=delay_s, only=None))
        return want.step < len(pool.at_work_by_step) and pool.at_work_by_step[want.step] > 0

    def delays(self, queue_id: QueueId) -> tuple[int, ...]:
        """The delays above zero of those who may serve this queue, in order, in seconds."""
        return self._roster(queue_id, ()).delays if queue_id in self._queues else ()

    # ---- reasons ----

    def candidates(
        self,
        want: Want,
        chosen: AgentId | None,
        at_work: Mapping[AgentId, AgentWork],
        now_ms: int,
    ) -> tuple[Candidate, ...]:
        """What a decision saw: the chosen, the next who fit, and examples of why others did not.

        Bounded (`SHOWN_FIT`, `SHOWN_REFUSED`), so that its cost does not grow with the floor.
        `at_work` holds the agents who are signed in. Of the refused, those come first who fit but
        were busy, then those who would fit later, then others.
        """
        shown: dict[AgentId, Candidate] = {}
        if chosen is not None:
            shown[chosen] = self._seen(want, chosen, "chosen", now_ms)
        for agent_id in self.best_agents(want, SHOWN_FIT + 1):
            if agent_id != chosen and len(shown) < SHOWN_FIT + (chosen is not None):
                shown[agent_id] = self._seen(want, agent_id, "fit", now_ms)
        refused = 0
        for agent_id in self._examples(want, at_work):
            if refused == SHOWN_REFUSED:
                break
            verdict = None if agent_id in shown else self._verdict(agent_id, at_work, want)
            if verdict is not None:
                shown[agent_id] = self._seen(want, agent_id, verdict, now_ms)
                refused += 1
        return tuple(shown.values())

    def _examples(self, want: Want, at_work: Mapping[AgentId, AgentWork]) -> Iterator[AgentId]:
        """Whom to look at for refusals: the nearest to being chosen first; some may come twice."""
        roster = self._roster(want.queue_id, want.required)
        looked_at = 2 * SHOWN_REFUSED
        if want.only is not None:
            yield want.only
        else:
            members = islice(self._pool(want).members, 2 * looked_at)
            yield from islice((a for a in members if a in at_work), SHOWN_REFUSED // 2)
        would = islice(roster.places, 2 * looked_at)
        yield from islice((a for a in would if a in at_work), looked_at)
        yield from islice(at_work, looked_at)

    def _seen(self, want: Want, agent_id: AgentId, verdict: str, now_ms: int) -> Candidate:
        roster = self._roster(want.queue_id, want.required)
        place = roster.places.get(agent_id)
        standing = self._log.ready.get(agent_id)
        if place is None or verdict.partition(":")[0] in _NEVER:
            return Candidate(agent_id, verdict)
        return Candidate(
            agent_id,
            verdict,
            None if standing is None else now_ms - standing.since,
            place.rank[0],
            place.rank[1] == 0,
            -place.rank[2],
            None if standing is None else _score(roster, agent_id, place, standing),
        )

    def _verdict(
        self, agent_id: AgentId, at_work: Mapping[AgentId, AgentWork], want: Want
    ) -> str | None:
        profile, work = self._profiles.get(agent_id), at_work.get(agent_id)
        if profile is None:
            return "unknown"
        if want.only is not None and agent_id != want.only:
            return f"only:{want.only}"
        roster = self._roster(want.queue_id, want.required)
        place = roster.places.get(agent_id)
        why = roster.terms.refusal(profile, place, want.extra, want.step, want.delay_s)
        if why is not None or self.is_ready(agent_id):
            return why
        if work is None:
            return str(AgentState.SIGNED_OUT)
        return "resting" if work.state is AgentState.READY else str(work.state)


def _score(roster: Roster, agent_id: AgentId, place: Place, standing: Standing) -> int | None:
    """What the strategy counts, as `Candidate.score` tells it."""
    if roster.score is None:
        return None
    score = roster.score(agent_id, place, standing)
    return score // 1000 if roster.terms.strategy is Strategy.LEAST_OCCUPIED else abs(score)


def _routes_by(queue: Queue | None) -> tuple[object, ...] | None:
    """What of a queue the router goes by; other settings may change without a look at anybody."""
    if queue is None:
        return None
    return queue.required, queue.access, queue.steps, queue.strategy


_NOWHERE: Mapping[Roster, Place] = {}


def _first(
    agent_id: AgentId, place: Place, lines: Iterable[Line], best: Waiter | None
) -> Waiter | None:
    """The first call in order of these lines for this agent, or `best` if that comes before."""
    step, delay_s, worth_ms = place.rank[0], place.delay_s, place.worth_ms
    for line in lines:
        pool = line.pool
        if step > line.step or delay_s > pool.delay_s:
            continue
        head = line.head
        if worth_ms:
            head = (head[0] - worth_ms, head[1], head[2])
        # Only a skill of the flow's own must be looked up, and only for a call that would be it.
        if (best is None or head < best) and (not pool.extra or agent_id in pool.members):
            best = head
    return best


_Owner = TypeVar("_Owner", Roster, AgentId)


def _take_out(busy: dict[_Owner, dict[Line, None]], owner: _Owner, line: Line) -> None:
    lines = busy[owner]
    del lines[line]
    if not lines:
        del busy[owner]


_Key = TypeVar("_Key", AgentId, QueueId)
_Value = TypeVar("_Value", AgentProfile, Queue)


def _changed(before: Mapping[_Key, _Value], now: Mapping[_Key, _Value]) -> list[_Key]:
    """The keys whose value is gone, new or another, in the order of these mappings."""
    if before is now:
        return []
    found = [key for key in before if key not in now]
    for key, value in now.items():
        known = before.get(key)
        if known is not value and known != value:
            found.append(key)
    return found
