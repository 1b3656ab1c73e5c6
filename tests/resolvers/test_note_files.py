"""`notesExport`: signed links to a user's notes as a file, and what is in the files."""

import asyncio
import csv
import io
import json
import random
import string
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import urlsplit

import httpx2
import pytest
from pydantic import SecretStr
from sqlalchemy import delete, insert, update

from db.models.tables import Note, Video
from services.errors import NotFound
from services.identity.keys import Keyring
from services.rates import Rate
from services.settings import Settings
from services.storage.links import SignedLinks
from tests.client import UNUSED_TLS, Client, Json
from tests.jobs import fetch
from tests.notes import EXPORT, change, do, remove, take
from tests.protocols.media.test_links import check_not_there
from tests.resolvers.stored import StoredVideo, row_id, store, store_notes, user_id_of
from tests.server import PASSWORD, Server, serving
from tests.settings import SECRET_KEY
from tests.statements import count_statements

pytestmark = pytest.mark.asyncio

ONE_ENGINE = pytest.mark.parametrize("databases", ["sqlite"], indirect=True)
EXTENSIONS = {"MARKDOWN": "md", "CSV": "csv", "JSON": "json"}
TYPES = {"MARKDOWN": "text/markdown; charset=utf-8", "CSV": "text/csv; charset=utf-8", "JSON": "application/json"}
TIDE = {"youtube": "sample-tide"}


async def link(client: Client, kind: str = "JSON", **fields: object) -> str:
    made = await do(client, EXPORT, input={"format": kind} | fields)
    assert made["__typename"] == "NotesExportSuccess", made
    url: str = made["url"]
    return url


async def text_of(client: Client, kind: str, **fields: object) -> str:
    answer = await fetch(await link(client, kind, **fields))
    assert answer.status_code == 200
    return answer.content.decode()


async def listed(client: Client, **fields: object) -> list[Json]:
    found: list[Json] = json.loads(await text_of(client, "JSON", **fields))
    return found


def parts(url: str) -> tuple[str, str]:
    """The token and the name."""
    _, notes, token, name = urlsplit(url).path.split("/")
    assert notes == "notes"
    return token, name


async def mark_as_the_assistants(server: Server, note: Json) -> None:
    async with server.services.database.write() as tx:
        await tx.execute(update(Note).where(Note.id == row_id(note["id"])).values(generated_by_ai=True))


async def test_all_of_a_note(idle_server: Server) -> None:
    user = await idle_server.user()
    first = await take(user, video={"youtube": "dQw4w9WgXcQ"}, timestamp="1:05", text="é\n潮", title="A & B")
    await mark_as_the_assistants(idle_server, first)
    second = await take(user, timestamp="1:x2")
    one, other = await listed(user)
    assert one == {
        "video": {
            "youtubeId": "dQw4w9WgXcQ",
            "title": "A & B",
            "url": "https://www.youtube.com/watch?v=dQw4w9WgXcQ",
        },
        "timestamp": "1:05",
        "startSeconds": 65.0,
        "jumpUrl": "https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=65s",
        "text": "é\n潮",
        "generatedByAi": True,
        "createdAt": first["createdAt"],
        "updatedAt": one["updatedAt"],
    }
    assert (other["video"]["url"], other["jumpUrl"], other["startSeconds"], other["text"]) == (None, None, None, None)
    assert (other["timestamp"], other["video"]["title"]) == ("1:x2", second["video"]["title"])


async def test_videos_together_by_moment_and_by_age(idle_server: Server) -> None:
    user = await idle_server.user()
    for video, timestamp, text in (
        ("sample-heat", "10:00", "a"),
        ("sample-tide", "0:30", "b"),
        ("sample-heat", "9:59", "c"),
        ("sample-tide", "no: time 12", "d"),
        ("sample-tide", "1:00:00", "e"),
        ("sample-heat", "9:59", "f"),
        ("sample-tide", "75:10", "g"),
        ("sample-tide", "0:00", "h"),
    ):
        await take(user, video={"youtube": video}, timestamp=timestamp, text=text)
    await take(await idle_server.user(), text="another user's")
    assert "".join(note["text"] for note in await listed(user)) == "cfa" + "hbegd"
    assert "".join(note["text"] for note in await listed(user, video=TIDE)) == "hbegd"
    await take(user, video={"youtube": "sample-tide"}, timestamp="0:10", text="i")
    assert "".join(note["text"] for note in await listed(user, video=TIDE)) == "hibegd"


async def test_the_link_shows_what_there_is_when_it_is_followed(idle_server: Server) -> None:
    user = await idle_server.user()
    url = await link(user)
    assert json.loads((await fetch(url)).content) == []
    note = await take(user, text="one")
    await change(user, note, "two")
    assert [each["text"] for each in json.loads((await fetch(url)).content)] == ["two"]
    await remove(user, note)
    assert json.loads((await fetch(url)).content) == []


async def test_files_without_notes(idle_server: Server) -> None:
    user = await idle_server.user()
    assert await text_of(user, "JSON") == "[]\n"
    assert await text_of(user, "MARKDOWN") == "# Notes\n\nThere are none yet.\n"
    (header,) = csv.reader(io.StringIO((await text_of(user, "CSV")).removeprefix("\ufeff"), newline=""))
    assert header[:4] == ["videoTitle", "videoUrl", "youtubeId", "timestamp"]


async def test_markdown(idle_server: Server) -> None:
    user = await idle_server.user()
    song = {"youtube": "dQw4w9WgXcQ"}
    await take(user, video=song, timestamp="1:05", text="- a *list*\n- of two\n\n# no heading", title="[A] #1")
    note = await take(user, video=song, timestamp="2:10", text="By the machine.")
    await mark_as_the_assistants(idle_server, note)
    await take(user, timestamp="1:00")
    title = (await listed(user, video=TIDE))[0]["video"]["title"]
    assert await text_of(user, "MARKDOWN") == (
        "# Notes\n"
        "\n## [\\[A\\] \\#1](https://www.youtube.com/watch?v=dQw4w9WgXcQ)\n"
        "\n**[1:05](https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=65s)**\n"
        "\n> - a *list*\n> - of two\n>\n> \\# no heading\n"
        "\n**[2:10](https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=130s)** (*written by the assistant*)\n"
        "\n> By the machine.\n"
        f"\n## {title}\n"
        "\n**1:00**\n"
    )


async def test_csv(idle_server: Server) -> None:
    user = await idle_server.user()
    for text in ('a "quoted", one', "two\nlines", "=1+1", "+1", "-1", "@SUM(A1)", "é", "a=1"):
        await take(user, text=text)
    for text in ("\ttab", "\rreturn", ""):
        await change(user, await take(user, text="x"), text)
    found = await text_of(user, "CSV", video=TIDE)
    assert found.startswith("\ufeffvideoTitle,videoUrl,")
    assert found.count("\r\n") == 12
    rows = list(csv.DictReader(io.StringIO(found.removeprefix("\ufeff"), newline="")))
    assert [row["text"] for row in rows] == [
        'a "quoted", one',
        "two\nlines",
        "'=1+1",
        "'+1",
        "'-1",
        "'@SUM(A1)",
        "é",
        "a=1",
        "'\ttab",
        "'\rreturn",
        "",
    ]
    assert {(row["timestamp"], row["startSeconds"], row["jumpUrl"], row["generatedByAi"]) for row in rows} == {
        ("1:05", "65", "", "false")
    }


async def test_no_cell_is_a_formula(idle_server: Server) -> None:
    """Whoever wrote it: titles are others', and an id at YouTube may begin with a minus."""
    user = await idle_server.user()
    video = {"youtube": "-Qw4w9WgXcQ"}
    await take(user, video=video, timestamp="=1:05", text="=HYPERLINK(1)", title="@evil")
    (row,) = csv.DictReader(io.StringIO((await text_of(user, "CSV")).removeprefix("\ufeff"), newline=""))
    assert not [cell for cell in row.values() if cell.startswith(("=", "+", "-", "@", "\t", "\r"))]
    assert (row["videoTitle"], row["youtubeId"], row["timestamp"]) == ("'@evil", "'-Qw4w9WgXcQ", "'=1:05")
    assert row["videoUrl"] == "https://www.youtube.com/watch?v=-Qw4w9WgXcQ"


@pytest.mark.parametrize("kind", list(EXTENSIONS))
async def test_headers(idle_server: Server, kind: str) -> None:
    user = await idle_server.user()
    await take(user, text="one")
    url = await link(user, kind)
    assert parts(url)[1] == f"notes.{EXTENSIONS[kind]}"
    answer, head = await fetch(url), await fetch(url, "HEAD")
    assert (answer.status_code, head.status_code, head.content) == (200, 200, b"")
    for found in (answer, head):
        assert found.headers["content-type"] == TYPES[kind]
        assert found.headers["cache-control"] == "private, no-store"
        assert found.headers["content-security-policy"] == "sandbox; default-src 'none'"
        assert found.headers["x-content-type-options"] == "nosniff"
        name = f"VidWiz notes.{EXTENSIONS[kind]}"
        assert found.headers["content-disposition"] == (
            f"attachment; filename=\"{name}\"; filename*=UTF-8''{name.replace(' ', '%20')}"
        )
    for method in ("POST", "PUT", "DELETE"):
        assert (await fetch(url, method)).status_code == 405


@ONE_ENGINE
async def test_names_of_files(idle_server: Server) -> None:
    user = await idle_server.user()
    for number, (title, name) in enumerate(
        {
            "Ebbe & Flut, Übersicht": "Notes on Ebbe & Flut, Übersicht",
            'a/b\\c:"d"\r\n\t<e>': "Notes on a_b_c__d_ _e_",
            "潮": "Notes on 潮",
            "x" * 300: f"Notes on {'x' * 100}",
            "dots. . .": "Notes on dots",
            "\u202egnp.exe": "Notes on _gnp.exe",
        }.items()
    ):
        video = {"youtube": f"naming-{number:04}"}
        await take(user, video=video, title=title)
        header = (await fetch(await link(user, video=video))).headers["content-disposition"]
        assert header.isascii()
        # Percent-encoded, as httpx2 reads no header of other letters.
        expected = "".join(f"%{byte:02X}" if chr(byte) not in UNRESERVED else chr(byte) for byte in name.encode())
        assert header.endswith(f"filename*=UTF-8''{expected}.json"), title


UNRESERVED = string.ascii_letters + string.digits + "-._~"


async def test_when_it_expires(idle_server: Server) -> None:
    user = await idle_server.user()
    before = datetime.now(UTC)
    made = await do(user, EXPORT, input={"format": "JSON"})
    expires = datetime.fromisoformat(made["expiresAt"])
    assert timedelta(minutes=60) <= expires - before < timedelta(minutes=61)
    token, name = parts(made["url"])
    assert int(token.split(".")[1]) == expires.timestamp()
    links = SignedLinks(Keyring(SECRET_KEY.encode()), f"notes {name}")
    user_id = await user_id_of(user)
    for seconds, status in ((60, 200), (-1, 404)):
        signed = links.sign(user_id, datetime.now(UTC) + timedelta(seconds=seconds))
        assert (await fetch(f"{idle_server.url}/notes/{signed}/{name}")).status_code == status


async def test_so_many_files_of_one_user(settings: Settings) -> None:
    """By whose notes they are, whoever has the links and wherever they come from."""
    changes = {"rate_limit_enabled": True, "rate_limit_default": Rate(3, 600)}
    async with serving(settings.model_copy(update=changes), work=False) as server:
        ada, ben = await server.user(), await server.user()
        one, other = await link(ada, "JSON"), await link(ada, "CSV")
        answers = [await fetch(url, method) for url, method in ((one, "GET"), (other, "HEAD"), (one, "GET"))]
        assert [answer.status_code for answer in answers] == [200] * 3
        for method in ("GET", "HEAD"):
            refused = await fetch(other, method)
            assert refused.status_code == 429
            assert 0 < int(refused.headers["retry-after"]) <= 600
            assert b"videoTitle" not in refused.content
        token, name = parts(one)
        check_not_there(await fetch(f"{server.url}/notes/{token}x/{name}"))
        assert (await fetch(await link(ben))).status_code == 200


async def test_a_link_is_good_for_one_file_alone(idle_server: Server) -> None:
    ada, bob = await idle_server.user(), await idle_server.user()
    await take(ada, text="Ada's")
    await take(bob, text="Bob's")
    everything, of_one = await link(ada), await link(ada, video=TIDE)
    token, _ = parts(everything)
    names = (
        "notes.csv",
        "notes.md",
        "notes-sample-tide.json",
        "notes-sample-heat.json",
        "notes-.json",
        "notes.pdf",
        "x",
    )
    for name in names:
        check_not_there(await fetch(f"{idle_server.url}/notes/{token}/{name}"))
    check_not_there(await fetch(f"{idle_server.url}/notes/{parts(of_one)[0]}/notes.json"))
    check_not_there(await fetch(f"{idle_server.url}/notes/{token}"))
    # Whoever has the link gets its owner's notes, and never the caller's.
    for client in (bob, idle_server.guest(), idle_server.nobody):
        (note,) = json.loads((await fetch(everything, **client.headers)).content)
        assert note["text"] == "Ada's"


async def test_ten_thousand_altered_tokens(idle_server: Server) -> None:
    token, name = parts(await link(await idle_server.user()))
    exports = idle_server.services.note_exports
    assert (await exports.find(token, name)).name == "VidWiz notes.json"
    choices, letters = random.Random(5), string.ascii_letters + string.digits + "._-~ \0é٣"  # noqa: S311  no secret
    accepted: list[str] = []
    for _ in range(10_000):
        place = choices.randrange(len(token))
        altered = choices.choice(
            [
                token[:place] + choices.choice(letters) + token[place + 1 :],
                token[:place] + token[place + 1 :],
                token[:place] + choices.choice(letters) + token[place:],
                token[:place] + token[place:].swapcase(),
                "0" + token,
                token[:place],
            ]
        )
        try:
            await exports.find(altered, name)
        except NotFound:
            continue
        if altered != token:
            accepted.append(altered)
    assert accepted == []


async def test_dead_with_the_account_and_with_the_key(settings: Settings, idle_server: Server) -> None:
    user = await idle_server.user("leaver@example.com")
    await take(user, text="one")
    url = await link(user)
    rotated = settings.model_copy(update={"secret_key": SecretStr("another secret key, long enough too")})
    async with serving(rotated, work=False) as elsewhere:
        check_not_there(await fetch(url.replace(idle_server.url, elsewhere.url)))
    assert (await fetch(url)).status_code == 200
    leave = """mutation Leave($password: String!) {
      userDelete(input: {confirmEmail: "leaver@example.com", password: $password}) { __typename }
    }"""
    assert (await do(user, leave, password=PASSWORD))["__typename"] == "UserDeleteSuccess"
    check_not_there(await fetch(url))
    assert (await fetch(url, "HEAD")).status_code == 404


async def test_an_unknown_video_is_not_found(idle_server: Server) -> None:
    user = await idle_server.user()
    note = await take(user, text="one")
    for video in ({"youtube": "AAAAAAAAAAA"}, {"id": note["id"]}, {"id": "nonsense"}, {"id": "VmlkZW86OTk5OTk5"}):
        assert await do(user, EXPORT, input={"format": "CSV", "video": video}) == {
            "__typename": "NotFound",
            "message": "Video not found.",
        }
    refused = await do(user, EXPORT, input={"format": "CSV", "video": {"youtube": "no link"}})
    assert [problem["path"] for problem in refused["problems"]] == [["video", "youtube"]]
    wrong: list[Json] = [{"format": "PDF"}, {"format": "ANKI"}, {}, {"format": None}, {"format": "CSV", "video": {}}]
    for one in wrong:
        assert (await user.execute(EXPORT, input=one)).code == "BAD_USER_INPUT"


MAKE_TOKEN = "mutation { apiTokenCreate { ... on ApiTokenCreateSuccess { token } } }"


@ONE_ENGINE
async def test_only_users_are_given_one(idle_server: Server) -> None:
    user = await idle_server.user()
    token = (await user.execute(MAKE_TOKEN)).data["apiTokenCreate"]["token"]
    for client, code in (
        (idle_server.nobody, "UNAUTHENTICATED"),
        (idle_server.guest(), "UNAUTHENTICATED"),
        (replace(user, token=token), "FORBIDDEN"),
    ):
        assert (await client.execute(EXPORT, input={"format": "JSON"})).code == code


async def test_begins_with_the_public_address(settings: Settings) -> None:
    address = "https://vidwiz.example.com/api"
    async with serving(settings.model_copy(update={"public_url": address}), work=False) as server:
        url = await link(await server.user())
        assert url.startswith(f"{address}/notes/")
        assert (await fetch(url.replace(address, server.url))).status_code == 200


async def test_page_by_page(idle_server: Server) -> None:
    """So many statements a page, however many videos there are, and none of them while a page is being sent."""
    user = await idle_server.user()
    video_ids = await store(idle_server, *(StoredVideo(title=f"video {n}") for n in range(25)))
    await store_notes(idle_server, await user_id_of(user), video_ids, each=10)
    token, name = parts(await link(user))
    file = await idle_server.services.note_exports.find(token, name)
    async with count_statements(idle_server.services.database._engines) as statements:
        pieces = [piece async for piece in file.write()]
    assert len(statements) == 1 + 3 * 2
    assert len(pieces) == 1 + 3 + 1
    assert [note["text"] for note in json.loads("".join(pieces))] == [f"note {n}" for n in range(10)] * 25


async def test_what_is_deleted_meanwhile_is_left_out(idle_server: Server) -> None:
    user = await idle_server.user()
    video_ids = await store(idle_server, StoredVideo())
    ids = await store_notes(idle_server, await user_id_of(user), video_ids, each=150)
    file = await idle_server.services.note_exports.find(*parts(await link(user)))
    pieces: list[str] = []
    async for piece in file.write():
        pieces.append(piece)
        if len(pieces) == 1:
            async with idle_server.services.database.write() as tx:
                await tx.execute(delete(Note).where(Note.id.in_(ids[10:140])))
    assert len(json.loads("".join(pieces))) == 20


async def test_many_notes_at_once(idle_server: Server) -> None:
    user = await idle_server.user()
    user_id = await user_id_of(user)
    async with idle_server.services.database.write() as tx:
        video = await tx.scalar(insert(Video).values(youtube_id="manynotes01").returning(Video.id))
        note = {"user_id": user_id, "video_id": video, "text": "x" * 200}
        await tx.execute(insert(Note), [note | {"timestamp": f"{n // 60}:{n % 60:02}"} for n in range(9_999, -1, -1)])
    urls = [await link(user, kind) for kind in EXTENSIONS]
    answers = await asyncio.gather(*(fetch(url) for url in urls))
    assert [answer.status_code for answer in answers] == [200] * 3
    assert answers[0].content.decode().count("\n> ") == 10_000
    assert answers[1].content.count(b"\r\n") == 10_001
    assert [note["startSeconds"] for note in json.loads(answers[2].content)] == list(range(10_000))


async def test_no_session_is_held_while_sending(settings: Settings) -> None:
    """With a pool of one connection others go on while somebody takes nothing of a large file."""
    async with serving(settings.model_copy(update={"db_pool_size": 1}), work=False) as server:
        user = await server.user()
        (video_id,) = await store(server, StoredVideo())
        note = {"user_id": await user_id_of(user), "video_id": video_id, "timestamp": "0:01", "text": "x" * 10_000}
        async with server.services.database.write() as tx:
            await tx.execute(insert(Note), [note] * 2_000)
        url = await link(user)
        async with (
            httpx2.AsyncClient(verify=UNUSED_TLS, timeout=30) as http,
            http.stream("GET", url, headers={"Accept-Encoding": "identity"}) as answer,
        ):
            assert answer.status_code == 200
            for _ in range(5):
                assert (await user.execute("{ viewer { user { notes { totalCount } } } }")).data["viewer"]["user"]
            assert len(json.loads(await answer.aread())) == 2_000
