"""The trunk carries no calls: callbacks wait together, and are tried one at a time. Pure.

A failure that never came to the customer is no attempt (RFC 3398 tells ours from theirs, see
`acd.dial_ends`). One number that fails says little of the trunk; two numbers in a row, or three
tries, say that it is away. Then one callback is tried at growing intervals, so that an outage rings
no agents in vain, and the first call that the trunk carries, whoever made it, sets all free.
"""

from __future__ import annotations

from typing import Final

from acd.call import Call
from acd.model import CallKind, CallState
from acd.state.floor import Floor
from acd.state.timers import Wake

FIRST_PAUSE_MS: Final = 10_000
"""How long a callback waits after the first try that came no further than the trunk."""

LONGEST_PAUSE_MS: Final = 900_000
"""The pause doubles with each such try of one callback, up to this."""

LONGEST_PROBE_MS: Final = 300_000
"""While the trunk is away one callback is tried at least so often."""

PATIENCE_MS: Final = 60_000
"""A callback whose turn to be tried it is gives it up after this, if no agent was free for it."""

GIVEN_UP_MS: Final = 24 * 3_600_000
"""A callback is given up that the trunk has not carried for so long."""

_TRIES = 3
_NUMBERS = 2


def pause_ms(tries: int, longest_ms: int = LONGEST_PAUSE_MS) -> int:
    """How long to wait after so many tries in vain, from 1 on."""
    return int(min(FIRST_PAUSE_MS << min(tries - 1, 20), longest_ms))


def refused(floor: Floor, call: Call, number: str) -> None:
    """A call outwards came no further than the trunk."""
    trunk = floor.trunk
    trunk.refused_count += 1
    trunk.in_a_row += 1
    trunk.numbers.add(number)
    if trunk.away_since is None:
        if len(trunk.numbers) < _NUMBERS and trunk.in_a_row < _TRIES:
            return
        trunk.away_since = floor.now_ms
    elif call.kind is not CallKind.CALLBACK:
        return
    trunk.probes += 1
    trunk.probe_at = floor.now_ms + pause_ms(trunk.probes, LONGEST_PROBE_MS)
    for held in _held(floor):
        own_at = held.ticket.due_at if held.ticket is not None else 0
        floor.timers.set(Wake.DUE, held.id, max(own_at, trunk.probe_at))


def carried(floor: Floor) -> None:
    """The trunk carried a call, whatever became of it: it is there, and nobody waits for it."""
    trunk = floor.trunk
    trunk.in_a_row = 0
    trunk.numbers.clear()
    if trunk.away_since is None:
        return
    trunk.away_since, trunk.prober, trunk.probes, trunk.probe_at = None, None, 0, 0
    for held in _held(floor):
        floor.timers.set(Wake.DUE, held.id, floor.now_ms)
    trunk.held.clear()


def must_wait(floor: Floor, call: Call) -> bool:
    """Whether it is a callback that may not be tried now, because another is to find out."""
    tried = call.kind is CallKind.CALLBACK and call.channel_id is None and not call.served
    return tried and floor.trunk.away_since is not None and floor.trunk.prober != call.id


def holds_back(floor: Floor, call: Call) -> bool:
    """Whether a callback that is due waits on instead (it is woken again); else it may go.

    Of several the one that was tried last lets another go first: its number may be the fault.
    """
    trunk = floor.trunk
    if trunk.away_since is None or call.kind is not CallKind.CALLBACK:
        return False
    again_at = trunk.probe_at
    if floor.now_ms >= again_at:
        if trunk.prober != call.id or not _others_held(floor, call):
            trunk.prober = call.id
            trunk.probe_at = floor.now_ms + PATIENCE_MS
            trunk.held.pop(call.id, None)
            return False
        again_at = floor.now_ms + 1_000
    trunk.held[call.id] = None
    floor.timers.set(Wake.DUE, call.id, again_at)
    return True


def _others_held(floor: Floor, call: Call) -> bool:
    return any(held.id != call.id for held in _held(floor))


def _held(floor: Floor) -> list[Call]:
    """The callbacks that wait for the trunk; those that do so no longer are forgotten."""
    held = floor.trunk.held
    found = [floor.calls.get(call_id) for call_id in held]
    waiting = [call for call in found if call is not None and call.state is CallState.SCHEDULED]
    held.clear()
    held.update((call.id, None) for call in waiting)
    return waiting
