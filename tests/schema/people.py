"""Callers of every kind, and what they do before a test begins."""

from contextlib import aclosing
from dataclasses import dataclass, field, replace
from uuid import uuid4

from schema.types.nodes import parse_global_id
from tests.client import Client, Json
from tests.schema.kept_client import KeptClient
from tests.server import PASSWORD

ADMIN_TOKEN = "an admin token that is only for tests"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """A caller; `kind` is the word for it in access.toml."""

    name: str
    kind: str
    client: Client
    canary: str
    """In every text of theirs, and in nobody else's."""
    user: str | None = None
    """Of a long-term token, the name of its user, to whom belongs what it makes. Nothing of the user's is the token's."""
    ids: dict[str, str] = field(default_factory=dict[str, str])
    """What is theirs, by what it is. Videos are not: they are shared."""
    position: list[str] = field(default_factory=list[str])
    """The first one of their reply's stream, before any of its text."""
    job_position: list[str] = field(default_factory=list[str])
    """The first one of the stream of their pending job, before it went on."""
    note_position: list[str] = field(default_factory=list[str])
    """One of the stream of their notes on the lecture, before one was taken, one changed and one deleted."""

    @property
    def markers(self) -> list[str]:
        """Texts that show, anywhere in an answer, that something of theirs is in it."""
        return [self.canary, *(f'"{one}"' for one in self.ids.values())]


async def gather_people(nobody: KeptClient) -> dict[str, Person]:
    """Callers of every kind on one server; none of them has anything yet."""
    admin, bad = replace(nobody, token=ADMIN_TOKEN), replace(nobody, token="bad")
    people = [
        Person(name="nobody", kind="nobody", client=nobody, canary=_canary("nobody")),
        Person(name="admin", kind="admin", client=admin, canary=_canary("admin")),
        Person(name="bad token", kind="bad", client=bad, canary=_canary("bad token")),
    ]
    for name in ("guest A", "guest B"):
        guest = replace(nobody, guest=uuid4().hex)
        people.append(Person(name=name, kind="guest", client=guest, canary=_canary(name)))
    for name in ("user A", "user B", "entrant"):
        user = replace(nobody, token=await _register(nobody, name))
        people.append(Person(name=name, kind="user", client=user, canary=_canary(name)))
    token = replace(nobody, token=await make_api_token(people[-3]))
    people.append(Person(name="token A", kind="token", client=token, canary=_canary("token A"), user="user A"))
    return {person.name: person for person in people}


async def newcomer(nobody: KeptClient) -> Person:
    """A user whom nobody has met, with nothing of theirs but an account."""
    name = f"newcomer {uuid4().hex}"
    person = Person(
        name=name, kind="user", client=replace(nobody, token=await _register(nobody, name)), canary=_canary(name)
    )
    person.ids["user"] = await user_id(person)
    return person


def row_of(id: str) -> int:
    """The row's, of a global id."""
    key = parse_global_id(id)
    assert key is not None
    return key.id


async def user_id(person: Person) -> str:
    viewer = await person.client.execute("{ viewer { user { id } } }")
    found: str = viewer.data["viewer"]["user"]["id"]
    return found


async def make_api_token(person: Person) -> str:
    """Their long-term token."""
    make = "mutation { apiTokenCreate { ... on ApiTokenCreateSuccess { token } } }"
    made: str = (await _do(person, make))["token"]
    return made


async def begin_conversation(person: Person, youtube: str) -> str:
    begin = """mutation Begin($youtube: String!, $title: String!) {
      conversationCreate(input: {video: {youtube: $youtube}, title: $title}) {
        ... on ConversationCreateSuccess { conversation { id } }
      }
    }"""
    done = await _do(person, begin, youtube=youtube, title=f"About tides, {person.canary}")
    begun: str = done["conversation"]["id"]
    return begun


async def send_message(person: Person, conversation_id: str) -> tuple[str, str]:
    """The ids of the question and of the reply."""
    send = """mutation Send($id: ID!, $text: String!) {
      messageSend(input: {conversationId: $id, text: $text}) {
        ... on MessageSendSuccess { question: message { id } reply { id } }
      }
    }"""
    text = f"{person.canary}: what is the tidal range of the Bay of Fundy?"
    sent = await _do(person, send, id=conversation_id, text=text)
    return sent["question"]["id"], sent["reply"]["id"]


async def first_position(person: Person, reply_id: str) -> str:
    """Of the reply's stream; before any of its text, when no worker has begun."""
    follow = "subscription Follow($id: ID!) { wizReply(messageId: $id) { ... on StreamEvent { position } } }"
    async with person.client.socket() as socket, aclosing(socket.subscribe(follow, id=reply_id)) as events:
        position: str = (await anext(events))["position"]
    return position


async def stop_reply(person: Person, reply_id: str) -> None:
    stop = """mutation Stop($id: ID!) {
      replyStop(input: {messageId: $id}) { ... on ReplyStopSuccess { message { id } } }
    }"""
    assert (await _do(person, stop, id=reply_id))["message"]


async def take_note(person: Person, youtube: str) -> str:
    take = """mutation Take($youtube: String!, $text: String!) {
      noteCreate(input: {video: {youtube: $youtube}, timestamp: "1:05", text: $text}) {
        ... on NoteCreateSuccess { note { id } }
      }
    }"""
    taken: str = (await _do(person, take, youtube=youtube, text=f"Two bulges, {person.canary}"))["note"]["id"]
    return taken


async def sign_in(nobody: Client, person: Person) -> Json:
    """A new session of a user: the tokens."""
    enter = """mutation Enter($email: String!, $password: String!) {
      sessionCreate(input: {email: $email, password: $password}) {
        ... on SessionCreateSuccess { tokens { accessToken refreshToken } }
      }
    }"""
    answer = await nobody.execute(enter, email=email_of(person.name), password=PASSWORD)
    tokens: Json = answer.data["sessionCreate"]["tokens"]
    return tokens


async def signed_in(person: Person) -> Person:
    """The user with a new session."""
    tokens = await sign_in(replace(person.client, token=None), person)
    return replace(person, client=replace(person.client, token=tokens["accessToken"]))


def email_of(name: str) -> str:
    return f"{_canary(name)}@example.com"


def _canary(name: str) -> str:
    return f"canary{name.lower().replace(' ', '')}"


async def _register(nobody: Client, name: str) -> str:
    """The access token of a new user."""
    register = """mutation Register($input: UserRegisterInput!) {
      userRegister(input: $input) { ... on UserRegisterSuccess { tokens { accessToken } } }
    }"""
    account = {"email": email_of(name), "password": PASSWORD, "name": _canary(name)}
    answer = await nobody.execute(register, input=account)
    token: str = answer.data["userRegister"]["tokens"]["accessToken"]
    return token


async def _do(person: Person, mutation: str, **variables: object) -> Json:
    answer = await person.client.execute(mutation, **variables)
    (done,) = answer.data.values()
    assert done, f"{person.name} was refused."
    found: Json = done
    return found
