"""How each operation of the schema is asked for: a line for every root field, which whoever adds one adds, too."""

from collections.abc import Callable, Mapping, Sequence
from uuid import uuid4

from tests.schema.people import Person, email_of
from tests.schema.sdl import Schema
from tests.schema.selections import ENDLESS, select, write
from tests.schema.world import BROKEN, LECTURE, UNREADY, World
from tests.server import PASSWORD

Arguments = Mapping[str, object]
Calls = Callable[[World, Person], Sequence[Arguments]]

NO_ID = "Tm90ZTo5OTk5OTk"
"""Of a note that nobody has."""


def _inputs(*inputs: Arguments) -> list[Arguments]:
    return [{"input": one} for one in inputs]


def _ids(world: World, person: Person) -> Mapping[str, str]:
    """Theirs; those of somebody else for callers who cannot have anything, and are to be refused."""
    return person.ids or world.people["user A"].ids


def _registrations(world: World, person: Person) -> list[Arguments]:
    del world
    account = {"email": f"{uuid4().hex}@example.com", "password": PASSWORD, "name": person.canary}
    return _inputs(account, account | {"email": email_of("entrant")}, account | {"name": ""})


def _sign_ins(world: World, person: Person) -> list[Arguments]:
    del world, person
    right = {"email": email_of("entrant"), "password": PASSWORD}
    return _inputs(right, right | {"password": "wrong horse"}, right | {"password": ""})


def _refreshes(world: World, person: Person) -> list[Arguments]:
    del person
    unused = world.refresh_tokens.pop() if world.refresh_tokens else "none left"
    return _inputs({"refreshToken": unused}, {"refreshToken": "spent"})


def _notes(world: World, person: Person) -> list[Arguments]:
    note = {"video": {"id": world.videos[LECTURE]}, "timestamp": "1:05", "text": person.canary}
    return _inputs(note, note | {"video": {"id": NO_ID}}, note | {"timestamp": ""})


def _video_additions(world: World, person: Person) -> list[Arguments]:
    del person
    videos = ({"id": world.videos[LECTURE]}, {"id": NO_ID}, {"youtube": "no link"}, {"youtube": UNREADY})
    return _inputs(*({"video": video} for video in videos))


def _conversations(world: World, person: Person) -> list[Arguments]:
    conversation = {"video": {"id": world.videos[LECTURE]}, "title": person.canary}
    return _inputs(conversation, conversation | {"video": {"id": NO_ID}}, conversation | {"title": "x" * 301})


def _messages(world: World, person: Person) -> list[Arguments]:
    """The last of the good ones is one too many for the day."""
    ids = _ids(world, person)
    refused = ({"conversationId": ids[name], "text": "Why?"} for name in ("on unready", "on broken"))
    good = {"conversationId": ids["conversation"], "text": f"{person.canary}: why?"}
    return _inputs(*refused, good | {"text": ""}, good | {"conversationId": NO_ID}, good, good, good)


def _readiness(world: World, person: Person) -> list[Arguments]:
    del person
    lecture, unready = world.videos[LECTURE], world.videos[UNREADY]
    return [
        {"videoId": lecture},
        {"videoId": lecture, "after": world.lecture_position},
        {"videoId": unready, "timeoutSeconds": 1},
    ]


def _replies(world: World, person: Person) -> list[Arguments]:
    ids, position = _ids(world, person), [*person.position, None][0]
    ended = [{"messageId": ids[name]} for name in ("stopped", "failed")]
    return [{"messageId": ids["reply"], "after": None}, {"messageId": ids["reply"], "after": position}, *ended]


CALLS: dict[str, Calls] = {
    "Query.server": lambda _world, _person: [{}],
    "Query.viewer": lambda _world, _person: [{}],
    "Query.node": lambda world, person: [{"id": one} for one in (world.videos[LECTURE], *_ids(world, person).values())],
    "Query.nodes": lambda world, person: [{"ids": [world.videos[BROKEN], *_ids(world, person).values()]}],
    "Query.video": lambda world, _person: [
        {"by": {"id": world.videos[LECTURE]}},
        {"by": {"youtube": BROKEN}},
        {"by": {"youtube": UNREADY}},
    ],
    "Query.sampleVideos": lambda _world, _person: [{}],
    "Query.conversation": lambda world, person: [{"id": _ids(world, person)["conversation"]}],
    "Mutation.userRegister": _registrations,
    "Mutation.sessionCreate": _sign_ins,
    "Mutation.sessionRefresh": _refreshes,
    "Mutation.videoAdd": _video_additions,
    "Mutation.noteCreate": _notes,
    "Mutation.conversationCreate": _conversations,
    "Mutation.messageSend": _messages,
    "Mutation.replyStop": lambda world, person: _inputs(
        {"messageId": _ids(world, person)["pending"]}, {"messageId": NO_ID}
    ),
    "Subscription.videoReadiness": _readiness,
    "Subscription.wizReply": _replies,
}
"""The arguments of several calls, each a new list; between them they meet every kind of answer."""

GIVEN = {"Video.transcript": "(first: 2)"}
"""The arguments of fields below an operation, where one is required or the default would show much."""

ENTERING = frozenset({"Mutation.userRegister", "Mutation.sessionCreate", "Mutation.sessionRefresh"})
"""Operations that answer with what belongs to whoever signs in, and not to the caller."""


def document(schema: Schema, operation: str, arguments: Arguments, *, deepest: int = ENDLESS) -> str:
    """An operation that takes the arguments as variables of their names, and selects everything below the field."""
    root, _, name = operation.partition(".")
    field = schema.operations[operation]
    variables = ", ".join(f"${one}: {field.arguments[one].type}" for one in arguments)
    given = ", ".join(f"{one}: ${one}" for one in arguments)
    head = f"{root.lower()} Asked({variables}) {{ {name}({given})" if arguments else f"{root.lower()} Asked {{ {name}"
    return f"{head}{write(select(schema, field, deepest=deepest, given=GIVEN))} }}"
