"""A French floor on a Monday, drawn from a seed: skills, queues, agents, shifts, and its callers.

Everything is a value before the day begins, so that a day is the same whoever plays it.
"""

from __future__ import annotations

import math
import random
from typing import NamedTuple

from acd.config import AgentProfile, FloorConfig, Membership, Queue, Step, Strategy
from acd.flow import EnterQueue
from acd.model import AgentId, ChannelId, FlowId, PhoneId, QueueId, SkillId, SkillLevel

MIDNIGHT_MS = 1_760_313_600_000
"""A Monday, 13 October 2025, 00:00 UTC; the floor's clock is taken as local."""

HOUR_MS = 3_600_000
MINUTE_MS = 60_000
OPENS_MS = MIDNIGHT_MS + 8 * HOUR_MS
CLOSES_MS = MIDNIGHT_MS + 20 * HOUR_MS

MONDAY = (
    # calls of each half-hour from 08:00, in parts of the whole: steep until ten, a trough at lunch
    # that never gets quiet, a second hump until half past four, a tail of those home from work
    *(2.2, 4.2, 6.0, 6.6, 6.6, 6.3, 5.7, 5.0),
    *(4.2, 3.6, 3.7, 4.3, 5.0, 5.4, 5.4, 5.1),
    *(4.4, 3.5, 2.9, 2.4, 2.0, 1.5, 1.1, 0.7),
)

SHIFTS = (
    # begin (hour of the day) and length in hours; a third of the floor works part time
    *((8.0, 4.5), (8.0, 7.7), (8.0, 7.7), (8.5, 4.5), (8.5, 7.7)),
    *((8.5, 7.7), (9.0, 4.5), (9.0, 7.7), (9.0, 7.7), (9.0, 7.7)),
    *((11.0, 7.7), (12.5, 7.5), (12.5, 7.5), (13.5, 5.5), (13.5, 5.5)),
)
FULL_DAY_H = 6

CALLS_AGAIN = 0.15
"""Part of the callers whose number has called before that day."""

STRATEGIES = (
    Strategy.LONGEST_IDLE,
    Strategy.LEAST_OCCUPIED,
    Strategy.BEST_SKILL,
    Strategy.FEWEST_CALLS,
    Strategy.ROUND_ROBIN,
)
RINGS_ALL = 17
"""The number of the one queue that rings everybody who is free."""


class Handling(NamedTuple):
    """How long a queue's calls keep an agent, in ms: means, and the coefficient of variation."""

    talk_ms: float
    wrap_up_ms: float
    variation: float


class Shift(NamedTuple):
    """When an agent is there: begins, ends, and pauses as (starts, reason, lasts), UTC ms."""

    begins: int
    ends: int
    pauses: tuple[tuple[int, str, int], ...]


class Caller(NamedTuple):
    """Somebody who will call: what the welcome makes of the call, and how long they would wait."""

    at: int
    channel_id: ChannelId
    dnis: str
    number: str
    wish: EnterQueue
    patience_ms: int


class FloorPlan(NamedTuple):
    """A whole day, before it happens."""

    config: FloorConfig
    handling: dict[QueueId, Handling]
    shifts: dict[AgentId, Shift]
    callers: list[Caller]


def lognormal(rng: random.Random, mean: float, variation: float) -> float:
    """A draw with this mean and coefficient of variation."""
    sigma2 = math.log1p(variation * variation)
    return rng.lognormvariate(math.log(mean) - sigma2 / 2, math.sqrt(sigma2))


def french_floor(
    rng: random.Random, agents: int, queues: int, skills: int, calls: int
) -> FloorPlan:
    """Draw a day. The first `queues` skills are what the queues are about, the rest languages and
    products that some of their callers need beside.
    """
    names = [SkillId(f"skill-{n:02d}") for n in range(skills)]
    weights = [1 / (n + 3) ** 0.7 for n in range(queues)]
    made = {queue.id: queue for queue in (_queue(rng, names, n) for n in range(queues))}
    handling = {
        queue_id: Handling(rng.uniform(110_000, 270_000), rng.uniform(15_000, 45_000), 0.85)
        for queue_id in made
    }
    profiles, shifts = {}, {}
    for number in range(agents):
        profile = _agent(rng, names, queues, weights, number)
        profiles[profile.id] = profile
        shifts[profile.id] = _shift(rng, number)
    numbers = {f"{700 + n}": FlowId(queue_id) for n, queue_id in enumerate(made)}
    config = FloorConfig(queues=made, agents=profiles, numbers=numbers)
    callers = _callers(rng, names, queues, weights, calls)
    return FloorPlan(config, handling, shifts, callers)


def _queue(rng: random.Random, names: list[SkillId], number: int) -> Queue:
    """Every strategy, and of four queues one whose best agents are looked for first, one that asks
    who served the caller last.
    """
    level = rng.randint(2, 5)
    steps: tuple[Step, ...] = ()
    if number % 4 == 1:
        steps = (Step(f"skill {names[number]} >= {level + 3}", for_s=15), Step())
    return Queue(
        QueueId(f"queue-{number:02d}"),
        f"Queue {number}",
        (SkillLevel(names[number], level),),
        steps=steps,
        strategy=STRATEGIES[number % len(STRATEGIES)] if number != RINGS_ALL else Strategy.RING_ALL,
        sticky_s=10 if number % 4 == 3 else 0,
        ring_s=15,
        wrap_up_s=90,
        recorded=number % 3 == 0,
    )


def _agent(
    rng: random.Random, names: list[SkillId], queues: int, weights: list[float], number: int
) -> AgentProfile:
    """One queue's skill at home, up to three neighbours' (a part of these only for callers who have
    waited a while), and a few languages and products.
    """
    home = rng.choices(range(queues), weights)[0]
    about = {home} | {(home + step) % queues for step in (1, 2, 5) if rng.random() < 0.55}
    beside = rng.sample(range(queues, len(names)), rng.randint(3, 9))
    held = [SkillLevel(names[n], rng.randint(5, 10)) for n in sorted(about)]
    held += [SkillLevel(names[n], rng.randint(1, 10)) for n in sorted(beside)]
    memberships = [Membership(QueueId(f"queue-{home:02d}"), priority=1)]
    if number % 5 == 0:
        helps = sorted(about - {home})
        memberships += [Membership(QueueId(f"queue-{n:02d}"), delay_s=20) for n in helps]
    name = f"agent-{number:03d}"
    return AgentProfile(
        AgentId(name),
        name,
        PhoneId(name),
        tuple(held),
        team=f"team-{number % 25:02d}",
        queues=tuple(memberships),
    )


def _shift(rng: random.Random, number: int) -> Shift:
    """A shift begun some minutes early or late, with two breaks, and lunch if it is a full day."""
    begin_h, length_h = SHIFTS[number % len(SHIFTS)]
    begins = MIDNIGHT_MS + int(begin_h * HOUR_MS) + rng.randint(-6, 4) * MINUTE_MS
    ends = begins + int(length_h * HOUR_MS)
    first = (begins + rng.randint(80, 150) * MINUTE_MS, "break", rng.randint(8, 14) * MINUTE_MS)
    second = (ends - rng.randint(60, 110) * MINUTE_MS, "break", rng.randint(8, 14) * MINUTE_MS)
    if length_h < FULL_DAY_H:
        return Shift(begins, ends, (first,))
    lunch_h = rng.choice((11.75, 12.25, 12.75, 13.25)) if begin_h < 10 else begin_h + 4
    lunch_ms = MIDNIGHT_MS + int(lunch_h * HOUR_MS) + rng.randint(0, 10) * MINUTE_MS
    lunch = (lunch_ms, "lunch", rng.randint(42, 55) * MINUTE_MS)
    return Shift(begins, ends, (first, lunch, second))


def _callers(
    rng: random.Random, names: list[SkillId], queues: int, weights: list[float], calls: int
) -> list[Caller]:
    callers: list[Caller] = []
    slots = rng.choices(range(len(MONDAY)), MONDAY, k=calls)
    instants = sorted(
        OPENS_MS + slot * HOUR_MS // 2 + rng.randrange(HOUR_MS // 2) for slot in slots
    )
    for number, at in enumerate(instants):
        queue = rng.choices(range(queues), weights)[0]
        extra: tuple[SkillLevel, ...] = ()
        if rng.random() < 0.06:
            extra = (SkillLevel(names[queues + (queue + rng.randrange(3)) % 30], 2),)
        wish = EnterQueue(
            QueueId(f"queue-{queue:02d}"), extra, rng.choices((0, 1, 3), (90, 7, 3))[0]
        )
        phone_number = f"+331{number:08d}"
        if callers and rng.random() < CALLS_AGAIN:
            phone_number = rng.choice(callers).number
        patience_ms = 5_000 + int(lognormal(rng, 480_000, 1.1))
        callers.append(
            Caller(
                at,
                ChannelId(f"caller-{number:05d}"),
                f"{700 + queue}",
                phone_number,
                wish,
                patience_ms,
            )
        )
    return callers
