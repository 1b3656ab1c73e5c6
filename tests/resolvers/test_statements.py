"""How many statements an operation costs: as many for many parents as for one."""

import re
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import pytest
import pytest_asyncio
from graphql import (
    FieldNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    build_schema,
    get_named_type,
    parse,
    visit,
)
from pydantic import SecretStr
from sqlalchemy import insert, update

from db.models.tables import Artifact, Job, Session, Video
from schema.root import build_schema as build_our_schema
from schema.types.nodes import global_id
from services.settings import Settings
from tests.client import Client, Json
from tests.resolvers.stored import (
    StoredVideo,
    row_id,
    store,
    store_conversations,
    store_notes,
    user_id_of,
)
from tests.server import Server, serving
from tests.statements import count_statements

ON_CONVERSATION = """
fragment OnConversation on Conversation {
  messages(first: 3) { nodes { content ...OnMessage } totalCount }
}
fragment OnMessage on Message { citations { label url } conversation { title } replyTo { content } }
"""
ON_VIDEO = f"""
fragment OnVideo on Video {{
  processing {{ metadata {{ state }} transcript {{ state }} summary {{ state }} }}
  transcript(first: 2) {{ nodes {{ text }} totalCount }}
  notes(first: 2) {{ nodes {{ text }} totalCount }}
  conversations(first: 2) {{ nodes {{ title ...OnConversation }} totalCount }}
}}
{ON_CONVERSATION}
"""
SAMPLES = f"""
{{ sampleVideos {{ title ...OnVideo }} }}
{ON_VIDEO}
"""
VIDEOS = f"""
{{ viewer {{ user {{ videos(first: 50) {{ nodes {{ title ...OnVideo }} totalCount }} }} }} }}
{ON_VIDEO}
"""
NOTES = """
{ viewer { user { notes(first: 50) { nodes { text jumpUrl video { processing { metadata { state } } } } totalCount } } } }
"""
CONVERSATIONS = f"""
{{ viewer {{
  conversations(first: 50) {{ nodes {{ video {{ title }} ...OnConversation }} totalCount }}
  user {{ conversations {{ nodes {{ title }} }} }}
}} }}
{ON_CONVERSATION}
"""
NODES = f"""
query Nodes($ids: [ID!]!) {{ nodes(ids: $ids) {{
  id
  ... on User {{ name }}
  ... on Video {{ ...OnVideo }}
  ... on Note {{ jumpUrl video {{ title }} }}
  ... on Conversation {{ video {{ title }} ...OnConversation }}
  ... on Message {{ content ...OnMessage }}
}} }}
{ON_VIDEO}
"""
SESSIONS = "{ viewer { user { sessions(first: 50) { nodes { id userAgent isCurrent } totalCount } } } }"
JOBS = """
{ viewer { user { jobs(first: 50) { nodes { status artifacts { name url } } totalCount } } } }
"""
AUDIT = "{ auditEvents(first: 50) { nodes { kind userId details } totalCount } }"
UPLOAD = """
mutation {
  uploadCreate(input: {purpose: AVATAR, filename: "me.png", contentType: "image/png", sizeBytes: 9}) {
    ... on UploadCreateSuccess { upload { id } headers { name value } }
  }
}
"""
TASKS = "{ tasks(first: 50) { nodes { status video { title } note { text } } totalCount } }"
AWAITING = "query Awaiting($id: ID!) { notesAwaitingAi(videoId: $id, first: 50) { nodes { timestamp } totalCount } }"
SEARCH = '{ search(query: "tide", first: 50) { nodes { snippet node { id } } totalCount } }'
DOCUMENTS = (SAMPLES, VIDEOS, NOTES, CONVERSATIONS, NODES, SESSIONS, JOBS, AUDIT, UPLOAD, TASKS, AWAITING, SEARCH)
ADMIN_TOKEN = "an admin token that is only for tests"

STANDING = re.compile(r"SELECT sessions\.id\s+FROM sessions\b")
"""Whether the caller's session stands. It is remembered for some seconds, and so not always asked."""

FOR_MESSAGES = ["conversations", "conversations", "messages"]
"""Of which video each cited answer is, what they belong to, and the questions."""
FOR_CONVERSATIONS = ["messages", "count of messages", *FOR_MESSAGES]
FOR_VIDEOS = [
    "video_parts",
    "transcript_segments",
    "count of transcript_segments",
    "notes",
    "count of notes",
    "conversations",
    "count of conversations",
    *FOR_CONVERSATIONS,
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Shelf:
    """A user's videos, each with notes and conversations."""

    server: Server
    user: Client
    ids: list[str]
    """Of the user and of everything on the shelf."""

    async def put(self, videos: int) -> None:
        """So many more; they are samples, too."""
        user_id = row_id(self.ids[0])
        made = await store(self.server, *(StoredVideo(segments=3) for _ in range(videos)))
        async with self.server.services.database.write() as tx:
            await tx.execute(update(Video).where(Video.id.in_(made)).values(is_sample=True))
        notes = await store_notes(self.server, user_id, made, each=3)
        conversations, messages = await store_conversations(self.server, user_id, made, each=2, questions=2)
        for name, ids in {"Video": made, "Note": notes, "Conversation": conversations, "Message": messages}.items():
            self.ids.extend(global_id(name, one) for one in ids)

    async def add(self, table: type[Job | Session], *rows: Mapping[str, object]) -> Sequence[int]:
        """The ids of rows that are the user's."""
        owned = [{"user_id": row_id(self.ids[0]), **row} for row in rows]
        async with self.server.services.database.write() as tx:
            return [row.id for row in await tx.all(insert(table).values(owned).returning(table.id))]

    async def ask(self, document: str, **variables: object) -> tuple[Json, list[str]]:
        """The answer, and what each statement was about."""
        async with count_statements(self.server.services.database._engines) as statements:
            answer = await self.user.execute(document, **variables)
        return answer.data, sorted(topic_of(text) for text in statements if not STANDING.search(text))

    async def ask_as_it_grows(self, document: str, count: Callable[[Json], int]) -> list[list[str]]:
        """The statements for one video of the user's, and for five; `count` tells how many parents an answer has."""
        counts: list[int] = []
        taken: list[list[str]] = []
        for more in (1, 4):
            await self.put(more)
            answer, statements = await self.ask(document)
            counts.append(count(answer))
            taken.append(statements)
        assert counts[1] > counts[0] > 0
        return taken


def topic_of(statement: str) -> str:
    """The table, and whether its rows are counted. What only is asked about, beside what is selected, does not count."""
    table = re.search(r"(?:FROM|INTO|UPDATE) (\w+)", re.sub(r"EXISTS \(SELECT [^()]*\)", "", statement))
    assert table is not None, statement
    return f"count of {table[1]}" if "count(*)" in statement else table[1]


@pytest_asyncio.fixture
async def shelf(idle_server: Server) -> Shelf:
    user = await idle_server.user()
    return Shelf(server=idle_server, user=user, ids=[global_id("User", await user_id_of(user))])


def test_every_nested_list_is_asked_for_here() -> None:
    """What is a list, or a page of one, on anything that a query can reach."""
    schema = build_schema(build_our_schema().as_str())
    asked = set[str]()
    info = TypeInfo(schema)

    class Asked(Visitor):
        def enter_field(self, node: FieldNode, *_: object) -> None:
            parent = info.get_parent_type()
            asked.add(f"{parent.name if parent else None}.{node.name.value}")

    for document in DOCUMENTS:
        visit(parse(document), TypeInfoVisitor(info, Asked()))
    lists = {
        f"{holder.name}.{name}"
        for holder in schema.type_map.values()
        if isinstance(holder, GraphQLObjectType) and not holder.name.endswith(("Connection", "InvalidInput"))
        for name, field in holder.fields.items()
        if isinstance(get_named_type(field.type), GraphQLObjectType | GraphQLInterfaceType)
        and ("Connection" in str(field.type) or "[" in str(field.type))
        and not holder.name.startswith("__")
        # No query reaches an event.
        and "StreamEvent" not in {one.name for one in holder.interfaces}
    }
    assert lists >= {"Video.notes", "Message.citations", "Query.nodes"}
    assert lists <= asked


@pytest.mark.asyncio
async def test_samples(shelf: Shelf) -> None:
    for statements in await shelf.ask_as_it_grows(SAMPLES, lambda answer: len(answer["sampleVideos"])):
        assert statements == sorted([*FOR_VIDEOS, "videos"])


@pytest.mark.asyncio
async def test_own_videos(shelf: Shelf) -> None:
    def count(answer: Json) -> int:
        return len(answer["viewer"]["user"]["videos"]["nodes"])

    for statements in await shelf.ask_as_it_grows(VIDEOS, count):
        assert statements == sorted([*FOR_VIDEOS, "users", "videos", "count of videos"])


@pytest.mark.asyncio
async def test_own_notes(shelf: Shelf) -> None:
    def count(answer: Json) -> int:
        return len(answer["viewer"]["user"]["notes"]["nodes"])

    for statements in await shelf.ask_as_it_grows(NOTES, count):
        assert statements == ["count of notes", "notes", "users", "video_parts", "videos"]


@pytest.mark.asyncio
async def test_own_conversations(shelf: Shelf) -> None:
    def count(answer: Json) -> int:
        return len(answer["viewer"]["conversations"]["nodes"])

    for statements in await shelf.ask_as_it_grows(CONVERSATIONS, count):
        assert statements == sorted(
            [*FOR_CONVERSATIONS, "conversations", "count of conversations", "videos", "users", "conversations"]
        )


@pytest.mark.asyncio
async def test_own_sessions(shelf: Shelf) -> None:
    for more in (1, 4):
        await shelf.add(Session, *({"user_agent": None} for _ in range(more)))
        answer, statements = await shelf.ask(SESSIONS)
        assert answer["viewer"]["user"]["sessions"]["totalCount"] == 1 + (1 if more == 1 else 5)
        assert statements == ["count of sessions", "sessions", "users"]


@pytest.mark.asyncio
async def test_own_jobs(shelf: Shelf) -> None:
    for more in (1, 4):
        made = await shelf.add(Job, *({"kind": "USER_EXPORT", "status": "SUCCEEDED"} for _ in range(more)))
        async with shelf.server.services.database.write() as tx:
            file = {"name": "all.zip", "content_type": "application/zip", "size_bytes": 1}
            rows = [file | {"job_id": job, "storage_key": f"{job}/{number}"} for job in made for number in range(2)]
            await tx.execute(insert(Artifact), rows)
        answer, statements = await shelf.ask(JOBS)
        jobs = answer["viewer"]["user"]["jobs"]["nodes"]
        assert [len(job["artifacts"]) for job in jobs] == [2] * (1 if more == 1 else 5)
        assert statements == ["artifacts", "count of jobs", "jobs", "users"]


@pytest.mark.asyncio
async def test_the_audit_log(settings: Settings) -> None:
    guarded = settings.model_copy(update={"admin_token": SecretStr(ADMIN_TOKEN)})
    async with serving(guarded, work=False) as server:
        operator = Shelf(server=server, user=Client(url=server.url, token=ADMIN_TOKEN), ids=[])
        for count in (1, 2):
            answer, statements = await operator.ask(AUDIT)
            assert answer["auditEvents"]["totalCount"] == count
            # That it is read is itself written into it.
            assert statements == ["audit_events", "audit_events", "count of audit_events"]


ADD = """
mutation Add($youtube: String!) {
  videoAdd(input: {video: {youtube: $youtube}}) { ... on VideoAddSuccess { video { id } } }
}
"""


@pytest.mark.asyncio
async def test_what_operators_see_of_the_queue(settings: Settings) -> None:
    guarded = settings.model_copy(update={"admin_token": SecretStr(ADMIN_TOKEN)})
    async with serving(guarded, work=False) as server:
        operator = Shelf(server=server, user=Client(url=server.url, token=ADMIN_TOKEN), ids=[])
        user, seen = await server.user(), list[list[str]]()
        for youtube in ("first-video", "other-video"):
            added = await user.execute(ADD, youtube=youtube)
            tasks, statements = await operator.ask(TASKS)
            assert tasks["tasks"]["totalCount"] >= 2
            awaiting, more = await operator.ask(AWAITING, id=added.data["videoAdd"]["video"]["id"])
            assert awaiting["notesAwaitingAi"]["totalCount"] == 0
            seen.append([*statements, *more])
        assert seen[0] == seen[1]


@pytest.mark.asyncio
async def test_an_upload(shelf: Shelf) -> None:
    for _ in range(2):
        answer, statements = await shelf.ask(UPLOAD)
        assert answer["uploadCreate"]["headers"]
        assert statements == ["count of uploads", "uploads", "users"]


@pytest.mark.asyncio
async def test_nodes_of_every_type(shelf: Shelf) -> None:
    for more in (1, 2):
        await shelf.put(more)
        answer, statements = await shelf.ask(NODES, ids=shelf.ids)
        assert [node["id"] for node in answer["nodes"]] == shelf.ids
        by_id = ["users", "videos", "notes", "conversations", "messages"]
        # One more load of videos, for the notes and the conversations together; messages come on three levels.
        most = Counter([*by_id, "videos", *FOR_VIDEOS, *FOR_CONVERSATIONS, *FOR_MESSAGES])
        # Fewer where loads of one kind from two levels happen to meet in one tick; never more, whatever the parents.
        assert Counter(statements) <= most
        assert set(statements) == set(most)


@pytest.mark.asyncio
async def test_nothing_is_counted_or_read_unasked(shelf: Shelf) -> None:
    await shelf.put(1)
    for document, expected in (
        ("{ viewer { kind } }", []),
        ("{ viewer { kind conversations { edges { node { id } } } } }", ["conversations"]),
        ("{ viewer { user { name videos { pageInfo { hasNextPage } } } } }", ["users", "videos"]),
        ("{ sampleVideos { id title metadata } }", ["videos"]),
    ):
        assert (await shelf.ask(document))[1] == expected
    answer, statements = await shelf.ask(NODES, ids=[])
    assert (answer, statements) == ({"nodes": []}, [])


@pytest.mark.asyncio
async def test_a_guest_without_anything(idle_server: Server) -> None:
    guest = Shelf(server=idle_server, user=idle_server.guest(), ids=[])
    # Guests take no notes, and where there is no conversation there are no messages.
    _, statements = await guest.ask(SAMPLES)
    assert statements == [
        "conversations",
        "count of conversations",
        "count of transcript_segments",
        "transcript_segments",
        "video_parts",
        "videos",
    ]
