"""Requests made up from `/openapi.json` by schemathesis: what comes back is always as described.

`MAX=200 make test ONLY=tests/store/test_api_generated.py` is the long form.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any, Final

import pytest
import pytest_asyncio
import requests
import schemathesis
from hypothesis import HealthCheck, Phase, given, seed, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    negative_data_rejection,
    response_headers_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from tests.api_stand import Stand, running
from tests.store.test_api_config import import_whole

pytestmark = pytest.mark.store

MOST: Final = int(os.environ.get("MAX", "1"))
"""Requests of each kind for each operation."""

CHECKS: Final = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_headers_conformance,
    response_schema_conformance,
]
UNLIKE_SCHEMA: Final = {
    # Their bodies are documents that are read as they are: a schema says less than the reader.
    "createFlow", "updateFlow", "checkFlow", "putConfig",
}  # fmt: skip


@pytest_asyncio.fixture
async def stand(tmp_path: Path) -> AsyncIterator[Stand]:
    calm = {"requests_burst": 1_000_000, "requests_per_s": 1e6, "floor_timeout_s": 5.0}
    async with running(tmp_path, **calm) as made:
        await import_whole(made)
        yield made


@pytest.mark.parametrize("mode", [GenerationMode.POSITIVE, GenerationMode.NEGATIVE])
async def test_answers_are_as_described(stand: Stand, mode: GenerationMode) -> None:
    key = {"name": "made", "role": "administrator", "expires_in_days": None}
    secret = (await stand.call("POST", "/api-keys", json=key)).json()["secret"]
    told = (await stand.http.get("/openapi.json")).json()
    faults = await asyncio.to_thread(_try_all, told, stand.url, {"X-API-Key": secret}, mode)
    assert not faults, "\n\n".join(faults)


def _try_all(
    told: dict[str, Any], url: str, headers: dict[str, str], mode: GenerationMode
) -> list[str]:
    schema = schemathesis.openapi.from_dict(told)
    faults: list[str] = []
    with requests.Session() as session:
        session.headers.update(headers)
        for found in schema.get_all_operations():
            operation: Any = found.ok()  # type: ignore[union-attr]
            if mode is GenerationMode.NEGATIVE and not _has_input(operation):
                continue
            try:
                _try(operation, session, url, mode)
            except Exception as error:  # noqa: BLE001 - each operation is tried, all are told
                faults.append(f"{operation.label}: {error}"[:3000])
    return faults


def _has_input(operation: Any) -> bool:
    return bool(operation.body or operation.query or operation.path_parameters)


def _try(operation: Any, session: requests.Session, url: str, mode: GenerationMode) -> None:
    checks = list(CHECKS)
    if mode is GenerationMode.NEGATIVE:
        name = operation.definition.raw["operationId"]
        checks += [] if name in UNLIKE_SCHEMA else [negative_data_rejection]

    @seed(7)
    @settings(
        max_examples=MOST,
        deadline=None,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def once(case: Any) -> None:
        response = case.call(base_url=url, session=session)
        case.validate_response(response, checks=checks)

    once()
