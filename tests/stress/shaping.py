"""A generated document made ready to be sent: meaningful and odd values put in, some of them moved into variables."""

import random
from collections.abc import Mapping, Sequence
from typing import TypeGuard

from graphql import (
    ArgumentNode,
    BooleanValueNode,
    DocumentNode,
    FieldNode,
    GraphQLSchema,
    IntValueNode,
    ListValueNode,
    NameNode,
    NullValueNode,
    ObjectFieldNode,
    ObjectValueNode,
    OperationDefinitionNode,
    StringValueNode,
    TypeInfo,
    TypeInfoVisitor,
    ValueNode,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    parse_type,
    value_from_ast_untyped,
    visit,
)

from tests.schema.sdl import Type, is_list, named, served_schema
from tests.stress.values import ABSENT, ODD_JSON, ODD_NUMBERS, ODD_TEXTS, Known, meaningful

MEANINGFUL = 0.9
"""How many values are replaced by one that means something, and so on."""
ODD = 0.04
LIFTED = 0.4
ODD_VARIABLE = 0.15
DEEPER = 0.8


class Shaping(Visitor):
    """Goes over one document once. What becomes of a value is the random generator's choice alone."""

    def __init__(self, types: TypeInfo, known: Known, rng: random.Random, *, keeps_values: bool) -> None:
        super().__init__()
        self.odd = 0 if keeps_values else ODD
        self.meaningful = 0 if keeps_values else MEANINGFUL
        self.schema = served_schema()
        self.types = types
        self.known = known
        self.rng = rng
        self.field = ""
        self.definitions: list[VariableDefinitionNode] = []
        self.variables: dict[str, object] = {}

    def enter_field(self, node: FieldNode, *_: object) -> None:
        self.field = node.name.value  # its arguments come before the fields below it

    def leave_argument(self, node: ArgumentNode, *_: object) -> ArgumentNode | None:
        parent = self.types.get_parent_type()
        if parent is None:
            return None
        type_ = self.schema.types[parent.name].fields[self.field].arguments[node.name.value].type
        value = self._value(node.value, type_, f"{self.field}.{node.name.value}")
        if self.rng.random() < LIFTED:
            value = self._lifted(value, type_)
        return ArgumentNode(name=node.name, value=value)

    def leave_operation_definition(self, node: OperationDefinitionNode, *_: object) -> OperationDefinitionNode:
        name = NameNode(value="Stress") if self.definitions or self.rng.random() < 0.5 else None
        return OperationDefinitionNode(
            operation=node.operation,
            name=name,
            variable_definitions=tuple(self.definitions),
            selection_set=node.selection_set,
        )

    def _value(self, node: ValueNode, type_: str, place: str) -> ValueNode:
        """`type_` is written as in a document; `place` is an argument or input field, as in `conversation.id`."""
        of = self.schema.types.get(named(type_))
        match node:
            case ListValueNode(values=values) if is_list(type_):
                return ListValueNode(values=tuple(self._value(one, type_.rstrip("!")[1:-1], place) for one in values))
            case ObjectValueNode(fields=fields) if of is not None and of.kind == "input":
                return self._object(fields, of)
            case _ if self.rng.random() < self.odd:
                return self._odd(node)
            case _ if self.rng.random() < self.meaningful:
                return _literal(meaningful(self.known, place, self.rng), node)
            case _:
                return node

    def _object(self, fields: Sequence[ObjectFieldNode], type_: Type) -> ObjectValueNode:
        if type_.is_one_of and self.rng.random() < self.meaningful:
            # The generator takes it for any other input, which may have several fields at once, or none.
            name = self.rng.choice(list(type_.inputs))
            fields = [ObjectFieldNode(name=NameNode(value=name), value=StringValueNode(value=name))]
        return ObjectValueNode(fields=tuple(self._field(one, type_) for one in fields))

    def _field(self, node: ObjectFieldNode, type_: Type) -> ObjectFieldNode:
        field = type_.inputs.get(node.name.value)
        if field is None:
            return node
        return ObjectFieldNode(name=node.name, value=self._value(node.value, field.type, field.place))

    def _odd(self, node: ValueNode) -> ValueNode:
        if isinstance(node, IntValueNode):
            return IntValueNode(value=str(self.rng.choice(ODD_NUMBERS)))
        return StringValueNode(value=self.rng.choice(ODD_TEXTS))

    def _lifted(self, node: ValueNode, type_: str) -> VariableNode:
        name = f"v{len(self.definitions)}"
        variable = VariableNode(name=NameNode(value=name))
        self.definitions.append(VariableDefinitionNode(variable=variable, type=parse_type(type_)))
        value = value_from_ast_untyped(node)
        if self.rng.random() < ODD_VARIABLE:
            value = self._odd_within(value)
        if self.rng.random() > ODD:  # else it is never given
            self.variables[name] = value
        return variable

    def _odd_within(self, value: object) -> object:
        """At some depth of it one value is another."""
        goes_on = self.rng.random() < DEEPER
        if goes_on and _is_object(value) and value:
            key = self.rng.choice(sorted(value))
            return {**value, key: self._odd_within(value[key])}
        if goes_on and _is_list(value) and value:
            return [self._odd_within(value[0]), *value[1:]]
        return self.rng.choice([*ODD_JSON, *ODD_TEXTS, *ODD_NUMBERS])


def shape(
    document: DocumentNode, schema: GraphQLSchema, known: Known, rng: random.Random, *, keeps_values: bool
) -> tuple[DocumentNode, dict[str, object]]:
    """The document and its variables. With `keeps_values`, values are moved and never replaced, so that wrong ones stay."""
    types = TypeInfo(schema)
    shaping = Shaping(types, known, rng, keeps_values=keeps_values)
    shaped: DocumentNode = visit(document, TypeInfoVisitor(types, shaping))
    return shaped, shaping.variables


def _literal(value: object, given: ValueNode) -> ValueNode:
    match value:
        case None:
            return given
        case bool():
            return BooleanValueNode(value=value)
        case int():
            return IntValueNode(value=str(value))
        case str():
            return StringValueNode(value=value)
        case _ if value is ABSENT:
            return NullValueNode()
        case _:
            raise TypeError(value)


def _is_object(value: object) -> TypeGuard[Mapping[str, object]]:
    return isinstance(value, Mapping)


def _is_list(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, list)
