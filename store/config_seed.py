"""What a new installation starts with: the pause reasons of a French floor, and nothing more."""

from __future__ import annotations

from typing import Final

import msgspec
from sqlalchemy.ext.asyncio import AsyncConnection

from acd.config import PauseReason
from acd.model import PhoneId
from store.config_change import Order, change
from store.config_document import Configuration
from store.config_load import read_version

PAUSE_REASONS: Final = (
    PauseReason("pause", {"fr": "Pause", "en": "Break"}, digit="1"),
    PauseReason("dejeuner", {"fr": "Déjeuner", "en": "Lunch"}, paid=False, digit="2"),
    PauseReason("formation", {"fr": "Formation", "en": "Training"}, digit="3"),
    PauseReason("reunion", {"fr": "Réunion", "en": "Meeting"}, digit="4"),
    PauseReason("back-office", {"fr": "Back-office", "en": "Back office"}, productive=True, digit="5"),  # noqa: E501
    PauseReason("brief", {"fr": "Brief", "en": "Briefing"}, digit="6"),
)  # fmt: skip


async def seed(conn: AsyncConnection, now_ms: int) -> bool:
    """Give a configuration that nobody has touched yet its first version; False for any other."""
    if await read_version(conn) > 0:
        return False

    def no_phone(phone: PhoneId) -> str:
        raise AssertionError(f"the seed has no phone {phone}")

    async def seeded(_: AsyncConnection, found: Configuration) -> Configuration:
        reasons = {reason.code: reason for reason in PAUSE_REASONS}
        return msgspec.structs.replace(found, pause_reasons=reasons | found.pause_reasons)

    order = Order("system", "create", "config", now_ms, no_phone, "The first pause reasons")
    await change(conn, order, seeded)
    return True
