"""What generated operations are held against would notice."""

import json
import logging
from dataclasses import replace

import pytest
import structlog

from tests.stress.generation import Kind
from tests.stress.judging import Reply, faults_of_payload, judge
from tests.stress.log_watch import faults_of_log, watched_log
from tests.stress.page import replaced
from tests.stress.requests import Request

REQUEST = Request(kind=Kind.WRONG_QUERY, caller="nobody", accept="*/*", body={"query": "{ sqlite }"}, must_fail=True)
ERROR = {"message": "No.", "extensions": {"code": "BAD_USER_INPUT", "requestId": "r1"}}
HEADERS = {"X-Request-ID": "r1", "Content-Type": "application/json; charset=utf-8"}
GOOD = Reply(status=200, headers=HEADERS, text=json.dumps({"data": None, "errors": [ERROR]}), milliseconds=1)


def reply(*errors: object) -> Reply:
    return replace(GOOD, text=json.dumps({"errors": errors}))


def test_a_good_answer_has_no_fault() -> None:
    assert judge(REQUEST, GOOD).faults == []
    assert judge(REQUEST, GOOD).codes == ["BAD_USER_INPUT"]
    assert judge(REQUEST, replace(reply(ERROR), status=400)).faults == []
    assert judge(REQUEST, reply(ERROR | {"message": "No sqlite."})).faults != [], "errors are held to more"
    assert judge(REQUEST, replace(GOOD, text=GOOD.text.replace("null", '{"a": "sqlite"}'))).faults == []


@pytest.mark.parametrize(
    "bad",
    [
        replace(GOOD, status=500),
        replace(GOOD, status=503, text="Service Unavailable"),
        replace(GOOD, status=400),
        replace(GOOD, text=""),
        replace(GOOD, text="[]"),
        replace(GOOD, text="{}"),
        replace(GOOD, text='{"data": NaN}'),
        replace(GOOD, text='{"data": {"a": 1}}'),
        replace(GOOD, text='{"data": null}'),
        replace(GOOD, text='{"data": {"a": 1}, "errors": []}'),
        replace(GOOD, text=GOOD.text.replace("No.", "asyncpg says no.")),
        replace(GOOD, text=GOOD.text.replace('"data"', '"result"')),
        replace(GOOD, headers=HEADERS | {"Content-Type": "text/plain"}),
        replace(GOOD, headers=HEADERS | {"X-Request-ID": "r2"}),
        reply(),
        reply({"extensions": ERROR["extensions"]}),
        reply({"message": "No."}),
        reply(ERROR | {"extensions": {"code": "INTERNAL_SERVER_ERROR", "requestId": "r1"}}),
    ],
)
def test_a_bad_answer_has_a_fault(bad: Reply) -> None:
    assert judge(REQUEST, bad).faults != []


def test_a_payload_without_data_has_errors() -> None:
    assert list(faults_of_payload({"data": {"a": None}}, None)) == []
    assert list(faults_of_payload({"data": None}, None)) != []


def test_what_an_operator_must_look_at_is_a_fault() -> None:
    with watched_log() as log:
        structlog.get_logger().warning("task.failed", code="UNREACHABLE")
        logging.getLogger("uvicorn.error").warning("Something small.")
    assert list(faults_of_log(log)) == []
    with watched_log() as log:
        structlog.get_logger().error("request.failed")
        logging.getLogger("asyncio").error("Task exception was never retrieved")
    assert len(list(faults_of_log(log))) == 2


def test_a_section_of_the_page_is_replaced() -> None:
    page = "before\n<!-- x: written by make stress -->\nold\n<!-- x: end -->\nafter\n"
    assert replaced(page, "x", "new \\1\n") == page.replace("old", "\nnew \\1\n")
    with pytest.raises(LookupError):
        replaced(page, "y", "new")
