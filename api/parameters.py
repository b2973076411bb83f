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
    unknown = [name for name in dict.fromkeys(connection.query_params) if name not in known]
    if unknown:
        told = [_sentences(name, known) for name in unknown]
        faults = [
            Fault(parameter=name, message=english)
            for name, (english, _) in zip(unknown, told, strict=True)
        ]
        more = f" ({len(told)} faults in all)" if len(told) > 1 else ""
        plus = f" ({len(told)} fautes en tout)" if len(told) > 1 else ""
        english, french = told[0]
        raise Problem(422, "invalid", f"{english}{more}", f"{french}{plus}", errors=faults)


def _names(dependant: Dependant) -> set[str]:
    """The query parameters of a route or a dependency, and of all that it depends on."""
    names = {field.alias for field in dependant.query_params}
    return names.union(*(_names(inner) for inner in dependant.dependencies))


def _sentences(name: str, known: list[str]) -> tuple[str, str]:
    """In English and in French: there is no such parameter, and which is meant."""
    shown = name[:60]
    english = f"There is no parameter {shown!r} here; "
    french = f"Il n’y a pas de paramètre « {shown} » ici ; "
    meant = RENAMED.get(shown)
    if meant in known:
        return f"{english}it is {meant!r}.", f"{french}c’est « {meant} »."
    near = get_close_matches(shown, known, 1)
    if near:
        return f"{english}did you mean {near[0]!r}?", f"{french}vouliez-vous dire « {near[0]} » ?"
    there = ", ".join(known)
    return f"{english}there are: {there or 'none'}.", f"{french}il y a : {there or 'aucun'}."
