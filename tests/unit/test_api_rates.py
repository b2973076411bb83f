"""The pace of requests and the number of streams, per principal."""

from __future__ import annotations

import pytest

from api.rates import OpenStreams, Rates
from tests.api_stand import T0

pytestmark = pytest.mark.unit


def test_a_burst_passes_and_then_the_pace() -> None:
    rates = Rates(per_s=10, burst=20)
    assert [rates.take("a", T0) for _ in range(20)] == [0] * 20
    assert rates.take("a", T0) == 1
    assert rates.take("b", T0) == 0  # others are not slowed
    for half_s in range(1, 9):
        passed = [rates.take("a", T0 + half_s * 500) == 0 for _ in range(8)]
        assert passed == [True] * 5 + [False] * 3


def test_a_refused_request_costs_nothing_and_an_earlier_instant_gives_nothing() -> None:
    rates = Rates(per_s=1, burst=1)
    assert rates.take("a", T0) == 0
    assert rates.take("a", T0 - 5_000) == 1
    assert [rates.take("a", T0 + 500) for _ in range(3)] == [1] * 3
    assert rates.take("a", T0 + 1000) == 0


def test_buckets_that_are_full_again_are_forgotten() -> None:
    rates = Rates(per_s=1, burst=10)
    rates.take("a", T0)
    rates.take("b", T0 + 9_000)
    rates.forget_full(T0 + 10_000)
    assert len(rates) == 1


def test_streams_are_counted_by_actor() -> None:
    streams = OpenStreams(2)
    assert [streams.enter("a") for _ in range(3)] == [True, True, False]
    assert streams.enter("b")
    streams.leave("a")
    assert streams.enter("a")
    assert not streams.enter("a")
