"""A model that keeps failing is left alone by all processes, and tried by one alone."""

import asyncio
from collections.abc import Callable
from contextlib import aclosing

import pytest
from sqlalchemy import select, update

from db import clock
from db.engine import Engines
from db.models.breakers import CircuitBreaker
from db.sessions import Sessions
from services.llm.chat_model import KeyRefused, ModelBusy, ModelRefused, ModelSilent, ModelUnavailable
from services.llm.remote.breakers import Breakers
from services.llm.remote.guarded import GuardedModel
from tests.conditions import until
from tests.doubles.writing_model import WritingDouble
from tests.services.llm.stage import REQUEST, Heard, listen
from tests.statements import count_statements

pytestmark = pytest.mark.asyncio

NAME = "gemini/a-model"
FAILURES = 3


def breakers_of(sessions: Sessions) -> Breakers:
    return Breakers(sessions, failures=FAILURES, pause_seconds=600)


async def is_open(sessions: Sessions) -> bool:
    async with sessions.read() as reader:
        return await Breakers.is_open(reader, NAME)


async def failures(sessions: Sessions) -> int | None:
    async with sessions.read() as reader:
        return await reader.scalar(select(CircuitBreaker.failures))


async def let_pause_pass(sessions: Sessions) -> None:
    async with sessions.write() as tx:
        await tx.execute(update(CircuitBreaker).values(open_until=clock.seconds_from_now(-1)))


async def enters(breakers: Breakers) -> bool:
    try:
        await breakers.enter(NAME)
    except ModelUnavailable:
        return False
    return True


async def test_it_opens_after_so_many_failures_for_all_processes(sessions: Sessions) -> None:
    one, another = breakers_of(sessions), breakers_of(sessions)
    for breakers in (one, another):
        await breakers.failed(NAME)
        assert not await is_open(sessions)
        assert await enters(one)
    await one.failed(NAME)
    assert await is_open(sessions)
    assert [await enters(one), await enters(another)] == [False, False]
    await another.enter("gemini/another")


async def test_failures_at_once_are_all_counted(sessions: Sessions) -> None:
    breakers = breakers_of(sessions)
    await asyncio.gather(*(breakers.failed(NAME) for _ in range(12)))
    assert await failures(sessions) == 12
    assert await is_open(sessions)


async def test_an_answer_between_failures_starts_the_count_again(sessions: Sessions) -> None:
    breakers = breakers_of(sessions)
    for _ in range(3):
        await breakers.failed(NAME)
        await breakers.failed(NAME)
        await breakers.answered(NAME)
    assert not await is_open(sessions)


async def test_after_the_pause_one_alone_tries(sessions: Sessions) -> None:
    breakers = [breakers_of(sessions) for _ in range(8)]
    for _ in range(FAILURES):
        await breakers[0].failed(NAME)
    await let_pause_pass(sessions)
    assert not await is_open(sessions)
    assert sorted(await asyncio.gather(*(enters(one) for one in breakers))) == [False] * 7 + [True]
    assert await is_open(sessions)
    await breakers[0].answered(NAME)
    assert all(await asyncio.gather(*(enters(one) for one in breakers)))


async def test_a_try_that_fails_opens_it_again(sessions: Sessions) -> None:
    breakers = breakers_of(sessions)
    for _ in range(FAILURES):
        await breakers.failed(NAME)
    await let_pause_pass(sessions)
    assert await enters(breakers)
    await breakers.failed(NAME)
    assert [await is_open(sessions), await enters(breakers)] == [True, False]


async def test_a_try_that_nobody_ended_is_followed_by_another(sessions: Sessions) -> None:
    breakers = breakers_of(sessions)
    for _ in range(FAILURES):
        await breakers.failed(NAME)
    for _ in range(2):
        await let_pause_pass(sessions)
        assert [await enters(breakers), await enters(breakers)] == [True, False]


async def until_probed(sessions: Sessions) -> Breakers:
    """As after too many failures and the pause."""
    breakers = breakers_of(sessions)
    for _ in range(FAILURES):
        await breakers.failed(NAME)
    await let_pause_pass(sessions)
    return breakers


async def test_a_try_that_is_stopped_before_its_first_word_leaves_the_next_to_another(sessions: Sessions) -> None:
    """Else a single person could keep the model from everybody."""
    breakers = await until_probed(sessions)
    silent = WritingDouble([asyncio.Event()])
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(listen(GuardedModel(silent, breakers)))

        async def is_asked() -> bool:
            return len(silent.requests) == 1

        await until(is_asked)
        assert not await enters(breakers)
        asking.cancel()
    assert silent.closed == 1
    assert await failures(sessions) == FAILURES
    assert [await enters(breakers), await enters(breakers)] == [True, False]


async def test_writing_that_is_stopped_leaves_the_next_try_to_another(sessions: Sessions) -> None:
    breakers = await until_probed(sessions)
    gate = asyncio.Event()

    class Silent(WritingDouble):
        async def complete(self, instructions: str, material: str) -> str:
            del instructions, material
            gate.set()
            await asyncio.Event().wait()
            return ""

    async with asyncio.TaskGroup() as group:
        writing = group.create_task(GuardedModel(Silent(), breakers).complete("Write.", "Words."))
        await gate.wait()
        assert not await enters(breakers)
        writing.cancel()
    assert [await enters(breakers), await enters(breakers)] == [True, False]


async def test_the_first_word_of_a_try_lets_all_in(sessions: Sessions) -> None:
    breakers = await until_probed(sessions)
    upstream = WritingDouble(["The Moon ", "pulls."])
    async with aclosing(GuardedModel(upstream, breakers).reply(REQUEST)) as answer:
        assert await anext(answer) == "The Moon "
        assert [await enters(breakers), await enters(breakers)] == [True, True]
    assert await failures(sessions) is None


async def test_who_stops_late_takes_no_try_from_another(sessions: Sessions) -> None:
    """The pause has passed once more, and another tries by now."""
    breakers = await until_probed(sessions)
    silent = WritingDouble([asyncio.Event()])
    async with asyncio.TaskGroup() as group:
        asking = group.create_task(listen(GuardedModel(silent, breakers)))

        async def is_asked() -> bool:
            return len(silent.requests) == 1

        await until(is_asked)
        await let_pause_pass(sessions)
        assert await enters(breakers)
        asking.cancel()
    assert [await is_open(sessions), await enters(breakers)] == [True, False]


@pytest.mark.parametrize(
    ("kind", "counted"),
    [(ModelUnavailable, 1), (ModelSilent, 1), (ModelBusy, 1), (KeyRefused, 1), (ModelRefused, None)],
)
async def test_which_failures_count(
    sessions: Sessions, kind: Callable[[str, str], Exception], counted: int | None
) -> None:
    model = GuardedModel(WritingDouble([kind("A_CODE", "A sentence.")]), breakers_of(sessions))
    heard = await listen(model)
    assert heard.ending == ("ModelUnavailable" if kind is KeyRefused else getattr(kind, "__name__", ""), "A_CODE")
    assert await failures(sessions) == counted


async def test_while_it_is_open_nobody_asks(sessions: Sessions) -> None:
    upstream = WritingDouble(["The Moon ", ModelUnavailable("CUT", "Cut.")])
    model = GuardedModel(upstream, breakers_of(sessions))
    heard = [await listen(model) for _ in range(FAILURES + 2)]
    assert [one.ending[1] for one in heard] == ["CUT"] * FAILURES + ["PAUSED"] * 2
    assert [one.text for one in heard] == ["The Moon "] * FAILURES + [""] * 2
    with pytest.raises(ModelUnavailable):
        await model.complete("Write.", "Words.")
    assert len(upstream.requests) == FAILURES
    assert upstream.completed == []


async def test_an_answer_without_a_failure_before_it_writes_nothing(engines: Engines, sessions: Sessions) -> None:
    model = GuardedModel(WritingDouble(["The Moon."]), breakers_of(sessions))
    async with count_statements(engines) as statements:
        assert (await listen(model)).text == "The Moon."
        assert await model.complete("Write.", "Words.") == "Written."
    assert [statement.split()[0] for statement in statements] == ["SELECT"] * 4


async def test_whoever_stops_an_answer_tells_nothing(sessions: Sessions) -> None:
    breakers = breakers_of(sessions)
    await breakers.failed(NAME)
    upstream = WritingDouble(["The Moon ", "pulls."])
    async with aclosing(GuardedModel(upstream, breakers).reply(REQUEST)) as answer:
        heard = Heard(text=await anext(answer))
    assert heard.text == "The Moon "
    assert upstream.closed == 1
    assert await failures(sessions) == 1
