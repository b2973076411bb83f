"""Where the switch of this installation is: one started on this machine, or one named by settings.

Reads files and settings once; decides nothing else.
"""

from __future__ import annotations

from pathlib import Path

import msgspec

from acd.errors import PlateauError
from plateau.settings import Settings, read_secret, require_folders
from switch import lifecycle
from switch.model import SwitchConfig, SwitchUnavailable


class SwitchPlace(msgspec.Struct, frozen=True):
    """How the floor reaches the switch, and the folders that both see."""

    ari_url: str
    ari_user: str
    ari_password: str
    recordings: Path
    sounds: Path
    sounds_prefix: str
    version: str | None


def switch_config(settings: Settings) -> SwitchConfig:
    """The instance of Asterisk that these settings describe."""
    return SwitchConfig(
        home=settings.home.resolve(),
        sip_port=settings.sip_port,
        tls_port=settings.tls_port,
        http_port=settings.http_port,
        https_port=settings.https_port,
        rtp_first=settings.rtp_first,
        rtp_last=settings.rtp_last,
        bind_address=settings.bind_address,
        sip_address=settings.sip_address,
        trunk_match=tuple(part.strip() for part in settings.trunk_match.split(",")),
        trunk_contact=settings.trunk_contact,
        rootfs=settings.effective_rootfs,
        app=settings.ari_app,
        language=settings.language,
        domain=settings.domain,
        max_call_s=settings.max_call_s,
        rtp_timeout_s=settings.rtp_timeout_s,
    )


def find_switch(settings: Settings) -> SwitchPlace:
    """Where the switch is. Raises PlateauError with one sentence when there is none."""
    if settings.ari_url is not None:
        return _named(settings, settings.ari_url)
    try:
        running = lifecycle.status(switch_config(settings))
    except SwitchUnavailable as error:
        raise PlateauError("switch-unavailable", str(error)) from error
    if running is None:
        raise PlateauError(
            "switch-unavailable",
            f"No Asterisk runs for {settings.home}: start it with `plateau switch up` "
            "(or everything with `plateau up`), or name one with PLATEAU_ARI_URL.",
        )
    return SwitchPlace(
        running.ari_url.removesuffix("/").removesuffix("/ari"),
        running.ari_user,
        running.ari_password,
        running.recordings,
        running.sounds,
        running.sounds_uri_prefix,
        running.version,
    )


def _named(settings: Settings, url: str) -> SwitchPlace:
    needed = {
        "PLATEAU_ARI_PASSWORD_FILE": settings.ari_password_file,
        "PLATEAU_RECORDINGS": settings.recordings,
        "PLATEAU_SOUNDS": settings.sounds,
        "PLATEAU_SOUNDS_URI_PREFIX": settings.sounds_uri_prefix,
    }
    missing = [name for name, value in needed.items() if value is None]
    password_file, recordings, sounds = (
        settings.ari_password_file,
        settings.recordings,
        settings.sounds,
    )
    if password_file is None or recordings is None or sounds is None or missing:
        raise PlateauError(
            "settings-invalid",
            f"PLATEAU_ARI_URL names a switch elsewhere; {', '.join(missing)} must be set with it.",
        )
    require_folders(settings, "recordings", "sounds")
    password = read_secret(password_file, "PLATEAU_ARI_PASSWORD_FILE")
    prefix = settings.sounds_uri_prefix or ""
    return SwitchPlace(
        url.removesuffix("/").removesuffix("/ari"),
        settings.ari_user,
        password,
        recordings,
        sounds,
        prefix,
        None,
    )
