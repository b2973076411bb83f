"""What differs between two plain trees, place by place. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from enum import StrEnum

import msgspec


class ChangeKind(StrEnum):
    """What became of a place."""

    ADDED = "added"
    REMOVED = "removed"
    CHANGED = "changed"


class Difference(msgspec.Struct, frozen=True):
    """One place that differs: `path` is a JSON pointer (RFC 6901) into the tree.

    `old` is None where it was added, `new` where it was removed. Lists differ as wholes.
    """

    path: str
    kind: ChangeKind
    old: object = None
    new: object = None

    @property
    def place(self) -> tuple[str, str]:
        """Section and id that it belongs to; the id is empty for a section without ids."""
        name, _, rest = self.path.removeprefix("/").partition("/")
        return name, unescaped(rest.partition("/")[0])


def escaped(key: str) -> str:
    """A key as a step of a JSON pointer."""
    return key.replace("~", "~0").replace("/", "~1")


def unescaped(step: str) -> str:
    """A step of a JSON pointer as the key that it means."""
    return step.replace("~1", "/").replace("~0", "~")


def differences(
    old: Mapping[str, object], new: Mapping[str, object], path: str = ""
) -> tuple[Difference, ...]:
    """All that differs, in the order of the keys of `old` and then `new`."""
    return tuple(_differences(old, new, path))


def _differences(
    old: Mapping[str, object], new: Mapping[str, object], path: str
) -> Iterator[Difference]:
    for key in (*old, *(key for key in new if key not in old)):
        here = f"{path}/{escaped(str(key))}"
        if key not in new:
            yield Difference(here, ChangeKind.REMOVED, old=old[key])
        elif key not in old:
            yield Difference(here, ChangeKind.ADDED, new=new[key])
        elif old[key] != new[key]:
            before, after = old[key], new[key]
            if isinstance(before, Mapping) and isinstance(after, Mapping):
                yield from _differences(before, after, here)
            else:
                yield Difference(here, ChangeKind.CHANGED, before, after)
