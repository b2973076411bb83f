"""What was measured, as values: the load asked for, the figures found. No behaviour."""

from __future__ import annotations

from dataclasses import dataclass

from bench.way import Stage
from load.callers import LoadFigures
from load.figures import Percentiles
from load.plan import Pattern

LIMIT_MS = 120.0


@dataclass(frozen=True, slots=True)
class Load:
    """What is asked of the floor. `seconds` is the time during which callers dial."""

    rate: float = 30.0
    agents: int = 100
    seconds: float = 60.0
    recorded: bool = True
    pattern: Pattern = Pattern.POISSON
    seed: int = 1
    limit_ms: float = LIMIT_MS


@dataclass(frozen=True, slots=True)
class Costs:
    """CPU milliseconds per answered call, and the share of the machine that others took."""

    asterisk_ms: float
    floor_ms: float
    sipp_ms: float
    machine_busy_ratio: float
    others_busy_ratio: float
    asterisk_mib: float
    floor_mib: float


@dataclass(frozen=True, slots=True)
class Kept:
    """What SQL holds, and how far it was behind: facts, and seconds until it had caught up."""

    contacts: int
    answered: int
    ended: int
    recordings: int
    facts: int
    rejected: int
    behind_most: int
    behind_at_end: int
    catch_up_s: float


@dataclass(frozen=True, slots=True)
class SetupTime:
    """One measurement, and what is wrong with it (nothing, when it is good enough)."""

    load: Load
    asterisk: str
    callers: LoadFigures
    ring_heard: Percentiles
    stages: list[Stage]
    costs: Costs
    kept: Kept
    events_per_call: float
    facts_per_call: float
    commands_failed: int
    faults: int
    problems: list[str]


@dataclass(frozen=True, slots=True)
class EngineCost:
    """The pure engine under one workload; times of one `handle` or `tick`, in microseconds.

    `standing` is how many callers wait all the time. `journal_bytes_per_call` is what its steps
    would write.
    """

    agents: int
    standing: int
    queues: int
    steps: int
    calls: int
    steps_per_s: float
    step_p50_us: float
    step_p99_us: float
    step_max_us: float
    decisions: int
    decision_p50_us: float
    decision_p99_us: float
    journal_bytes_per_call: float


@dataclass(frozen=True, slots=True)
class RoutingCost:
    """The router alone under one workload; times of one decision, in microseconds.

    `waiting` is how many calls wait all the time; with none, agents are free instead.
    `reconfigured_ms` is how long a change of one agent's skills takes, at the median; `reread_ms`
    the same where the whole configuration was read again, equal but not the same.
    """

    agents: int
    waiting: int
    skills: int
    queues: int
    decisions: int
    decisions_per_s: int
    mean_us: float
    p50_us: float
    p99_us: float
    max_us: float
    reconfigured_ms: float
    reread_ms: float
