"""The places in an operation's arguments where a client writes a value, and putting one there."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeGuard

from tests.schema.operations import Arguments
from tests.schema.sdl import Field, Schema, is_list, named


@dataclass(frozen=True, slots=True, kw_only=True)
class Leaf:
    """One scalar or enum within an argument; lists are passed through."""

    place: str
    """Of the field that takes the argument."""
    path: tuple[str, ...]
    type_name: str

    def __str__(self) -> str:
        return f"{self.place}({'.'.join(self.path)})"


def leaves_of(schema: Schema, field: Field) -> list[Leaf]:
    return [
        Leaf(place=field.place, path=(name, *path), type_name=type_name)
        for name, argument in field.arguments.items()
        for path, type_name in _leaves(schema, named(argument.type))
    ]


def fill(schema: Schema, leaf: Leaf, arguments: Arguments, value: object) -> Arguments:
    """The arguments with the value at the leaf. Of an input that takes one of its fields, the others go."""
    name, *path = leaf.path
    type_ = schema.operations[leaf.place].arguments[name].type
    return {**arguments, name: _filled(schema, type_, arguments.get(name), path, value)}


def _leaves(schema: Schema, type_name: str) -> Iterator[tuple[tuple[str, ...], str]]:
    type_ = schema.types.get(type_name)
    if type_ is None or type_.kind != "input":
        yield (), type_name
        return
    for name, field in type_.inputs.items():
        yield from (((name, *path), found) for path, found in _leaves(schema, named(field.type)))


def _filled(schema: Schema, type_: str, given: object, path: Sequence[str], value: object) -> object:
    if is_list(type_):
        return [_filled(schema, type_.rstrip("!")[1:-1], None, path, value)]
    if not path:
        return value
    name, *rest = path
    input_ = schema.types[named(type_)]
    kept = dict(given) if _is_object(given) and not input_.is_one_of else {}
    # A field that the input does not have takes whatever it is given.
    inner = input_.inputs[name].type if name in input_.inputs else "String"
    return {**kept, name: _filled(schema, inner, kept.get(name), rest, value)}


def _is_object(value: object) -> TypeGuard[Mapping[str, object]]:
    return isinstance(value, Mapping)
