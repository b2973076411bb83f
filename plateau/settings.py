"""What an installation may be told by its environment (`PLATEAU_…`) or a `.env` file.

One place for names and defaults; the defaults run everything on this machine, on SQLite.
"""

from __future__ import annotations

from pathlib import Path

from pydantic_settings import BaseSettings, SettingsConfigDict
from sqlalchemy.engine import make_url

_ROOT = Path(__file__).resolve().parent.parent


class Settings(BaseSettings):
    """Read from the environment: `PLATEAU_HOME`, `PLATEAU_STORE_URL` and so on."""

    model_config = SettingsConfigDict(
        env_prefix="PLATEAU_", env_file=".env", extra="ignore", use_attribute_docstrings=True
    )

    home: Path = Path(".plateau")
    """Folder of all state: store, journal, logs."""
    database_url: str | None = None
    """SQL store; SQLite in the home by default."""
    database_password_file: Path | None = None
    """File with the database's password, where the URL has none."""
    time_zone: str = "Europe/Paris"
    """Business time zone: days and intervals."""
    language: str = "fr"
    """Default language of callers and messages: fr or en."""
    country_code: str = "33"
    """Telephone code of the country, for numbers written without one."""

    sip_address: str | None = None
    """Public address of the switch, for SDP."""
    bind_address: str = "127.0.0.1"
    """Address on which SIP listens."""
    sip_port: int = 5060
    """SIP over UDP and TCP."""
    tls_port: int = 5061
    """SIP over TLS."""
    http_port: int = 8088
    """ARI; this machine only."""
    https_port: int = 8089
    """WebSocket for phones in browsers."""
    rtp_first: int = 10000
    """First RTP port."""
    rtp_last: int = 19999
    """Last RTP port."""
    trunk_match: str = "127.0.0.1"
    """Addresses of the carrier, commas between."""
    trunk_contact: str | None = None
    """SIP URI of the carrier, for calls out."""
    trunk_endpoint: str = "trunk"
    """The switch's endpoint through which calls go out."""
    domain: str = "plateau.local"
    """SIP realm of agents' accounts."""
    max_call_s: int = 4 * 3600
    """Longest life of a leg, seconds."""
    rtp_timeout_s: int = 60
    """A leg without audio for so long is hung up."""
    rootfs: Path | None = None
    """Root folder with Asterisk, without Docker."""

    ari_url: str | None = None
    """ARI elsewhere (compose); None: `switch up`."""
    ari_user: str = "plateau"
    """ARI user."""
    ari_password_file: Path | None = None
    """File with the ARI password."""
    ari_app: str = "plateau"
    """Name of the Stasis application."""
    recordings: Path | None = None
    """Folder of recordings (compose)."""
    sounds: Path | None = None
    """Folder where prompts are written (compose)."""
    sounds_uri_prefix: str | None = None
    """The same as Asterisk sees it (compose)."""

    api_host: str = "127.0.0.1"
    """Address of the API and the pages."""
    api_port: int = 8000
    """Port of the API and the pages."""
    trusted_proxies: str | None = None
    """Proxies whose X-Forwarded-For is believed, commas between."""
    allowed_origins: str | None = None
    """Other web origins that may open the live stream, commas between."""
    seed: int | None = None
    """Seed of ids and jitter; random, and logged."""

    @property
    def effective_store_url(self) -> str:
        """The store's URL with its password, SQLite in the home unless told otherwise.

        Raises OSError if the password file cannot be read.
        """
        if self.database_url is None:
            return f"sqlite:///{self.home.resolve() / 'plateau.db'}"
        if self.database_password_file is None:
            return self.database_url
        password = self.database_password_file.read_text().strip()
        return make_url(self.database_url).set(password=password).render_as_string(False)

    @property
    def effective_rootfs(self) -> Path:
        """Where the root folder with Asterisk is looked for."""
        return self.rootfs or _ROOT / ".cache" / "rootfs"

    @property
    def control_socket(self) -> Path:
        """The channel between the floor and the web process."""
        return self.home / "control.sock"
