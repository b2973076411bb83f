"""A typed client made from `/openapi.json` by a program of the trade, checked and then used."""

from __future__ import annotations

import asyncio
import importlib
import json
import re
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio

from acd.model import Outcome, VisitOutcome
from api.app import create_app
from api.flow_shapes import NODES
from api.settings import ApiSettings
from ivr import document
from store.engine import open_store
from store.writer import write_facts
from tests.api_stand import PASSWORD, T0, Stand, running
from tests.store.told import Told

pytestmark = pytest.mark.store

USE: Final = '''
"""What an integrator writes."""

from __future__ import annotations

import datetime as dt

from plateau_client import AuthenticatedClient, Client
from plateau_client.api.agents import create_agent, delete_agent, get_agent
from plateau_client.api.calls import get_call, list_calls
from plateau_client.api.flows import create_flow
from plateau_client.api.queues import create_queue, list_queues
from plateau_client.api.sign_in import sign_in
from plateau_client.models import (
    AgentCreated,
    AgentNew,
    CallDetail,
    CallKind,
    Calls,
    FlowDocument,
    FlowDocumentNodes,
    FlowSaved,
    HangUpNode,
    Membership,
    MembershipIn,
    Outcome,
    ProblemDetails,
    QueueIn,
    QueueNode,
    Queues,
    QueueSaved,
    SignInForm,
    SkillLevel,
    Strategy,
    Tokens,
    VisitOutcome,
)


def use(url: str, password: str) -> list[str]:
    with Client(base_url=url) as anybody:
        wrong = sign_in.sync(client=anybody, body=SignInForm(username="admin", password="wrong"))
        assert isinstance(wrong, ProblemDetails)
        tokens = sign_in.sync(client=anybody, body=SignInForm(username="admin", password=password))
    assert isinstance(tokens, Tokens)
    with AuthenticatedClient(base_url=url, token=tokens.access_token) as client:
        return [wrong.type_, *configure(client), *read(client)]


def configure(client: AuthenticatedClient) -> list[str]:
    told: list[str] = []
    queue = create_queue.sync(
        client=client, body=QueueIn(id="vip", name="VIP", strategy=Strategy.RING_ALL)
    )
    assert isinstance(queue, QueueSaved)
    strategy: Strategy = queue.strategy
    told.append(strategy.value)
    place = MembershipIn(queue="vip", priority=2)
    agent = create_agent.sync(
        client=client, body=AgentNew(id="1009", name="Zoé", queues=[place], pin="1234")
    )
    assert isinstance(agent, AgentCreated)
    assert agent.sip is not None
    secret: str = agent.sip.secret
    places: list[Membership] = agent.queues
    skills: list[SkillLevel] = agent.skills
    told.append(f"{len(secret)} {places[0].priority} {len(skills)} {agent.team}")
    again = create_agent.sync_detailed(client=client, body=AgentNew(id="1009", name="Zoé"))
    assert isinstance(again.parsed, ProblemDetails)
    told.append(f"{again.status_code} {again.parsed.type_}")
    tried = delete_agent.sync_detailed("1009", client=client, if_match='"other"')
    assert isinstance(tried.parsed, ProblemDetails)
    told.append(f"{tried.status_code} {tried.parsed.detail}")
    nobody = get_agent.sync(client=client, agent_id="none")
    assert isinstance(nobody, ProblemDetails)
    told.append(nobody.type_)

    nodes = FlowDocumentNodes()
    nodes["q"] = QueueNode(kind="queue", queue="vip")
    nodes["end"] = HangUpNode(kind="hang_up", outcome=Outcome.SELF_SERVICE)
    flow = create_flow.sync(client=client, body=FlowDocument(flow="f", start="q", nodes=nodes))
    assert isinstance(flow, FlowSaved), flow
    told.append(f"{flow.id} {flow.latest}")

    return told


def read(client: AuthenticatedClient) -> list[str]:
    told: list[str] = []
    queues = list_queues.sync(client=client, limit=1)
    assert isinstance(queues, Queues)
    ids: list[str] = [one.id for one in queues.items]
    following: str | None = queues.next_
    told.append(f"{ids} {following}")

    since = dt.datetime(2027, 1, 15, 9, 0, 0, tzinfo=dt.timezone(dt.timedelta(hours=1)))
    calls = list_calls.sync(client=client, since=since, kind=CallKind.INBOUND)
    assert isinstance(calls, Calls)
    for call in calls.items:
        ended: int | None = call.ended_at
        outcome: Outcome | None = call.outcome
        told.append(f"{call.id} {ended is not None} {outcome}")
        one = get_call.sync(call.id, client=client)
        assert isinstance(one, CallDetail)
        left: VisitOutcome | None = one.visits[0].outcome
        told.append(f"{left}")
    return told
'''


def description(folder: Path) -> dict[str, Any]:
    settings = ApiSettings("sqlite://", folder / "control", folder, "s" * 40)
    return create_app(settings).openapi()


def _run(*command: str, folder: Path) -> str:
    done = subprocess.run(
        [sys.executable, "-m", *command], cwd=folder, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout + done.stderr


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder with the client as the generator made it."""
    made = tmp_path_factory.mktemp("client")
    (made / "openapi.json").write_text(json.dumps(description(made)))
    (made / "generate.yaml").write_text("post_hooks: []\n")
    said = _run(
        "openapi_python_client", "generate", "--path", "openapi.json", "--meta", "none",
        "--output-path", "plateau_client", "--config", "generate.yaml", "--fail-on-warning",
        folder=made,
    )  # fmt: skip
    assert "WARNING" not in said.upper()
    (made / "use.py").write_text(USE)
    sys.path.insert(0, str(made))
    yield made
    sys.path.remove(str(made))


@pytest_asyncio.fixture
async def stand(tmp_path: Path) -> AsyncIterator[Stand]:
    async with running(tmp_path) as made:
        yield made


async def test_a_generated_client_signs_in_configures_and_reads(stand: Stand, folder: Path) -> None:
    lost = Told("l1", T0, "+33612345678").queue("vip").wait(30_000)
    lost.leave(VisitOutcome.ABANDONED).end(Outcome.ABANDONED)
    engine = open_store(stand.settings.store_url)
    async with engine.begin() as conn:
        await write_facts(conn, lost.facts, T0)
    await engine.dispose()
    used = importlib.import_module("use")
    told = await asyncio.to_thread(used.use, stand.url, PASSWORD)
    kind = "urn:plateau:problem:"
    assert told == [
        f"{kind}wrong-password",
        "ring_all",
        "24 2 0 None",
        f"409 {kind}already-there",
        "412 Somebody has changed it since you read it: read it again, then change it.",
        f"{kind}not-found",
        "f 1",
        "['vip'] None",
        "l1 True abandoned",
        "abandoned",
    ]


def test_what_an_integrator_writes_with_it_is_checked_strictly(folder: Path) -> None:
    _run("mypy", "--strict", "--cache-dir", "types", "use.py", folder=folder)


# ---- the description itself --------------------------------------------------------------------


def _operations(told: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    for path, methods in told["paths"].items():
        for method, operation in methods.items():
            yield path, method, operation


def test_names_are_plain_and_every_answer_is_typed(tmp_path: Path) -> None:
    told = description(tmp_path)
    assert all(name.isalnum() and name[0].isupper() for name in told["components"]["schemas"])
    ids = [operation["operationId"] for _, _, operation in _operations(told)]
    assert len(set(ids)) == len(ids)
    assert all(id_.isalnum() for id_ in ids)
    problem = {"$ref": "#/components/schemas/ProblemDetails"}
    for path, method, operation in _operations(told):
        for status, answer in operation["responses"].items():
            where = f"{method} {path} {status}"
            if status == "204":
                continue
            shapes = [held.get("schema") for held in answer["content"].values()]
            assert all(shapes), where
            if int(status) >= 400 and path != "/health/ready":
                assert shapes == [problem], where
            if status in ("429", "503") and path != "/health/ready":
                assert "Retry-After" in answer["headers"], where
        if path.startswith("/api/"):
            assert {"422", "500"} <= set(operation["responses"]), (method, path)
        if "If-Match" in {one["name"] for one in operation.get("parameters", ())}:
            assert {"200", "412"} <= set(operation["responses"]), (method, path)


def test_nodes_of_flows_are_described_as_they_are_read() -> None:
    described = {
        shape.model_fields["kind"].annotation.__args__[0]: shape  # type: ignore[union-attr]
        for shape in NODES
    }
    assert described.keys() == document._KEYS.keys()
    for kind, (known, required) in document._KEYS.items():
        fields = described[kind].model_fields
        assert fields.keys() - {"kind"} == set(known), kind
        needed = {name for name, field in fields.items() if field.is_required()}
        assert needed - {"kind"} == set(required), kind


async def test_the_reference_shows_every_operation_and_schema_and_loads_nothing_else(
    stand: Stand,
) -> None:
    answer = await stand.http.get("/docs")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "text/html; charset=utf-8")
    told = (await stand.http.get("/openapi.json")).json()
    for _, _, operation in _operations(told):
        assert f'<details id="{operation["operationId"]}">' in answer.text
    for name in told["components"]["schemas"]:
        assert f'<details id="schema-{name}">' in answer.text
    targets = set(re.findall(r'href="#([^"]+)"', answer.text))
    assert targets <= set(re.findall(r'id="([^"]+)"', answer.text))
    assert "<script" not in answer.text
    assert " style=" not in answer.text
    for loaded in re.findall(r'<link [^>]*href="([^"]+)"', answer.text):
        assert (await stand.http.get(loaded)).status_code == 200
