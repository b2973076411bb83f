"""Whether the floor does what calls need, told by what it has done lately. Pure.

A row of failures that goes on for `LONG_ENOUGH_MS` is trouble: a step is tried each second, so that
one bad call among good ones never makes a row, and a floor without traffic is known to work.
"""

from __future__ import annotations

from collections.abc import Iterator

from acd.failing import FailedCalls, Failing
from acd.shell.service import FloorService
from acd.shell.switchboard import Switchboard
from ari.connection import ConnectionState
from control.protocol import Trouble, TroubleKind
from store.writer_thread import WriterThread

LONG_ENOUGH_MS = 2_500
"""How long nothing has to work before it is called trouble."""

Connection = tuple[ConnectionState, int]
"""The connection's state, and since when it is that (UTC ms)."""


def troubles_of(
    service: FloorService,
    switchboard: Switchboard,
    writer: WriterThread,
    switch: Connection,
    now_ms: int,
) -> tuple[Trouble, ...]:
    """All that is wrong with a floor now."""
    return troubles(
        now_ms,
        service.steps,
        service.failed_calls,
        service.keeping,
        switch,
        switchboard.silent_ms,
        (writer.failing_since, writer.last_error),
    )


def troubles(
    now_ms: int,
    steps: Failing,
    failed_calls: FailedCalls,
    keeping: Failing,
    switch: Connection,
    silent_ms: int,
    store: tuple[int | None, str | None],
) -> tuple[Trouble, ...]:
    """All that is wrong now.

    `silent_ms` is how long the switch has answered no command, `store` since when nothing reaches
    SQL (None: it does) and why.
    """

    def found() -> Iterator[Trouble]:
        if steps.since is not None and steps.for_ms(now_ms) >= LONG_ENOUGH_MS:
            said = f"Every step fails ({steps.count} in a row, the last: {steps.why})."
            yield Trouble(TroubleKind.STEPS, steps.since, said)
        elif (since := failed_calls.since(now_ms)) is not None:
            said = "One call after the other fails; the log has the traces."
            yield Trouble(TroubleKind.STEPS, since, said)
        if keeping.since is not None and keeping.for_ms(now_ms) >= LONG_ENOUGH_MS:
            said = f"The journal does not keep what happens: {keeping.why}"
            yield Trouble(TroubleKind.JOURNAL, keeping.since, said)
        state, since_ms = switch
        if state is not ConnectionState.CONNECTED:
            yield Trouble(TroubleKind.SWITCH, since_ms, f"The connection to Asterisk is {state}.")
        elif silent_ms >= LONG_ENOUGH_MS:
            said = "Asterisk answers no command."
            yield Trouble(TroubleKind.COMMANDS, now_ms - silent_ms, said)
        failing_since, why = store
        if failing_since is not None and now_ms - failing_since >= LONG_ENOUGH_MS:
            said = f"Nothing reaches SQL: {why or 'it does not answer'}"
            yield Trouble(TroubleKind.STORE, failing_since, said)

    return tuple(found())
