"""Set-up time under load: callers by plan, agents' phones, real Asterisk, the floor's own process.

A caller dials, is queued at once, rings until an agent answers, talks a second and hangs up. The
set-up time is the caller's INVITE to its 200 OK, the ring time of the agent's phone included. No
audio flows, so that the machine's two cores are not spent on playing it.

`python -m bench.setup_time --rate 30 --agents 100 --seconds 60` ends with status 1 when a call
failed, when SQL does not hold what SIPp counted, or when the 99th percentile is above `--limit-ms`.
"""

from __future__ import annotations

import asyncio
import json
import random
import time
from dataclasses import asdict, replace
from pathlib import Path
from typing import Annotated

import typer
from sqlalchemy import Select, func, select

from bench import report
from bench.figures import LIMIT_MS, Costs, Kept, Load, SetupTime
from bench.machine import CpuMeter, machine, memory_mib
from bench.stand import DNIS, Stand, StandFailed, stand, until
from bench.way import FloorTimes, stages
from load.callers import SippLoad
from load.errors import PartyError
from load.figures import Percentiles, percentiles
from load.fleet import SippFleet
from load.plan import CallPlan, Pattern, arrivals
from store import tables as t
from switch.model import SwitchUnavailable

RING_MS = 20
TALK_MS = 1_000
_WARM_UP_CALLS = 20
_WARM_UP_PREFIX = "+3388"
_PREFIX = "+3399"


async def measure(load: Load, *, profile: Path | None = None) -> SetupTime:
    """Start everything, run the load, end everything. Raises StandFailed, SwitchUnavailable."""
    async with (
        stand(agents=load.agents, recorded=load.recorded, profile=profile) as made,
        SippFleet(made.site, made.accounts, ring_ms=RING_MS, expires_s=600) as fleet,
    ):
        await made.sign_in_all()
        await _warm_up(made)
        return await _run(load, made, fleet)


def _plan(at_ms: list[int], prefix: str) -> list[CallPlan]:
    """One caller for each instant, every one with a number of its own."""
    return [
        CallPlan(at_ms=at, dnis=DNIS, caller=f"{prefix}{n:07d}", hang_up_after_ms=TALK_MS)
        for n, at in enumerate(at_ms)
    ]


async def _warm_up(made: Stand) -> None:
    """A few calls that nobody counts: modules, caches and pages are touched once."""
    plan = _plan([100 * n for n in range(_WARM_UP_CALLS)], _WARM_UP_PREFIX)
    async with SippLoad(made.site, plan) as load:
        await load.finished(timeout_s=30)
    await _floor_empty(made)


async def _floor_empty(made: Stand) -> None:
    async def empty() -> bool:
        return (await made.health()).calls == 0

    await until("the floor has no call left", empty, 30)


async def _run(load: Load, made: Stand, fleet: SippFleet) -> SetupTime:
    at_ms = arrivals(load.rate, load.seconds, rng=random.Random(load.seed), pattern=load.pattern)
    before = await made.health()
    async with SippLoad(made.site, _plan(at_ms, _PREFIX)) as callers:
        meter = CpuMeter(
            {
                "asterisk": made.switch.pid,
                "floor": made.floor_pid,
                "fleet": fleet.sipp.pid,
                "callers": callers.sipp.pid,
            }
        )
        behind_most = await _watch(made, callers, meter, load.seconds + 60)
        machine_busy, others_busy = meter.ratios()
        figures = callers.figures()
        kept = await _kept(made, load, behind_most)
        after = await made.health()
        numbers = {
            f"load-{n + 1}-{callers.sipp.pid}": call.caller for n, call in enumerate(callers.plan)
        }
        way = stages(numbers, callers.sipp.events, fleet.sipp.events, await _floor_times(made))
        heard = _ring_heard(callers)
    served = max(1, figures.answered)
    sipp_s = meter.used_s("fleet") + meter.used_s("callers")
    counted = {name: int(now - before.counters[name]) for name, now in after.counters.items()}
    result = SetupTime(
        load=load,
        asterisk=made.switch.version,
        callers=figures,
        ring_heard=heard,
        stages=way,
        costs=Costs(
            asterisk_ms=round(meter.used_s("asterisk") * 1000 / served, 2),
            floor_ms=round(meter.used_s("floor") * 1000 / served, 2),
            sipp_ms=round(sipp_s * 1000 / served, 2),
            machine_busy_ratio=machine_busy,
            others_busy_ratio=others_busy,
            asterisk_mib=memory_mib(made.switch.pid),
            floor_mib=memory_mib(made.floor_pid),
        ),
        kept=kept,
        events_per_call=round(counted["events_total"] / served, 2),
        facts_per_call=round(counted["store_facts_written_total"] / served, 2),
        commands_failed=counted["commands_failed_total"],
        faults=counted["faults_total"] + counted["impossible_transitions_total"],
        problems=[],
    )
    return replace(result, problems=problems(result))


async def _watch(made: Stand, callers: SippLoad, meter: CpuMeter, timeout_s: float) -> int:
    """Wait for the last caller's end; the most facts that SQL was behind meanwhile."""
    over = asyncio.create_task(callers.finished(timeout_s=timeout_s))
    most = 0
    while not over.done():
        await asyncio.wait((over,), timeout=0.5)
        meter.sample()
        most = max(most, (await made.health()).journal_behind)
    over.result()
    return most


def _ring_heard(callers: SippLoad) -> Percentiles:
    """Each caller's INVITE to the first 180, for those who got one."""
    dialled = {e.call_id: e.at_s for e in callers.sipp.events if e.name == "dialled"}
    first: dict[str, float] = {}
    for event in callers.sipp.events:
        if event.name == "ringing" and event.call_id in dialled:
            first.setdefault(event.call_id, (event.at_s - dialled[event.call_id]) * 1000)
    return percentiles(list(first.values()))


async def _kept(made: Stand, load: Load, behind_most: int) -> Kept:
    """Wait until SQL has everything, then count."""
    behind_at_end, ended_s = (await made.health()).journal_behind, time.monotonic()
    await _floor_empty(made)

    async def caught_up() -> bool:
        return (await made.health()).journal_behind == 0

    await until("SQL has caught up", caught_up, 120)
    catch_up_s = time.monotonic() - ended_s

    async def verified() -> bool:
        rows = await _scalar(made, _recordings().where(t.recording.c.kept_at.is_(None)))
        return rows == 0

    if load.recorded:
        await until("every recording is verified", verified, 60)
    health = await made.health()
    ours = t.contact.c.number.not_like(f"{_WARM_UP_PREFIX}%")
    contacts = select(func.count()).select_from(t.contact).where(ours)
    return Kept(
        contacts=await _scalar(made, contacts),
        answered=await _scalar(made, contacts.where(t.contact.c.outcome == "answered")),
        ended=await _scalar(made, contacts.where(t.contact.c.ended_at.is_not(None))),
        recordings=await _scalar(
            made, _recordings().where(ours, t.recording.c.kept_at.is_not(None))
        ),
        facts=int(health.counters["store_facts_written_total"]),
        rejected=int(health.counters["store_facts_rejected_total"]),
        behind_most=behind_most,
        behind_at_end=behind_at_end,
        catch_up_s=round(catch_up_s, 2),
    )


def _recordings() -> Select[int]:
    return (
        select(func.count())
        .select_from(t.recording)
        .join(t.contact, t.contact.c.id == t.recording.c.contact_id)
    )


async def _scalar(made: Stand, query: Select[int]) -> int:
    async with made.store.connect() as conn:
        return (await conn.execute(query)).scalar_one()


async def _floor_times(made: Stand) -> list[FloorTimes]:
    """When the floor knew of each call, rang its agent and heard the agent answer."""
    ring, talk = t.segment.alias("ring"), t.segment.alias("talk")
    query = (
        select(
            t.contact.c.number,
            t.agent.c.phone,
            t.contact.c.arrived_at,
            ring.c.started_at,
            talk.c.started_at,
        )
        .join(ring, ring.c.contact_id == t.contact.c.id)
        .join(talk, talk.c.contact_id == t.contact.c.id)
        .join(t.agent, t.agent.c.id == talk.c.agent_id)
        .where(ring.c.kind == "ring", talk.c.kind == "talk", ring.c.agent_id == talk.c.agent_id)
    )
    async with made.store.connect() as conn:
        return [FloorTimes(*row) for row in await conn.execute(query)]


def problems(found: SetupTime) -> list[str]:
    """What keeps this measurement from being good enough, in sentences."""
    load, callers, kept = found.load, found.callers, found.kept
    told: list[str] = []
    p99_ms = callers.setup.p99_ms
    if p99_ms is None:
        told.append("no call was answered")
    elif p99_ms > load.limit_ms:
        told.append(
            f"the 99th percentile of the set-up time is {p99_ms:g} ms, "
            f"{p99_ms - load.limit_ms:.1f} ms above the limit of {load.limit_ms:g} ms"
        )
    unserved = callers.planned - callers.answered
    if callers.failed or unserved:
        told.append(
            f"{callers.failed} calls failed and {unserved} of {callers.planned} were not answered"
        )
    wanted = {"contacts": callers.dialled, "answered": callers.answered, "ended": callers.dialled}
    if load.recorded:
        wanted["recordings"] = callers.answered
    for name, count in wanted.items():
        if (had := int(getattr(kept, name))) != count:
            told.append(f"SQL holds {had} {name}, SIPp counted {count}")
    if kept.rejected:
        told.append(f"SQL refused {kept.rejected} facts")
    if found.faults:
        told.append(f"the floor counted {found.faults} faults of its own")
    return told


app = typer.Typer(pretty_exceptions_enable=False)


@app.command()
def main(
    rate: Annotated[float, typer.Option(help="Calls per second.")] = 30.0,
    agents: Annotated[int, typer.Option(help="Agents signed in.")] = 100,
    seconds: Annotated[float, typer.Option(help="How long callers dial.")] = 60.0,
    recorded: Annotated[bool, typer.Option(help="Record every conversation.")] = True,
    pattern: Annotated[Pattern, typer.Option(help="How calls arrive.")] = Pattern.POISSON,
    seed: Annotated[int, typer.Option(help="Seed of the arrivals.")] = 1,
    limit_ms: Annotated[float, typer.Option(help="Most that p99 may be.")] = LIMIT_MS,
    profile: Annotated[
        Path | None, typer.Option(help="Run the floor under cProfile; statistics go here.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    """Measure the set-up time of one load."""
    load = Load(rate, agents, seconds, recorded, pattern, seed, limit_ms)
    try:
        found = asyncio.run(measure(load, profile=profile))
    except (StandFailed, SwitchUnavailable, PartyError) as error:
        typer.echo(str(error), err=True)
        raise typer.Exit(2) from error
    if as_json:
        typer.echo(json.dumps({"machine": asdict(machine()), "setup_time": asdict(found)}))
    else:
        report.show(report.setup_sheets([found]))
    for problem in found.problems:
        typer.echo(f"NOT GOOD ENOUGH: {problem}", err=True)
    if found.problems:
        raise typer.Exit(1)


if __name__ == "__main__":
    app()
