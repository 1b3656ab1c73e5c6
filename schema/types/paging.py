"""Connections: pages, their bounds, and the cursors between them."""

import base64
import json
from collections.abc import Awaitable, Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Generic, TypeVar

import strawberry
from pydantic import TypeAdapter

from db.paging import Page, PageRequest
from schema.types.costs import A_PAGE, COUNTED_BY_EDGE
from services.errors import InvalidInput, Problem, ProblemCode
from services.validation import UNSTORABLE

DEFAULT_SIZE = 10
LARGEST_SIZE = 50
LONGEST_CURSOR = 2000
"""No sort value may be longer: see SORT_TITLE_LENGTH in db.queries.videos."""
SORT_VALUES = TypeAdapter(list[object])

First = Annotated[int, strawberry.argument(description="How many at most: 1 to 50.")]
After = Annotated[str | None, strawberry.argument(description="The cursor that the page comes after.")]

T = TypeVar("T")
Row = TypeVar("Row")


@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    has_next_page: bool = strawberry.field(description="Whether more comes after this page.")
    has_previous_page: bool = strawberry.field(description="Whether the page comes after a cursor.")
    start_cursor: str | None = strawberry.field(description="The cursor of the first node; null on an empty page.")
    end_cursor: str | None = strawberry.field(description="The cursor of the last node; null on an empty page.")


@strawberry.type(description="A node and its place in the list.")
class Edge(Generic[T]):
    cursor: str = strawberry.field(description="The place of the node, to be given to `after`.")
    node: T = strawberry.field(description="The thing itself.", metadata=COUNTED_BY_EDGE)


@strawberry.type(description="A page of a list that can grow.")
class Connection(Generic[T]):
    edges: list[Edge[T]] = strawberry.field(description="The nodes of the page with their cursors.", metadata=A_PAGE)
    page_info: PageInfo = strawberry.field(description="Where the page lies in the list.")
    count: strawberry.Private[Callable[[], Awaitable[int]]]

    @strawberry.field(description="The nodes of the page alone.", metadata=A_PAGE)
    def nodes(self) -> list[T]:
        return [edge.node for edge in self.edges]

    @strawberry.field(description="How many nodes the whole list has. Counted only when asked for.")
    async def total_count(self) -> int:
        return await self.count()

    @classmethod
    def of(
        cls,
        page: Page[Row],
        *,
        node: Callable[[Row], T],
        place: Callable[[Row], Sequence[object]],
        count: Callable[[], Awaitable[int]],
    ) -> "Connection[T]":
        """`place` gives a row's sort values, the id last."""
        edges = [Edge(cursor=write_cursor(place(row)), node=node(row)) for row in page.rows]
        info = PageInfo(
            has_next_page=page.has_next,
            has_previous_page=page.has_previous,
            start_cursor=edges[0].cursor if edges else None,
            end_cursor=edges[-1].cursor if edges else None,
        )
        return cls(edges=edges, page_info=info, count=count)


def page_request(
    first: int, after: str | None, kinds: Sequence[type] = (datetime, int), *, largest: int = LARGEST_SIZE
) -> PageRequest:
    """`kinds` are the types of the order's sort values. Raises InvalidInput."""
    if not 1 <= first <= largest:
        raise _refusal("first", ProblemCode.OUT_OF_RANGE, f"First must be between 1 and {largest}.")
    return PageRequest(first, None if after is None else read_cursor(after, kinds))


def write_cursor(values: Sequence[object]) -> str:
    plain = [value.isoformat() if isinstance(value, datetime) else value for value in values]
    text = json.dumps(plain, separators=(",", ":"), ensure_ascii=False)
    return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


def read_cursor(text: str, kinds: Sequence[type]) -> tuple[object, ...]:
    try:
        return tuple(_typed(value, kind) for value, kind in zip(_decoded(text), kinds, strict=True))
    except (ValueError, OverflowError):
        raise _refusal("after", ProblemCode.INVALID_FORMAT, "After must be a cursor of this list.") from None


def _decoded(text: str) -> list[object]:
    if len(text) > LONGEST_CURSOR:
        raise ValueError("longer than any of ours")
    padded = text.encode("ascii") + b"=" * (-len(text) % 4)
    return SORT_VALUES.validate_json(base64.b64decode(padded, altchars=b"-_", validate=True))


def _typed(value: object, kind: type) -> object:
    if kind is datetime and isinstance(value, str):
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    elif (kind is int and isinstance(value, int) and not isinstance(value, bool) and abs(value) < 2**63) or (
        kind is str and isinstance(value, str) and not UNSTORABLE.search(value)
    ):
        return value
    raise ValueError("not a value of this order")


def _refusal(name: str, code: ProblemCode, message: str) -> InvalidInput:
    return InvalidInput([Problem(path=(name,), code=code, message=message)])
