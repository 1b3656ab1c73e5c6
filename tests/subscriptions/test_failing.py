"""Models that fail: tried again while nobody has seen a word, otherwise told, with the text so far."""

import asyncio

import pytest

from services.llm.chat_model import ModelRefused, ModelUnavailable
from services.settings import Settings
from tests.conversations import Enough, Reading, ask, converse, follow, messages, never
from tests.doubles.scripted_model import ScriptedModel, Step
from tests.server import serving

pytestmark = pytest.mark.asyncio

DOWN = ModelUnavailable("HTTP_503", "Overloaded; the key sk-secret is known to us.")
REFUSED = ModelRefused("BLOCKED", "The prompt was blocked.")


async def answered(settings: Settings, *scripts: list[Step], enough: Enough = never) -> tuple[Reading, ScriptedModel]:
    """How one question was answered: streamed, stored, and as it looks to one who comes afterwards."""
    model = ScriptedModel(*scripts)
    async with serving(settings, model=model) as server:
        guest = server.guest()
        conversation = await converse(guest)
        reply = await ask(guest, conversation)
        reading = await follow(guest, reply, enough=enough)
        stored = (await messages(guest, conversation))[-1]
        assert stored["content"] == reading.text
        assert reading.ending is not None
        assert stored["status"] == ("DONE" if reading.kinds[-1] == "Done" else "FAILED")
        afterwards = await follow(guest, reply)
        assert afterwards.kinds == ["Snapshot", reading.kinds[-1]]
        assert (afterwards.text, afterwards.ending) == (reading.text, reading.ending)
    assert model.closed == len(model.requests)
    return reading, model


async def test_a_model_that_is_away_before_the_first_word_is_asked_again(settings: Settings) -> None:
    reading, model = await answered(settings, [DOWN], ["Back ", "again."])
    assert (reading.text, reading.kinds[-1]) == ("Back again.", "Done")
    assert len(model.requests) == 2


@pytest.mark.parametrize(
    ("script", "code", "text"),
    [
        (["Half an ", DOWN], "MODEL_UNAVAILABLE", "Half an "),
        ([REFUSED], "MODEL_REFUSED", ""),
        (["Then ", REFUSED], "MODEL_REFUSED", "Then "),
        ([], "EMPTY_REPLY", ""),
        (["", " \n"], "EMPTY_REPLY", " \n"),
        (["\x00"], "EMPTY_REPLY", ""),
    ],
)
@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_what_ends_a_reply_at_once(settings: Settings, script: list[Step], code: str, text: str) -> None:
    reading, model = await answered(settings, script)
    assert len(model.requests) == 1
    assert reading.ending is not None
    assert (reading.kinds[-1], reading.ending["code"], reading.text) == ("Failed", code, text)
    assert reading.ending["reason"].endswith(".")
    assert "sk-secret" not in reading.ending["reason"]


async def test_a_reply_that_takes_too_long(settings: Settings) -> None:
    reading, model = await answered(
        settings.model_copy(update={"longest_reply_seconds": 0.3}), ["Well", asyncio.Event()]
    )
    assert len(model.requests) == 1
    assert reading.ending is not None
    assert (reading.ending["code"], reading.text) == ("TIMEOUT", "Well")


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_a_model_that_crashes_begins_anew(settings: Settings) -> None:
    """As after a take-over: a snapshot voids what was said."""
    followed, told = asyncio.Event(), asyncio.Event()

    def open_gates(reading: Reading) -> bool:
        followed.set()
        if "Delta" in reading.kinds:
            told.set()
        return False

    script: list[Step] = [followed, "Nonsense [", told, KeyError("choices")]
    reading, model = await answered(settings, script, ["Sense."], enough=open_gates)
    assert len(model.requests) == 2
    assert (reading.kinds, reading.text) == (["Snapshot", "Delta", "Snapshot", "Delta", "Done"], "Sense.")
