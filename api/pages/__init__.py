"""The page at `/` and its files: served from this folder, each by name, nothing else."""

from __future__ import annotations

from importlib.resources import files
from typing import Final

from fastapi import APIRouter
from fastapi.responses import Response

router = APIRouter(include_in_schema=False)

_KINDS: Final = {
    "index.html": "text/html; charset=utf-8",
    "plateau.css": "text/css; charset=utf-8",
    "plateau.js": "text/javascript; charset=utf-8",
    "words.js": "text/javascript; charset=utf-8",
    "icon.svg": "image/svg+xml",
}
_FILES: Final = {name: files(__name__).joinpath(name).read_bytes() for name in _KINDS}


def _answer(name: str) -> Response:
    return Response(_FILES[name], media_type=_KINDS[name], headers={"cache-control": "no-cache"})


@router.get("/")
async def index() -> Response:
    """The live page."""
    return _answer("index.html")


@router.get("/plateau.css")
async def style() -> Response:
    """Its style."""
    return _answer("plateau.css")


@router.get("/plateau.js")
async def script() -> Response:
    """Its script."""
    return _answer("plateau.js")


@router.get("/words.js")
async def words() -> Response:
    """Its words, French and English."""
    return _answer("words.js")


@router.get("/favicon.ico")
@router.get("/icon.svg")
async def icon() -> Response:
    """The icon."""
    return _answer("icon.svg")
