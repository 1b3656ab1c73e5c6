"""A stand-in for the server's data in which every page is full, every list as long as it can be, and nothing is null."""

from collections.abc import Mapping, Sized
from dataclasses import dataclass
from random import Random

from graphql import (
    GraphQLEnumType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLResolveInfo,
    GraphQLSchema,
    execute_sync,  # pyright: ignore[reportUnknownVariableType]  it is not typed in full
    is_abstract_type,
    is_leaf_type,
    parse,
)

from tests.protocols.limits.random_documents import type_of

SIZES = {"citations": 15, "sampleVideos": 5, "problems": 10, "artifacts": 100, "headers": 5}
"""How long each list is at most, said here once more."""


@dataclass(slots=True)
class FullestAnswer:
    """Of the served schema's shape, without its resolvers."""

    schema: GraphQLSchema
    random: Random
    """Chooses among the types that something may be of."""
    objects: int = 0
    """That were returned, an edge and its node as one."""

    def answer(self, query: str, variables: Mapping[str, object]) -> object:
        result = execute_sync(
            self.schema,
            parse(query),
            root_value={},
            variable_values=dict(variables),
            field_resolver=self._resolve,
            type_resolver=lambda value, _info, _type: value["__typename"],
        )
        assert result.errors is None, result.errors
        return result.data

    def _resolve(self, source: Mapping[str, object], info: GraphQLResolveInfo[None], **arguments: object) -> object:
        written = type_of(info.parent_type.fields[info.field_name])
        below = self.schema.type_map[written.strip("[]!")]
        if is_leaf_type(below):
            return self._leaf(below, is_list=written.startswith("["))
        if not written.startswith("["):
            self.objects += info.parent_type.name.removesuffix("Edge") == info.parent_type.name
            return self._object(below, arguments.get("first"))
        count = self._length(source, info.field_name, arguments)
        self.objects += count
        return [self._object(below, None) for _ in range(count)]

    def _length(self, source: Mapping[str, object], name: str, arguments: Mapping[str, object]) -> int:
        ids = arguments.get("ids")
        count = len(ids) if isinstance(ids, Sized) else SIZES.get(name, source.get("page"))
        assert isinstance(count, int), name
        return count

    def _object(self, type_: GraphQLNamedType, page: object) -> Mapping[str, object]:
        name = type_.name
        if is_abstract_type(type_):
            name = self.random.choice(list(self.schema.get_possible_types(type_))).name
        assert isinstance(self.schema.type_map[name], GraphQLObjectType)
        return {"__typename": name, "page": page}

    def _leaf(self, type_: GraphQLNamedType, *, is_list: bool) -> object:
        value: object = 1
        if isinstance(type_, GraphQLEnumType):
            value = next(iter(type_.values.values())).value
        elif type_.name == "Boolean":
            value = True
        return [value] if is_list else value
