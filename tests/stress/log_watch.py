"""The log of a server in this process while it is under stress: our events, and what the libraries say."""

import logging
from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass

from structlog.testing import capture_logs

SERIOUS = {"error", "critical", "exception"}


class Kept(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.WARNING)
        self.records: list[logging.LogRecord] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.records.append(record)


@dataclass(frozen=True, slots=True)
class WatchedLog:
    events: Sequence[Mapping[str, object]]
    records: Sequence[logging.LogRecord]


@contextmanager
def watched_log() -> Generator[WatchedLog]:
    """To be entered once the server has started, since that sets up the log anew."""
    kept = Kept()
    logging.getLogger().addHandler(kept)
    try:
        with capture_logs() as events:
            yield WatchedLog(events, kept.records)
    finally:
        logging.getLogger().removeHandler(kept)


def faults_of_log(log: WatchedLog) -> Iterator[str]:
    """What an operator would have to look at."""
    for event in log.events:
        if event["log_level"] in SERIOUS or event.get("exc_info"):
            yield f"logged: {event}"
    for record in log.records:
        if record.levelno >= logging.ERROR or record.exc_info:
            yield f"logged: {record.name}: {record.getMessage()} {record.exc_info}"
