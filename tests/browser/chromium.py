"""A headless Chromium of our own, driven by the DevTools protocol; what a page asks for and complains of is written down."""

import asyncio
import base64
import contextlib
import itertools
import json
import os
import shutil
import tempfile
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import websockets
from websockets.asyncio.client import ClientConnection

from tests.client import Json
from tests.conditions import until
from tests.servers.processes import ServerProcess

PROGRAMS = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless",
    "--no-sandbox",  # the sandbox cannot be had by root, as whom containers run
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1",
    "--remote-debugging-port=0",
    "--window-size=1400,900",
)
LARGEST_MESSAGE_BYTES = 2**26
ANSWER_SECONDS = 30
STANDING_STILL = """
(async () => {
  const place = () => { const box = (%s).getBoundingClientRect(); return [box.x + box.width / 2, box.y + box.height / 2] };
  for (let before = place(); ; ) {
    await new Promise(requestAnimationFrame);
    const [x, y] = place();
    if (x === before[0] && y === before[1]) return {x, y};
    before = [x, y];
  }
})()
"""


class BrowserMissing(Exception):
    """No Chromium on this computer."""


class PageError(Exception):
    """The page threw, or the browser would not do what it was told."""


class Page:
    """One tab and its workers. `requests` and `complaints` (errors, warnings of its security policy) grow as it goes."""

    def __init__(self, connection: ClientConnection) -> None:
        self._connection = connection
        self._numbers = itertools.count(1)
        self._answers: dict[int, asyncio.Future[Json]] = {}
        self._session: str | None = None
        self._tasks: set[asyncio.Task[None]] = set()
        self.requests: list[str] = []
        self.complaints: list[str] = []

    async def listen(self) -> None:
        """Pass answers to those who wait for them, and write down the rest, until cancelled."""
        async for text in self._connection:
            message: Json = json.loads(text)
            if "id" in message:
                answered = self._answers.pop(message["id"])
                if not answered.done():  # nobody waits any more
                    answered.set_result(message)
            elif message["method"] == "Target.attachedToTarget" and self._session is not None:
                task = asyncio.create_task(self._watch_worker(message["params"]["sessionId"]))  # noqa: TID251  kept here
                self._tasks.add(task)
                task.add_done_callback(self._tasks.discard)
            else:
                self._note(message["method"], message["params"])

    async def attach(self) -> None:
        target = await self._call("Target.createTarget", url="about:blank")
        attached = await self._call("Target.attachToTarget", targetId=target["targetId"], flatten=True)
        self._session = attached["sessionId"]
        await self._watch(attached["sessionId"])
        await self.call("Page.enable")

    async def end(self, tasks: set[asyncio.Task[None]]) -> None:
        """Wait for no more answers."""
        tasks |= self._tasks
        for task in tasks:
            task.cancel()
        await asyncio.wait(tasks)

    async def call(self, method: str, **parameters: object) -> Json:
        """Have the tab do something. Raises PageError."""
        return await self._call(method, self._session, **parameters)

    async def open(self, url: str) -> None:
        await self.call("Page.navigate", url=url)

    async def evaluate(self, expression: str) -> Any:  # noqa: ANN401  whatever JSON the page answers
        """What the expression, or the promise that it is, comes to."""
        answer = await self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise PageError(answer["exceptionDetails"])
        return answer["result"].get("value")

    async def until(self, expression: str, *, seconds: float = 20) -> None:
        """Wait until the expression is true. Raises PageError with the page's text."""

        async def holds() -> bool:
            return bool(await self.evaluate(expression))

        try:
            await until(holds, seconds=seconds)
        except TimeoutError:
            text = await self.evaluate("document.body.innerText")
            raise PageError(f"Never true: {expression}\n{text}\n{self.complaints}") from None

    async def click(self, expression: str) -> None:
        """Press the mouse on the element that the expression answers, once it is there and stands still."""
        await self.until(f"!!({expression})")
        place = await self.evaluate(STANDING_STILL % expression)
        for kind in ("mousePressed", "mouseReleased"):
            await self.call("Input.dispatchMouseEvent", type=kind, button="left", clickCount=1, **place)

    async def paste(self, text: str) -> None:
        """Where the cursor is. Typed, it would have its brackets closed by the editor, too."""
        await self.evaluate(
            "(() => { const data = new DataTransfer(); "
            f"data.setData('text/plain', {json.dumps(text)}); "
            "document.activeElement.dispatchEvent("
            "new ClipboardEvent('paste', {clipboardData: data, bubbles: true, cancelable: true})) })()"
        )

    async def press(self, key: str, code: int, *, control: bool = False) -> None:
        for kind in ("keyDown", "keyUp"):
            await self.call(
                "Input.dispatchKeyEvent",
                type=kind,
                key=key,
                code=key,
                windowsVirtualKeyCode=code,
                modifiers=2 * control,
            )

    async def screenshot(self, file: Path) -> None:
        answer = await self.call("Page.captureScreenshot", format="png")
        await asyncio.to_thread(file.write_bytes, base64.b64decode(answer["data"]))

    async def _call(self, method: str, session: str | None = None, **parameters: object) -> Json:
        number = next(self._numbers)
        answered = self._answers[number] = asyncio.get_running_loop().create_future()
        message: Json = {"id": number, "method": method, "params": parameters}
        await self._connection.send(json.dumps(message | ({"sessionId": session} if session else {})))
        async with asyncio.timeout(ANSWER_SECONDS):
            answer = await answered
        if "error" in answer:
            raise PageError(f"{method}: {answer['error']}")
        result: Json = answer["result"]
        return result

    async def _watch(self, session: str) -> None:
        """Hear of what the tab, or a worker of it, does."""
        for domain in ("Network", "Runtime", "Log"):
            await self._call(f"{domain}.enable", session)
        await self._call("Target.setAutoAttach", session, autoAttach=True, waitForDebuggerOnStart=True, flatten=True)

    async def _watch_worker(self, session: str) -> None:
        with contextlib.suppress(PageError):  # it may have ended meanwhile
            await self._watch(session)
            await self._call("Runtime.runIfWaitingForDebugger", session)

    def _note(self, method: str, parameters: Json) -> None:
        match method:
            case "Network.requestWillBeSent":
                self.requests.append(parameters["request"]["url"])
            case "Network.webSocketCreated":
                self.requests.append(parameters["url"])
            case "Runtime.exceptionThrown":
                self.complaints.append(json.dumps(parameters["exceptionDetails"]))
            case "Runtime.consoleAPICalled" if parameters["type"] in {"error", "assert"}:
                self.complaints.append(json.dumps(parameters["args"]))
            case "Log.entryAdded" if (
                "error" in parameters["entry"].values() or "security" in parameters["entry"].values()
            ):
                self.complaints.append(json.dumps(parameters["entry"]))
            case _:
                pass


@asynccontextmanager
async def chromium() -> AsyncGenerator[Page]:
    """A fresh browser with one empty tab. Raises BrowserMissing."""
    program = next(filter(None, map(shutil.which, PROGRAMS)), None)
    if program is None:
        raise BrowserMissing("Install it (Debian: apt-get install chromium).")
    with tempfile.TemporaryDirectory(prefix="chromium-", ignore_cleanup_errors=True) as profile:
        door = Path(profile) / "DevToolsActivePort"
        browser = ServerProcess(
            [program, *FLAGS, f"--user-data-dir={profile}", "about:blank"],
            ready=lambda _: door.exists() and len(door.read_text().splitlines()) == len(("port", "path")),
            env={"PATH": os.defpath, "HOME": profile},
            scratch=[Path(profile)],
        )
        with browser:
            port, path = door.read_text().splitlines()
            address = f"ws://127.0.0.1:{port}{path}"
            async with websockets.connect(address, max_size=LARGEST_MESSAGE_BYTES) as connection:
                page = Page(connection)
                # Not a TaskGroup, which would wrap the failure of a test's own assertion.
                listening = asyncio.create_task(page.listen())  # noqa: TID251  awaited below whatever happens
                try:
                    await page.attach()
                    yield page
                finally:
                    await page.end({listening})
