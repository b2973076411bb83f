"""What an operator writes wrong into `.env`: a service says it in a sentence and does not start."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator

import pytest

from tests.images.floor import Floor

pytestmark = pytest.mark.images


@pytest.fixture(scope="module")
def floor(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Floor]:
    """The secrets are there; nothing else was started."""
    made = Floor.make(tmp_path_factory.mktemp("refusals") / "compose")
    made.project.up("secrets")
    made.project.containers["secrets"].wait(30)
    yield made
    made.close()


@pytest.mark.parametrize(
    ("service", "setting", "value"),
    [
        ("asterisk", "PLATEAU_TRUNK_MATCH", "300.1.1.1"),
        ("asterisk", "PLATEAU_TRUNK_MATCH", "carrier one"),
        ("asterisk", "PLATEAU_TRUNK_CONTACT", "198.51.100.7"),
        ("asterisk", "PLATEAU_RTP_FIRST", "20000"),
        ("asterisk", "PLATEAU_MAX_CALL_S", "long"),
        ("migrate", "PLATEAU_TIME_ZONE", "Europe/Lutece"),
        ("floor", "PLATEAU_COUNTRY_CODE", "+33 6"),
        ("floor", "PLATEAU_LANGUAGE", "de"),
        ("api", "PLATEAU_TRUSTED_PROXIES", "the proxy"),
    ],
)
def test_wrong_setting_is_named_and_the_service_ends(
    floor: Floor, service: str, setting: str, value: str
) -> None:
    container = floor.project.made(service)
    before = len(container.said())
    container.start(env={setting: value})
    try:
        status = container.wait(40)
    except subprocess.TimeoutExpired:
        floor.project.stop(service)
        pytest.fail(f"{service} started with {setting}={value}: {container.said()[before:]}")
    said = container.said()[before:]
    assert status != 0
    assert setting in said, said
    assert "Traceback" not in said
