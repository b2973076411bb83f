"""docs/agents.md says of the phone codes what the code does."""

from __future__ import annotations

import re

import pytest

from acd.desk import phone_codes
from tests.doc_blocks import ROOT

pytestmark = pytest.mark.unit

PAGE = (ROOT / "docs" / "agents.md").read_text()
SOURCE = (ROOT / "acd" / "desk" / "phone_codes.py").read_text()


def rows(heading: str) -> list[list[str]]:
    """The cells of the first table below a line."""
    below = PAGE.partition(heading)[2].splitlines()
    start = next(number for number, line in enumerate(below) if line.startswith("|"))
    table = []
    for line in below[start:]:
        if not line.startswith("|"):
            break
        table.append([cell.strip() for cell in line.strip("|").split("|")])
    return table[2:]


def test_the_table_has_every_phone_code_and_no_other() -> None:
    known = set(re.findall(r'"(\*\d+)"', SOURCE))
    assert [code.strip("`") for code, *_ in rows("## Phone codes")] == sorted(known)


def test_every_sentence_that_a_phone_says_stands_there_in_both_languages() -> None:
    told = {(fr.strip("« »"), en.strip("“”")) for fr, en, _ in rows("What is heard:")}
    assert told == {(texts["fr"], texts["en"]) for texts in phone_codes.TEXTS.values()}


def test_the_limits_are_the_code_s() -> None:
    assert phone_codes.WRONG_PINS == 3
    assert phone_codes.LOCKED_MS == 5 * 60_000
    assert f"silent for {phone_codes.PATIENCE_MS // 1000} s" in PAGE
