"""Only with `make test-images`: a network namespace of its own, and the images."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.images import compose
from tests.images.storage import buildah, image_label


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Say at once, in a sentence, when this was started in another way."""
    here = Path(__file__).parent
    if not any(here in item.path.parents for item in items):
        return
    lines = Path("/proc/net/dev").read_text().splitlines()[2:]
    alone = {line.split(":")[0].strip() for line in lines} <= {"lo"}
    if os.geteuid() != 0 or not alone:
        pytest.exit("these tests run by `make test-images`, as root", returncode=2)
    if image_label("plateau:local", "plateau.stamp") is None:
        pytest.exit(
            f"there are no images in {compose.ROOT}/.cache: run `make images`", returncode=2
        )
    # What a run that was killed left behind.
    buildah("rm", "--all")
