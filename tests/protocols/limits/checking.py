"""What the limits say of a document, from its text to the point where it would be run."""

from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

from graphql import GraphQLSchema

from schema.errors import QueryTooComplex
from schema.transport.documents import Document, Documents
from schema.transport.limits.operation_limits import OperationLimits
from tests.settings import settings_for

NOTHING: Mapping[str, object] = MappingProxyType({})


def read(schema: GraphQLSchema, limits: OperationLimits, query: str) -> Document:
    """As the server reads it where people look around."""
    settings = settings_for("sqlite:///unused.db", Path("unused"))
    documents = Documents(
        schema,
        limits,
        most_characters=settings.query_max_characters,
        most_tokens=settings.query_max_tokens,
        introspection=True,
        hide_suggestions=False,
    )
    return documents.read(query)


def verdict(
    schema: GraphQLSchema,
    limits: OperationLimits,
    query: str,
    variables: Mapping[str, object] = NOTHING,
    *,
    signed_in: bool = False,
) -> QueryTooComplex | None:
    """The refusal, if it is one of the limits'; nobody says so of what is not valid. Each operation is looked at."""
    document = read(schema, limits, query)
    if document.errors:
        cause = document.errors[0].original_error
        return cause if isinstance(cause, QueryTooComplex) else None
    try:
        for operation in document.operations.values():
            limits.check_nodes(document.tree, operation, variables, signed_in=signed_in)
    except QueryTooComplex as error:
        return error
    return None
