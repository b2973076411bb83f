"""What machine a figure was measured on, and what the processes and the rest of it consumed.

Reads `/proc` (Linux only). All CPU times are seconds of one core.
"""

from __future__ import annotations

import os
import platform
import time
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_TICKS_PER_S = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True)
class Machine:
    """The facts that a reader needs to compare figures."""

    cores: int
    cpu: str
    memory_mib: int
    kernel: str
    python: str
    load_1m: float


def machine() -> Machine:
    """This machine, now."""
    return Machine(
        cores=os.cpu_count() or 0,
        cpu=_cpu_name(),
        memory_mib=os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") // 2**20,
        kernel=platform.release(),
        python=platform.python_version(),
        load_1m=round(os.getloadavg()[0], 2),
    )


def _cpu_name() -> str:
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.machine()


def cpu_s(pid: int) -> float:
    """CPU seconds that the process, all threads, has consumed. Raises OSError if it is gone."""
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / _TICKS_PER_S


def memory_mib(pid: int) -> float:
    """Resident memory of the process, MiB. Raises OSError if it is gone."""
    pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    return round(pages * os.sysconf("SC_PAGE_SIZE") / 2**20, 1)


def busy_s() -> float:
    """CPU seconds that the whole machine has been busy, all cores, stolen time included."""
    values = [int(v) for v in Path("/proc/stat").read_text().splitlines()[0].split()[1:9]]
    user, nice, system, _idle, _iowait, irq, softirq, steal = values
    return (user + nice + system + irq + softirq + steal) / _TICKS_PER_S


class CpuMeter:
    """CPU seconds of some processes and of the machine since the meter was made.

    A process that has ended counts up to the last `sample` in which it was seen.
    """

    def __init__(self, pids: dict[str, int]) -> None:
        self._pids = pids
        self._first = {name: cpu_s(pid) for name, pid in pids.items()}
        self._last = dict(self._first)
        self._busy_s = busy_s()
        self._began_s = time.monotonic()

    def sample(self) -> None:
        """Read those processes that are still there."""
        for name, pid in self._pids.items():
            with suppress(OSError):
                self._last[name] = max(self._last[name], cpu_s(pid))

    def used_s(self, name: str) -> float:
        """CPU seconds of one process, at the last sample."""
        return self._last[name] - self._first[name]

    def ratios(self) -> tuple[float, float]:
        """(whole machine, everybody but our processes) busy, as shares of all cores."""
        all_s = (time.monotonic() - self._began_s) * (os.cpu_count() or 1)
        busy = busy_s() - self._busy_s
        ours = sum(self.used_s(name) for name in self._pids)
        return round(busy / all_s, 2), round(max(0.0, busy - ours) / all_s, 2)
