"""`node` and `nodes`: anything of one's own by its id, and nothing else."""

import base64
from dataclasses import dataclass

import pytest
import pytest_asyncio

from resolvers.nodes import FETCHES
from tests.client import Answer, Client, Json
from tests.server import Server

pytestmark = pytest.mark.asyncio

NODE = "query Node($id: ID!) { node(id: $id) { __typename id } }"
NODES = """
query Nodes($ids: [ID!]!) { nodes(ids: $ids) {
  __typename id
  ... on Video { youtubeId }
  ... on Note { text }
  ... on Conversation { title }
  ... on Message { content }
  ... on User { name }
} }
"""
NOTE = """
mutation { noteCreate(input: {video: {youtube: "sample-tide"}, timestamp: "0:10", text: "Mine"}) {
  ... on NoteCreateSuccess { note { id video { id } } }
} }
"""
CONVERSE = """
mutation { conversationCreate(input: {video: {youtube: "sample-tide"}, title: "On tides"}) {
  ... on ConversationCreateSuccess { conversation { id } }
} }
"""
ASK = """
mutation Ask($id: ID!) { messageSend(input: {conversationId: $id, text: "What makes the tide?"}) {
  ... on MessageSendSuccess { message { id } reply { id } }
} }
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Belongings:
    """A caller, and the ids of what is theirs, by type."""

    client: Client
    ids: dict[str, str]


def encoded(text: str) -> str:
    return base64.urlsafe_b64encode(text.encode()).decode()


async def nodes(client: Client, *ids: object) -> list[Json | None]:
    found: list[Json | None] = (await client.execute(NODES, ids=ids)).data["nodes"]
    return found


def codes(answer: Answer) -> set[str]:
    return {error["extensions"]["code"] for error in answer.body["errors"]}


async def conversing(client: Client) -> dict[str, str]:
    conversation = (await client.execute(CONVERSE)).data["conversationCreate"]["conversation"]["id"]
    sent = (await client.execute(ASK, id=conversation)).data["messageSend"]
    return {"Conversation": conversation, "Message": sent["message"]["id"], "Reply": sent["reply"]["id"]}


async def user_with_belongings(server: Server) -> Belongings:
    client = await server.user()
    note = (await client.execute(NOTE)).data["noteCreate"]["note"]
    user = (await client.execute("{ viewer { user { id } } }")).data["viewer"]["user"]["id"]
    ids = {"User": user, "Video": note["video"]["id"], "Note": note["id"]} | await conversing(client)
    return Belongings(client=client, ids=ids)


@pytest_asyncio.fixture
async def ada(idle_server: Server) -> Belongings:
    return await user_with_belongings(idle_server)


async def test_each_type_is_found_by_its_id(ada: Belongings) -> None:
    for name, id_ in ada.ids.items():
        type_name = "Message" if name == "Reply" else name
        assert (await ada.client.execute(NODE, id=id_)).data["node"] == {"__typename": type_name, "id": id_}
    assert await nodes(ada.client, *ada.ids.values()) == [
        {"__typename": "User", "id": ada.ids["User"], "name": "Ada"},
        {"__typename": "Video", "id": ada.ids["Video"], "youtubeId": "sample-tide"},
        {"__typename": "Note", "id": ada.ids["Note"], "text": "Mine"},
        {"__typename": "Conversation", "id": ada.ids["Conversation"], "title": "On tides"},
        {"__typename": "Message", "id": ada.ids["Message"], "content": "What makes the tide?"},
        {"__typename": "Message", "id": ada.ids["Reply"], "content": ""},
    ]


async def test_there_is_one_answer_an_id_in_their_order(ada: Belongings) -> None:
    asked = [*ada.ids.values()]
    mixed = [asked[2], "nonsense", asked[0], asked[2], asked[5], encoded("Note:999999"), asked[4], asked[2]]
    answered = [node and node["id"] for node in await nodes(ada.client, *mixed)]
    assert answered == [asked[2], None, asked[0], asked[2], asked[5], None, asked[4], asked[2]]
    assert await nodes(ada.client) == []
    assert len(await nodes(ada.client, *[asked[1]] * 50)) == 50


async def test_what_is_anothers_is_not_there(idle_server: Server, ada: Belongings) -> None:
    bob = await user_with_belongings(idle_server)
    guest = idle_server.guest()
    of_guest = await conversing(guest)
    for stranger in (bob.client, guest, idle_server.guest()):
        for name, id_ in ada.ids.items():
            expected = {"__typename": "Video", "id": id_} if name == "Video" else None
            assert (await stranger.execute(NODE, id=id_)).data["node"] == expected
    found = await nodes(bob.client, *ada.ids.values(), *bob.ids.values(), *of_guest.values())
    shared, own = ada.ids["Video"], list(bob.ids.values())
    assert [node and node["id"] for node in found] == [None, shared, None, None, None, None, *own, None, None, None]
    assert [node and node["id"] for node in await nodes(guest, *of_guest.values())] == list(of_guest.values())
    assert await nodes(idle_server.guest(), *of_guest.values()) == [None] * 3


MALFORMED = (
    *("", " ", "nonsense", "\0", "\ud800", "caf\u00e9", "====", "1", "A" * 100_000),
    *(encoded(text) for text in ("Video", "Video:", ":1", "Video:x", "Video:-1", "Video:0", "Video:01", "Video: 1")),
    *(encoded(text) for text in ("Video:1 ", "video:1", "VIDEO:1", "Video:1\n", "Video:1:1", "Video:1.0", "Video:1e3")),
    *(encoded(text) for text in ("Video:\u0661", "Video:" + "9" * 19, "Video:" + "9" * 5_000, "Vid\u00e9o:1")),
    *(
        encoded(text)
        for text in ("Device:1", "Upload:1", "Task:1", "RefreshToken:1", "Query:1", "TranscriptSegment:1", "Node:1")
    ),
    encoded(f"Video:{2**63}"),
    encoded("Video:1") + "*",
    base64.urlsafe_b64encode(b"\xff\xfe:1").decode(),
)


async def test_what_was_never_given_out_is_not_there(ada: Belongings) -> None:
    assert (await ada.client.execute(NODE, id="\0")).data == {"node": None}
    for start in range(0, len(MALFORMED), 40):
        some = MALFORMED[start : start + 40]
        assert await nodes(ada.client, *some) == [None] * len(some)
    largest = [encoded(f"{name}:{2**63 - 1}") for name in FETCHES]
    assert await nodes(ada.client, *largest) == [None] * len(FETCHES)
    # ID takes whole numbers, as GraphQL says; they name nothing here.
    assert await nodes(ada.client, 1, 2**70) == [None, None]


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_more_than_fifty_at_once_are_refused(ada: Belongings) -> None:
    answer = await ada.client.execute(NODES, ids=[ada.ids["Video"]] * 51)
    (problem,) = answer.error["extensions"]["details"]["problems"]
    assert (answer.code, problem["path"], problem["code"]) == ("BAD_USER_INPUT", ["ids"], "TOO_LONG")
    no_ids: tuple[object, ...] = (None, [None], [["a"]], [1.5], [True], [{"a": "b"}], {"a": "b"})
    for wrong in no_ids:
        assert codes(await ada.client.execute(NODES, ids=wrong)) == {"BAD_USER_INPUT"}, wrong
    no_id: tuple[object, ...] = (None, [], {}, 1.5, False)
    for wrong in no_id:
        assert codes(await ada.client.execute(NODE, id=wrong)) == {"BAD_USER_INPUT"}, wrong


@pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
async def test_nobody_finds_nothing(idle_server: Server, ada: Belongings) -> None:
    for document, variables in ((NODE, {"id": ada.ids["Video"]}), (NODES, {"ids": [ada.ids["Video"]]})):
        answer = await idle_server.nobody.execute(document, **variables)
        assert (answer.code, answer.error["extensions"]["details"]) == ("UNAUTHENTICATED", {"reason": "MISSING"})
