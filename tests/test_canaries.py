"""A day with everything that is secret: none of it is in the logs, and what is only compared is nowhere in the clear."""

import io
import json
import re
import zipfile
from dataclasses import dataclass, field
from pathlib import Path

import httpx2
import pytest
from PIL import Image
from sqlalchemy import select

from db.engine import open_engines
from db.models.tables import Base
from tests.client import Client, Json
from tests.commands import Operator
from tests.conditions import until

EMAIL, NAME = "canary.ada@example.com", "Canary Ada"
PASSWORDS = [f"canary horse number {number}" for number in range(3)]
KEYS = {"gemini": "canary-gemini-key-0123456789", "openrouter": "canary-openrouter-key-0123456789"}
ADMIN_TOKEN = "canary-admin-token-0123456789"
SECRET_KEY = "canary secret key, which is long enough for anybody"
NOTE, QUESTION = "canary note: two bulges", "canary question: what is the tidal range of the Bay of Fundy?"

TOKENS = "tokens { accessToken refreshToken }"
VIEWER = "{ viewer { kind user { avatarUrl sessions { nodes { id } } } } }"
FOLLOW = "subscription ($id: ID!) { wizReply(messageId: $id) { __typename } }"
WATCH = "subscription ($id: ID!) { jobProgress(jobId: $id) { ... on JobFinished { job { artifacts { url } } } } }"


@dataclass
class Day:
    """What a client did and got; `secrets` is all that must not be found anywhere."""

    url: str
    outbox: Path
    secrets: list[str] = field(default_factory=lambda: [*PASSWORDS, *KEYS.values(), ADMIN_TOKEN, SECRET_KEY])

    async def do(self, client: Client, mutation: str, input: Json | None = None, fields: str = "__typename") -> Json:
        """What became of a mutation; `fields` are of its success."""
        kind = mutation[0].upper() + mutation[1:]
        asked = f"{mutation}{'(input: $input)' if input is not None else ''}"
        wanted = f"{{ __typename ... on {kind}Success {{ {fields} }} }}"
        head = f"mutation Day($input: {kind}Input!)" if input is not None else "mutation Day"
        answer = await client.execute(
            f"{head} {{ {asked} {wanted} }}", **({"input": input} if input is not None else {})
        )
        done: Json = answer.data[mutation]
        return done

    def keep(self, tokens: Json) -> Client:
        self.secrets += [tokens["accessToken"], tokens["refreshToken"]]
        return Client(url=self.url, token=tokens["accessToken"])

    async def mailed(self, number: int) -> str:
        """The token in the mail of that number, once it is there."""

        async def is_there() -> bool:
            return len(list(self.outbox.glob("*.eml"))) > number

        await until(is_there)
        text = sorted(self.outbox.glob("*.eml"))[number].read_text()
        token: str = max(re.findall(r"[\w-]{30,}", text), key=len)
        self.secrets.append(token)
        return token


async def sign_in_and_out(day: Day, nobody: Client) -> Client:
    """Every door, also with what does not open it."""
    first, second, third = PASSWORDS
    account = {"email": EMAIL, "password": first, "name": NAME}
    day.keep((await day.do(nobody, "userRegister", account, TOKENS))["tokens"])
    await day.do(nobody, "userRegister", account)
    await day.do(nobody, "sessionCreate", {"email": EMAIL, "password": third})
    await day.do(nobody, "sessionCreateWithGoogle", {"credential": "canary.google.credential"})
    await day.do(nobody, "emailVerify", {"token": await day.mailed(0)})
    tokens = (await day.do(nobody, "sessionCreate", {"email": EMAIL, "password": first}, TOKENS))["tokens"]
    user = day.keep(tokens)
    refresh = {"refreshToken": tokens["refreshToken"]}
    day.keep((await day.do(nobody, "sessionRefresh", refresh, TOKENS))["tokens"])
    await day.do(nobody, "sessionRefresh", refresh)
    await day.do(user, "passwordChange", {"oldPassword": first, "newPassword": second})
    await day.do(user, "sessionRevoke", {})
    await day.do(nobody, "passwordResetRequest", {"email": EMAIL})
    reset = {"token": await day.mailed(1), "newPassword": third}
    await day.do(nobody, "passwordReset", reset)
    await day.do(nobody, "passwordReset", reset)
    tokens = (await day.do(nobody, "sessionCreate", {"email": EMAIL, "password": third}, TOKENS))["tokens"]
    return day.keep(tokens)


async def ask_wiz(day: Day, client: Client) -> None:
    about = {"video": {"youtube": "sample-tide"}}
    begun = await day.do(client, "conversationCreate", about, "conversation { id }")
    question = {"conversationId": begun["conversation"]["id"], "text": QUESTION}
    sent = await day.do(client, "messageSend", question, "reply { id }")
    async with client.socket() as socket:
        events = [event["__typename"] async for event in socket.subscribe(FOLLOW, id=sent["reply"]["id"])]
    assert events[-1] == "ReplyDone"


async def chat_as_a_guest(day: Day, nobody: Client, user: Client) -> None:
    guest = (await day.do(nobody, "guestSessionCreate", fields="guestSessionId"))["guestSessionId"]
    day.secrets += [guest, "canary-made-up-guest"]
    await ask_wiz(day, Client(url=day.url, guest=guest))
    await Client(url=day.url, guest="canary-made-up-guest").execute(VIEWER)
    claimed = await day.do(user, "guestConversationsClaim", {"guestSessionId": guest}, "claimedCount")
    assert claimed["claimedCount"] == 1


async def use_tokens_and_keys(day: Day, user: Client) -> None:
    note = {"video": {"youtube": "sample-tide"}, "timestamp": "1:05", "text": NOTE}
    token = (await day.do(user, "apiTokenCreate", fields="token"))["token"]
    day.secrets.append(token)
    assert (await day.do(Client(url=day.url, token=token), "noteCreate", note))["__typename"] == "NoteCreateSuccess"
    await Client(url=day.url, token=token).execute(VIEWER)
    await Client(url=day.url, token=token + "x").execute(VIEWER)
    await day.do(user, "providerKeysSet", KEYS)
    audit = "{ auditEvents { nodes { kind details } } }"
    assert (await Client(url=day.url, token=ADMIN_TOKEN).execute(audit)).data
    await Client(url=day.url, token="canary-wrong-token").execute(audit)


async def send_and_fetch_files(day: Day, user: Client, http: httpx2.AsyncClient) -> bytes:
    """A picture up, and down again; and the export, as it is."""
    picture = io.BytesIO()
    Image.new("RGB", (64, 64)).save(picture, "PNG")
    size = len(picture.getvalue())
    upload = {"purpose": "AVATAR", "filename": "canary.png", "contentType": "image/png", "sizeBytes": size}
    target = await day.do(user, "uploadCreate", upload, "upload { id } url headers { name value }")
    headers = {header["name"]: header["value"] for header in target["headers"]}
    (await http.put(target["url"], content=picture.getvalue(), headers=headers)).raise_for_status()
    await day.do(user, "avatarSet", {"uploadId": target["upload"]["id"]})
    avatar = (await user.execute(VIEWER)).data["viewer"]["user"]["avatarUrl"]
    (await http.get(avatar)).raise_for_status()
    job = (await day.do(user, "userExport", fields="job { id }"))["job"]["id"]
    async with user.socket() as socket:
        (finished,) = [event["job"] async for event in socket.subscribe(WATCH, id=job) if event]
    url = finished["artifacts"][0]["url"]
    exported = await http.get(url)
    day.secrets += [url.split("/")[-2], target["url"].rsplit("/", 1)[-1]]
    return exported.raise_for_status().content


async def rows(database_url: str) -> list[str]:
    """Every row of every table, bytes as text."""
    engines = open_engines(database_url)
    try:
        async with engines.reading.connect() as connection:
            return [
                str([value.decode("latin-1") if isinstance(value, bytes) else value for value in row])
                for table in Base.metadata.sorted_tables
                for row in (await connection.execute(select(table))).all()
            ]
    finally:
        await engines.close()


@pytest.mark.asyncio
async def test_a_day_of_secrets_leaves_none_behind(database_url: str, tmp_path: Path) -> None:
    variables = {
        "DB_URL": database_url,
        "LOG_LEVEL": "DEBUG",
        "EXTRACTIVE_PACE_SECONDS": "0",
        "RATE_LIMIT_AUTH": "1000/minute",
        "ADMIN_TOKEN": ADMIN_TOKEN,
        "SECRET_KEY": SECRET_KEY,
        "GOOGLE_CLIENT_ID": "ours.apps.googleusercontent.com",
        "GOOGLE_KEYS_URL": "http://127.0.0.1:9/keys",
    }
    data = tmp_path / "data"
    with Operator(folder=tmp_path, variables=variables).serving() as (url, process):
        day = Day(url=url, outbox=data / "outbox")
        nobody = Client(url=url)
        async with httpx2.AsyncClient(timeout=30) as http:
            user = await sign_in_and_out(day, nobody)
            await ask_wiz(day, user)
            await chat_as_a_guest(day, nobody, user)
            await use_tokens_and_keys(day, user)
            exported = await send_and_fetch_files(day, user, http)
            stored = await rows(database_url)
            await day.do(user, "userDelete", {"confirmEmail": EMAIL, "password": PASSWORDS[2]})
            last = (await http.get(f"{url}/livez")).headers["X-Request-ID"]

        async def is_logged() -> bool:
            return last in process.output()

        await until(is_logged)
        output = process.output()

    assert output.count("request.ended") > 30
    assert [line for line in output.splitlines() if "canary" in line.lower()] == []
    assert [secret for secret in day.secrets if secret in output] == []
    assert [secret for secret in day.secrets if any(secret in row for row in stored)] == []
    with zipfile.ZipFile(io.BytesIO(exported)) as archive:
        texts = [archive.read(name).decode() for name in archive.namelist()]
    assert any(json.dumps(NOTE) in text for text in texts)
    assert [secret for secret in day.secrets if any(secret in text for text in texts)] == []
    left = [row for row in await rows(database_url) if "canary" in row.lower()]
    assert left == []
