"""Query parameters that nobody reads are faults: a misspelt `dry_run` must not change anything."""

from __future__ import annotations

from difflib import get_close_matches
from typing import Final

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from starlette.requests import HTTPConnection

from api.problems import Fault, Problem

RENAMED: Final = {
    "before": "cursor",
    "after": "cursor",
    "page": "cursor",
    "offset": "cursor",
    "from": "since",
    "to": "until",
    "start": "since",
    "end": "until",
    "per_page": "limit",
}
"""What some call a parameter, and what we call it: one word for one thing, everywhere."""


async def only_known(connection: HTTPConnection) -> None:
    """Refuse a query parameter that the route does not have (dependency). Raises Problem 422."""
    route = connection.scope.get("route")
    if not isinstance(route, APIRoute) or not connection.query_params:
        return
    known = sorted(_names(route.dependant))
    faults = [
        Fault(parameter=name, message=_sentence(name, known))
        for name in dict.fromkeys(connection.query_params)
        if name not in known
    ]
    if faults:
        more = f" ({len(faults)} faults in all)" if len(faults) > 1 else ""
        raise Problem(422, "invalid", f"{faults[0].message}{more}", errors=faults)


def _names(dependant: Dependant) -> set[str]:
    """The query parameters of a route or a dependency, and of all that it depends on."""
    names = {field.alias for field in dependant.query_params}
    return names.union(*(_names(inner) for inner in dependant.dependencies))


def _sentence(name: str, known: list[str]) -> str:
    shown = name[:60]
    meant = RENAMED.get(shown)
    if meant in known:
        return f"There is no parameter {shown!r} here; it is {meant!r}."
    near = get_close_matches(shown, known, 1)
    if near:
        return f"There is no parameter {shown!r} here; did you mean {near[0]!r}?"
    return f"There is no parameter {shown!r} here; there are: {', '.join(known) or 'none'}."
