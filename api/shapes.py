"""Shapes that several resources share: ids, names, skill levels, results of a change."""

from __future__ import annotations

import uuid
from typing import Annotated

from fastapi import Path
from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints

import acd.model as acd

ID_PATTERN = r"^[A-Za-z0-9][A-Za-z0-9_.-]{0,62}$"


def no_controls(text: str) -> str:
    """The text. Raises ValueError if it holds control characters."""
    if any(ord(char) < 32 or ord(char) == 127 for char in text):
        raise ValueError("control characters are not allowed")
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
Dnis = Annotated[
    str,
    StringConstraints(pattern=r"^\+?[0-9*#]{1,20}$"),
    Field(description="the dialled number as the trunk sends it", examples=["33170000001"]),
]
PathId = Annotated[str, Path(max_length=200)]
Instant = Annotated[int, Field(description="UTC, milliseconds since 1970", ge=0, le=2**53)]


class Body(BaseModel):
    """What clients send: unknown fields are faults, so that a misspelt one is not ignored."""

    model_config = ConfigDict(extra="forbid")


class Out(BaseModel):
    """What clients receive."""

    model_config = ConfigDict(from_attributes=True)


class SkillLevel(BaseModel):
    """A skill with a level: what an agent has, or the least that a queue asks for."""

    model_config = ConfigDict(extra="forbid", from_attributes=True)
    skill: Id
    level: int = Field(ge=1, le=10, examples=[5])


def _each_once(levels: list[SkillLevel]) -> list[SkillLevel]:
    if len({level.skill for level in levels}) != len(levels):
        raise ValueError("each skill may stand here once only")
    return levels


SkillLevels = Annotated[list[SkillLevel], Field(max_length=100), AfterValidator(_each_once)]


def to_levels(levels: list[SkillLevel]) -> tuple[acd.SkillLevel, ...]:
    """As the floor knows them."""
    return tuple(acd.SkillLevel(acd.SkillId(item.skill), item.level) for item in levels)


class Saved(Out):
    """A change that is saved. `warnings`: what keeps it from being in force, in sentences."""

    warnings: list[str] = Field(default=[], description="why the change is not in force yet, if so")


def new_id() -> str:
    """A random id."""
    return uuid.uuid4().hex
