"""Flows inside a whole configuration: which text is meant, and whether it can be used.

Flows keep their own versions: to want an older text means to add it as the newest.
"""

from __future__ import annotations

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from acd.model import FlowId
from ivr.document import Known, read
from ivr.faults import Severity
from store.config_diff import escaped
from store.config_document import Configuration, FlowEntry
from store.config_flows import get_flow_version
from store.config_rules import ConfigFault
from store.errors import NotFound


async def settled(
    conn: AsyncConnection, wanted: Configuration, present: Configuration
) -> Configuration:
    """`wanted` with the text of each flow that `present` (with texts) does not have already.

    Raises NotFound for a version that is not kept.
    """
    flows: dict[str, FlowEntry] = {}
    for id_, flow in wanted.flows.items():
        held = present.flows.get(id_)
        text = flow.document
        if text is None and (held is None or flow.version != held.version):
            if flow.version is None:
                raise NotFound("flow version", id_)
            text = (await get_flow_version(conn, id_, flow.version)).document
        if held is not None and text in (None, held.document):
            flows[id_] = held
        else:
            version = 1 if held is None else (held.version or 0) + 1
            flows[id_] = FlowEntry(FlowId(id_), version, text, held.name if held else id_)
    return msgspec.structs.replace(wanted, flows=flows)


def named(configuration: Configuration) -> Configuration:
    """The same with each flow called what its text calls it."""
    flows = dict(configuration.flows)
    for id_, flow in flows.items():
        reading = read(flow.document) if flow.document is not None else None
        if reading is not None and reading.flow is not None:
            flows[id_] = msgspec.structs.replace(flow, name=reading.flow.name)
    return msgspec.structs.replace(configuration, flows=flows)


def flow_faults(before: Configuration, after: Configuration) -> list[ConfigFault]:
    """What keeps the flows of `after` (with texts) from use.

    A text that was there before is read again only if queues or skills are gone.
    """
    gone = set(before.queues) - set(after.queues) or set(before.skills) - set(after.skills)
    known = Known(queues=frozenset(after.queues), skills=frozenset(after.skills))
    found: list[ConfigFault] = []
    for id_, flow in after.flows.items():
        if flow.document is None or (not gone and flow == before.flows.get(id_)):
            continue
        found += [
            ConfigFault(
                f"/flows/{escaped(id_)}/document",
                f"flow {id_}: {fault.message}",
                fault.line,
                fault.column,
            )
            for fault in read(flow.document, known, expected=FlowId(id_)).faults
            if fault.severity is Severity.ERROR
        ]
    return found
