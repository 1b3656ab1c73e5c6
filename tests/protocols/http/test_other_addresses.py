"""What is beside /graphql answers in the same form, and leads nobody elsewhere."""

import pytest

from tests.protocols.http.exchanges import A_QUERY, asking, assert_refused, body

pytestmark = pytest.mark.asyncio


async def test_an_address_that_is_none(url: str) -> None:
    async with asking(url) as http:
        for path in ("/nothing", "/graphql/", "/graphql/x", "/static/graphiql/nothing.js", "//elsewhere.example/"):
            answer = await http.post(path, content=body(query=A_QUERY), headers={"Host": "elsewhere.example"})
            assert answer.status_code in {404, 405}, path
            assert_refused(answer, answer.status_code, path)
            assert "Location" not in answer.headers


async def test_files_are_sent_whole(url: str) -> None:
    async with asking(url) as http:
        page = await http.get("/graphql", headers={"Accept": "text/html"})
        script = next(part for part in page.text.split('"') if part.startswith("/static/graphiql/assets/"))
        for path in ("/graphql", script):
            for wanted in ("bytes=0-3", "bytes=99999999-", "bytes=a", "items=1-2"):
                answer = await http.get(path, headers={"Accept": "text/html", "Range": wanted})
                assert answer.status_code == 200, (path, wanted)
                assert len(answer.content) > 100
