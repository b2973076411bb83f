"""Agents: creating one gives a SIP account that can register at once; and what agents do.

The SIP secret is shown once. Only its HA1 is kept, which is what the switch needs.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from fastapi import APIRouter
from pydantic import AfterValidator, BaseModel, Field

from acd import model as acd
from acd.events import GetReady, Pause, SignIn, SignOut
from api.auth import AsAdministrator, AsAgent, AsSupervisor, Principal
from api.context import Context, Ctx, FloorAction, audit
from api.credentials import ha1, new_sip_secret
from api.problems import described, forbidden
from api.shapes import (
    Body,
    Id,
    Instant,
    Name,
    Out,
    PathId,
    Saved,
    SkillLevel,
    SkillLevels,
    no_controls,
    to_levels,
)
from store import config
from store.rows import AgentRow

router = APIRouter(prefix="/agents", tags=["agents"])


class AgentChange(Body):
    """An agent but for id and phone."""

    name: Name
    team: Id | None = None
    active: bool = Field(True, description="an inactive agent cannot register nor sign in")
    skills: SkillLevels = Field(default=[])


class AgentNew(AgentChange):
    """A new agent. `phone` is the SIP user name; left out, `agent-ID`."""

    id: Id
    phone: Id | None = None


class Agent(Out):
    """An agent as configured."""

    id: str
    name: str
    phone: str
    team: str | None
    active: bool
    skills: list[SkillLevel]
    created_at: Instant
    updated_at: Instant


class SipAccount(BaseModel):
    """What to type into a softphone. `secret` is shown this once."""

    user: str
    secret: str
    domain: str = Field(description="SIP domain, with the port when it is not 5060")
    realm: str
    transports: list[Literal["udp", "tcp", "tls", "wss"]]
    ports: dict[str, int]


class AgentSaved(Agent, Saved):
    """An agent as saved."""


class AgentCreated(AgentSaved):
    """A new agent with the SIP account."""

    sip: SipAccount


class SipReset(Saved):
    """A new secret."""

    sip: SipAccount


class Acted(Saved):
    """The floor has done it. During a call, a state asked for begins after the call."""


class SignInBody(Body):
    """How to begin."""

    ready: bool = Field(True, description="false begins in pause")


class PauseBody(Body):
    """Why."""

    reason: Annotated[
        str, Field(min_length=1, max_length=40, examples=["déjeuner"]), AfterValidator(no_controls)
    ] = "pause"


def _account(context: Context, user: str, secret: str) -> SipAccount:
    settings = context.settings
    ports = {"udp": settings.sip_port, "tcp": settings.sip_port}
    if settings.sip_tls_port:
        ports["tls"] = settings.sip_tls_port
    if settings.sip_wss_port:
        ports["wss"] = settings.sip_wss_port
    port = "" if settings.sip_port == 5060 else f":{settings.sip_port}"
    return SipAccount.model_validate(
        {
            "user": user,
            "secret": secret,
            "domain": settings.sip_host + port,
            "realm": settings.sip_realm,
            "transports": list(ports),
            "ports": ports,
        }
    )


def _saved(row: AgentRow, warnings: list[str]) -> AgentSaved:
    return AgentSaved(**Agent.model_validate(row).model_dump(), warnings=warnings)


@router.get("", operation_id="listAgents", summary="All agents", responses=described(401, 403))
async def list_agents(context: Ctx, _: AsSupervisor) -> list[Agent]:
    """By id, inactive ones too."""
    async with context.engine.connect() as conn:
        return [Agent.model_validate(row) for row in await config.list_agents(conn)]


@router.get(
    "/{agent_id}", operation_id="getAgent", summary="One agent", responses=described(401, 403, 404)
)
async def get_agent(context: Ctx, who: AsAgent, agent_id: PathId) -> Agent:
    """An agent sees only themself."""
    _own(who, agent_id)
    async with context.engine.connect() as conn:
        return Agent.model_validate(await config.get_agent(conn, agent_id))


@router.post(
    "",
    operation_id="createAgent",
    summary="Add an agent and their SIP account",
    status_code=201,
    responses=described(401, 403, 409, 422),
)
async def create_agent(context: Ctx, who: AsAdministrator, body: AgentNew) -> AgentCreated:
    """Answered when the phone can register (or with a warning that the floor is not running)."""
    phone = body.phone or f"agent-{body.id}"
    secret = new_sip_secret()
    row = AgentRow(
        id=acd.AgentId(body.id),
        name=body.name,
        phone=acd.PhoneId(phone),
        phone_digest=ha1(phone, context.settings.sip_realm, secret),
        team=body.team,
        active=body.active,
        skills=to_levels(body.skills),
    )
    async with context.engine.begin() as conn:
        row = await config.create_agent(conn, row, context.now_ms())
        await audit(conn, context, who.actor, "create", f"agent:{row.id}", body.model_dump())
    saved = _saved(row, await context.reload())
    return AgentCreated(**saved.model_dump(), sip=_account(context, phone, secret))


@router.put(
    "/{agent_id}",
    operation_id="updateAgent",
    summary="Replace an agent",
    responses=described(401, 403, 404, 422),
)
async def update_agent(
    context: Ctx, who: AsAdministrator, agent_id: PathId, body: AgentChange
) -> AgentSaved:
    """Whole, skills included; phone and secret stay."""
    async with context.engine.begin() as conn:
        before = await config.get_agent(conn, agent_id)
        row = msgspec.structs.replace(
            before,
            name=body.name,
            team=body.team,
            active=body.active,
            skills=to_levels(body.skills),
        )
        row = await config.update_agent(conn, row, context.now_ms())
        await audit(conn, context, who.actor, "update", f"agent:{row.id}", body.model_dump())
    return _saved(row, await context.reload())


@router.delete(
    "/{agent_id}",
    operation_id="deleteAgent",
    summary="Remove an agent",
    responses=described(401, 403, 404, 409),
)
async def delete_agent(context: Ctx, who: AsAdministrator, agent_id: PathId) -> Saved:
    """409 while an account or API key belongs to them. Their history stays."""
    async with context.engine.begin() as conn:
        await config.delete_agent(conn, agent_id)
        await audit(conn, context, who.actor, "delete", f"agent:{agent_id}")
    return Saved(warnings=await context.reload())


@router.post(
    "/{agent_id}/sip-secret",
    operation_id="resetSipSecret",
    summary="Give the agent's phone a new secret",
    responses=described(401, 403, 404),
)
async def reset_sip_secret(context: Ctx, who: AsAdministrator, agent_id: PathId) -> SipReset:
    """The old one stops working at the phone's next registration."""
    secret = new_sip_secret()
    async with context.engine.begin() as conn:
        before = await config.get_agent(conn, agent_id)
        hashed = ha1(before.phone, context.settings.sip_realm, secret)
        row = msgspec.structs.replace(before, phone_digest=hashed)
        await config.update_agent(conn, row, context.now_ms())
        await audit(conn, context, who.actor, "reset-sip-secret", f"agent:{agent_id}")
    account = _account(context, before.phone, secret)
    return SipReset(warnings=await context.reload(), sip=account)


# ---- what agents do ---------------------------------------------------------------------------

_ACTS = described(401, 403, 404, 409, 503)


def _own(who: Principal, agent_id: str) -> None:
    if not who.may_act_for(agent_id):
        raise forbidden("An agent may act only on their own state.")


async def _act(context: Context, who: Principal, wish: FloorAction, agent_id: str) -> Acted:
    _own(who, agent_id)
    async with context.engine.connect() as conn:
        await config.get_agent(conn, agent_id)
    warnings = await context.act(wish)
    if who.agent_id != agent_id:  # an agent's own states are history already (agent_state)
        async with context.engine.begin() as conn:
            action = type(wish).__name__
            await audit(conn, context, who.actor, action, f"agent:{agent_id}")
    return Acted(warnings=warnings)


@router.post(
    "/{agent_id}/sign-in", operation_id="signInAgent", summary="Start work", responses=_ACTS
)
async def sign_in_agent(
    context: Ctx, who: AsAgent, agent_id: PathId, body: SignInBody | None = None
) -> Acted:
    """Ready at once, or in pause."""
    ready = body is None or body.ready
    return await _act(context, who, SignIn(acd.AgentId(agent_id), ready), agent_id)


@router.post(
    "/{agent_id}/sign-out", operation_id="signOutAgent", summary="End work", responses=_ACTS
)
async def sign_out_agent(context: Ctx, who: AsAgent, agent_id: PathId) -> Acted:
    """During a call: after it."""
    return await _act(context, who, SignOut(acd.AgentId(agent_id)), agent_id)


@router.post("/{agent_id}/ready", operation_id="readyAgent", summary="Take calls", responses=_ACTS)
async def ready_agent(context: Ctx, who: AsAgent, agent_id: PathId) -> Acted:
    """Ends pause, wrap-up or not responding."""
    return await _act(context, who, GetReady(acd.AgentId(agent_id)), agent_id)


@router.post(
    "/{agent_id}/pause", operation_id="pauseAgent", summary="Take no calls", responses=_ACTS
)
async def pause_agent(
    context: Ctx, who: AsAgent, agent_id: PathId, body: PauseBody | None = None
) -> Acted:
    """During a call: after it."""
    reason = "pause" if body is None else body.reason
    return await _act(context, who, Pause(acd.AgentId(agent_id), reason), agent_id)
