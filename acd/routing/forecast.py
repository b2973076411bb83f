"""How long a caller who has to wait will wait: a quantile of a predicted distribution. Pure.

Decides what is announced and learns from what came true; it is given ids, counts and durations and
knows nothing else of calls, agents or queues. An estimate is made of staffing, recent handling
times and the place in line, never of old waits:

1. How often an agent of the queue comes free: the agents in service who serve it, over the time
   that a call keeps one of them (ring, talk, hold, wrap-up). That time is an exponentially weighted
   mean and variance over the calls of the agents who serve the queue, whatever queue each call was
   of: a shared agent's other calls keep callers waiting too.
2. What stands before the caller: the callers with a smaller key in this queue and in every queue
   that shares agents with it, each counted by the part of that queue's agents who serve this one.
3. Callers ahead leave by themselves, at a rate counted per queue. The time until all ahead are gone
   and one agent more is free is then a sum of exponential stages (Whitt 1999, "Predicting queueing
   delays"; with abandonment as in M/M/N+M, Garnett, Mandelbaum and Reiman 2002). Its variance is
   corrected for handling times that are not exponential (superposition rule of Whitt's Queueing
   Network Analyzer, 1983) and for what the model does not know; a Gamma of that mean and variance
   gives the quantile (Wilson and Hilferty 1931).
4. The quantile is corrected by two factors, the floor's and the queue's, which go up a step with
   each miss and down a smaller one with each hit, so that in the long run the announced share of
   callers waits no longer, whatever the model gets wrong (online quantile tracking, also called
   adaptive conformal inference: Gibbs and Candès 2021; the step shrinks to a least one as in
   Angelopoulos, Barber and Bates 2024). A truth comes as late as the wait is long, and with so many
   others on the way that correcting by what was announced alone swings to and fro: so each truth
   counts half against what was announced and half against what would be announced now. The
   median has factors of its own.

How it is fed (all instants and durations in ms; nothing here reads a clock):

- `staffed` at each change of an agent's state or queues. In service is who is ready, offered,
  talking, holding, consulting or in wrap-up; not who is in pause, not responding, unreachable or
  signed out. Telling the same twice is harmless and cheap.
- `served` when an agent is done with a call of a queue, wrap-up included.
- `predict` for a caller whom no agent is free to take, at entry and as often as one likes: it
  changes nothing. None: not known, announce nothing. Also for the next caller who would come
  (`ahead_in` then being each line's length); where a fit agent is free the wait is the ring alone
  and nothing is to be foretold.
- `came_true` once for each caller for whom `predict` gave a forecast at entry, when the visit has
  closed; a visit that an operator moved or closed is better not told at all.
- `errors` says how a queue's forecasts came true, `forget_errors` begins a new day of them.
- `snapshot` and `Forecast(state)` carry what was learnt over a restart; staffing is told anew.

Cost: `predict` looks at the queues that share agents with this one, `staffed` (where something
changes) at pairs of the agent's queues, the rest at the agent's queues.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable
from statistics import NormalDist

import msgspec

from acd.model import AgentId, QueueId

QUANTILE = 0.8

CALLS_REMEMBERED = 100
"""Handling times are those of about so many calls, later ones weighing more."""

CALLS_BORROWED = 5
"""A queue's own handling times weigh as much as the whole floor's after so many calls."""

KNOWN_AFTER = 5
"""Before so many calls have been handled on the whole floor, nothing is announced."""

LEAVERS_REMEMBERED = 20
LEAVERS_BORROWED = 2
"""The rate at which callers leave is counted over the last so many who left."""

DOUBT = 0.04
"""Squared relative error of the mean that no count explains: breaks, agents' pace, later callers
of higher priority. Only its order matters, the correction does the rest."""

RING_SCV = 0.5
"""Squared coefficient of variation of the ring, offers that fail included."""

FIRST_STEP = 0.1
QUEUE_STEP = 0.03
FLOOR_STEP = 0.003
FURTHEST = 3.0
"""The correction's steps, the first and the least, and its bound: natural logarithms of a factor.

A floor has some hundred truths on the way at once, a queue a few: their product with the least step
must stay well below 1, or the correction overtakes itself."""


class WaitForecast(msgspec.Struct, frozen=True):
    """A wait from now until an agent answers, in ms: longer than `median_ms` as likely as not, and
    no longer than `announced_ms` with the announced probability (80 % unless set otherwise).

    The plain ones are the model's, before what came true corrected them; `came_true` needs them.
    """

    median_ms: int
    announced_ms: int
    plain_median_ms: int
    plain_announced_ms: int


class ForecastErrors(msgspec.Struct, frozen=True):
    """How a queue's forecasts came true, since the last `forget_errors`.

    Of `count` forecasts whose truth is known `covered` waited no longer than announced; `coverage`
    is their ratio. `unknown` are callers who left before the announced time: how long they would
    have waited nobody knows. `mean_absolute_error_ms` and `bias_ms` (forecast less actual, so
    positive is too long) compare the median with the waits of the `answered`. Ratios and means
    are None while there is nothing to divide by.
    """

    count: int
    covered: int
    answered: int
    unknown: int
    coverage: float | None
    mean_absolute_error_ms: float | None
    bias_ms: float | None


class Learnt(msgspec.Struct):
    """What is learnt about one queue, or about the floor as a whole.

    `handled` calls kept an agent for `busy_ms` (mean) with variance `busy_var` (ms²), of which
    `ring_ms` rang. Callers waited `waited_ms` in all, of whom `left` left. Shifts are logarithms
    of the factors on the two quantiles, after so many truths. The rest is for `ForecastErrors`.
    """

    handled: int = 0
    busy_ms: float = 0.0
    busy_var: float = 0.0
    ring_ms: float = 0.0
    waited_ms: float = 0.0
    left: float = 0.0
    announced_shift: float = 0.0
    announced_truths: int = 0
    median_shift: float = 0.0
    median_truths: int = 0
    count: int = 0
    covered: int = 0
    answered: int = 0
    unknown: int = 0
    error_ms: int = 0
    absolute_error_ms: int = 0


class ForecastState(msgspec.Struct, frozen=True):
    """What survives a restart: the floor as a whole and each queue."""

    floor: Learnt = msgspec.field(default_factory=Learnt)
    queues: dict[QueueId, Learnt] = {}


class Forecast:
    """Estimated waits of a floor's queues."""

    def __init__(self, state: ForecastState | None = None, quantile: float = QUANTILE) -> None:
        """Go on from `state`, or know nothing yet. `quantile` is the probability announced.

        Raises ValueError for a `quantile` below the median or not below 1.
        """
        if not 0.5 <= quantile < 1:
            raise ValueError(f"quantile {quantile} is not a probability from 0.5 up to 1")
        self._quantile = quantile
        self._deviate = NormalDist().inv_cdf(quantile)
        self._floor = Learnt()
        self._queues: dict[QueueId, Learnt] = {}
        self._serves: dict[AgentId, tuple[QueueId, ...]] = {}
        self._agents: Counter[QueueId] = Counter()
        self._shared: dict[QueueId, dict[QueueId, int]] = {}
        if state is not None:
            self._floor = _copy(state.floor)
            self._queues = {queue_id: _copy(learnt) for queue_id, learnt in state.queues.items()}

    def snapshot(self) -> ForecastState:
        """All that was learnt, as a copy that stays as it is."""
        return ForecastState(
            _copy(self._floor),
            {queue_id: _copy(learnt) for queue_id, learnt in self._queues.items()},
        )

    def forget_queue(self, queue_id: QueueId) -> None:
        """The queue was deleted; harmless where nothing was known of it."""
        self._queues.pop(queue_id, None)

    def _learnt(self, queue_id: QueueId) -> Learnt:
        learnt = self._queues.get(queue_id)
        if learnt is None:
            learnt = self._queues[queue_id] = Learnt()
        return learnt

    # ---- what is seen ----

    def staffed(self, agent_id: AgentId, queues: tuple[QueueId, ...]) -> None:
        """The agent is in service for these queues (each once); empty: not in service."""
        before = self._serves.get(agent_id, ())
        if queues == before:
            return
        for change, those in ((-1, before), (1, queues)):
            for queue_id in those:
                self._agents[queue_id] += change
                shared = self._shared.setdefault(queue_id, {})
                for other in those:
                    if count := shared.get(other, 0) + change:
                        shared[other] = count
                    else:
                        del shared[other]
        if queues:
            self._serves[agent_id] = queues
        else:
            del self._serves[agent_id]

    def served(self, agent_id: AgentId, queue_id: QueueId, ring_ms: int, handle_ms: int) -> None:
        """An agent is done with a call of this queue: it rang for `ring_ms`, then talk, hold and
        wrap-up took `handle_ms`.
        """
        kept_from = self._serves.get(agent_id, ())
        if queue_id not in kept_from:
            kept_from = (queue_id, *kept_from)
        for seen in (self._floor, *(self._learnt(queue) for queue in kept_from)):
            seen.handled += 1
            weight = 1 / min(seen.handled, CALLS_REMEMBERED)
            off = ring_ms + handle_ms - seen.busy_ms
            seen.busy_ms += weight * off
            seen.busy_var = (1 - weight) * (seen.busy_var + weight * off * off)
            seen.ring_ms += weight * (ring_ms - seen.ring_ms)

    # ---- what is foretold ----

    def predict(
        self,
        queue_id: QueueId,
        ahead_in: Callable[[QueueId], int],
        serving_agents: int | None = None,
    ) -> WaitForecast | None:
        """The wait of a caller of this queue whom no agent is free to take; None: not known.

        `ahead_in` says how many callers of a queue, this one or another, come before this caller
        by their key and have no agent found yet. `serving_agents` are those in service who fit
        this very caller, where fewer do than serve the queue (None: all who serve it; more are cut
        to these).
        """
        of_queue = self._agents.get(queue_id, 0)
        agents = of_queue if serving_agents is None else min(serving_agents, of_queue)
        if agents <= 0 or self._floor.handled < KNOWN_AFTER:
            return None
        learnt = self._queues.get(queue_id) or Learnt()
        busy_ms, busy_var, ring_ms = self._handling(learnt)
        if busy_ms <= 0:
            return None
        ahead = self._ahead(queue_id, ahead_in) * agents / of_queue
        mean, variance = _stages(agents / busy_ms, self._leaving_rate(learnt), ahead)
        variance *= _dispersion(busy_var / busy_ms**2, mean / busy_ms)
        variance += DOUBT * mean * mean + RING_SCV * ring_ms * ring_ms
        mean += ring_ms
        median = _gamma_quantile(mean, variance, 0.0)
        announced = _gamma_quantile(mean, variance, self._deviate)
        most = announced * self._announced_factor(learnt)
        return WaitForecast(
            median_ms=round(min(most, median * self._median_factor(learnt))),
            announced_ms=round(most),
            plain_median_ms=round(median),
            plain_announced_ms=round(announced),
        )

    def _announced_factor(self, learnt: Learnt) -> float:
        return math.exp(self._floor.announced_shift + learnt.announced_shift)

    def _median_factor(self, learnt: Learnt) -> float:
        return math.exp(self._floor.median_shift + learnt.median_shift)

    def _ahead(self, queue_id: QueueId, ahead_in: Callable[[QueueId], int]) -> float:
        """How many callers this queue's agents will take before: a part of the other queues'."""
        shared = self._shared[queue_id]
        return sum(ahead_in(other) * count / self._agents[other] for other, count in shared.items())

    def _handling(self, learnt: Learnt) -> tuple[float, float, float]:
        """Mean (ms) and variance (ms²) of how long a call keeps an agent, and of these the ring:
        the queue's own, as long as they are few mixed with the floor's.
        """
        floor = self._floor
        own = learnt.handled / (learnt.handled + CALLS_BORROWED)
        mean = own * learnt.busy_ms + (1 - own) * floor.busy_ms
        apart = own * (1 - own) * (learnt.busy_ms - floor.busy_ms) ** 2
        variance = own * learnt.busy_var + (1 - own) * floor.busy_var + apart
        return mean, variance, own * learnt.ring_ms + (1 - own) * floor.ring_ms

    def _leaving_rate(self, learnt: Learnt) -> float:
        """How often one waiting caller leaves without being answered, per ms."""
        floor = self._floor
        if floor.left <= 0 or floor.waited_ms <= 0:
            return 0.0
        borrowed_ms = LEAVERS_BORROWED * floor.waited_ms / floor.left
        return (learnt.left + LEAVERS_BORROWED) / (learnt.waited_ms + borrowed_ms)

    # ---- what came true ----

    def came_true(
        self, queue_id: QueueId, forecast: WaitForecast, waited_ms: int, answered: bool
    ) -> None:
        """The visit closed `waited_ms` after the forecast: `answered`, or left in another way.

        One who left after the announced time is a miss; one who left before says nothing of it.
        """
        learnt = self._learnt(queue_id)
        self._count(learnt, forecast, waited_ms, answered)
        median_now = forecast.plain_median_ms * self._median_factor(learnt)
        announced_now = forecast.plain_announced_ms * self._announced_factor(learnt)
        longer = ((waited_ms > forecast.median_ms) + (waited_ms > median_now)) / 2
        late = ((waited_ms > forecast.announced_ms) + (waited_ms > announced_now)) / 2
        rare = 1 - self._quantile
        for seen, least in ((learnt, QUEUE_STEP), (self._floor, FLOOR_STEP)):
            _count_leaving(seen, waited_ms, not answered)
            if answered or longer:
                step = _step(seen.median_truths, least)
                seen.median_shift = _bounded(seen.median_shift + step * (longer - 0.5))
                seen.median_truths += 1
            if answered or late:
                step = _step(seen.announced_truths, least)
                seen.announced_shift = _bounded(seen.announced_shift + step * (late - rare))
                seen.announced_truths += 1

    def _count(
        self, learnt: Learnt, forecast: WaitForecast, waited_ms: int, answered: bool
    ) -> None:
        late = waited_ms > forecast.announced_ms
        if answered or late:
            learnt.count += 1
            learnt.covered += not late
        else:
            learnt.unknown += 1
        if answered:
            learnt.answered += 1
            learnt.error_ms += forecast.median_ms - waited_ms
            learnt.absolute_error_ms += abs(forecast.median_ms - waited_ms)

    def errors(self, queue_id: QueueId) -> ForecastErrors:
        """How this queue's forecasts came true; all zero for one never heard of."""
        learnt = self._queues.get(queue_id) or Learnt()
        answered = learnt.answered
        return ForecastErrors(
            count=learnt.count,
            covered=learnt.covered,
            answered=answered,
            unknown=learnt.unknown,
            coverage=learnt.covered / learnt.count if learnt.count else None,
            mean_absolute_error_ms=learnt.absolute_error_ms / answered if answered else None,
            bias_ms=learnt.error_ms / answered if answered else None,
        )

    def forget_errors(self) -> None:
        """Count errors anew, as for a new day; what was learnt stays."""
        for learnt in self._queues.values():
            learnt.count = learnt.covered = learnt.answered = learnt.unknown = 0
            learnt.error_ms = learnt.absolute_error_ms = 0


def _copy(learnt: Learnt) -> Learnt:
    return msgspec.structs.replace(learnt)


def _count_leaving(learnt: Learnt, waited_ms: int, left: bool) -> None:
    if left:
        kept = LEAVERS_REMEMBERED / (LEAVERS_REMEMBERED + 1)
        learnt.waited_ms *= kept
        learnt.left = learnt.left * kept + 1
    learnt.waited_ms += waited_ms


def _step(truths: int, least: float) -> float:
    return max(least, FIRST_STEP / math.sqrt(1 + truths))


def _bounded(shift: float) -> float:
    return min(FURTHEST, max(-FURTHEST, shift))


def _stages(rate: float, leaving: float, ahead: float) -> tuple[float, float]:
    """Mean and variance of the time until `ahead` callers have gone and one agent more is free.

    Stages of rate `rate + j * leaving` (per ms), for j from `ahead` down to 0. The sums over j from
    1 are taken as integrals that reach half a stage further on both sides: the error is far below
    1 %, and a long line costs no more than a short one.
    """
    mean, variance = 1 / rate, 1 / rate**2
    if ahead > 0:
        first, last = rate + 0.5 * leaving, rate + (ahead + 0.5) * leaving
        growth = ahead * leaving / first
        mean += math.log1p(growth) / leaving if growth > 1e-9 else ahead / first
        variance += ahead / (first * last)
    return mean, variance


def _dispersion(busy_scv: float, horizon: float) -> float:
    """What handling times do to the variance of the time in which many agents come free.

    `busy_scv` is their squared coefficient of variation, `horizon` the time looked ahead in mean
    handling times: over a short one agents come free like a Poisson process whatever they do,
    over a long one as variably as their handling times.
    """
    return 1 + horizon / (1 + horizon) * (busy_scv - 1)


def _gamma_quantile(mean: float, variance: float, deviate: float) -> float:
    """The quantile of a Gamma with these moments at the normal `deviate` (Wilson-Hilferty)."""
    ninth = variance / (9 * mean * mean)
    return mean * max(0.0, 1 - ninth + deviate * math.sqrt(ninth)) ** 3
