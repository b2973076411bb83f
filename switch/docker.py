"""The same Asterisk as a container, where a Docker engine answers.

Decides the image's name and the container's arguments; refuses to know what a configuration
holds. The host's network is used, so that ports and addresses are those of the other ways.
"""

from __future__ import annotations

import hashlib
import os
import subprocess
from collections.abc import Callable
from pathlib import Path

from switch.finder import is_new_enough, run_version, too_old, version_text
from switch.model import INNER_HOME, SwitchConfig, SwitchUnavailable


def image(source: Path, progress: Callable[[str], None]) -> tuple[str, str]:
    """Build the image unless it is there; return its name and Asterisk's version.

    The name carries a hash of what goes into the image, so a changed list builds a new one.
    """
    digest = hashlib.sha256()
    for file in sorted(source.iterdir()):
        if file.is_file() and file.name != "make-rootfs.sh":
            digest.update(file.read_bytes())
    tag = f"plateau-asterisk:{digest.hexdigest()[:12]}"
    if subprocess.run(["docker", "image", "inspect", tag], capture_output=True).returncode != 0:
        progress(f"building the image {tag} (a minute or two, once)")
        _docker("build", "--quiet", "--target", "asterisk", "--tag", tag, str(source))
    text = run_version(["docker", "run", "--rm", "--entrypoint", "asterisk", tag, "-V"])
    if not is_new_enough(text):
        raise SwitchUnavailable(too_old(f"the one in the image {tag}", text))
    return tag, version_text(text)


def run(config: SwitchConfig, tag: str, user: tuple[int, int] | None) -> tuple[str, int]:
    """Start the container; return its name and the pid of Asterisk as the host sees it.

    `user` None means the calling user, who owns the instance's folder.
    """
    name = "plateau-" + hashlib.sha256(str(config.home.resolve()).encode()).hexdigest()[:12]
    remove(name)
    uid, gid = user if user is not None else (os.getuid(), os.getgid())
    _docker(
        *("run", "--detach", "--name", name, "--network", "host", "--user", f"{uid}:{gid}"),
        *("--ulimit", "nofile=65536:65536", "--log-driver", "local"),
        *("--volume", f"{config.instance.resolve()}:{INNER_HOME}"),
        *("--entrypoint", "/usr/sbin/asterisk", tag),
        *("-f", "-C", f"{INNER_HOME}/etc/asterisk.conf"),
    )
    return name, int(_docker("inspect", "--format", "{{.State.Pid}}", name))


def remove(name: str) -> None:
    """Remove a container, running or not; nothing happens when there is none of that name."""
    subprocess.run(["docker", "rm", "--force", name], capture_output=True, timeout=30)


def _docker(*arguments: str) -> str:
    answer = subprocess.run(["docker", *arguments], capture_output=True, text=True)
    if answer.returncode != 0:
        said = (answer.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise SwitchUnavailable(f"docker {arguments[0]} failed: {said}")
    return answer.stdout.strip()
