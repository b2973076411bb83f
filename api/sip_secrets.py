"""SIP secrets that a change of the configuration makes up."""

from __future__ import annotations

from dataclasses import dataclass, field

from acd.model import PhoneId
from api.credentials import ha1, new_sip_secret


@dataclass(slots=True)
class NewSecrets:
    """SIP secrets made up during a change, to be told once."""

    realm: str
    told: dict[PhoneId, str] = field(default_factory=dict)

    def digest(self, phone: PhoneId) -> str:
        """A new secret's HA1."""
        self.told[phone] = new_sip_secret()
        return ha1(phone, self.realm, self.told[phone])
