"""GraphiQL as a newcomer meets it: in a real browser, from our own files, under its own security policy, offline."""

import asyncio
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.browser.chromium import Page, chromium
from tests.client import Client
from tests.commands import Operator

pytestmark = pytest.mark.browser

TOUR = ["SignUp", "SampleVideos", "Readiness", "WriteNote", "StartConversation"]
TABS = "[...document.querySelectorAll('[role=tab]')].map(tab => tab.innerText)"
PLAY = "document.querySelector('.graphiql-execute-button')"
VARIABLES = "document.querySelector('.graphiql-editor-tool .view-lines')"
# Which it is once GraphiQL has read the tab and knows that there is a choice.
MENU = "document.querySelector('.graphiql-execute-button[aria-haspopup=menu]')"
# The editors write spaces that do not break.
QUERY, ANSWER = (
    f"document.querySelector('{pane}').innerText.replaceAll('\\u00a0', ' ')"
    for pane in (".graphiql-query-editor", ".result-window")
)
CONTROL_A = ("a", 65)


@pytest.fixture(scope="module")
def url(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a server answers that was started as `make serve` does it."""
    operator = Operator(folder=tmp_path_factory.mktemp("server"), variables={"YOUTUBE_ORIGIN": "http://127.0.0.1:9"})
    operator.run("migrate")
    operator.run("seed")
    with operator.serving() as (url, _):
        yield url


@pytest.mark.asyncio
async def test_a_first_visit(url: str, tmp_path: Path) -> None:
    samples = (await Client(url=url, guest="a guest").execute("{ sampleVideos { id } }")).data["sampleVideos"]
    async with chromium() as page:
        await _visit(page, url, "# 1. Sign up")
        assert await page.evaluate(TABS) == TOUR
        assert await page.evaluate("document.documentElement.scrollHeight <= innerHeight"), "the page scrolls"

        await _open(page, "SampleVideos", "# 2. Videos")
        await _run(page, "SampleVideos")
        await page.until(f'{ANSWER}.includes(\'"youtubeId": "sample-heat"\')')
        await page.screenshot(tmp_path / "query.png")

        await _open(page, "Readiness", "# 3. Readiness")
        await page.until(f"{VARIABLES}.innerText.includes('videoId')")
        await page.click(VARIABLES)
        await page.until("!!document.activeElement.closest('.graphiql-editor-tool')")
        await page.press(*CONTROL_A, control=True)
        await page.paste(f'{{"videoId": "{samples[0]["id"]}"}}')
        await page.until(f"{VARIABLES}.innerText.includes('{samples[0]['id']}')")
        await _run(page, "Readiness")
        await page.until(f'{ANSWER}.includes(\'"__typename": "VideoReady"\')')
        await page.screenshot(tmp_path / "subscription.png")

        assert page.complaints == []
        addresses = [address for address in page.requests if not address.startswith("data:")]
        own = (f"{url}/graphql", f"{url}/static/graphiql/", f"{url.replace('http', 'ws')}/graphql")
        assert [address for address in addresses if not address.startswith(own)] == []
        assert any(address.startswith("ws:") for address in addresses)
    assert all((tmp_path / name).stat().st_size > 10_000 for name in ("query.png", "subscription.png"))


@pytest.mark.asyncio
async def test_the_tabs_are_found_again_after_a_reload(url: str) -> None:
    async with chromium() as page:
        await _visit(page, url, "# 1. Sign up")
        await _open(page, "WriteNote", "# 4. Notes")
        await page.until("(localStorage.getItem('graphiql:tabState') ?? '').includes('\"activeTabIndex\":3')")
        await _visit(page, url, "# 4. Notes")
        assert await page.evaluate(TABS) == TOUR
        assert page.complaints == []


@pytest.mark.asyncio
async def test_what_the_policy_forbids_is_noticed(url: str) -> None:
    """Or the other tests' silence would prove nothing."""
    async with chromium() as page:
        await _visit(page, url, "# 1. Sign up")
        await page.evaluate("document.body.append(Object.assign(new Image(), {src: 'https://example.org/a.png'}))")
        async with asyncio.timeout(30):
            while not any("Content Security Policy" in complaint for complaint in page.complaints):
                await page.evaluate("new Promise(requestAnimationFrame)")


async def _visit(page: Page, url: str, heading: str) -> None:
    """Open the page, and wait until its editor holds the tab that begins so: before, GraphiQL mixes up its tabs."""
    await page.open(f"{url}/graphql")
    await page.until(f"!!{PLAY}")
    await page.until(f"{QUERY}.includes('{heading}')")


async def _open(page: Page, tab: str, heading: str) -> None:
    await page.click(_tab(tab))
    await page.until(f"{QUERY}.includes('{heading}')")


async def _run(page: Page, operation: str) -> None:
    """Choose it at the play button."""
    await page.click(MENU)
    await page.click(
        f"[...document.querySelectorAll('[role=menuitem]')].find(item => item.innerText.trim() === '{operation}')"
    )


def _tab(operation: str) -> str:
    """The one that begins with this operation."""
    return f"[...document.querySelectorAll('[role=tab]')].find(tab => tab.innerText.startsWith('{operation}'))"
