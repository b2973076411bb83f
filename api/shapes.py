"""Shapes that several resources share: ids, names, skill levels, results of a change."""

from __future__ import annotations

import uuid
from typing import Annotated, Final, Literal, TypeVar

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    GetCoreSchemaHandler,
    JsonValue,
    StringConstraints,
    WithJsonSchema,
)
from pydantic_core import CoreSchema

from acd.errors import Unreadable
from acd.model import ID_PATTERN
from acd.phone_numbers import compact, international
from api.instants import read_instant
from store.config_diff import ChangeKind


def no_controls(text: str) -> str:
    """The text. Raises ValueError if it holds control characters."""
    if any(ord(char) < 32 or ord(char) == 127 for char in text):
        raise Unreadable(
            "control characters are not allowed", "les caractères de contrôle sont refusés"
        )
    return text


Id = Annotated[
    str,
    StringConstraints(pattern=ID_PATTERN),
    Field(description="letters, digits, `_`, `.`, `-`; at most 63", examples=["support-fr"]),
]
AgentId = Annotated[str, Field(description="an agent's id", examples=["1001"])]
Name = Annotated[
    str,
    StringConstraints(min_length=1, max_length=100, strip_whitespace=True),
    AfterValidator(no_controls),
]


def pasted(value: object) -> object:
    """Digits as they are judged: without what a copied number has between or, unseen, in them."""
    return compact(value) if isinstance(value, str) else value


def pasted_number(value: object) -> object:
    """A whole number as it is judged, in international form where it is written in one."""
    return international(value) if isinstance(value, str) else value


Dnis = Annotated[
    str,
    BeforeValidator(pasted),
    StringConstraints(pattern=r"^\+?[0-9*#]{1,20}$"),
    Field(description="the dialled number as the trunk sends it", examples=["33170000001"]),
]
PathId = Annotated[str, StringConstraints(max_length=200)]
LARGEST_ROW: Final = 2**31 - 1
"""The largest number that a version, or a line of the audit log, can have in SQL."""
PathVersion = Annotated[int, Field(ge=0, le=LARGEST_ROW, description="a version's number")]
Instant = Annotated[int, Field(description="UTC, milliseconds since 1970", ge=0, le=2**53)]
"""An instant that is told; one that a client names is `GivenInstant`."""

EARLIEST_MS: Final = 10**11
"""3 March 1973 in milliseconds; in seconds the same figure is the year 5138."""

LATEST_MS: Final = 10**14
"""15 November 5138 in milliseconds; in microseconds the same figure is 3 March 1973."""


def in_milliseconds(at: int) -> int:
    """The instant, if it can be one in milliseconds; 0 is the beginning of time in any unit.

    Raises ValueError with a sentence for what is plainly given in another unit.
    """
    if at == 0 or EARLIEST_MS <= at < LATEST_MS:
        return at
    if 0 < at < EARLIEST_MS:
        raise _in_another_unit(at, ("seconds", "secondes"), at * 1000)
    if at < 0:
        raise Unreadable(
            f"{at} is before 1970; write milliseconds since 1970 (UTC)",
            f"{at} est avant 1970 ; écrivez des millisecondes depuis 1970 (UTC)",
        )
    per_ms = 1000 if at < LATEST_MS * 1000 else 1_000_000
    unit = ("microseconds", "microsecondes") if per_ms == 1000 else ("nanoseconds", "nanosecondes")
    raise _in_another_unit(at, unit, at // per_ms)


def _in_another_unit(at: int, unit: tuple[str, str], meant: int) -> Unreadable:
    english, french = unit
    return Unreadable(
        f"{at} is no instant in milliseconds since 1970; if it is in {english}, write {meant}",
        f"{at} n’est pas en millisecondes depuis 1970 ; si c’est en {french}, écrivez {meant}",
    )


GivenInstant = Annotated[
    int,
    AfterValidator(in_milliseconds),
    BeforeValidator(read_instant),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 0, "maximum": LATEST_MS - 1},
                {"type": "string", "format": "date-time"},
            ],
            "description": "an instant: UTC milliseconds since 1970, or RFC 3339 with its offset",
            "examples": [1_790_000_000_000, "2026-09-21T15:33:20+02:00"],
        }
    ),
]
"""An instant that a client names, in a body or a query."""


def _exact(schema: object) -> None:
    """Have every number, word and truth value of a schema taken as what it is, or refused."""
    if isinstance(schema, dict):
        if schema.get("type") in ("int", "float", "bool", "str"):
            schema["strict"] = True
        for part in schema.values():
            _exact(part)
    elif isinstance(schema, list | tuple):
        for part in schema:
            _exact(part)


class Body(BaseModel):
    """What clients send: unknown fields are faults, so that a misspelt one is not ignored.

    So are values of another type (`"1"`, `1.0` or `true` for 1): what was meant, nobody can know.
    """

    model_config = ConfigDict(extra="forbid")

    @classmethod
    def __get_pydantic_core_schema__(
        cls, source: type[BaseModel], handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """The schema by which pydantic checks."""
        schema = handler(source)
        _exact(schema)
        return schema


class Out(BaseModel):
    """What clients receive."""

    model_config = ConfigDict(
        from_attributes=True, json_schema_serialization_defaults_required=True
    )


class Part(Body):
    """What clients send and receive alike: no unknown fields, and read from our own values."""

    model_config = ConfigDict(
        extra="forbid", from_attributes=True, json_schema_serialization_defaults_required=True
    )


class SkillLevel(Part):
    """A skill that an agent has, with a level."""

    skill: Id
    level: int = Field(ge=1, le=10, examples=[5])


class RequiredSkill(SkillLevel):
    """The least level of a skill that a queue asks for, and how much it counts for best skill."""

    weight: int = Field(1, ge=1, le=100)


_L = TypeVar("_L", bound=SkillLevel)


def _each_once(levels: list[_L]) -> list[_L]:
    if len({level.skill for level in levels}) != len(levels):
        raise Unreadable(
            "each skill may stand here once only", "chaque compétence ne figure qu’une fois ici"
        )
    return levels


SkillLevels = Annotated[list[SkillLevel], Field(max_length=100), AfterValidator(_each_once)]
RequiredSkills = Annotated[list[RequiredSkill], Field(max_length=100), AfterValidator(_each_once)]

Language = Literal["fr", "en"]
Names = Annotated[
    dict[Language, Name], Field(description="by language", examples=[{"fr": "Pause"}])
]
Digit = Annotated[str, StringConstraints(pattern=r"^[0-9]$")]
E164 = Annotated[
    str,
    BeforeValidator(pasted_number),
    StringConstraints(pattern=r"^\+[1-9][0-9]{6,14}$"),
    Field(description="international form (E.164)", examples=["+33123456789"]),
]


class Saved(Out):
    """A change that is saved. `warnings`: what keeps it from being in force, in sentences."""

    warnings: list[str] = Field(default=[], description="why the change is not in force yet, if so")


class Difference(Out):
    """One place of the configuration that a change alters."""

    path: str = Field(description="JSON pointer into the whole configuration (GET /config)")
    kind: ChangeKind
    old: JsonValue = None
    new: JsonValue = None


class Changed(Saved):
    """A change of the configuration, or with `dry_run` what it would be: nothing was saved then."""

    version: int = Field(description="number of the configuration with this change in it")
    dry_run: bool = Field(False, description="true: nothing was changed")
    changes: list[Difference] = []
    touches: list[str] = Field(default=[], description="live calls and agents whom it concerns")


def new_id() -> str:
    """A random id."""
    return uuid.uuid4().hex
