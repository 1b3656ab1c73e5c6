"""Scalars of our own, and what we say of Strawberry's; schema.root tells Strawberry of them."""

from dataclasses import replace
from datetime import datetime
from typing import NewType

import strawberry
from strawberry.schema.types.base_scalars import DateTimeDefinition
from strawberry.types.scalar import ScalarDefinition

JSON = NewType("JSON", object)
"""Any JSON value: for data whose shape somebody else decides."""

SCALARS: dict[object, ScalarDefinition] = {
    JSON: strawberry.scalar(
        name="JSON",
        description="Any JSON value: for data whose shape somebody else decides.",
        serialize=lambda value: value,
    ),
    datetime: replace(
        DateTimeDefinition, description="A timestamp after RFC 3339, in UTC, such as 2026-11-21T05:00:00.123456+00:00."
    ),
}
