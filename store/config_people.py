"""Skills, teams, agents and seats: who works, and the phones that ring; part of `store.config`."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Final

from sqlalchemy import Table, bindparam, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from acd.config import Membership
from acd.model import PhoneId, QueueId, SkillId, SkillLevel
from store import tables as t
from store.config_checks import (
    exists,
    first_ids,
    must_all_exist,
    must_be_free,
    must_exist,
    note_change,
)
from store.config_json import from_row, to_columns
from store.decode import to_struct
from store.errors import AlreadyThere, InUse, NotFound
from store.rows import AgentRow, PhoneDigest, SeatRow, SkillRow, TeamRow

# ---- skills -----------------------------------------------------------------------------------


async def list_skills(conn: AsyncConnection) -> list[SkillRow]:
    """All skills, by id."""
    rows = await conn.execute(select(t.skill).order_by(t.skill.c.id))
    return [SkillRow(id=SkillId(row.id), name=row.name) for row in rows]


async def create_skill(conn: AsyncConnection, skill: SkillRow) -> SkillRow:
    """Add a skill. Raises AlreadyThere."""
    await must_be_free(conn, "skill", t.skill.c.id, skill.id)
    await conn.execute(insert(t.skill).values(id=skill.id, name=skill.name))
    await note_change(conn)
    return skill


async def update_skill(conn: AsyncConnection, skill: SkillRow) -> SkillRow:
    """Replace a skill's name. Raises NotFound."""
    await must_exist(conn, "skill", t.skill.c.id, skill.id)
    await conn.execute(update(t.skill).where(t.skill.c.id == skill.id).values(name=skill.name))
    await note_change(conn)
    return skill


async def delete_skill(conn: AsyncConnection, skill_id: str) -> None:
    """Remove a skill that nobody has and no queue asks for. Raises NotFound, InUse."""
    await must_exist(conn, "skill", t.skill.c.id, skill_id)
    held, asked = t.agent_skill.c, t.queue_skill.c
    agents = await first_ids(conn, held.agent_id, held.skill_id, skill_id)
    queues = await first_ids(conn, asked.queue_id, asked.skill_id, skill_id)
    users = [f"agent {id_}" for id_ in agents] + [f"queue {id_}" for id_ in queues]
    if users:
        raise InUse("skill", skill_id, tuple(users))
    await conn.execute(delete(t.skill).where(t.skill.c.id == skill_id))
    await note_change(conn)


async def load_levels(
    conn: AsyncConnection, table: Table, owner: str, level: str, only: str | None
) -> dict[str, tuple[SkillLevel, ...]]:
    """Skill levels by owner, sorted by skill; of `only` this owner unless None.

    `weight` is read where the table has one.
    """
    weight = [table.c.weight] if "weight" in table.c else []
    query = select(table.c[owner], table.c.skill_id, table.c[level], *weight)
    query = query.order_by(table.c.skill_id)
    if only is not None:
        query = query.where(table.c[owner] == only)
    found: defaultdict[str, list[SkillLevel]] = defaultdict(list)
    for owner_id, skill_id, *numbers in await conn.execute(query):
        found[owner_id].append(SkillLevel(SkillId(skill_id), *numbers))
    return {owner_id: tuple(levels) for owner_id, levels in found.items()}


async def replace_levels(
    conn: AsyncConnection,
    table: Table,
    owner: tuple[str, str, str],
    level: str,
    levels: Iterable[SkillLevel],
) -> None:
    """Make `levels` all that the owner (kind, column, id) has; the last of a skill wins.

    Raises UnknownReference.
    """
    kind, column, owner_id = owner
    wanted = {item.skill: item for item in levels}
    await must_all_exist(conn, "skill", t.skill.c.id, wanted, f"The {kind} {owner_id!r}")
    await conn.execute(delete(table).where(table.c[column] == owner_id))
    rows: list[dict[str, object]] = [
        {column: owner_id, "skill_id": item.skill, level: item.level} for item in wanted.values()
    ]
    if "weight" in table.c:
        for row, item in zip(rows, wanted.values(), strict=True):
            row["weight"] = item.weight
    if rows:
        await conn.execute(insert(table), rows)


# ---- teams ------------------------------------------------------------------------------------


async def list_teams(conn: AsyncConnection) -> list[TeamRow]:
    """All teams, by id."""
    rows = await conn.execute(select(t.team).order_by(t.team.c.id))
    return [to_struct(row, TeamRow) for row in rows]


async def create_team(conn: AsyncConnection, team: TeamRow) -> TeamRow:
    """Add a team. Raises AlreadyThere."""
    await must_be_free(conn, "team", t.team.c.id, team.id)
    await conn.execute(insert(t.team).values(id=team.id, name=team.name))
    await note_change(conn)
    return team


async def update_team(conn: AsyncConnection, team: TeamRow) -> TeamRow:
    """Rename a team. Raises NotFound."""
    await must_exist(conn, "team", t.team.c.id, team.id)
    await conn.execute(update(t.team).where(t.team.c.id == team.id).values(name=team.name))
    await note_change(conn)
    return team


async def delete_team(conn: AsyncConnection, team_id: str) -> None:
    """Remove a team that nobody belongs to. Raises NotFound, InUse."""
    await must_exist(conn, "team", t.team.c.id, team_id)
    agents = await first_ids(conn, t.agent.c.id, t.agent.c.team, team_id)
    if agents:
        raise InUse("team", team_id, tuple(f"agent {id_}" for id_ in agents))
    await conn.execute(delete(t.team).where(t.team.c.id == team_id))
    await note_change(conn)


# ---- agents -----------------------------------------------------------------------------------

_AGENT_JSON: Final = ("attributes",)
_IN_OTHER_TABLES: Final = ("skills", "queues")
_AT_ONCE: Final = 1000


async def list_agents(conn: AsyncConnection) -> list[AgentRow]:
    """All agents, inactive ones too, by id."""
    return await _agents(conn, None)


async def get_agent(conn: AsyncConnection, agent_id: str) -> AgentRow:
    """One agent. Raises NotFound."""
    found = await _agents(conn, agent_id)
    if not found:
        raise NotFound("agent", agent_id)
    return found[0]


async def _agents(conn: AsyncConnection, only: str | None) -> list[AgentRow]:
    query = select(t.agent).order_by(t.agent.c.id)
    if only is not None:
        query = query.where(t.agent.c.id == only)
    levels = await load_levels(conn, t.agent_skill, "agent_id", "level", only)
    places = await _memberships(conn, only)
    return [
        from_row(
            row,
            AgentRow,
            _AGENT_JSON,
            skills=levels.get(row.id, ()),
            queues=places.get(row.id, ()),
        )
        for row in await conn.execute(query)
    ]


async def _memberships(
    conn: AsyncConnection, only: str | None
) -> dict[str, tuple[Membership, ...]]:
    """Places in queues by agent, sorted by queue."""
    table = t.membership
    query = select(table).order_by(table.c.queue_id)
    if only is not None:
        query = query.where(table.c.agent_id == only)
    found: defaultdict[str, list[Membership]] = defaultdict(list)
    for row in await conn.execute(query):
        place = Membership(QueueId(row.queue_id), row.priority, row.delay_s)
        found[row.agent_id].append(place)
    return {agent_id: tuple(places) for agent_id, places in found.items()}


async def _replace_memberships(
    conn: AsyncConnection, agent_id: str, places: Sequence[Membership]
) -> None:
    wanted = {place.queue: place for place in places}
    await must_all_exist(conn, "queue", t.queue.c.id, wanted, f"The agent {agent_id!r}")
    await conn.execute(delete(t.membership).where(t.membership.c.agent_id == agent_id))
    if wanted:
        rows = [_place(agent_id, place) for place in wanted.values()]
        await conn.execute(insert(t.membership), rows)


def _place(agent_id: str, place: Membership) -> dict[str, object]:
    return {
        "agent_id": agent_id,
        "queue_id": place.queue,
        "priority": place.priority,
        "delay_s": place.delay_s,
    }


async def _phone_must_be_free(conn: AsyncConnection, kind: str, phone: str) -> None:
    """Raises AlreadyThere if an agent or a seat has this SIP account."""
    for column in (t.agent.c.phone, t.seat.c.phone):
        if await exists(conn, column, phone):
            raise AlreadyThere(kind, phone, "phone")


async def _write_parts(conn: AsyncConnection, agent: AgentRow) -> None:
    owner = ("agent", "agent_id", agent.id)
    await replace_levels(conn, t.agent_skill, owner, "level", agent.skills)
    await _replace_memberships(conn, agent.id, agent.queues)
    await note_change(conn)


async def create_agent(conn: AsyncConnection, agent: AgentRow, now_ms: int) -> AgentRow:
    """Add an agent with skills, places in queues and phone.

    Raises AlreadyThere (id, phone, number), UnknownReference.
    """
    phone = agent.phone or f"agent-{agent.id}"
    await must_be_free(conn, "agent", t.agent.c.id, agent.id)
    await _phone_must_be_free(conn, "agent", phone)
    if agent.number is not None:
        await must_be_free(conn, "agent", t.agent.c.number, agent.number, "number")
    columns = to_columns(agent, _AGENT_JSON, _IN_OTHER_TABLES)
    times = {"phone": phone, "created_at": now_ms, "updated_at": now_ms}
    await conn.execute(insert(t.agent).values({**columns, **times}))
    await _write_parts(conn, agent)
    return await get_agent(conn, agent.id)


async def add_agents(conn: AsyncConnection, agents: Sequence[AgentRow], now_ms: int) -> None:
    """Add many at once. That all they name exists, and nobody has it yet, was checked before."""
    times = {"created_at": now_ms, "updated_at": now_ms}
    rows = [{**to_columns(agent, _AGENT_JSON, _IN_OTHER_TABLES), **times} for agent in agents]
    await conn.execute(insert(t.agent), rows)
    await _add_parts(conn, agents)


async def replace_agents(conn: AsyncConnection, agents: Sequence[AgentRow], now_ms: int) -> None:
    """Replace many whole at once, as `add_agents` adds them; their ids exist."""
    left_out = (*_IN_OTHER_TABLES, "id", "created_at")
    rows = [
        {**to_columns(agent, _AGENT_JSON, left_out), "updated_at": now_ms, "the_id": agent.id}
        for agent in agents
    ]
    await conn.execute(update(t.agent).where(t.agent.c.id == bindparam("the_id")), rows)
    ids = [agent.id for agent in agents]
    for first in range(0, len(ids), _AT_ONCE):
        some = ids[first : first + _AT_ONCE]
        for table in (t.agent_skill, t.membership):
            await conn.execute(delete(table).where(table.c.agent_id.in_(some)))
    await _add_parts(conn, agents)


async def _add_parts(conn: AsyncConnection, agents: Sequence[AgentRow]) -> None:
    levels = [
        {"agent_id": agent.id, "skill_id": held.skill, "level": held.level}
        for agent in agents
        for held in agent.skills
    ]
    if levels:
        await conn.execute(insert(t.agent_skill), levels)
    places = [_place(agent.id, place) for agent in agents for place in agent.queues]
    if places:
        await conn.execute(insert(t.membership), places)
    await note_change(conn)


async def update_agent(conn: AsyncConnection, agent: AgentRow, now_ms: int) -> AgentRow:
    """Replace an agent whole, skills and places included; an empty `phone` keeps the one they have.

    Raises NotFound, AlreadyThere (phone, number), UnknownReference.
    """
    before = await get_agent(conn, agent.id)
    phone = agent.phone or before.phone
    if phone != before.phone:
        await _phone_must_be_free(conn, "agent", phone)
    if agent.number is not None and agent.number != before.number:
        await must_be_free(conn, "agent", t.agent.c.number, agent.number, "number")
    columns = to_columns(agent, _AGENT_JSON, (*_IN_OTHER_TABLES, "id", "created_at"))
    times = {"phone": phone, "updated_at": now_ms}
    await conn.execute(update(t.agent).where(t.agent.c.id == agent.id).values({**columns, **times}))
    await _write_parts(conn, agent)
    return await get_agent(conn, agent.id)


async def delete_agent(conn: AsyncConnection, agent_id: str) -> None:
    """Remove an agent to whom no account belongs; their history stays. Raises NotFound, InUse."""
    await must_exist(conn, "agent", t.agent.c.id, agent_id)
    user, key = t.user_account.c, t.api_key.c
    logins = await first_ids(conn, user.login, user.agent_id, agent_id)
    keys = await first_ids(conn, key.name, key.agent_id, agent_id)
    users = [f"account {login}" for login in logins] + [f"API key {name}" for name in keys]
    if users:
        raise InUse("agent", agent_id, tuple(users))
    await conn.execute(delete(t.agent).where(t.agent.c.id == agent_id))
    await note_change(conn)


# ---- seats ------------------------------------------------------------------------------------


async def list_seats(conn: AsyncConnection) -> list[SeatRow]:
    """All seats, by phone."""
    rows = await conn.execute(select(t.seat).order_by(t.seat.c.phone))
    return [to_struct(row, SeatRow) for row in rows]


async def create_seat(conn: AsyncConnection, seat: SeatRow, now_ms: int) -> SeatRow:
    """Add a phone that belongs to no agent. Raises AlreadyThere (an agent's phone counts too)."""
    await _phone_must_be_free(conn, "seat", seat.phone)
    columns = to_columns(seat, ())
    await conn.execute(insert(t.seat).values({**columns, "created_at": now_ms}))
    await note_change(conn)
    return await get_seat(conn, seat.phone)


async def get_seat(conn: AsyncConnection, phone: str) -> SeatRow:
    """One seat. Raises NotFound."""
    row = (await conn.execute(select(t.seat).where(t.seat.c.phone == phone))).one_or_none()
    if row is None:
        raise NotFound("seat", phone)
    return to_struct(row, SeatRow)


async def update_seat(conn: AsyncConnection, seat: SeatRow) -> SeatRow:
    """Replace a seat's name and digest. Raises NotFound."""
    await must_exist(conn, "seat", t.seat.c.phone, seat.phone)
    changed = update(t.seat).where(t.seat.c.phone == seat.phone)
    await conn.execute(changed.values(name=seat.name, phone_digest=seat.phone_digest))
    await note_change(conn)
    return await get_seat(conn, seat.phone)


async def delete_seat(conn: AsyncConnection, phone: str) -> None:
    """Take a seat away; its phone cannot register any more. Raises NotFound."""
    await must_exist(conn, "seat", t.seat.c.phone, phone)
    await conn.execute(delete(t.seat).where(t.seat.c.phone == phone))
    await note_change(conn)


async def list_phones(conn: AsyncConnection) -> list[PhoneDigest]:
    """The SIP accounts of the active agents and of the seats, by phone."""
    agents = select(t.agent.c.phone, t.agent.c.phone_digest).where(t.agent.c.active.is_(True))
    seats = select(t.seat.c.phone, t.seat.c.phone_digest)
    rows = await conn.execute(agents.union_all(seats))
    return [PhoneDigest(phone=PhoneId(phone), digest=digest) for phone, digest in sorted(rows)]
