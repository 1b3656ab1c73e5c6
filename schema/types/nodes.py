"""Things with identity, and their opaque global ids."""

import base64
import binascii
import re
from typing import NamedTuple

import strawberry

from services.errors import NotFound

GLOBAL_ID = re.compile(r"([A-Z][A-Za-z]{1,40}):([1-9][0-9]{0,18})")
LARGEST_ID = 2**63 - 1


@strawberry.interface(description="A thing with an identity, which can be fetched again by its id.")
class Node:
    id: strawberry.ID = strawberry.field(description="The opaque, global id of the thing.")


class NodeKey(NamedTuple):
    type_name: str
    id: int


def global_id(type_name: str, row_id: int) -> strawberry.ID:
    return strawberry.ID(base64.urlsafe_b64encode(f"{type_name}:{row_id}".encode()).decode().rstrip("="))


def parse_global_id(text: str) -> NodeKey | None:
    """None for anything we never gave out, which therefore names nothing."""
    try:
        plain = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
        match = GLOBAL_ID.fullmatch(plain.decode("ascii"))
    except (UnicodeError, binascii.Error):
        return None
    if match is None or int(match[2]) > LARGEST_ID:
        return None
    return NodeKey(match[1], int(match[2]))


def row_id(type_name: str, text: str) -> int | None:
    """The row's id in a global id of that type; None when it is none."""
    key = parse_global_id(text)
    return key.id if key is not None and key.type_name == type_name else None


def required_row_id(type_name: str, text: str) -> int:
    """As `row_id`, but raises NotFound: an id we never gave out names nothing."""
    found = row_id(type_name, text)
    if found is None:
        raise NotFound(f"{type_name} not found.")
    return found
