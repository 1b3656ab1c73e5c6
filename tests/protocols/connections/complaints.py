"""What is on the log that an operator would have to read."""

import logging
from collections.abc import Generator
from contextlib import contextmanager

import pytest
from structlog.testing import capture_logs


@contextmanager
def no_complaints(caplog: pytest.LogCaptureFixture) -> Generator[None]:
    """Nothing worse than a word for the record is logged, by us or by the libraries."""
    with capture_logs() as ours:
        yield
    assert [entry for entry in ours if entry["log_level"] != "info"] == []
    assert [record.getMessage() for record in caplog.records if record.levelno > logging.INFO] == []
