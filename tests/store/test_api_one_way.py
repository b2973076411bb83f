"""One way of saying things over REST: lists, pages, ranges, numbers, instants, types."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio
from pydantic import BaseModel, ValidationError

from acd.model import Outcome, VisitOutcome
from api.app import ROUTERS
from api.shapes import Body
from store.engine import open_store
from store.writer import write_facts
from tests.api_stand import T0, Stand, running
from tests.store.test_api_config import import_whole
from tests.store.told import Told

pytestmark = pytest.mark.store


@pytest_asyncio.fixture
async def stand(tmp_path: Path) -> AsyncIterator[Stand]:
    async with running(tmp_path) as made:
        await import_whole(made)
        yield made


async def described(stand: Stand) -> dict[str, Any]:
    answer: dict[str, Any] = (await stand.http.get("/openapi.json")).json()
    return answer


async def test_every_list_is_items_and_next_and_pages_by_cursor(stand: Stand) -> None:
    paths = (await described(stand))["paths"]
    ids = {"queue_id": "support", "flow_id": "welcome", "version": "1", "agent_id": "1001"}
    seen = []
    for path, operations in paths.items():
        asked = operations.get("get", {})
        names = {one["name"] for one in asked.get("parameters", [])}
        shown = asked.get("responses", {}).get("200", {}).get("content", {})
        shape = shown.get("application/json", {}).get("schema", {})
        assert shape.get("type") != "array", path
        if "limit" not in names:
            continue
        assert "cursor" in names, path
        if ("since" in names) != ("until" in names):
            raise AssertionError(f"{path} has one end of a range only")
        url = path.format(**ids).removeprefix("/api/v1")
        whole = (await stand.call("GET", url)).json()
        assert {"items", "next"} == set(whole), path
        pages, cursor = [], ""
        while True:
            page = (await stand.call("GET", f"{url}?limit=1{cursor}")).json()
            pages += page["items"]
            if page["next"] is None:
                break
            assert len(page["items"]) == 1
            cursor = f"&cursor={page['next']}"
        assert pages == whole["items"], path
        seen.append(len(pages))
        assert (await stand.call("GET", f"{url}?cursor=AAAA")).status_code == 422, path
    assert len(seen) > 15
    assert max(seen) > 1


async def test_a_page_goes_on_where_what_ended_it_has_gone(stand: Stand) -> None:
    for id_ in ("a", "b", "c"):
        await stand.call("POST", "/teams", json={"id": id_, "name": id_})
    first = (await stand.call("GET", "/teams?limit=2")).json()
    assert [team["id"] for team in first["items"]] == ["a", "b"]
    await stand.call("DELETE", "/teams/a")
    await stand.call("DELETE", "/teams/b")
    rest = (await stand.call("GET", f"/teams?limit=9&cursor={first['next']}")).json()
    assert "c" not in {team["id"] for team in first["items"]}
    assert [team["id"] for team in rest["items"]][-1] == "nord"


@pytest.mark.parametrize(
    ("path", "ours"),
    [
        ("/audit?before=3", "cursor"),
        ("/calls?page=2", "cursor"),
        ("/kpi/queues?from=0&until=1", "since"),
        ("/kpi/queues?since=0&to=1", "until"),
        ("/agents?per_page=3", "limit"),
    ],
)
async def test_another_word_for_a_parameter_is_told_ours(
    stand: Stand, path: str, ours: str
) -> None:
    answer = await stand.call("GET", path)
    assert answer.status_code == 422
    assert f"it is '{ours}'" in str(answer.json()["errors"])


async def test_a_number_is_found_however_it_is_written(stand: Stand) -> None:
    lost = Told("l1", T0, "+33612345678").queue("support").wait(30_000)
    lost.leave(VisitOutcome.ABANDONED).end(Outcome.ABANDONED)
    engine = open_store(stand.settings.store_url)
    async with engine.begin() as conn:
        await write_facts(conn, lost.facts, T0)
    await engine.dispose()
    for written in ("0612345678", "06 12 34 56 78", "+33612345678", "0033 6 12 34 56 78"):
        for path in ("/calls", "/recall-list"):
            query = {"number": written, "since": "2026-01-01T00:00:00Z"}
            found = (await stand.call("GET", path, params=query)).json()
            assert [one["number"] for one in found["items"]] == ["+33612345678"], (path, written)
    raw = (await stand.call("GET", "/calls?number=+33612345678")).json()
    assert len(raw["items"]) == 1
    for path in ("/calls", "/recall-list", "/callbacks", "/voicemails"):
        none = await stand.call("GET", path, params={"number": "anonymous"})
        assert (none.status_code, none.json()["items"]) == (200, [])


async def test_ranges_take_rfc_3339_and_say_what_is_wrong(stand: Stand) -> None:
    call = Told("c1", T0, "+331").end(Outcome.ABANDONED)  # T0 is 2027-01-15T08:00:00Z
    engine = open_store(stand.settings.store_url)
    async with engine.begin() as conn:
        await write_facts(conn, call.facts, T0)
    await engine.dispose()
    for since, until, count in (
        (str(T0), str(T0 + 1), 1),
        ("2027-01-15T08:00:00Z", "2027-01-15T09:00:00.001+01:00", 1),
        ("2027-01-15T09:00:00+01:00", "2027-01-15T08:00:01Z", 1),
        ("2027-01-15T08:00:00.001Z", "2027-01-16T00:00:00Z", 0),
    ):
        query = {"since": since, "until": until}
        found = (await stand.call("GET", "/calls", params=query)).json()
        assert len(found["items"]) == count, query
    naive = await stand.call("GET", "/kpi/agents?since=2027-01-15T08:00:00&until=1")
    said = {fault["parameter"]: fault["message"] for fault in naive.json()["errors"]}
    assert "no offset" in said["since"]
    assert "write 1000" in said["until"]


async def test_the_audit_log_is_searched_and_tells_details_by_name(stand: Stand) -> None:
    await stand.call("POST", "/teams?comment=neu", json={"id": "x", "name": "X"})
    log = (await stand.call("GET", "/audit?action=create&object=team:x")).json()
    (line,) = log["items"]
    assert isinstance(line["detail"], dict)
    mine = await stand.call("GET", f"/audit?actor={line['actor']}&since={line['at']}")
    assert line in mine.json()["items"]
    assert (await stand.call("GET", f"/audit?until={line['at']}&action=create")).json()[
        "items"
    ] == []


# ---- types -------------------------------------------------------------------------------------

_OTHER: Final[dict[str, tuple[object, ...]]] = {
    "integer": ("1", 1.0, True, False),
    "number": ("1", True, False),
    "boolean": (0, 1, "true", "yes", 1.0),
    "string": (1, True, 1.5),
}


assert ROUTERS  # all bodies are known once all routes are


def _bodies(of: type[BaseModel]) -> set[type[BaseModel]]:
    return {of}.union(*(_bodies(one) for one in of.__subclasses__()))


@pytest.mark.parametrize("body", sorted(_bodies(Body), key=str))
def test_no_field_of_a_body_takes_a_value_of_another_type(body: type[BaseModel]) -> None:
    for name, field in body.model_json_schema()["properties"].items():
        kinds = {one.get("type") for one in field.get("anyOf", [field])}
        if "$ref" in str(field) or not kinds <= {*_OTHER, "null"}:
            continue
        taken = set().union(*(kinds & {kind} for kind in kinds))
        wrong = {
            repr(value): value
            for kind in taken - {"null"}
            for value in _OTHER[kind]
            if not any(_fits(value, other) for other in taken)
        }
        for value in wrong.values():
            faults = _faults(body, {name: value})
            assert any(fault[:1] == (name,) for fault in faults), (name, value)


def _fits(value: object, kind: str | None) -> bool:
    if isinstance(value, bool):
        return kind == "boolean"
    fits: dict[str, tuple[type, ...]] = {
        "integer": (int,),
        "number": (int, float),
        "string": (str,),
    }
    return isinstance(value, fits.get(kind or "", ()))


def _faults(body: type[BaseModel], value: object) -> list[tuple[object, ...]]:
    try:
        body.model_validate(value)
    except ValidationError as error:
        return [item["loc"] for item in error.errors()]
    return []
