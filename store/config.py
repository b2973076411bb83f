"""What people configure, kept in SQL: skills, agents, queues, flows and numbers.

Reads and writes one connection that the caller opened: `async with engine.begin() as conn`. Every
change raises the number in `config_version`. Checks what only the store can know (uniqueness,
references); the meaning of the values is the business of those who call.

All writers raise `AlreadyThere`, `NotFound`, `InUse` or `UnknownReference` (store/errors.py) and
leave the transaction to be rolled back by the caller's context.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from sqlalchemy import Table, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from acd.model import (
    AgentId,
    AgentProfile,
    FloorConfig,
    PhoneId,
    Queue,
    QueueId,
    SkillId,
    SkillLevel,
)
from store import tables as t
from store.config_checks import exists, first_ids, must_be_free, must_exist, note_change
from store.config_flows import (
    add_flow_version,
    create_flow,
    create_number,
    delete_flow,
    delete_number,
    get_flow,
    get_flow_version,
    get_number,
    list_flow_versions,
    list_flows,
    list_numbers,
    load_flow_documents,
    update_flow,
    update_number,
)
from store.errors import InUse, NotFound, UnknownReference
from store.rows import (
    AgentRow,
    PhoneDigest,
    QueueRow,
    SkillRow,
)

__all__ = [
    "add_flow_version",
    "create_agent",
    "create_flow",
    "create_number",
    "create_queue",
    "create_skill",
    "delete_agent",
    "delete_flow",
    "delete_number",
    "delete_queue",
    "delete_skill",
    "get_agent",
    "get_flow",
    "get_flow_version",
    "get_number",
    "get_queue",
    "get_skill",
    "list_agents",
    "list_flow_versions",
    "list_flows",
    "list_numbers",
    "list_phones",
    "list_queues",
    "list_skills",
    "load_floor_config",
    "load_flow_documents",
    "read_version",
    "update_agent",
    "update_flow",
    "update_number",
    "update_queue",
    "update_skill",
]


async def read_version(conn: AsyncConnection) -> int:
    """How often the configuration has changed; 0 in an empty store."""
    return await conn.scalar(select(t.config_version.c.version)) or 0


# ---- skills -----------------------------------------------------------------------------------


async def list_skills(conn: AsyncConnection) -> list[SkillRow]:
    """All skills, by id."""
    rows = await conn.execute(select(t.skill).order_by(t.skill.c.id))
    return [SkillRow(id=SkillId(row.id), name=row.name) for row in rows]


async def get_skill(conn: AsyncConnection, skill_id: str) -> SkillRow:
    """One skill. Raises NotFound."""
    row = (await conn.execute(select(t.skill).where(t.skill.c.id == skill_id))).one_or_none()
    if row is None:
        raise NotFound("skill", skill_id)
    return SkillRow(id=SkillId(row.id), name=row.name)


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


async def _levels(
    conn: AsyncConnection, table: Table, owner: str, level: str, only: str | None
) -> dict[str, tuple[SkillLevel, ...]]:
    """Skill levels by owner, sorted by skill; of `only` this owner unless None."""
    query = select(table.c[owner], table.c.skill_id, table.c[level]).order_by(table.c.skill_id)
    if only is not None:
        query = query.where(table.c[owner] == only)
    found: defaultdict[str, list[SkillLevel]] = defaultdict(list)
    for owner_id, skill_id, value in await conn.execute(query):
        found[owner_id].append(SkillLevel(skill=SkillId(skill_id), level=value))
    return {owner_id: tuple(levels) for owner_id, levels in found.items()}


async def _replace_levels(
    conn: AsyncConnection,
    table: Table,
    owner: tuple[str, str, str],
    level: str,
    levels: Iterable[SkillLevel],
) -> None:
    """Make `levels` all that the owner (kind, column, id) has; the last of a skill wins."""
    kind, column, owner_id = owner
    wanted = {item.skill: item.level for item in levels}
    for skill_id in wanted:
        if not await exists(conn, t.skill.c.id, skill_id):
            raise UnknownReference("skill", skill_id, f"The {kind} {owner_id!r}")
    await conn.execute(delete(table).where(table.c[column] == owner_id))
    if wanted:
        await conn.execute(
            insert(table),
            [{column: owner_id, "skill_id": id_, level: value} for id_, value in wanted.items()],
        )


# ---- agents -----------------------------------------------------------------------------------


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
    levels = await _levels(conn, t.agent_skill, "agent_id", "level", only)
    return [
        AgentRow(
            id=AgentId(row.id),
            name=row.name,
            phone=PhoneId(row.phone),
            phone_digest=row.phone_digest,
            team=row.team,
            active=row.active,
            skills=levels.get(row.id, ()),
            created_at=row.created_at,
            updated_at=row.updated_at,
        )
        for row in await conn.execute(query)
    ]


async def create_agent(conn: AsyncConnection, agent: AgentRow, now_ms: int) -> AgentRow:
    """Add an agent with skills and phone. Raises AlreadyThere (id, phone), UnknownReference."""
    phone = agent.phone or f"agent-{agent.id}"
    await must_be_free(conn, "agent", t.agent.c.id, agent.id)
    await must_be_free(conn, "agent", t.agent.c.phone, phone, "phone")
    await conn.execute(
        insert(t.agent).values(
            id=agent.id,
            name=agent.name,
            phone=phone,
            phone_digest=agent.phone_digest,
            team=agent.team,
            active=agent.active,
            created_at=now_ms,
            updated_at=now_ms,
        )
    )
    owner = ("agent", "agent_id", agent.id)
    await _replace_levels(conn, t.agent_skill, owner, "level", agent.skills)
    await note_change(conn)
    return await get_agent(conn, agent.id)


async def update_agent(conn: AsyncConnection, agent: AgentRow, now_ms: int) -> AgentRow:
    """Replace an agent whole, skills included; an empty `phone` keeps the one they have.

    Raises NotFound, AlreadyThere (phone), UnknownReference.
    """
    before = await get_agent(conn, agent.id)
    phone = agent.phone or before.phone
    if phone != before.phone:
        await must_be_free(conn, "agent", t.agent.c.phone, phone, "phone")
    await conn.execute(
        update(t.agent)
        .where(t.agent.c.id == agent.id)
        .values(
            name=agent.name,
            phone=phone,
            phone_digest=agent.phone_digest,
            team=agent.team,
            active=agent.active,
            updated_at=now_ms,
        )
    )
    owner = ("agent", "agent_id", agent.id)
    await _replace_levels(conn, t.agent_skill, owner, "level", agent.skills)
    await note_change(conn)
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


async def list_phones(conn: AsyncConnection) -> list[PhoneDigest]:
    """The SIP accounts of the active agents, by phone."""
    rows = await conn.execute(
        select(t.agent.c.phone, t.agent.c.phone_digest)
        .where(t.agent.c.active.is_(True))
        .order_by(t.agent.c.phone)
    )
    return [PhoneDigest(phone=PhoneId(phone), digest=digest) for phone, digest in rows]


# ---- queues -----------------------------------------------------------------------------------

_QUEUE_FIELDS = tuple(
    field for field in QueueRow.__struct_fields__ if field not in ("id", "required")
)


async def list_queues(conn: AsyncConnection) -> list[QueueRow]:
    """All queues, by id."""
    return await _queues(conn, None)


async def get_queue(conn: AsyncConnection, queue_id: str) -> QueueRow:
    """One queue. Raises NotFound."""
    found = await _queues(conn, queue_id)
    if not found:
        raise NotFound("queue", queue_id)
    return found[0]


async def _queues(conn: AsyncConnection, only: str | None) -> list[QueueRow]:
    query = select(t.queue).order_by(t.queue.c.id)
    if only is not None:
        query = query.where(t.queue.c.id == only)
    levels = await _levels(conn, t.queue_skill, "queue_id", "min_level", only)
    return [
        QueueRow(
            id=QueueId(row.id),
            required=levels.get(row.id, ()),
            **{field: getattr(row, field) for field in _QUEUE_FIELDS},
        )
        for row in await conn.execute(query)
    ]


async def create_queue(conn: AsyncConnection, queue: QueueRow) -> QueueRow:
    """Add a queue with the skills it asks for. Raises AlreadyThere, UnknownReference."""
    await must_be_free(conn, "queue", t.queue.c.id, queue.id)
    values = {field: getattr(queue, field) for field in _QUEUE_FIELDS}
    await conn.execute(insert(t.queue).values(id=queue.id, **values))
    owner = ("queue", "queue_id", queue.id)
    await _replace_levels(conn, t.queue_skill, owner, "min_level", queue.required)
    await note_change(conn)
    return await get_queue(conn, queue.id)


async def update_queue(conn: AsyncConnection, queue: QueueRow) -> QueueRow:
    """Replace a queue whole, required skills included. Raises NotFound, UnknownReference."""
    await must_exist(conn, "queue", t.queue.c.id, queue.id)
    values = {field: getattr(queue, field) for field in _QUEUE_FIELDS}
    await conn.execute(update(t.queue).where(t.queue.c.id == queue.id).values(**values))
    owner = ("queue", "queue_id", queue.id)
    await _replace_levels(conn, t.queue_skill, owner, "min_level", queue.required)
    await note_change(conn)
    return await get_queue(conn, queue.id)


async def delete_queue(conn: AsyncConnection, queue_id: str) -> None:
    """Remove a queue; its history stays. Flows that name it are the caller's to check.

    Raises NotFound.
    """
    await must_exist(conn, "queue", t.queue.c.id, queue_id)
    await conn.execute(delete(t.queue).where(t.queue.c.id == queue_id))
    await note_change(conn)


# ---- what the floor loads ---------------------------------------------------------------------


async def load_floor_config(conn: AsyncConnection) -> FloorConfig:
    """All that the engine must know: queues, active agents and numbers, with the version."""
    version = await read_version(conn)
    queues = {
        row.id: Queue(
            id=row.id,
            name=row.name,
            required=row.required,
            ring_s=row.ring_s,
            wrap_up_s=row.wrap_up_s,
            service_level_s=row.service_level_s,
            short_abandon_s=row.short_abandon_s,
            recorded=row.recorded,
            music=row.music,
            priority=row.priority,
            rona_limit=row.rona_limit,
        )
        for row in await list_queues(conn)
    }
    agents = {
        row.id: AgentProfile(
            id=row.id, name=row.name, phone=row.phone, skills=row.skills, team=row.team
        )
        for row in await list_agents(conn)
        if row.active
    }
    numbers = {row.dnis: row.flow_id for row in await list_numbers(conn)}
    return FloorConfig(queues=queues, agents=agents, numbers=numbers, version=version)
