"""Selections that reach every field below a field of the schema, and what an answer to one shows."""

from collections import deque
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import TypeGuard

from tests.schema.sdl import Field, Schema

Selection = dict[str, "Selection"]

ENDLESS = 1_000


def select(
    schema: Schema, field: Field, *, deepest: int = ENDLESS, given: Mapping[str, str] = MappingProxyType({})
) -> Selection:
    """Everything below a field, through so many objects. Each type is opened once, where it is nearest.

    Anywhere else its own values are taken, but not its objects: types that lead to each other would never end.
    `given` holds the arguments, as they are written, of some fields by their places.
    Raises LookupError for a field that cannot be asked for without arguments.
    """
    selection: Selection = {}
    opened: set[str] = set()
    waiting = deque([(selection, schema.below(field), "", 0)])
    while waiting:
        into, type_, prefix, depth = waiting.popleft()
        if type_ is None:
            continue
        into["__typename"] = {}
        if type_.kind != "object":
            for member in schema.possible(type_):
                # Two members may give one name to different things, so each field is named with its type.
                waiting.append((into.setdefault(f"... on {member.name}", {}), member, f"{member.name}_", depth))
            continue
        is_open = depth < deepest and (type_.name not in opened or type_.name.endswith(("Connection", "Edge")))
        opened.add(type_.name)
        for name, inner in type_.fields.items():
            if inner.place not in given and any(argument.is_required for argument in inner.arguments.values()):
                raise LookupError(f"{inner.place} needs an argument: give one in operations.GIVEN.")
            below = schema.below(inner)
            if below is None or is_open:
                waiting.append(
                    (into.setdefault(f"{prefix}{name}: {name}" if prefix else name, {}), below, "", depth + 1)
                )
    return selection


def write(selection: Selection) -> str:
    if not selection:
        return ""
    return " { " + " ".join(f"{key}{write(inner)}" for key, inner in selection.items()) + " }"


def seen(schema: Schema, value: object) -> Iterator[str]:
    """`Type.field` for each field of an answer that shows anything: not null, and not an empty list."""
    if _is_list(value):
        for one in value:
            yield from seen(schema, one)
    elif _is_object(value) and "__typename" in value:
        concrete = schema.types[str(value["__typename"])]
        for key, inner in value.items():
            if inner is None or inner == [] or key == "__typename":
                continue
            field = concrete.fields[key.rpartition("_")[2]]
            yield field.place
            if schema.below(field):
                yield from seen(schema, inner)


def _is_list(value: object) -> TypeGuard[list[object]]:
    return isinstance(value, list)


def _is_object(value: object) -> TypeGuard[Mapping[str, object]]:
    return isinstance(value, Mapping)
