"""Which queues an agent works for: those whose calls the floor may ever give them."""

from __future__ import annotations

from sqlalchemy.ext.asyncio import AsyncConnection

from acd.config import AgentProfile
from acd.routing.eligibility import Terms
from api.auth import Principal
from api.problems import forbidden, not_found
from store import config
from store.errors import NotFound
from store.rows import Role


async def own_queues(conn: AsyncConnection, who: Principal) -> frozenset[str] | None:
    """The ids of the queues whose affairs this one may see; None: all."""
    if who.has(Role.SUPERVISOR):
        return None
    try:
        agent = await config.get_agent(conn, who.agent_id or "")
    except NotFound:
        return frozenset()
    known = {name: getattr(agent, name) for name in AgentProfile.__struct_fields__}
    profile = AgentProfile(**known)
    queues = await config.list_queues(conn)
    return frozenset(queue.id for queue in queues if Terms(queue).place(profile) is not None)


async def must_be_seen(
    conn: AsyncConnection, who: Principal, queue_id: str | None, kind: str, id_: str
) -> None:
    """Raises Problem 404 for what belongs to a queue that this one does not work for.

    As if it did not exist: ids tell nothing.
    """
    own = await own_queues(conn, who)
    if own is not None and queue_id not in own:
        raise not_found(kind, id_)


async def seen_queues(
    conn: AsyncConnection, who: Principal, queue_id: str | None
) -> frozenset[str] | None:
    """Own queues, or the one asked for among them. Raises Problem 403, NotFound."""
    own = await own_queues(conn, who)
    if queue_id is None:
        return own
    await config.get_queue(conn, queue_id)
    if own is not None and queue_id not in own:
        raise forbidden(
            f"You do not work for the queue {queue_id!r}.",
            f"Vous ne travaillez pas pour la file « {queue_id} ».",
        )
    return frozenset({queue_id})
