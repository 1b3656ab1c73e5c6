"""How many objects each field of the schema may answer with, read from its type and from what is declared beside it."""

from collections.abc import Mapping
from dataclasses import dataclass

from graphql import GraphQLField, GraphQLInterfaceType, GraphQLNamedType, GraphQLObjectType, GraphQLSchema
from graphql.type import is_composite_type

from schema.execution.graphql_core import definition_of
from schema.types.costs import LIST_SIZE, PATIENCE, RATIONED, UNCOUNTED, AtMost, PageSize

FIRST = "first"


@dataclass(frozen=True, slots=True, kw_only=True)
class FieldCost:
    """Of a field that answers with objects; one that does not costs nothing."""

    type_name: str
    """Of the objects."""
    list_size: AtMost | PageSize | None
    """None for a single object."""
    page_default: int | None
    """The default of `first`, where the field has it."""
    is_counted: bool
    """Whether the objects count themselves, and not only what is below them."""


FieldCosts = Mapping[str, Mapping[str, FieldCost]]
"""By type and field."""


def field_costs(schema: GraphQLSchema) -> FieldCosts:
    """Raises TypeError for a list of objects that nobody said the length of."""
    return {
        type_.name: {
            name: _field_cost(f"{type_.name}.{name}", field, below)
            for name, field in type_.fields.items()
            if is_composite_type(below := schema.type_map[_written(field).strip("[]!")])
        }
        for type_ in schema.type_map.values()
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType) and not type_.name.startswith("__")
    }


def rationed_fields(schema: GraphQLSchema) -> frozenset[str]:
    """The mutations of which an operation has one at most."""
    if schema.mutation_type is None:
        return frozenset()
    return frozenset(name for name, field in schema.mutation_type.fields.items() if RATIONED in _metadata(field))


def patient_fields(schema: GraphQLSchema) -> frozenset[str]:
    """The mutations that wait for something."""
    if schema.mutation_type is None:
        return frozenset()
    return frozenset(name for name, field in schema.mutation_type.fields.items() if PATIENCE in _metadata(field))


def _field_cost(place: str, field: GraphQLField, below: GraphQLNamedType) -> FieldCost:
    metadata = _metadata(field)
    list_size = metadata.get(LIST_SIZE)
    is_list = _written(field).startswith("[")
    if not isinstance(list_size, AtMost | PageSize | None) or is_list != (list_size is not None):
        raise TypeError(f"{place} does not say how long its list can be, or is none.")
    first = field.args.get(FIRST)
    page_default: object = first.default_value if first is not None else None
    if not isinstance(page_default, int | None) or _has_pages(below) != (page_default is not None):
        raise TypeError(f"{place} has pages but no argument `{FIRST}` with a default, or the other way round.")
    return FieldCost(
        type_name=below.name,
        list_size=list_size,
        page_default=page_default,
        is_counted=UNCOUNTED not in metadata,
    )


def _has_pages(type_: GraphQLNamedType) -> bool:
    """Whether lists of this type are as long as the page that the field above was asked for."""
    if not isinstance(type_, GraphQLObjectType):
        return False
    return any(isinstance(_metadata(field).get(LIST_SIZE), PageSize) for field in type_.fields.values())


def _written(field: GraphQLField) -> str:
    """The type as a schema has it, such as `[Video!]!`."""
    return str(field.type)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]  of a list of what, graphql-core does not type


def _metadata(field: GraphQLField) -> Mapping[object, object]:
    definition = definition_of(field)
    return definition.metadata if definition is not None else {}
