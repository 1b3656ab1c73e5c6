"""What a page of another site can have a browser send without asking us first changes nothing here."""

import json

import httpx2
import pytest

from tests.client import Client
from tests.protocols.http.exchanges import assert_refused

pytestmark = pytest.mark.asyncio

FOREIGN = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site", "Cookie": "session=stolen; token=stolen"}
BOUNDARY = "----x"


def register(email: str) -> str:
    return f"""
      mutation {{ userRegister(input: {{email: "{email}", password: "correct horse", name: "Eve"}}) {{ __typename }} }}
    """


def form_part(name: str, content: str, more: str = "") -> str:
    return f'--{BOUNDARY}\r\nContent-Disposition: form-data; name="{name}"{more}\r\n\r\n{content}\r\n'


def simple_requests(document: str) -> dict[str, httpx2.Request]:
    """By what a page does: all that a browser sends without a preflight."""
    text = json.dumps({"query": document})
    at = "http://x/graphql"
    multipart = {"Content-Type": f"multipart/form-data; boundary={BOUNDARY}"}
    upload = form_part("operations", text) + form_part("map", '{"0": []}') + f"--{BOUNDARY}--\r\n"
    file = form_part("file", text, '; filename="a.json"\r\nContent-Type: application/json') + f"--{BOUNDARY}--\r\n"
    request = httpx2.Request
    return {
        "image": request("GET", at, params={"query": document}, headers={"Accept": "image/*,*/*;q=0.8"}),
        "link": request("GET", at, params={"query": document}, headers={"Accept": "text/html,*/*;q=0.8"}),
        "script": request("GET", at, params={"query": document, "callback": "f"}, headers={"Accept": "*/*"}),
        "head": request("HEAD", at, params={"query": document}),
        "event source": request("GET", at, params={"query": document}, headers={"Accept": "text/event-stream"}),
        "form": request("POST", at, data={"query": document}),
        "form as text": request("POST", at, content=text + "=", headers={"Content-Type": "text/plain"}),
        "upload form": request("POST", at, content=upload, headers=multipart),
        "file form": request("POST", at, content=file, headers=multipart),
        "fetch of text": request("POST", at, content=text, headers={"Content-Type": "text/plain;charset=UTF-8"}),
        "blob without a type": request("POST", at, content=text),
        "type glued on": request("POST", at, content=text, headers={"Content-Type": "text/plainapplication/json"}),
        "type as parameter": request(
            "POST", at, content=text, headers={"Content-Type": "text/plain; x=application/json"}
        ),
        "form with the address": request(
            "POST", at, params={"query": document}, content=text, headers={"Content-Type": "text/plain"}
        ),
        "another method by name": request(
            "POST", at, params={"_method": "POST"}, content=text, headers={"Content-Type": "multipart/form-data"}
        ),
    }


async def test_no_simple_request_changes_anything(url: str) -> None:
    async with httpx2.AsyncClient(headers=FOREIGN) as http:
        for number, name in enumerate(simple_requests("")):
            email = f"eve{number}@example.com"
            sent = simple_requests(register(email))[name]
            sent.url = httpx2.URL(url).copy_with(path="/graphql", query=sent.url.query)
            sent.headers.update({**FOREIGN, "Host": httpx2.URL(url).netloc.decode()})
            answer = await http.send(sent)
            if name == "head":
                assert answer.status_code == 405
            else:
                assert_refused(answer, 405 if sent.method == "GET" else 415, name)
            assert "Access-Control-Allow-Origin" not in answer.headers
            made = (await Client(url=url).execute(register(email))).data["userRegister"]
            assert made == {"__typename": "UserRegisterSuccess"}, name


async def test_a_cookie_is_nobody(url: str) -> None:
    answer = await Client(url=url).post({"query": "{ viewer { kind } }"}, Cookie="authorization=Bearer x; session=y")
    assert answer.data == {"viewer": {"kind": "ANONYMOUS"}}
