"""A field that is resolved once for all parents of a list, in place of once for each."""

import inspect
from collections.abc import Awaitable, Callable, Hashable, Mapping, Sequence
from functools import partial
from types import MappingProxyType
from typing import TypeVar, get_args

import strawberry

from schema.context import Info

Value = TypeVar("Value")

BATCH_LOAD = "batch_load"
"""The key in a field's metadata under which its load is found."""
NO_METADATA: Mapping[str, object] = MappingProxyType({})


def batch_field(
    *, description: str, metadata: Mapping[str, object] = NO_METADATA
) -> Callable[[Callable[..., Awaitable[Sequence[Value]]]], Value]:
    """Turn `async def notes(videos: Sequence[Video], info: Info, first: int = 10) -> list[X]` into a field `notes: X`.

    The decorated function, a static method, gets every parent that asks with the same arguments, and answers in their order. Its first
    parameter is the parents; the arguments must be hashable.
    """

    def declare(load: Callable[..., Awaitable[Sequence[Value]]]) -> Value:
        # Strawberry types a field as Any; whoever reads the attribute gets what the load answers for one parent.
        field: Value = strawberry.field(
            resolver=_resolver(load), description=description, metadata={**metadata, BATCH_LOAD: load}
        )
        return field

    return declare


def _resolver(load: Callable[..., Awaitable[Sequence[Value]]]) -> Callable[..., Awaitable[Value]]:
    """A resolver for one parent with the load's own arguments, as Strawberry reads them from a signature."""
    signature = inspect.signature(load)
    _, *parameters = signature.parameters.values()
    (value_type,) = get_args(signature.return_annotation)

    async def resolve(self: object, info: Info, **arguments: Hashable) -> Value:
        name = (load, tuple(sorted(arguments.items())))
        together: Callable[[list[object]], Awaitable[Sequence[Value]]] = partial(load, info=info, **arguments)
        return await info.context.batches.load(name, together, self)

    itself = inspect.Parameter("self", inspect.Parameter.POSITIONAL_OR_KEYWORD)
    setattr(resolve, "__signature__", inspect.Signature([itself, *parameters], return_annotation=value_type))  # noqa: B010
    resolve.__annotations__ = {parameter.name: parameter.annotation for parameter in parameters} | {
        "return": value_type
    }
    resolve.__name__ = load.__name__
    resolve.__qualname__ = load.__qualname__
    resolve.__module__ = load.__module__
    return resolve
