"""Rows whose parts are JSON text: to values and back, by the names of fields."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import TypeVar

import msgspec
from sqlalchemy import Row

S = TypeVar("S", bound=msgspec.Struct)


def from_row(
    row: Row[*tuple[object, ...]], shape: type[S], json: Collection[str], **more: object
) -> S:
    """A `shape` from the row's columns and `more`; the columns named in `json` hold JSON or NULL.

    Raises msgspec.ValidationError where a column does not hold what the shape says.
    """
    values: dict[str, object] = {str(name): value for name, value in row._mapping.items()}
    for name in json:
        text = values[name]
        values[name] = None if text is None else msgspec.json.decode(str(text))
    return msgspec.convert(values | more, shape)


def to_columns(
    value: msgspec.Struct, json: Collection[str], leave_out: Collection[str] = ()
) -> Mapping[str, object]:
    """The columns of `value`, those named in `json` as JSON text (None stays NULL)."""
    plain = msgspec.to_builtins(value)
    columns: dict[str, object] = {}
    for name, held in plain.items():
        if name in leave_out:
            continue
        if name in json and held is not None:
            columns[name] = msgspec.json.encode(held).decode()
        else:
            columns[name] = held
    return columns
