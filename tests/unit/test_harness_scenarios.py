"""Every scenario is well formed, says what it expects, and is used."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ET
from pathlib import Path

import pytest

from load.process import whole_scenario
from load.site import SCENARIOS

pytestmark = pytest.mark.unit

_FILES = sorted(SCENARIOS.glob("*.xml"))
_NAME = re.compile(r"(uac|uas|register|unregister)_?[a-z0-9_]*expect_[a-z0-9_]+\.xml")
_HARNESS = SCENARIOS.parent
#: What the harness sends to steer a call; a scenario that waits for anything else waits for ever.
_VERBS = {
    "HANGUP", "ANSWER", "BUSY", "DECLINE", "UNKNOWN", "OFFER", "TRANSFER", "DIAL", "LEAVE", "SKIP",
    "GIVEUP", "DIVERT", "MOVED301", "MOVED302", "MOVED305", "MOVED380",
}  # fmt: skip
_SIP = {"INVITE", "ACK", "BYE", "CANCEL", "OPTIONS"}


@pytest.fixture(params=_FILES, ids=lambda path: path.stem)
def scenario(request: pytest.FixtureRequest) -> Path:
    path: Path = request.param
    return path


def test_there_are_scenarios() -> None:
    assert len(_FILES) >= 12


def test_name_says_the_expected_outcome(scenario: Path) -> None:
    assert _NAME.fullmatch(scenario.name)


def test_title_and_comment(scenario: Path) -> None:
    root = ET.fromstring(whole_scenario(scenario.name))
    assert root.tag == "scenario"
    assert root.get("name")
    assert "<!--" in scenario.read_text()


def test_every_jump_has_its_label(scenario: Path) -> None:
    root = ET.fromstring(whole_scenario(scenario.name))
    labels = {label.get("id") for label in root.iter("label")}
    jumps = {e.get(name) for e in root.iter() for name in ("next", "ontimeout") if e.get(name)}
    assert jumps <= labels
    assert labels <= jumps | {"answer", "sound"}, "a label that nothing jumps to"


def test_it_waits_only_for_what_can_come(scenario: Path) -> None:
    root = ET.fromstring(whole_scenario(scenario.name))
    wanted = {e.get("request") for e in root.iter("recv") if e.get("request")}
    assert wanted <= _VERBS | _SIP


def test_every_part_is_put_in_somewhere() -> None:
    parts = {path.name for path in (SCENARIOS / "parts").glob("*.xml")}
    used = {name for path in _FILES for name in re.findall(r"<\?part (\S+)\?>", path.read_text())}
    assert parts == used


def test_every_verb_is_sent_by_the_harness() -> None:
    sources = "".join(path.read_text() for path in _HARNESS.glob("*.py"))
    assert {verb for verb in _VERBS if f'"{verb}"' not in sources} == set()


def test_some_code_uses_it(scenario: Path) -> None:
    sources = "".join(path.read_text() for path in _HARNESS.glob("*.py"))
    assert f'"{scenario.name}"' in sources


def test_keys_are_given_by_the_harness(scenario: Path) -> None:
    known = {
        "remote_ip", "remote_port", "transport", "local_ip", "local_port", "branch", "call_id",
        "call_number", "len", "media_ip", "next_url", "peer_tag_param", "routes", "timestamp",
        "cseq", "auto_media_port", "rtpstream_audio_port", "pid", "last_cseq_number",
    }  # fmt: skip
    text = re.sub(r"<!--.*?-->", "", whole_scenario(scenario.name), flags=re.DOTALL)
    text = re.sub(r'regexp="[^"]*"', "", text)
    used = set(re.findall(r"\[([a-z_]+)(?:[\] -]|$)", text)) - known
    used = {name for name in used if not re.fullmatch(r"field|last_\w+|authentication", name)}
    sources = "".join(path.read_text() for path in _HARNESS.glob("*.py"))
    assert {name for name in used if f'"{name}"' not in sources} == set()
