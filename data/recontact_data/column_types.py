"""The one polars type that holds all values of a column, nothing dropped or turned into text."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from decimal import Decimal
from typing import Any

import polars as pl
from polars.datatypes import DataType, DataTypeClass

NO_TYPE = pl.Null()
_SIMPLE: dict[type, pl.DataType] = {
    str: pl.String(),
    bool: pl.Boolean(),
    int: pl.Int64(),
    float: pl.Float64(),
    bytes: pl.Binary(),
    datetime: pl.Datetime("us"),
    date: pl.Date(),
    time: pl.Time(),
    timedelta: pl.Duration("us"),
}


def type_of(values: Iterable[Any]) -> pl.DataType:
    """Returns the type of all values together; `NO_TYPE` where every one is None.

    Raises:
        TypeError: they are of types that no column holds together, such as numbers and text.
    """
    kind: pl.DataType = NO_TYPE
    for value in values:
        kind = merge_types(kind, _type_of_one(value))
    return kind


def merge_types(one: pl.DataType, other: pl.DataType) -> pl.DataType:
    """Returns the type that holds the values of both: whole and broken numbers go together, structs join.

    Raises:
        TypeError: there is none.
    """
    if one == other or other == NO_TYPE:
        return one
    if one == NO_TYPE:
        return other
    if isinstance(one, pl.List) and isinstance(other, pl.List):
        return pl.List(merge_types(_instance(one.inner), _instance(other.inner)))
    if isinstance(one, pl.Struct) and isinstance(other, pl.Struct):
        fields = {field.name: _instance(field.dtype) for field in one.fields}
        for field in other.fields:
            fields[field.name] = merge_types(fields.get(field.name, NO_TYPE), _instance(field.dtype))
        return pl.Struct(fields)
    if isinstance(one, pl.Decimal) and isinstance(other, pl.Decimal):
        return pl.Decimal(38, max(one.scale, other.scale))
    if {type(one), type(other)} == {pl.Int64, pl.Float64}:
        return pl.Float64()
    raise TypeError(f"it holds both {one} and {other}")


def describe(kind: pl.DataType) -> pl.DataType:
    """Returns the type to write: text where no value was ever seen, inside lists and structs too."""
    if kind == NO_TYPE:
        return pl.String()
    if isinstance(kind, pl.List):
        return pl.List(describe(_instance(kind.inner)))
    if isinstance(kind, pl.Struct):
        return pl.Struct({field.name: describe(_instance(field.dtype)) for field in kind.fields})
    return kind


def _type_of_one(value: Any) -> pl.DataType:
    if value is None:
        return NO_TYPE
    if isinstance(value, list | tuple):
        return pl.List(type_of(value))
    if isinstance(value, dict):
        return pl.Struct({str(key): _type_of_one(item) for key, item in value.items()})
    if isinstance(value, Decimal):
        return pl.Decimal(38, max(0, -int(value.as_tuple().exponent)))
    if isinstance(value, datetime) and value.tzinfo is not None:
        return pl.Datetime("us", "UTC")
    kind = _SIMPLE.get(type(value))
    if kind is None:
        raise TypeError(f"it holds a {type(value).__name__}")
    return kind


def _instance(kind: DataType | DataTypeClass) -> pl.DataType:
    return kind() if isinstance(kind, type) else kind
