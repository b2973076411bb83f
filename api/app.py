"""Puts the web process together. Every route stands in one of `ROUTERS`."""

from __future__ import annotations

import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from importlib.metadata import version
from typing import Final

from fastapi import APIRouter, Depends, FastAPI

from api import (
    agent_config,
    agents,
    alert_rules,
    alerts,
    booking,
    calendars,
    callbacks,
    calls,
    configuration,
    flows,
    health,
    kpis,
    live,
    numbers,
    openapi,
    outside,
    pages,
    parameters,
    pause_reasons,
    problems,
    queues,
    recall_list,
    recalling,
    recordings,
    reference,
    seats,
    sign_in,
    skills,
    supervision,
    talks,
    teams,
    users,
    voicemails,
)
from api.context import Context
from api.feed import LiveFeed
from api.metrics import ApiMetrics
from api.middleware import Surroundings
from api.rates import OpenStreams, Rates
from api.settings import ApiSettings
from api.tokens import Tickets
from control.client import FloorClient
from store.engine import open_store

API_PREFIX: Final = "/api/v1"
ROUTERS: Final[tuple[tuple[str, APIRouter], ...]] = (
    (API_PREFIX, sign_in.router),
    (API_PREFIX, live.router),
    (API_PREFIX, live.stream_router),
    (API_PREFIX, agent_config.router),
    (API_PREFIX, agents.router),
    (API_PREFIX, talks.router),
    (API_PREFIX, supervision.router),
    (API_PREFIX, teams.router),
    (API_PREFIX, seats.router),
    (API_PREFIX, pause_reasons.router),
    (API_PREFIX, queues.router),
    (API_PREFIX, calendars.router),
    (API_PREFIX, outside.router),
    (API_PREFIX, skills.router),
    (API_PREFIX, alert_rules.router),
    (API_PREFIX, alerts.router),
    (API_PREFIX, flows.router),
    (API_PREFIX, numbers.router),
    (API_PREFIX, configuration.router),
    (API_PREFIX, calls.router),
    (API_PREFIX, callbacks.router),
    (API_PREFIX, booking.router),
    (API_PREFIX, recall_list.router),
    (API_PREFIX, recalling.router),
    (API_PREFIX, voicemails.router),
    (API_PREFIX, recordings.router),
    (API_PREFIX, kpis.router),
    (API_PREFIX, users.router),
    (API_PREFIX, health.api_router),
    ("", health.router),
    ("", reference.router),
    ("", pages.router),
)

_TAGS: Final = [
    {"name": "sign-in", "description": "Tokens and who the credentials belong to."},
    {"name": "live", "description": "Queues, agents and calls as they are now."},
    {"name": "agents", "description": "Agents, teams, seats, SIP accounts; what agents do."},
    {"name": "call in hand", "description": "What an agent does with a call, as on a telephone."},
    {"name": "supervision", "description": "What supervisors do to agents and calls; audited."},
    {"name": "callbacks", "description": "Customers who are called back, or called after a loss."},
    {"name": "queues", "description": "Where callers wait, when it is open, where calls may go."},
    {"name": "skills", "description": "What agents have and queues ask for."},
    {"name": "flows", "description": "The SVI (IVR): documents in versions."},
    {"name": "numbers", "description": "Which flow a dialled number leads to."},
    {"name": "configuration", "description": "All that people configure, and its versions."},
    {"name": "calls", "description": "What happened to each call, and why."},
    {"name": "voicemails", "description": "Messages that callers left."},
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
        rates = Rates(settings.requests_per_s, settings.requests_burst)
        streams = OpenStreams(settings.streams_each)
        app.state.context = Context(
            settings, engine, floor, feed, Tickets(), metrics, now_ms, rates, streams
        )
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
        # Pages and probes take whatever a browser or an orchestrator appends.
        checks = [Depends(parameters.only_known)] if prefix else []
        app.include_router(router, prefix=prefix, dependencies=checks)
    problems.install(app)
    openapi.describe(app, ROUTERS)
    app.add_middleware(
        Surroundings,
        metrics=metrics,
        max_body_bytes=settings.max_body_bytes,
        limits={f"{API_PREFIX}/config": settings.max_config_bytes},
    )
    return app
