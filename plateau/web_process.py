"""The web process: what it must be told of the installation."""

from __future__ import annotations

from api.settings import ApiSettings
from plateau.secrets_file import own_secret
from plateau.settings import Settings
from plateau.where import switch_config
from store.engine import store_url


def api_settings(settings: Settings) -> ApiSettings:
    """What the web process must be told."""
    return ApiSettings(
        store_url=str(store_url(settings.effective_store_url).render_as_string(False)),
        control_socket=settings.control_socket.resolve(),
        recordings=settings.recordings or switch_config(settings).recordings,
        jwt_secret=own_secret(settings.home, "token-key"),
        sip_realm=settings.domain,
        sip_host=settings.sip_address or settings.bind_address,
        sip_port=settings.sip_port,
        sip_tls_port=settings.tls_port,
        time_zone=settings.time_zone,
        country_code=settings.country_code,
        trusted_proxies=_listed(settings.trusted_proxies),
        allowed_origins=_listed(settings.allowed_origins),
    )


def _listed(text: str | None) -> tuple[str, ...]:
    return tuple(part.strip() for part in (text or "").split(",") if part.strip())
