"""The whole configuration in SQL: kept as told, loaded by the floor, in versions, undone."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

import pytest
from msgspec.structs import replace
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from acd import config as floor
from acd.model import AgentId, CalendarId, PhoneId, QueueId, SkillLevel, Target, TargetKind
from api.config_flows import flow_faults, named, settled
from api.config_shapes import of, write
from api.config_yaml import read_yaml, to_yaml
from store import accounts, config
from store.config_change import Changed, ConfigInvalid, Order, change
from store.config_document import Configuration, to_plain
from store.config_load import load_configuration
from store.config_seed import seed
from store.config_versions import get_version, list_versions
from store.engine import open_store
from store.errors import NotFound
from store.schema import migrate
from tests.store.whole_configuration import WHOLE

pytestmark = pytest.mark.store

NOW = int(datetime(2026, 7, 1, tzinfo=UTC).timestamp() * 1000)
Edited = Callable[[Configuration], Configuration]


def _digest(phone: PhoneId) -> str:
    return f"digest of {phone}"


async def _import(
    conn: AsyncConnection, yaml: str, *, comment: str = "", now_ms: int = NOW
) -> Changed:
    reading = read_yaml(yaml)

    async def edit(conn: AsyncConnection, found: Configuration) -> Configuration:
        return named(await settled(conn, of(reading.configuration, found), found))

    order = Order("user:u1", "import", "config", now_ms, _digest, comment)
    return await change(conn, order, edit, texts=True, strict=True, check=flow_faults)


async def _edit(engine: AsyncEngine, make: Edited) -> Changed:
    async def edit(_: AsyncConnection, found: Configuration) -> Configuration:
        return make(found)

    async with engine.begin() as conn:
        order = Order("user:u1", "update", "config", NOW, _digest)
        return await change(conn, order, edit)


async def _filled(engine: AsyncEngine) -> None:
    async with engine.begin() as conn:
        await _import(conn, WHOLE)


async def test_everything_is_kept_and_loaded(engine: AsyncEngine) -> None:
    await _filled(engine)
    async with engine.connect() as conn:
        loaded = await config.load_floor_config(conn, NOW)
        phones = await config.list_phones(conn)
        whole = await load_configuration(conn, texts=True)
    support = loaded.queues[QueueId("support")]
    assert type(support) is floor.Queue
    assert support.required == (SkillLevel("fr", 5, 3),)  # type: ignore[arg-type]
    assert support.access is floor.Access.MEMBERS
    assert support.steps[0] == floor.Step("skills.fr >= 7", (AgentId("1001"),), for_s=30)
    assert support.wrap_up is floor.WrapUp.MANDATORY
    assert support.messages[1].every_s is None
    assert support.exits["2"].texts == {"fr": "Nous transférons."}
    assert support.on_max_wait == Target(TargetKind.QUEUE, "overflow")
    assert support.callback == floor.CallbackPolicy(floor.CallbackMode.CUSTOMER_FIRST, 5)
    assert support.voicemail == floor.VoicemailPolicy({"fr": "Laissez un message."}, 60)
    assert set(loaded.agents) == {"1001"}  # the other one is inactive
    zoe = loaded.agents[AgentId("1001")]
    assert zoe.queues == (floor.Membership(QueueId("support"), 2, 10),)
    assert (zoe.attributes, zoe.number, zoe.auto_answer, zoe.voice_capacity) == (
        {"site": "Lille"},
        "41",
        True,
        0,
    )
    assert loaded.seats == {"place-1"}
    assert loaded.outside == floor.Outside(("+33",), "+33987654321")
    assert loaded.pause_reasons["admin"].productive
    assert loaded.alerts["long"].threshold == 60
    assert [(row.phone, row.digest) for row in phones] == [
        ("agent-1001", "digest of agent-1001"),
        ("place-1", "digest of place-1"),
    ]
    assert whole.flows["welcome"].name == "Accueil"
    assert loaded.version == 1


async def test_calendars_come_with_the_holidays_of_four_years(engine: AsyncEngine) -> None:
    await _filled(engine)
    async with engine.connect() as conn:
        loaded = await config.load_floor_config(conn, NOW)
    office = loaded.calendars[CalendarId("office")]
    assert office.weekly[0] == (floor.OpenSpan(540, 750), floor.OpenSpan(810, 1080))
    assert office.weekly[6] == ()
    assert office.special == {"2026-12-24": (floor.OpenSpan(540, 720),), "2026-12-31": ()}
    assert {"2025-07-14", "2026-07-14", "2027-07-14", "2028-07-14"} <= office.holidays
    assert not any(day.startswith(("2024", "2029")) for day in office.holidays)


async def test_importing_an_export_changes_nothing(engine: AsyncEngine) -> None:
    await _filled(engine)
    async with engine.begin() as conn:
        exported = to_yaml(write(await load_configuration(conn, texts=True)))
        again = await _import(conn, exported)
        versions = await list_versions(conn)
    assert (again.differences, again.noted, again.version) == ((), False, 1)
    assert len(versions) == 1
    assert "digest" not in exported


async def test_one_fault_changes_nothing(engine: AsyncEngine) -> None:
    await _filled(engine)
    broken = WHOLE.replace("queue: support\nnumbers", "queue: suport\nnumbers")
    broken = broken.replace("team: nord", "team: sud").replace("name: Ali", "name: Alia")
    with pytest.raises(ConfigInvalid) as caught:
        async with engine.begin() as conn:
            await _import(conn, broken)
    assert [fault.pointer for fault in caught.value.faults] == [
        "/agents/1001/team",
        "/flows/welcome/document",
    ]
    async with engine.connect() as conn:
        assert (await config.get_agent(conn, "1002")).name == "Ali"
        assert await config.read_version(conn) == 1


async def test_versions_are_kept_compared_and_restored(engine: AsyncEngine) -> None:
    await _filled(engine)
    other = WHOLE.replace("name: Zoé", "name: Zoë").replace("name: Accueil", "name: Bienvenue")
    async with engine.begin() as conn:
        second = await _import(conn, other, comment="New names", now_ms=NOW + 1)
        _row, first = await get_version(conn, 1)
    assert {each.path for each in second.differences} == {
        "/agents/1001/name",
        "/flows/welcome/version",
        "/flows/welcome/document",
    }
    async with engine.begin() as conn:
        rows = await list_versions(conn)
        assert [(row.version, row.comment, row.created_at) for row in rows] == [
            (2, "New names", NOW + 1),
            (1, "", NOW),
        ]
        assert [row.version for row in await list_versions(conn, before=2)] == [1]
        with pytest.raises(NotFound, match="version of the configuration '7'"):
            await get_version(conn, 7)

    async def back(conn: AsyncConnection, found: Configuration) -> Configuration:
        return named(await settled(conn, first, found))

    async with engine.begin() as conn:
        order = Order("user:u1", "restore", "config:1", NOW + 2, _digest)
        await change(conn, order, back, texts=True, strict=True, check=flow_faults)
        whole = await load_configuration(conn, texts=True)
        line = (await accounts.list_audit(conn, limit=1))[0]
    assert whole.agents["1001"].name == "Zoé"
    assert whole.flows["welcome"].version == 3  # the older text is the newest version now
    assert "name: Accueil" in (whole.flows["welcome"].document or "")
    assert (line.actor, line.action, line.object) == ("user:u1", "restore", "config:1")
    assert '"old":"Zoë","new":"Zoé"' in line.detail


async def test_what_an_older_release_left_is_kept_before_the_first_change(
    engine: AsyncEngine,
) -> None:
    await _filled(engine)
    async with engine.begin() as conn:
        await conn.execute(text("DELETE FROM config_document"))
    await _edit(engine, lambda found: replace(found, seats={}))
    async with engine.connect() as conn:
        rows = await list_versions(conn)
        _row, before = await get_version(conn, 1)
    assert [(row.version, row.created_by) for row in rows] == [(2, "user:u1"), (1, "system")]
    assert set(before.seats) == {"place-1"}


async def test_two_may_exchange_what_only_one_can_have(engine: AsyncEngine) -> None:
    await _filled(engine)

    def exchanged(found: Configuration) -> Configuration:
        one, two = found.agents["1001"], found.agents["1002"]
        agents = {
            "1001": replace(one, number=two.number, phone=two.phone),
            "1002": replace(two, number=one.number, phone=one.phone),
        }
        lunch, admin = found.pause_reasons["lunch"], found.pause_reasons["admin"]
        reasons = {
            "admin": replace(admin, digit=lunch.digit),
            "lunch": replace(lunch, digit=admin.digit),
        }
        return replace(found, agents=agents, pause_reasons=reasons)

    await _edit(engine, exchanged)
    async with engine.connect() as conn:
        agents = {row.id: row for row in await config.list_agents(conn)}
    assert (agents[AgentId("1001")].number, agents[AgentId("1001")].phone) == ("42", "desk-2")
    # The digest holds the user's name, so a phone with another name has another secret.
    assert agents[AgentId("1002")].phone_digest == "digest of agent-1001"


async def test_secrets_stay_over_an_import(engine: AsyncEngine) -> None:
    await _filled(engine)
    async with engine.begin() as conn:
        row = await config.get_agent(conn, "1001")
        await config.update_agent(conn, replace(row, pin="s$x", phone_digest="own"), NOW)
    async with engine.begin() as conn:
        await _import(conn, WHOLE.replace("name: Zoé", "name: Zoë"))
        row = await config.get_agent(conn, "1001")
        kept = (await get_version(conn, await config.read_version(conn)))[1]
    assert (row.name, row.pin, row.phone_digest) == ("Zoë", "s$x", "own")
    assert "s$x" not in str(to_plain(kept))


async def test_an_old_fault_keeps_nobody_from_working(engine: AsyncEngine) -> None:
    await _filled(engine)
    async with engine.begin() as conn:
        await conn.execute(text("DELETE FROM calendar"))
    changed = await _edit(engine, lambda found: replace(found, seats={}))
    assert [each.path for each in changed.differences] == ["/seats/place-1"]


async def test_everything_can_be_taken_away_at_once(engine: AsyncEngine) -> None:
    await _filled(engine)
    await _edit(engine, lambda _: Configuration())
    async with engine.connect() as conn:
        assert await load_configuration(conn) == Configuration()
        assert await config.list_phones(conn) == []


async def test_only_a_new_store_is_seeded(engine: AsyncEngine) -> None:
    async with engine.begin() as conn:
        assert await seed(conn, NOW)
    async with engine.begin() as conn:
        assert not await seed(conn, NOW)
        reasons = {row.code: row for row in await config.list_pause_reasons(conn)}
    assert [code for code, row in reasons.items() if row.productive] == ["back-office"]
    assert len({row.digit for row in reasons.values()}) == 6


R0001 = (
    "INSERT INTO skill VALUES ('fr', 'Français')",
    (
        "INSERT INTO agent (id, name, phone, phone_digest, team, active, created_at, updated_at)"
        " VALUES ('1001', 'Zoé', 'agent-1001', 'd', 'nord', {true}, 1, 1)"
    ),
    "INSERT INTO agent_skill VALUES ('1001', 'fr', 5)",
    "INSERT INTO queue VALUES ('support', 'Support', 20, 5, 20, 5, {true}, 'default', 0, 2, 0.8)",
    "INSERT INTO queue_skill VALUES ('support', 'fr', 3)",
    "INSERT INTO config_version VALUES (1, 7)",
    "INSERT INTO contact (id, arrived_at) VALUES ('c1', 1)",
)


async def test_an_older_release_with_data_comes_along(empty_url: str) -> None:
    engine = open_store(empty_url)
    try:
        await migrate(engine, "0001")
        async with engine.begin() as conn:
            true = "1" if "sqlite" in empty_url else "TRUE"
            for statement in R0001:
                await conn.execute(text(statement.replace("{true}", true)))
        await migrate(engine)
        async with engine.connect() as conn:
            loaded = await config.load_floor_config(conn, NOW)
            teams = await config.list_teams(conn)
            kind = await conn.scalar(text("SELECT kind FROM contact"))
        assert loaded.version == 7
        assert [team.id for team in teams] == ["nord"]
        assert kind == "inbound"
        fr = SkillLevel("fr", 5)  # type: ignore[arg-type]
        assert loaded.agents[AgentId("1001")] == floor.AgentProfile(
            AgentId("1001"), "Zoé", PhoneId("agent-1001"), (fr,), "nord"
        )
        assert loaded.queues[QueueId("support")] == floor.Queue(
            QueueId("support"),
            "Support",
            (SkillLevel("fr", 3),),  # type: ignore[arg-type]
            wrap_up_s=5,
        )
        assert loaded.pause_reasons == {}
    finally:
        await engine.dispose()
