"""Draws the two machines for `docs/states.md`: `python -m acd.states_drawing` writes it anew."""

from __future__ import annotations

from collections.abc import Sequence
from enum import StrEnum
from pathlib import Path

from acd.model import AgentState, CallState
from acd.states import AGENT_TABLE, CALL_TABLE, Goes, Ignored, Refused

_HEAD = """# States

Drawn from `acd/states.py` by `python -m acd.states_drawing`; a test holds the two together.
What is listed nowhere cannot happen: the engine counts it, ends that one call safely and serves
everybody else.
"""


def drawn_states() -> str:
    """The whole document."""
    return "\n".join(
        [
            _HEAD,
            _machine("Call (appel)", CallState, list(CALL_TABLE.items())),
            _machine("Agent (téléconseiller)", AgentState, list(AGENT_TABLE.items())),
        ]
    )


def _machine(
    title: str,
    states: type[StrEnum],
    table: Sequence[tuple[tuple[StrEnum, StrEnum], object]],
) -> str:
    arrows: dict[tuple[str, str], list[str]] = {}
    rows: list[str] = []
    for (state, happened), row in table:
        if isinstance(row, Goes):
            for to in row.to:
                arrows.setdefault((state, to), []).append(happened)
        elif isinstance(row, Ignored):
            rows.append(f"| {state} | {happened} | nothing | {row.why} |")
        elif isinstance(row, Refused):
            rows.append(f"| {state} | {happened} | refused | {row.why} |")
    lines = [f"## {title}", "", "```mermaid", "stateDiagram-v2"]
    lines += [
        f"    {state} --> {to}: {', '.join(inputs)}" for (state, to), inputs in arrows.items()
    ]
    lines += ["```", "", f"States: {', '.join(states)}.", ""]
    lines += ["| in | when | then | because |", "|---|---|---|---|", *rows, ""]
    return "\n".join(lines)


if __name__ == "__main__":
    target = Path(__file__).resolve().parent.parent / "docs" / "states.md"
    target.write_text(drawn_states())
    print(f"{target} written")
