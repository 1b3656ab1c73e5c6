"""`search`: what is found, whose it is, and how it is shown."""

import pytest

from tests.client import Client, Json
from tests.resolvers.searchable import Shelf
from tests.server import Server

pytestmark = pytest.mark.asyncio

SEARCH = """
query Search($text: String!, $in: [SearchScope!], $first: Int! = 10, $after: String) {
  search(query: $text, in: $in, first: $first, after: $after) {
    totalCount
    pageInfo { hasNextPage hasPreviousPage startCursor endCursor }
    edges { cursor }
    nodes {
      snippet score startSeconds jumpUrl
      node {
        __typename id
        ... on Note { text } ... on Video { youtubeId } ... on Message { content } ... on Conversation { title }
      }
    }
  }
}
"""
NOWHERE: Json = {"in": []}
CLAIM = """
mutation Claim($guest: String!) {
  guestConversationsClaim(input: {guestSessionId: $guest}) {
    ... on GuestConversationsClaimSuccess { claimedCount } ... on UserError { message }
  }
}
"""


async def search(user: Client, query: str, **arguments: object) -> Json:
    answer = await user.execute(SEARCH, text=query, **arguments)
    found: Json = answer.data["search"]
    assert len(found["edges"]) == len(found["nodes"])
    return found


async def found(user: Client, query: str, **arguments: object) -> set[str]:
    """The snippets, which are whole for short texts."""
    page = await search(user, query, first=50, **arguments)
    assert page["totalCount"] == len(page["nodes"])
    return {hit["snippet"] for hit in page["nodes"]}


async def test_finds_each_kind_and_tells_where(idle_server: Server) -> None:
    user = await idle_server.user()
    shelf = await Shelf.of(idle_server, user)
    video = await shelf.video("tide-video_", ["Nothing yet.", "The zebra tide comes in twice a day."])
    await shelf.note(video, "zebra in a note", timestamp="1:05")
    conversation = await shelf.conversation(video, "zebra as a title")
    await shelf.message(conversation, "what is a zebra?")

    hits = {hit["node"]["__typename"]: hit for hit in (await search(user, "zebra"))["nodes"]}
    assert set(hits) == {"Note", "Video", "Conversation", "Message"}
    assert hits["Note"]["node"]["text"] == hits["Note"]["snippet"] == "zebra in a note"
    assert (hits["Note"]["startSeconds"], hits["Note"]["jumpUrl"]) == (
        65,
        "https://www.youtube.com/watch?v=tide-video_&t=65s",
    )
    assert hits["Video"]["node"]["youtubeId"] == "tide-video_"
    assert hits["Video"]["jumpUrl"] == "https://www.youtube.com/watch?v=tide-video_&t=100s"
    assert hits["Conversation"]["node"]["title"] == "zebra as a title"
    assert hits["Message"]["node"]["content"] == "what is a zebra?"
    for kind in ("Conversation", "Message"):
        assert (hits[kind]["startSeconds"], hits[kind]["jumpUrl"]) == (None, None)
    for scope, kinds in {
        "NOTES": {"Note"},
        "TRANSCRIPTS": {"Video"},
        "CONVERSATIONS": {"Conversation", "Message"},
        "CHAT_LOGS": set[str](),
    }.items():
        page = await search(user, "zebra", **{"in": [scope, scope]})
        assert {hit["node"]["__typename"] for hit in page["nodes"]} == kinds
        assert page["totalCount"] == len(page["nodes"]) == len(kinds)
    assert await found(user, "zebra", **NOWHERE) == set()
    assert len(await found(user, "zebra", **{"in": None})) == 4


async def test_nobody_elses_is_found(idle_server: Server) -> None:
    ada, bob = await idle_server.user(), await idle_server.user()
    shelf = await Shelf.of(idle_server, ada)
    video = await shelf.video("of-ada_____", ["zebra said"])
    await shelf.note(video, "zebra noted")
    await shelf.message(await shelf.conversation(video, "zebra titled"), "zebra asked")
    guests = await Shelf.of(idle_server, None)
    await guests.message(await guests.conversation(video, "zebra of a guest"), "zebra a guest asked")
    assert await found(ada, "zebra") == {"zebra said", "zebra noted", "zebra titled", "zebra asked"}
    assert await found(bob, "zebra") == set()
    for refused, code in ((idle_server.nobody, "UNAUTHENTICATED"), (idle_server.guest(), "UNAUTHENTICATED")):
        assert (await refused.execute(SEARCH, text="zebra")).code == code


@pytest.mark.parametrize("use", ["note", "conversation", "add"])
async def test_a_transcript_is_found_by_who_used_the_video(idle_server: Server, use: str) -> None:
    ada, bob = await idle_server.user(), await idle_server.user()
    video = await (await Shelf.of(idle_server, ada)).video("shared_____", ["zebra said"], add=False)
    assert await found(ada, "zebra") == await found(bob, "zebra") == set()
    shelf = await Shelf.of(idle_server, bob)
    if use == "note":
        await shelf.note(video)
    elif use == "conversation":
        await shelf.conversation(video)
    else:
        await shelf.add(video)
    assert await found(bob, "zebra") == {"zebra said"}
    assert await found(ada, "zebra") == set()


async def test_samples_have_no_links(idle_server: Server) -> None:
    user = await idle_server.user()
    shelf = await Shelf.of(idle_server, user)
    await shelf.note(await shelf.sample(), "zebra at a tide", timestamp="0:10")
    hits = (await search(user, "tide"))["nodes"]
    assert {hit["node"]["__typename"] for hit in hits} == {"Note", "Video"}
    assert all(hit["jumpUrl"] is None and hit["startSeconds"] is not None for hit in hits)


async def test_words_and_phrases(idle_server: Server) -> None:
    user = await idle_server.user()
    shelf = await Shelf.of(idle_server, user)
    video = await shelf.video("words______", [])
    for text in ("Café au lait", "a cafe in Paris", "Paris, a café", "Straße", "don't stop", "中文字", "moonlight"):
        await shelf.note(video, text)
    cases: dict[str, set[str]] = {
        "cafe": {"Café au lait", "a cafe in Paris", "Paris, a café"},
        "CAFÉ paris": {"a cafe in Paris", "Paris, a café"},
        '"cafe in" paris': {"a cafe in Paris"},
        '"in cafe"': set[str](),
        '"cafe in par': {"a cafe in Paris"},
        '"cafe in" "par"': set(),
        "par": {"a cafe in Paris", "Paris, a café"},
        "par cafe": set(),
        "moon": {"moonlight"},
        "m": set(),
        "light": set(),
        "STRASSE": {"Straße"},
        "dont": {"don't stop"},
        "don\u2019t": {"don't stop"},
        "文": {"中文字"},
        "字中": {"中文字"},
        '"字中"': set(),
        "": set(),
        "  ?!": set(),
        '""': set(),
    }
    for query, texts in cases.items():
        assert await found(user, query) == texts, query


HOSTILE = (
    '"',
    "*",
    "a*",
    "NEAR(a b)",
    "a AND",
    "OR NOT",
    "words: a",
    "^a",
    "a -b",
    "'; DROP TABLE notes; --",
    "a & | ! <-> b",
    "a:*",
    "\\",
    "((((",
    "@n1",
    "{words}: a",
    "a\tb\nc",
    "%_",
    "🦓",
    "\u0301",
    '" " "',
    "\ufdfa" * 200,
    "字" * 200,
    "a " * 100,
    "ab" * 100,
)


async def test_whatever_is_typed_is_no_syntax_error(idle_server: Server) -> None:
    ada, bob = await idle_server.user(), await idle_server.user()
    shelf = await Shelf.of(idle_server, ada)
    await shelf.note(await shelf.video("hostile____", ["a b c"]), "a b c OR NOT AND NEAR words n1 v1")
    for query in HOSTILE:
        await search(ada, query)
        assert await found(bob, query) == set()


async def test_a_query_that_cannot_be_is_refused(idle_server: Server) -> None:
    user = await idle_server.user()
    for query, code in {"x" * 201: "TOO_LONG", "nu\0l": "INVALID_CHARACTER", "\ud800a": "INVALID_CHARACTER"}.items():
        answer = await user.execute(SEARCH, text=query)
        (problem,) = answer.error["extensions"]["details"]["problems"]
        assert (answer.code, problem["path"], problem["code"]) == ("BAD_USER_INPUT", ["query"], code)
    crowd: Json = {"in": ["NOTES"] * 5}
    assert (await user.execute(SEARCH, text="x", **crowd)).code == "BAD_USER_INPUT"
    for wrong in ({"first": 0}, {"first": 51}, {"after": "nonsense"}, {"after": "WyJhIiwxXQ"}):
        assert (await user.execute(SEARCH, text="x", **wrong)).code == "BAD_USER_INPUT"


async def test_a_claimed_guests_conversations_are_found(idle_server: Server) -> None:
    guest_id = (
        await idle_server.nobody.execute(
            "mutation { guestSessionCreate { ... on GuestSessionCreateSuccess { guestSessionId } } }"
        )
    ).data["guestSessionCreate"]["guestSessionId"]
    user, other = await idle_server.user(), await idle_server.user()
    guests = await Shelf.of(idle_server, None, guest_id=guest_id)
    video = await guests.video("of-a-guest_", ["zebra said"], add=False)
    await guests.message(await guests.conversation(video, "zebra titled"), "zebra asked")
    assert await found(user, "zebra") == set()
    claimed = await user.execute(CLAIM, guest=guest_id)
    assert claimed.data["guestConversationsClaim"] == {"claimedCount": 1}, claimed.body
    assert await found(user, "zebra") == {"zebra said", "zebra titled", "zebra asked"}
    assert await found(other, "zebra") == set()
    await guests.check()


async def test_what_is_deleted_is_not_found(idle_server: Server) -> None:
    user, other = await idle_server.user(), await idle_server.user()
    shelf, others = await Shelf.of(idle_server, user), await Shelf.of(idle_server, other)
    video = await shelf.video("deleted____", ["zebra said"])
    await shelf.forget_note(await shelf.note(video, "zebra noted"))
    kept = await shelf.conversation(video, "zebra titled")
    await shelf.message(kept, "zebra asked")
    await others.note(video, "zebra of another")
    assert await found(user, "zebra") == {"zebra said", "zebra titled", "zebra asked"}
    await shelf.forget_conversation(kept)
    assert await found(user, "zebra") == {"zebra said"}
    await shelf.note(video, "zebra to go with the account")
    assert await shelf.entries() == {"NOTE", "TRANSCRIPT"}
    await shelf.forget_account()
    assert await found(other, "zebra") == {"zebra said", "zebra of another"}
    await shelf.forget_video(video)
    assert await found(other, "zebra") == set()
    assert await shelf.entries() == set()
    await shelf.check()
