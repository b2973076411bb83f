"""What agents, teams, seats, calendars, pause reasons and alert rules look like over REST and YAML.

Ranges and patterns only; whether things fit together is the store's to check.
"""

from __future__ import annotations

import re
from datetime import date
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import AfterValidator, BeforeValidator, Field, StringConstraints, model_validator

from acd.config import AlertMetric, Comparison, Severity
from acd.errors import Unreadable
from acd.opening import DAYS, holiday_fault, read_days, read_spans, write_span
from api.shapes import (
    E164,
    Digit,
    Id,
    Name,
    Names,
    Part,
    SkillLevels,
    no_controls,
    pasted,
)

Word = Annotated[
    str,
    StringConstraints(min_length=1, max_length=100, strip_whitespace=True),
    AfterValidator(no_controls),
]
Short = Annotated[str, BeforeValidator(pasted), StringConstraints(pattern=r"^[0-9]{2,8}$")]
Pin = Annotated[str, StringConstraints(pattern=r"^[0-9]{4,8}$")]


class SkillEntry(Part):
    """A skill but for its id."""

    name: Name


class TeamEntry(Part):
    """A team but for its id."""

    name: Name


class Membership(Part):
    """An agent's place in one queue."""

    queue: Id
    priority: int = Field(0, ge=-10, le=10, description="each point is worth 60 s of waiting")
    delay_s: int = Field(0, ge=0, le=3600, description="eligible so long after a caller came")


def _each_queue_once(places: list[Membership]) -> list[Membership]:
    if len({place.queue for place in places}) != len(places):
        raise Unreadable(
            "each queue may stand here once only", "chaque file ne figure qu’une fois ici"
        )
    return places


Memberships = Annotated[list[Membership], Field(max_length=200), AfterValidator(_each_queue_once)]


class AgentBase(Part):
    """What REST and YAML alike say of an agent."""

    name: Name
    team: Id | None = None
    active: bool = Field(True, description="an inactive agent cannot register nor sign in")
    skills: SkillLevels = Field(default=[])
    queues: Memberships = Field(default=[], description="places in queues")
    attributes: dict[Id, Word] = Field(
        default={}, max_length=50, description="for expressions", examples=[{"site": "Lille"}]
    )
    number: Short | None = Field(None, description="short number; also to sign in on a phone")
    auto_answer: bool = Field(False, description="the phone answers by itself")
    voice_capacity: int = Field(1, ge=0, le=1, description="0 keeps routed calls away")


class AgentEntry(AgentBase):
    """An agent but for the id. `phone` is the SIP user name; left out, `agent-ID`."""

    phone: Annotated[str, Field(pattern=r"^([A-Za-z0-9][A-Za-z0-9_.-]{0,62})?$")] = ""


class SeatEntry(Part):
    """A phone that belongs to no agent: anybody may sign in there."""

    name: Name


class PauseReasonEntry(Part):
    """Why agents pause."""

    names: Names = Field(default={})
    productive: bool = Field(False, description="counts as worked")
    paid: bool = Field(True, description="counts as paid time")
    digit: Digit | None = Field(None, description="for the pause code on a phone")


def _spans(value: object) -> object:
    if isinstance(value, str):
        value = [value]
    if isinstance(value, list | tuple) and all(isinstance(text, str) for text in value):
        return [write_span(span) for span in read_spans(value)]
    return value


Spans = Annotated[
    list[str],
    BeforeValidator(_spans),
    Field(description="open; none: closed", examples=[["09:00-12:30", "14:00-18:00"]]),
]


def _weekly(value: object) -> object:
    """Days apart: `mon-fri` becomes five keys."""
    if not isinstance(value, dict):
        return value
    week: dict[str, object] = {}
    for key, spans in value.items():
        for day in read_days(str(key)):
            if DAYS[day] in week:
                raise ValueError(f"{DAYS[day]} is given twice")
            week[DAYS[day]] = spans
    return {day: week[day] for day in DAYS if day in week}


def _day(text: str) -> str:
    if not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
        raise ValueError(f"“{text[:80]}” is not a date; write it like 2026-12-25")
    try:
        return date.fromisoformat(text).isoformat()
    except ValueError as error:
        raise ValueError(f"there is no day {text}") from error


def _zone(text: str) -> str:
    try:
        return ZoneInfo(text).key
    except (ValueError, OSError, KeyError) as error:  # ZoneInfoNotFoundError is a KeyError
        raise ValueError(
            f"there is no time zone “{text[:80]}”; write it like Europe/Paris"
        ) from error


def _holidays(code: str) -> str:
    if wrong := holiday_fault(code):
        raise ValueError(f"no public holidays for “{code[:80]}”: {wrong}; write a country like FR")
    return code


class CalendarEntry(Part):
    """When somebody is there. A special day goes before a public holiday, that before the week."""

    name: Name
    zone: Annotated[str, AfterValidator(_zone)] = "Europe/Paris"
    weekly: Annotated[dict[str, Spans], BeforeValidator(_weekly)] = Field(
        default={}, examples=[{"mon-fri": ["09:00-18:00"], "sat": ["09:00-12:00"]}]
    )
    special: dict[Annotated[str, AfterValidator(_day)], Spans] = Field(
        default={}, max_length=1000, examples=[{"2026-12-24": ["09:00-12:00"], "2026-12-31": []}]
    )
    holidays: Annotated[str, AfterValidator(_holidays)] | None = Field(
        None, description="country whose public holidays are closed: FR, FR-57…"
    )


Prefix = Annotated[
    str,
    BeforeValidator(pasted),
    StringConstraints(pattern=r"^(\+[0-9]{0,14}|[0-9]{2,8})$"),
]


class OutsideEntry(Part):
    """Where calls may go outside."""

    allowed: list[Prefix] = Field(
        default=[],
        max_length=500,
        description="the beginnings of numbers in international form, or short numbers whole",
        examples=[["+33", "3631"]],
    )
    caller_id: E164 | None = Field(None, description="shown where nobody says otherwise")


class AlertRuleEntry(Part):
    """A threshold that supervisors want to hear of."""

    metric: AlertMetric
    comparison: Comparison
    threshold: float = Field(ge=-1e9, le=1e9)
    queue: Id | None = Field(None, description="null: every queue, each for itself")
    for_s: int = Field(0, ge=0, le=86_400, description="so long before anybody is told")
    names: Names = Field(default={})
    severity: Severity = Severity.WARNING


class FlowEntry(Part):
    """A flow at one of its versions, with that version's document where it is given."""

    version: int | None = Field(None, ge=1)
    document: str | None = Field(None, description="YAML of the flow, as sent to /flows")

    @model_validator(mode="after")
    def _some(self) -> FlowEntry:
        if self.version is None and self.document is None:
            raise ValueError("say which version it is, or give its document")
        return self


class NumberEntry(Part):
    """Where a dialled number leads."""

    flow: Id
    name: Annotated[str, Field(max_length=100), AfterValidator(no_controls)] = ""
