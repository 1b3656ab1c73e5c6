"""The one schema, put together from its parts. Only this module and schema.server know them all."""

from collections.abc import Callable, Iterable, Iterator
from contextlib import aclosing, suppress

import strawberry
from graphql import GraphQLError
from strawberry.extensions import (
    DisableIntrospection,
    MaxTokensLimiter,
    ParserCache,
    SchemaExtension,
    ValidationCache,
)
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema import StreamResult
from strawberry.types import ExecutionContext, ExecutionResult
from strawberry.types.base import get_object_definition, has_object_definition
from strawberry.types.graphql import OperationType

from resolvers.nodes import NodeQuery
from resolvers.notes import NoteMutation
from resolvers.server import ServerQuery
from resolvers.users import UserMutation, UserQuery
from resolvers.videos import VideoMutation, VideoQuery
from resolvers.wiz import WizMutation, WizQuery
from schema.context import Context
from schema.errors import HANDLERS, shape_errors
from schema.permissions import Access
from schema.types.scalars import SCALARS
from subscriptions.videos import VideoSubscription
from subscriptions.wiz import WizSubscription

LARGEST_DOCUMENT_TOKENS = 1_000
CACHED_DOCUMENTS = 1_000


@strawberry.type(description="What can be asked.")
class Query(ServerQuery, UserQuery, NodeQuery, VideoQuery, WizQuery):
    pass


@strawberry.type(description="What can be done.")
class Mutation(UserMutation, VideoMutation, NoteMutation, WizMutation):
    pass


@strawberry.type(description="What can be followed. Each stream tells what happened since `after`, and goes on live.")
class Subscription(VideoSubscription, WizSubscription):
    pass


class DocumentCache(ParserCache):
    """The library's, but what cannot be parsed is left to the parser: it tells the client, and an extension cannot."""

    def on_parse(self) -> Iterator[None]:
        context = self.execution_context
        with suppress(GraphQLError):
            context.graphql_document = self.cached_parse_document(context.query, **context.parse_options)
        yield


class Schema(strawberry.Schema):
    """Strawberry's; but whichever way an error comes about, it is shaped on its way out."""

    def process_errors(self, errors: list[GraphQLError], execution_context: ExecutionContext | None = None) -> None:
        """Strawberry would log every refusal with a traceback; `shape_errors` logs what is really wrong."""

    async def execute(  # noqa: PLR0917  as the library has it
        self,
        query: str | None,
        variable_values: dict[str, object] | None = None,
        context_value: Context | None = None,
        root_value: object = None,
        operation_name: str | None = None,
        allowed_operation_types: Iterable[OperationType] | None = None,
        operation_extensions: dict[str, object] | None = None,
    ) -> ExecutionResult:
        """One answer to one query or mutation: subscriptions are for `stream`."""
        allowed = set(allowed_operation_types or OperationType) - {OperationType.SUBSCRIPTION}
        result = await super().execute(
            query, variable_values, context_value, root_value, operation_name, allowed, operation_extensions
        )
        shape_errors(result, context_value)
        return result

    async def stream(  # noqa: PLR0917  as the library has it
        self,
        query: str | None,
        variable_values: dict[str, object] | None = None,
        context_value: Context | None = None,
        root_value: object = None,
        operation_name: str | None = None,
        operation_extensions: dict[str, object] | None = None,
        allowed_operation_types: Iterable[OperationType] | None = None,
    ) -> StreamResult:
        """The answers to any operation, as they come."""
        results = await super().stream(
            query,
            variable_values,
            context_value,
            root_value,
            operation_name,
            operation_extensions,
            allowed_operation_types,
        )
        return _shaped(results, context_value)


async def _shaped(results: StreamResult, context: Context | None) -> StreamResult:
    async with aclosing(results):
        async for result in results:
            if isinstance(result, ExecutionResult):
                shape_errors(result, context)
            yield result


def build_schema(*, introspection: bool = True) -> Schema:
    """Raises TypeError when a root field does not say who may use it."""
    for root in (Query, Mutation, Subscription):
        refuse_unguarded(root)
    describe_inputs(Mutation)
    extensions: list[type[SchemaExtension] | Callable[[], SchemaExtension]] = [
        lambda: MaxTokensLimiter(max_token_count=LARGEST_DOCUMENT_TOKENS),
        lambda: DocumentCache(maxsize=CACHED_DOCUMENTS),
        lambda: ValidationCache(maxsize=CACHED_DOCUMENTS),
    ]
    if not introspection:
        extensions.append(DisableIntrospection)
    return Schema(
        query=Query,
        mutation=Mutation,
        subscription=Subscription,
        extensions=extensions,
        exception_handlers=HANDLERS,
        config=StrawberryConfig(scalar_map=SCALARS),
    )


def refuse_unguarded(root: type) -> None:
    for field in get_object_definition(root, strict=True).fields:
        if not any(isinstance(extension, Access) for extension in field.extensions):
            raise TypeError(f"{root.__name__}.{field.name} does not say who may use it.")


def describe_inputs(root: type) -> None:
    """Say of each `input` what its type says of itself, so that a mutation need not say it again."""
    for field in get_object_definition(root, strict=True).fields:
        for argument in field.arguments:
            if argument.description is None and has_object_definition(argument.type):
                argument.description = argument.type.__strawberry_definition__.description
