"""Ana asks a colleague, a queue or a number while her customer waits: how far it has come."""

from __future__ import annotations

import pytest

from acd.events import Conference, Consult
from acd.model import ChannelId, Target, TargetKind
from tests.acd_world import OUTSIDE, World, agent

COLLEAGUE = Target(TargetKind.AGENT, "bob")
QUEUE = Target(TargetKind.QUEUE, "support")
NUMBER = Target(TargetKind.NUMBER, OUTSIDE)
ALL = pytest.mark.parametrize("target", [COLLEAGUE, QUEUE, NUMBER], ids=["agent", "queue", "out"])
ANA = agent("ana")


def far_leg(world: World, target: Target) -> ChannelId:
    return world.dialled() if target is NUMBER else world.rung("bob")


def asking(target: Target) -> tuple[World, ChannelId, ChannelId]:
    """Ana asks while the customer waits; nobody has answered: the world, customer, ana."""
    world = World()
    world.sign_in("bob")
    caller, ana = world.talk()
    world.tell(Consult(ANA, target))
    return world, caller, ana


def consulting(target: Target) -> tuple[World, ChannelId, ChannelId, ChannelId]:
    """Ana talks to the one consulted: the world, customer, ana, the other."""
    world, caller, ana = asking(target)
    return world, caller, ana, world.answer(far_leg(world, target))


def three(target: Target) -> tuple[World, ChannelId, ChannelId, ChannelId]:
    """All three talk: the world, customer, ana, the other."""
    world, caller, ana, far = consulting(target)
    world.tell(Conference(ANA))
    return world, caller, ana, far
