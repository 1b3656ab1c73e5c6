"""A server whose services break at chosen places, each time telling a secret: `python -m tests.schema.broken_server PORT`.

It runs as a process of its own, so that a test reads its log as an operator does.
"""

import sys
from collections.abc import AsyncGenerator

import uvicorn

from schema.server import create_app
from services.identity.viewers import Viewer, ViewerService
from services.notes.notes import NoteService
from services.videos.readiness import Readiness, ReadinessService
from services.videos.videos import VideoService

CREDENTIALS, PLACE = "vidwiz:hunter2", "db-of-ours/vidwiz"
"""Of the database: the first are for nobody, the second for the operator alone."""
GUEST = "a guest who breaks the sign-in"
AT_ONCE_SECONDS, IN_THE_MIDDLE_SECONDS = 298, 299
"""Time limits of `videoReadiness` that break it before the first event, and after it."""

follow = ReadinessService.follow
identify = ViewerService.identify


async def broken(*_arguments: object, **_options: object) -> object:
    raise LookupError(f"cannot connect to postgresql://{CREDENTIALS}@{PLACE}") from ConnectionError("refused")


async def broken_follow(
    self: ReadinessService, video_id: int, after: str | None, timeout_seconds: int
) -> AsyncGenerator[Readiness]:
    if timeout_seconds == AT_ONCE_SECONDS:
        await broken()
    steps = await follow(self, video_id, after, timeout_seconds)
    return _broken_steps(steps) if timeout_seconds == IN_THE_MIDDLE_SECONDS else steps


async def _broken_steps(steps: AsyncGenerator[Readiness]) -> AsyncGenerator[Readiness]:
    yield await anext(steps)
    await steps.aclose()
    await broken()


async def broken_identify(self: ViewerService, authorization: object, guest_session_id: object) -> Viewer:
    if guest_session_id == GUEST:
        await broken()
    return await identify(self, authorization, guest_session_id)


def main(port: int) -> None:
    for service, name, replacement in (
        (VideoService, "samples", broken),
        (NoteService, "create", broken),
        (NoteService, "pages_by_video", broken),
        (ReadinessService, "follow", broken_follow),
        (ViewerService, "identify", broken_identify),
    ):
        setattr(service, name, replacement)
    uvicorn.run(create_app(), port=port, log_config=None, access_log=False)


if __name__ == "__main__":
    main(int(sys.argv[1]))
