"""One server for the scripts of clients/conformance."""

from collections.abc import Iterator

import pytest

from tests.clients import matrix
from tests.servers.processes import ServerProcess


@pytest.fixture(scope="package")
def served(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[str, ServerProcess]]:
    """Where it answers, and its process."""
    with matrix.served(tmp_path_factory.mktemp("served")) as served:
        yield served
