"""Calls that Ana places, by request or from her phone: how far they have come."""

from __future__ import annotations

import pytest

from acd.events import PhoneDialled, PlaceCall
from acd.facts import ContactArrived
from acd.model import ChannelId, PhoneId, QueueId, Target, TargetKind
from tests.acd_world import OUTSIDE, World, agent

ANA = agent("ana")
BOB = Target(TargetKind.AGENT, "bob")
NUMBER = Target(TargetKind.NUMBER, OUTSIDE)
BOTH = pytest.mark.parametrize("target", [BOB, NUMBER], ids=["agent", "out"])


def placed(target: Target, queue: str | None = None) -> World:
    world = World()
    world.sign_in("ana", "bob")
    world.tell(PlaceCall(ANA, target, QueueId(queue) if queue else None, {"case": "7"}))
    return world


def far_leg(world: World, target: Target) -> ChannelId:
    return world.dialled() if target is NUMBER else world.rung("bob")


def talking(target: Target, queue: str | None = None) -> tuple[World, ChannelId, ChannelId]:
    world = placed(target, queue)
    ana = world.answer(world.rung("ana"))
    return world, ana, world.answer(far_leg(world, target))


def arrived(world: World) -> ContactArrived:
    (fact,) = (f for f in world.facts if isinstance(f, ContactArrived))
    return fact


def dials(world: World, extension: str, name: str = "ana") -> ChannelId:
    """An agent's phone dials; its leg."""
    leg = ChannelId(f"phone-{next(world.ids)}")
    world.legs.add(leg)
    world.tell(PhoneDialled(leg, PhoneId(name), extension))
    world.up.add(leg)
    return leg
