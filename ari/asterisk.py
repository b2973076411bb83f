"""The server itself: who it is, whether it answers, and its dynamic configuration.

Decides how each act is written as a request. Refuses to know what an agent's phone needs: the
fields are the caller's, named as in pjsip.conf. Raises `AriError`.
"""

from collections.abc import Mapping

from ari.call import Commander, ask, tell
from ari.errors import Gone
from ari.events_gen import AsteriskInfo, AsteriskPing, ConfigTuple
from ari.wire import segment


async def info(conn: Commander, *, pin: str = "") -> AsteriskInfo:
    """Return build, version, configuration and start-up time."""
    return await ask(conn, "GET", "/asterisk/info", AsteriskInfo, pin=pin)


async def ping(conn: Commander, *, pin: str = "") -> AsteriskPing:
    """Return Asterisk's pong with its time."""
    return await ask(conn, "GET", "/asterisk/ping", AsteriskPing, pin=pin)


async def get_dynamic(
    conn: Commander, config_class: str, object_type: str, object_id: str, *, pin: str
) -> dict[str, str] | None:
    """Return an object's fields, such as `res_pjsip`, `endpoint`, `alice`; None when absent."""
    path = _dynamic(config_class, object_type, object_id)
    try:
        found = await ask(conn, "GET", path, tuple[ConfigTuple, ...], pin=pin)
    except Gone:
        return None
    return {field.attribute: field.value for field in found}


async def put_dynamic(
    conn: Commander,
    config_class: str,
    object_type: str,
    object_id: str,
    fields: Mapping[str, str],
    *,
    pin: str,
) -> None:
    """Make or change an object. `sorcery.conf` must map the type to a writable wizard, otherwise
    `Refused` (403) is raised; `BadRequest` names a field that Asterisk does not take.
    """
    body = {"fields": [{"attribute": name, "value": value} for name, value in fields.items()]}
    path = _dynamic(config_class, object_type, object_id)
    await tell(conn, "PUT", path, body=body, pin=pin)


async def delete_dynamic(
    conn: Commander, config_class: str, object_type: str, object_id: str, *, pin: str
) -> None:
    """Delete an object; one that is gone already is success."""
    await tell(conn, "DELETE", _dynamic(config_class, object_type, object_id), pin=pin)


def _dynamic(config_class: str, object_type: str, object_id: str) -> str:
    parts = (config_class, object_type, object_id)
    return "/asterisk/config/dynamic/" + "/".join(segment(part) for part in parts)
