"""The one path of every operation, whichever transport brought it: document, limits, execution, and the shape of its answer."""

import asyncio
from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing

import structlog
from graphql import ExecutionResult, GraphQLError, OperationType

from schema.context import Context
from schema.errors import QueryTooComplex, shaped
from schema.execution.graphql_core import Engine, Operation
from schema.transport.coded_errors import coded_error
from schema.transport.documents import Document, Documents
from schema.transport.limits.operation_limits import OperationLimits
from schema.transport.operation_request import OperationRequest
from schema.transport.persisted_queries import PersistedQueries, PersistedQueryRefused
from services import limits
from services.errors import Overloaded, RateLimited, Unauthenticated
from services.identity.tokens import digest

logger = structlog.get_logger()

LONGEST_NAME = 64
OWNER_LENGTH = 12
"""Of a digest: enough to find the lines of one caller, without telling who it is."""

Payload = dict[str, object]
"""An answer, ready for JSON: `data`, unless execution never began, and `errors`, if there are any."""


class RequestRefused(Exception):
    """Nothing of the operation was run. The errors are shaped for the client."""

    def __init__(self, errors: Sequence[object]) -> None:
        super().__init__(errors)
        self.errors = list(errors)

    @property
    def payload(self) -> Payload:
        return {"errors": self.errors}


class Pipeline:
    def __init__(
        self,
        persisted: PersistedQueries,
        documents: Documents,
        limits: OperationLimits,
        engine: Engine,
        *,
        execution_seconds: float,
    ) -> None:
        self._persisted = persisted
        self._documents = documents
        self._limits = limits
        self._engine = engine
        self._execution_seconds = execution_seconds

    async def prepare(self, request: OperationRequest, context: Context) -> Operation:
        """All that can be known before anything is run. Raises RequestRefused."""
        document = await self._document(request, context)
        name = _chosen(document, request.operation_name, context)
        node = document.operations[name]
        try:
            signed_in = not isinstance(context.identity, Unauthenticated) and context.identity.user_id is not None
            self._limits.check_nodes(document.tree, node, request.variables, signed_in=signed_in)
        except QueryTooComplex as error:
            raise _refused([error], context) from None
        _tell_the_log(node.operation, name, context)
        return Operation(
            document=document.tree,
            kind=node.operation,
            name=name,
            variables=request.variables,
            extensions=request.extensions,
            context=context,
            is_patient=self._limits.is_patient(document.tree, node),
        )

    async def _document(self, request: OperationRequest, context: Context) -> Document:
        try:
            resolved = await self._persisted.resolve(request, context)
            document = self._documents.read(resolved.text)
            if document.errors:
                raise _refused(document.errors, context)
            await self._persisted.register(resolved, document.tree, context)
        except PersistedQueryRefused as error:
            raise RequestRefused([coded_error(error.message, error.code, context.request_id)]) from None
        except RateLimited as error:
            raise _refused([error], context) from None
        return document

    async def execute(self, operation: Operation) -> Payload:
        """The answer to a query or mutation. Raises RequestRefused for variables that are no good."""
        context = operation.context
        payload: Payload = {"data": None}
        try:
            async with asyncio.timeout(self._execution_seconds + operation.is_patient * limits.CLAIM_SECONDS):
                result = await self._engine.execute(operation)
            payload = _payload(result, context)
        except TimeoutError:
            payload["errors"] = [shaped(Overloaded("The operation took too long."), context)]
        finally:
            # An answer without data, or none at all since we are cancelled, tells nothing of what was done.
            if payload["data"] is None:
                await self.go_unanswered(context)
        return payload

    async def go_unanswered(self, context: Context) -> None:
        """What an operation did for nobody but its caller is undone, since the answer does not reach them."""
        while context.if_unanswered:
            undo = context.if_unanswered.pop()
            try:
                await undo()
            except Exception:
                logger.exception("operation.not_undone", request_id=context.request_id)

    async def subscribe(self, operation: Operation) -> AsyncGenerator[Payload]:
        """A subscription's answers, to be closed by who asks for them. Raises RequestRefused when it cannot begin."""
        context = operation.context
        stream = await self._engine.subscribe(operation)
        if isinstance(stream, ExecutionResult):
            raise _refused(stream.errors or (), context)
        return _payloads(stream, context)


async def _payloads(stream: AsyncGenerator[ExecutionResult], context: Context) -> AsyncGenerator[Payload]:
    async with aclosing(stream) as results:
        async for result in results:
            yield {"data": result.data} | _errors(result.errors, context)


def _payload(result: ExecutionResult, context: Context) -> Payload:
    if result.data is None and result.errors and all(error.path is None for error in result.errors):
        # graphql-core gives errors of fields their paths: with none, it got no further than the variables.
        raise _refused(result.errors, context)
    return {"data": result.data} | _errors(result.errors, context)


def _errors(errors: Sequence[GraphQLError] | None, context: Context) -> Payload:
    return {"errors": [shaped(error, context) for error in errors]} if errors else {}


def _refused(errors: Sequence[GraphQLError | Exception], context: Context) -> RequestRefused:
    return RequestRefused([shaped(error, context) for error in errors])


def _tell_the_log(kind: OperationType, name: str | None, context: Context) -> None:
    """What every later line about this operation says of it. Names are the client's, but no more than names."""
    identity = context.identity
    told = {"operation": f"{kind.value} {(name or '')[:LONGEST_NAME]}".rstrip()}
    if isinstance(identity, Unauthenticated):
        told["viewer"] = identity.reason.value
    else:
        told["viewer"] = identity.kind.value
        if identity.key is not None:
            told["owner"] = digest(identity.key)[:OWNER_LENGTH]
    structlog.contextvars.bind_contextvars(**told)


def _chosen(document: Document, name: str | None, context: Context) -> str | None:
    """The name of the operation that is meant. Raises RequestRefused."""
    if name is None and len(document.operations) == 1:
        return next(iter(document.operations))
    if name is not None and name in document.operations:
        return name
    if not document.operations:
        problem = "The document holds no operation."
    elif name is None:
        problem = "The document holds several operations: name the one that is meant."
    else:
        problem = "The document holds no operation of that name."
    raise _refused([GraphQLError(problem)], context)
