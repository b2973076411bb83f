"""How wide the search for an agent is by now: steps, delays, the agent looked for alone. Pure.

The search relaxes in place: the call keeps its key. Nothing is chosen here, and nobody is told;
the answer depends on the configuration, on who is signed in, and on the time alone.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

from acd.config import FloorConfig, Step
from acd.model import AgentId, AgentState, AgentWork, Visit
from acd.routing.eligibility import requirement
from acd.routing.router import Router, Want

_GONE = frozenset(
    {
        AgentState.SIGNED_OUT,
        AgentState.PAUSED,
        AgentState.NOT_RESPONDING,
        AgentState.UNREACHABLE,
    }
)
"""States in which an agent is not looked for alone: nobody knows when they will be back."""


def is_looked_for(work: AgentWork) -> bool:
    """Whether a call may be kept for this agent: here, or busy and not about to leave."""
    return work.state not in _GONE and work.after not in _GONE


def for_anybody(visit: Visit, now_ms: int) -> Visit:
    """The visit without the agent looked for alone; the steps begin now if not before."""
    step_at = max(visit.step_at, now_ms)
    return msgspec.structs.replace(visit, only=None, only_until=None, step_at=step_at)


def want_of(config: FloorConfig, visit: Visit) -> Want:
    """What this visit asks for now. Of a queue deleted meanwhile: all skills asked for at entry."""
    if visit.queue_id not in config.queues:
        return Want(visit.queue_id, only=visit.only, required=requirement(visit.required))
    return Want(visit.queue_id, requirement(visit.extra), visit.step, visit.delay_s, visit.only)


def opened(
    router: Router,
    config: FloorConfig,
    at_work: Mapping[AgentId, AgentWork],
    visit: Visit,
    now_ms: int,
) -> tuple[Visit, int | None]:
    """The visit as wide as it is open at `now_ms`, and when to look again (UTC ms; None: never).

    `at_work` holds the agents who are signed in. An agent is looked for alone until `only_until`,
    while they are there and may take the call; the steps begin after that. A step lasts its
    `for_s`; one that nobody signed in could satisfy is passed at once. Membership delays count
    from the entry into the queue. Asked twice at the same instant, the answer is the same.
    """
    queue = config.queues.get(visit.queue_id)
    visit, delay_at = _delayed(router, visit, now_ms)
    visit, only_at = _alone(router, config, at_work, visit, now_ms)
    step_at: int | None = None
    if visit.only is None and queue is not None:
        visit, step_at = _stepped(router, config, visit, queue.steps, now_ms)
    return visit, min((at for at in (delay_at, only_at, step_at) if at is not None), default=None)


def _delayed(router: Router, visit: Visit, now_ms: int) -> tuple[Visit, int | None]:
    """With the longest membership delay that has passed, and when the next will have."""
    passed, next_at = 0, None
    for delay_s in router.delays(visit.queue_id):
        if visit.enqueued_at + delay_s * 1000 > now_ms:
            next_at = visit.enqueued_at + delay_s * 1000
            break
        passed = delay_s
    if passed != visit.delay_s:
        visit = msgspec.structs.replace(visit, delay_s=passed)
    return visit, next_at


def _alone(
    router: Router,
    config: FloorConfig,
    at_work: Mapping[AgentId, AgentWork],
    visit: Visit,
    now_ms: int,
) -> tuple[Visit, int | None]:
    """Without the agent looked for alone once their time is over or they cannot take it."""
    if visit.only is None:
        return visit, None
    until = visit.only_until
    work = at_work.get(visit.only)
    there = work is not None and is_looked_for(work)
    if until is not None and until <= now_ms:
        over_at = until
    elif not there or not router.could_serve(want_of(config, visit)):
        over_at = now_ms
    else:
        return visit, until
    return for_anybody(visit, over_at), None


def _stepped(
    router: Router,
    config: FloorConfig,
    visit: Visit,
    steps: tuple[Step, ...],
    now_ms: int,
) -> tuple[Visit, int | None]:
    """At the step that is open now, and when the next will open."""
    last = max(0, len(steps) - 1)
    step, began_at = min(visit.step, last), visit.step_at
    want = want_of(config, visit)
    ends_at: int | None = None
    while step < last:
        for_s = steps[step].for_s
        ends_at = None if for_s is None else began_at + for_s * 1000
        if not router.could_fit_step(msgspec.structs.replace(want, step=step)):
            # One that has stood open until now is passed now, not in hindsight.
            if step == visit.step:
                began_at = min(now_ms, now_ms if ends_at is None else ends_at)
        elif ends_at is None or ends_at > now_ms:
            break
        else:
            began_at = ends_at
        step, ends_at = step + 1, None
    if (step, began_at) != (visit.step, visit.step_at):
        visit = msgspec.structs.replace(visit, step=step, step_at=began_at)
    return visit, ends_at
