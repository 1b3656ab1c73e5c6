"""Reads the file that an operator names in TRUSTED_DOCUMENTS: all that clients may have run, and nothing else."""

import json
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import cast

from services.identity.tokens import digest

PREFIX = "sha256:"
MANIFEST = "apollo-persisted-query-manifest"
HARMLESS_NAME = re.compile(r"[\w:.-]{1,80}")


class UnusableDocuments(ValueError):
    """The message names the setting and the first entry that is no good, and never what stands in it."""

    def __init__(self, reason: str) -> None:
        super().__init__(f"TRUSTED_DOCUMENTS {reason}.")


def read_trusted_documents(path: Path) -> Mapping[str, str]:
    """SHA-256, in small letters, and text of each document, from {hash: text} or from Apollo's manifest.

    Raises UnusableDocuments.
    """
    try:
        parsed: object = json.loads(path.read_bytes())
    except OSError as error:
        raise UnusableDocuments(f"cannot be read ({error.strerror})") from error
    except (ValueError, RecursionError):
        raise UnusableDocuments("is no JSON") from None
    documents = dict(_checked(_entries(parsed)))
    if not documents:
        raise UnusableDocuments("holds no document, so that nothing could be run")
    return documents


def _checked(entries: Iterator[tuple[object, object]]) -> Iterator[tuple[str, str]]:
    for number, (name, text) in enumerate(entries, start=1):
        shown = name if isinstance(name, str) and HARMLESS_NAME.fullmatch(name) else f"entry {number}"
        if not isinstance(name, str) or not isinstance(text, str):
            raise UnusableDocuments(f"holds something else than a document ({shown})")
        sha256 = name.lower().removeprefix(PREFIX)
        if not _is_hash_of(sha256, text):
            raise UnusableDocuments(f"holds a document under a name that is not its SHA-256 ({shown})")
        yield sha256, text


def _is_hash_of(sha256: str, text: str) -> bool:
    try:
        return digest(text) == sha256
    except UnicodeEncodeError:  # half a pair of surrogates, which JSON can escape
        return False


def _entries(parsed: object) -> Iterator[tuple[object, object]]:
    """Names and texts, for all that is known by now."""
    members = _members(parsed)
    if members.get("format") != MANIFEST:
        return iter(members.items())
    operations = members.get("operations")
    if not isinstance(operations, list):
        raise UnusableDocuments("is a manifest without a list of operations")
    found = map(_members, cast("list[object]", operations))  # the parts of a JSON list may be anything
    return ((operation.get("id"), operation.get("body")) for operation in found)


def _members(value: object) -> Mapping[str, object]:
    if not isinstance(value, dict):
        raise UnusableDocuments("is no map of SHA-256 to document")
    return cast("dict[str, object]", value)  # the keys of a JSON object are texts
