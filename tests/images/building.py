"""`make images`: the images of the compose file, with an engine or without one.

With a Docker engine Compose builds them. Without, buildah does, in a storage of its own under
`.cache/images`; what the Dockerfiles begin `FROM` is then made of Debian packages and kept under
the very names that they use, so that no registry is asked.

usage: python -m tests.images.building [--force] [--remove]
"""

from __future__ import annotations

import argparse
import hashlib
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Final

from tests.images import compose, machine
from tests.images.compose import ROOT, Build
from tests.images.storage import FOLDER, BuildahFailed, buildah, image_label, images

STAMP: Final = "plateau.stamp"
_FROM: Final = re.compile(r"^FROM +(\S+)(?: +AS +(\S+))?", re.MULTILINE | re.IGNORECASE)
_SETTINGS: Final = "PLATEAU_SIP_ADDRESS=\nPLATEAU_TRUNK_MATCH=172.28.91.51\n"

_PYTHON: Final = """FROM debian:{suite}-slim
RUN apt-get update \\
 && apt-get install --yes --no-install-recommends ca-certificates python3 python3-venv \\
 && rm -rf /var/lib/apt/lists/*
RUN test "$(python3 -c 'import sys; print("%d.%d" % sys.version_info[:2])')" = {version} \\
 && ln -s /usr/bin/python3 /usr/local/bin/python
CMD ["python3"]
"""
_POSTGRES: Final = """FROM debian:{suite}-slim
RUN groupadd --system --gid 999 postgres \\
 && useradd --system --uid 999 --gid postgres --home-dir /var/lib/postgresql postgres \\
 && mkdir -p /etc/postgresql-common \\
 && echo 'create_main_cluster = false' >/etc/postgresql-common/createcluster.conf
RUN apt-get update \\
 && apt-get install --yes --no-install-recommends postgresql \\
 && rm -rf /var/lib/apt/lists/*
RUN ln -s /usr/lib/postgresql/*/bin/* /usr/local/bin/ || true
RUN install -d -o postgres -g postgres -m 0700 /var/lib/postgresql/data \\
 && install -d -o postgres -g postgres -m 3777 /var/run/postgresql
COPY postgres.sh /usr/local/bin/docker-entrypoint.sh
ENV PGDATA=/var/lib/postgresql/data LANG=C.UTF-8
ENTRYPOINT ["sh", "/usr/local/bin/docker-entrypoint.sh"]
CMD ["postgres"]
"""

TOOLS: Final = "plateau-deploy:local"
"""What the files of `deploy/` are tried with; belongs to the tests, not to the product."""
_TOOLS: Final = """FROM debian:bookworm-slim
RUN apt-get update \\
 && apt-get install --yes --no-install-recommends fail2ban logrotate systemd \\
 && rm -rf /var/lib/apt/lists/*
"""

Say = Callable[[str], None]


class BuildFailed(Exception):
    """An image cannot be made; the text says which, why, and where the log is."""


def say(text: str) -> None:
    """Say what is done, on standard error."""
    print(f"images: {text}", file=sys.stderr, flush=True)


def wanted(folder: Path) -> dict[str, Build | None]:
    """The images of all services, those of profiles too; None: it is not built but fetched."""
    services = compose.read(folder, profile="sipp").services.values()
    return {one.image: one.build and one.build.moved(folder, ROOT) for one in services}


def bases(build: Build) -> list[str]:
    """The images that a Dockerfile begins from and does not make itself."""
    found = _FROM.findall(build.dockerfile.read_text())
    stages = {stage for _, stage in found}
    return [name for name, _ in found if name not in stages]


def stamp_of(build: Build) -> str:
    """Whether an image is of this checkout: a hash of all that its build may see."""
    folder = build.context
    ignored = folder / ".dockerignore"
    left_out = ignored.read_text().split() if ignored.exists() else []
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"],
        cwd=folder, check=True, capture_output=True, text=True,
    ).stdout.split("\0")  # fmt: skip
    digest = hashlib.sha256((build.target or "").encode())
    for name in sorted(filter(None, listed)):
        path = folder / name
        if name.split("/")[0] not in left_out and path.is_file():
            digest.update(name.encode() + b"\0" + path.read_bytes())
    return digest.hexdigest()[:16]


def build_all(*, force: bool = False, for_tests: bool = False) -> None:
    """Build what is missing or of another checkout; say what and how long.

    With `for_tests` never by an engine, and what the tests need besides.

    Raises:
        BuildFailed: with the reason.
    """
    if not for_tests and machine.has_engine():
        say("a Docker engine answers: Compose builds")
        _with_engine()
        return
    machine.need_root()
    machine.need_packages(say)
    with tempfile.TemporaryDirectory(prefix="plateau-images-") as scratch:
        project = compose.project(Path(scratch) / "project", _SETTINGS)
        for image, build in wanted(project).items():
            if build is None:
                _base(image, Path(scratch), force)
                continue
            stamp = stamp_of(build)
            if not force and image_label(image, STAMP) == stamp:
                say(f"{image} is of this checkout")
                continue
            for base in bases(build):
                _base(base, Path(scratch), force=False)
            _bud(image, build, stamp, Path(scratch))
        if for_tests:
            _base(TOOLS, Path(scratch), force)
    machine.tidy()


def _with_engine() -> None:
    env = {**os.environ, "PLATEAU_SIP_ADDRESS": "", "PLATEAU_TRUNK_MATCH": "172.28.91.51"}
    argv = [*machine.compose_command(), "--profile", "sipp", "build"]
    if subprocess.run(argv, cwd=ROOT, env=env).returncode != 0:
        raise BuildFailed(f"{' '.join(argv)} failed")


def _base(name: str, scratch: Path, force: bool) -> None:
    """Make an image that Dockerfiles or the compose file take from a registry."""
    made_of = recipe(name)
    stamp = hashlib.sha256(made_of.encode() + _postgres_entry().encode()).hexdigest()[:16]
    if not force and image_label(name, STAMP) == stamp:
        return
    if found := re.fullmatch(r"debian:(\w+)-slim", name):
        _debian(name, found[1], stamp)
        return
    suite = re.findall(r"^FROM debian:(\w+)-slim", made_of, re.MULTILINE)[0]
    _base(f"debian:{suite}-slim", scratch, force=False)
    context = Path(tempfile.mkdtemp(dir=scratch))
    (context / "Dockerfile").write_text(made_of)
    (context / "postgres.sh").write_text(_postgres_entry())
    _bud(name, Build(context, context / "Dockerfile", None), stamp, scratch)


def _postgres_entry() -> str:
    return (Path(__file__).parent / "postgres.sh").read_text()


def recipe(name: str) -> str:
    """What stands in for the image of a registry; the name itself for a bare Debian."""
    if found := re.fullmatch(r"python:([0-9.]+)-slim-(\w+)", name):
        return _PYTHON.format(version=found[1], suite=found[2])
    if found := re.fullmatch(r"postgres:[0-9.]+-(\w+)", name):
        return _POSTGRES.format(suite=found[1])
    if name == TOOLS:
        return _TOOLS
    if re.fullmatch(r"debian:\w+-slim", name):
        return name
    raise BuildFailed(
        f"{name}: nobody has said how it is made of Debian packages; see tests/images/building.py"
    )


def _debian(name: str, suite: str, stamp: str) -> None:
    started = time.monotonic()
    say(f"{name}: debootstrap {suite}")
    container = buildah("from", "scratch").strip()
    try:
        root = Path(buildah("mount", container).strip())
        machine.debootstrap(suite, root)
        buildah("umount", container)
        buildah(
            "config", "--cmd", "/bin/bash", "--label", f"{STAMP}={stamp}",
            "--env", "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
            container,
        )  # fmt: skip
        buildah("commit", "--quiet", "--format", "docker", container, name)
    except machine.MachineFailed as error:
        raise BuildFailed(f"{name}: {error}") from error
    finally:
        buildah("rm", container)
    say(f"{name}: made in {time.monotonic() - started:.0f} s")


def _bud(name: str, build: Build, stamp: str, scratch: Path) -> None:
    started = time.monotonic()
    say(f"{name}: building{f' target {build.target}' if build.target else ''}")
    log = FOLDER / f"{re.sub(r'[^a-z0-9]+', '-', name)}.log"
    options = ["--isolation", "chroot", "--format", "docker", "--pull-never", "--tag", name]
    options += ["--label", f"{STAMP}={stamp}", "--file", str(build.dockerfile)]
    options += ["--target", build.target] if build.target else []
    with machine.packages_within_reach(scratch) as reach, log.open("w") as out:
        try:
            buildah("bud", *options, *reach.volumes(), str(build.context), output=out)
        except BuildahFailed:
            tail = "\n".join(log.read_text(errors="replace").splitlines()[-20:])
            raise BuildFailed(f"{name}: buildah failed, see {log}:\n{tail}") from None
    say(f"{name}: built in {time.monotonic() - started:.0f} s")


def main(argv: Sequence[str]) -> int:
    """Build or remove; exit status 1 with one sentence if that fails."""
    parser = argparse.ArgumentParser(prog="make images", description=__doc__)
    parser.add_argument("--force", action="store_true", help="build all anew")
    parser.add_argument("--for-tests", action="store_true", help="by buildah, with the tests' own")
    parser.add_argument("--remove", action="store_true", help="remove the storage instead")
    options = parser.parse_args(argv)
    if options.remove:
        shutil.rmtree(FOLDER, ignore_errors=True)
        return 0
    try:
        build_all(force=options.force, for_tests=options.for_tests)
    except (BuildFailed, machine.MachineFailed, compose.ComposeRefused) as error:
        say(str(error))
        return 1
    if options.for_tests or not machine.has_engine():
        for line in images():
            say(line)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
