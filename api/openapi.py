"""What `/openapi.json` says beyond the routes' own signatures, so that a client can be made of it.

Every status that can come is there: those that follow from what a route is (who may call it,
whether it changes the configuration, whether it has a body) are added here, the others by the
routes themselves. Names of schemas are plain words: who generates a client gets classes of them.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from http import HTTPStatus
from typing import Any, Final

from fastapi import APIRouter, FastAPI
from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute
from pydantic import BaseModel

from api.auth import Allow
from api.changes import how
from api.config_shapes import Configuration
from api.context import context_of
from api.flow_shapes import FlowDocument
from api.live import Beat
from api.live_shapes import LiveFloor, LiveNews
from api.problems import MEDIA_TYPE, ProblemDetails
from store.rows import Role

Tree = dict[str, Any]
Routers = Sequence[tuple[str, APIRouter]]
"""With the path under which each is included."""

_REF: Final = "#/components/schemas/"
_NONE: Final[Tree] = {MEDIA_TYPE: None}
_HEADERS: Final[dict[int, dict[str, str]]] = {
    401: {"WWW-Authenticate": "the challenge (RFC 6750)"},
    429: {"Retry-After": "seconds until the next may come"},
    503: {"Retry-After": "seconds after which to try again"},
}
_MEANS: Final[dict[int, str]] = {
    401: "Not signed in, or not any more",
    403: "Not allowed to this role, or not about this object",
    412: "If-Match: changed meanwhile",
    413: "The body is too large",
    422: "Something in the request is wrong; `errors` says where",
    429: "Too many at once; `Retry-After` says when to go on",
    500: "A fault of ours; the log has its trace",
    503: "The floor or the database does not answer",
}


def _problem(status: int) -> Tree:
    told: Tree = {
        "description": _MEANS.get(status, HTTPStatus(status).phrase),
        "content": {MEDIA_TYPE: {"schema": {"$ref": f"{_REF}ProblemDetails"}}},
    }
    if status in _HEADERS:
        told["headers"] = {
            name: {"description": text, "schema": {"type": "string"}}
            for name, text in _HEADERS[status].items()
        }
    return told


# ---- what follows from what a route is ---------------------------------------------------------


def _all(dependant: Dependant) -> Iterator[Dependant]:
    yield dependant
    for inner in dependant.dependencies:
        yield from _all(inner)


def _statuses(route: APIRoute, operation: Tree) -> set[int]:
    """The problems that this route may answer with, whatever it does."""
    found = {500}
    calls = [one.call for one in _all(route.dependant)]
    roles = [call.role for call in calls if isinstance(call, Allow)]
    if roles:
        found |= {401, 429, 503}
    if any(role is not Role.AGENT for role in roles):
        found |= {403}
    if context_of in calls:
        found |= {503}
    if how in calls:
        found |= {409, 412}
    if "requestBody" in operation:
        found |= {413}
    return found | {422}


def _routes(routers: Routers) -> Iterator[tuple[str, APIRoute]]:
    for prefix, router in routers:
        for route in router.routes:
            if isinstance(route, APIRoute) and route.include_in_schema:
                yield prefix + route.path, route


def _complete(routers: Routers, description: Tree) -> None:
    for path, route in _routes(routers):
        for method in route.methods or ():
            operation = description["paths"][path][method.lower()]
            answers = operation["responses"]
            if path.startswith("/api/"):
                for status in sorted(_statuses(route, operation)):
                    answers.setdefault(str(status), {})
            else:
                answers.pop("422", None)
            for status, told in answers.items():
                if int(status) >= 400 and told.get("content", _NONE).keys() <= _NONE.keys():
                    answers[status] = _problem(int(status))
            if how in [one.call for one in _all(route.dependant)]:
                _changes(answers)
            operation["responses"] = dict(sorted(answers.items()))


def _changes(answers: Tree) -> None:
    """A change of the configuration: its ETag, and what a dry run of one that creates answers."""
    done = answers.get("201") or answers["200"]
    if "201" in answers:
        answers["200"] = {**done, "description": "With `dry_run`: what would be made"}
    done["headers"] = {"ETag": {"description": "for If-Match", "schema": {"type": "string"}}}


# ---- names and shapes --------------------------------------------------------------------------


def _plain_names(names: list[str]) -> dict[str, str]:
    """What each schema is called. What is sent and what is told may differ: the former is `…In`."""
    plain: dict[str, str] = {}
    for name in names:
        short = name.removesuffix("-Output")
        if name.endswith("-Input"):
            short = name.removesuffix("-Input")
            short = f"{short}In" if f"{short}-Output" in names or short in names else short
        if short.startswith("Body_"):
            short = f"{short[5].upper()}{short[6:]}Form"
        plain[name] = short
    if len(set(plain.values())) < len(plain):
        raise ValueError("two schemas would have one name")
    return plain


def _tidy(tree: Any, names: dict[str, str]) -> Any:
    """The same with plain names, whole numbers as such, and maps that say what they hold."""
    if isinstance(tree, list):
        return [_tidy(one, names) for one in tree]
    if isinstance(tree, float) and tree.is_integer():
        return int(tree)
    if not isinstance(tree, dict):
        return tree
    made: Tree = {}
    for key, value in tree.items():
        if key == "$ref" and isinstance(value, str) and value.startswith(_REF):
            name = value.removeprefix(_REF)
            if name == "JsonValue":  # anything: a name for it would be a class without a use
                continue
            made[key] = _REF + names.get(name, name)
        elif key == "patternProperties" and isinstance(value, dict) and len(value) == 1:
            (pattern, held), *_ = value.items()
            made["additionalProperties"] = _tidy(held, names)
            made.setdefault("propertyNames", {})["pattern"] = pattern
        elif key == "propertyNames":
            made[key] = {**value, **made.get(key, {})}
        elif key == "properties" and isinstance(value, dict):
            made[key] = {name: _untitled(_tidy(one, names)) for name, one in value.items()}
        elif key != "default" or value is not None or _may_be_null(tree):
            made[key] = _tidy(value, names)
    return made


def _may_be_null(schema: Tree) -> bool:
    return schema.get("type") == "null" or {"type": "null"} in schema.get("anyOf", ())


def _untitled(schema: Tree) -> Tree:
    """Without the title that repeats the field's name."""
    return {key: value for key, value in schema.items() if key != "title"}


def _with_sent(schemas: Tree, shape: type[BaseModel]) -> None:
    """The schema of what is sent and read as a document, which no route names."""
    made = shape.model_json_schema(ref_template=f"{_REF}{{model}}")
    inner = made.pop("$defs", {})
    told = {name: f"{name}-Input" for name in inner if f"{name}-Input" in schemas}
    for name, schema in {**inner, shape.__name__: made}.items():
        schemas.setdefault(told.get(name, name), _tidy(schema, told))


def _with_live(schemas: Tree) -> None:
    """The messages of the live stream: a WebSocket has no operation to tell them by."""
    for shape in (LiveFloor, LiveNews, Beat):
        made = shape.model_json_schema(mode="serialization", ref_template=f"{_REF}{{model}}")
        for name, inner in made.pop("$defs", {}).items():
            schemas.setdefault(name, inner)
        schemas.setdefault(shape.__name__, made)
    schemas["LiveMessage"] = {
        "description": "A message of the live stream (WebSocket /api/v1/live/stream).",
        "oneOf": [{"$ref": f"{_REF}{shape.__name__}"} for shape in (LiveFloor, LiveNews, Beat)],
        "discriminator": {
            "propertyName": "type",
            "mapping": {
                "snapshot": f"{_REF}LiveFloor",
                "change": f"{_REF}LiveNews",
                "beat": f"{_REF}Beat",
            },
        },
    }


def _whole(routers: Routers, description: Tree) -> Tree:
    schemas = description.setdefault("components", {}).setdefault("schemas", {})
    problem = ProblemDetails.model_json_schema(ref_template=f"{_REF}{{model}}")
    schemas.update(problem.pop("$defs", {}))
    schemas["ProblemDetails"] = problem
    for unused in ("HTTPValidationError", "ValidationError"):
        schemas.pop(unused, None)
    _with_live(schemas)
    for shape in (Configuration, FlowDocument):
        _with_sent(schemas, shape)
    _complete(routers, description)
    schemas.pop("JsonValue", None)
    names = _plain_names(list(schemas))
    made: Tree = _tidy(description, names)
    renamed = {names[name]: schema for name, schema in made["components"]["schemas"].items()}
    for name, schema in renamed.items():
        schema["title"] = name
    made["components"]["schemas"] = dict(sorted(renamed.items()))
    for path in made["paths"].values():
        for operation in path.values():
            for parameter in operation.get("parameters", ()):
                parameter["schema"] = _untitled(parameter["schema"])
    return made


def describe(app: FastAPI, routers: Routers) -> None:
    """Have `app`, which includes these routers, describe itself so."""
    plain = app.openapi

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            app.openapi_schema = _whole(routers, plain())
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]
