"""What queueing theory says of one queue with Poisson callers and exponential talks.

Erlang C (M/M/N: everybody waits as long as it takes) and Erlang A (M/M/N+M: patience is exponential
too). Rates are per any one unit of time, waits in that unit. Sources: A. K. Erlang, "Solution of
some problems in the theory of probabilities of significance in automatic telephone exchanges"
(1917); C. Palm (1957); O. Garnett, A. Mandelbaum, M. Reiman, "Designing a call center with
impatient customers" (M&SOM 4, 2002), whose birth-and-death chain is summed here as it stands.

Nothing here takes a factorial or a power: the state probabilities are taken relative to that of
"all agents busy, nobody waits", by the recursion of Erlang B on one side (1/B is a sum of positive
terms) and by a product that falls on the other, so a thousand agents are as exact as three.
"""

from __future__ import annotations

from typing import NamedTuple


class Steady(NamedTuple):
    """A queue in its steady state. Waits count everybody, those served at once and those who left.

    `waits`: probability of having to wait. `mean_wait`, `mean_length`: of the line. `abandons`:
    probability of leaving it without an agent. `occupancy`: part of the agents who are busy.
    """

    waits: float
    mean_wait: float
    mean_length: float
    abandons: float
    occupancy: float


def inverse_erlang_b(agents: int, load: float) -> float:
    """1/B, the inverse of Erlang's loss probability for `load` erlangs on `agents` lines.

    By 1/B(n) = 1 + n/load * 1/B(n-1), 1/B(0) = 1: all terms positive, so nothing cancels.
    """
    inverse = 1.0
    for line in range(1, agents + 1):
        inverse = 1 + line / load * inverse
    return inverse


def erlang_c(agents: int, arrivals: float, service: float) -> Steady:
    """M/M/N. `arrivals` and `service` are rates. Raises ValueError where the line has no end."""
    load = arrivals / service
    if load >= agents:
        raise ValueError(f"{load:.3g} erlangs on {agents} agents: the line would grow for ever")
    blocked = 1 / inverse_erlang_b(agents, load)
    occupancy = load / agents
    waits = blocked / (1 - occupancy * (1 - blocked))
    mean_wait = waits / (agents * service - arrivals)
    return Steady(waits, mean_wait, arrivals * mean_wait, 0.0, occupancy)


def erlang_a(agents: int, arrivals: float, service: float, leaving: float) -> Steady:
    """M/M/N+M. `leaving` is the rate at which one waiting caller loses patience, above zero.

    With p(N+j) relative to p(N): r(j) = r(j-1) * arrivals / (N * service + j * leaving). Arrivals
    see the steady state; who abandons is `leaving` times the mean length of the line.
    """
    load = arrivals / service
    lengths, length, term = 0.0, 0, 1.0
    beyond = 0.0
    while term > 1e-17 * (1 + beyond):
        length += 1
        term *= arrivals / (agents * service + length * leaving)
        beyond += term
        lengths += length * term
    all_busy = 1 / (inverse_erlang_b(agents, load) + beyond)
    mean_length = all_busy * lengths
    abandons = leaving * mean_length / arrivals
    return Steady(
        waits=all_busy * (1 + beyond),
        mean_wait=mean_length / arrivals,
        mean_length=mean_length,
        abandons=abandons,
        occupancy=load * (1 - abandons) / agents,
    )
