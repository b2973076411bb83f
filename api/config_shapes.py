"""The whole configuration over REST and in YAML, and the way between it and the store's values."""

from __future__ import annotations

from typing import Annotated, Final

from pydantic import AfterValidator, Field

from api.floor_shapes import (
    AgentEntry,
    AlertRuleEntry,
    CalendarEntry,
    FlowEntry,
    NumberEntry,
    OutsideEntry,
    PauseReasonEntry,
    SeatEntry,
    SkillEntry,
    TeamEntry,
)
from api.queue_shapes import QueueEntry
from api.shapes import Dnis, Id, Part
from store import config_document as stored

FORM: Final = 1
"""The form of a configuration's document that is written, and the one that is read."""


def _form(form: int) -> int:
    if form != FORM:
        raise ValueError(f"this Plateau reads documents of the form {FORM}: write plateau: {FORM}")
    return form


class Configuration(Part):
    """Everything that people configure, by id. A section left out stays as it is."""

    plateau: Annotated[int, AfterValidator(_form)] = Field(
        FORM, ge=0, description="the form of this document; the present one is 1"
    )
    skills: dict[Id, SkillEntry] = Field(default={})
    teams: dict[Id, TeamEntry] = Field(default={})
    calendars: dict[Id, CalendarEntry] = Field(default={})
    queues: dict[Id, QueueEntry] = Field(default={})
    agents: dict[Id, AgentEntry] = Field(default={})
    seats: dict[Id, SeatEntry] = Field(default={})
    pause_reasons: dict[Id, PauseReasonEntry] = Field(default={})
    outside: OutsideEntry = Field(default_factory=lambda: OutsideEntry(caller_id=None))
    alert_rules: dict[Id, AlertRuleEntry] = Field(default={})
    flows: dict[Id, FlowEntry] = Field(default={})
    numbers: dict[Dnis, NumberEntry] = Field(default={})


def write(configuration: stored.Configuration) -> dict[str, object]:
    """As a plain tree without what is as it is by default; every section stands there."""
    read = Configuration.model_validate(stored.to_plain(configuration))
    short = read.model_dump(mode="json", exclude_defaults=True)
    return {"plateau": FORM} | {
        name: short.get(name, {}) for name in Configuration.model_fields if name != "plateau"
    }


def of(checked: Configuration, rest: stored.Configuration) -> stored.Configuration:
    """As the store has it; sections that were not told are those of `rest`."""
    plain = checked.model_dump(mode="json", include=checked.model_fields_set - {"plateau"})
    return stored.from_plain(plain, rest)
