"""`make test-systems`: the whole suite on every system that the README names, in root folders.

For each system debootstrap makes a root folder with git, make, python3 and certificates alone; a
clean clone of what is committed is set up in it as the README says, with the network; then
`make check` and `make test` run in a network namespace of their own. Ends with a table; exit status
0 only if all that was tried passed. A system whose packages cannot be had is told as not tried.

usage: python -m tests.systems [--part unit] [--keep] [SYSTEM...]      (as root)
"""

from __future__ import annotations

import argparse
import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.images import machine
from tests.images.compose import ROOT

SYSTEMS: Final[Mapping[str, tuple[str, str]]] = {
    "debian12": ("Debian 12", "bookworm"),
    "debian13": ("Debian 13", "trixie"),
    "forky": ("Debian forky (a look ahead)", "forky"),
    "ubuntu24": ("Ubuntu 24.04", "noble"),
}
FOLDER: Final = ROOT / ".cache" / "systems"
_PACKAGES: Final = ("git", "make", "python3", "ca-certificates")
_BOUND_S: Final = {"unit": 45 * 60, "all": 120 * 60}
_ENVIRONMENT: Final = (
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8"
    f" PIP_CONFIG_FILE={machine.REACH}/pip.conf APT_CONFIG={machine.REACH}/apt.conf"
)
_SUMMARY: Final = re.compile(r"^=+ (.*(?:passed|failed|error).*) in [\d.]+s.*=+$", re.MULTILINE)
_COUNT: Final = re.compile(r"(\d+) (passed|failed|errors?)")

_MOUNTS: Final = """
set -eu
root=$1 reach=$2 target=$3 debs=$4
shift 4
mount --bind "$root" "$root"
mount -t proc proc "$root/proc"
mount --rbind /sys "$root/sys"
mount --rbind /dev "$root/dev"
mount -t tmpfs tmpfs "$root/run"
mkdir -p "$root$target" "$root/srv/plateau/.cache/debs"
mount --bind "$reach" "$root$target"
mount --bind "$debs" "$root/srv/plateau/.cache/debs"
for folder in "$@"; do mkdir -p "$root$folder"; mount --bind "$folder" "$root$folder"; done
"""


@dataclass(slots=True)
class Outcome:
    """What came of one system; `why` says it where there is nothing to count."""

    name: str
    python: str = ""
    passed: int = 0
    failed: int = 0
    seconds: float = 0.0
    why: str = ""
    log: Path | None = None
    tried: bool = True

    @property
    def well(self) -> bool:
        """Whether everything passed; what was not tried is no failure."""
        return not self.tried or (not self.why and self.failed == 0 and self.passed > 0)


class Root:
    """One system's root folder and how to run something in it."""

    def __init__(self, suite: str, scratch: Path, bound_s: float) -> None:
        self.folder = FOLDER / suite
        self.log = FOLDER / f"{suite}.log"
        self._suite = suite
        self._scratch = scratch
        self._until = time.monotonic() + bound_s

    def make(self) -> None:
        """The bare system with a clean clone. Raises MachineFailed: its packages cannot be had."""
        shutil.rmtree(self.folder, ignore_errors=True)
        self.folder.mkdir(parents=True)
        machine.debootstrap(self._suite, self.folder, packages=_PACKAGES)
        shutil.copy("/etc/resolv.conf", self.folder / "etc/resolv.conf")
        (self.folder / "etc/hosts").write_text("127.0.0.1 localhost\n::1 localhost\n")
        clone = ["git", "clone", "--quiet", "--no-hardlinks", str(ROOT)]
        subprocess.run([*clone, str(self.folder / "srv/plateau")], check=True)

    def run(self, words: str, *, network: bool) -> tuple[int, str]:
        """A shell line in the clone; exit status and output. With `network`: the machine's own."""
        with machine.packages_within_reach(self._scratch) as reach:
            loopback = "" if network else "ip link set lo up\n"
            inside = (
                f'{loopback}{_MOUNTS}\nexec chroot "$root" /usr/bin/env -i {_ENVIRONMENT} '
                f"sh -c 'cd /srv/plateau && {words}'"
            )
            argv = ["unshare", "--mount", "--pid", "--fork", "--kill-child"]
            argv += [] if network else ["--net"]
            argv += ["sh", "-c", inside, "sh", str(self.folder), str(reach.folder)]
            argv += [machine.REACH, str(ROOT / ".cache/debs"), *reach.named]
            left_s = max(1.0, self._until - time.monotonic())
            with self.log.open("ab") as log:
                began = log.tell()
                try:
                    done = subprocess.run(
                        argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, timeout=left_s
                    )
                    status = done.returncode
                except subprocess.TimeoutExpired:
                    status = 124
        with self.log.open("rb") as log:
            log.seek(began)
            return status, log.read().decode(errors="replace")


def try_system(name: str, part: str, keep: bool) -> Outcome:
    """Set up and test one system; never raises for what that system lacks."""
    title, suite = SYSTEMS[name]
    outcome = Outcome(title)
    started = time.monotonic()
    with tempfile.TemporaryDirectory(prefix="plateau-systems-") as scratch:
        root = Root(suite, Path(scratch), _BOUND_S[part])
        root.log.parent.mkdir(parents=True, exist_ok=True)
        root.log.write_bytes(b"")
        outcome.log = root.log
        try:
            _try(outcome, root, part)
        except machine.MachineFailed as error:
            outcome.tried = False
            outcome.why = "not tried: " + str(error).splitlines()[0]
        finally:
            if not keep:
                shutil.rmtree(root.folder, ignore_errors=True)
    outcome.seconds = time.monotonic() - started
    return outcome


def _try(outcome: Outcome, root: Root, part: str) -> None:
    say(f"{outcome.name}: a root folder")
    root.make()
    say(f"{outcome.name}: setting up")
    status, _ = root.run("setup/setup.sh dev", network=True)
    if status != 0:
        outcome.why = f"the set-up ended with {status}"
        return
    _, outcome.python = root.run(
        '.venv/bin/python -c "import platform; print(platform.python_version())"', network=True
    )
    outcome.python = outcome.python.strip()
    say(f"{outcome.name}: make check, then tests")
    checked, _ = root.run("make check", network=False)
    only = "tests/unit" if part == "unit" else ""
    status, text = root.run(f"make test ONLY={only}", network=False)
    for counts in summaries(text):
        outcome.passed += counts.pop("passed", 0)
        outcome.failed += sum(counts.values())
    if status not in (0, 1, 2):
        outcome.why = f"the tests ended with {status}" if status != 124 else "out of time"
    elif status != 0 and outcome.failed == 0:
        outcome.why = "the tests ended before their summary"
    elif checked != 0:
        outcome.why = "make check failed"


def summaries(text: str) -> list[dict[str, int]]:
    """How many passed, failed or erred, of each run of pytest in what it printed."""
    return [
        {what: int(number) for number, what in _COUNT.findall(summary)}
        for summary in _SUMMARY.findall(text)
    ]


def say(text: str) -> None:
    """Say what is done, on standard error."""
    print(f"systems: {text}", file=sys.stderr, flush=True)


def table(outcomes: Sequence[Outcome]) -> str:
    """What came of all, one line each."""
    lines = [f"{'system':30} {'Python':8} {'passed':>6} {'failed':>6} {'seconds':>7}  log"]
    for one in outcomes:
        figures = f"{one.python:8} {one.passed:6} {one.failed:6} {one.seconds:7.0f}"
        lines.append(f"{one.name:30} {figures}  {one.log or ''} {one.why}".rstrip())
    return "\n".join(lines)


def main(argv: Sequence[str]) -> int:
    """Try the systems named, all without; exit status 1 if anything failed."""
    parser = argparse.ArgumentParser(prog="make test-systems", description=__doc__)
    parser.add_argument("systems", nargs="*", metavar="SYSTEM", help=", ".join(SYSTEMS))
    parser.add_argument("--part", choices=tuple(_BOUND_S), default="all")
    parser.add_argument("--keep", action="store_true", help="leave the root folders")
    options = parser.parse_args(argv)
    if unknown := set(options.systems) - set(SYSTEMS):
        parser.error(f"no system {' '.join(sorted(unknown))}: there are {', '.join(SYSTEMS)}")
    if os.geteuid() != 0:
        say("making root folders needs the superuser: use sudo")
        return 1
    names = options.systems or list(SYSTEMS)
    outcomes = []
    for name in names:
        outcomes.append(try_system(name, options.part, options.keep))
        say(table(outcomes[-1:]).splitlines()[1])
    print(table(outcomes))
    return 0 if all(one.well for one in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
