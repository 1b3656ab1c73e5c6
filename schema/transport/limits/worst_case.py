"""How many objects an operation could return at worst, reckoned from its text and its variables.

Every object of the answer counts one, but an edge and its node count one together. `first` tells how long the lists of a
connection are, whether or not so much is there. What stands in several fragments is added up, as are the possible types
of a union; `@skip` and `@include` are taken to let everything through. So it is never less than what is returned.
"""

from collections.abc import Mapping
from typing import NamedTuple

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    IntValueNode,
    ListValueNode,
    OperationDefinitionNode,
    SelectionSetNode,
    ValueNode,
    VariableNode,
)

from schema.transport.limits.document_size import ENDLESS
from schema.transport.limits.field_costs import FIRST, FieldCost, FieldCosts
from schema.types.costs import AtMost, PageSize

LONGEST_NUMBER = len(str(ENDLESS))


class Cost(NamedTuple):
    """Of a selection: what a fragment on a connection costs depends on the page of each place that spreads it."""

    once: int = 0
    per_item: int = 0
    """For each item of the page that the field around it was asked for."""


class WorstCase:
    """Of one operation with one set of variables. The document must be valid; variables may be anything."""

    def __init__(
        self,
        costs: FieldCosts,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        variables: Mapping[str, object],
    ) -> None:
        self._costs = costs
        self._operation = operation
        self._variables = variables
        self._defaults = {node.variable.name.value: node.default_value for node in operation.variable_definitions or ()}
        self._fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self._known: dict[str, Cost] = {}

    def nodes(self, root_type: str) -> int:
        return self._selections(self._operation.selection_set, root_type).once

    def _selections(self, selections: SelectionSetNode, type_name: str) -> Cost:
        """Goes down a level a call; a valid document has no more than the interpreter can take."""
        once = per_item = 0
        fields = self._costs.get(type_name, {})
        for selection in selections.selections:
            match selection:
                case FieldNode(name=name, selection_set=below):
                    field = fields.get(name.value)
                    if field is None or below is None:
                        continue
                    cost = self._field(selection, field, self._selections(below, field.type_name))
                case InlineFragmentNode(type_condition=condition, selection_set=below):
                    cost = self._selections(below, condition.name.value if condition else type_name)
                case FragmentSpreadNode(name=name):
                    cost = self._fragment(name.value)
                case _:
                    continue  # there are no others
            once, per_item = once + cost.once, per_item + cost.per_item
        return Cost(min(once, ENDLESS), min(per_item, ENDLESS))

    def _fragment(self, name: str) -> Cost:
        known = self._known.get(name)
        if known is None:
            # Of no cost while it is looked into: a cycle, which validation refuses, ends here.
            self._known[name] = known = Cost()
            if (fragment := self._fragments.get(name)) is not None:
                known = self._selections(fragment.selection_set, fragment.type_condition.name.value)
                self._known[name] = known
        return known

    def _field(self, node: FieldNode, field: FieldCost, below: Cost) -> Cost:
        each = field.is_counted + below.once
        if field.page_default is not None:
            each += self._number(_argument(node, FIRST), field.page_default) * below.per_item
        match field.list_size:
            case PageSize():
                return Cost(per_item=each)
            case AtMost(items=items, argument=argument):
                wanted = items if argument is None else self._length(_argument(node, argument), items)
                return Cost(once=min(wanted, items) * each)
            case None:
                return Cost(once=each)

    def _number(self, value: ValueNode | None, default: int) -> int:
        """What coercion will refuse counts as the default: it is refused with the reason that fits."""
        match self._resolved(value):
            case IntValueNode(value=digits):
                return ENDLESS if len(digits) > LONGEST_NUMBER else max(int(digits), 0)
            case bool():
                return default
            case int() as number:
                return min(max(number, 0), ENDLESS)
            case float() as number if number.is_integer():  # coercion takes 5.0 for 5
                return int(min(max(number, 0), ENDLESS))
            case _:
                return default

    def _length(self, value: ValueNode | None, default: int) -> int:
        match self._resolved(value):
            case None:
                return default
            case ListValueNode(values=items):
                return len(items)
            case list() as items:  # pyright: ignore[reportUnknownVariableType]  only its length is looked at
                return len(items)  # pyright: ignore[reportUnknownArgumentType]
            case _:
                return 1  # coercion takes a single value for a list of it

    def _resolved(self, value: ValueNode | None) -> object:
        """The value of a variable, as it was sent or as a literal; else the literal. None for nothing."""
        if not isinstance(value, VariableNode):
            return value
        name = value.name.value
        return self._variables[name] if name in self._variables else self._defaults.get(name)


def _argument(node: FieldNode, name: str) -> ValueNode | None:
    return next((argument.value for argument in node.arguments or () if argument.name.value == name), None)
