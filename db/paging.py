"""Keyset paging: an order that ends in the id, and the place in it where a page begins."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, NamedTuple, TypeVar

from sqlalchemy import BigInteger, ColumnElement, Integer, func, literal, select, tuple_
from sqlalchemy.orm import InstrumentedAttribute
from sqlalchemy.types import TypeEngine

from db.types import AnySelect

Row = TypeVar("Row")

Sortable = ColumnElement[Any] | InstrumentedAttribute[Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """Columns to sort by, all in one direction, of which the last is the id."""

    columns: Sequence[Sortable]
    descending: bool = False

    def by(self) -> list[ColumnElement[Any]]:
        return [column.desc() if self.descending else column.asc() for column in self.columns]

    def beyond(self, values: Sequence[object]) -> ColumnElement[bool]:
        """What comes after the row whose sort columns have these values."""
        place = tuple_(*(literal(value, _bound(column)) for value, column in zip(values, self.columns, strict=True)))
        here = tuple_(*self.columns)
        return here < place if self.descending else here > place


def _bound(column: Sortable) -> TypeEngine[Any]:
    """A client may send any number of 64 bits, which Postgres would not take for a column of 32."""
    kind: TypeEngine[Any] = column.expression.type
    return BigInteger() if isinstance(kind, Integer) else kind


class PageRequest(NamedTuple):
    """So many rows beyond a place; hashable, so that equal requests are answered together."""

    size: int
    after: tuple[object, ...] | None = None
    """The sort values of the last row the client holds."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[Row]):
    rows: Sequence[Row]
    has_next: bool
    has_previous: bool


def page_of(statement: AnySelect, order: Order, request: PageRequest) -> AnySelect:
    """The page, and one row more by which `cut` sees whether there is another."""
    if request.after is not None:
        statement = statement.where(order.beyond(request.after))
    return statement.order_by(*order.by()).limit(request.size + 1)


def pages_by(parent: Sortable, statement: AnySelect, order: Order, request: PageRequest) -> AnySelect:
    """The same page of every parent's rows in one statement; `parent` is a column that `statement` selects."""
    if request.after is not None:
        statement = statement.where(order.beyond(request.after))
    place = func.row_number().over(partition_by=parent, order_by=order.by()).label("place")
    ranked = statement.add_columns(place).subquery()
    columns = [column for column in ranked.c if column.name != place.name]
    return select(*columns).where(ranked.c.place <= request.size + 1).order_by(ranked.c.place)


def group(keys: Sequence[int], rows: Sequence[Row], key_of: Callable[[Row], int]) -> list[list[Row]]:
    """The rows of each key, in the order of the keys: what a batch load answers."""
    found: dict[int, list[Row]] = {key: [] for key in keys}
    for row in rows:
        found[key_of(row)].append(row)
    return [found[key] for key in keys]


def cut(rows: Sequence[Row], request: PageRequest) -> Page[Row]:
    return Page(rows=rows[: request.size], has_next=len(rows) > request.size, has_previous=request.after is not None)
