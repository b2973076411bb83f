"""What describes a switch instance, wanted and running. No behaviour beyond names of folders.

Decides the layout of an instance's folders; refuses to know how Asterisk is started.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

from switch import values

MINIMUM_ASTERISK = (22, 10, 1)
LANGUAGES = ("fr", "en")
INNER_HOME = "/srv/plateau"


class SwitchUnavailable(Exception):
    """No usable Asterisk, or it did not start. The text is one sentence for the operator."""


class SwitchKind(StrEnum):
    """Where the Asterisk that runs was found, in the order in which it is looked for."""

    PATH = "path"
    DOCKER = "docker"
    ROOTFS = "rootfs"


def _language(text: str) -> str:
    if text not in LANGUAGES:
        raise ValueError(f"no language of the prompts: write {' or '.join(LANGUAGES)}")
    return text


@dataclass(frozen=True, slots=True)
class SwitchConfig:
    """One instance wanted: its folder, its ports, its limits.

    `home` is the instance's own folder (logs, sounds, recordings, secrets). Addresses are
    numeric. `sip_address` is what Asterisk writes into its own SIP and SDP (None: the bind
    address, or 127.0.0.1 when that is a wildcard). `trunk_match` lists the addresses or
    networks whose INVITEs are the carrier's; `local_networks` those from which phones and
    browsers reach us without `sip_address` being needed. `rootfs` is looked at last.
    Raises SwitchUnavailable for values with which Asterisk would start and not work.
    """

    home: Path
    sip_port: int = 5060
    tls_port: int = 5061
    http_port: int = 8088
    https_port: int = 8089
    rtp_first: int = 10000
    rtp_last: int = 19999
    bind_address: str = "127.0.0.1"
    http_address: str = "127.0.0.1"
    https_address: str | None = None
    sip_address: str | None = None
    trunk_match: tuple[str, ...] = ("127.0.0.1",)
    trunk_contact: str | None = None
    local_networks: tuple[str, ...] = ()
    ari_permit: tuple[str, ...] = ("127.0.0.1/32",)
    rootfs: Path | None = None
    ari_user: str = "plateau"
    app: str = "plateau"
    language: str = "fr"
    domain: str = "plateau.local"
    max_call_s: int = 4 * 3600
    rtp_timeout_s: int = 60
    rtp_timeout_hold_s: int = 3600
    http_sessions: int = 4096

    def __post_init__(self) -> None:
        for setting, judge, value in (
            ("BIND_ADDRESS", values.address, self.bind_address),
            ("SIP_ADDRESS", values.public_address, self.sip_address),
            ("TRUNK_MATCH", values.carrier_addresses, ",".join(self.trunk_match)),
            ("TRUNK_CONTACT", values.sip_uri, self.trunk_contact),
            ("DOMAIN", values.host, self.domain),
            ("ARI_APP", values.word, self.app),
            ("ARI_USER", values.word, self.ari_user),
            ("LANGUAGE", _language, self.language),
            ("SIP_PORT", values.port, str(self.sip_port)),
            ("TLS_PORT", values.port, str(self.tls_port)),
            ("HTTP_PORT", values.port, str(self.http_port)),
            ("HTTPS_PORT", values.port, str(self.https_port)),
            ("RTP_FIRST", values.port, str(self.rtp_first)),
            ("RTP_LAST", values.port, str(self.rtp_last)),
        ):
            try:
                if value is not None:
                    judge(value)
            except ValueError as error:
                raise SwitchUnavailable(f"PLATEAU_{setting}={value}: {error}") from error
        here = self.bind_address
        faults = values.port_faults(
            {
                "PLATEAU_SIP_PORT": (here, self.sip_port),
                "PLATEAU_TLS_PORT": (here, self.tls_port),
                "PLATEAU_HTTP_PORT": (self.http_address, self.http_port),
                "PLATEAU_HTTPS_PORT": (self.https_address or here, self.https_port),
            },
            (("PLATEAU_RTP_FIRST", self.rtp_first), ("PLATEAU_RTP_LAST", self.rtp_last)),
            "PLATEAU_SIP_PORT",
        )
        if faults:
            raise SwitchUnavailable("; ".join(faults))

    @property
    def instance(self) -> Path:
        """Folder that Asterisk itself sees (at /srv/plateau in a root folder or container)."""
        return self.home / "asterisk"

    @property
    def recordings(self) -> Path:
        """Folder of recordings, as this machine sees it."""
        return self.instance / "spool/recording"

    @property
    def secrets(self) -> Path:
        """Folder of generated secrets, never shown to Asterisk."""
        return self.home / "secrets"


@dataclass(frozen=True, slots=True)
class RunningSwitch:
    """A switch that answers. Paths are the host's; `sounds_uri_prefix` is Asterisk's view.

    A prompt written to `sounds / "flow/fr/hello.wav"` is played with the media URI
    `sounds_uri_prefix + "flow/hello"` in the channel's language (or `"flow/fr/hello"` in any).
    `pid` is the Asterisk process (the container's first process as the host sees it).
    """

    kind: SwitchKind
    version: str
    pid: int
    ari_url: str
    ari_user: str
    ari_password: str
    sip_port: int
    spool: Path
    recordings: Path
    sounds: Path
    sounds_uri_prefix: str
