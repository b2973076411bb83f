"""What the floor has learnt about waiting times, kept in a file of the home over restarts.

Only the learning is kept: who is in service is told anew by whoever signs in. A file that cannot be
read costs the learning, never the start.
"""

from __future__ import annotations

from pathlib import Path

import msgspec
import structlog

from acd.routing.forecast import Forecast, ForecastState
from plateau import kept_file

log = structlog.get_logger(__name__)


def load(path: Path) -> Forecast:
    """The forecast as it was kept; one that knows nothing where there is none, or it is damaged."""
    content = kept_file.kept(path)
    if content is None:
        return Forecast()
    try:
        return Forecast(msgspec.json.decode(content, type=ForecastState))
    except msgspec.DecodeError as error:
        log.error("the forecast of waits begins anew", file=str(path), why=str(error))
        return Forecast()


def save(path: Path, state: ForecastState) -> None:
    """Keep it; half a file is never seen. A full disk is told in the log and costs nothing else."""
    kept_file.keep(path, msgspec.json.encode(state))
