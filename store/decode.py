"""From a database row to a typed value, by the names of the columns."""

from __future__ import annotations

from typing import TypeVar

import msgspec
from sqlalchemy import Row

S = TypeVar("S", bound=msgspec.Struct)


def to_struct(row: Row[*tuple[object, ...]], shape: type[S], **more: object) -> S:
    """A `shape` from the row's columns and `more`, which wins; other columns are left out.

    Raises msgspec.ValidationError where a column does not hold what the shape says.
    """
    # Column names may come as SQLAlchemy's `quoted_name`, which msgspec does not take for str.
    values: dict[str, object] = {str(name): value for name, value in row._mapping.items()}
    return msgspec.convert(values | more, shape)
