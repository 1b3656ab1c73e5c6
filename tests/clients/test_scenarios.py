"""The TypeScript clients against real servers, under Node and in a browser, on a page of another origin."""

import asyncio
import json
import re
from collections.abc import AsyncGenerator

import pytest
import pytest_asyncio

from tests.browser.chromium import chromium
from tests.client import Json
from tests.clients.stage import BUNDLES, Stage, staged

pytestmark = [pytest.mark.clients, pytest.mark.asyncio(loop_scope="module")]

SCENARIOS = BUNDLES.parent / "scenarios"
SECONDS = 90


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def stage(tmp_path_factory: pytest.TempPathFactory) -> AsyncGenerator[Stage]:
    async with staged(tmp_path_factory.mktemp("servers")) as stage:
        yield stage


@pytest.mark.parametrize("client", ["apollo", "urql"])
async def test_under_node(client: str, stage: Stage) -> None:
    process = await asyncio.create_subprocess_exec(
        "node",
        SCENARIOS / "node.js",
        BUNDLES / f"{client}.js",
        json.dumps(stage.addresses),
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.PIPE,
    )
    async with asyncio.timeout(SECONDS):
        printed, complaints = await process.communicate()
    assert complaints.decode() == ""
    _check(json.loads(printed))


@pytest.mark.parametrize("client", ["apollo", "urql"])
async def test_in_a_browser(client: str, stage: Stage) -> None:
    async with chromium() as page:
        await page.open(stage.origin)
        await page.until("document.title === 'An app'")
        script = (
            f"import('/{client}.js').then(m => m.default({json.dumps(stage.addresses)})).then(o => window.outcomes = o)"
        )
        await page.evaluate(f"void ({script})")
        await page.until("!!window.outcomes", seconds=SECONDS)
        _check(await page.evaluate("window.outcomes"))


def _check(outcomes: list[Json]) -> None:
    """All of them were played, and went well."""
    assert {outcome["name"]: outcome["error"] for outcome in outcomes if not outcome["ok"]} == {}
    assert {outcome["name"] for outcome in outcomes} == _names()


def _names() -> set[str]:
    texts = [file.read_text() for file in (SCENARIOS / "src").glob("*.ts")]
    return {name for text in texts for name in re.findall(r"^    name: '(.+)',$", text, re.MULTILINE)}
