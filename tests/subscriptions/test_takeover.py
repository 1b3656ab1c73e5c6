"""Workers that are killed, frozen or shut down in the middle of a reply: another writes it, and no reader is misled."""

import asyncio
import contextlib
import os
import signal
from collections.abc import AsyncGenerator
from contextlib import ExitStack, asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from services.settings import Settings
from tests.client import Client
from tests.commands import Operator
from tests.conditions import until
from tests.conversations import SECONDS, Reading, ask, converse, follow, has, messages, until_ended
from tests.doubles.scripted_model import ScriptedModel
from tests.server import serving
from tests.servers.processes import ServerProcess
from tests.settings import SECRET_KEY

pytestmark = pytest.mark.asyncio

LEASE_SECONDS = 1.0


@dataclass(slots=True, kw_only=True)
class Deployment:
    """A server that leaves the work to workers, a guest of it, and a reply that the guest reads without a break."""

    operator: Operator
    processes: ExitStack
    guest: Client

    async def worker(self, *, pace_seconds: float) -> ServerProcess:
        variables = {**self.operator.variables, "EXTRACTIVE_PACE_SECONDS": str(pace_seconds)}
        process = Operator(folder=self.operator.folder, variables=variables).working()
        return await asyncio.to_thread(self.processes.enter_context, process)


@asynccontextmanager
async def deployed(database_url: str, folder: Path) -> AsyncGenerator[Deployment]:
    variables = {
        "DB_URL": database_url,
        "SECRET_KEY": SECRET_KEY,
        "REPLY_LEASE_SECONDS": str(LEASE_SECONDS),
        "SHUTDOWN_SECONDS": "1",
    }
    operator = Operator(folder=folder, variables=variables)
    with ExitStack() as processes:
        url, _ = processes.enter_context(operator.serving("--no-worker"))
        yield Deployment(operator=operator, processes=processes, guest=Client(url=url, guest="somebody"))


async def is_in_the_middle(reading: Reading) -> None:
    async def has_begun() -> bool:
        return len(reading.events) > 4

    await until(has_begun, seconds=SECONDS)


async def undisturbed(settings: Settings) -> str:
    """What the same question is answered when nothing happens."""
    async with serving(settings) as server:
        guest = server.guest()
        reading = await follow(guest, await ask(guest, await converse(guest)))
    return reading.text or ""


def check_one_restart(reading: Reading) -> None:
    """A snapshot voids the text of the first attempt; that of the second one follows."""
    kinds = reading.kinds
    assert (kinds[0], kinds[-1], kinds.count("Snapshot")) == ("Snapshot", "Done", 2)
    again = kinds.index("Snapshot", 1)
    assert reading.events[again]["text"] == ""
    assert {*kinds[1:again], *kinds[again + 1 : -1]} == {"Delta"}


async def test_a_killed_worker(settings: Settings, database_url: str, tmp_path: Path) -> None:
    async with deployed(database_url, tmp_path) as deployment:
        guest = deployment.guest
        conversation = await converse(guest)
        reply, reading = await ask(guest, conversation), Reading()
        worker = await deployment.worker(pace_seconds=0.1)
        async with asyncio.TaskGroup() as group:
            group.create_task(follow(guest, reply, onto=reading))
            await is_in_the_middle(reading)
            worker.kill()
            assert reading.ending is None
            cut_off = await follow(guest, reply, enough=has(1))
            assert cut_off.text
            await deployment.worker(pace_seconds=0.005)
        check_one_restart(reading)
        message = (await messages(guest, conversation))[-1]
        assert reading.text == message["content"] == await undisturbed(settings)
        # Who was away meanwhile is led the same way.
        await follow(guest, reply, onto=cut_off)
        check_one_restart(cut_off)
        assert (cut_off.text, cut_off.ending) == (reading.text, reading.ending)


async def test_a_frozen_worker_that_comes_back(settings: Settings, database_url: str, tmp_path: Path) -> None:
    """It goes on as if nothing had happened while another writes: nothing of it may reach the reader."""
    async with deployed(database_url, tmp_path) as deployment:
        guest = deployment.guest
        conversation = await converse(guest)
        reply, reading = await ask(guest, conversation), Reading()
        frozen = await deployment.worker(pace_seconds=0.05)

        async def is_taken_over() -> bool:
            return reading.kinds.count("Snapshot") == 2 and reading.kinds[-1] == "Delta"

        async with asyncio.TaskGroup() as group:
            group.create_task(follow(guest, reply, onto=reading))
            await is_in_the_middle(reading)
            os.killpg(frozen.pid, signal.SIGSTOP)
            try:
                await deployment.worker(pace_seconds=0.015)
                # Frozen within a transaction on SQLite it keeps everybody from writing, so it has to be woken anyhow.
                with contextlib.suppress(TimeoutError):
                    await until(is_taken_over, seconds=60)
            finally:
                os.killpg(frozen.pid, signal.SIGCONT)
        if "sqlite" not in database_url:
            check_one_restart(reading)
        message = (await messages(guest, conversation))[-1]
        assert reading.text == message["content"] == await undisturbed(settings)


async def test_a_worker_that_is_shut_down_hands_its_reply_over(settings: Settings) -> None:
    """Which is not counted as an attempt, but is one to the readers."""
    impatient = settings.model_copy(update={"shutdown_seconds": 0.1})
    async with serving(settings, work=False) as server:
        guest = server.guest()
        conversation = await converse(guest)
        reply, reading = await ask(guest, conversation), Reading()
        first = ScriptedModel(["The first ", "words", asyncio.Event()])

        async def has_begun() -> bool:
            return reading.text == "The first words"

        async with asyncio.TaskGroup() as group:
            group.create_task(follow(guest, reply, onto=reading))
            async with serving(impatient, model=first):
                await until(has_begun)
            assert first.closed == 1
            async with serving(settings, model=ScriptedModel(["Second thoughts."])):
                await until_ended(guest, conversation)
        check_one_restart(reading)
        assert reading.text == (await messages(guest, conversation))[-1]["content"] == "Second thoughts."
