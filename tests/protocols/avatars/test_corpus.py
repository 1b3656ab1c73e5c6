"""The corpus of pictures, sent by a client: stored as nothing but pixels, or refused with nothing left."""

import io
from pathlib import Path

import pytest
from PIL import Image

from services import limits
from services.settings import Settings
from services.storage.opening import FOLDER
from services.storage.sweep import BlobSweep
from tests.accounts import member, problems
from tests.avatars import avatar, blobs, look, set_avatar, stored_keys, uploaded
from tests.server import Server
from tests.services.media.corpus import CANARY, CORPUS, INVALID, MADE, TOO_LARGE, UNSUPPORTED
from tests.uploads import ask

CODES = {UNSUPPORTED: "UNSUPPORTED_FORMAT", TOO_LARGE: "TOO_LARGE", INVALID: "INVALID_DATA"}
SHARES = 6


def kept_bytes(settings: Settings) -> bytes:
    folder: Path = settings.data_dir / FOLDER
    return b"".join(path.read_bytes() for path in folder.rglob("*") if path.is_file())


@pytest.mark.asyncio
@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
@pytest.mark.parametrize("share", range(SHARES))
async def test_each_is_stored_as_clean_pixels_or_refused(server: Server, settings: Settings, share: int) -> None:
    sweep = BlobSweep(server.services.database, server.services.storage, kept_seconds=86_400)
    for name in list(CORPUS)[share::SHARES]:
        case = CORPUS[name]
        data = case.make()
        if not 0 < len(data) <= limits.AVATAR_BYTES:
            continue
        user = await server.user()
        before = blobs(settings)
        answer = await set_avatar(user, await uploaded(user, data))
        await sweep.sweep()
        result = member(answer)
        if result["__typename"] == "AvatarSetSuccess":
            assert MADE in case.outcomes, name
            shown = await look(f"{result['user']['avatarUrl'].partition('?')[0]}?size=512")
            with Image.open(io.BytesIO(shown.content)) as picture:
                assert (picture.format, picture.size) == ("WEBP", (512, 512)), name
            assert len(blobs(settings) - before) == 4, name
        else:
            ((path, code),) = problems(answer)
            assert path == "uploadId", name
            assert code in {CODES[letter] for letter in case.outcomes if letter != MADE}, name
            assert blobs(settings) == before, name
            assert (await stored_keys(server))[-1] is None, name
    assert CANARY.encode() not in kept_bytes(settings)
    await avatar(await server.user())


@pytest.mark.asyncio
@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
@pytest.mark.parametrize(("size", "code"), [(0, "OUT_OF_RANGE"), (limits.AVATAR_BYTES + 1, "TOO_LARGE")])
async def test_none_and_too_many_bytes_are_refused_before_they_are_sent(server: Server, size: int, code: str) -> None:
    assert problems(await ask(await server.user(), sizeBytes=size)) == [("sizeBytes", code)]
