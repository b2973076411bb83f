"""How much of their time an agent was busy with calls, of the engine's state or of a view of it."""

from __future__ import annotations

from acd.model import AgentState, AgentWork
from control.protocol import AgentView

SEEN_ENOUGH_MS = 60_000
"""Before so much time signed in, an occupancy says nothing."""

_BUSY = (
    AgentState.OFFERED,
    AgentState.TALKING,
    AgentState.HOLDING,
    AgentState.CONSULTING,
    AgentState.WRAP_UP,
)


def occupancy_of(work: AgentWork | AgentView, now_ms: int) -> float | None:
    """Share of the time signed in that was spent with calls, until now; None: too short a time."""
    signed_in_ms = now_ms - work.signed_in_at
    if work.state is AgentState.SIGNED_OUT or signed_in_ms < SEEN_ENOUGH_MS:
        return None
    running = now_ms - work.since if work.state in _BUSY else 0
    return round(min(1.0, (work.busy_ms + running) / signed_in_ms), 4)
