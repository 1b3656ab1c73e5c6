"""Fifty pictures at once: the server goes on answering, and who has to wait too long is told so."""

import asyncio

import pytest

from tests.avatars import look, set_avatar, uploaded
from tests.client import Answer
from tests.server import Server
from tests.services.media.corpus import plain


@pytest.mark.asyncio
@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_the_server_answers_while_it_decodes_fifty(server: Server) -> None:
    picture = plain("JPEG", 2400, 1800)
    users = [await server.user() for _ in range(50)]
    uploads = [await uploaded(user, picture) for user in users]
    lively = 0

    async def poll(answers: "asyncio.Future[list[Answer]]") -> None:
        nonlocal lively
        while not answers.done():
            assert (await look(f"{server.url}/livez")).status_code == 200
            lively += 1

    answers = asyncio.gather(*(set_avatar(user, upload) for user, upload in zip(users, uploads, strict=True)))
    await poll(answers)
    results = [
        answer.code if "errors" in answer.body else answer.data["avatarSet"]["__typename"] for answer in await answers
    ]
    assert lively > 0
    assert set(results) <= {"AvatarSetSuccess", "TIMEOUT"}
    assert "AvatarSetSuccess" in results
    # Who was refused may try again.
    again = results.index("TIMEOUT") if "TIMEOUT" in results else None
    if again is not None:
        assert "errors" not in (await set_avatar(users[again], uploads[again])).body
