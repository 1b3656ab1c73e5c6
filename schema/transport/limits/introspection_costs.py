"""What questions about the schema itself cost: they are answered from memory, but there is a lot to answer."""

from collections.abc import Collection, Iterable
from math import ceil

from graphql import (
    GraphQLAbstractType,
    GraphQLEnumType,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    OperationDefinitionNode,
    get_introspection_query,
    parse,
)

from schema.transport.limits.field_costs import FieldCost, FieldCosts
from schema.transport.limits.worst_case import WorstCase
from schema.types.costs import AtMost


def introspection_costs(schema: GraphQLSchema) -> FieldCosts:
    """Every list is taken to be as long as it is in this schema on average, so that a whole schema comes out about right."""
    types = list(schema.type_map.values())
    fielded = [type_ for type_ in types if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType)]
    abstract: list[GraphQLAbstractType] = [
        type_ for type_ in types if isinstance(type_, GraphQLInterfaceType | GraphQLUnionType)
    ]
    arguments = [field.args for type_ in fielded for field in type_.fields.values()]

    def usual(lists: Iterable[Collection[object]], holders: Collection[object] = types) -> AtMost:
        return AtMost(items=ceil(sum(map(len, lists)) / max(1, len(holders))))

    return {
        schema.query_type.name if schema.query_type else "": {"__schema": _cost("__Schema"), "__type": _cost("__Type")},
        "__Schema": {
            "types": _cost("__Type", AtMost(items=len(types))),
            "directives": _cost("__Directive", AtMost(items=len(schema.directives))),
            "queryType": _cost("__Type"),
            "mutationType": _cost("__Type"),
            "subscriptionType": _cost("__Type"),
        },
        "__Type": {
            "fields": _cost("__Field", usual(type_.fields for type_ in fielded)),
            "interfaces": _cost("__Type", usual(type_.interfaces for type_ in fielded)),
            "possibleTypes": _cost("__Type", usual(schema.get_possible_types(type_) for type_ in abstract)),
            "enumValues": _cost(
                "__EnumValue", usual(type_.values for type_ in types if isinstance(type_, GraphQLEnumType))
            ),
            "inputFields": _cost(
                "__InputValue", usual(type_.fields for type_ in types if isinstance(type_, GraphQLInputObjectType))
            ),
            "ofType": _cost("__Type"),
        },
        "__Field": {"args": _cost("__InputValue", usual(arguments, arguments)), "type": _cost("__Type")},
        "__InputValue": {"type": _cost("__Type")},
        "__Directive": {
            "args": _cost("__InputValue", usual([one.args for one in schema.directives], schema.directives))
        },
    }


def cost_of_whole_schema(schema: GraphQLSchema, costs: FieldCosts) -> int:
    """Of the query that every tool sends, with all that it can ask for."""
    document = parse(
        get_introspection_query(
            specified_by_url=True, directive_is_repeatable=True, schema_description=True, input_value_deprecation=True
        )
    )
    (operation,) = (node for node in document.definitions if isinstance(node, OperationDefinitionNode))
    return WorstCase(costs, document, operation, {}).nodes(schema.query_type.name) if schema.query_type else 0


def _cost(type_name: str, list_size: AtMost | None = None) -> FieldCost:
    return FieldCost(type_name=type_name, list_size=list_size, page_default=None, is_counted=True)
