"""Agents' SIP accounts on the switch: made at run time, so that an agent can register at once.

Three PJSIP objects an account (auth, aor, endpoint), kept by Asterisk in its own database. The
password itself never comes here: `digest` is MD5(user:realm:secret), as RFC 2617 defines HA1.
Each endpoint made here bears a mark, so that an account deleted while nobody could tell the switch
(the floor was down, the switch was away) is known again as ours, whatever its name.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Mapping

import msgspec

from acd.model import PhoneId
from ari import asterisk
from ari.connection import AriConnection

_AT_ONCE = 32

MARK = ("accountcode", "plateau-phone")
"""Field and value of an endpoint that tell it from what people made on the switch themselves."""


class PhoneAccount(msgspec.Struct, frozen=True):
    """A phone that may register: its user name and the HA1 of its secret (hex)."""

    phone: PhoneId
    digest: str


class PhoneBook:
    """The accounts that the switch is known to hold.

    `realm` is the switch's own (`default_realm`). `media_address` goes into SDP; None where the
    switch is reached at several addresses and finds the right one itself.
    """

    def __init__(
        self, conn: AriConnection, realm: str, rtp_timeout_s: int, media_address: str | None
    ) -> None:
        self._conn = conn
        self._media_address = media_address
        self._realm = realm
        self._rtp_timeout_s = rtp_timeout_s
        self._held: dict[PhoneId, str] = {}
        self._lock = asyncio.Lock()

    def forget(self) -> None:
        """The switch was started anew or replaced: what it holds is not known any more."""
        self._held.clear()

    async def settle(self, accounts: Iterable[PhoneAccount], on_switch: frozenset[PhoneId]) -> None:
        """Make the switch hold these accounts and no other of ours.

        `on_switch` are the endpoints that it has now, those of others too. Raises AriError; what
        was not done by then is done at the next call.
        """
        async with self._lock:
            wanted = {account.phone: account.digest for account in accounts}
            changed = [
                PhoneAccount(phone, digest)
                for phone, digest in wanted.items()
                if self._held.get(phone) != digest or phone not in on_switch
            ]
            gate = asyncio.Semaphore(_AT_ONCE)
            strangers = on_switch.difference(wanted)
            await asyncio.gather(
                *(self._make(gate, a, new=a.phone not in on_switch) for a in changed),
                *(self._drop_ours(gate, phone) for phone in strangers),
            )
            self._held = wanted

    async def _make(self, gate: asyncio.Semaphore, account: PhoneAccount, new: bool) -> None:
        async with gate:
            auth: Mapping[str, str] = {
                "auth_type": "md5",
                "username": account.phone,
                "realm": self._realm,
                "md5_cred": account.digest,
            }
            await self._put("auth", account.phone, auth)
            if new:
                await self._put("aor", account.phone, _AOR)
            # Those there already, too: an earlier version may have made them with other options.
            await self._put("endpoint", account.phone, self._endpoint(account.phone))

    async def _drop_ours(self, gate: asyncio.Semaphore, phone: PhoneId) -> None:
        """Delete the account if it is one that we made."""
        async with gate:
            conn, (field, value) = self._conn, MARK
            found = await asterisk.get_dynamic(conn, "res_pjsip", "endpoint", phone, pin=phone)
            if found is None or found.get(field) != value:
                return
            # Without auth nobody registers; the mark goes only then, so that what fails half-way
            # is taken up again.
            for kind in ("auth", "endpoint", "aor"):
                await asterisk.delete_dynamic(conn, "res_pjsip", kind, phone, pin=phone)

    async def _put(self, kind: str, phone: PhoneId, fields: Mapping[str, str]) -> None:
        await asterisk.put_dynamic(self._conn, "res_pjsip", kind, phone, fields, pin=phone)

    def _endpoint(self, phone: PhoneId) -> dict[str, str]:
        mark, ours = MARK
        fields = {
            mark: ours,
            "context": "from-agents",
            "aors": phone,
            "auth": phone,
            "disallow": "all",
            "allow": "opus,alaw,ulaw,g722",
            "direct_media": "no",
            "rtp_symmetric": "yes",
            "force_rport": "yes",
            "rewrite_contact": "yes",
            "dtmf_mode": "auto",
            "allow_subscribe": "no",
            # A phone's REFER reaches the floor as a wish, by way of each leg's TRANSFER_CONTEXT.
            "allow_transfer": "yes",
            # Who the agent talks to now travels in an UPDATE, when the floor says so.
            "send_pai": "yes",
            "trust_id_outbound": "yes",
            "identify_by": "auth_username,username",
            "rtp_timeout": str(self._rtp_timeout_s),
            "rtp_timeout_hold": "3600",
            "device_state_busy_at": "1",
        }
        if self._media_address is not None:
            fields["media_address"] = self._media_address
            fields["bind_rtp_to_media_address"] = "yes"
        return fields


_AOR = {
    "max_contacts": "1",
    "remove_existing": "yes",
    "qualify_frequency": "30",
    "default_expiration": "300",
    "minimum_expiration": "30",
    "support_path": "yes",
}
