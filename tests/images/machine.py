"""What a machine needs to make images without an engine: programs, mirror, its pip's configuration.

Nothing of the machine's own (mirrors of pip, certificates, proxies) goes into an image: it is
mounted while something is installed.
"""

from __future__ import annotations

import ast
import os
import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from tests.images.compose import ROOT
from tests.images.storage import FOLDER, buildah

PROGRAMS: Final = {
    "buildah": "buildah", "debootstrap": "debootstrap", "docker-compose": "docker-compose",
    "ip": "iproute2", "unshare": "util-linux",
}  # fmt: skip
_PIP_LINE: Final = re.compile(r"^(global|install|download|:env:)\.([a-z-]+)=(.*)$")
_APT_LINE: Final = re.compile(r"^Acquire::(?:https?::|Check-Valid-Until |Check-Date |Retries )")

REACH: Final = "/run/reach"
"""Where a build, or another root, sees the machine's configuration."""
_UBUNTU: Final = frozenset({"noble"})


class MachineFailed(Exception):
    """The machine lacks something; the text says what to do."""


def has_engine() -> bool:
    """Whether a Docker engine answers."""
    if shutil.which("docker") is None:
        return False
    asked = subprocess.run(["docker", "info"], capture_output=True, timeout=30)
    return asked.returncode == 0


def compose_command() -> list[str]:
    """Docker Compose as this machine has it."""
    if shutil.which("docker-compose"):
        return ["docker-compose"]
    return ["docker", "compose"]


def need_root() -> None:
    """Raises MachineFailed unless we are the superuser."""
    if os.geteuid() != 0:
        raise MachineFailed("without an engine this needs the superuser (chroot, mount): use sudo")


def need_packages(say: Callable[[str], None]) -> None:
    """Install the Debian packages that are missing. Raises MachineFailed if apt cannot."""
    missing = sorted({p for program, p in PROGRAMS.items() if shutil.which(program) is None})
    if not missing:
        return
    say(f"installing {' '.join(missing)}")
    env = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    for words in (["update"], ["install", "--yes", "--no-install-recommends", *missing]):
        done = subprocess.run(["apt-get", "-qq", *words], env=env, capture_output=True, text=True)
        if done.returncode != 0:
            raise MachineFailed(f"apt-get {' '.join(words)} failed: {done.stderr.strip()}")


def debootstrap(suite: str, target: Path, *, packages: tuple[str, ...] = ()) -> None:
    """Put a bare Debian of that suite into `target`, which is there and empty.

    Packages come from this machine's own mirror where it is Debian's, verified with the archive's
    keyring, and are kept in `.cache/debs`.

    Raises:
        MachineFailed: debootstrap's last words.
    """
    ubuntu = suite in _UBUNTU
    keyring = Path(f"/usr/share/keyrings/{'ubuntu' if ubuntu else 'debian'}-archive-keyring.gpg")
    if not keyring.exists():
        raise MachineFailed(f"this machine has no {keyring} to verify {suite} with")
    # An empty one means debootstrap's own default, which is Ubuntu's for its suites.
    mirror = "" if ubuntu else _own_mirror()
    scripts = Path("/usr/share/debootstrap/scripts")
    # An older debootstrap has no script of that name; each distribution's are all the same.
    script = scripts / (suite if (scripts / suite).exists() else "gutsy" if ubuntu else "sid")
    cache = ROOT / ".cache" / "debs"
    cache.mkdir(parents=True, exist_ok=True)
    argv = ["debootstrap", "--variant=minbase", f"--cache-dir={cache}"]
    argv += [f"--keyring={keyring}"]
    argv += [f"--include={','.join(packages)}"] if packages else []
    log = FOLDER / f"debootstrap-{suite}.log"
    log.parent.mkdir(parents=True, exist_ok=True)
    with log.open("w") as out:
        done = subprocess.run(
            [*argv, suite, str(target), mirror, str(script)],
            stdin=subprocess.DEVNULL, stdout=out, stderr=subprocess.STDOUT, env=_with_proxy(),
        )  # fmt: skip
    if done.returncode != 0:
        tail = "\n".join(log.read_text(errors="replace").splitlines()[-10:])
        raise MachineFailed(f"debootstrap {suite} failed, see {log}:\n{tail}")
    for package in target.glob("var/cache/apt/archives/*.deb"):
        package.unlink()


def _own_mirror() -> str:
    argv = ["sh", str(ROOT / "asterisk-conf/mirror.sh")]
    return subprocess.run(argv, check=True, capture_output=True, text=True).stdout.strip()


def _with_proxy() -> dict[str, str]:
    """wget, which debootstrap uses, does not read apt's proxy."""
    env = dict(os.environ)
    if "http_proxy" not in env and (found := _apt_setting("Acquire::http::Proxy")):
        env["http_proxy"] = found
    return env


def _apt_setting(name: str) -> str | None:
    argv = ["apt-config", "shell", "VALUE", name]
    text = subprocess.run(argv, capture_output=True, text=True).stdout.strip()
    value = text.removeprefix("VALUE=").strip("'")
    return value if value not in ("", "DIRECT") else None


@dataclass(frozen=True, slots=True)
class Reach:
    """How apt and pip find packages as they do on this machine, seen from within another root.

    `folder` is to be mounted as `REACH` and holds `pip.conf` and `apt.conf`; `named` are folders
    that these name, to be mounted in their own places.
    """

    folder: Path
    named: tuple[str, ...]

    def volumes(self) -> list[str]:
        """Options of buildah's that mount it all for the length of a build."""
        mounts = {str(self.folder): REACH, str(self.folder / "pip.conf"): "/etc/pip.conf"}
        mounts |= {str(self.folder / "apt.conf"): "/etc/apt/apt.conf.d/99machine"}
        mounts |= {path: path for path in self.named}
        return [f"--volume={source}:{target}:ro" for source, target in mounts.items()]


@contextmanager
def packages_within_reach(scratch: Path) -> Iterator[Reach]:
    """Write this machine's ways to packages into a folder that root alone reads, and remove it."""
    folder = scratch / "reach"
    folder.mkdir(mode=0o700, exist_ok=True)
    pip, named = _pip_configuration(folder)
    (folder / "pip.conf").write_text(pip)
    (folder / "apt.conf").write_text(_apt_configuration())
    try:
        yield Reach(folder, tuple(named))
    finally:
        shutil.rmtree(folder)


def _pip_configuration(folder: Path) -> tuple[str, list[str]]:
    """This machine's pip configuration as one file, and the folders that it names.

    Files that it names are copied into `folder`, which a build sees as `REACH`: mounted in their
    own places they would be in the way of the packages that they belong to.
    """
    pip = ROOT / ".venv/bin/pip"
    argv = [str(pip) if pip.exists() else "pip", "config", "list"]
    try:
        listed = subprocess.run(argv, capture_output=True, text=True, timeout=60).stdout
    except FileNotFoundError:
        listed = ""
    # An option may stand in a file and in the environment: pip takes the environment's.
    options: dict[str, list[str]] = {}
    from_environment: set[str] = set()
    for line in listed.splitlines():
        if (found := _PIP_LINE.match(line)) is None:
            continue
        if found[1] == ":env:" or found[2] not in options or found[2] not in from_environment:
            options[found[2]] = str(ast.literal_eval(found[3])).split()
        if found[1] == ":env:":
            from_environment.add(found[2])
    folders: set[str] = set()

    def inside(value: str) -> str:
        """The same as the build sees it: a folder at its own path, a file (certificates) beside."""
        path = Path(value.removeprefix("file://"))
        if path.is_absolute() and path.is_dir():
            # An index's pages (PEP 503) lead to files beside it.
            folders.add(str(path.parent if path.name == "simple" else path))
        elif path.is_absolute() and path.is_file():
            copy = folder / path.name
            copy.write_bytes(path.read_bytes())
            return value.replace(str(path), f"{REACH}/{path.name}")
        return value

    lines = ["[global]"]
    for option, values in options.items():
        lines.append(f"{option} = " + "\n    ".join(map(inside, values)))
    return "\n".join(lines) + "\n", sorted(_outermost(folders))


def _outermost(paths: set[str]) -> set[str]:
    return {one for one in paths if not any(one.startswith(f"{other}/") for other in paths)}


def _apt_configuration() -> str:
    text = subprocess.run(["apt-config", "dump"], capture_output=True, text=True).stdout
    return "".join(f"{line}\n" for line in text.splitlines() if _APT_LINE.match(line))


def tidy() -> None:
    """Remove what builds left behind: unnamed images, which nobody starts from."""
    unnamed = buildah("images", "--quiet", "--filter", "dangling=true").split()
    if unnamed:
        buildah("rmi", "--force", *unnamed)
