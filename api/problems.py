"""Every error of the API as RFC 9457 problem details: type, title, status, detail, and pointers.

It decides which status an error of the store or of the floor becomes, and nothing else.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus

from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse, Response
from pydantic import BaseModel, Field
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException

from api.french import fault_in_french, no_such_thing, of_store_in_french
from api.reasons import pick_language
from control.client import FloorAbsent, FloorRefused
from store import errors as stored
from store.config_change import ConfigInvalid
from store.recall import RecallClaimed, RecallClosed

MEDIA_TYPE = "application/problem+json"
TYPE_PREFIX = "urn:plateau:problem:"


class Fault(BaseModel):
    """One thing that is wrong in what was sent."""

    pointer: str | None = Field(default=None, description="JSON pointer into the body (RFC 6901)")
    parameter: str | None = Field(
        default=None, description="name of the query, path or header parameter"
    )
    line: int | None = Field(default=None, description="line in a flow's document, from 1")
    column: int | None = Field(default=None, description="column in a flow's document, from 1")
    message: str


class ProblemDetails(BaseModel):
    """Problem details (RFC 9457). `type` ends in a stable name of the problem."""

    type: str = Field(examples=[TYPE_PREFIX + "not-found"])
    title: str
    status: int
    detail: str
    errors: list[Fault] = []


class Problem(Exception):
    """Answer the request with this problem. `french` is the detail in French."""

    def __init__(
        self,
        status: int,
        slug: str,
        detail: str,
        french: str,
        *,
        errors: Sequence[Fault] = (),
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(detail)
        self.status = status
        self.slug = slug
        self.detail = detail
        self.errors = tuple(errors)
        self.headers = dict(headers or {})
        self.french = french

    def response(self, accept_language: str | None = None) -> JSONResponse:
        """The HTTP response; its detail is French if that is preferred (RFC 9110, 12.5.4)."""
        language = pick_language(None, accept_language, "en")
        detail = self.french if language == "fr" else self.detail
        headers = {"Content-Language": language, **self.headers}
        body: dict[str, object] = {
            "type": TYPE_PREFIX + self.slug,
            "title": HTTPStatus(self.status).phrase,
            "status": self.status,
            "detail": detail,
        }
        if self.errors:
            body["errors"] = [fault.model_dump(exclude_none=True) for fault in self.errors]
        return JSONResponse(body, self.status, headers, MEDIA_TYPE)


def not_found(kind: str, id_: str) -> Problem:
    """404: there is no such thing."""
    return Problem(404, "not-found", f"There is no {kind} {id_!r}.", no_such_thing(kind, id_))


def invalid(pointer: str, message: str, french: str) -> Problem:
    """422 with one pointer into the body."""
    faults = [Fault(pointer=pointer, message=message)]
    return Problem(422, "invalid", message, french, errors=faults)


def invalid_parameter(name: str, message: str, french: str) -> Problem:
    """422 about one parameter."""
    faults = [Fault(parameter=name, message=message)]
    return Problem(422, "invalid", message, french, errors=faults)


def not_a_document(kind: str) -> Problem:
    """415: neither YAML nor JSON."""
    return Problem(
        415,
        "media-type",
        f"Send it as application/yaml or application/json, not {kind}.",
        f"Envoyez-le en application/yaml ou application/json, pas en {kind}.",
    )


def unauthorized(detail: str, french: str, slug: str = "unauthorized") -> Problem:
    """401 with the challenge that RFC 6750 asks for."""
    headers = {"WWW-Authenticate": 'Bearer realm="plateau"'}
    return Problem(401, slug, detail, french, headers=headers)


def forbidden(detail: str, french: str) -> Problem:
    """403."""
    return Problem(403, "forbidden", detail, french)


def of_store(error: stored.StoreError) -> Problem:
    """The problem that an error of the store is to a client."""
    detail, french = str(error), of_store_in_french(error)
    match error:
        case stored.NotFound():
            return Problem(404, error.slug, detail, french)
        case stored.AlreadyThere():
            faults = [Fault(pointer=f"/{error.field}", message=detail)]
            return Problem(409, error.slug, detail, french, errors=faults)
        case stored.InUse() | RecallClaimed() | RecallClosed():
            return Problem(409, error.slug, detail, french)
        case stored.UnknownReference():
            faults = [Fault(pointer=_reference_pointer(error.kind), message=detail)]
            return Problem(422, error.slug, detail, french, errors=faults)
        case stored.ConfigError():
            return Problem(422, error.slug, detail, french)
        case ConfigInvalid():
            faults = [Fault(pointer=each.pointer, message=each.message) for each in error.faults]
            return Problem(422, error.slug, detail, french, errors=faults)
    return Problem(503, error.slug, detail, french, headers={"Retry-After": "5"})


_POINTERS = {"skill": "/skills", "flow": "/flow", "agent": "/agent_id", "queue": "/queue"}


def _reference_pointer(kind: str) -> str:
    return _POINTERS.get(kind, "")


def of_floor(error: FloorAbsent) -> Problem:
    """503: the floor is not there; what is in SQL can still be read and written."""
    hint = (
        " It may have been carried out: read the state before asking again."
        if error.maybe_done
        else " Start it with `plateau up`; configuration and history stay available meanwhile."
    )
    french = "Le plateau ne répond pas."
    if error.maybe_done:
        french += " La demande a pu être exécutée : regardez avant de la répéter."
    headers = {"Retry-After": "5"}
    return Problem(503, "floor-absent", f"{error}{hint}", french, headers=headers)


def _of_validation(error: RequestValidationError) -> Problem:
    faults: list[Fault] = []
    french: list[str] = []
    for item in error.errors():
        place, *rest = item["loc"]
        french.append(fault_in_french(item["type"], item.get("ctx", {}), str(item["msg"])))
        message = str(item["msg"]).removeprefix("Value error, ")
        if place == "body":
            pointer = "".join(
                f"/{str(p).replace('~', '~0').replace('/', '~1')}" for p in rest if p != "[key]"
            )
            if item["type"] == "json_invalid":
                pointer = ""
            faults.append(Fault(pointer=pointer, message=message))
        else:
            faults.append(Fault(parameter=str(rest[0]) if rest else None, message=message))
    count = len(faults)
    first = faults[0].pointer or faults[0].parameter
    detail = "The request is not valid: " + (
        f"{first or 'body'}: {faults[0].message}."
        if count == 1
        else f"{count} faults, listed in errors."
    )
    # The pages show the detail alone: in French it always says the first fault in words.
    more = f" ({count} fautes en tout)" if count > 1 else ""
    said = f"Demande refusée : {first or 'corps'} : {french[0]}{more}."
    return Problem(422, "invalid", detail, said, errors=faults)


def install(app: FastAPI) -> None:
    """Make all errors of `app` problem details."""

    def answer(request: Request, problem: Problem) -> Response:
        return problem.response(request.headers.get("accept-language"))

    async def on_problem(request: Request, error: Exception) -> Response:
        assert isinstance(error, Problem)
        return answer(request, error)

    async def on_store(request: Request, error: Exception) -> Response:
        assert isinstance(error, stored.StoreError)
        return answer(request, of_store(error))

    async def on_absent(request: Request, error: Exception) -> Response:
        assert isinstance(error, FloorAbsent)
        return answer(request, of_floor(error))

    async def on_refused(request: Request, error: Exception) -> Response:
        assert isinstance(error, FloorRefused)
        it = error.refusal
        return answer(request, Problem(it.status, it.slug, it.detail, it.french or it.detail))

    async def on_invalid(request: Request, error: Exception) -> Response:
        assert isinstance(error, RequestValidationError)
        return answer(request, _of_validation(error))

    async def on_http(request: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        slug = HTTPStatus(error.status_code).phrase.lower().replace(" ", "-")
        if error.status_code == 400:  # FastAPI's word for a body that it cannot take apart
            detail = "The body cannot be read: it must be whole, in UTF-8, and of its media type."
            french = "Le corps est illisible : il le faut entier, en UTF-8 et du bon type."
            return answer(request, Problem(422, "invalid", detail, french))
        detail, french = error.detail, f"Demande refusée : {error.detail}"
        if error.status_code == 404:
            detail = f"There is nothing at {request.url.path}."
            french = f"Il n’y a rien à l’adresse {request.url.path}."
        elif error.status_code == 405:
            detail = f"{request.method} is not possible at {request.url.path}."
            french = f"{request.method} n’est pas possible à l’adresse {request.url.path}."
        problem = Problem(error.status_code, slug, detail, french, headers=error.headers)
        return answer(request, problem)

    async def on_database(request: Request, error: Exception) -> Response:
        # Class 22 of SQL's states: it was the value, not the database.
        state = getattr(getattr(error, "orig", None), "sqlstate", None)
        if isinstance(state, str) and state.startswith("22"):
            detail = "The request holds a value that the database cannot keep."
            french = "La demande contient une valeur que la base de données ne peut pas garder."
            return answer(request, Problem(422, "invalid", detail, french))
        absent = Problem(
            503,
            "store-unavailable",
            "The database does not answer; calls go on without it. Try again in a few seconds.",
            "La base de données ne répond pas ; les appels continuent. Réessayez bientôt.",
            headers={"Retry-After": "5"},
        )
        return answer(request, absent)

    app.add_exception_handler(Problem, on_problem)
    app.add_exception_handler(stored.StoreError, on_store)
    app.add_exception_handler(FloorAbsent, on_absent)
    app.add_exception_handler(FloorRefused, on_refused)
    app.add_exception_handler(RequestValidationError, on_invalid)
    app.add_exception_handler(HTTPException, on_http)
    app.add_exception_handler(DBAPIError, on_database)


def described(*statuses: int) -> dict[int | str, dict[str, object]]:
    """The `responses=` of a route that may answer with these problems."""
    return {
        status: {
            "description": HTTPStatus(status).phrase,
            "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/ProblemDetails"}}},
        }
        for status in statuses
    }
