"""The configuration over real HTTP: every resource, dry runs, If-Match, roles, the one document."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from acd.model import AgentState
from acd.pins import pin_right
from control.protocol import Live, Reload
from store import config
from store import tables as t
from store.engine import open_store
from tests.api_stand import T0, Stand, agent_view, queue_view, running
from tests.store.whole_configuration import WHOLE
from tests.waiting import until

pytestmark = pytest.mark.store

YAML = {"content-type": "application/yaml"}


@pytest_asyncio.fixture
async def stand(tmp_path: Path) -> AsyncIterator[Stand]:
    async with running(tmp_path) as made:
        yield made


async def import_whole(stand: Stand, text: str = WHOLE, query: str = "") -> httpx.Response:
    return await stand.call("PUT", f"/config{query}", content=text.encode(), headers=YAML)


def reloads(stand: Stand) -> int:
    return sum(isinstance(wish, Reload) for wish in stand.floor.asked)


RESOURCES: list[tuple[str, str, dict[str, object], dict[str, object]]] = [
    ("/teams", "id", {"id": "sud", "name": "Sud"}, {"name": "Midi"}),
    ("/skills", "id", {"id": "de", "name": "Deutsch"}, {"name": "Allemand"}),
    (
        "/pause-reasons",
        "code",
        {"code": "brief", "names": {"fr": "Brief"}, "digit": "7"},
        {"names": {"fr": "Point"}, "productive": True, "paid": True, "digit": "8"},
    ),
    (
        "/calendars",
        "id",
        {"id": "night", "name": "Nuit", "weekly": {"mon-tue": "22:00-24:00"}},
        {"name": "Nuits", "zone": "America/Cayenne", "holidays": "FR-973"},
    ),
    ("/seats", "phone", {"phone": "seat-9", "name": "Neuf"}, {"name": "Place neuf"}),
    (
        "/alert-rules",
        "id",
        {"id": "full", "metric": "waiting", "comparison": "above", "threshold": 9},
        {"metric": "occupancy", "comparison": "above", "threshold": 0.9, "severity": "critical"},
    ),
    ("/queues", "id", {"id": "vip", "name": "VIP"}, {"name": "Or", "strategy": "ring_all"}),
    ("/numbers", "dnis", {"dnis": "33170000002", "flow": "welcome"}, {"flow": "welcome"}),
    ("/agents", "id", {"id": "1009", "name": "Ana"}, {"name": "Anna", "queues": []}),
]


@pytest.mark.parametrize(
    ("path", "key", "body", "change"), RESOURCES, ids=[each[0] for each in RESOURCES]
)
async def test_each_resource_is_added_read_replaced_and_removed(
    stand: Stand, path: str, key: str, body: dict[str, object], change: dict[str, object]
) -> None:
    await import_whole(stand)
    one = f"{path}/{body[key]}"
    before = reloads(stand)
    tried = await stand.call("POST", f"{path}?dry_run=true", json=body)
    assert (tried.status_code, tried.json()["dry_run"]) == (200, True)
    assert [each["kind"] for each in tried.json()["changes"]] == ["added"]
    assert tried.json().get("sip") is None
    assert (await stand.call("GET", one)).status_code == 404
    assert reloads(stand) == before

    made = await stand.call("POST", path, json=body)
    assert made.status_code == 201, made.text
    assert made.json()["version"] == tried.json()["version"]
    assert reloads(stand) == before + 1
    assert (await stand.call("POST", path, json=body)).status_code == 409
    read = await stand.call("GET", one)
    assert read.headers["etag"] == made.headers["etag"]
    assert body[key] in [each[key] for each in (await stand.call("GET", path)).json()["items"]]

    changed = await stand.call("PUT", one, json=change, headers={"If-Match": read.headers["etag"]})
    assert changed.status_code == 200, changed.text
    again = (await stand.call("GET", one)).json()
    assert change.items() <= again.items()
    late = await stand.call("PUT", one, json=change, headers={"If-Match": read.headers["etag"]})
    if changed.json()["changes"]:
        assert late.status_code == 412
        assert late.json()["type"].endswith("changed-meanwhile")
    assert (await stand.call("PUT", one, "boss", json=change)).status_code == 403
    assert (await stand.call("DELETE", one)).status_code == 200
    assert (await stand.call("DELETE", one)).status_code == 404


async def test_the_same_again_makes_no_version(stand: Stand) -> None:
    first = await stand.call("POST", "/teams", json={"id": "a", "name": "A"})
    count = reloads(stand)
    again = await stand.call("PUT", "/teams/a", json={"name": "A"})
    assert (again.json()["changes"], again.json()["version"]) == ([], first.json()["version"])
    assert reloads(stand) == count


async def test_what_is_in_use_stays(stand: Stand) -> None:
    await import_whole(stand)
    for path, user in (
        ("/teams/nord", "agent 1001"),
        ("/calendars/office", "queue support"),
        ("/queues/overflow", "queue support"),
        ("/queues/support", "flow welcome"),
        ("/flows/welcome", "queue support, number 33170000001"),
        ("/agents/1001", "queue support"),
        ("/skills/fr", "queue support, agent 1001"),
    ):
        refused = await stand.call("DELETE", path)
        assert (refused.status_code, refused.json()["type"][-6:]) == (409, "in-use"), path
        assert user in refused.json()["detail"]


async def test_a_queue_takes_the_places_in_it_along(stand: Stand) -> None:
    await import_whole(stand)
    await stand.call("POST", "/queues", json={"id": "vip", "name": "VIP"})
    places = {"queues": [{"queue": "vip"}, {"queue": "support", "priority": 1}]}
    await stand.call("PUT", "/agents/1001/queues", "boss", json=places)
    gone = await stand.call("DELETE", "/queues/vip")
    assert {each["path"] for each in gone.json()["changes"]} == {
        "/queues/vip",
        "/agents/1001/queues",
    }
    left = (await stand.call("GET", "/agents/1001")).json()["queues"]
    assert left == [{"queue": "support", "priority": 1, "delay_s": 0}]


@pytest.mark.parametrize(
    ("method", "path", "body", "pointer"),
    [
        ("PUT", "/queues/support", {"name": "S", "steps": [{"expression": "skills.fr >"}]}, "/steps/0/expression"),  # noqa: E501
        ("PUT", "/queues/overflow", {"name": "O", "max_wait_s": 9, "on_max_wait": {"kind": "queue", "id": "support"}}, "/on_max_wait/id"),  # noqa: E501
        ("PUT", "/queues/support", {"name": "S", "exits": {"A": {"kind": "hang_up"}}}, "/exits/A"),
        ("PUT", "/queues/support", {"name": "S", "on_closed": {"kind": "number", "id": "+3212345678"}}, "/on_closed/id"),  # noqa: E501
        ("POST", "/agents", {"id": "9", "name": "N", "team": "sud"}, "/team"),
        ("POST", "/agents", {"id": "9", "name": "N", "number": "41"}, "/number"),
        ("POST", "/agents", {"id": "9", "name": "N", "number": "4"}, "/number"),
        ("POST", "/agents", {"id": "9", "name": "N", "pin": "12"}, "/pin"),
        ("POST", "/agents", {"id": "9", "name": "N", "phone": "place-1"}, ""),
        ("POST", "/agents", {"id": "9", "name": "N", "queues": [{"queue": "no"}]}, "/queues/0/queue"),  # noqa: E501
        ("PUT", "/agents/1001/skills", {"skills": [{"skill": "no", "level": 1}]}, "/skills/0/skill"),  # noqa: E501
        ("PUT", "/pause-reasons/admin", {"digit": "1"}, ""),
        ("PUT", "/outside", {"allowed": ["+33 x"]}, "/allowed/0"),
        ("PUT", "/outside", {"allowed": ["33"]}, ""),  # a short number: no beginning of others
        ("PUT", "/outside", {"allowed": []}, ""),
        ("POST", "/calendars", {"id": "x", "name": "X", "holidays": "XX"}, "/holidays"),
        ("POST", "/alert-rules", {"id": "x", "metric": "luck", "comparison": "above", "threshold": 1}, "/metric"),  # noqa: E501
    ],
)  # fmt: skip
async def test_faults_point_into_the_body(
    stand: Stand, method: str, path: str, body: object, pointer: str
) -> None:
    await import_whole(stand)
    answer = await stand.call(method, path, json=body)
    assert answer.status_code == 422, answer.text
    assert [fault["pointer"] for fault in answer.json()["errors"]] == [pointer]
    assert reloads(stand) == 1


async def test_supervisors_change_skills_and_places_and_close_queues(stand: Stand) -> None:
    await import_whole(stand)
    skills = {"skills": [{"skill": "en", "level": 3}]}
    given = await stand.call("PUT", "/agents/1002/skills", "boss", json=skills)
    assert given.json()["changes"] == [
        {
            "path": "/agents/1002/skills",
            "kind": "changed",
            "old": [],
            "new": [{"skill": "en", "level": 3}],
        }
    ]
    closed = await stand.call("POST", "/queues/support/close?comment=Grève", "boss")
    assert (closed.status_code, closed.json()["closed"]) == (200, True)
    newest = (await stand.call("GET", "/config/versions?limit=1", "boss")).json()["items"][0]
    assert newest["comment"] == "Grève"
    opened = await stand.call("POST", "/queues/support/open", "boss")
    assert opened.json()["closed"] is False
    assert (await stand.call("POST", "/queues/no/close", "boss")).status_code == 404
    assert (await stand.call("POST", "/queues/support/close", "1001")).status_code == 403
    lines = (await stand.call("GET", "/audit?limit=9")).json()["items"]
    actions = [line["action"] for line in lines if line["action"] != "sign-in"]
    assert actions == ["open", "close", "update", "import"]


async def test_a_pin_is_set_kept_and_taken_away_but_never_told(stand: Stand) -> None:
    await import_whole(stand)

    async def pin() -> str | None:
        engine = open_store(stand.settings.store_url)
        async with engine.connect() as conn:
            row = await config.get_agent(conn, "1001")
        await engine.dispose()
        return row.pin

    whole = (await stand.call("GET", "/agents/1001")).json()
    body = {
        name: value
        for name, value in whole.items()
        if name not in ("id", "phone", "has_pin", "created_at", "updated_at")
    }
    set_ = await stand.call("PUT", "/agents/1001", json=body | {"pin": "4711"})
    assert (set_.json()["has_pin"], set_.json()["changes"]) == (True, [])
    assert set_.json()["version"] == 2
    assert pin_right("4711", await pin() or "")
    kept = await stand.call("PUT", "/agents/1001", json=body)
    assert (kept.json()["has_pin"], kept.json()["version"]) == (True, 2)
    tried = await stand.call("PUT", "/agents/1001?dry_run=true", json=body | {"pin": None})
    assert tried.json()["has_pin"] is False
    assert pin_right("4711", await pin() or "")
    await stand.call("PUT", "/agents/1001", json=body | {"pin": None})
    assert await pin() is None
    everywhere = [set_.text, whole, (await stand.call("GET", "/audit")).text]
    assert not any("4711" in str(text) or "pin_digest" in str(text) for text in everywhere)


async def test_a_seat_gets_an_account_and_a_new_secret(stand: Stand) -> None:
    made = await stand.call("POST", "/seats", json={"phone": "seat-1", "name": "Un"})
    again = await stand.call("POST", "/seats/seat-1/sip-secret")
    assert made.json()["sip"]["user"] == "seat-1"
    assert made.json()["sip"]["secret"] != again.json()["sip"]["secret"]
    tried = await stand.call("POST", "/seats/seat-1/sip-secret?dry_run=true")
    assert tried.json()["sip"] is None
    taken = await stand.call("POST", "/agents", json={"id": "9", "name": "N", "phone": "seat-1"})
    assert taken.status_code == 422


async def test_a_dry_run_says_whom_it_touches(stand: Stand) -> None:
    await import_whole(stand)
    await stand.floor.stop()
    agents = (agent_view("1001", AgentState.TALKING), agent_view("1002", AgentState.SIGNED_OUT))
    stand.floor.live = Live(1, T0, agents, (queue_view("support", waiting=3),), ())
    await stand.floor.start()
    await until("the web process follows the floor", lambda: stand.floor.following() == 1)
    text = WHOLE.replace("sticky_s: 60", "sticky_s: 0").replace("name: Zoé", "name: Zoë")

    async def touched() -> list[str]:
        answer = await import_whole(stand, text, "?dry_run=true")
        found: list[str] = answer.json()["touches"]
        return found

    told: list[str] = []
    while not told:  # the feed hears of the floor a moment after it connected
        told = await touched()
    assert told == [
        "Queue support: 3 waiting, 0 in conversation.",
        "Agent 1001 (Agent 1001) is talking.",
    ]


# ---- the one document -------------------------------------------------------------------------


async def test_the_document_goes_out_and_comes_in(stand: Stand) -> None:
    saved = await import_whole(stand, query="?comment=Start")
    assert saved.status_code == 200, saved.text
    assert [sip["user"] for sip in saved.json()["sip"]] == ["desk-2", "place-1"]
    yaml = await stand.call("GET", "/config", headers={"accept": "application/yaml"})
    assert yaml.headers["content-type"].startswith("application/yaml")
    assert yaml.headers["etag"] == saved.headers["etag"] == '"v1"'
    as_json = (await stand.call("GET", "/config")).json()
    assert as_json["queues"]["support"]["wrap_up"] == "mandatory"
    assert as_json["flows"]["welcome"]["document"].startswith("flow: welcome")
    for kind, text in (("yaml", yaml.text), ("json", json.dumps(as_json))):
        headers = {"content-type": f"application/{kind}"}
        again = await stand.call("PUT", "/config", content=text.encode(), headers=headers)
        assert (again.json()["changes"], again.json()["version"]) == ([], 1)


async def test_two_cannot_overwrite_each_other_unseen(stand: Stand) -> None:
    first = await import_whole(stand)
    tag = {"If-Match": first.headers["etag"]}
    await stand.call("POST", "/teams", json={"id": "sud", "name": "Sud"})
    late = await stand.call("PUT", "/config", content=WHOLE.encode(), headers=YAML | tag)
    assert late.status_code == 412
    assert (await stand.call("GET", "/teams/sud")).status_code == 200


async def test_faults_of_the_document_have_line_and_column(stand: Stand) -> None:
    text = WHOLE.replace("team: nord", "team: sud")
    text = text.replace("queue: support\nnumbers", "queue: suport\nnumbers")
    refused = await import_whole(stand, text)
    assert (refused.status_code, refused.json()["type"][-14:]) == (422, "config-invalid")
    lines = text.splitlines()
    for fault, place in zip(refused.json()["errors"], ("team: sud", "queue: suport"), strict=True):
        line = lines[fault["line"] - 1]
        assert place in line
        assert fault["column"] == line.index(place.partition(" ")[2]) + 1
    shape = await import_whole(stand, "teams: {a: {nom: A}}")
    assert [(each["line"], each["pointer"]) for each in shape.json()["errors"]] == [
        (1, "/teams/a/name"),
        (1, "/teams/a/nom"),
    ]
    wrong = await stand.call("PUT", "/config", content=b"x", headers={"content-type": "text/html"})
    assert wrong.status_code == 415
    assert (await stand.call("GET", "/config")).json()["teams"] == {}


async def test_versions_over_http(stand: Stand) -> None:
    await import_whole(stand)
    await stand.call("DELETE", "/alert-rules/long")
    await stand.call("DELETE", "/agents/1002")
    page = (await stand.call("GET", "/config/versions?limit=2", "boss")).json()
    assert [each["version"] for each in page["items"]] == [3, 2]
    rest = (await stand.call("GET", f"/config/versions?limit=9&cursor={page['next']}")).json()
    assert ([each["version"] for each in rest["items"]], rest["next"]) == ([1, 0], None)
    one = (await stand.call("GET", "/config/versions/1")).json()
    assert one["document"]["flows"] == {"welcome": {"version": 1}}
    diff = (await stand.call("GET", "/config/versions/1/diff/3")).json()["changes"]
    assert [(each["path"], each["kind"]) for each in diff] == [
        ("/agents/1002", "removed"),
        ("/alert_rules/long", "removed"),
    ]
    tried = await stand.call("POST", "/config/versions/1/restore?dry_run=true")
    assert {each["kind"] for each in tried.json()["changes"]} == {"added"}
    assert (await stand.call("GET", "/alert-rules/long")).status_code == 404
    back = await stand.call("POST", "/config/versions/1/restore")
    assert [sip["user"] for sip in back.json()["sip"]] == ["desk-2"]
    assert (await stand.call("GET", "/alert-rules/long")).status_code == 200
    assert (await stand.call("GET", "/config/versions/99")).status_code == 404
    assert (await stand.call("POST", "/config/versions/1/restore", "boss")).status_code == 403


async def test_an_import_keeps_agents_to_whom_an_account_belongs(stand: Stand) -> None:
    refused = await import_whole(stand, "agents: {}")
    assert refused.status_code == 409
    assert "1001" in refused.json()["detail"]
    engine = open_store(stand.settings.store_url)
    async with engine.connect() as conn:
        kept = (await conn.scalars(t.agent.select().with_only_columns(t.agent.c.id))).all()
    await engine.dispose()
    assert len(kept) == 2
