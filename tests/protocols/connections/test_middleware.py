"""What browsers are told of other origins, and which answers are compressed."""

import httpx2
import pytest
from sqlalchemy.exc import OperationalError
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from schema.transport.middleware import SMALLEST_COMPRESSED_BYTES, middleware
from tests.client import UNUSED_TLS
from tests.protocols.small_server import SmallServer, application, given, small_server

PAGE = "https://app.example.com"
STRANGER = "https://elsewhere.example.com"
PREFLIGHT = {"Access-Control-Request-Method": "POST"}
WANTED = "authorization, content-type, x-guest-session-id, x-request-id, apollo-require-preflight"


async def answer(request: Request) -> Response:
    parameters = request.query_params
    return PlainTextResponse("a" * int(parameters["size"]), int(parameters["status"]), media_type=parameters["type"])


ANSWER = Route("/answer", answer, methods=["GET", "POST"])


async def ask(server: SmallServer, method: str = "GET", path: str = "/ping", **headers: str) -> httpx2.Response:
    fields = {name.replace("_", "-"): value for name, value in headers.items()}
    async with httpx2.AsyncClient(base_url=server.url, verify=UNUSED_TLS) as http:
        return await http.request(method, path, headers={"Accept-Encoding": "identity"} | fields)


def told(answer: httpx2.Response) -> dict[str, str]:
    return {name: value for name, value in answer.headers.items() if name.startswith("access-control-")}


@pytest.mark.asyncio(loop_factories=["asyncio"])
async def test_a_page_of_an_allowed_origin_reads_answers() -> None:
    settings = given(cors_origins=PAGE)
    async with small_server(application(ANSWER, middleware=middleware(settings)), settings) as server:
        for status in (200, 413):
            answer = await ask(server, path=f"/answer?size=3&type=text/plain&status={status}", Origin=PAGE)
            assert answer.status_code == status
            assert told(answer) == {
                "access-control-allow-origin": PAGE,
                "access-control-expose-headers": "X-Request-ID, Retry-After",
            }
            assert answer.headers["vary"] == "Origin"
        without = await ask(server)
        assert told(without) == {}
        assert without.headers["vary"] == "Origin"


@pytest.mark.asyncio(loop_factories=["asyncio"])
async def test_a_preflight_tells_what_may_be_sent() -> None:
    settings = given(cors_origins=PAGE)
    async with small_server(application(ANSWER, middleware=middleware(settings)), settings) as server:
        answer = await ask(
            server, "OPTIONS", "/answer", Origin=PAGE, **PREFLIGHT, **{"Access-Control-Request-Headers": WANTED}
        )
        assert answer.status_code == 200
        assert answer.headers["access-control-allow-origin"] == PAGE
        assert answer.headers["access-control-allow-methods"] == "GET, POST, PUT"
        assert set(WANTED.split(", ")) <= set(answer.headers["access-control-allow-headers"].lower().split(", "))
        assert int(answer.headers["access-control-max-age"]) > 0
        assert "access-control-allow-credentials" not in answer.headers
        assert "Origin" in answer.headers["vary"]
        assert answer.headers["x-request-id"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        refused = await ask(server, "OPTIONS", "/answer", Origin=PAGE, Access_Control_Request_Method="DELETE")
        assert refused.status_code == 400
        assert refused.json()["errors"][0]["extensions"] == {
            "code": "BAD_USER_INPUT",
            "requestId": refused.headers["x-request-id"],
        }


async def away(request: Request) -> Response:
    del request
    raise OperationalError("SELECT secret", {}, OSError("connection refused"))


async def broken(request: Request) -> Response:
    del request
    raise RuntimeError("secret")


@pytest.mark.asyncio(loop_factories=["asyncio"])
async def test_a_page_reads_the_last_resort_too() -> None:
    settings = given(cors_origins=PAGE)
    routes = Route("/away", away), Route("/broken", broken)
    async with small_server(application(*routes, middleware=middleware(settings)), settings) as server:
        for path, status, code, retry in (
            ("/away", 503, "TIMEOUT", "1"),
            ("/broken", 500, "INTERNAL_SERVER_ERROR", None),
        ):
            answer = await ask(server, path=path, Origin=PAGE)
            assert (answer.status_code, answer.headers.get("retry-after")) == (status, retry)
            assert answer.headers["access-control-allow-origin"] == PAGE
            extensions = {"code": code, "requestId": answer.headers["x-request-id"]}
            assert answer.json()["errors"][0]["extensions"] == extensions
            assert "secret" not in answer.text


@pytest.mark.asyncio(loop_factories=["asyncio"])
async def test_others_are_told_nothing() -> None:
    settings = given(cors_origins=PAGE)
    async with small_server(application(ANSWER, middleware=middleware(settings)), settings) as server:
        for origin in (STRANGER, "null", f"{PAGE}.example.com", "http://app.example.com", f"{PAGE}/", ""):
            for answer in (
                await ask(server, Origin=origin),
                await ask(server, "OPTIONS", "/answer", Origin=origin, **PREFLIGHT),
            ):
                assert told(answer) == {}
                assert answer.headers["vary"] == "Origin"
                assert answer.headers["x-request-id"]


@pytest.mark.asyncio(loop_factories=["asyncio"])
async def test_every_origin_may_be_allowed() -> None:
    settings = given(cors_origins="*")
    async with small_server(application(middleware=middleware(settings)), settings) as server:
        answer = await ask(server, Origin=STRANGER)
    assert answer.headers["access-control-allow-origin"] == "*"
    assert "access-control-allow-credentials" not in answer.headers


@pytest.mark.asyncio(loop_factories=["asyncio"])
async def test_large_answers_are_compressed_and_streams_are_not() -> None:
    settings = given()
    async with small_server(application(ANSWER, middleware=middleware(settings)), settings) as server:
        for media_type, size, is_compressed in (
            ("application/json", SMALLEST_COMPRESSED_BYTES, True),
            ("application/graphql-response+json", 1_000_000, True),
            ("application/json", SMALLEST_COMPRESSED_BYTES - 1, False),
            ("text/event-stream", 10_000, False),
            ("multipart/mixed; boundary=x", 10_000, False),
        ):
            path = str(httpx2.URL("/answer", params={"size": size, "type": media_type, "status": 200}))
            packed = await ask(server, path=path, Accept_Encoding="gzip")
            plain = await ask(server, path=path, Accept_Encoding="br")
            assert packed.text == plain.text == "a" * size
            assert (packed.headers.get("content-encoding") == "gzip") is is_compressed
            assert (int(packed.headers.get("content-length", size)) < size) is is_compressed
            assert "content-encoding" not in plain.headers
            for answer in (packed, plain):
                assert ("Accept-Encoding" in answer.headers["vary"]) is is_compressed
