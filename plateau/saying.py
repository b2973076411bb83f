"""How a command ends when something outside of our code is wrong: one sentence, no trace.

Exit status 2: a setting is wrong, and nothing was begun. 1: anything else.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Final

import typer

from acd.errors import PlateauError
from plateau.home import home_judged, told_of_home
from plateau.settings import Settings, load_settings, unknown_variables
from store.errors import StoreError
from switch.model import SwitchUnavailable

WRONG_SETTING: Final = 2

_OURS: Final = (PlateauError, StoreError, SwitchUnavailable)
_LATER: Final = (("ari.errors", "AriUnavailable"), ("sqlalchemy.exc", "DBAPIError"))
"""Errors of rooms that a command may never have imported."""


@contextmanager
def one_sentence(
    settings: Settings | None = None,
    prefix: str = "",
    passing: type[Exception] | tuple[type[Exception], ...] = (),
    status: int = 1,
) -> Iterator[None]:
    """What goes wrong outside of our code inside the block ends the command with one sentence.

    `passing` errors go through to who asked for them; `status` is the exit status of the others.
    """
    try:
        yield
    except passing:
        raise
    except Exception as error:
        if not _expected(error):
            raise
        typer.echo(f"{prefix}{_sentence(error, settings)}", err=True)
        wrong = isinstance(error, PlateauError) and error.slug == "settings-invalid"
        raise typer.Exit(WRONG_SETTING if wrong else status) from error


def _expected(error: Exception) -> bool:
    if isinstance(error, (*_OURS, OSError)):
        return True
    later = [getattr(sys.modules.get(module), name, None) for module, name in _LATER]
    return any(kind is not None and isinstance(error, kind) for kind in later)


def _sentence(error: Exception, settings: Settings | None) -> str:
    if isinstance(error, OSError) and not isinstance(error, _OURS) and settings is not None:
        return told_of_home(error, settings.home)
    lines = str(error).strip().splitlines() or [type(error).__name__]
    return lines[0]


def settings_or_exit(prefix: str = "", **told: object) -> Settings:
    """The settings; what is `told` (by field) goes before the environment.

    Ends the command with a sentence and exit status 2 where one is wrong, or the home is no folder.
    """
    for sentence in unknown_variables():
        typer.echo(sentence, err=True)
    with one_sentence(prefix=prefix):
        settings = load_settings(**told)
        home_judged(settings.home)
        return settings
