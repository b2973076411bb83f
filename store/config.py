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

from sqlalchemy import Column, Table, delete, func, insert, select, update
from sqlalchemy.ext.asyncio import AsyncConnection

from acd.model import (
    AgentId,
    AgentProfile,
    FloorConfig,
    FlowId,
    PhoneId,
    Queue,
    QueueId,
    SkillId,
    SkillLevel,
)
from store import tables as t
from store.decode import to_struct
from store.errors import AlreadyThere, InUse, NotFound, UnknownReference
from store.rows import (
    AgentRow,
    FlowDocument,
    FlowRow,
    FlowVersionRow,
    NumberRow,
    PhoneDigest,
    QueueRow,
    SkillRow,
)


async def read_version(conn: AsyncConnection) -> int:
    """How often the configuration has changed; 0 in an empty store."""
    return await conn.scalar(select(t.config_version.c.version)) or 0


async def _changed(conn: AsyncConnection) -> None:
    raised = await conn.execute(
        update(t.config_version).values(version=t.config_version.c.version + 1)
    )
    if raised.rowcount == 0:
        await conn.execute(insert(t.config_version).values(id=1, version=1))


async def _exists(conn: AsyncConnection, column: Column[str], value: str) -> bool:
    return await conn.scalar(select(column).where(column == value)) is not None


async def _must_exist(conn: AsyncConnection, kind: str, column: Column[str], value: str) -> None:
    if not await _exists(conn, column, value):
        raise NotFound(kind, value)


async def _must_be_free(
    conn: AsyncConnection, kind: str, column: Column[str], value: str, field: str = "id"
) -> None:
    if await _exists(conn, column, value):
        raise AlreadyThere(kind, value, field)


async def _ids(
    conn: AsyncConnection, column: Column[str], where: Column[str], value: str
) -> list[str]:
    found = await conn.scalars(select(column).where(where == value).order_by(column).limit(11))
    return list(found)


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
    await _must_be_free(conn, "skill", t.skill.c.id, skill.id)
    await conn.execute(insert(t.skill).values(id=skill.id, name=skill.name))
    await _changed(conn)
    return skill


async def update_skill(conn: AsyncConnection, skill: SkillRow) -> SkillRow:
    """Replace a skill's name. Raises NotFound."""
    await _must_exist(conn, "skill", t.skill.c.id, skill.id)
    await conn.execute(update(t.skill).where(t.skill.c.id == skill.id).values(name=skill.name))
    await _changed(conn)
    return skill


async def delete_skill(conn: AsyncConnection, skill_id: str) -> None:
    """Remove a skill that nobody has and no queue asks for. Raises NotFound, InUse."""
    await _must_exist(conn, "skill", t.skill.c.id, skill_id)
    held = t.agent_skill.c
    asked = t.queue_skill.c
    users = [f"agent {id_}" for id_ in await _ids(conn, held.agent_id, held.skill_id, skill_id)]
    users += [f"queue {id_}" for id_ in await _ids(conn, asked.queue_id, asked.skill_id, skill_id)]
    if users:
        raise InUse("skill", skill_id, tuple(users))
    await conn.execute(delete(t.skill).where(t.skill.c.id == skill_id))
    await _changed(conn)


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
        if not await _exists(conn, t.skill.c.id, skill_id):
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
    await _must_be_free(conn, "agent", t.agent.c.id, agent.id)
    await _must_be_free(conn, "agent", t.agent.c.phone, phone, "phone")
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
    await _changed(conn)
    return await get_agent(conn, agent.id)


async def update_agent(conn: AsyncConnection, agent: AgentRow, now_ms: int) -> AgentRow:
    """Replace an agent whole, skills included; an empty `phone` keeps the one they have.

    Raises NotFound, AlreadyThere (phone), UnknownReference.
    """
    before = await get_agent(conn, agent.id)
    phone = agent.phone or before.phone
    if phone != before.phone:
        await _must_be_free(conn, "agent", t.agent.c.phone, phone, "phone")
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
    await _changed(conn)
    return await get_agent(conn, agent.id)


async def delete_agent(conn: AsyncConnection, agent_id: str) -> None:
    """Remove an agent to whom no account belongs; their history stays. Raises NotFound, InUse."""
    await _must_exist(conn, "agent", t.agent.c.id, agent_id)
    user, key = t.user_account.c, t.api_key.c
    users = [f"account {login}" for login in await _ids(conn, user.login, user.agent_id, agent_id)]
    users += [f"API key {name}" for name in await _ids(conn, key.name, key.agent_id, agent_id)]
    if users:
        raise InUse("agent", agent_id, tuple(users))
    await conn.execute(delete(t.agent).where(t.agent.c.id == agent_id))
    await _changed(conn)


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
    await _must_be_free(conn, "queue", t.queue.c.id, queue.id)
    values = {field: getattr(queue, field) for field in _QUEUE_FIELDS}
    await conn.execute(insert(t.queue).values(id=queue.id, **values))
    owner = ("queue", "queue_id", queue.id)
    await _replace_levels(conn, t.queue_skill, owner, "min_level", queue.required)
    await _changed(conn)
    return await get_queue(conn, queue.id)


async def update_queue(conn: AsyncConnection, queue: QueueRow) -> QueueRow:
    """Replace a queue whole, required skills included. Raises NotFound, UnknownReference."""
    await _must_exist(conn, "queue", t.queue.c.id, queue.id)
    values = {field: getattr(queue, field) for field in _QUEUE_FIELDS}
    await conn.execute(update(t.queue).where(t.queue.c.id == queue.id).values(**values))
    owner = ("queue", "queue_id", queue.id)
    await _replace_levels(conn, t.queue_skill, owner, "min_level", queue.required)
    await _changed(conn)
    return await get_queue(conn, queue.id)


async def delete_queue(conn: AsyncConnection, queue_id: str) -> None:
    """Remove a queue; its history stays. Flows that name it are the caller's to check.

    Raises NotFound.
    """
    await _must_exist(conn, "queue", t.queue.c.id, queue_id)
    await conn.execute(delete(t.queue).where(t.queue.c.id == queue_id))
    await _changed(conn)


# ---- flows ------------------------------------------------------------------------------------


async def list_flows(conn: AsyncConnection) -> list[FlowRow]:
    """All flows with the number of their newest version, by id."""
    return await _flows(conn, None)


async def get_flow(conn: AsyncConnection, flow_id: str) -> FlowRow:
    """One flow. Raises NotFound."""
    found = await _flows(conn, flow_id)
    if not found:
        raise NotFound("flow", flow_id)
    return found[0]


async def _flows(conn: AsyncConnection, only: str | None) -> list[FlowRow]:
    query = (
        select(t.flow.c.id, t.flow.c.name, func.max(t.flow_version.c.version).label("latest"))
        .outerjoin(t.flow_version, t.flow_version.c.flow_id == t.flow.c.id)
        .group_by(t.flow.c.id, t.flow.c.name)
        .order_by(t.flow.c.id)
    )
    if only is not None:
        query = query.where(t.flow.c.id == only)
    rows = await conn.execute(query)
    return [FlowRow(id=FlowId(row.id), name=row.name, latest=row.latest) for row in rows]


async def create_flow(
    conn: AsyncConnection,
    flow: FlowRow,
    document: str | None,
    *,
    created_by: str | None,
    now_ms: int,
) -> FlowRow:
    """Add a flow, with version 1 of its document unless None. Raises AlreadyThere."""
    await _must_be_free(conn, "flow", t.flow.c.id, flow.id)
    await conn.execute(insert(t.flow).values(id=flow.id, name=flow.name))
    if document is not None:
        await add_flow_version(conn, flow.id, document, created_by=created_by, now_ms=now_ms)
    await _changed(conn)
    return await get_flow(conn, flow.id)


async def update_flow(conn: AsyncConnection, flow: FlowRow) -> FlowRow:
    """Replace a flow's name; its versions never change. Raises NotFound."""
    await _must_exist(conn, "flow", t.flow.c.id, flow.id)
    await conn.execute(update(t.flow).where(t.flow.c.id == flow.id).values(name=flow.name))
    await _changed(conn)
    return await get_flow(conn, flow.id)


async def add_flow_version(
    conn: AsyncConnection, flow_id: str, document: str, *, created_by: str | None, now_ms: int
) -> FlowVersionRow:
    """Add the next version of a flow; new calls enter it after a reload. Raises NotFound."""
    # FOR UPDATE (PostgreSQL; SQLite has one writer): two authors must not get the same number.
    locked = select(t.flow.c.id).where(t.flow.c.id == flow_id).with_for_update()
    if await conn.scalar(locked) is None:
        raise NotFound("flow", flow_id)
    newest = await conn.scalar(
        select(func.max(t.flow_version.c.version)).where(t.flow_version.c.flow_id == flow_id)
    )
    row = FlowVersionRow(
        flow_id=FlowId(flow_id),
        version=(newest or 0) + 1,
        document=document,
        created_at=now_ms,
        created_by=created_by,
    )
    await conn.execute(
        insert(t.flow_version).values(
            flow_id=row.flow_id,
            version=row.version,
            document=row.document,
            created_at=row.created_at,
            created_by=row.created_by,
        )
    )
    await _changed(conn)
    return row


async def list_flow_versions(conn: AsyncConnection, flow_id: str) -> list[FlowVersionRow]:
    """All versions of a flow, newest first. Raises NotFound."""
    await _must_exist(conn, "flow", t.flow.c.id, flow_id)
    version = t.flow_version
    rows = await conn.execute(
        select(version).where(version.c.flow_id == flow_id).order_by(version.c.version.desc())
    )
    return [to_struct(row, FlowVersionRow) for row in rows]


async def get_flow_version(conn: AsyncConnection, flow_id: str, version: int) -> FlowVersionRow:
    """One version of a flow. Raises NotFound."""
    table = t.flow_version
    found = await conn.execute(
        select(table).where(table.c.flow_id == flow_id, table.c.version == version)
    )
    row = found.one_or_none()
    if row is None:
        raise NotFound("flow version", f"{flow_id}/{version}")
    return to_struct(row, FlowVersionRow)


async def delete_flow(conn: AsyncConnection, flow_id: str) -> None:
    """Remove a flow and its versions when no number leads to it. Raises NotFound, InUse."""
    await _must_exist(conn, "flow", t.flow.c.id, flow_id)
    numbers = await _ids(conn, t.number.c.dnis, t.number.c.flow_id, flow_id)
    if numbers:
        raise InUse("flow", flow_id, tuple(f"number {dnis}" for dnis in numbers))
    await conn.execute(delete(t.flow).where(t.flow.c.id == flow_id))
    await _changed(conn)


# ---- numbers ----------------------------------------------------------------------------------


async def list_numbers(conn: AsyncConnection) -> list[NumberRow]:
    """All numbers, by the digits."""
    rows = await conn.execute(select(t.number).order_by(t.number.c.dnis))
    return [NumberRow(dnis=row.dnis, flow_id=FlowId(row.flow_id), name=row.name) for row in rows]


async def get_number(conn: AsyncConnection, dnis: str) -> NumberRow:
    """One number. Raises NotFound."""
    row = (await conn.execute(select(t.number).where(t.number.c.dnis == dnis))).one_or_none()
    if row is None:
        raise NotFound("number", dnis)
    return NumberRow(dnis=row.dnis, flow_id=FlowId(row.flow_id), name=row.name)


async def _check_flow(conn: AsyncConnection, number: NumberRow) -> None:
    if not await _exists(conn, t.flow.c.id, number.flow_id):
        raise UnknownReference("flow", number.flow_id, f"The number {number.dnis!r}")


async def create_number(conn: AsyncConnection, number: NumberRow) -> NumberRow:
    """Lead a number to a flow. Raises AlreadyThere, UnknownReference."""
    await _must_be_free(conn, "number", t.number.c.dnis, number.dnis)
    await _check_flow(conn, number)
    await conn.execute(
        insert(t.number).values(dnis=number.dnis, flow_id=number.flow_id, name=number.name)
    )
    await _changed(conn)
    return number


async def update_number(conn: AsyncConnection, number: NumberRow) -> NumberRow:
    """Lead a number elsewhere or rename it. Raises NotFound, UnknownReference."""
    await _must_exist(conn, "number", t.number.c.dnis, number.dnis)
    await _check_flow(conn, number)
    await conn.execute(
        update(t.number)
        .where(t.number.c.dnis == number.dnis)
        .values(flow_id=number.flow_id, name=number.name)
    )
    await _changed(conn)
    return number


async def delete_number(conn: AsyncConnection, dnis: str) -> None:
    """Take a number away; callers of it are then rejected. Raises NotFound."""
    await _must_exist(conn, "number", t.number.c.dnis, dnis)
    await conn.execute(delete(t.number).where(t.number.c.dnis == dnis))
    await _changed(conn)


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


async def load_flow_documents(conn: AsyncConnection) -> list[FlowDocument]:
    """Every version of every flow, by flow and version: calls end in the version they began in."""
    table = t.flow_version
    rows = (await conn.execute(select(table).order_by(table.c.flow_id, table.c.version))).all()
    newest = {row.flow_id: row.version for row in rows}
    return [
        FlowDocument(
            flow_id=FlowId(row.flow_id),
            version=row.version,
            document=row.document,
            latest=newest[row.flow_id] == row.version,
        )
        for row in rows
    ]
