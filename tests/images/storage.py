"""Our own storage of images, apart from any other of this machine; the driver works everywhere."""

from __future__ import annotations

import json
import os
import subprocess
from typing import IO, Any, Final

from tests.images.compose import ROOT

FOLDER: Final = ROOT / ".cache" / "images"
BUILDAH: Final = (
    "buildah", "--root", str(FOLDER / "storage"), "--runroot", str(FOLDER / "run"),
    "--storage-driver", "vfs",
)  # fmt: skip


class BuildahFailed(Exception):
    """buildah did not do it; the text is what it said."""


def environment() -> dict[str, str]:
    """What buildah itself is started with: its storage is named on its command line alone."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("PLATEAU_", "STORAGE_"))}
    return kept | {"BUILDAH_ISOLATION": "chroot"}


def buildah(*words: str, output: IO[str] | None = None) -> str:
    """Run buildah on our storage; return what it prints, or send all of it to `output`.

    Raises:
        BuildahFailed: it failed; the text says why.
    """
    FOLDER.mkdir(parents=True, exist_ok=True)
    done = subprocess.run(
        [*BUILDAH, *words], text=True, env=environment(), stdin=subprocess.DEVNULL,
        stdout=output or subprocess.PIPE,
        stderr=subprocess.STDOUT if output else subprocess.PIPE,
    )  # fmt: skip
    if done.returncode != 0:
        raise BuildahFailed(f"buildah {' '.join(words)}: {(done.stderr or '').strip()}")
    return done.stdout or ""


def image_config(name: str) -> dict[str, Any]:
    """The image's own configuration (Entrypoint, Cmd, Env, User, WorkingDir, Labels).

    Raises:
        BuildahFailed: there is no such image.
    """
    whole = json.loads(buildah("inspect", "--type", "image", name))
    found: dict[str, Any] = whole["OCIv1"]["config"]
    return found


def image_label(name: str, label: str) -> str | None:
    """A label of an image; None if there is no such image or label."""
    try:
        labels = image_config(name).get("Labels") or {}
    except BuildahFailed:
        return None
    value: str | None = labels.get(label)
    return value


def images() -> list[str]:
    """One line an image: its name and size."""
    text = buildah("images", "--format", "{{.Name}}:{{.Tag}} {{.Size}}")
    return [line for line in text.splitlines() if not line.startswith("<none>")]
