"""`plateau floor` under cProfile: `python -m bench.profiled_floor FILE` leaves statistics in FILE.

Read them with `python -m pstats FILE`. A profiled floor is about half as fast: its times say
where the work is, not how long it takes.
"""

from __future__ import annotations

import cProfile
import sys

from plateau.cli import floor


def main() -> None:
    """Run until SIGTERM, then write what was seen."""
    profiler = cProfile.Profile()
    profiler.enable()
    try:
        floor()
    finally:
        profiler.disable()
        profiler.dump_stats(sys.argv[1])


if __name__ == "__main__":
    main()
