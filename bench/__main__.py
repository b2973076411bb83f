"""`python -m bench`: everything that is measured, printed, and kept in `bench/results`.

Ends with status 1 when a measurement is not good enough, and says by how much.
"""

from __future__ import annotations

import asyncio
import json
from dataclasses import asdict
from pathlib import Path
from typing import Annotated

import typer

from bench import engine_cost, report, routing_cost, setup_time
from bench.figures import EngineCost, Load, RoutingCost, SetupTime
from bench.machine import Machine, machine
from bench.stand import StandFailed
from load.errors import PartyError
from switch.model import SwitchUnavailable

RESULTS = Path(__file__).resolve().parent / "results"
LOADS = (Load(recorded=True), Load(recorded=False))

app = typer.Typer(pretty_exceptions_enable=False)


@app.command()
def main(
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, no tables.")] = False,
    results: Annotated[Path, typer.Option(help="Folder in which the figures are kept.")] = RESULTS,
) -> None:
    """Measure the set-up time, recorded and not, and what engine and router cost alone."""
    facts = machine()
    found: list[SetupTime] = []
    try:
        for load in LOADS:
            if not as_json:
                typer.echo(
                    f"{load.rate:g} calls a second for {load.seconds:g} s, {load.agents} agents, "
                    f"{'recorded' if load.recorded else 'not recorded'} …",
                    err=True,
                )
            found.append(asyncio.run(setup_time.measure(load)))
    except (StandFailed, SwitchUnavailable, PartyError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    costs = engine_cost.measure_all()
    routing = routing_cost.measure_all()
    slow = routing_cost.problems(routing)
    told = [
        f"{'recorded' if one.load.recorded else 'not recorded'}: {problem}"
        for one in found
        for problem in one.problems
    ]
    _keep(results, facts, found, costs, routing, told, slow)
    told += slow
    if as_json:
        typer.echo(json.dumps(_values(facts, found, costs, routing)))
    else:
        typer.echo(report.machine_line(facts, found[0].asterisk))
        alone = [report.engine_sheet(costs), report.routing_sheet(routing)]
        report.show([*report.setup_sheets(found), *alone])
        typer.echo(f"Kept in {results}")
    for problem in told:
        typer.echo(f"NOT GOOD ENOUGH: {problem}", err=True)
    if told:
        raise typer.Exit(1)


def _values(
    facts: Machine, found: list[SetupTime], costs: list[EngineCost], routing: list[RoutingCost]
) -> dict[str, object]:
    return {
        "machine": asdict(facts),
        "setup_time": [asdict(one) for one in found],
        "engine_cost": [asdict(one) for one in costs],
        "routing_cost": [asdict(one) for one in routing],
    }


def _keep(
    folder: Path,
    facts: Machine,
    found: list[SetupTime],
    costs: list[EngineCost],
    routing: list[RoutingCost],
    told: list[str],
    slow: list[str],
) -> None:
    """Write one file of figures and one to read, for each of the three programs."""
    folder.mkdir(parents=True, exist_ok=True)
    values = _values(facts, found, costs, routing)
    sheets = {
        "setup_time": report.setup_sheets(found),
        "engine_cost": [report.engine_sheet(costs)],
        "routing_cost": [report.routing_sheet(routing)],
    }
    titles = {
        "setup_time": "Set-up time",
        "engine_cost": "What a step of the engine costs",
        "routing_cost": "What a routing decision costs",
    }
    faults = {"setup_time": told, "engine_cost": [], "routing_cost": slow}
    for name, drawn in sheets.items():
        kept = {"machine": values["machine"], name: values[name]}
        (folder / f"{name}.json").write_text(json.dumps(kept, indent=1) + "\n")
        line = report.machine_line(facts, found[0].asterisk if name == "setup_time" else None)
        (folder / f"{name}.md").write_text(report.markdown(titles[name], line, drawn, faults[name]))


if __name__ == "__main__":
    app()
