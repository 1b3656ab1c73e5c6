"""Documents as texts become documents that can be run: parsed, limited and validated once, then remembered."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from cachetools import LRUCache
from graphql import (
    ASTValidationRule,
    DocumentNode,
    FloatValueNode,
    GraphQLError,
    GraphQLSchema,
    GraphQLSyntaxError,
    NoSchemaIntrospectionCustomRule,
    OperationDefinitionNode,
    OverlappingFieldsCanBeMergedRule,
    ValidationRule,
    ValuesOfCorrectTypeRule,
    parse,
    validate,
)

from schema.errors import QueryTooComplex
from schema.execution.graphql_core import VALIDATION_RULES
from schema.transport.limits.operation_limits import OperationLimits
from schema.transport.limits.overlaps import BoundedOverlaps
from schema.unsaid_values import without_token, without_value

CACHED_TOKENS = 100_000
"""Of all remembered documents together; a parsed token takes about 0.4 KB."""
MOST_LINES = 2_000
MOST_ERRORS = 5
LONGEST_MESSAGE = 500
"""In characters; some rules repeat a value, however long it is."""
MOST_PLACES = 5
"""Of one error. Telling the line of a place means reading the text up to there."""
LINE_BREAK = re.compile(r"\r\n|[\n\r]")
SUGGESTION = re.compile(r" Did you mean .*\?$", re.DOTALL)
"""Where a rule does not heed `hide_suggestions`."""
TOO_MANY_TOKENS = "tokens. Parsing aborted."
"""How graphql-core's parser says so; comments count for it, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Document:
    """`errors` say why it cannot be run, if it cannot; then there may be no tree, and no operations."""

    tree: DocumentNode
    operations: Mapping[str | None, OperationDefinitionNode]
    errors: Sequence[GraphQLError] = ()

    @property
    def operation_names(self) -> list[str]:
        return [name for name in self.operations if name is not None]


class FiniteFloats(ValidationRule):
    """A number such as 1e400 is infinite to Python, and JSON could not say it in an answer."""

    def enter_float_value(self, node: FloatValueNode, *_: object) -> None:
        if math.isinf(float(node.value)):
            self.report_error(GraphQLError("A number is too large.", node))


class ValuesOfCorrectType(ValuesOfCorrectTypeRule):
    """As the specification has it; its errors do not repeat the values."""

    def report_error(self, error: GraphQLError) -> None:
        super().report_error(GraphQLError(without_value(error.message), error.nodes))


OURS: Mapping[type[ASTValidationRule], type[ASTValidationRule]] = {
    OverlappingFieldsCanBeMergedRule: BoundedOverlaps,
    ValuesOfCorrectTypeRule: ValuesOfCorrectType,
}
"""Instead of rules of the specification."""


class Documents:
    def __init__(
        self,
        schema: GraphQLSchema,
        limits: OperationLimits,
        *,
        most_characters: int,
        most_tokens: int,
        introspection: bool,
        hide_suggestions: bool,
    ) -> None:
        self._schema = schema
        self._limits = limits
        self._most_characters = most_characters
        self._most_tokens = most_tokens
        hidden = () if introspection else (NoSchemaIntrospectionCustomRule,)
        specified = (OURS.get(rule, rule) for rule in VALIDATION_RULES)
        self._rules = (*specified, FiniteFloats, *hidden)
        self._hide_suggestions = hide_suggestions
        self._known: LRUCache[str, tuple[Document, int]] = LRUCache(CACHED_TOKENS, getsizeof=lambda entry: entry[1])

    def read(self, text: str) -> Document:
        """What there is to say of this text; the same object for the same text, while it is remembered."""
        known = self._known.get(text)
        if known is not None:
            return known[0]
        document = self._read(text)
        if len(text) <= self._most_characters and self._most_tokens < CACHED_TOKENS:
            self._known[text] = (document, min(self._most_tokens, len(text)) + 1)
        return document

    def _read(self, text: str) -> Document:
        try:
            self._check_length(text)
            tree = self._parse(text)
            self._limits.check_document(tree)
            found = validate(
                self._schema, tree, self._rules, max_errors=MOST_ERRORS, hide_suggestions=self._hide_suggestions
            )
        except QueryTooComplex as error:
            return _refused_as(error)
        except GraphQLError as error:
            return _refused(error)
        if found:
            # Without their nodes: those would keep the whole tree alive, for the garbage collector to walk again and again.
            bare = [self._bare(error) for error in found]
            return Document(tree=DocumentNode(definitions=()), operations={}, errors=tuple(bare))
        operations = [node for node in tree.definitions if isinstance(node, OperationDefinitionNode)]
        return Document(
            tree=tree,
            operations={node.name.value if node.name else None: node for node in operations},
        )

    def _parse(self, text: str) -> DocumentNode:
        """Raises GraphQLError, or QueryTooComplex."""
        try:
            return parse(text, max_tokens=self._most_tokens)
        except GraphQLSyntaxError as error:
            if TOO_MANY_TOKENS in error.message:
                # How many more there are is not counted: that would take as long as the text is.
                raise QueryTooComplex("tokens", self._most_tokens + 1, self._most_tokens) from None
            said = without_token(error.message)
            raise GraphQLError(said, source=error.source, positions=error.positions) from None

    def _check_length(self, text: str) -> None:
        """Before the text is parsed. Raises QueryTooComplex."""
        if len(text) > self._most_characters:
            raise QueryTooComplex("characters", len(text), self._most_characters)
        lines = 1 + len(LINE_BREAK.findall(text))
        if lines > MOST_LINES:
            raise QueryTooComplex("lines", lines, MOST_LINES)

    def _bare(self, error: GraphQLError) -> GraphQLError:
        message = SUGGESTION.sub("", error.message) if self._hide_suggestions else error.message
        if len(message) > LONGEST_MESSAGE:
            message = f"{message[:LONGEST_MESSAGE]}…"
        return GraphQLError(message, source=error.source, positions=list(error.positions or ())[:MOST_PLACES])


def _refused_as(error: QueryTooComplex) -> Document:
    error.__traceback__ = error.__context__ = None
    return _refused(GraphQLError(str(error), original_error=error))


def _refused(error: GraphQLError) -> Document:
    # A traceback would keep what was being looked at alive, all of the tree.
    error.__traceback__ = error.__context__ = error.__cause__ = None
    return Document(tree=DocumentNode(definitions=()), operations={}, errors=(error,))
