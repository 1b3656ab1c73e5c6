"""One server for all tests of this folder: none of them changes anything that another sees."""

from collections.abc import Iterator

import pytest

from tests.commands import Operator
from tests.servers.processes import ServerProcess


@pytest.fixture(scope="package")
def process_at_url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, ServerProcess]]:
    variables = {
        "YOUTUBE_ORIGIN": "http://127.0.0.1:9",
        "LOG_LEVEL": "WARNING",
        "RATE_LIMIT_ENABLED": "false",
        "CORS_ORIGINS": "https://app.example",
    }
    operator = Operator(folder=tmp_path_factory.mktemp("server"), variables=variables)
    operator.run("migrate")
    operator.run("seed")
    with operator.serving() as (url, process):
        yield url, process


@pytest.fixture(scope="package")
def url(process_at_url: tuple[str, ServerProcess]) -> str:
    return process_at_url[0]
