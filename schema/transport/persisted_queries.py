"""Finds the document of a request: sent in full, asked for by its hash (Apollo's automatic persisted queries), or trusted."""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import cast

from graphql import BREAK, DocumentNode, OperationDefinitionNode, OperationType, Visitor, VisitorAction, visit

from schema.context import Context
from schema.transport.operation_request import OperationRequest
from services.identity.tokens import digest
from services.settings import Settings
from services.trusted_documents import read_trusted_documents

VERSION = 1
SHA256 = re.compile(r"[0-9a-f]{64}")


class PersistedQueryRefused(Exception):
    """There is no document to run. Clients know what to do by the code or by the message, so both are fixed."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


@dataclass(frozen=True, slots=True, kw_only=True)
class Resolved:
    text: str
    to_keep: bool = False
    """Whether the client wants it kept under its hash, once it is known that it can be run."""


class PersistedQueries:
    def __init__(self, settings: Settings) -> None:
        """Raises services.trusted_documents.UnusableDocuments."""
        self._keeps = settings.persisted_queries_kept > 0
        path = settings.trusted_documents
        self._trusted = None if path is None else read_trusted_documents(path)

    async def resolve(self, request: OperationRequest, context: Context) -> Resolved:
        """What to run. Raises PersistedQueryRefused."""
        sha256 = _wanted(request.extensions)
        # Some clients send an empty query for none.
        text = request.query or None
        if sha256 is not None and text is not None and _sha256(text) != sha256:
            raise _bad("The sha256Hash is not that of the query.")
        if self._trusted is not None:
            return Resolved(text=_trusted_text(self._trusted, text, sha256))
        if sha256 is None:
            if text is None:
                raise _bad("The query is missing.")
            return Resolved(text=text)
        if not self._keeps:
            raise _not_supported()
        if text is not None:
            return Resolved(text=text, to_keep=True)
        text = await context.services.persisted_queries.find(sha256)
        if text is None:
            raise PersistedQueryRefused("PERSISTED_QUERY_NOT_FOUND", "PersistedQueryNotFound")
        return Resolved(text=text)

    async def register(self, resolved: Resolved, tree: DocumentNode, context: Context) -> None:
        """Keep it if the client wants that; to be called once the document is valid. Raises RateLimited."""
        if resolved.to_keep and not _may_hold_secrets(tree):
            await context.services.persisted_queries.register(context.device.address, resolved.text)


def _may_hold_secrets(tree: DocumentNode) -> bool:
    """Whether a text is written into a mutation, as a password or a key would be that belongs into a variable."""
    operations = (node for node in tree.definitions if isinstance(node, OperationDefinitionNode))
    finder = _TextFinder()
    if any(node.operation is OperationType.MUTATION for node in operations):
        visit(tree, finder)
    return finder.found


class _TextFinder(Visitor):
    found = False

    def enter_string_value(self, *_: object) -> VisitorAction:
        self.found = True
        return BREAK


def _wanted(extensions: Mapping[str, object]) -> str | None:
    """The hash that is sent, in small letters; None for none."""
    sent = extensions.get("persistedQuery")
    if sent is None:
        return None
    if not isinstance(sent, dict):
        raise _bad("persistedQuery must be an object.")
    parts = cast("dict[str, object]", sent)  # the keys of a JSON object are texts
    version, sha256 = parts.get("version"), parts.get("sha256Hash")
    if isinstance(version, bool) or not isinstance(version, int):
        raise _bad("The version of persistedQuery must be a whole number.")
    if version != VERSION:
        raise _not_supported()
    if not isinstance(sha256, str) or not SHA256.fullmatch(sha256.lower()):
        raise _bad("sha256Hash must be 64 digits of hexadecimal.")
    return sha256.lower()


def _trusted_text(trusted: Mapping[str, str], text: str | None, sha256: str | None) -> str:
    sha256 = sha256 or (None if text is None else _sha256(text))
    found = None if sha256 is None else trusted.get(sha256)
    if found is None:
        # Not the code of a document that is not found: on that one clients would send the text, in vain.
        raise PersistedQueryRefused("FORBIDDEN", "Only trusted documents are run here.")
    return found


def _sha256(text: str) -> str | None:
    """None for half a pair of surrogates, which is no text in UTF-8."""
    try:
        return digest(text)
    except UnicodeEncodeError:
        return None


def _bad(message: str) -> PersistedQueryRefused:
    return PersistedQueryRefused("BAD_USER_INPUT", message)


def _not_supported() -> PersistedQueryRefused:
    """After this clients send every document in full, and no hash any more."""
    return PersistedQueryRefused("PERSISTED_QUERY_NOT_SUPPORTED", "PersistedQueryNotSupported")
