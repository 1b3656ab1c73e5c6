"""What asking for a field may cost, declared beside the field; schema.transport.limits.operation_limits reckons with it."""

from collections.abc import Mapping
from dataclasses import dataclass

LIST_SIZE = "list_size"
"""The key in a field's metadata for how long its list can be. Every list of objects needs one."""
UNCOUNTED = "uncounted"
"""The key in a field's metadata that says: what it returns is counted already, with what holds it."""
RATIONED = "rationed"
"""The key in a field's metadata that says: of all such fields an operation has one at most, once."""

PATIENCE = "patience"
"""The key in a field's metadata that says: it waits for something, and the usual deadline of an operation is not for it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AtMost:
    """A list that never has more items; fewer when the caller names fewer in a list argument."""

    items: int
    argument: str | None = None


@dataclass(frozen=True, slots=True)
class PageSize:
    """A list as long as the page that was asked for, by `first`, of the field above."""


def at_most(items: int, *, argument: str | None = None) -> Mapping[str, object]:
    """Metadata of a list; `argument` names the argument that is a list of the items wanted."""
    return {LIST_SIZE: AtMost(items=items, argument=argument)}


A_PAGE: Mapping[str, object] = {LIST_SIZE: PageSize()}
"""Metadata of a connection's lists."""

COUNTED_BY_EDGE: Mapping[str, object] = {UNCOUNTED: True}
"""Metadata of an edge's node: the two are one item of a page."""

ONE_AN_OPERATION: Mapping[str, object] = {RATIONED: True}
"""Metadata of a mutation that counts attempts or costs much."""

PATIENT: Mapping[str, object] = {PATIENCE: True}
"""Metadata of a mutation that waits, and ends by itself. In an operation with others the usual deadline holds."""
