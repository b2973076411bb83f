"""`plateau flow check` and `try`: what they print and how they exit."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from ivr.cli import app

pytestmark = pytest.mark.unit

EXAMPLES = Path(__file__).parents[2] / "ivr" / "examples"
BROKEN = "flow: test\nstart: a\nnodes:\n  a: {kind: hangup}\n"


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, list(arguments))
    return result.exit_code, result.output


def test_check_tells_sound_from_broken(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text(BROKEN)
    good = str(EXAMPLES / "bilingual.yaml")
    assert run("check", good) == (0, f"{good}: flow bilingual is sound, 11 nodes\n")
    code, output = run("check", good, str(broken))
    assert code == 1
    assert (
        f"{broken}:4:13: error: there is no kind of node “hangup”; did you mean “hang_up”?"
        in output.splitlines()
    )


def test_check_as_json(tmp_path: Path) -> None:
    broken = tmp_path / "broken.yaml"
    broken.write_text(BROKEN)
    code, output = run("check", "--json", str(broken), str(tmp_path / "absent.yaml"))
    assert code == 1
    assert [(each["file"], each["line"], each["column"]) for each in json.loads(output)] == [
        (str(broken), 4, 13),
        (str(tmp_path / "absent.yaml"), 1, 1),
    ]


def test_a_file_that_is_not_text_is_a_fault(tmp_path: Path) -> None:
    path = tmp_path / "sound.yaml"
    path.write_bytes(b"flow: \xff\xfe")
    code, output = run("check", str(path))
    assert (code, output) == (
        1,
        f"{path}:1:7: error: the byte 0xFF is not UTF-8: save the document as UTF-8\n",
    )


def test_try_walks_to_the_queue() -> None:
    code, output = run("try", str(EXAMPLES / "bilingual.yaml"), "--digits", "2,9,,2")
    lines = [" ".join(line.split()[2:]) for line in output.splitlines()]
    assert code == 0
    assert lines[-1] == (
        "support-in-english queue support, priority 0, asks for english ≥ 5, answered at once"
    )
    assert "language caller presses 2" in lines
    said = "[invalid-choice] For sales, press 1. For technical support, press 2."
    assert f"service-in-english says (en) {said}" in lines
    assert "service-in-english caller waits" in lines


def test_try_at_a_time() -> None:
    hours = str(EXAMPLES / "hours.yaml")
    assert "ends: out_of_hours (closed)" in run("try", hours, "--at", "2026-07-14T10:00")[1]
    assert "rings until an agent answers" in run("try", hours, "--at", "2026-07-15T10:00")[1]
    assert "rings until an agent answers" in run("try", hours, "--at", "2026-07-15T07:00Z")[1]


def test_try_refuses_what_it_cannot_read() -> None:
    hours = str(EXAMPLES / "hours.yaml")
    assert run("try", hours, "--at", "tomorrow")[0] == 2
    assert run("try", hours, "--at", "2026-03-29T02:30")[0] == 2  # no such time in Paris
    assert run("try", hours, "--digits", "1x")[0] == 2
