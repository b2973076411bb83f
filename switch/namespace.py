"""Commands that run a program inside a root folder, each in a mount namespace of its own.

Decides how host folders become visible inside; refuses to know what the program is. Nothing
is ever written into the root folder: what is mounted is private to the process and disappears
with it, so any number of programs share one root folder at the same time.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

from switch.model import SwitchUnavailable

# What is mounted must not spread to the machine. unshare(1) can arrange that only when "/" is a
# mount point, which it is not inside a plain chroot (a test of a fresh system, say): there the
# one folder under which everything is mounted becomes a private mount of itself first.
_PRIVATE = """private() {
  mount --make-rprivate / 2>/dev/null || { mount --bind "$1" "$1"; mount --make-private "$1"; }
}
"""

# A root of its own on a tmpfs: the system's folders come from the root folder read-only in
# practice (bind mounts), everything else is empty and ours to create mount points in.
_SAME_PATH = f"""set -eu
PATH=$PATH:/usr/sbin:/sbin
{_PRIVATE}
root=$1; count=$2; cwd=$3; shift 3
private "$root"
new=$root/mnt
mount -t tmpfs -o mode=0755 tmpfs "$new"
for entry in "$root"/*; do
  name=${{entry##*/}}
  if [ -L "$entry" ]; then cp -P "$entry" "$new/$name"; continue; fi
  case $name in
    usr|etc|opt) mkdir "$new/$name"; mount --bind "$entry" "$new/$name" ;;
  esac
done
mkdir -p "$new/proc" "$new/dev" "$new/root" "$new/var/log" "$new/run"
mkdir -m 1777 "$new/tmp" "$new/var/tmp"
mount --rbind /proc "$new/proc"
mount --rbind /dev "$new/dev"
while [ "$count" -gt 0 ]; do
  mkdir -p "$new$1"; mount --bind "$1" "$new$1"; shift; count=$((count - 1))
done
exec chroot "$new" /bin/sh -c 'cd "$1" 2>/dev/null || cd /tmp; shift; exec "$@"' sh "$cwd" "$@"
"""

# The instance's folder at one fixed inner path, with the machine's own name and resolver. It is
# held as the current folder meanwhile: where root is "/" the tmpfs may hide its path.
_FIXED_PATH = f"""set -eu
{_PRIVATE}
root=$1; outer=$2; inner=$3; user=$4; shift 4
ulimit -n 65536 2>/dev/null || ulimit -n "$(ulimit -H -n)"
cd "$outer"
prefix=${{root%/}}
parent=$prefix${{inner%/*}}
if [ -n "$prefix" ]; then
  private "$root"
  mount --rbind /proc "$root/proc"
  mount --rbind /dev "$root/dev"
  mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
  mount -t tmpfs -o mode=0755 tmpfs "$root/run"
  mount --bind "$outer/run/hosts" "$root/etc/hosts"
  if [ -f /etc/resolv.conf ] && [ -f "$root/etc/resolv.conf" ]; then
    mount --bind /etc/resolv.conf "$root/etc/resolv.conf"
  fi
else
  private "$parent"
fi
mount -t tmpfs -o mode=0755 tmpfs "$parent"
mkdir "$prefix$inner"
mount --no-canonicalize --bind . "$prefix$inner"
cd /
exec chroot --userspec="$user" "$root" "$@"
"""


def require_root(purpose: str) -> None:
    """Raise SwitchUnavailable unless this process may mount and chroot (user id 0)."""
    if os.geteuid() != 0:
        raise SwitchUnavailable(
            f"{purpose} uses a root folder, which needs the superuser to mount and chroot: "
            "run it as root (sudo), or put the program on PATH, or start a Docker engine"
        )


def same_path_argv(rootfs: Path, visible: Sequence[Path], command: Sequence[str]) -> list[str]:
    """Return argv that runs `command` inside `rootfs` with `visible` host folders at their paths.

    Each visible folder must exist and must not lie in the system's own folders (/usr, /etc,
    /opt, /dev, /proc). The current folder is kept when it is visible inside, else it is /tmp.
    """
    folders = [path.resolve() for path in visible]
    for folder in folders:
        if not folder.is_dir():
            raise SwitchUnavailable(f"{folder} cannot be shown inside {rootfs}: no such folder")
        if len(folder.parts) < 2 or folder.parts[1] in {"usr", "etc", "opt", "dev", "proc"}:
            raise SwitchUnavailable(
                f"{folder} cannot be shown inside {rootfs}: it would hide a system folder there"
            )
    return [
        *("unshare", "--mount", "--propagation", "unchanged", "/bin/sh", "-c", _SAME_PATH, "sh"),
        str(rootfs.resolve()),
        str(len(folders)),
        str(Path.cwd()),
        *(str(folder) for folder in folders),
        *command,
    ]


def fixed_path_argv(
    rootfs: Path, outer: Path, inner: str, user: str, command: Sequence[str]
) -> list[str]:
    """Return argv that runs `command` in `rootfs` as `user` ("uid:gid"), `outer` seen at `inner`.

    The shell, chroot and the command replace one another (exec), so the pid of the started
    process is the pid of the command. `inner` has exactly one parent folder, which exists in
    the root folder (for instance /srv/plateau). `outer/run/hosts` must exist.
    """
    return [
        *("unshare", "--mount", "--propagation", "unchanged", "/bin/sh", "-c", _FIXED_PATH, "sh"),
        str(rootfs.resolve()),
        str(outer.resolve()),
        inner,
        user,
        *command,
    ]


def clean_environment(extra: Mapping[str, str]) -> dict[str, str]:
    """Return the small environment a program in a root folder gets, plus `extra`."""
    return {
        "PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
        "LANG": "C.UTF-8",
        "TERM": "dumb",
        **extra,
    }
