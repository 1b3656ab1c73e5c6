"""The file of trusted documents: whatever is wrong with it is said before anything is run, and never its content."""

import json
import os
from pathlib import Path

import pytest

from services.identity.tokens import digest
from services.trusted_documents import UnusableDocuments, read_trusted_documents

SECRET = "query Secret { viewer { kind } }"
TEXTS = ["{ server { version } }", "query Löve { viewer { kind } }"]
BY_HASH = {digest(text): text for text in TEXTS}
MANIFEST = {
    "format": "apollo-persisted-query-manifest",
    "version": 1,
    "operations": [{"id": digest(text), "name": "Any", "type": "query", "body": text} for text in TEXTS],
}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "documents.json"


@pytest.mark.parametrize(
    "content",
    [
        pytest.param(BY_HASH, id="plain"),
        pytest.param({name.upper(): text for name, text in BY_HASH.items()}, id="capitals"),
        pytest.param({f"sha256:{name}": text for name, text in BY_HASH.items()}, id="prefix"),
        pytest.param(MANIFEST, id="Apollo's manifest"),
    ],
)
def test_documents_are_read(content: object, file: Path) -> None:
    file.write_text(json.dumps(content), encoding="utf-8")
    assert read_trusted_documents(file) == BY_HASH


def test_a_byte_order_mark_does_no_harm(file: Path) -> None:
    file.write_text(json.dumps(BY_HASH), encoding="utf-8-sig")
    assert read_trusted_documents(file) == BY_HASH


SHA1 = "0beec7b5ea3f0fdbc95d0dd47f3c5bc275da8a33"


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "is no JSON"),
        ("{" + SECRET, "is no JSON"),
        ("[" * 100_000, "is no JSON"),
        ('"\udcff"', "is no JSON"),
        (json.dumps([SECRET]), "is no map of SHA-256 to document"),
        ("{}", "holds no document, so that nothing could be run"),
        (json.dumps({digest(SECRET): [SECRET]}), f"holds something else than a document ({digest(SECRET)})"),
        (json.dumps({SHA1: SECRET}), f"holds a document under a name that is not its SHA-256 ({SHA1})"),
        (
            json.dumps(BY_HASH | {digest(SECRET): SECRET + " "}),
            f"holds a document under a name that is not its SHA-256 ({digest(SECRET)})",
        ),
        (
            json.dumps(BY_HASH | {SECRET: digest(SECRET)}),
            "holds a document under a name that is not its SHA-256 (entry 3)",
        ),
        (json.dumps({"a": "\ud800"}), "holds a document under a name that is not its SHA-256 (a)"),
        (json.dumps(MANIFEST | {"operations": {}}), "is a manifest without a list of operations"),
        (json.dumps(MANIFEST | {"operations": [7]}), "is no map of SHA-256 to document"),
        (json.dumps(MANIFEST | {"operations": [{"body": SECRET}]}), "holds something else than a document (entry 1)"),
    ],
)
def test_what_is_wrong_is_said_without_its_content(content: str, reason: str, file: Path) -> None:
    file.write_bytes(content.encode(errors="surrogateescape"))
    with pytest.raises(UnusableDocuments) as refused:
        read_trusted_documents(file)
    assert str(refused.value) == f"TRUSTED_DOCUMENTS {reason}."
    assert "Secret" not in str(refused.value)


def test_a_file_that_cannot_be_read_is_named_by_its_setting(file: Path) -> None:
    with pytest.raises(UnusableDocuments, match=r"^TRUSTED_DOCUMENTS cannot be read \(No such file or directory\)\.$"):
        read_trusted_documents(file)
    file.mkdir()
    with pytest.raises(UnusableDocuments, match=rf"\({os.strerror(21)}\)"):
        read_trusted_documents(file)
