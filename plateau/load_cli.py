"""`plateau load` and `plateau call`: callers and phones by SIPp against a running Plateau.

Options, output and exit statuses; the work is in `plateau.load_work`, imported when a command
runs. Exit status 0: all went as planned; 1: a sentence; 3: it ran, and calls failed or the counts
differ; 130: stopped by Ctrl-C.
"""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from load.order import LoadOrder

app = typer.Typer(
    name="load",
    invoke_without_command=True,
    help="Load a Plateau of your own with callers and agents by SIPp: see docs/load-testing.md.",
)

_OWN = "--my-own-system"


class Arrivals(StrEnum):
    """How callers come."""

    POISSON = "poisson"
    EVEN = "even"


Api = Annotated[
    str | None,
    typer.Option(
        help="Plateau's API, as http://127.0.0.1:8000; left out: this installation's. "
        "PLATEAU_API_KEY names an administrator's key; without one a key is made in the store."
    ),
]
Sip = Annotated[
    str | None, typer.Option(help="HOST[:PORT] of the switch; left out: this installation's.")
]
Own = Annotated[
    bool,
    typer.Option(
        _OWN,
        help="The target is not 127.0.0.1, and is yours: load is for nobody else's.",
    ),
]
JsonFlag = Annotated[bool, typer.Option("--json", help="Print JSON.")]
Rate = Annotated[float, typer.Option(help="Callers a second, at most 50.")]
Seconds = Annotated[float, typer.Option(help="For so long callers come, at most 3600.")]
Agents = Annotated[
    int, typer.Option(help="Agents made for it, each with a phone, at most 500; 0: your own.")
]
Talk = Annotated[float, typer.Option(help="Seconds of a talk; then the agent hangs up.")]
Patience = Annotated[float, typer.Option(help="Seconds after which a caller gives up.")]
Dnis = Annotated[
    str | None, typer.Option(help="Number to dial; left out: one made for it, with a queue.")
]
Digits = Annotated[str, typer.Option(help="Keys pressed after the answer, as 11.")]
DigitsAfter = Annotated[float, typer.Option(help="Seconds from the answer to the keys.")]
Queues = Annotated[
    list[str] | None,
    typer.Option("--queue", help="With --dnis: a queue that the agents serve; repeatable."),
]
How = Annotated[Arrivals, typer.Option("--arrivals", help="At random (poisson) or evenly.")]
Seed = Annotated[int, typer.Option(help="The same callers again.")]
Silent = Annotated[
    bool, typer.Option("--silent", help="Callers send no sound (they lose the call in the end).")
]


@app.callback()
def load(
    context: typer.Context,
    api: Api = None,
    sip: Sip = None,
    rate: Rate = 1.0,
    seconds: Seconds = 30.0,
    agents: Agents = 10,
    talk: Talk = 5.0,
    patience: Patience = 30.0,
    dnis: Dnis = None,
    digits: Digits = "",
    digits_after: DigitsAfter = 1.0,
    queue: Queues = None,
    how: How = Arrivals.POISSON,
    seed: Seed = 1,
    silent: Silent = False,
    my_own_system: Own = False,
    as_json: JsonFlag = False,
) -> None:
    """Callers and agents for a while, then a table: what SIPp counted and what the floor did.

    What it makes (agents, a queue, a number) has ids that begin with load-, and is removed at the
    end and at Ctrl-C.
    """
    if context.invoked_subcommand is not None:
        return
    from plateau import load_work

    order = _order(
        rate, seconds, agents, talk, patience, dnis, digits, digits_after, queue, how, seed, silent
    )
    raise typer.Exit(load_work.load(order, api, sip, my_own_system, as_json))


def _order(
    rate: float,
    seconds: float,
    agents: int,
    talk: float,
    patience: float,
    dnis: str | None,
    digits: str,
    digits_after: float,
    queue: list[str] | None,
    how: Arrivals,
    seed: int,
    silent: bool,
) -> LoadOrder:
    from load.order import LoadOrder
    from load.plan import Pattern

    return LoadOrder(
        rate=rate,
        seconds=seconds,
        agents=agents,
        talk_s=talk,
        patience_s=patience,
        dnis=dnis,
        digits=digits,
        digits_after_s=digits_after,
        queues=tuple(queue or ()),
        pattern=Pattern(how.value),
        seed=seed,
        sound=not silent,
    )


@app.command()
def files(
    folder: Annotated[Path, typer.Argument(help="Where to write; made if missing.")],
    dnis: Annotated[str, typer.Option(help="Number to dial.")],
    sip: Sip = None,
    rate: Rate = 1.0,
    seconds: Seconds = 30.0,
    talk: Talk = 5.0,
    patience: Patience = 30.0,
    digits: Digits = "",
    digits_after: DigitsAfter = 1.0,
    how: How = Arrivals.POISSON,
    seed: Seed = 1,
    silent: Silent = False,
    accounts: Annotated[
        Path | None,
        typer.Option(help="File of USER;PASSWORD lines: phones that answer, in a second command."),
    ] = None,
    my_own_system: Own = False,
) -> None:
    """Write scenarios, calls and tones, and print the sipp commands; nothing is called."""
    from plateau import load_work

    order = _order(
        rate, seconds, 0, talk, patience, dnis, digits, digits_after, None, how, seed, silent
    )
    raise typer.Exit(load_work.files(order, folder, sip, accounts, my_own_system))


@app.command()
def clean(api: Api = None, as_json: JsonFlag = False) -> None:
    """Remove what loads left behind that were killed: all whose id begins with load-."""
    from plateau import load_work

    raise typer.Exit(load_work.clean(api, as_json))


def call(
    number: Annotated[str, typer.Argument(help="Number to dial, as the carrier would send it.")],
    caller: Annotated[str, typer.Option("--from", help="The caller's number.")] = "+33140000001",
    digits: Digits = "",
    digits_after: DigitsAfter = 1.0,
    seconds: Annotated[
        float, typer.Option(min=0.1, max=3600, help="Hang up so long after the answer.")
    ] = 10.0,
    patience: Annotated[
        float, typer.Option(min=0.1, max=600, help="Give up after so long without an answer.")
    ] = 30.0,
    answer_as: Annotated[
        str | None,
        typer.Option(help="Play the phone of this agent too: signed in for the call, then out."),
    ] = None,
    api: Api = None,
    sip: Sip = None,
    my_own_system: Own = False,
    as_json: JsonFlag = False,
) -> None:
    """Call a number of this Plateau as a caller with a tone, and say what happened.

    With --answer-as it needs no phone at all: the agent's end is played too, and both ends tell
    how long they heard the other.
    """
    from load.first_call import CallOrder
    from plateau import load_work

    order = CallOrder(number, caller, digits, digits_after, seconds, patience, answer_as)
    raise typer.Exit(load_work.call(order, api, sip, my_own_system, as_json))
