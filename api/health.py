"""Is the web process alive, and are the store and the floor there; metrics for Prometheus."""

from __future__ import annotations

import asyncio
from typing import Literal

from fastapi import APIRouter, Response

from api.auth import AsSupervisor
from api.context import Ctx
from api.metrics import exposition
from api.problems import described
from api.shapes import Instant, Out
from control.client import FloorAbsent, FloorRefused
from control.protocol import Health, TroubleKind
from store.engine import check_store
from store.errors import StoreError

router = APIRouter(tags=["health"])
api_router = APIRouter(tags=["health"])


class Alive(Out):
    """The process answers."""

    status: Literal["alive"] = "alive"


class Wrong(Out):
    """Something that calls need and that does not work, and since when."""

    kind: TroubleKind
    since: Instant


class Readiness(Out):
    """`ready` needs all that a call needs: the store, the floor, its switch, and that each of them
    does what it is for; `wrong` is what the floor finds of that by what it has done lately.

    Without floor or switch, configuration and history are still served.
    """

    ready: bool
    store: Literal["up", "down"]
    floor: Literal["up", "absent"]
    switch: str | None
    wrong: list[Wrong]


class Trouble(Out):
    """Something that calls need and that does not work since then; `detail` says what and why."""

    kind: TroubleKind
    since: Instant
    detail: str


class FloorHealth(Out):
    """How the floor is. It serves calls while `troubles` is empty.

    `unkept_since` is when the oldest of the `journal_unkept` entries came to pass. Calls outwards
    have come no further than the trunk since `trunk_away_since`, null: it carries them, as far as
    is known; callers are served all the same.
    """

    switch: str
    switch_version: str | None
    started_at: Instant
    now: Instant
    calls: int
    agents_signed_in: int
    journal_behind: int
    journal_unkept: int
    store_error: str | None
    counters: dict[str, float]
    unkept_since: Instant | None
    trunk_away_since: Instant | None
    troubles: list[Trouble]


@router.get("/health/live", operation_id="healthLive", summary="Is the process alive")
async def live() -> Alive:
    """Always, if it answers."""
    return Alive()


@router.get(
    "/health/ready",
    operation_id="healthReady",
    summary="Can calls be served",
    responses={503: {"model": Readiness, "description": "Something that calls need is away"}},
)
async def ready(context: Ctx, response: Response) -> Readiness:
    """503 while the store or the floor does not answer, the floor has no switch, or it does not get
    done what calls need: `wrong` says what, and since when.
    """
    health, store_up = await asyncio.gather(_floor(context), _store(context))
    connected = health is not None and health.switch == "connected"
    well = store_up and health is not None and connected and not health.troubles
    if not well:
        response.status_code = 503
    return Readiness(
        ready=well,
        store="up" if store_up else "down",
        floor="absent" if health is None else "up",
        switch=None if health is None else health.switch,
        wrong=[]
        if health is None
        else [Wrong(kind=t.kind, since=t.since) for t in health.troubles],
    )


async def _store(context: Ctx) -> bool:
    try:
        async with asyncio.timeout(2):
            await check_store(context.engine)
    except (StoreError, TimeoutError):
        return False
    return True


async def _floor(context: Ctx) -> Health | None:
    try:
        return await context.health()
    except (FloorAbsent, FloorRefused):
        return None


@api_router.get(
    "/floor",
    operation_id="getFloorHealth",
    summary="How the floor is",
    responses=described(401, 403, 503),
)
async def floor(context: Ctx, _: AsSupervisor) -> FloorHealth:
    """The switch's connection, what SQL lags behind, counters."""
    return FloorHealth.model_validate(await context.health())


@router.get(
    "/metrics",
    operation_id="metrics",
    summary="Metrics for Prometheus",
    response_class=Response,
    responses={
        200: {
            "content": {"text/plain": {"schema": {"type": "string"}}},
            "description": "Prometheus text format",
        }
    },
)
async def metrics(context: Ctx) -> Response:
    """Counts only, no names and no numbers; let the reverse proxy keep it inside."""
    body = exposition(context.metrics, await _floor(context))
    return Response(body, media_type="text/plain; version=0.0.4; charset=utf-8")
