"""The schema as plain data, read from its text: what the checks in this folder walk over."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from graphql import (
    ConstDirectiveNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    InputObjectTypeDefinitionNode,
    InputValueDefinitionNode,
    InterfaceTypeDefinitionNode,
    ObjectTypeDefinitionNode,
    StringValueNode,
    TypeDefinitionNode,
    UnionTypeDefinitionNode,
    build_schema,
    parse,
    print_ast,
    print_schema,
)

from schema.root import build_schema as build_served_schema

SPECIFIED = frozenset({"String", "ID", "Int", "Float", "Boolean"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Input:
    """An argument, or a field of an input."""

    place: str
    type: str
    description: str
    is_deprecated_for: str | None
    is_required: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    place: str
    """`Type.field`."""
    type: str
    description: str
    is_deprecated_for: str | None
    arguments: Mapping[str, Input]


@dataclass(frozen=True, slots=True, kw_only=True)
class Type:
    """Of whatever kind; what its kind does not have is empty."""

    name: str
    kind: str
    """object, interface, union, enum, input or scalar."""
    description: str
    fields: Mapping[str, Field] = field(default_factory=dict[str, Field])
    inputs: Mapping[str, Input] = field(default_factory=dict[str, Input])
    interfaces: Sequence[str] = ()
    members: Sequence[str] = ()
    values: Mapping[str, str] = field(default_factory=dict[str, str])
    """Of an enum, each with its description."""
    is_one_of: bool = False


@dataclass(frozen=True, slots=True)
class Schema:
    types: Mapping[str, Type]

    @property
    def operations(self) -> dict[str, Field]:
        """The root fields by their places."""
        roots = [self.types[name] for name in ("Query", "Mutation", "Subscription")]
        return {one.place: one for root in roots for one in root.fields.values()}

    @property
    def fields(self) -> list[Field]:
        return [one for type_ in self.types.values() for one in type_.fields.values()]

    @property
    def inputs(self) -> list[Input]:
        arguments = [argument for one in self.fields for argument in one.arguments.values()]
        return arguments + [one for type_ in self.types.values() for one in type_.inputs.values()]

    @property
    def places(self) -> list[Field | Input]:
        return [*self.fields, *self.inputs]

    def below(self, place: Field) -> Type | None:
        """The type that a field leads to, when that has fields of its own."""
        found = self.types.get(named(place.type))
        return found if found and found.kind in {"object", "interface", "union"} else None

    def possible(self, type_: Type) -> list[Type]:
        """The objects that one of the type can be."""
        if type_.kind == "object":
            return [type_]
        names = type_.members or [one.name for one in self.types.values() if type_.name in one.interfaces]
        return [self.types[name] for name in sorted(names)]


def named(type_: str) -> str:
    """[Note!]! → Note."""
    return type_.strip("[]!")


def is_list(type_: str) -> bool:
    return type_.startswith("[")


@cache
def served_sdl() -> str:
    return build_served_schema().as_str()


@cache
def served_schema() -> Schema:
    return read_schema(served_sdl())


def read_schema(sdl: str) -> Schema:
    """Extensions are taken in."""
    whole = parse(print_schema(build_schema(sdl)))
    types = (_type(node) for node in whole.definitions if isinstance(node, TypeDefinitionNode))
    return Schema({type_.name: type_ for type_ in types})


def _type(node: TypeDefinitionNode) -> Type:
    name = node.name.value
    bare = Type(
        name=name,
        kind="scalar",
        description=_text(node.description),
        is_one_of=any(directive.name.value == "oneOf" for directive in node.directives or ()),
    )
    match node:
        case ObjectTypeDefinitionNode() | InterfaceTypeDefinitionNode():
            kind = "object" if isinstance(node, ObjectTypeDefinitionNode) else "interface"
            fields = {one.name.value: _field(name, one) for one in node.fields or ()}
            return replace(bare, kind=kind, fields=fields, interfaces=[one.name.value for one in node.interfaces or ()])
        case InputObjectTypeDefinitionNode():
            inputs = {one.name.value: _input(f"{name}.{one.name.value}", one) for one in node.fields or ()}
            return replace(bare, kind="input", inputs=inputs)
        case EnumTypeDefinitionNode():
            return replace(
                bare, kind="enum", values={one.name.value: _text(one.description) for one in node.values or ()}
            )
        case UnionTypeDefinitionNode():
            return replace(bare, kind="union", members=[one.name.value for one in node.types or ()])
        case _:
            return bare


def _field(owner: str, node: FieldDefinitionNode) -> Field:
    place = f"{owner}.{node.name.value}"
    return Field(
        place=place,
        type=print_ast(node.type),
        description=_text(node.description),
        is_deprecated_for=_deprecation(node.directives),
        arguments={one.name.value: _input(f"{place}({one.name.value})", one) for one in node.arguments or ()},
    )


def _input(place: str, node: InputValueDefinitionNode) -> Input:
    type_ = print_ast(node.type)
    return Input(
        place=place,
        type=type_,
        description=_text(node.description),
        is_deprecated_for=_deprecation(node.directives),
        is_required=type_.endswith("!") and node.default_value is None,
    )


def _text(node: StringValueNode | None) -> str:
    return node.value if node else ""


def _deprecation(directives: Sequence[ConstDirectiveNode] | None) -> str | None:
    for directive in directives or ():
        if directive.name.value == "deprecated":
            return " ".join(print_ast(argument.value).strip('"') for argument in directive.arguments or ())
    return None
