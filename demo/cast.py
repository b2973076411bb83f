"""Who plays in the demonstration: what `floor.yaml` says of queues, agents and pause reasons.

Data only. The file is sent to REST as it is; here stands what the players must know of it.
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import msgspec

_HERE: Final = Path(__file__).resolve().parent

FLOW: Final = "bilingual"
FLOW_FILE: Final = _HERE.parent / "ivr" / "examples" / "bilingual.yaml"
FLOOR_FILE: Final = _HERE / "floor.yaml"
NUMBERS: Final = {"0100": "Standard", "3900": "Numéro court"}
SUPERVISOR: Final = "superviseur"
SEAT: Final = "poste-superviseur"
"""The phone on which the supervisor listens: it answers by itself, and nobody else sits there."""

CONNECTED: Final = "farid"
"""An agent whose line is kept up: calls come without ringing."""
CALLBACK_KEY: Final = "1"
EXPERT: Final = "+33140000042"
"""Somebody outside whom agents ask when no colleague is free."""


class Disposition(msgspec.Struct, frozen=True):
    """How a conversation may be qualified; `names` by language."""

    code: str
    names: dict[str, str]


class Queue(msgspec.Struct, frozen=True):
    """A queue, as its agents know it."""

    name: str
    wrap_up_s: int
    dispositions: list[Disposition]


class Agent(msgspec.Struct, frozen=True):
    """An agent."""

    name: str


class PauseReason(msgspec.Struct, frozen=True):
    """Why somebody pauses, by language."""

    names: dict[str, str]


class Floor(msgspec.Struct, frozen=True):
    """What matters here of the file."""

    queues: dict[str, Queue]
    agents: dict[str, Agent]
    pause_reasons: dict[str, PauseReason]


FLOOR: Final = msgspec.yaml.decode(FLOOR_FILE.read_bytes(), type=Floor)
QUEUES: Final = FLOOR.queues
AGENTS: Final = FLOOR.agents
WRAP_UP_S: Final = max(queue.wrap_up_s for queue in QUEUES.values())
