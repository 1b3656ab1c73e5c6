"""The fixtures of the tests of what we take from YouTube."""

from collections.abc import Iterator

import pytest

from db.sessions import Sessions
from services.youtube.access import Access
from tests.servers.youtube import FakeYouTube
from tests.servers.youtube import youtube as start
from tests.services.youtube.processing_stage import ProcessingStage


@pytest.fixture
def youtube() -> Iterator[FakeYouTube]:
    with start() as running:
        yield running


@pytest.fixture
def access(youtube: FakeYouTube) -> Access:
    return Access(origin=youtube.origin, wait_seconds=5, total_seconds=10)


@pytest.fixture
def stage(sessions: Sessions, youtube: FakeYouTube, access: Access) -> ProcessingStage:
    return ProcessingStage(sessions=sessions, youtube=youtube, access=access)
