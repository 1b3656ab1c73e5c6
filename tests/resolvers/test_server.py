"""`server`: what anybody may ask of the server itself."""

import pytest

from tests.server import Server


@pytest.mark.asyncio
async def test_tells_its_version_and_what_it_can_do(server: Server, database_url: str) -> None:
    answer = await server.nobody.execute("{ server { version time capabilities { llm events } } }")
    told = answer.data["server"]
    assert told["version"] == "0.1.0"
    assert told["time"].endswith("+00:00")
    assert told["capabilities"] == {
        "llm": "extractive",
        "events": "postgres" if database_url.startswith("postgresql") else "local",
    }
