"""Who may take what: an agent against a queue's skills, access and steps. Pure.

Knows profiles and queues; nothing of who is ready, who waits, or what time it is.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import msgspec

from acd.config import Access, AgentProfile, Membership, Queue, Step
from acd.expressions import (
    Everyone,
    Expression,
    ExpressionInvalid,
    SkillTest,
    parse,
    test_of,
    unmet,
    written,
)
from acd.model import AgentId, QueueId, SkillId, SkillLevel

Requirement = tuple[SkillLevel, ...]
"""Skills asked for, each once, in the order of their names."""


class Place(msgspec.Struct, frozen=True):
    """What an agent is to one queue, whatever has opened so far.

    `rank` orders agents before the strategy does: first step fitted, 0 if preferred there or else
    1, minus the membership's priority; smaller is better. `steps`: all that they fit, in order.
    `worth_ms` is what the priority adds to a call's age for this agent. `points` are the agent's
    levels in the queue's skills times their weights.
    """

    rank: tuple[int, int, int]
    steps: tuple[int, ...]
    delay_s: int
    worth_ms: int
    points: int


PRIORITY_MS = 60_000
"""What one point of priority is worth in age: more urgent calls pass, and nobody starves."""


def requirement(*parts: Iterable[SkillLevel]) -> Requirement:
    """Several requirements as one: of a skill asked for twice, the higher level counts.

    Weights are left out: they order agents, they refuse none.
    """
    levels: dict[SkillId, int] = {}
    for part in parts:
        for wanted in part:
            levels[wanted.skill] = max(wanted.level, levels.get(wanted.skill, 0))
    return tuple(SkillLevel(skill, levels[skill]) for skill in sorted(levels))


def misfit(profile: AgentProfile, wanted: Requirement) -> str | None:
    """Which skill this agent lacks, as a `Candidate` verdict; None if they have all.

    A skill that the agent does not hold is not level zero: nothing compares with it.
    """
    if not wanted:
        return None
    held = {skill.skill: skill.level for skill in profile.skills}
    for need in wanted:
        level = held.get(need.skill)
        if level is None:
            return f"lacks:{need.skill}"
        if level < need.level:
            return f"below:{need.skill}:{level}<{need.level}"
    return None


class _Ring:
    """One step, ready to be asked of many agents."""

    __slots__ = ("_expression", "_preferred", "_required", "_step", "_test")

    def __init__(self, step: Step, required: Requirement) -> None:
        self._step = step
        self._required = required
        self._preferred = frozenset(step.preferred)
        self._expression = _read(step.expression)
        self._test: Callable[[AgentProfile], bool] | None = (
            test_of(self._expression) if self._expression is not None else None
        )

    def fits(self, profile: AgentProfile) -> bool:
        if self._step.only_preferred and profile.id not in self._preferred:
            return False
        if self._test is not None:
            return self._test(profile)
        return misfit(profile, self._required) is None

    def prefers(self, agent_id: AgentId) -> bool:
        return agent_id in self._preferred

    def refusal(self, profile: AgentProfile) -> str | None:
        """Why this agent does not fit, as a verdict."""
        if self._expression is None:
            lacking = misfit(profile, self._required)
        else:
            part = unmet(self._expression, profile)
            lacking = None if part is None else _unmet_verdict(part, profile)
        return lacking or (None if self.fits(profile) else "not_preferred")


def _read(text: str | None) -> Expression | None:
    if text is None:
        return None
    try:
        return parse(text)
    except ExpressionInvalid:
        # Refused where it is configured; one that comes through all the same lets nobody in, so
        # that the step is passed at once and the calls go on to the next.
        return Everyone(fits=False)


def _unmet_verdict(part: Expression, profile: AgentProfile) -> str:
    if isinstance(part, SkillTest):
        if part.compare is None:
            return f"lacks:{part.skill}"
        if part.compare in (">", ">="):
            least = part.level + (part.compare == ">")
            return misfit(profile, (SkillLevel(part.skill, least),)) or f"unmet:{written(part)}"
    return f"unmet:{written(part)}"


class Terms:
    """A queue's conditions, worked out once: whom it takes, and from which step on."""

    __slots__ = (
        "_configured",
        "_members_only",
        "_queue_id",
        "_required",
        "_rings",
        "_weights",
        "strategy",
    )

    def __init__(self, queue: Queue, *, configured: bool = True) -> None:
        self.strategy = queue.strategy
        self._queue_id = queue.id
        self._configured = configured
        self._members_only = queue.access is Access.MEMBERS
        self._required = requirement(queue.required)
        self._weights = {need.skill: need.weight for need in queue.required}
        self._rings = [_Ring(step, self._required) for step in queue.steps or (Step(),)]

    @property
    def steps(self) -> int:
        """How many steps there are, one at least."""
        return len(self._rings)

    def place(self, profile: AgentProfile) -> Place | None:
        """What this agent is to the queue; None for one who may never take its calls."""
        if profile.voice_capacity <= 0:
            return None
        membership = self._membership(profile)
        if membership is None:
            return None
        steps = tuple(n for n, ring in enumerate(self._rings) if ring.fits(profile))
        if not steps:
            return None
        first = steps[0]
        later = 0 if self._rings[first].prefers(profile.id) else 1
        return Place(
            rank=(first, later, -membership.priority),
            steps=steps,
            delay_s=membership.delay_s,
            worth_ms=membership.priority * PRIORITY_MS,
            points=sum(self._weights.get(held.skill, 0) * held.level for held in profile.skills),
        )

    def _membership(self, profile: AgentProfile) -> Membership | None:
        for membership in profile.queues if self._configured else ():
            if membership.queue == self._queue_id:
                return membership
        return None if self._members_only else Membership(self._queue_id)

    def refusal(
        self,
        profile: AgentProfile,
        place: Place | None,
        extra: Requirement,
        step: int,
        delay_s: int,
    ) -> str | None:
        """Why this agent may not take a call for which `step` is open, skills `extra` are asked
        for and delays up to `delay_s` have passed: a `Candidate` verdict; None if they may.

        `place` is what `Terms.place` says of them.
        """
        lacking = misfit(profile, extra)
        if place is not None:
            if lacking is None and place.rank[0] > step:
                return f"later:{place.rank[0]}"
            if lacking is None and place.delay_s > delay_s:
                return f"delay:{place.delay_s}"
            return lacking
        if profile.voice_capacity <= 0:
            return "no_voice"
        if self._membership(profile) is None:
            return "not_member"
        return lacking or self._rings[max(0, min(step, self.steps - 1))].refusal(profile)


def bare(queue_id: QueueId, required: Requirement) -> Terms:
    """The conditions of a queue that is not configured any more: these skills and nothing else,
    neither priority nor delay of those who were its members.
    """
    return Terms(Queue(queue_id, queue_id, required=required), configured=False)
