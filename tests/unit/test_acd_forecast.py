"""The estimated wait: its formulas against sums and draws, what it learns, when it is silent."""

from __future__ import annotations

import random

import msgspec
import pytest

from acd.model import AgentId, QueueId
from acd.routing.forecast import (
    KNOWN_AFTER,
    Forecast,
    ForecastState,
    WaitForecast,
    _gamma_quantile,
    _stages,
)

pytestmark = pytest.mark.unit

SALES, CARE, ALONE = QueueId("sales"), QueueId("care"), QueueId("alone")
MINUTE_MS = 60_000


def staffed(agents: int, *queues: QueueId, forecast: Forecast | None = None) -> Forecast:
    forecast = forecast or Forecast()
    for number in range(agents):
        forecast.staffed(AgentId(f"{'-'.join(queues)}-{number}"), queues)
    return forecast


def handle(forecast: Forecast, queue_id: QueueId, times: int, handle_ms: int = 200_000) -> None:
    for number in range(times):
        agent_id = AgentId(f"{queue_id}-{number % 3}")
        forecast.served(agent_id, queue_id, 0, handle_ms)


def nobody(queue_id: QueueId) -> int:
    return 0


def foretold(forecast: Forecast, queue_id: QueueId, ahead: int) -> WaitForecast:
    wait = forecast.predict(queue_id, lambda q: ahead if q == queue_id else 0)
    assert wait is not None
    return wait


# ---- what is not known is not announced --------------------------------------------------------


def test_nothing_is_announced_before_calls_were_handled() -> None:
    forecast = staffed(3, SALES)
    handle(forecast, SALES, KNOWN_AFTER - 1)
    assert forecast.predict(SALES, nobody) is None
    handle(forecast, SALES, 1)
    assert forecast.predict(SALES, nobody) is not None


def test_nothing_is_announced_where_nobody_serves() -> None:
    forecast = staffed(3, SALES)
    handle(forecast, SALES, 10)
    assert forecast.predict(CARE, nobody) is None
    assert forecast.predict(SALES, nobody, serving_agents=0) is None
    for number in range(3):
        forecast.staffed(AgentId(f"sales-{number}"), ())
    assert forecast.predict(SALES, nobody) is None


def test_a_queue_without_calls_of_its_own_borrows_the_floors_handling_times() -> None:
    forecast = staffed(4, CARE, forecast=staffed(4, SALES))
    handle(forecast, SALES, 50)
    assert foretold(forecast, CARE, 2) == foretold(forecast, SALES, 2)


@pytest.mark.parametrize("quantile", [0.49, 1.0, -1.0])
def test_a_quantile_that_is_none_is_refused(quantile: float) -> None:
    with pytest.raises(ValueError, match="quantile"):
        Forecast(quantile=quantile)


# ---- the model ---------------------------------------------------------------------------------


@pytest.mark.parametrize("ahead", [0, 1, 2, 10, 200])
@pytest.mark.parametrize("leaving", [0.0, 1e-12, 0.0005, 0.02])
def test_stages_are_the_sum_that_they_stand_for(ahead: int, leaving: float) -> None:
    rate = 0.05
    mean, variance = _stages(rate, leaving, ahead)
    assert mean == pytest.approx(sum(1 / (rate + j * leaving) for j in range(ahead + 1)), rel=0.01)
    exact = sum(1 / (rate + j * leaving) ** 2 for j in range(ahead + 1))
    assert variance == pytest.approx(exact, rel=0.02)


@pytest.mark.parametrize("shape", [0.8, 1.0, 3.0, 25.0])
def test_the_gamma_quantile_is_that_of_draws(shape: float) -> None:
    rng = random.Random(7)
    drawn = sorted(rng.gammavariate(shape, 10 / shape) for _ in range(40_000))
    found = _gamma_quantile(10, 100 / shape, 0.8416)
    assert found == pytest.approx(drawn[32_000], rel=0.03)


def test_exponential_handling_gives_the_wait_of_the_textbook() -> None:
    """Ten agents of 200 s, four ahead: five come free at 20 s each; Erlang-5 has 0.8 at 134 s."""
    forecast = staffed(10, SALES)
    rng = random.Random(3)
    for number in range(400):
        agent_id = AgentId(f"sales-{number % 10}")
        forecast.served(agent_id, SALES, 0, int(rng.expovariate(1 / 200_000)))
    wait = foretold(forecast, SALES, 4)
    assert wait.median_ms == pytest.approx(93_400, rel=0.25)
    assert wait.announced_ms == pytest.approx(134_400, rel=0.25)


def test_more_ahead_wait_longer_and_more_agents_less() -> None:
    forecast = staffed(5, SALES)
    handle(forecast, SALES, 20)
    waits = [foretold(forecast, SALES, ahead).announced_ms for ahead in range(30)]
    assert waits == sorted(waits)
    assert len(set(waits)) == 30
    few = foretold(forecast, SALES, 5).announced_ms
    staffed(12, SALES, forecast=forecast)
    assert foretold(forecast, SALES, 5).announced_ms < few / 2


def test_longer_calls_make_longer_waits_soon() -> None:
    forecast = staffed(5, SALES)
    handle(forecast, SALES, 300, 100_000)
    before = foretold(forecast, SALES, 3).announced_ms
    handle(forecast, SALES, 100, 300_000)
    assert foretold(forecast, SALES, 3).announced_ms > 1.8 * before


def test_the_ring_is_waited_for_too() -> None:
    forecast = staffed(200, SALES)
    for number in range(20):
        forecast.served(AgentId(f"sales-{number}"), SALES, 6_000, 100_000)
    assert foretold(forecast, SALES, 0).median_ms > 5_000


def test_callers_ahead_of_other_queues_count_as_far_as_agents_are_shared() -> None:
    forecast = staffed(4, SALES, CARE)
    staffed(4, CARE, forecast=forecast)
    staffed(8, ALONE, forecast=forecast)
    handle(forecast, SALES, 20)

    def wait(care: int, alone: int) -> int:
        ahead = {SALES: 2, CARE: care, ALONE: alone}
        found = forecast.predict(SALES, lambda queue_id: ahead[queue_id])
        assert found is not None
        return found.announced_ms

    assert wait(0, 0) == wait(0, 50)
    assert wait(8, 0) == pytest.approx(foretold(forecast, SALES, 6).announced_ms, abs=1)


def test_a_caller_whom_few_fit_waits_as_long_in_line_but_longer_at_its_head() -> None:
    forecast = staffed(20, SALES)
    handle(forecast, SALES, 50)
    all_fit, two_fit = (forecast.predict(SALES, nobody, serving_agents=n) for n in (20, 2))
    assert all_fit is not None
    assert two_fit is not None
    assert two_fit.median_ms > 5 * all_fit.median_ms


def test_staffing_can_be_told_again_and_taken_back() -> None:
    forecast = staffed(6, SALES, CARE)
    handle(forecast, SALES, 20)
    before = foretold(forecast, SALES, 3)
    staffed(6, SALES, CARE, forecast=forecast)
    assert foretold(forecast, SALES, 3) == before
    forecast.staffed(AgentId("guest"), (SALES,))
    assert foretold(forecast, SALES, 3) != before
    forecast.staffed(AgentId("guest"), ())
    assert foretold(forecast, SALES, 3) == before


# ---- what comes true ---------------------------------------------------------------------------


@pytest.mark.parametrize("pace", [0.4, 1.0, 2.5])
def test_what_the_model_gets_wrong_is_corrected(pace: float) -> None:
    """Agents `pace` times as quick as counted: soon four in five wait no longer than announced."""
    forecast = staffed(10, SALES)
    handle(forecast, SALES, 100)
    rng = random.Random(11)
    for number in range(1_200):
        ahead = rng.randrange(12)
        wait = foretold(forecast, SALES, ahead)
        actual_ms = sum(rng.expovariate(pace * 10 / 200_000) for _ in range(ahead + 1))
        forecast.came_true(SALES, wait, int(actual_ms), answered=True)
        if number == 200:
            forecast.forget_errors()
    errors = forecast.errors(SALES)
    assert errors.coverage == pytest.approx(0.8, abs=0.04)
    assert errors.bias_ms == pytest.approx(0, abs=20_000 / pace)


def test_errors_are_counted_as_they_are() -> None:
    forecast = Forecast()
    wait = WaitForecast(60_000, 90_000, 60_000, 90_000)
    assert forecast.errors(SALES).coverage is None
    forecast.came_true(SALES, wait, 50_000, answered=True)
    forecast.came_true(SALES, wait, 90_000, answered=True)
    forecast.came_true(SALES, wait, 100_000, answered=True)
    forecast.came_true(SALES, wait, 95_000, answered=False)
    forecast.came_true(SALES, wait, 20_000, answered=False)
    errors = forecast.errors(SALES)
    assert (errors.count, errors.covered, errors.answered, errors.unknown) == (4, 2, 3, 1)
    assert errors.coverage == 0.5
    assert errors.mean_absolute_error_ms == pytest.approx(80_000 / 3)
    assert errors.bias_ms == pytest.approx((10_000 - 30_000 - 40_000) / 3)
    forecast.forget_errors()
    assert forecast.errors(SALES).count == 0


def test_one_who_left_early_says_nothing_of_the_quantile() -> None:
    forecast = staffed(5, SALES)
    handle(forecast, SALES, 20)
    wait = foretold(forecast, SALES, 5)
    for _ in range(50):
        forecast.came_true(SALES, wait, 1_000, answered=False)
    state = forecast.snapshot().queues[SALES]
    assert state.announced_shift == state.median_shift == 0


def test_impatient_callers_make_the_line_shorter() -> None:
    forecast = staffed(5, SALES)
    handle(forecast, SALES, 20)
    before = foretold(forecast, SALES, 20)
    for _ in range(50):
        forecast.came_true(SALES, before, MINUTE_MS, answered=False)
    assert foretold(forecast, SALES, 20).plain_median_ms < 0.5 * before.plain_median_ms


def test_a_correction_never_runs_away() -> None:
    forecast = staffed(5, SALES)
    handle(forecast, SALES, 20)
    for _ in range(5_000):
        wait = foretold(forecast, SALES, 1)
        forecast.came_true(SALES, wait, 10**9, answered=True)
    wait = foretold(forecast, SALES, 1)
    assert wait.announced_ms < 500 * wait.plain_announced_ms


# ---- a restart ---------------------------------------------------------------------------------


def test_what_was_learnt_survives_a_restart() -> None:
    forecast = staffed(5, SALES)
    handle(forecast, SALES, 20)
    for _ in range(30):
        forecast.came_true(SALES, foretold(forecast, SALES, 2), 5 * MINUTE_MS, answered=True)
    raw = msgspec.json.encode(forecast.snapshot())
    again = staffed(5, SALES, forecast=Forecast(msgspec.json.decode(raw, type=ForecastState)))
    assert foretold(again, SALES, 2) == foretold(forecast, SALES, 2)
    assert again.errors(SALES) == forecast.errors(SALES)


def test_a_snapshot_stays_as_it_is() -> None:
    forecast = staffed(5, SALES)
    handle(forecast, SALES, 20)
    taken = forecast.snapshot()
    raw = msgspec.json.encode(taken)
    handle(forecast, SALES, 20, 500_000)
    assert msgspec.json.encode(taken) == raw
    later = Forecast(taken)
    handle(later, SALES, 5)
    assert msgspec.json.encode(taken) == raw


def test_a_deleted_queue_is_forgotten() -> None:
    forecast = staffed(5, SALES)
    handle(forecast, SALES, 20)
    forecast.forget_queue(SALES)
    forecast.forget_queue(SALES)
    assert SALES not in forecast.snapshot().queues
