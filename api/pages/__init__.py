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
_SERVED: Final = {
    "/": ("index.html", _HTML),
    "/agent": ("agent.html", _HTML),
    "/plateau.css": ("plateau.css", "text/css; charset=utf-8"),
    "/plateau.js": ("plateau.js", _SCRIPT),
    "/agent.js": ("agent.js", _SCRIPT),
    "/session.js": ("session.js", _SCRIPT),
    "/stream.js": ("stream.js", _SCRIPT),
    "/words.js": ("words.js", _SCRIPT),
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
