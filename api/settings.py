"""What the web process must be told at its start. Where the values come from is not its affair."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path


@dataclass(frozen=True, slots=True)
class ApiSettings:
    """Settings of the web process.

    `store_url` is SQLAlchemy's async URL. `jwt_secret` signs access tokens: at least 32 characters,
    the same after a restart. `sip_*` is what a new agent's phone is told. `allowed_origins` may
    open the live stream besides the page's own origin. `trusted_proxies` are the addresses whose
    `X-Forwarded-For` is believed. `switch_*_port` of 0: that transport is not offered.
    `country_code` is that of telephone numbers written without one. `max_config_bytes` is for the
    whole configuration, which is as large as the floor; `max_body_bytes` for all other bodies.
    An act is answered, and what it changed is read, once both the live picture and SQL have it, or
    `own_writes_s` later. `requests_*` and `streams_each` hold for each account and each API key.
    """

    store_url: str
    control_socket: Path
    recordings: Path
    jwt_secret: str = field(repr=False)
    sip_realm: str = "plateau"
    sip_host: str = "127.0.0.1"
    sip_port: int = 5060
    sip_tls_port: int = 0
    sip_wss_port: int = 0
    time_zone: str = "Europe/Paris"
    country_code: str = "33"
    allowed_origins: tuple[str, ...] = ()
    trusted_proxies: tuple[str, ...] = ()
    access_token_s: int = 15 * 60
    refresh_token_s: int = 14 * 24 * 3600
    max_body_bytes: int = 1024 * 1024
    max_config_bytes: int = 16 * 1024 * 1024
    floor_timeout_s: float = 5.0
    reload_timeout_s: float = 10.0
    requests_per_s: float = 50.0
    requests_burst: int = 300
    streams_each: int = 50
    own_writes_s: float = 2.0
    stream_interval_s: float = 0.25
    stream_beat_s: float = 5.0
    stream_send_timeout_s: float = 10.0

    def __post_init__(self) -> None:
        if len(self.jwt_secret) < 32:
            raise ValueError("jwt_secret must have at least 32 characters")
