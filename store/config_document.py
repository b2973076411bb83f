"""The whole configuration as one value, and as the plain tree that people write in YAML.

Secrets are not part of it: passwords, PINs and the digests of phones stay where they are. A flow is
named with its version; its text is there only where it was asked for, since flows keep their own
versions.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

import msgspec

from acd.config import AlertRule, Membership, Outside, PauseReason
from acd.model import AgentId, FlowId, PhoneId, SkillLevel
from store.rows import AgentRow, CalendarRow, QueueRow, SkillRow, TeamRow


class AgentEntry(msgspec.Struct, frozen=True):
    """An agent without secrets; an empty `phone` is `agent-ID`."""

    id: AgentId
    name: str
    phone: PhoneId = PhoneId("")
    team: str | None = None
    active: bool = True
    skills: tuple[SkillLevel, ...] = ()
    queues: tuple[Membership, ...] = ()
    attributes: dict[str, str] = {}
    number: str | None = None
    auto_answer: bool = False
    voice_capacity: int = 1


class SeatEntry(msgspec.Struct, frozen=True):
    """A seat without its secret."""

    phone: PhoneId
    name: str


class FlowEntry(msgspec.Struct, frozen=True):
    """A flow at one of its versions (None: it has none yet). `document` None: not asked for.

    `name` is what the document calls it, and stands in no tree again.
    """

    id: FlowId
    version: int | None = None
    document: str | None = None
    name: str = ""


class NumberEntry(msgspec.Struct, frozen=True):
    """A dialled number and the flow that it leads to."""

    dnis: str
    flow: FlowId
    name: str = ""


class Configuration(msgspec.Struct, frozen=True):
    """Everything that people configure, by kind and id."""

    skills: dict[str, SkillRow] = {}
    teams: dict[str, TeamRow] = {}
    calendars: dict[str, CalendarRow] = {}
    queues: dict[str, QueueRow] = {}
    agents: dict[str, AgentEntry] = {}
    seats: dict[str, SeatEntry] = {}
    pause_reasons: dict[str, PauseReason] = {}
    outside: Outside = Outside()
    alert_rules: dict[str, AlertRule] = {}
    flows: dict[str, FlowEntry] = {}
    numbers: dict[str, NumberEntry] = {}


KEYS: Final[Mapping[str, str]] = {
    "skills": "id",
    "teams": "id",
    "calendars": "id",
    "queues": "id",
    "agents": "id",
    "seats": "phone",
    "pause_reasons": "code",
    "alert_rules": "id",
    "flows": "id",
    "numbers": "dnis",
}
"""The sections of things with ids, and the field that holds the id."""

SINGULAR: Final[Mapping[str, str]] = {
    "skills": "skill",
    "teams": "team",
    "calendars": "calendar",
    "queues": "queue",
    "agents": "agent",
    "seats": "seat",
    "pause_reasons": "pause reason",
    "alert_rules": "alert rule",
    "flows": "flow",
    "numbers": "number",
    "outside": "policy of calls outside",
}
"""What one thing of a section is called."""

Entry = (
    SkillRow
    | TeamRow
    | CalendarRow
    | QueueRow
    | AgentEntry
    | SeatEntry
    | PauseReason
    | AlertRule
    | FlowEntry
    | NumberEntry
)


def section(configuration: Configuration, name: str) -> Mapping[str, Entry]:
    """The things of one kind, by id; `name` is one of `KEYS`."""
    found: Mapping[str, Entry] = getattr(configuration, name)
    return found


def with_entry(configuration: Configuration, name: str, entry: Entry) -> Configuration:
    """The configuration with this thing added, or in the place of the one with its id."""
    id_: str = getattr(entry, KEYS[name])
    held = {**section(configuration, name), id_: entry}
    return msgspec.structs.replace(configuration, **{name: dict(sorted(held.items()))})


def without_entry(configuration: Configuration, name: str, id_: str) -> Configuration:
    """The configuration without this thing."""
    held = {key: entry for key, entry in section(configuration, name).items() if key != id_}
    return msgspec.structs.replace(configuration, **{name: held})


def entry_of(row: AgentRow) -> AgentEntry:
    """An agent's row without its secrets."""
    return AgentEntry(**{name: getattr(row, name) for name in AgentEntry.__struct_fields__})


def without_texts(configuration: Configuration) -> Configuration:
    """The same with flows named only."""
    flows = {
        id_: msgspec.structs.replace(flow, document=None)
        for id_, flow in configuration.flows.items()
    }
    return msgspec.structs.replace(configuration, flows=flows)


def to_plain(configuration: Configuration) -> dict[str, object]:
    """As a tree of dicts, lists and scalars; ids stand as keys and not in the things again."""
    plain: dict[str, object] = msgspec.json.decode(msgspec.json.encode(configuration))
    for name, key in KEYS.items():
        things = plain[name]
        assert isinstance(things, dict)
        for thing in things.values():
            del thing[key]
            if name == "agents":  # only what queues ask for has a weight
                for held in thing["skills"]:
                    del held["weight"]
            if name == "flows":
                del thing["name"]
                if thing["document"] is None:
                    del thing["document"]
    return plain


def from_plain(plain: Mapping[str, object], rest: Configuration) -> Configuration:
    """The configuration that a plain tree says; a section that it leaves out is as in `rest`.

    The tree has been checked for shape; raises msgspec.ValidationError where it was not.
    """
    told: dict[str, object] = {}
    for name, things in plain.items():
        key = KEYS.get(name)
        if key is None:
            told[name] = things
        elif isinstance(things, Mapping):
            told[name] = {id_: {**thing, key: id_} for id_, thing in sorted(things.items())}
    read = msgspec.convert(told, Configuration)
    left_out = {
        name: getattr(rest, name) for name in Configuration.__struct_fields__ if name not in plain
    }
    return normal(msgspec.structs.replace(read, **left_out))


def normal(configuration: Configuration) -> Configuration:
    """The same in the one way in which the store gives it back: lists without an order sorted."""
    agents = {
        id_: msgspec.structs.replace(
            agent,
            phone=agent.phone or PhoneId(f"agent-{id_}"),
            skills=tuple(sorted(agent.skills, key=lambda held: held.skill)),
            queues=tuple(sorted(agent.queues, key=lambda place: place.queue)),
        )
        for id_, agent in configuration.agents.items()
    }
    queues = {
        id_: msgspec.structs.replace(
            queue, required=tuple(sorted(queue.required, key=lambda asked: asked.skill))
        )
        for id_, queue in configuration.queues.items()
    }
    return msgspec.structs.replace(configuration, agents=agents, queues=queues)
