"""Puts the web process together. Every route stands in one of `ROUTERS`."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Final

from fastapi import APIRouter, FastAPI

from api import (
    agents,
    calls,
    flows,
    health,
    kpis,
    live,
    numbers,
    pages,
    problems,
    queues,
    recordings,
    sign_in,
    skills,
    users,
)
from api.context import Context
from api.feed import LiveFeed
from api.metrics import ApiMetrics
from api.middleware import Surroundings
from api.settings import ApiSettings
from api.tokens import Tickets
from control.client import FloorClient
from store.engine import open_store

API_PREFIX: Final = "/api/v1"
ROUTERS: Final[tuple[tuple[str, APIRouter], ...]] = (
    (API_PREFIX, sign_in.router),
    (API_PREFIX, live.router),
    (API_PREFIX, live.stream_router),
    (API_PREFIX, agents.router),
    (API_PREFIX, queues.router),
    (API_PREFIX, skills.router),
    (API_PREFIX, flows.router),
    (API_PREFIX, numbers.router),
    (API_PREFIX, calls.router),
    (API_PREFIX, recordings.router),
    (API_PREFIX, kpis.router),
    (API_PREFIX, users.router),
    (API_PREFIX, health.api_router),
    ("", health.router),
    ("", pages.router),
)

_TAGS: Final = [
    {"name": "sign-in", "description": "Tokens and who the credentials belong to."},
    {"name": "live", "description": "Queues, agents and calls as they are now."},
    {"name": "agents", "description": "Agents, their SIP accounts and what they do."},
    {"name": "queues", "description": "Where callers wait."},
    {"name": "skills", "description": "What agents have and queues ask for."},
    {"name": "flows", "description": "The SVI (IVR): documents in versions."},
    {"name": "numbers", "description": "Which flow a dialled number leads to."},
    {"name": "calls", "description": "What happened to each call, and why."},
    {"name": "recordings", "description": "Conversations as audio."},
    {"name": "kpi", "description": "Indicators per queue, agent and interval."},
    {"name": "administration", "description": "Accounts, API keys, the audit log."},
    {"name": "health", "description": "For orchestrators and Prometheus."},
]

_DESCRIPTION: Final = """\
The web side of Plateau, a contact-centre engine. Instants are UTC milliseconds, durations carry
their unit in the name. Errors are problem details (RFC 9457). A change of configuration is answered
once the floor has taken it; `warnings` says what keeps it from being in force.
"""


def _utc_ms() -> int:
    return time.time_ns() // 1_000_000


def create_app(settings: ApiSettings, now_ms: Callable[[], int] = _utc_ms) -> FastAPI:
    """The application. Opens the store and the control channel when it starts, not before.

    `now_ms` is UTC milliseconds.
    """

    metrics = ApiMetrics()

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        floor = FloorClient(settings.control_socket)
        feed = LiveFeed(floor, now_ms)
        engine = open_store(settings.store_url)
        app.state.context = Context(settings, engine, floor, feed, Tickets(), metrics, now_ms)
        feed.start()
        try:
            yield
        finally:
            await feed.stop()
            await floor.close()
            await engine.dispose()

    app = FastAPI(
        title="Plateau",
        version=version("plateau"),
        description=_DESCRIPTION,
        openapi_tags=_TAGS,
        docs_url=None,  # FastAPI's pages load scripts from elsewhere; the CSP forbids it
        redoc_url=None,
        openapi_url="/openapi.json",
        lifespan=lifespan,
        responses={422: problems.described(422)[422]},
    )
    for prefix, router in ROUTERS:
        app.include_router(router, prefix=prefix)
    problems.install(app)
    problems.describe(app)
    app.add_middleware(Surroundings, metrics=metrics, max_body_bytes=settings.max_body_bytes)
    return app
