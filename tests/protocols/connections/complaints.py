"""What is on the log that an operator would have to read."""

import logging
from collections.abc import Generator, Mapping
from contextlib import contextmanager

import pytest
from structlog.testing import capture_logs


@contextmanager
def no_complaints(caplog: pytest.LogCaptureFixture) -> Generator[None]:
    """Nothing worse than a word for the record is logged, by us or by the libraries.

    The line of a refused request is a warning, and such a word.
    """
    with capture_logs() as ours:
        yield
    assert [entry for entry in ours if not _is_for_the_record(entry)] == []
    assert [record.getMessage() for record in caplog.records if record.levelno > logging.INFO] == []


def _is_for_the_record(entry: Mapping[str, object]) -> bool:
    is_refusal = entry["event"] == "request.ended" and entry["log_level"] == "warning"
    return is_refusal or entry["log_level"] == "info"
