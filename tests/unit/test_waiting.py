"""The one wait of the tests: it ends when the condition holds, and says what it missed."""

from __future__ import annotations

import pytest

from tests.waiting import until, until_blocking

pytestmark = pytest.mark.unit


async def test_it_looks_again_until_a_plain_or_an_async_condition_holds() -> None:
    looks: list[int] = []

    def plain() -> bool:
        looks.append(1)
        return len(looks) == 3

    async def later() -> int:
        looks.append(1)
        return len(looks) == 5

    await until("three looks", plain)
    await until("two more", later)
    assert len(looks) == 5


async def test_it_says_what_it_missed_and_what_it_saw_last() -> None:
    with pytest.raises(AssertionError, match=r"not within 0.02 s: rain \(last seen: 0\)"):
        await until("rain", lambda: 0, within_s=0.02)


def test_without_a_loop_it_waits_and_says_the_same() -> None:
    looks = iter([0, "", "there"])
    until_blocking("the third look", lambda: next(looks))
    assert next(looks, None) is None
    with pytest.raises(AssertionError, match=r"not within 0.02 s: rain \(last seen: 0\)"):
        until_blocking("rain", lambda: 0, within_s=0.02)
