"""Figures as tables: on the terminal, and the same as Markdown to keep. Decides only layout."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.console import Console
from rich.table import Table

from bench.figures import EngineCost, RoutingCost, SetupTime
from bench.machine import Machine
from load.figures import Percentiles


@dataclass(frozen=True, slots=True)
class Sheet:
    """A table before it is drawn: each row has as many cells as there are heads."""

    title: str
    heads: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]


def machine_line(facts: Machine, asterisk: str | None) -> str:
    """The machine in one line."""
    switch = f"Asterisk {asterisk}, " if asterisk else ""
    return (
        f"{switch}Python {facts.python}, Linux {facts.kernel}, {facts.cores} cores "
        f"({facts.cpu}), {facts.memory_mib} MiB; load before the start {facts.load_1m:g}"
    )


def _times(times: Percentiles) -> str:
    if times.p50_ms is None:
        return "–"
    values = (times.p50_ms, times.p95_ms, times.p99_ms, times.max_ms)
    return " / ".join("–" if value is None else f"{value:.0f}" for value in values)


def setup_sheets(found: Sequence[SetupTime]) -> list[Sheet]:
    """The load tests: one column for each, and a second table with the way of a call."""
    rows: list[tuple[str, ...]] = []

    def row(name: str, *cells: str) -> None:
        rows.append((name, *cells))

    row("callers", *(f"{f.load.rate:g}/s, {f.load.seconds:g} s" for f in found))
    row("agents", *(str(f.load.agents) for f in found))
    row("recorded", *("yes" if f.load.recorded else "no" for f in found))
    row("arrivals", *(str(f.load.pattern) for f in found))
    row("set-up p50/p95/p99/max ms", *(_times(f.callers.setup) for f in found))
    row("ringing heard, the same", *(_times(f.ring_heard) for f in found))
    row("calls planned", *(str(f.callers.planned) for f in found))
    row("answered (SIPp)", *(str(f.callers.answered) for f in found))
    row("failed (SIPp)", *(str(f.callers.failed) for f in found))
    row(
        "SQL contacts/answered/recordings",
        *(f"{f.kept.contacts}/{f.kept.answered}/{f.kept.recordings}" for f in found),
    )
    row("Asterisk CPU ms per call", *(f"{f.costs.asterisk_ms:.1f}" for f in found))
    row("floor CPU ms per call", *(f"{f.costs.floor_ms:.1f}" for f in found))
    row("SIPp CPU ms per call", *(f"{f.costs.sipp_ms:.1f}" for f in found))
    row("events, facts per call", *(f"{f.events_per_call}, {f.facts_per_call}" for f in found))
    row("facts SQL was behind, most/end", *(_behind(f) for f in found))
    row("seconds until SQL had all", *(f"{f.kept.catch_up_s:.1f}" for f in found))
    row("commands refused, faults", *(f"{f.commands_failed}, {f.faults}" for f in found))
    row(
        "machine busy, by others",
        *(f"{f.costs.machine_busy_ratio:.0%}, {f.costs.others_busy_ratio:.0%}" for f in found),
    )
    row("memory MiB, Asterisk/floor", *(_memory(f) for f in found))
    heads = ("set-up time", *(f"load {n}" for n in range(1, len(found) + 1)))
    way = [
        (stage.name, *(_times(f.stages[n].times) for f in found))
        for n, stage in enumerate(found[0].stages if found else [])
    ]
    return [
        Sheet("Set-up time: INVITE to 200 OK, agents ring 20 ms", heads, tuple(rows)),
        Sheet("Where it went: p50/p95/p99/max ms", ("stage", *heads[1:]), tuple(way)),
    ]


def _behind(found: SetupTime) -> str:
    return f"{found.kept.behind_most}, {found.kept.behind_at_end}"


def _memory(found: SetupTime) -> str:
    return f"{found.costs.asterisk_mib:.0f}/{found.costs.floor_mib:.0f}"


def engine_sheet(found: Sequence[EngineCost]) -> Sheet:
    """The pure engine: one row for each workload."""
    heads = (
        "agents",
        "always waiting",
        "steps/s",
        "step p50/p99/max µs",
        "decision p50/p99 µs",
        "journal bytes per call",
    )
    rows = tuple(
        (
            f"{f.agents:,}",
            f"{f.standing:,}",
            f"{f.steps_per_s:,.0f}",
            f"{f.step_p50_us:.0f} / {f.step_p99_us:.0f} / {f.step_max_us:.0f}",
            f"{f.decision_p50_us:.0f} / {f.decision_p99_us:.0f}",
            f"{f.journal_bytes_per_call:,.0f}",
        )
        for f in found
    )
    return Sheet("The pure engine, without Asterisk", heads, rows)


def routing_sheet(found: Sequence[RoutingCost]) -> Sheet:
    """The router alone: one row for each workload."""
    heads = (
        "agents",
        "always waiting",
        "decisions/s",
        "mean µs",
        "p50/p99/max µs",
        "skills changed / all reread ms",
    )
    rows = tuple(
        (
            f"{f.agents:,}",
            f"{f.waiting:,}",
            f"{f.decisions_per_s:,}",
            f"{f.mean_us:.1f}",
            f"{f.p50_us:.0f} / {f.p99_us:.0f} / {f.max_us:.0f}",
            f"{f.reconfigured_ms:.1f} / {f.reread_ms:.1f}",
        )
        for f in found
    )
    return Sheet("The router alone: 50 skills, 40 queues", heads, rows)


def show(sheets: Sequence[Sheet]) -> None:
    """Print the tables on the terminal."""
    console = Console()
    for sheet in sheets:
        table = Table(title=sheet.title, title_justify="left")
        for number, head in enumerate(sheet.heads):
            table.add_column(head, justify="left" if number == 0 else "right")
        for cells in sheet.rows:
            table.add_row(*cells)
        console.print(table)


def markdown(title: str, machine: str, sheets: Sequence[Sheet], problems: Sequence[str]) -> str:
    """The same as Markdown."""
    lines = [f"# {title}", "", machine, ""]
    lines += [f"- NOT GOOD ENOUGH: {problem}" for problem in problems] or ["Good enough."]
    for sheet in sheets:
        lines += ["", f"## {sheet.title}", ""]
        lines.append("| " + " | ".join(sheet.heads) + " |")
        lines.append("|" + " --- |" * len(sheet.heads))
        lines += ["| " + " | ".join(cells) + " |" for cells in sheet.rows]
    return "\n".join(lines) + "\n"
