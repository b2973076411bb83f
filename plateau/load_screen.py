"""What `plateau load` and `plateau call` show: progress, tables, sentences. Wording only."""

from __future__ import annotations

import time
from typing import Self

from rich.console import Console, RenderableType
from rich.live import Live
from rich.table import Table

from load.figures import Percentiles
from load.first_call import CallReport
from load.report import LoadReport
from load.run import Progress

_LINE_EVERY_S = 5.0
_HINTS = {
    "401": "the switch does not take this address for the carrier: PLATEAU_TRUNK_MATCH is {match}",
    "403": "the switch does not take this address for the carrier: PLATEAU_TRUNK_MATCH is {match}",
    "404": "no such number: GET /api/v1/numbers lists them",
    "503": "the floor is not there: plateau status",
}


class LoadScreen:
    """Progress of a load: redrawn in place on a terminal, else a line every few seconds."""

    def __init__(self, console: Console) -> None:
        self._console = console
        self._live = Live(console=console, auto_refresh=False, transient=True)
        self._phase = ""
        self._last = 0.0

    def __enter__(self) -> Self:
        self._live.__enter__()
        return self

    def __exit__(self, *error: object) -> None:
        self._live.stop()

    def show(self, progress: Progress) -> None:
        """Show where the load stands."""
        now = time.monotonic()
        if self._console.is_terminal:
            self._live.update(_panel(progress), refresh=True)
        elif progress.phase != self._phase or now - self._last >= _LINE_EVERY_S:
            self._console.print(_line(progress), highlight=False)
            self._last = now
        self._phase = progress.phase


def _line(p: Progress) -> str:
    if p.phase not in ("Calling", "Ending"):
        return p.phase
    return (
        f"{p.phase} {p.at_s:.0f} s: {p.dialled} dialled, {p.answered} answered, "
        f"{p.in_call} in a call, {p.talking} with an agent, {p.failed} failed"
    )


def _panel(p: Progress) -> RenderableType:
    table = Table(title=f"{p.phase}  {p.at_s:.0f} of {p.of_s:.0f}" if p.of_s else p.phase)
    if p.phase in ("Calling", "Ending"):
        for name in ("dialled", "answered", "in a call", "with an agent", "failed"):
            table.add_column(name, justify="right")
        table.add_row(*(str(n) for n in (p.dialled, p.answered, p.in_call, p.talking, p.failed)))
    return table


def report_tables(report: LoadReport) -> list[RenderableType]:
    """The tables of a load's figures, and what to know of them."""
    told = [
        ("offered (callers who dialled)", report.offered),
        ("answered", report.answered),
        ("refused", ", ".join(f"{n} with {c}" for c, n in report.refused.items()) or 0),
        ("failed otherwise", report.failed),
        ("talks with an agent of the load", report.talks),
        ("abandoned, as the floor says", "–" if report.abandoned is None else report.abandoned),
    ]
    calls = Table(title=f"Callers of {report.dnis}", title_justify="left", show_header=False)
    calls.add_column("")
    calls.add_column("", justify="right")
    for name, value in told:
        calls.add_row(name, str(value))
    times = Table(title="Milliseconds", title_justify="left")
    for name in ("", "calls", "p50", "p95", "p99", "longest"):
        times.add_column(name, justify="left" if not name else "right")
    times.add_row("set-up, INVITE to 200", *_cells(report.set_up))
    times.add_row("an agent's phone, INVITE to its answer", *_cells(report.ring))
    found: list[RenderableType] = [calls, times]
    if report.comparisons:
        both = Table(title="Counted on both sides", title_justify="left", show_header=False)
        for name in ("", "", "", "", ""):
            both.add_column(name)
        for one in report.comparisons:
            word = "[green]the same[/]" if one.agrees else "[bold red]differs[/]"
            both.add_row(one.left, str(one.left_count), one.right, str(one.right_count), word)
        found.append(both)
    elif report.floor:
        said = ", ".join(f"{key} {count}" for key, count in report.floor.items())
        found.append(f"The queues' own counts, other callers of yours among them: {said}")
    found += [f"[red]Left behind:[/] {line}" for line in report.left_behind]
    return found


def _cells(found: Percentiles) -> list[str]:
    values = (found.p50_ms, found.p95_ms, found.p99_ms, found.max_ms)
    return [str(found.n), *("–" if value is None else f"{value:.0f}" for value in values)]


def call_lines(report: CallReport, trunk_match: str) -> list[str]:
    """What is to be said of a call once it is over."""
    if report.refused is not None:
        hint = _HINTS.get(report.refused[:3])
        return [] if hint is None else [f"{report.refused[:3]}: {hint.format(match=trunk_match)}."]
    lines = [f"The caller heard sound for {report.heard_s:.1f} s."]
    if report.agent_tone_s is not None:
        if report.agent_answered_s is None:
            lines.append("The agent's phone did not answer: see GET /api/v1/calls/{id}/routing.")
        else:
            lines.append(
                f"The caller heard the agent for {report.agent_tone_s:.1f} s, "
                f"the agent the caller for {report.caller_tone_s:.1f} s."
            )
    return lines
