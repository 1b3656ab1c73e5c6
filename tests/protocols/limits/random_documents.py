"""Writes valid queries of any shape: pages by literals, variables and defaults, fragments of all kinds, fields asked for twice."""

from dataclasses import dataclass, field
from random import Random

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    is_abstract_type,
    is_composite_type,
    is_required_argument,
)

LARGEST_PAGE = 4
DEEPEST = 8


@dataclass(slots=True)
class RandomDocument:
    schema: GraphQLSchema
    random: Random
    variables: dict[str, object] = field(default_factory=dict[str, object])
    _definitions: list[str] = field(default_factory=list[str])
    _fragments: dict[str, list[str]] = field(default_factory=dict[str, list[str]])
    """Names of the fragments by the type that they are on."""
    _written: list[str] = field(default_factory=list[str])

    def query(self) -> str:
        root = self.schema.query_type
        assert root is not None
        selections = self._selections(root, 0)
        head = f"query({', '.join(self._definitions)})" if self._definitions else "query"
        return "\n".join([f"{head} {selections}", *self._written])

    def _selections(self, type_: GraphQLNamedType, depth: int) -> str:
        return (
            "{ __typename " + " ".join(self._selection(type_, depth) for _ in range(self.random.randint(1, 3))) + " }"
        )

    def _selection(self, type_: GraphQLNamedType, depth: int) -> str:
        kind = self.random.randrange(10) if depth < DEEPEST else None
        if is_abstract_type(type_) and kind is not None and kind > 2:
            return self._on_a_type_of(type_, depth)
        if kind == 0:
            return f"... {self._selections(type_, depth + 1)}"
        if kind == 1:
            return f"... on {type_.name} @include(if: true) {self._selections(type_, depth + 1)}"
        if kind == 2:
            return f"...{self._fragment(type_, depth)}"
        if kind is not None and isinstance(type_, GraphQLObjectType | GraphQLInterfaceType):
            name = self.random.choice(list(type_.fields))
            return self._field(name, type_.fields[name], depth)
        return "__typename"

    def _on_a_type_of(self, type_: GraphQLNamedType, depth: int) -> str:
        assert isinstance(type_, GraphQLInterfaceType | GraphQLUnionType)
        one = self.random.choice(list(self.schema.get_possible_types(type_)))
        return f"... on {one.name} {self._selections(one, depth + 1)}"

    def _fragment(self, type_: GraphQLNamedType, depth: int) -> str:
        """A new one, or one that is there; since it is known only when it is written, none spreads itself."""
        known = self._fragments.setdefault(type_.name, [])
        if known and self.random.random() < 0.5:
            return self.random.choice(known)
        selections = self._selections(type_, depth + 1)
        name = f"F{len(self._written)}"
        self._written.append(f"fragment {name} on {type_.name} {selections}")
        known.append(name)
        return name

    def _field(self, name: str, field: GraphQLField, depth: int) -> str:
        below = self.schema.type_map[type_of(field).strip("[]!")]
        given, label = self._arguments(field)
        # What has one name in the answer says the same, so that no two conflict and some are merged.
        alias = f"{name}{label}: " if label else ""
        return f"{alias}{name}{given}{self._selections(below, depth + 1) if is_composite_type(below) else ''}"

    def _arguments(self, field: GraphQLField) -> tuple[str, str]:
        given, label = self._sizing_arguments(field)
        wanted = [name for name, argument in field.args.items() if is_required_argument(argument)]
        texts = ", ".join(f'{name}: "x"' for name in wanted if name not in {"first", "ids", "id", "by"})
        if not texts:
            return given, label
        return (f"({texts}, {given[1:]}" if given else f"({texts})"), label

    def _sizing_arguments(self, field: GraphQLField) -> tuple[str, str]:
        if "first" in field.args:
            return self._first()
        if "ids" in field.args:
            count = self.random.randint(0, LARGEST_PAGE)
            ids = ", ".join(['"x"'] * count)
            return f"(ids: [{ids}])", f"_{count}"
        if "id" in field.args:
            return '(id: "x")', ""
        return ('(by: {id: "x"})', "") if "by" in field.args else ("", "")

    def _first(self) -> tuple[str, str]:
        size = self.random.randint(0, LARGEST_PAGE)
        match self.random.randrange(6):
            case 0:
                return "", ""
            case 1 | 2:
                return f"(first: {size})", f"_{size}"
            case how:
                name = f"v{len(self._definitions)}"
                default = f" = {self.random.randint(0, LARGEST_PAGE)}" if how >= 4 else ""
                self._definitions.append(f"${name}: Int!{default}")
                if how != 5:
                    self.variables[name] = self.random.choice([size, float(size)])
                return f"(first: ${name})", f"_{name}"


def type_of(field: GraphQLField) -> str:
    """As a schema has it, such as `[Video!]!`."""
    return str(field.type)  # pyright: ignore[reportUnknownMemberType, reportUnknownArgumentType]  of a list of what, graphql-core does not type
