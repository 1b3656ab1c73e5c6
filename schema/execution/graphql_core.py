"""Runs operations with graphql-core. The one module that leans on names which Strawberry does not make public.

They are: the schema's `_schema`, the executor class that it wants, which gives resolvers `info.input_extensions`, the
rules that it adds to those of the specification, and how it finds the declaration of a field again.
"""

from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping
from contextlib import aclosing
from dataclasses import dataclass, field
from inspect import isawaitable
from typing import cast

import graphql
import strawberry
from graphql import (
    ASTValidationRule,
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLField,
    GraphQLSchema,
    OperationType,
    specified_rules,
)
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.schema_converter import GraphQLCoreConverter
from strawberry.schema.validation_rules.maybe_null import MaybeNullValidationRule
from strawberry.schema.validation_rules.one_of import OneOfInputValidationRule
from strawberry.types.field import StrawberryField

from schema.context import Context

VALIDATION_RULES: tuple[type[ASTValidationRule], ...] = (
    *specified_rules,
    MaybeNullValidationRule,
    OneOfInputValidationRule,
)

Result = Awaitable[ExecutionResult] | ExecutionResult
Stream = AsyncIterator[ExecutionResult] | ExecutionResult

# graphql-core leaves type parameters open, which nobody who calls it can fill.
execute: Callable[..., Result] = graphql.execute  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
subscribe: Callable[..., Awaitable[Stream] | Stream] = graphql.subscribe  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One operation of a document that has been validated, as somebody asks for it."""

    document: DocumentNode
    kind: OperationType
    name: str | None
    variables: Mapping[str, object]
    extensions: Mapping[str, object] = field(default_factory=dict[str, object])
    context: Context
    is_patient: bool = False
    """Whether it does nothing but wait for something, which may take longer than other operations."""


def core_schema(schema: strawberry.Schema) -> GraphQLSchema:
    return schema._schema  # noqa: SLF001  # pyright: ignore[reportPrivateUsage]


def definition_of(field: GraphQLField) -> StrawberryField | None:
    """The field as it was declared; None for one that graphql-core adds itself."""
    definition: object = field.extensions.get(GraphQLCoreConverter.DEFINITION_BACKREF)
    return definition if isinstance(definition, StrawberryField) else None


class Engine:
    def __init__(self, schema: strawberry.Schema, *, hide_suggestions: bool) -> None:
        self._schema = core_schema(schema)
        self._executor: type[object] = schema.execution_context_class  # pyright: ignore[reportUnknownMemberType, reportUnknownVariableType]
        self._hide_suggestions = hide_suggestions

    async def execute(self, operation: Operation) -> ExecutionResult:
        """The answer to a query or mutation. Where it holds no data and no error has a path, nothing was run."""
        result = execute(
            self._schema,
            operation.document,
            context_value=operation.context,
            variable_values=dict(operation.variables),
            operation_name=operation.name,
            executor_class=self._executor,
            is_awaitable=optimized_is_awaitable,
            hide_suggestions=self._hide_suggestions,
            operation_extensions=dict(operation.extensions),
        )
        return await result if isawaitable(result) else result

    async def subscribe(self, operation: Operation) -> AsyncGenerator[ExecutionResult] | ExecutionResult:
        """A subscription's answers; or a single one, without data, that tells why there are none."""
        begun = subscribe(
            self._schema,
            operation.document,
            context_value=operation.context,
            variable_values=dict(operation.variables),
            operation_name=operation.name,
            executor_class=self._executor,
            hide_suggestions=self._hide_suggestions,
            operation_extensions=dict(operation.extensions),
        )
        stream = await begun if isawaitable(begun) else begun
        return stream if isinstance(stream, ExecutionResult) else _results(stream)


async def _results(stream: AsyncIterator[ExecutionResult]) -> AsyncGenerator[ExecutionResult]:
    """The stream, closed at its end. What breaks it is its last result, since graphql-core lets that through."""
    # graphql-core makes it of an asynchronous generator, and says only that it can be iterated.
    async with aclosing(cast("AsyncGenerator[ExecutionResult]", stream)) as results:
        try:
            async for result in results:
                yield result
        except Exception as error:  # noqa: BLE001  it is told to the client, masked, and logged
            yield ExecutionResult(errors=[_located(error)])


def _located(error: Exception) -> GraphQLError:
    return error if isinstance(error, GraphQLError) else GraphQLError(str(error), original_error=error)
