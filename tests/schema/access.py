"""Who sees what: the table in access.toml, and how a schema and what a caller saw are held against it."""

import tomllib
from collections.abc import Mapping
from collections.abc import Set as AbstractSet
from pathlib import Path

from tests.schema.sdl import Schema

TABLE = Path(__file__).with_name("access.toml")
KINDS = frozenset({"nobody", "guest", "user", "token", "admin", "bad", "entering"})

Access = Mapping[str, AbstractSet[str]]
"""`Type.field` → the kinds of caller who see it."""


def read_access() -> dict[str, AbstractSet[str]]:
    types: dict[str, dict[str, str]] = tomllib.loads(TABLE.read_text(encoding="utf-8"))
    return {
        f"{type_name}.{field}": frozenset(kinds.split())
        for type_name, fields in types.items()
        for field, kinds in fields.items()
    }


def fields_of(schema: Schema) -> set[str]:
    """Every field that an answer can show. Those of interfaces are shown by the types that have them."""
    objects = (type_ for type_ in schema.types.values() if type_.kind == "object")
    return {field.place for type_ in objects for field in type_.fields.values()}


def faults_of_table(access: Access, schema: Schema) -> list[str]:
    """Fields that are not listed, lines for fields that do not exist, and words that are no kind of caller."""
    fields = fields_of(schema)
    return [
        *(f"{field} is not listed" for field in sorted(fields - access.keys())),
        *(f"{field} does not exist" for field in sorted(access.keys() - fields)),
        *(f"{field}: {word} is no caller" for field, kinds in access.items() for word in sorted(kinds - KINDS)),
    ]


def faults_of_sight(access: Access, kind: str, seen: AbstractSet[str]) -> list[str]:
    """Where what a caller of that kind saw is not what the table says."""
    named = {field for field, kinds in access.items() if kind in kinds}
    return [
        *(f"{kind} sees {field}, and is not named" for field in sorted(seen - named)),
        *(f"{kind} is named, and does not see {field}" for field in sorted(named - seen)),
    ]
