"""A Plateau of its own, started and used by its own command line, as an operator has it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from switch.finder import default_rootfs
from tests.doc_blocks import ROOT

SIP_PORT, API_PORT = 15560, 18590
SETTINGS = {
    "PLATEAU_SIP_PORT": str(SIP_PORT),
    "PLATEAU_TLS_PORT": str(SIP_PORT + 1),
    "PLATEAU_HTTP_PORT": "18588",
    "PLATEAU_HTTPS_PORT": "18589",
    "PLATEAU_API_PORT": str(API_PORT),
    "PLATEAU_RTP_FIRST": "24000",
    "PLATEAU_RTP_LAST": "25999",
}


def variables(home: Path, programs: str = "") -> dict[str, str]:
    """The environment of a Plateau in `home` on ports of these tests; `programs` stand first."""
    kept = {k: v for k, v in os.environ.items() if not k.startswith("PLATEAU_")}
    return kept | SETTINGS | {
        "PLATEAU_HOME": str(home),
        "PLATEAU_ROOTFS": str(default_rootfs()),
        "PATH": f"{programs}{sys.prefix}/bin:{os.environ['PATH']}",
        "PYTHONPATH": str(ROOT),
        "COLUMNS": "100",
    }  # fmt: skip


@dataclass(frozen=True, slots=True)
class Ground:
    """A scratch folder, and the environment of shells in it."""

    folder: Path
    environment: dict[str, str]

    def run(self, script: str, *, name: str, within_s: float = 300.0) -> str:
        """Run a script of bash; its output. A failure shows the end of it."""
        file = self.folder / f"{name}.sh"
        file.write_text(script)
        try:
            done = subprocess.run(
                ["bash", "-eu", "-o", "pipefail", str(file)],
                cwd=self.folder, env=self.environment, timeout=within_s, check=False,
                stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
            )  # fmt: skip
        except subprocess.TimeoutExpired as late:
            said = (late.output or b"").decode(errors="replace")
            raise AssertionError(f"{name}: not within {within_s:g} s\n{said[-4000:]}") from None
        said = done.stdout.decode(errors="replace")
        assert done.returncode == 0, f"{name}: exit status {done.returncode}\n{said[-4000:]}"
        return said
