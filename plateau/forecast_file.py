"""What the floor has learnt about waiting times, kept in a file of the home over restarts.

Only the learning is kept: who is in service is told anew by whoever signs in. A file that cannot be
read costs the learning, never the start.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import structlog

from acd.forecast import Forecast, ForecastState

log = structlog.get_logger(__name__)


def load(path: Path) -> Forecast:
    """The forecast as it was kept; one that knows nothing where there is none, or it is damaged."""
    try:
        return Forecast(msgspec.json.decode(path.read_bytes(), type=ForecastState))
    except FileNotFoundError:
        return Forecast()
    except (OSError, msgspec.DecodeError) as error:
        log.error("the forecast of waits begins anew", file=str(path), why=str(error))
        return Forecast()


def save(path: Path, state: ForecastState) -> None:
    """Keep it; half a file is never seen. A full disk is told in the log and costs nothing else."""
    part = path.with_suffix(".part")
    try:
        part.write_bytes(msgspec.json.encode(state))
        part.replace(path)
    except OSError as error:
        log.error("the forecast of waits cannot be kept", file=str(path), why=str(error))
