"""Raw requests that no client should send: each is answered or ends its own connection, in silence, and the server goes on."""

import asyncio
from collections.abc import Mapping

import pytest

from tests.protocols.http import malformed
from tests.protocols.http.exchanges import (
    OUR_TYPES,
    Reply,
    asking,
    exchange,
    faults_of_refusal,
    is_well,
    send_half,
)
from tests.schema.shapes import faults_of_text
from tests.servers.processes import ServerProcess

CORPUS: list[Mapping[str, object]] = [
    malformed.REQUEST_LINES,
    malformed.HEADERS,
    malformed.BODIES,
    malformed.HALVES,
    malformed.UPGRADES,
    malformed.ANSWERED,
]


def test_the_corpus_is_large_enough() -> None:
    requests = {str(request) for part in CORPUS for request in part.values()}
    assert len(requests) == sum(map(len, CORPUS)) >= 80


@pytest.mark.asyncio
async def test_what_is_no_http_is_refused_by_the_connection(url: str) -> None:
    async with asking(url) as http:
        for name, sent in (malformed.REQUEST_LINES | malformed.HEADERS).items():
            assert refused(await exchange(url, sent)) == (400, []), name
            assert await is_well(http), name


@pytest.mark.asyncio
async def test_a_body_that_breaks_off_ends_its_connection_alone(url: str) -> None:
    """Its head was good, and the answer may have begun: nothing could be told apart from it."""
    async with asking(url) as http:
        for name, sent in malformed.BODIES.items():
            assert await exchange(url, sent) is None, name
            assert await is_well(http), name


@pytest.mark.asyncio
async def test_a_request_of_which_the_rest_never_comes_is_forgotten(url: str) -> None:
    async with asking(url) as http:
        for name, sent in malformed.HALVES.items():
            assert await send_half(url, sent) == b"", name
            assert await is_well(http), name


@pytest.mark.asyncio
async def test_odd_requests_are_answered(url: str) -> None:
    async with asking(url) as http:
        for name, (sent, status) in malformed.ANSWERED.items():
            reply = await exchange(url, sent)
            if status < 400:
                assert reply is not None
                assert (reply.status, reply.body.startswith(b'{"errors":')) == (status, True), name
                assert list(faults_of_text(reply.body.decode())) == [], name
            else:
                assert refused(reply) == (status, []), name
            assert await is_well(http), name


@pytest.mark.asyncio
async def test_sockets_that_never_come_to_be(url: str) -> None:
    async with asking(url) as http:
        for name, sent in malformed.UPGRADES.items():
            reply = await exchange(url, sent)
            assert reply is not None
            assert reply.status in {400, 403, 404, 426}, name
            if reply.headers.get("Content-Type", "").partition(";")[0] in OUR_TYPES:
                assert refused(reply) == (reply.status, []), name
            else:  # words of the library, of a handshake that is no websocket's
                assert list(faults_of_text(reply.body.decode())) == [], name
            assert await is_well(http), name


@pytest.mark.asyncio
async def test_all_of_it_at_once_is_nobody_elses_matter(url: str) -> None:
    answered = [sent for sent, _ in malformed.ANSWERED.values()]
    others = [sent for part in CORPUS for sent in part.values() if isinstance(sent, bytes)]
    async with asking(url) as http, asyncio.TaskGroup() as group:
        for sent in answered + others:
            group.create_task(send_half(url, sent))
        for _ in range(50):
            assert await is_well(http)


def refused(reply: Reply | None) -> tuple[int, list[str]]:
    """Status and faults; 0 for no answer at all."""
    return (reply.status, list(faults_of_refusal(reply.status, reply.headers, reply.body))) if reply else (0, [])


def test_nothing_of_all_this_is_worth_a_traceback(process_at_url: tuple[str, ServerProcess]) -> None:
    """The last test here: of what the server has logged since it was started."""
    url, process = process_at_url
    del url
    log = process.output()
    assert process.is_running
    for sign in ("Traceback", '"error"', '"critical"', "Exception"):
        assert sign not in log, log
