"""Every fenced block of the documentation has a kind, and what is not run says why.

Blocks of shell and Python are run by tests/contract/test_docs_blocks.py.
"""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
import yaml

from acd import expressions
from ivr import document
from ivr.faults import Severity
from plateau.settings import Settings
from tests.doc_blocks import CHECKED, RUN, SHOWN, YAML_KINDS, Block, all_blocks, blocks_of

pytestmark = pytest.mark.unit

BLOCKS = all_blocks()
_ID = re.compile(r"[a-z][a-z0-9_-]*")


def _of(kind: str, *words: str) -> list[Block]:
    return [b for b in BLOCKS if b.kind == kind and b.words[: len(words)] == words]


def _name(block: Block) -> str:
    return block.name


def test_there_are_blocks() -> None:
    assert len(BLOCKS) > 30


@pytest.mark.parametrize("block", BLOCKS, ids=_name)
def test_a_block_has_a_kind(block: Block) -> None:
    assert block.kind in RUN | CHECKED | SHOWN, f"{block.name}: a block of kind {block.kind!r}"
    if block.kind == "yaml":
        assert len(block.words) == 1, f"{block.name}: say what it is, ```yaml flow"
        assert block.words[0] in YAML_KINDS
    if block.kind in SHOWN:
        assert block.why is None, f"{block.name}: what is only shown needs no mark"


@pytest.mark.parametrize("block", [b for b in BLOCKS if b.why is not None], ids=_name)
def test_a_mark_gives_a_reason(block: Block) -> None:
    assert block.why is not None
    assert len(block.why.split()) >= 3, f"{block.name}: {block.why!r} is no reason"


def errors(text: str) -> list[str]:
    return [str(fault) for fault in document.read(text).faults if fault.severity is Severity.ERROR]


@pytest.mark.parametrize("block", _of("yaml", "flow"), ids=_name)
def test_a_flow_is_without_fault(block: Block) -> None:
    assert errors(block.text) == []


def words_of(value: object) -> set[str]:
    """Every text in a value that could be the name of a node."""
    if isinstance(value, dict):
        return {word for part in value.values() for word in words_of(part)}
    if isinstance(value, list):
        return {word for part in value for word in words_of(part)}
    return {value} if isinstance(value, str) and _ID.fullmatch(value) else set()


@pytest.mark.parametrize("block", _of("yaml", "nodes"), ids=_name)
def test_nodes_are_without_fault_in_a_flow(block: Block) -> None:
    nodes = yaml.safe_load(block.text)
    calendars = {node["calendar"] for node in nodes.values() if "calendar" in node}
    others = sorted(words_of(nodes) - nodes.keys())
    hours = "".join(f"  {name}: {{weekly: {{daily: 00:00-24:00}}}}\n" for name in calendars)
    indented = "".join(f"  {line}\n" for line in block.text.splitlines())
    text = (
        f"flow: block\nlanguage: fr\nstart: {next(iter(nodes))}\n"
        + (f"hours:\n{hours}" if calendars else "")
        + f"nodes:\n{indented}"
        + "".join(f"  {name}: {{kind: hang_up}}\n" for name in others)
    )
    assert errors(text) == []


@pytest.mark.parametrize("block", _of("yaml", "hours"), ids=_name)
def test_calendars_are_without_fault_in_a_flow(block: Block) -> None:
    name = next(iter(yaml.safe_load(block.text)["hours"]))
    text = (
        f"flow: block\nstart: opening\n{block.text}nodes:\n"
        f"  opening: {{kind: hours, calendar: {name}, open: away, closed: away}}\n"
        "  away: {kind: hang_up}\n"
    )
    assert errors(text) == []


@pytest.mark.parametrize("block", _of("json"), ids=_name)
def test_json_is_json_line_by_line(block: Block) -> None:
    for line in block.text.splitlines():
        json.loads(line)


@pytest.mark.parametrize("block", _of("dotenv"), ids=_name)
def test_a_file_of_settings_names_settings(block: Block) -> None:
    known = {f"PLATEAU_{name.upper()}" for name in Settings.model_fields}
    told = dict(line.split("=", 1) for line in block.text.splitlines())
    assert told.keys() <= known
    Settings.model_validate({k.removeprefix("PLATEAU_").lower(): v for k, v in told.items()})


@pytest.mark.parametrize("block", _of("expression"), ids=_name)
def test_an_expression_is_one(block: Block) -> None:
    expressions.parse(block.text.strip())


def test_a_block_is_read_with_its_place_kind_and_mark(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text(
        "# T\n\n<!-- not run: no such machine -->\n```sh\nls\n```\n\n```yaml flow\na: 1\n```\n"
    )
    first, second = blocks_of(page)
    assert (first.line, first.kind, first.why, first.text) == (4, "sh", "no such machine", "ls\n")
    assert (second.kind, second.words, second.why) == ("yaml", ("flow",), None)


def test_a_block_without_an_end_is_a_fault(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("```sh\nls\n")
    with pytest.raises(ValueError, match="without an end"):
        blocks_of(page)
