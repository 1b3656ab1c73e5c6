"""Gives the product's own enums a GraphQL name and a description of each value."""

from collections.abc import Mapping
from enum import Enum

import strawberry
from strawberry.types.enum import StrawberryEnumDefinition


def describe(enum: type[Enum], *, name: str, description: str, values: Mapping[str, str]) -> None:
    """Register the enum under the name; every value must be described.

    The services cannot say this themselves: they know nothing of GraphQL.
    """
    strawberry.enum(enum, name=name, description=description)
    definition: StrawberryEnumDefinition = getattr(enum, "__strawberry_definition__")  # noqa: B009  set by the call above
    for value in definition.values:
        value.description = values[value.name]


@strawberry.enum(description="The direction of an order.")
class OrderDirection(Enum):
    ASC = strawberry.enum_value("ASC", description="Smallest, oldest or first in the alphabet first.")
    DESC = strawberry.enum_value("DESC", description="Largest, newest or last in the alphabet first.")
