"""The clock against jumps of the wall, pid files against pids used again, secrets against kills."""

from __future__ import annotations

import signal
import stat
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from acd.errors import PlateauError
from ari.settings import ConnectionState
from plateau.clock import Clock
from plateau.daemons import Daemon
from plateau.floor_process import FloorProcess
from plateau.secrets_file import own_secret
from plateau.settings import Settings

pytestmark = pytest.mark.unit

START_MS = 1_760_000_000_000
HOUR_MS = 3_600_000


class Times:
    """A wall and a monotonic clock in a test's hands."""

    def __init__(self) -> None:
        self.wall, self.monotonic = START_MS, 5_000
        self.clock = Clock(lambda: self.wall, lambda: self.monotonic)

    def pass_ms(self, ms: int, wall_jump: int = 0) -> int:
        self.monotonic += ms
        self.wall += ms + wall_jump
        return self.clock.now_ms()


def test_the_clock_begins_at_the_wall_and_runs_with_it() -> None:
    times = Times()
    assert times.clock.now_ms() == START_MS
    assert times.pass_ms(250) == START_MS + 250
    assert times.pass_ms(60_000) == START_MS + 60_250


@pytest.mark.parametrize("jump", [HOUR_MS, -HOUR_MS])
def test_a_jump_of_the_wall_moves_no_timer(jump: int) -> None:
    times = Times()
    before = times.clock.now_ms()
    after = times.pass_ms(10_000, wall_jump=jump)
    assert abs((after - before) - 10_000) <= 10


def test_drift_is_taken_up_a_millisecond_a_second() -> None:
    times = Times()
    for _ in range(50):
        times.pass_ms(1_000, wall_jump=1)
    assert abs(times.clock.now_ms() - times.wall) <= 1
    times.pass_ms(0, wall_jump=-20)
    for _ in range(20):
        times.pass_ms(1_000)
    assert abs(times.clock.now_ms() - times.wall) <= 1


@given(st.lists(st.tuples(st.integers(0, 5_000), st.integers(-HOUR_MS, HOUR_MS)), max_size=40))
def test_time_never_runs_backwards(steps: list[tuple[int, int]]) -> None:
    times = Times()
    last = times.clock.now_ms()
    for ms, jump in steps:
        now = times.pass_ms(ms, jump)
        assert last <= now <= last + ms + ms // 1_000 + 1
        last = now


# ---- daemons -----------------------------------------------------------------------------------


@pytest.fixture
def sleeper() -> Iterator[subprocess.Popen[bytes]]:
    process = subprocess.Popen([sys.executable, "-c", "import sys; sys.stdin.read()"], stdin=-1)
    yield process
    process.kill()
    process.communicate()


def ticks(pid: int) -> str:
    return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[19]


def pid_file(home: Path, text: str) -> Daemon:
    (home / "run").mkdir()
    (home / "run" / "floor.pid").write_text(text)
    return Daemon(home, "floor")


def test_a_running_process_is_ours_by_pid_and_start_time(
    tmp_path: Path, sleeper: subprocess.Popen[bytes]
) -> None:
    daemon = pid_file(tmp_path, f"{sleeper.pid} {ticks(sleeper.pid)}\n")
    assert daemon.pid() == sleeper.pid
    assert daemon.start({}) == sleeper.pid


def test_a_pid_used_again_by_somebody_else_is_let_live(
    tmp_path: Path, sleeper: subprocess.Popen[bytes]
) -> None:
    daemon = pid_file(tmp_path, f"{sleeper.pid} {int(ticks(sleeper.pid)) - 1}\n")
    assert daemon.pid() is None
    assert daemon.stop(1.0) is False
    assert sleeper.poll() is None
    assert not (tmp_path / "run" / "floor.pid").exists()


@pytest.mark.parametrize("text", ["", "12", "1 2 3", f"{2**22 + 1} 77"])
def test_a_damaged_or_stale_pid_file_means_nothing_runs(tmp_path: Path, text: str) -> None:
    daemon = pid_file(tmp_path, text)
    assert daemon.pid() is None
    assert daemon.stop(0.1) is False


def test_stop_asks_first(tmp_path: Path, sleeper: subprocess.Popen[bytes]) -> None:
    daemon = pid_file(tmp_path, f"{sleeper.pid} {ticks(sleeper.pid)}\n")
    assert daemon.stop(5.0) is True
    assert daemon.pid() is None


def test_who_does_not_listen_is_forced(tmp_path: Path) -> None:
    code = "import signal,sys; signal.signal(15, signal.SIG_IGN); print('deaf', flush=True);"
    process = subprocess.Popen(
        [sys.executable, "-c", code + "sys.stdin.read()"], stdin=-1, stdout=subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        assert process.stdout.readline() == b"deaf\n"
        daemon = pid_file(tmp_path, f"{process.pid} {ticks(process.pid)}\n")
        assert daemon.stop(0.1) is True
        assert daemon.pid() is None
        assert process.wait(5) in (-signal.SIGKILL, 0)  # 0: `stop` took the exit status itself
    finally:
        process.kill()
        process.communicate()


def test_what_ended_is_told_with_its_last_words(tmp_path: Path) -> None:
    daemon = pid_file(tmp_path, "1 0\n")
    daemon.log_file.parent.mkdir()
    daemon.log_file.write_text("starting\nPort 8000 is taken.\n")
    with pytest.raises(PlateauError, match="ended: Port 8000 is taken"):
        daemon.wait_ready(lambda: False, 5.0)


def test_what_hangs_is_told_with_where_to_look(
    tmp_path: Path, sleeper: subprocess.Popen[bytes]
) -> None:
    daemon = pid_file(tmp_path, f"{sleeper.pid} {ticks(sleeper.pid)}\n")
    with pytest.raises(PlateauError, match=r"not ready within 0.05 s; see .*floor\.log"):
        daemon.wait_ready(lambda: False, 0.05)


# ---- secrets -----------------------------------------------------------------------------------


def test_a_secret_is_made_once_and_ours_alone(tmp_path: Path) -> None:
    secret = own_secret(tmp_path, "token-key")
    assert len(secret) >= 43
    assert own_secret(tmp_path, "token-key") == secret
    assert own_secret(tmp_path, "other") != secret
    path = tmp_path / "secrets" / "token-key"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert stat.S_IMODE(path.parent.stat().st_mode) == 0o700
    assert sorted(p.name for p in path.parent.iterdir()) == ["other", "token-key"]


def test_a_file_left_empty_by_a_killed_process_is_no_secret(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "token-key").touch()
    secret = own_secret(tmp_path, "token-key")
    assert len(secret) >= 43
    assert own_secret(tmp_path, "token-key") == secret


def test_processes_that_start_together_agree(tmp_path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from plateau.secrets_file import own_secret;"
        "print('ready', flush=True); sys.stdin.readline();"
        "print(own_secret(Path(sys.argv[1]), 'token-key'))"
    )
    started = [
        subprocess.Popen(
            [sys.executable, "-c", code, str(tmp_path)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for _ in range(3)
    ]
    for process in started:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
    with ThreadPoolExecutor() as pool:
        said = list(pool.map(lambda process: process.communicate("\n", 10)[0], started))
    assert len(set(said)) == 1
    assert len(said[0].strip()) >= 43


# ---- the floor's process -----------------------------------------------------------------------


async def test_a_floor_whose_connection_ended_for_good_ends_too(tmp_path: Path) -> None:
    process = FloorProcess(Settings(home=tmp_path))
    process._on_ari_state(ConnectionState.CLOSED)
    # Before the first synchronisation the start itself fails, with its own sentence.
    assert not process._stopping.is_set()
    process._synced = True
    process._on_ari_state(ConnectionState.CONNECTED)
    assert not process._stopping.is_set()
    process._on_ari_state(ConnectionState.CLOSED)
    assert process._stopping.is_set()
