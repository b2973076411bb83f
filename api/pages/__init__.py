"""The live floor at `/`, an agent's desk at `/agent`, and their files, each by name."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from importlib.resources import files
from typing import Final

from fastapi import APIRouter
from fastapi.responses import Response

router = APIRouter(include_in_schema=False)

_HTML: Final = "text/html; charset=utf-8"
_SCRIPT: Final = "text/javascript; charset=utf-8"
_STYLE: Final = "text/css; charset=utf-8"
_SCRIPTS: Final = (
    "plateau", "filters", "queues", "calls", "agents", "panel", "agent_panel", "call_panel",
    "agent", "desk", "desk_call", "desk_callbacks",
    "session", "stream", "draw", "language", "words",
)  # fmt: skip
_SERVED: Final = {
    "/": ("index.html", _HTML),
    "/agent": ("agent.html", _HTML),
    **{f"/{name}.css": (f"{name}.css", _STYLE) for name in ("plateau", "floor", "desk", "docs")},
    **{f"/{name}.js": (f"{name}.js", _SCRIPT) for name in _SCRIPTS},
    "/icon.svg": ("icon.svg", "image/svg+xml"),
    "/favicon.ico": ("icon.svg", "image/svg+xml"),
}


def _served(name: str, kind: str) -> Callable[[], Awaitable[Response]]:
    content = files(__name__).joinpath(name).read_bytes()

    async def serve() -> Response:
        return Response(content, media_type=kind, headers={"cache-control": "no-cache"})

    return serve


for _path, (_name, _kind) in _SERVED.items():
    router.add_api_route(_path, _served(_name, _kind), methods=["GET"])
