"""Scalars of our own; schema.root tells Strawberry what they are called."""

from typing import NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

JSON = NewType("JSON", object)
"""Any JSON value: for data whose shape somebody else decides."""

SCALARS: dict[object, ScalarDefinition] = {
    JSON: strawberry.scalar(
        name="JSON",
        description="Any JSON value: for data whose shape somebody else decides.",
        serialize=lambda value: value,
    ),
}
