"""The option of `make stress`."""

import pytest

OPERATIONS = 10_000


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--operations", type=int, default=OPERATIONS, help="generated operations for each database (10,000)"
    )
