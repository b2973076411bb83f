"""SIP accounts as a client is told them: what to type into a softphone."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from api.auth import Principal
from api.changes import How, Secrets, change, finder
from api.context import Context
from api.shapes import Changed, Out
from api.sip_secrets import NewSecrets
from store.config_change import unchanged
from store.config_document import SINGULAR


class SipAccount(Out):
    """What to type into a softphone. `secret` is shown this once."""

    user: str
    secret: str
    domain: str = Field(description="SIP domain, with the port when it is not 5060")
    realm: str
    transports: list[Literal["udp", "tcp", "tls", "wss"]]
    ports: dict[str, int]


class SipReset(Changed):
    """A new secret; none in a dry run."""

    sip: SipAccount | None = Field(None, description="told this once")


def account(context: Context, user: str, secret: str) -> SipAccount:
    """The account of this user on this installation's switch."""
    settings = context.settings
    ports = {"udp": settings.sip_port, "tcp": settings.sip_port}
    if settings.sip_tls_port:
        ports["tls"] = settings.sip_tls_port
    if settings.sip_wss_port:
        ports["wss"] = settings.sip_wss_port
    port = "" if settings.sip_port == 5060 else f":{settings.sip_port}"
    return SipAccount.model_validate(
        {
            "user": user,
            "secret": secret,
            "domain": settings.sip_host + port,
            "realm": settings.sip_realm,
            "transports": list(ports),
            "ports": ports,
        }
    )


async def with_new_secret(
    context: Context,
    who: Principal,
    how: How,
    name: str,
    id_: str,
    reset: Secrets,
    new: NewSecrets,
) -> SipReset:
    """Carry out `reset`, which makes up one secret with `new`, and tell it. Raises NotFound."""
    done = await change(
        context,
        who,
        how,
        "reset-sip-secret",
        f"{SINGULAR[name]}:{id_}",
        unchanged,
        find=finder(name, id_),
        secrets=reset,
    )
    (user, secret), *_ = new.told.items()
    sip = None if how.dry_run else account(context, user, secret)
    return SipReset(**done.answer.model_dump(), sip=sip)
