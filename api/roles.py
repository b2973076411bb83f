"""The table of who may call what, made from the routes themselves.

`python -m api.roles` prints it; a test compares it with docs/api-roles.md, so that opening a route
to more people is a change that a reviewer sees.
"""

from __future__ import annotations

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute, APIWebSocketRoute

from api.app import ROUTERS
from api.auth import Allow

_HEAD = """\
# Who may call what

Made by `python -m api.roles`, compared with the routes by a test. A role includes those before it:
agent, supervisor, administrator. *Own*: with the role agent, only what belongs to that agent.

| method | path | role | operation |
|---|---|---|---|
"""
OWN = {
    "getAgent",
    "signInAgent",
    "signOutAgent",
    "readyAgent",
    "pauseAgent",
    "askWrapUp",
    "extendWrapUp",
    "placeCall",
    "hangUp",
    "holdCall",
    "retrieveCall",
    "muteCall",
    "unmuteCall",
    "sendDigits",
    "transferCall",
    "takeCallBack",
    "consult",
    "swapCalls",
    "cancelConsult",
    "completeTransfer",
    "conference",
    "dropThird",
    "leaveConference",
    "setDisposition",
    "addNote",
    "setData",
    "bookCallback",
    "cancelCallback",
    "callLostCaller",
    "listCallbacks",
    "getCallback",
    "listVoicemails",
    "getVoicemail",
    "markVoicemailDone",
    "listRecalls",
    "claimRecall",
    "releaseRecall",
    "finishRecall",
    "kpiPauses",
    "getLive",
    "getLiveAgents",
    "getLiveCalls",
    "listCalls",
    "getCall",
    "getCallRouting",
    "listRecordings",
    "getRecording",
    "playRecording",
    "kpiAgents",
}
"""Operations whose objects are checked: an agent is refused, or not shown, those of others."""


def _role(dependant: Dependant) -> str | None:
    if isinstance(dependant.call, Allow):
        return dependant.call.role.value
    return next((role for child in dependant.dependencies if (role := _role(child))), None)


def rows() -> list[tuple[str, str, str, str]]:
    """(method, path, role, operation id) of every route, by path."""
    found = []
    for prefix, router in ROUTERS:
        for route in router.routes:
            if isinstance(route, APIWebSocketRoute):
                # Authenticated at the upgrade, inside the route (api/live.py).
                found.append((prefix + route.path, "WebSocket", "agent, own", "streamLive"))
            elif isinstance(route, APIRoute):
                role = _role(route.dependant) or "everybody"
                operation = route.operation_id or "page"
                if operation in OWN:
                    role += ", own"
                found += [
                    (prefix + route.path, method, role, operation)
                    for method in sorted(route.methods or ())
                ]
            else:
                raise TypeError(f"a route of an unknown kind: {route!r}")
    return [(method, path, role, operation) for path, method, role, operation in sorted(found)]


def table() -> str:
    """The table as Markdown."""
    return _HEAD + "".join(
        f"| {method} | `{path}` | {role} | {operation} |\n"
        for method, path, role, operation in rows()
    )


if __name__ == "__main__":
    print(table(), end="")
