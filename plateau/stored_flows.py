"""Which stored versions of flows the floor holds: the newest usable, and those that calls are in.

A flow has as many versions as it was ever saved; to read them all at each change of configuration
would cost seconds, and memory for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable

from acd.call import Call
from ivr.faults import FlowInvalid
from ivr.interpreter import FlowKey
from ivr.service import FlowLibrary
from ivr.speech import SpeechUnavailable
from store.rows import FlowDocument


def versions_in(calls: Iterable[Call]) -> frozenset[FlowKey]:
    """The flows and versions that these calls are in."""
    return frozenset((call.flow.flow, call.flow.version) for call in calls if call.flow is not None)


async def bring_in(
    library: FlowLibrary, documents: Iterable[FlowDocument], in_use: frozenset[FlowKey]
) -> list[str]:
    """Bring into use what is needed of the stored `documents`; what could not be, in sentences.

    Where the newest version of a flow cannot be used, the one before it serves.
    """
    warnings: list[str] = []
    served: set[str] = set()
    for document in sorted(documents, key=lambda each: each.version, reverse=True):
        flow_id, version = document.flow_id, document.version
        if flow_id in served and (flow_id, version) not in in_use:
            continue
        name = f"flow {flow_id} version {version}"
        try:
            await library.restore(flow_id, version, document.document)
        except FlowInvalid as invalid:
            warnings.append(f"{name} is invalid: {invalid}")
        except SpeechUnavailable as silent:
            warnings.append(f"{name} cannot be spoken: {silent}")
        else:
            served.add(flow_id)
    return warnings
