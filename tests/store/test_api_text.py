"""Arbitrary text in every field that REST takes: refused with a place, or kept and told back."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from acd.texts import UNFIT
from api.config_yaml import read_yaml
from ivr.document import load
from ivr.model import QueueNode
from tests.api_stand import Stand, running

pytestmark = pytest.mark.store

JSON, YAML = {"content-type": "application/json"}, {"content-type": "application/yaml"}
CROWN = {
    "flow": "emd",
    "start": "q",
    "nodes": {"q": {"kind": "queue", "queue": "care", "data": {"client": "VIP 👑"}}},
}
ODD = st.text(
    st.one_of(
        st.characters(),
        st.characters(categories=["Cs", "Cc", "Cf", "Co", "Cn", "Zs", "Zl", "Zp"]),
        st.sampled_from("\ud83d\udc51\0\x1b\x7f\u202e\u2066\ufeff\ufffe\"'\\<>&{}[]:#-|%\t\r\n"),
    ),
    max_size=40,
)
SOME = settings(
    max_examples=20,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest_asyncio.fixture
async def stand(url: str, tmp_path: Path) -> AsyncIterator[Stand]:
    async with running(tmp_path, store_url=url) as made:
        care = {"id": "care", "name": "Clients"}
        assert (await made.call("POST", "/queues", json=care)).status_code == 201
        yield made


@pytest_asyncio.fixture
async def plain(tmp_path: Path) -> AsyncIterator[Stand]:
    """On SQLite only: what is refused at the door meets no database."""
    async with running(tmp_path) as made:
        yield made


# ---- flows, as people send them -----------------------------------------------------------------


async def test_a_flow_as_any_program_writes_it_is_kept_with_its_crown(stand: Stand) -> None:
    text = json.dumps(CROWN)
    assert "\\ud83d\\udc51" in text
    checked = await stand.call("POST", "/flows/check", content=text, headers=JSON)
    assert checked.json() == {"usable": True, "faults": []}
    made = await stand.call("POST", "/flows", content=text, headers=JSON)
    assert made.status_code == 201, made.text
    kept = (await stand.call("GET", "/flows/emd/versions/1")).json()["document"]
    node = load(kept).nodes["q"]
    assert isinstance(node, QueueNode)
    assert node.data == {"client": "VIP 👑"}
    assert (await stand.call("PUT", "/flows/emd", content=text, headers=YAML)).status_code == 200


@pytest.mark.parametrize("headers", [JSON, YAML], ids=["json", "yaml"])
async def test_half_a_character_in_a_flow_has_its_place_everywhere(
    stand: Stand, headers: dict[str, str]
) -> None:
    text = json.dumps(CROWN, indent=1).replace("\\udc51", "")
    line = next(n for n, each in enumerate(text.split("\n"), 1) if "client" in each)
    column = text.split("\n")[line - 1].index("\\ud83d") + 1
    for method, path in (("POST", "/flows"), ("PUT", "/flows/emd")):
        if method == "PUT":
            whole = json.dumps(CROWN)
            await stand.call("POST", "/flows", content=whole, headers=JSON)
        answer = await stand.call(method, path, content=text, headers=headers)
        assert answer.status_code == 422, answer.text
        assert [(f["line"], f["column"]) for f in answer.json()["errors"]] == [(line, column)]
    checked = (await stand.call("POST", "/flows/check", content=text, headers=headers)).json()
    assert (checked["usable"], checked["faults"][0]["line"]) == (False, line)
    whole = json.dumps({"flows": {"emd": {"document": text}}})
    answer = await stand.call("PUT", "/config", content=whole, headers=headers)
    assert answer.status_code == 422
    assert f"line {line} of the text" in answer.json()["errors"][0]["message"]
    assert (await stand.call("GET", "/flows/emd")).json()["latest"] == 1


@SOME
@given(text=ODD)
async def test_what_a_flow_attaches_is_refused_or_told_back(stand: Stand, text: str) -> None:
    document = json.loads(json.dumps(CROWN))
    document["nodes"]["q"]["data"]["client"] = text
    sent = json.dumps(document)
    path, method = "/flows", "POST"
    if (await stand.call("GET", "/flows/emd")).status_code == 200:
        path, method = "/flows/emd", "PUT"
    answer = await stand.call(method, path, content=sent, headers=JSON)
    whole = json.loads(json.dumps(text).encode().decode())  # both halves, if they meet, are one
    if answer.is_success:
        version = answer.json()["latest"]
        kept = (await stand.call("GET", f"/flows/emd/versions/{version}")).json()["document"]
        node = load(kept).nodes["q"]
        assert isinstance(node, QueueNode)
        assert node.data == {"client": whole}
        assert not UNFIT.search(whole)
    else:
        assert answer.status_code == 422
        assert all(fault["line"] and fault["column"] for fault in answer.json()["errors"])
        assert UNFIT.search(whole) or not whole.strip()


@SOME
@given(text=ODD)
async def test_a_name_is_refused_or_told_back_by_each_door(stand: Stand, text: str) -> None:
    whole = json.loads(json.dumps(text))
    told = []
    team = json.dumps({"teams": {"a": {"name": text}}})
    for method, path, sent, headers in (
        ("PUT", "/config", team, JSON),
        ("PUT", "/config", team, YAML),
        ("PUT", "/teams/a", json.dumps({"name": text}), JSON),
    ):
        if path == "/teams/a":
            await stand.call("PUT", "/config", json={"teams": {"a": {"name": "A"}}})
        answer = await stand.call(method, path, content=sent, headers=headers)
        told.append(answer.is_success)
        if not answer.is_success:
            assert answer.status_code == 422, answer.text
            assert all(f.get("line") or f.get("pointer") for f in answer.json()["errors"])
            continue
        assert (await stand.call("GET", "/teams/a")).json()["name"] == whole.strip()
        yaml = await stand.call("GET", "/config", headers={"accept": "application/yaml"})
        teams = read_yaml(yaml.text).configuration.teams or {}
        assert teams["a"].name == whole.strip()
    assert len(set(told)) == 1, (text, told)


# ---- every field there is -----------------------------------------------------------------------

IDS = {
    "agent_id": "1001",
    "queue_id": "care",
    "user_id": "boss",
    "flow_id": "emd",
    "version": "1",
    "other": "1",
}
ALLOWED = (
    "bidi \u202e\u2066 marks",
    'q"u<o>t&e',
    "👑 Zoë 中文 \U0001f469\u200d\U0001f680",
    "x" * 9_000,
)


def sample(schemas: dict[str, Any], schema: dict[str, Any]) -> object:
    """A value of this shape with every field there is."""
    if "$ref" in schema:
        return sample(schemas, schemas[schema["$ref"].rpartition("/")[2]])
    for key in ("anyOf", "oneOf", "allOf"):
        if key in schema:
            return sample(schemas, next(each for each in schema[key] if each.get("type") != "null"))
    if "const" in schema:
        return schema["const"]
    if "enum" in schema:
        return schema["enum"][0]
    if schema.get("examples"):
        return schema["examples"][0]
    match schema.get("type"):
        case "object":
            made = {n: sample(schemas, each) for n, each in schema.get("properties", {}).items()}
            more = schema.get("additionalProperties")
            if isinstance(more, dict):
                made["fr" if "propertyNames" in schema else "a1"] = sample(schemas, more)
            return made
        case "array":
            return [sample(schemas, schema["items"])] if "items" in schema else []
        case "integer" | "number":
            return schema.get("minimum", 1)
        case "boolean":
            return True
        case _:
            return "a1"


def leaves(value: object, at: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Every text in a value, keys of tables too (with a trailing `*`)."""
    if isinstance(value, dict):
        for key, each in value.items():
            yield (*at, key, "*")
            yield from leaves(each, (*at, key))
    elif isinstance(value, list):
        for index, each in enumerate(value):
            yield from leaves(each, (*at, index))
    elif isinstance(value, str):
        yield at


def changed(value: Any, at: tuple[str | int, ...], text: str) -> Any:
    """The value with this text at this place."""
    if not at:
        return text
    if at[1:] == ("*",):
        return {(text if key == at[0] else key): each for key, each in value.items()}
    if isinstance(value, dict):
        return {k: changed(e, at[1:], text) if k == at[0] else e for k, e in value.items()}
    return [changed(e, at[1:], text) if n == at[0] else e for n, e in enumerate(value)]


def filled(path: str) -> str:
    """The path with something in the place of its parameters."""
    for name in path.split("{")[1:]:
        word = name.partition("}")[0]
        path = path.replace("{" + word + "}", IDS.get(word, "a1"))
    return path.removeprefix("/api/v1")


async def test_every_field_of_every_body_refuses_what_cannot_be_kept(plain: Stand) -> None:
    described = (await plain.http.get("/openapi.json")).json()
    schemas = described["components"]["schemas"]
    tried = fields = 0
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            content = operation.get("requestBody", {}).get("content", {})
            shape = content.get("application/json", {}).get("schema")
            if shape is None or "/config" in path or "/flows" in path:  # documents: see above
                continue
            whole = sample(schemas, shape)
            tried += 1
            for number, place in enumerate(leaves(whole)):
                fields += 1
                bad = json.dumps(changed(whole, place, "a\ud83d"))
                answer = await plain.call(method, filled(path), content=bad, headers=JSON)
                assert answer.status_code == 422, (method, path, place, answer.text)
                (fault,) = answer.json()["errors"]
                assert fault["column"] == bad.index("\\ud83d") + 1, (method, path, place)
                if place[-1:] != ("*",):
                    assert fault["pointer"] == "".join(f"/{step}" for step in place)
                # What may be kept somewhere is a fault here or is taken, and never breaks anything.
                odd = json.dumps(changed(whole, place, ALLOWED[number % len(ALLOWED)]))
                answer = await plain.call(method, filled(path), content=odd, headers=JSON)
                assert answer.status_code < 500, (method, path, place, answer.text)
    assert tried > 40
    assert fields > 150


async def test_every_parameter_refuses_what_cannot_be_kept(plain: Stand) -> None:
    described = (await plain.http.get("/openapi.json")).json()
    tried = 0
    for path, operations in described["paths"].items():
        for method, operation in operations.items():
            for parameter in operation.get("parameters", ()):
                name = parameter["name"]
                if parameter["in"] not in ("query", "path") or not path.startswith("/api/"):
                    continue
                for raw in ("a%00", "a%ED%A0%BD", "%FF", "a%1B%5B2J"):
                    if parameter["in"] == "query":
                        asked = f"{filled(path)}?{name}={raw}"
                    else:
                        asked = filled(path.replace("{" + name + "}", raw))
                    answer = await plain.call(method, asked)
                    tried += 1
                    assert answer.status_code == 422, (method, asked, answer.text)
    assert tried > 300


@pytest.mark.parametrize(
    ("body", "line", "column"),
    [
        (b'{"name": "a",\n "name": "b"}', 2, 2),
        (b'{"name": NaN}', 1, 10),
        (b'{"name": 1e999}', 1, 10),
        (b'{"name": "\xff"}', 1, 11),
        (b'{"name": ' + b"[" * 100_000 + b"}", 1, 39),
        (b'{"name": "a\nb"}', 1, 12),
        (b"{'name': 1}", 1, 2),
        (b'{"name": "A"} x', 1, 15),
        (b"\xff\xfe{\x00}\x00", 1, 1),
    ],
)
async def test_what_is_no_json_is_refused_with_its_place(
    plain: Stand, body: bytes, line: int, column: int
) -> None:
    answer = await plain.call("PUT", "/teams/a", content=body, headers=JSON)
    assert answer.status_code == 422, answer.text
    (fault,) = answer.json()["errors"]
    assert (fault["line"], fault["column"]) == (line, column)
    large = b'{"name": "' + b"x" * 10_000_000 + b'"}'
    assert (await plain.call("PUT", "/teams/a", content=large, headers=JSON)).status_code == 413


async def test_a_sign_in_with_whatever_bytes_is_refused(plain: Stand) -> None:
    kind = {"content-type": "application/x-www-form-urlencoded"}
    for raw in (b"a%00", b"a%ED%A0%BD", b"%FF", b"\xff\xfe", b"x" * 100_000):
        form = b"username=" + raw + b"&password=" + raw
        answer = await plain.http.post("/api/v1/token", content=form, headers=kind)
        assert answer.status_code in (401, 422, 429), answer.text
        for path in ("refresh", "revoke"):
            form = b"refresh_token=" + raw + b"&token=" + raw
            answer = await plain.http.post(f"/api/v1/token/{path}", content=form, headers=kind)
            assert answer.status_code < 500, answer.text
