"""Flows of the SVI: their documents, in versions that never change.

A document is sent as it is, in YAML or JSON (`Content-Type: application/yaml` or
`application/json`), so that the faults' lines and columns are those of the sender's file.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Final

from fastapi import APIRouter, Request, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from acd.model import FlowId
from api.auth import AsAdministrator, AsSupervisor
from api.changes import AsTold, Done, change, etag_of, finder, remove
from api.context import Ctx
from api.documents import JSON, body_of, document
from api.paging import AsPage, Page, cut_from
from api.problems import Fault, Problem, described
from api.shapes import Changed, Instant, Out, PathId, PathVersion
from ivr import faults
from ivr.document import Known, load, read
from ivr.faults import FlowInvalid, Severity
from ivr.model import Flow as IvrFlow
from ivr.model import queue_of
from store import config
from store.config_document import Configuration, FlowEntry, with_entry
from store.errors import AlreadyThere, InUse, NotFound

router = APIRouter(prefix="/flows", tags=["flows"])

_BODY: Final = body_of("FlowDocument")


class Flow(Out):
    """A flow; `latest` is the version that new calls enter."""

    id: str
    name: str
    latest: int | None


class Flows(Page[Flow]):
    """A list of flows."""


class FlowSaved(Flow, Changed):
    """A flow as saved."""


class FlowVersion(Out):
    """One version, with the document as it was sent."""

    flow_id: str
    version: int
    document: str
    created_at: Instant
    created_by: str | None


class FlowVersions(Page[FlowVersion]):
    """A list of a flow's versions."""


class FaultSeverity(StrEnum):
    """Whether a fault keeps the flow out of use."""

    ERROR = "error"
    WARNING = "warning"


class FlowFault(Out):
    """A fault; a warning does not keep the flow out of use."""

    line: int
    column: int
    severity: FaultSeverity
    message: str


class Checked(Out):
    """What a document's check found."""

    usable: bool
    faults: list[FlowFault]


def _known(whole: Configuration) -> Known:
    return Known(queues=frozenset(whole.queues), skills=frozenset(whole.skills))


def _load(text: str, kind: str, known: Known, expected: str | None) -> IvrFlow:
    id_ = None if expected is None else FlowId(expected)
    try:
        return load(text, known, expected=id_, json=kind == JSON)
    except FlowInvalid as error:
        wrong = [fault for fault in error.faults if fault.severity is Severity.ERROR]
        first = wrong[0]
        more = f" ({len(wrong)} faults in all)" if len(wrong) > 1 else ""
        plus = f" ({len(wrong)} fautes en tout)" if len(wrong) > 1 else ""
        raise Problem(
            422,
            "flow-invalid",
            f"Line {first.line}, column {first.column}: {first.message}{more}",
            f"Ligne {first.line}, colonne {first.column} : {first.message}{plus}",
            errors=[Fault(line=f.line, column=f.column, message=f.message) for f in wrong],
        ) from error


async def refuse_if_used(conn: AsyncConnection, queue_id: str) -> None:
    """Raises InUse if the newest version of a flow sends callers to this queue."""
    users = []
    for kept in await config.load_flow_documents(conn):
        flow = read(kept.document).flow if kept.latest else None
        nodes = () if flow is None else flow.nodes.values()
        if any(queue_of(node) == queue_id for node in nodes):
            users.append(f"flow {kept.flow_id}")
    if users:
        raise InUse("queue", queue_id, tuple(users))


@router.get("", operation_id="listFlows", summary="All flows", responses=described(401, 403))
async def list_flows(context: Ctx, _: AsSupervisor, cut: AsPage) -> Flows:
    """By id."""
    async with context.engine.connect() as conn:
        rows = [Flow.model_validate(row) for row in await config.list_flows(conn)]
    page, after = cut_from(rows, cut, lambda row: row.id)
    return Flows(items=page, next=after)


@router.post(
    "/check",
    operation_id="checkFlow",
    summary="Check a document without saving it",
    responses=described(401, 403, 415, 422),
    openapi_extra=_BODY,
)
async def check_flow(context: Ctx, _: AsSupervisor, request: Request) -> Checked:
    """All faults, warnings too."""
    text, kind = await document(request)
    async with context.engine.connect() as conn:
        known = Known(
            queues=frozenset(row.id for row in await config.list_queues(conn)),
            skills=frozenset(row.id for row in await config.list_skills(conn)),
        )
    reading = read(text, known, json=kind == JSON)
    return Checked(
        usable=reading.flow is not None, faults=[_fault(fault) for fault in reading.faults]
    )


def _fault(fault: faults.FlowFault) -> FlowFault:
    return FlowFault.model_validate(fault)


@router.get(
    "/{flow_id}", operation_id="getFlow", summary="One flow", responses=described(401, 403, 404)
)
async def get_flow(context: Ctx, _: AsSupervisor, flow_id: PathId, response: Response) -> Flow:
    """With its ETag, without its document: see its versions."""
    async with context.engine.connect() as conn:
        row = await config.get_flow(conn, flow_id)
    response.headers["ETag"] = etag_of(FlowEntry(row.id, row.latest, None, row.name))
    return Flow.model_validate(row)


@router.post(
    "",
    operation_id="createFlow",
    summary="Add a flow",
    status_code=201,
    responses=described(401, 403, 409, 415, 422),
    openapi_extra=_BODY,
)
async def create_flow(
    context: Ctx, who: AsAdministrator, how: AsTold, request: Request
) -> FlowSaved:
    """Its id and name stand in the document. 422 lists each fault with line and column."""
    text, kind = await document(request)
    flow = _load(text, kind, Known(), None)

    async def edit(_: AsyncConnection, whole: Configuration) -> Configuration:
        if flow.id in whole.flows:
            raise AlreadyThere("flow", flow.id)
        _load(text, kind, _known(whole), flow.id)
        return with_entry(whole, "flows", FlowEntry(flow.id, 1, text, flow.name))

    done = await change(
        context,
        who,
        how,
        "create",
        f"flow:{flow.id}",
        edit,
        find=finder("flows", flow.id),
        texts=True,
    )
    return _saved(done, flow.id)


@router.put(
    "/{flow_id}",
    operation_id="updateFlow",
    summary="Add the next version of a flow",
    responses=described(401, 403, 404, 412, 415, 422),
    openapi_extra=_BODY,
)
async def update_flow(
    context: Ctx, who: AsAdministrator, how: AsTold, flow_id: PathId, request: Request
) -> FlowSaved:
    """New calls enter it; calls under way end in the version in which they began."""
    text, kind = await document(request)

    async def edit(_: AsyncConnection, whole: Configuration) -> Configuration:
        before = whole.flows.get(flow_id)
        if before is None:
            raise NotFound("flow", flow_id)
        flow = _load(text, kind, _known(whole), flow_id)
        entry = FlowEntry(flow.id, (before.version or 0) + 1, text, flow.name)
        return with_entry(whole, "flows", entry)

    done = await change(
        context,
        who,
        how,
        "update",
        f"flow:{flow_id}",
        edit,
        find=finder("flows", flow_id),
        texts=True,
    )
    return _saved(done, flow_id)


def _saved(done: Done, flow_id: str) -> FlowSaved:
    flow = done.after.flows[flow_id]
    return FlowSaved(id=flow.id, name=flow.name, latest=flow.version, **done.answer.model_dump())


@router.delete(
    "/{flow_id}",
    operation_id="deleteFlow",
    summary="Remove a flow",
    responses=described(401, 403, 404, 409),
)
async def delete_flow(context: Ctx, who: AsAdministrator, how: AsTold, flow_id: PathId) -> Changed:
    """409 while a number or a queue leads to it. All its versions go."""
    return (await remove(context, who, how, "flows", flow_id)).answer


@router.get(
    "/{flow_id}/versions",
    operation_id="listFlowVersions",
    summary="All versions of a flow",
    responses=described(401, 403, 404),
)
async def list_flow_versions(
    context: Ctx, _: AsSupervisor, flow_id: PathId, cut: AsPage
) -> FlowVersions:
    """Newest first."""
    async with context.engine.connect() as conn:
        rows = await config.list_flow_versions(conn, flow_id)
    versions = [FlowVersion.model_validate(row) for row in rows]
    page, after = cut_from(versions, cut, lambda row: row.version)
    return FlowVersions(items=page, next=after)


@router.get(
    "/{flow_id}/versions/{version}",
    operation_id="getFlowVersion",
    summary="One version of a flow",
    responses=described(401, 403, 404, 422),
)
async def get_flow_version(
    context: Ctx, _: AsSupervisor, flow_id: PathId, version: PathVersion
) -> FlowVersion:
    """With its document."""
    async with context.engine.connect() as conn:
        return FlowVersion.model_validate(await config.get_flow_version(conn, flow_id, version))
