"""What people configure: kept whole, refused with a reason, loaded by the floor."""

from __future__ import annotations

import pytest
from msgspec.structs import replace
from sqlalchemy.ext.asyncio import AsyncEngine

from acd.model import AgentId, FlowId, PhoneId, QueueId, SkillId, SkillLevel
from store import accounts, config, tables
from store.errors import AlreadyThere, InUse, NotFound, UnknownReference
from store.rows import (
    AgentRow,
    ApiKeyRow,
    FlowRow,
    NumberRow,
    PhoneDigest,
    QueueRow,
    Role,
    SkillRow,
    UserRow,
)

pytestmark = pytest.mark.store

FR = SkillLevel(SkillId("fr"), 5)
EN = SkillLevel(SkillId("en"), 3)
ANNE = AgentRow(id=AgentId("anne"), name="Anne Éluard", phone_digest="d1", skills=(EN, FR))
SALES = QueueRow(id=QueueId("sales"), name="Ventes", required=(FR,), ring_s=12, recorded=False)


async def _seed(engine: AsyncEngine) -> None:
    async with engine.begin() as conn:
        await config.create_skill(conn, SkillRow(SkillId("fr"), "Français"))
        await config.create_skill(conn, SkillRow(SkillId("en"), "English"))
        await config.create_agent(conn, ANNE, 1_000)
        await config.create_queue(conn, SALES)
        flow = FlowRow(FlowId("main"), "Accueil")
        await config.create_flow(conn, flow, "one", created_by="root", now_ms=1_000)
        await config.create_number(conn, NumberRow("100", FlowId("main"), "Standard"))


async def test_what_was_written_is_read_again(engine: AsyncEngine) -> None:
    await _seed(engine)
    async with engine.connect() as conn:
        anne = await config.get_agent(conn, "anne")
        assert anne == replace(
            ANNE, phone=PhoneId("agent-anne"), created_at=1_000, updated_at=1_000
        )
        assert await config.get_queue(conn, "sales") == SALES
        assert await config.list_phones(conn) == [PhoneDigest(PhoneId("agent-anne"), "d1")]
        assert [row.latest for row in await config.list_flows(conn)] == [1]


async def test_the_floor_loads_active_agents_queues_and_numbers(engine: AsyncEngine) -> None:
    await _seed(engine)
    async with engine.begin() as conn:
        before = await config.load_floor_config(conn, 1_800_000_000_000)
        bob = AgentRow(id=AgentId("bob"), name="Bob", phone_digest="d2", active=False)
        await config.create_agent(conn, bob, 2_000)
        await config.add_flow_version(conn, "main", "two", created_by=None, now_ms=2_000)
        loaded = await config.load_floor_config(conn, 1_800_000_000_000)
        documents = await config.load_flow_documents(conn)
        phones = await config.list_phones(conn)
    assert set(loaded.agents) == {"anne"}
    assert loaded.agents[AgentId("anne")].skills == (EN, FR)
    assert loaded.queues[QueueId("sales")].required == (FR,)
    assert loaded.queues[QueueId("sales")].ring_s == 12
    assert loaded.numbers == {"100": "main"}
    assert loaded.version == before.version + 2
    assert [(d.version, d.document, d.latest) for d in documents] == [
        (1, "one", False),
        (2, "two", True),
    ]
    assert [phone.phone for phone in phones] == ["agent-anne"]


async def test_updates_replace_the_whole(engine: AsyncEngine) -> None:
    await _seed(engine)
    async with engine.begin() as conn:
        await config.update_agent(conn, replace(ANNE, skills=(FR,), team="A"), 9_000)
        await config.update_queue(conn, replace(SALES, required=(), target_answer_ratio=0.9))
        await config.update_number(conn, NumberRow("100", FlowId("main"), "Accueil"))
        anne = await config.get_agent(conn, "anne")
        assert (anne.skills, anne.team, anne.created_at, anne.updated_at) == (
            (FR,),
            "A",
            1_000,
            9_000,
        )
        assert anne.phone == "agent-anne"
        assert (await config.get_queue(conn, "sales")).required == ()
        assert (await config.get_number(conn, "100")).name == "Accueil"


async def test_refusals_name_what_is_wrong(engine: AsyncEngine) -> None:
    await _seed(engine)
    async with engine.connect() as conn:
        with pytest.raises(AlreadyThere, match="agent with the id 'anne'"):
            await config.create_agent(conn, ANNE, 1)
        twin = AgentRow(AgentId("x"), "X", "d", phone=PhoneId("agent-anne"))
        with pytest.raises(AlreadyThere, match="phone 'agent-anne'"):
            await config.create_agent(conn, twin, 1)
    async with engine.connect() as conn:
        odd = replace(SALES, id=QueueId("q2"), required=(SkillLevel(SkillId("zz"), 1),))
        with pytest.raises(UnknownReference, match="skill 'zz'"):
            await config.create_queue(conn, odd)
    async with engine.connect() as conn:
        with pytest.raises(UnknownReference, match="flow 'gone'"):
            await config.create_number(conn, NumberRow("101", FlowId("gone")))
        with pytest.raises(InUse, match="agent anne, queue sales"):
            await config.delete_skill(conn, "fr")
        with pytest.raises(InUse, match="number 100"):
            await config.delete_flow(conn, "main")
        for missing in (config.get_agent, config.get_queue, config.get_flow, config.delete_queue):
            with pytest.raises(NotFound, match="'nobody'"):
                await missing(conn, "nobody")


async def test_deletion_takes_what_belongs_to_it(engine: AsyncEngine) -> None:
    await _seed(engine)
    user = UserRow("u1", "anne", "Anne", "h", Role.AGENT, AgentId("anne"), True, 1)
    async with engine.begin() as conn:
        await accounts.create_user(conn, user)
        key = ApiKeyRow("k1", "pager", "plt", "sha", Role.AGENT, AgentId("anne"), 1)
        await accounts.create_api_key(conn, key)
        with pytest.raises(InUse, match="account anne, API key pager"):
            await config.delete_agent(conn, "anne")
        await accounts.delete_user(conn, "u1")
        with pytest.raises(InUse, match=": API key pager"):
            await config.delete_agent(conn, "anne")
        await conn.execute(tables.api_key.delete())
        await config.delete_agent(conn, "anne")
        await config.delete_queue(conn, "sales")
        await config.delete_skill(conn, "fr")
        await config.delete_number(conn, "100")
        await config.delete_flow(conn, "main")
        assert await config.load_flow_documents(conn) == []
        assert [row.id for row in await config.list_skills(conn)] == ["en"]
