"""Agents as configured: creating one gives a SIP account that can register at once.

The SIP secret is shown once; only its HA1 is kept, which is what the switch needs. A PIN is never
shown. What agents do is in `api.agents`.
"""

from __future__ import annotations

import secrets
from collections.abc import Callable

import msgspec
from fastapi import APIRouter, Response
from pydantic import Field
from sqlalchemy.ext.asyncio import AsyncConnection

from acd.config import Membership
from acd.model import SkillLevel
from acd.pins import pin_digest
from api.acts import must_reach
from api.auth import AsAdministrator, AsAgent, AsSupervisor, Principal
from api.changes import (
    AsTold,
    Done,
    How,
    etag_of,
    remove,
    save,
)
from api.context import Context, Ctx
from api.floor_shapes import AgentBase, Memberships, Pin
from api.paging import AsPage, Page, cut_from
from api.problems import described, forbidden
from api.shapes import Body, Changed, Id, Instant, PathId, SkillLevels
from api.sip_accounts import SipAccount, SipReset, account, with_new_secret
from api.sip_secrets import NewSecrets
from store import config
from store.config_document import AgentEntry, Entry, entry_of
from store.rows import AgentRow

router = APIRouter(prefix="/agents", tags=["agents"])


class AgentChange(AgentBase):
    """An agent but for id and phone. `pin` left out stays, null takes it away."""

    pin: Pin | None = Field(None, description="4 to 8 digits to sign in on a phone; never shown")


class AgentNew(AgentChange):
    """A new agent. `phone` is the SIP user name; left out, `agent-ID`."""

    id: Id
    phone: Id | None = None


class Agent(AgentBase):
    """An agent as configured."""

    id: str
    phone: str
    has_pin: bool
    created_at: Instant
    updated_at: Instant


class Agents(Page[Agent]):
    """A list of agents."""


class AgentSaved(Agent, Changed):
    """An agent as saved."""


class AgentCreated(AgentSaved):
    """A new agent with the SIP account; without one in a dry run."""

    sip: SipAccount | None = Field(None, description="told this once")


class SkillsBody(Body):
    """All the skills that an agent has from now on."""

    skills: SkillLevels


class QueuesBody(Body):
    """All the places in queues that an agent has from now on."""

    queues: Memberships


def _agent(row: AgentRow) -> Agent:
    plain = msgspec.to_builtins(row)
    for hidden in ("phone_digest", "pin"):
        del plain[hidden]
    for held in plain["skills"]:
        del held["weight"]
    return Agent.model_validate(plain | {"has_pin": row.pin is not None})


@router.get("", operation_id="listAgents", summary="All agents", responses=described(401, 403))
async def list_agents(context: Ctx, _: AsSupervisor, cut: AsPage) -> Agents:
    """By id, inactive ones too."""
    async with context.engine.connect() as conn:
        rows = [_agent(row) for row in await config.list_agents(conn)]
    page, after = cut_from(rows, cut, lambda row: row.id)
    return Agents(items=page, next=after)


@router.get(
    "/{agent_id}", operation_id="getAgent", summary="One agent", responses=described(401, 403, 404)
)
async def get_agent(context: Ctx, who: AsAgent, agent_id: PathId, response: Response) -> Agent:
    """With its ETag. An agent sees only themself."""
    if not who.may_act_for(agent_id):
        raise forbidden(
            "An agent may see only themself.", "Un téléconseiller ne voit que lui-même."
        )
    async with context.engine.connect() as conn:
        row = await config.get_agent(conn, agent_id)
    response.headers["ETag"] = etag_of(entry_of(row))
    return _agent(row)


class _Written:
    """Sets the PIN if one was told, and keeps the row as it then is."""

    def __init__(self, agent_id: str, body: AgentChange | None) -> None:
        self._id = agent_id
        self._told = body is not None and "pin" in body.model_fields_set
        self._pin = body.pin if body is not None else None
        self.row: AgentRow | None = None

    async def __call__(self, conn: AsyncConnection) -> bool:
        """Whether a PIN was set or taken away."""
        row = await config.get_agent(conn, self._id)
        changed = self._told and (self._pin is not None or row.pin is not None)
        if changed:
            digest = None if self._pin is None else pin_digest(self._pin, secrets.token_hex(8))
            row = msgspec.structs.replace(row, pin=digest)
            row = await config.update_agent(conn, row, row.updated_at)
        self.row = row
        return changed

    def answer(self, done: Done) -> AgentSaved:
        """The answer to the client."""
        assert self.row is not None
        whole = _agent(self.row).model_dump() | done.answer.model_dump()
        return AgentSaved.model_validate(whole)


@router.post(
    "",
    operation_id="createAgent",
    summary="Add an agent and their SIP account",
    status_code=201,
    responses=described(401, 403, 409, 422),
)
async def create_agent(
    context: Ctx, who: AsAdministrator, how: AsTold, body: AgentNew
) -> AgentCreated:
    """Answered when the phone can register (or with a warning that the floor is not running)."""
    entry = _entry(body, body.id, body.phone or f"agent-{body.id}")
    written = _Written(body.id, body)
    done = await save(
        context, who, how, "agents", body.id, lambda _: entry, new=True, secrets=written
    )
    secret = done.sip.get(entry.phone)
    sip = None if secret is None else account(context, entry.phone, secret)
    return AgentCreated(**written.answer(done).model_dump(), sip=sip)


def _entry(body: AgentChange, agent_id: str, phone: str) -> AgentEntry:
    plain = body.model_dump(mode="json", exclude={"pin"})
    return msgspec.convert(plain | {"id": agent_id, "phone": phone}, AgentEntry)


@router.put(
    "/{agent_id}",
    operation_id="updateAgent",
    summary="Replace an agent",
    responses=described(401, 403, 404, 412, 422),
)
async def update_agent(
    context: Ctx, who: AsAdministrator, how: AsTold, agent_id: PathId, body: AgentChange
) -> AgentSaved:
    """Whole, skills and places in queues included; phone and secret stay."""

    def replaced(before: Entry | None) -> Entry:
        assert isinstance(before, AgentEntry)
        return _entry(body, agent_id, before.phone)

    written = _Written(agent_id, body)
    done = await save(context, who, how, "agents", agent_id, replaced, new=False, secrets=written)
    return written.answer(done)


@router.put(
    "/{agent_id}/skills",
    operation_id="setAgentSkills",
    summary="Give an agent these skills, at once",
    responses=described(401, 403, 404, 412, 422),
)
async def set_agent_skills(
    context: Ctx, who: AsSupervisor, how: AsTold, agent_id: PathId, body: SkillsBody
) -> AgentSaved:
    """The next decision of the router goes by them; a call in hand is not touched."""
    skills = msgspec.convert(body.model_dump()["skills"], tuple[SkillLevel, ...])
    return await _quick(
        context, who, how, agent_id, lambda agent: msgspec.structs.replace(agent, skills=skills)
    )


@router.put(
    "/{agent_id}/queues",
    operation_id="setAgentQueues",
    summary="Give an agent these places in queues, at once",
    responses=described(401, 403, 404, 412, 422),
)
async def set_agent_queues(
    context: Ctx, who: AsSupervisor, how: AsTold, agent_id: PathId, body: QueuesBody
) -> AgentSaved:
    """The next decision of the router goes by them; a call in hand is not touched."""
    places = msgspec.convert(body.model_dump()["queues"], tuple[Membership, ...])
    return await _quick(
        context, who, how, agent_id, lambda agent: msgspec.structs.replace(agent, queues=places)
    )


async def _quick(
    context: Context,
    who: Principal,
    how: How,
    agent_id: str,
    make: Callable[[AgentEntry], AgentEntry],
) -> AgentSaved:
    await must_reach(context, who, agent_id)

    def replaced(before: Entry | None) -> Entry:
        assert isinstance(before, AgentEntry)
        return make(before)

    written = _Written(agent_id, None)
    done = await save(context, who, how, "agents", agent_id, replaced, new=False, secrets=written)
    return written.answer(done)


@router.delete(
    "/{agent_id}",
    operation_id="deleteAgent",
    summary="Remove an agent",
    responses=described(401, 403, 404, 409, 412),
)
async def delete_agent(
    context: Ctx, who: AsAdministrator, how: AsTold, agent_id: PathId
) -> Changed:
    """409 while an account, an API key or a queue's step names them. Their history stays."""
    return (await remove(context, who, how, "agents", agent_id)).answer


@router.post(
    "/{agent_id}/sip-secret",
    operation_id="resetSipSecret",
    summary="Give the agent's phone a new secret",
    responses=described(401, 403, 404),
)
async def reset_sip_secret(
    context: Ctx, who: AsAdministrator, how: AsTold, agent_id: PathId
) -> SipReset:
    """The old one stops working at the phone's next registration."""
    new = NewSecrets(context.settings.sip_realm)

    async def reset(conn: AsyncConnection) -> bool:
        row = await config.get_agent(conn, agent_id)
        row = msgspec.structs.replace(row, phone_digest=new.digest(row.phone))
        await config.update_agent(conn, row, context.now_ms())
        return True

    return await with_new_secret(context, who, how, "agents", agent_id, reset, new)
