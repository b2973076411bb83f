"""One service's container, run by buildah from its image as the compose file says.

Decides how a container is made, started, asked and stopped; refuses to know what it is for. What
chroot isolation cannot do is not pretended: limits of memory and the like are none of the file's.
"""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

from tests.images.compose import Service
from tests.images.ground import Ground
from tests.images.storage import BUILDAH, buildah, environment, image_config
from tests.waiting import until_blocking

_BUILDER: Final = "buildah"
"""In the names of all the programs between us and what a container runs."""


class Volumes:
    """Named volumes as folders: a new one begins as what the image has in that place."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, name: str) -> Path:
        """Where the volume is."""
        return self.folder / name

    def prepare(self, name: str, original: Path) -> None:
        """Make the volume if it is new: contents, owner and mode of the image's folder."""
        path = self.path(name)
        if path.exists():
            return
        self.folder.mkdir(parents=True, exist_ok=True)
        if original.is_dir():
            shutil.copytree(original, path, symlinks=True)
            run_owner(original, path)
        else:
            path.mkdir(mode=0o755)


def run_owner(original: Path, copy: Path) -> None:
    """Give a copied tree the owners of its original."""
    for one in [original, *original.rglob("*")]:
        there = copy / one.relative_to(original)
        stat = one.lstat()
        os.chown(there, stat.st_uid, stat.st_gid, follow_symlinks=False)


class Container:
    """A container of a service: made, started, and removed with `close`."""

    def __init__(self, service: Service, ground: Ground, volumes: Volumes, logs: Path) -> None:
        self.service = service
        self.log = logs / f"{service.name}.log"
        self._ground = ground
        self._process: subprocess.Popen[bytes] | None = None
        self._config = image_config(service.image)
        self._name = buildah("from", "--pull-never", *self._limits(), service.image).strip()
        root = Path(buildah("mount", self._name).strip())
        self._mounts = [f"{ground.hosts(service)}:/etc/hosts:ro"]
        for mount in service.mounts:
            source = mount.source
            if mount.is_volume:
                volumes.prepare(source, root / mount.target.lstrip("/"))
                source = str(volumes.path(source))
            self._mounts.append(f"{source}:{mount.target}:{'rw' if mount.writable else 'ro'}")
        self.namespace = ground.join(service)

    def _limits(self) -> list[str]:
        words = [f"--cap-drop={cap}" for cap in self.service.cap_drop]
        if self.open_files is not None:
            words.append(f"--ulimit=nofile={self.open_files}:{self.open_files}")
        return words

    @property
    def open_files(self) -> int | None:
        """The limit of open files; this machine's own where that is lower and cannot be raised."""
        wanted, machine = self.service.open_files, resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        if wanted is None or machine == resource.RLIM_INFINITY:
            return wanted
        return min(wanted, machine)

    def _is_bound(self) -> bool:
        options = self.service.security_opt
        assert set(options) <= {"no-new-privileges:true"}, f"nobody tries {options} here"
        return bool(options)

    # ---- running ----

    def argv(self, *words: str) -> list[str]:
        """The command line that runs something more in it, for others to start."""
        return self._argv(words, self.service.environment)

    def _argv(self, words: Sequence[str], env: Mapping[str, str]) -> list[str]:
        # buildah cannot forbid new privileges; what it starts inherits it from here.
        argv = ["setpriv", "--no-new-privs"] if self._is_bound() else []
        argv += ["ip", "netns", "exec", self.namespace, *BUILDAH, "run", "--isolation", "chroot"]
        argv += ["--no-hosts"]
        argv += ["--user", self.service.user] if self.service.user else []
        argv += [f"--volume={mount}" for mount in self._mounts]
        argv += [f"--env={name}={value}" for name, value in env.items()]
        return [*argv, self._name, "--", *words]

    def command(self) -> list[str]:
        """What the container runs: the compose file's words, else the image's."""
        service = self.service
        entry = service.entrypoint
        if entry is None:
            entry = tuple(self._config.get("Entrypoint") or ())
        # An entrypoint of the compose file puts the image's command aside.
        own = () if service.entrypoint is not None else tuple(self._config.get("Cmd") or ())
        return [*entry, *(own if service.command is None else service.command)]

    def start(self, *words: str, env: Mapping[str, str] | None = None) -> None:
        """Start it; with `words` in place of the service's command, `env` over its settings."""
        entry = tuple(self.service.entrypoint or self._config.get("Entrypoint") or ())
        argv = self._argv(
            [*entry, *words] if words else self.command(),
            {**self.service.environment, **(env or {})},
        )
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                argv, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=environment()
            )

    def wait(self, timeout_s: float) -> int:
        """Wait for its end and return the exit status."""
        assert self._process is not None
        return self._process.wait(timeout_s)

    @property
    def started(self) -> bool:
        """Whether it was started; it may have ended since."""
        return self._process is not None

    @property
    def exit_status(self) -> int | None:
        """None while it runs."""
        assert self._process is not None
        return self._process.poll()

    def said(self) -> str:
        """All that it wrote, of earlier starts too."""
        return self.log.read_text(errors="replace") if self.log.exists() else ""

    def execute(
        self, *words: str, timeout_s: float = 20, env: Mapping[str, str] | None = None
    ) -> subprocess.CompletedProcess[str]:
        """Run something more in it, as `docker exec` does."""
        argv = self._argv(words, {**self.service.environment, **(env or {})})
        return subprocess.run(
            argv, capture_output=True, text=True, timeout=timeout_s, env=environment(),
            stdin=subprocess.DEVNULL,
        )  # fmt: skip

    def look(self) -> str:
        """Ask its health check; empty if it is well, else what the check said."""
        health = self.service.health
        assert health is not None
        started = time.monotonic()
        try:
            done = self.execute(*health.test, timeout_s=health.timeout_s)
        except subprocess.TimeoutExpired:
            return f"no answer within {health.timeout_s:g} s"
        if done.returncode == 0:
            return ""
        took = time.monotonic() - started
        return f"{done.returncode} after {took:.1f} s: {done.stdout}{done.stderr}"

    # ---- what runs in it ----

    def process(self) -> int:
        """The pid of what the container runs (Docker's pid 1).

        Raises:
            RuntimeError: nothing runs.
        """
        assert self._process is not None
        found = self._process.pid
        while _BUILDER in _program(found):
            # Any of its threads may have made it.
            threads = Path(f"/proc/{found}/task").glob("*/children")
            children = [pid for thread in threads for pid in thread.read_text().split()]
            if not children:
                raise RuntimeError(f"{self.service.name} runs nothing: {self.said()[-2000:]}")
            found = int(children[0])
        return found

    def status(self) -> dict[str, str]:
        """/proc/PID/status of what it runs (proc(5)): Uid, CapEff, NoNewPrivs."""
        lines = Path(f"/proc/{self.process()}/status").read_text().splitlines()
        return {key: value.strip() for key, _, value in (line.partition(":") for line in lines)}

    def limits(self) -> str:
        """/proc/PID/limits of what it runs."""
        return Path(f"/proc/{self.process()}/limits").read_text()

    def stop(self) -> float:
        """SIGTERM, and SIGKILL after the service's grace as Docker does; the seconds it took.

        Raises:
            AssertionError: it had to be killed.
        """
        if self._process is None or self._process.poll() is not None:
            return 0.0
        started = time.monotonic()
        pid = self.process()
        os.kill(pid, signal.SIGTERM)
        try:
            self._process.wait(self.service.stop_grace_s)
        except subprocess.TimeoutExpired:
            os.kill(pid, signal.SIGKILL)
            self._process.wait(10)
            raise AssertionError(
                f"{self.service.name} did not end within {self.service.stop_grace_s} s of SIGTERM:"
                f"\n{self.said()[-2000:]}"
            ) from None
        return time.monotonic() - started

    def close(self) -> None:
        """Remove the container and its namespace; volumes stay."""
        if self._process is not None and self._process.poll() is None:
            os.kill(self.process(), signal.SIGKILL)
            self._process.wait(10)
        buildah("rm", self._name)
        self._ground.leave(self.service)


def _program(pid: int) -> str:
    """Which program a process runs."""
    try:
        return Path(f"/proc/{pid}/exe").readlink().name
    except OSError:
        return ""


class Project:
    """`docker-compose up` and `down` of one project folder, with its volumes."""

    def __init__(self, services: Mapping[str, Service], ground: Ground, folder: Path) -> None:
        self._services = services
        self._ground = ground
        self._volumes = Volumes(folder / "volumes")
        self._logs = folder / "logs"
        self._logs.mkdir(parents=True, exist_ok=True)
        self.containers: dict[str, Container] = {}

    def volume(self, name: str) -> Path:
        """Where a named volume is."""
        return self._volumes.path(name)

    def made(self, name: str) -> Container:
        """The service's container, made anew if there is none."""
        if name not in self.containers:
            service = self._services[name]
            self.containers[name] = Container(service, self._ground, self._volumes, self._logs)
        return self.containers[name]

    def up(self, *names: str, within_s: float = 120) -> None:
        """Start services and all that they depend on, each when its conditions hold.

        Raises:
            AssertionError: a service ended, or did not become well in the time of its check.
        """
        for name in names:
            self._up(name, within_s)

    def _up(self, name: str, within_s: float) -> None:
        if name in self.containers and self.containers[name].started:
            return
        service = self._services[name]
        for other, condition in service.depends_on.items():
            self._up(other, within_s)
            self._hold(other, condition, within_s)
        self.made(name).start()

    def _hold(self, name: str, condition: str, within_s: float) -> None:
        container = self.containers[name]
        if condition == "service_completed_successfully":
            status = container.wait(within_s)
            assert status == 0, f"{name} ended with {status}:\n{container.said()[-3000:]}"
        elif condition == "service_healthy":
            self.until_well(name)

    def make(self, *names: str) -> None:
        """`docker-compose up --no-start`: containers, and volumes as the images have them."""
        for name in names:
            self.made(name)

    def until_well(self, name: str) -> None:
        """Wait until the service's health check passes, as long as Compose would."""
        container = self.containers[name]
        assert container.service.health is not None, f"{name} has no health check"

        looks = [""]

        def well() -> bool:
            status = container.exit_status
            assert status is None, f"{name} ended with {status}:\n{container.said()[-3000:]}"
            looks.append(container.look())
            return looks[-1] == ""

        try:
            until_blocking(f"{name} is well", well, container.service.health.patience_s)
        except AssertionError as error:
            raise AssertionError(f"{error}\n{looks[-1]}\n{container.said()[-3000:]}") from None

    def said(self, name: str) -> str:
        """`docker-compose logs`."""
        return self.containers[name].said()

    def stop(self, *names: str) -> dict[str, float]:
        """Stop and remove containers (all without names), who depend first; seconds by service."""
        taken = {}
        for name in reversed(list(self.containers)):
            if not names or name in names:
                container = self.containers.pop(name)
                try:
                    taken[name] = container.stop()
                finally:
                    container.close()
                    container.log.rename(container.log.with_suffix(f".{time.monotonic_ns()}"))
        return taken

    def kill(self) -> None:
        """End and remove all containers at once."""
        while self.containers:
            self.containers.popitem()[1].close()
