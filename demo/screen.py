"""What the demonstration shows: steps of the start, the live floor, figures, comparisons.

Decides wording and layout only. On a terminal the live view is redrawn in place; elsewhere it is a
line every few seconds.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

from rich.columns import Columns
from rich.console import Console, Group, RenderableType
from rich.panel import Panel
from rich.table import Table

from demo import cast
from demo.check import Comparison
from demo.rest import Definition, DispositionRow, KpiRow, LiveQueue, PauseRow, Picture

STATES = {
    "ready": ("Prêt", "green"),
    "offered": ("Sonnerie", "yellow"),
    "talking": ("Communication", "cyan"),
    "holding": ("Client en attente", "cyan"),
    "consulting": ("Consultation", "cyan"),
    "wrap_up": ("Post-appel", "magenta"),
    "paused": ("Pause", "bright_black"),
    "not_responding": ("Ne répond pas", "red"),
    "unreachable": ("Injoignable", "red"),
    "signed_out": ("Déconnecté", "bright_black"),
}
KPI_KEYS = (
    "received", "handled", "abandoned", "short_abandoned", "offered", "answered", "qs",
    "qs_offered", "qs_linear", "service_level", "service_level_negative", "abandon_rate",
    "overflow", "transferred", "callbacks_requested", "callbacks_reached", "callback_wait", "asa",
    "max_wait", "abandon_wait", "ewt_coverage", "dmc", "mea", "acw", "dmt",
)  # fmt: skip
AGENT_KEYS = ("answered", "dmc", "mea", "acw", "dmt", "occupancy", "signed_in", "rona_rate")


def clock(seconds: float | None) -> str:
    """Minutes and seconds."""
    if seconds is None:
        return "–"
    whole = max(0, int(seconds))
    return f"{whole // 60}:{whole % 60:02d}"


def percent(part: float, whole: float) -> str:
    """A share, or a dash where there is none."""
    return f"{100 * part / whole:.0f} %" if whole else "–"


def shown(value: float | None, unit: str) -> str:
    """An indicator as people read it."""
    if value is None:
        return "–"
    if unit == "%":
        return f"{100 * value:.1f} %"
    return f"{value:.1f} s" if unit == "s" else f"{value:.0f}"


def _queue_rates(queues: Sequence[LiveQueue]) -> tuple[str, str]:
    offered = sum(q.offered_today for q in queues)
    answered = sum(q.answered_today for q in queues)
    lost = sum(q.abandoned_today - q.short_abandoned_today for q in queues)
    in_time = sum(q.answered_in_time_today for q in queues)
    waiting = sum(q.waiting for q in queues)  # those whose call rings included
    return percent(answered, offered - waiting), percent(in_time, answered + lost)


def live_line(picture: Picture, dialled: int, status: str) -> str:
    """The floor in one line."""
    states = Counter(agent.state for agent in picture.agents)
    agents = ", ".join(f"{STATES[s][0].lower()} {states[s]}" for s in STATES if states[s])
    oldest = [q.oldest_at for q in picture.queues if q.oldest_at is not None]
    longest = clock((picture.at - min(oldest)) / 1000) if oldest else "–"
    qs, level = _queue_rates(picture.queues)
    return (
        f"{status} | appels {dialled} | en attente {sum(q.waiting for q in picture.queues)} "
        f"(max {longest}) | {agents} | QS {qs} | niveau de service {level}"
        + (f" | alertes {len(picture.alerts)}" if picture.alerts else "")
    )


def live_view(picture: Picture, dialled: int, status: str) -> RenderableType:
    """The floor as tables."""
    queues = Table(title="Files", title_justify="left", expand=False)
    for name in ("File", "En attente", "Plus longue", "Sonnerie", "En ligne", "Présentés",
                 "Décrochés", "Abandons", "QS", "Niveau de service"):  # fmt: skip
        queues.add_column(name, justify="left" if name == "File" else "right")
    for queue in picture.queues:
        longest = None if queue.oldest_at is None else (picture.at - queue.oldest_at) / 1000
        queues.add_row(
            queue.name,
            str(queue.waiting),
            clock(longest),
            str(queue.offered),
            str(queue.talking),
            str(queue.offered_today),
            str(queue.answered_today),
            str(queue.abandoned_today),
            *_queue_rates([queue]),
        )
    agents = Table(title="Agents", title_justify="left")
    for name in ("Agent", "État", "Depuis"):
        agents.add_column(name, justify="right" if name == "Depuis" else "left")
    for agent in picture.agents:
        label, colour = STATES.get(agent.state, (agent.state, "white"))
        since = clock((picture.at - agent.since) / 1000)
        agents.add_row(agent.name, f"[{colour}]{label}[/]", since)
    calls = Counter(call.state for call in picture.calls)
    flow = Panel(
        f"Appels reçus        {dialled}\n"
        f"Au menu (SVI)       {calls['in_flow']}\n"
        f"En attente          {calls['waiting']}\n"
        f"Sonnerie            {calls['offered']}\n"
        f"En communication    {calls['talking']}\n"
        f"Rappels en file     {sum(q.callbacks for q in picture.queues)}\n"
        f"Alertes             {len(picture.alerts)}",
        title="Appels",
        expand=False,
    )
    return Group(queues, Columns([agents, flow]), status)


def kpi_tables(
    definitions: Sequence[Definition],
    floor: Sequence[KpiRow],
    queues: Sequence[KpiRow],
    agents: Sequence[KpiRow],
) -> list[Table]:
    """The figures: per queue and in total, then per agent."""
    names = {queue: each.name for queue, each in cast.QUEUES.items()}
    people = {agent: each.name for agent, each in cast.AGENTS.items()}
    by_queue = {names.get(row.scope or "", row.scope or ""): row.values for row in queues}
    whole = {"Total": floor[0].values} if floor else {}
    by_agent = {people.get(row.scope or "", row.scope or ""): row.values for row in agents}
    known = {definition.key: definition for definition in definitions}
    return [
        _indicators("Indicateurs par file", KPI_KEYS, known, {**by_queue, **whole}),
        _people("Indicateurs par agent", known, by_agent, whole),
    ]


def _indicators(
    title: str,
    keys: Sequence[str],
    known: Mapping[str, Definition],
    columns: Mapping[str, Mapping[str, float | None]],
) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("Indicateur")
    for name in columns:
        table.add_column(name, justify="right")
    for key in keys:
        if key in known:
            cells = [shown(values.get(key), known[key].unit) for values in columns.values()]
            table.add_row(known[key].fr, *cells)
    return table


def _people(
    title: str,
    known: Mapping[str, Definition],
    rows: Mapping[str, Mapping[str, float | None]],
    whole: Mapping[str, Mapping[str, float | None]],
) -> Table:
    table = Table(title=title, title_justify="left")
    table.add_column("Agent")
    keys = [key for key in AGENT_KEYS if key in known]
    for key in keys:
        table.add_column(known[key].fr.split(",")[0], justify="right")
    for name, values in {**rows, **whole}.items():
        table.add_row(name, *(shown(values.get(key), known[key].unit) for key in keys))
    return table


def shares_table(
    pauses: Sequence[PauseRow], dispositions: Sequence[DispositionRow]
) -> RenderableType:
    """Why people paused, and how conversations were qualified."""
    by_reason: Counter[str] = Counter()
    times: Counter[str] = Counter()
    for row in pauses:
        if row.reason in cast.FLOOR.pause_reasons:
            name = cast.FLOOR.pause_reasons[row.reason].names["fr"]
            by_reason[name] += row.count
            times[name] += row.total_ms
    left = Table(title="Pauses par motif", title_justify="left")
    for column in ("Motif", "Pauses", "Durée"):
        left.add_column(column, justify="left" if column == "Motif" else "right")
    for name, count in by_reason.most_common():
        left.add_row(name, str(count), shown(times[name] / 1000, "s"))
    right = Table(title="Qualifications", title_justify="left")
    for column in ("File", "Qualification", "Contacts"):
        right.add_column(column, justify="right" if column == "Contacts" else "left")
    for each in dispositions:
        queue = cast.QUEUES[each.queue_id]
        names = {one.code: one.names["fr"] for one in queue.dispositions}
        right.add_row(queue.name, names.get(each.code or "", "Non qualifié"), str(each.count))
    return Columns([left, right])


def comparison_table(comparisons: Sequence[Comparison]) -> Table:
    """What was counted twice."""
    table = Table(title="SIPp, SQL and the floor", title_justify="left")
    for name in ("Count", "by", "", "by", "", ""):
        table.add_column(name)
    for one in comparisons:
        mark = "[green]OK[/]" if one.agrees else "[bold red]≠[/]"
        table.add_row(
            one.name, one.left, str(one.left_count), one.right, str(one.right_count), mark
        )
    return table


def console() -> Console:
    """The terminal, or wide plain text where there is none."""
    made = Console(highlight=False)
    return made if made.is_terminal else Console(highlight=False, width=150)
