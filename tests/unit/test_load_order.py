"""What a load may be, what it is made of, and how its figures are read."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from typer.testing import CliRunner

from load.figures import Event
from load.files import read_accounts
from load.order import MOST_CALLS, LoadOrder
from load.plan import injection_file
from load.registering import Account
from load.report import compared, refusals, ring_times_ms
from load.sound import encode_ulaw, seconds_of_sound, seconds_of_tone, ulaw_frames
from plateau.cli import app
from plateau.load_access import is_loopback, own_address

pytestmark = pytest.mark.unit


def test_the_defaults_are_a_load() -> None:
    assert LoadOrder().faults() == []


@pytest.mark.parametrize(
    ("order", "said"),
    [
        (LoadOrder(rate=0), "--rate 0"),
        (LoadOrder(rate=51), "--rate 51"),
        (LoadOrder(rate=float("nan")), "--rate nan"),
        (LoadOrder(seconds=3601), "--seconds 3601"),
        (LoadOrder(rate=50, seconds=401), f"more than {MOST_CALLS}"),
        (LoadOrder(agents=501), "--agents 501"),
        (LoadOrder(agents=-1), "--agents -1"),
        (LoadOrder(talk_s=0), "--talk 0"),
        (LoadOrder(patience_s=-1), "--patience -1"),
        (LoadOrder(digits_after_s=61), "--digits-after 61"),
        (LoadOrder(dnis="01 00;", agents=0), "--dnis '01 00;'"),
        (LoadOrder(digits="1;2"), "--digits '1;2'"),
        (LoadOrder(dnis="0100"), "--queue"),
        (LoadOrder(queues=("support",)), "--dnis"),
    ],
    ids=lambda value: value if isinstance(value, str) else "order",
)
def test_what_is_out_of_bounds_is_a_sentence(order: LoadOrder, said: str) -> None:
    assert any(said in fault for fault in order.faults()), order.faults()


def test_the_same_seed_gives_the_same_calls_and_sipp_can_read_them() -> None:
    order = LoadOrder(rate=20, seconds=10, digits="11")
    plan = order.plan("0100")
    assert plan == order.plan("0100")
    assert plan != LoadOrder(rate=20, seconds=10, digits="11", seed=2).plan("0100")
    assert len({call.caller for call in plan}) == len(plan) > 150
    assert injection_file(plan, lead_ms=300, created_per_s=1000).count("\n") == len(plan) + 1


def test_a_load_too_short_for_a_caller_has_one() -> None:
    assert len(LoadOrder(rate=0.01, seconds=0.1).plan("0100")) == 1


def test_refusals_are_counted_by_code() -> None:
    log = (
        "2026-11-29 Aborting call on unexpected message for Call-Id 'load-1-2': while expecting "
        "'100' (index 2), received 'SIP/2.0 404 Not Found\r\nVia: x'\n"
        "… while expecting '100' (index 2), received 'SIP/2.0 404 Not Found\n"
        "… while expecting '200' (index 7), received 'SIP/2.0 503 Service Unavailable\n"
        "… received 'SIP/2.0 180 Ringing\n"
    )
    assert refusals(log) == {"404": 2, "503": 1}


def test_ring_times_are_of_the_calls_that_were_answered() -> None:
    events = [
        Event("rung", "a", 1.0), Event("rung", "b", 1.1), Event("answered", "a", 1.5),
        Event("ended", "b", 2.0),
    ]  # fmt: skip
    assert ring_times_ms(events) == [500.0]


def test_both_sides_are_compared_for_a_queue_of_the_load_s_own_only() -> None:
    floor = {"offered": 9, "answered": 7, "abandoned": 2}
    calls, talks = compared(10, 1, 7, 5, True, floor)
    assert (calls.agrees, talks.agrees) == (True, True)
    assert [one.agrees for one in compared(10, 0, 6, 5, True, floor)] == [False, False]
    assert compared(10, 0, 7, 5, False, floor) == []


def test_a_tone_is_told_from_another_and_from_silence() -> None:
    frames = ulaw_frames(450, 1.0) + ulaw_frames(1000, 0.5) + [b"\xff" * 160] * 25
    assert seconds_of_tone(frames, 450) == pytest.approx(1.0, abs=0.05)
    assert seconds_of_tone(frames, 1000) == pytest.approx(0.5, abs=0.05)
    assert seconds_of_tone(frames, 800) == 0
    assert seconds_of_sound(frames) == pytest.approx(1.5, abs=0.05)


def test_mu_law_has_its_ends() -> None:
    assert encode_ulaw([0, 32767, -32768]) == b"\xff\x80\x00"


def test_accounts_are_read_with_the_line_that_is_wrong(tmp_path: Path) -> None:
    file = tmp_path / "accounts"
    file.write_text("agent-1;secret\n\nagent-2;other;\n")
    assert read_accounts(file) == [Account("agent-1", "secret"), Account("agent-2", "other")]
    file.write_text("agent-1;secret\nagent-2\n")
    with pytest.raises(ValueError, match="line 2"):
        read_accounts(file)


def test_loopback_is_known() -> None:
    assert is_loopback("127.0.0.1")
    assert is_loopback("localhost")
    assert not is_loopback("192.0.2.1")
    assert own_address("127.0.0.1") == "127.0.0.1"


@pytest.mark.parametrize(
    "words",
    [
        ["load", "--sip", "192.0.2.1"],
        ["load", "--sip", "192.0.2.1:5070", "--api", "http://127.0.0.1:8000"],
        ["load", "--api", "https://192.0.2.1"],
        ["load", "files", "folder", "--dnis", "0100", "--sip", "192.0.2.1"],
        ["call", "0100", "--sip", "192.0.2.1"],
    ],
)
def test_a_target_elsewhere_must_be_said_to_be_one_s_own(
    words: list[str], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 1, done.output
    assert "--my-own-system" in done.output
    assert list(tmp_path.iterdir()) == []


def test_a_load_out_of_bounds_starts_nothing(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    done = CliRunner().invoke(app, ["load", "--rate", "100"])
    assert done.exit_code == 1
    assert "--rate 100: between 0 and 50" in done.output
    assert list(tmp_path.iterdir()) == []


def test_the_page_names_every_option() -> None:
    page = (Path(__file__).resolve().parents[2] / "docs" / "load-testing.md").read_text()
    spoken = CliRunner().invoke(app, ["load", "--help"], env={"COLUMNS": "200"}).output
    options = set(re.findall(r"--[a-z]+(?:-[a-z]+)*", spoken)) - {"--help"}
    assert len(options) > 12
    assert sorted(option for option in options if option not in page) == []
