"""What the limits say of a document, from its text to the point where it would be run."""

from collections.abc import Mapping
from types import MappingProxyType

from graphql import (
    GraphQLError,
    GraphQLSchema,
    OperationDefinitionNode,
    OverlappingFieldsCanBeMergedRule,
    parse,
    specified_rules,
    validate,
)

from schema.errors import QueryTooComplex
from schema.transport.limits.operation_limits import OperationLimits
from schema.transport.limits.overlaps import BoundedOverlaps

MOST_TOKENS = 1_000
MOST_ERRORS = 10
RULES = [BoundedOverlaps if rule is OverlappingFieldsCanBeMergedRule else rule for rule in specified_rules]
NOTHING: Mapping[str, object] = MappingProxyType({})


def verdict(
    schema: GraphQLSchema,
    limits: OperationLimits,
    query: str,
    variables: Mapping[str, object] = NOTHING,
    *,
    signed_in: bool = False,
) -> QueryTooComplex | None:
    """The refusal, if it is one of the limits'; nobody says so of what is not valid. Each operation is looked at."""
    try:
        document = parse(query, max_tokens=MOST_TOKENS)
    except GraphQLError:
        return None
    try:
        limits.check_document(document)
        if validate(schema, document, RULES, max_errors=MOST_ERRORS):
            return None
        for node in document.definitions:
            if isinstance(node, OperationDefinitionNode):
                limits.check_nodes(document, node, variables, signed_in=signed_in)
    except QueryTooComplex as error:
        return error
    return None
