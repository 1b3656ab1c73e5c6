"""What must hold for the answer to any operation, however odd: each function names what does not."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import TypeGuard

from tests.client import Json
from tests.schema.shapes import INTERNAL, faults_of_errors
from tests.stress.requests import Request

STATUS_WITHOUT_DATA = {HTTPStatus.OK, HTTPStatus.BAD_REQUEST, HTTPStatus.REQUEST_ENTITY_TOO_LARGE}
PARTS = {"data", "errors", "extensions"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """What came back by HTTP, as it came."""

    status: int
    headers: Mapping[str, str]
    text: str
    milliseconds: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    faults: list[str]
    codes: list[str]
    """Of its errors, each once."""


def judge(request: Request, reply: Reply) -> Verdict:
    try:
        body: object = json.loads(reply.text, parse_constant=_refuse)
    except ValueError:
        return Verdict(faults=[f"no JSON, status {reply.status}: {reply.text[:200]}"], codes=[])
    if not _is_object(body):
        return Verdict(faults=[f"no object: {reply.text[:200]}"], codes=[])
    request_id = reply.headers.get("X-Request-ID")
    faults = [*_faults_of_http(reply, body), *faults_of_payload(body, request_id), *faults_of_text(request, reply.text)]
    if request.must_fail and not body.get("errors"):
        faults.append("accepted, though it is wrong")
    return Verdict(faults=faults, codes=codes_of(body.get("errors") or []))


def faults_of_payload(body: Json, request_id: str | None) -> Iterator[str]:
    if not body.keys() <= PARTS or not body.keys() & {"data", "errors"}:
        yield f"not the parts of an answer: {sorted(body)}"
    if body.get("data") is None and not body.get("errors"):
        yield "neither data nor errors"
    if "errors" in body:
        errors: list[Json] = body["errors"]
        if not errors or type(errors) is not list:
            yield f"no list of errors: {errors}"
        else:
            yield from faults_of_error_list(errors, request_id)


def faults_of_error_list(errors: list[Json], request_id: str | None) -> Iterator[str]:
    yield from (f"no message: {error}" for error in errors if not isinstance(error.get("message"), str))
    yield from faults_of_errors(errors, request_id)


def faults_of_text(request: Request, text: str) -> Iterator[str]:
    """What nobody outside should read, unless they wrote it themselves."""
    own = request.text.lower()
    yield from (f"internal: {found.group()}" for found in INTERNAL.finditer(text) if found.group().lower() not in own)


def codes_of(errors: list[Json]) -> list[str]:
    return sorted({str(error.get("extensions", {}).get("code")) for error in errors})


def _faults_of_http(reply: Reply, body: Json) -> Iterator[str]:
    if reply.status != HTTPStatus.OK if "data" in body else reply.status not in STATUS_WITHOUT_DATA:
        yield f"status {reply.status}"
    media = reply.headers.get("Content-Type", "").partition(";")[0]
    if media not in {"application/json", "application/graphql-response+json"}:
        yield f"media type {media}"
    if not reply.headers.get("X-Request-ID"):
        yield "no X-Request-ID"


def _refuse(constant: str) -> object:
    raise ValueError(constant)


def _is_object(body: object) -> TypeGuard[Json]:
    return isinstance(body, dict)
