"""The shapes in which configuration and accounts leave and enter the store. Values only."""

from __future__ import annotations

from enum import StrEnum

import msgspec

from acd.config import Membership, Queue
from acd.model import AgentId, CalendarId, FlowId, PhoneId, SkillId, SkillLevel


class Role(StrEnum):
    """What an account may do at most."""

    AGENT = "agent"
    SUPERVISOR = "supervisor"
    ADMINISTRATOR = "administrator"


class SkillRow(msgspec.Struct, frozen=True):
    """A skill that agents have and queues ask for."""

    id: SkillId
    name: str


class TeamRow(msgspec.Struct, frozen=True):
    """A team that agents belong to."""

    id: str
    name: str


class AgentRow(msgspec.Struct, frozen=True):
    """An agent as configured; what `acd.config.AgentProfile` says holds here too.

    `phone` empty at creation becomes `agent-<id>`. `phone_digest` is the HA1 of RFC 2617: the hex
    MD5 of `user:realm:secret`. `pin` is a digest, None: no sign-in by phone. `created_at` and
    `updated_at` are set by the store.
    """

    id: AgentId
    name: str
    phone_digest: str
    phone: PhoneId = PhoneId("")
    team: str | None = None
    active: bool = True
    skills: tuple[SkillLevel, ...] = ()
    created_at: int = 0
    updated_at: int = 0
    attributes: dict[str, str] = {}
    queues: tuple[Membership, ...] = ()
    number: str | None = None
    pin: str | None = None
    auto_answer: bool = False
    voice_capacity: int = 1


class SeatRow(msgspec.Struct, frozen=True):
    """A registered phone that belongs to no agent. `phone_digest` is its HA1, as an agent's."""

    phone: PhoneId
    name: str
    phone_digest: str
    created_at: int = 0


class QueueRow(Queue, frozen=True):
    """A queue as configured; `target_answer_ratio` (0 to 1) is the target of the QS linéaire."""

    target_answer_ratio: float = 0.8


class CalendarRow(msgspec.Struct, frozen=True):
    """A calendar as people write it, in local time of `zone` (IANA).

    `weekly` by day (mon to sun; one that is missing is closed) and `special` by ISO date hold
    opening spans such as `08:30-18:00`; none: closed. `holidays` names the country whose public
    holidays are closed, with its part where it matters (`FR`, `FR-57`).
    """

    id: CalendarId
    name: str
    zone: str = "Europe/Paris"
    weekly: dict[str, tuple[str, ...]] = {}
    special: dict[str, tuple[str, ...]] = {}
    holidays: str | None = None


class FlowRow(msgspec.Struct, frozen=True):
    """A flow; `latest` is its newest version's number, None while it has no document."""

    id: FlowId
    name: str
    latest: int | None = None


class FlowVersionRow(msgspec.Struct, frozen=True):
    """One version of a flow, never changed once written. `document` is its YAML."""

    flow_id: FlowId
    version: int
    document: str
    created_at: int
    created_by: str | None


class FlowDocument(msgspec.Struct, frozen=True):
    """A version as the floor loads it; `latest` marks the one that new calls enter."""

    flow_id: FlowId
    version: int
    document: str
    latest: bool


class NumberRow(msgspec.Struct, frozen=True):
    """A dialled number (digits as the trunk sends them) and the flow that it leads to."""

    dnis: str
    flow_id: FlowId
    name: str = ""


class PhoneDigest(msgspec.Struct, frozen=True):
    """A SIP account (an active agent's, a seat's) and the HA1 with which it registers."""

    phone: PhoneId
    digest: str


class UserRow(msgspec.Struct, frozen=True):
    """A person who signs in. `agent_id` ties them to the agent whose calls they may see.

    Access tokens that were issued before `tokens_valid_from` (UTC ms) are worth nothing any more.
    """

    id: str
    login: str
    name: str
    password_hash: str
    role: Role
    agent_id: AgentId | None
    active: bool
    created_at: int
    tokens_valid_from: int = 0


class ApiKeyRow(msgspec.Struct, frozen=True):
    """A program's key. Only `prefix` (to recognise it) and the SHA-256 of the secret are kept."""

    id: str
    name: str
    prefix: str
    secret_hash: str
    role: Role
    agent_id: AgentId | None
    created_at: int
    expires_at: int | None = None
    last_used_at: int | None = None
    revoked_at: int | None = None


class RefreshTokenRow(msgspec.Struct, frozen=True):
    """One link of a chain of refresh tokens; all links from one sign-in share `family_id`."""

    id: str
    user_id: str
    family_id: str
    hash: str
    issued_at: int
    expires_at: int
    rotated_to: str | None = None
    revoked_at: int | None = None


class AuditRow(msgspec.Struct, frozen=True):
    """Who did what to which object, when. `detail` is JSON text."""

    id: int
    at: int
    actor: str
    action: str
    object: str
    detail: str
