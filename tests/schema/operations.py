"""How each operation of the schema is asked for: a line for every root field, which whoever adds one adds, too."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import partial
from uuid import uuid4

from services.mail.messages import Purpose
from tests.schema.belongings import send_picture
from tests.schema.people import Person, email_of, make_api_token, take_note
from tests.schema.queued import TASK_OPERATIONS, task_calls
from tests.schema.sdl import Schema
from tests.schema.selections import ENDLESS, select, write
from tests.schema.world import BROKEN, LECTURE, UNREADY, World
from tests.server import PASSWORD
from tests.servers.video_search import OUT_OF_ORDER, UNKNOWN

Arguments = Mapping[str, object]
Calls = Callable[[World, Person], Sequence[Arguments]]
Prepare = Callable[[Person], Awaitable[object]]

NO_ID = "Tm90ZTo5OTk5OTk"
"""Of a note that nobody has."""


async def nothing(person: Person) -> None:
    del person


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


def _google_sign_ins(world: World, person: Person) -> list[Arguments]:
    """The entrant comes with their password the first time; from then on Google is enough."""
    del person
    right = {"credential": world.google.credential("entrant", email_of("entrant")), "password": PASSWORD}
    taken = world.google.credential("nobody's", email_of("user A"))
    return _inputs(right, {"credential": taken}, {"credential": "garbage"}, {"credential": ""})


def _refreshes(world: World, person: Person) -> list[Arguments]:
    del person
    unused = world.refresh_tokens.pop() if world.refresh_tokens else "none left"
    return _inputs({"refreshToken": unused}, {"refreshToken": "spent"})


def _searches(world: World, person: Person) -> list[Arguments]:
    """What all have something of; then what others have alone."""
    others = [other.canary for other in world.people.values() if other is not person]
    return [{"query": query, "first": 50} for query in ("tide", "bulges", person.canary, *others)]


def _notes(world: World, person: Person) -> list[Arguments]:
    note = {"video": {"id": world.videos[LECTURE]}, "timestamp": "1:05", "text": person.canary}
    return _inputs(
        note, note | {"video": {"youtube": BROKEN}}, note | {"video": {"id": NO_ID}}, note | {"timestamp": ""}
    )


def _titled_notes(world: World, person: Person) -> list[Arguments]:
    del world
    note = {"title": "a lecture", "timestamp": "1:05", "text": person.canary}
    return _inputs(note, note | {"title": OUT_OF_ORDER}, note | {"title": UNKNOWN}, note | {"timestamp": ""})


def _note_changes(world: World, person: Person) -> list[Arguments]:
    change = {"id": _ids(world, person).get("note", NO_ID), "patch": {"text": f"Changed, {person.canary}"}}
    return _inputs(change, change | {"id": NO_ID}, change | {"patch": {}})


def _note_exports(world: World, person: Person) -> list[Arguments]:
    del person
    videos = (None, {"id": world.videos[LECTURE]}, {"id": NO_ID}, {"youtube": "no link"})
    return _inputs(*({"format": "CSV", "video": video} for video in videos))


def _note_streams(world: World, person: Person) -> list[Arguments]:
    lecture, position = world.videos[LECTURE], [*person.note_position, None][0]
    return [{"videoId": lecture}, {"videoId": lecture, "after": position}]


async def _take_a_note(person: Person) -> None:
    person.ids["note"] = await take_note(person, LECTURE)


def _video_additions(world: World, person: Person) -> list[Arguments]:
    del person
    videos = ({"id": world.videos[LECTURE]}, {"id": NO_ID}, {"youtube": "no link"}, {"youtube": UNREADY})
    return _inputs(*({"video": video} for video in videos))


def _submissions(world: World, person: Person) -> list[Arguments]:
    """Of a video that nobody else has met; and of one that has a transcript."""
    own = f"{person.name.replace(' ', '-'):-<11}"[:11]
    videos = ({"youtube": own}, {"id": world.videos[LECTURE]}, {"id": NO_ID}, {"youtube": "no link"})
    return _inputs(*({"video": video, "source": {"text": "The moon pulls at the sea."}} for video in videos))


def _conversations(world: World, person: Person) -> list[Arguments]:
    conversation = {"video": {"id": world.videos[LECTURE]}, "title": person.canary}
    return _inputs(conversation, conversation | {"video": {"id": NO_ID}}, conversation | {"title": "x" * 301})


def _messages(world: World, person: Person) -> list[Arguments]:
    """The last of the good ones is one too many for the day."""
    ids = _ids(world, person)
    refused = ({"conversationId": ids[name], "text": "Why?"} for name in ("on unready", "on broken"))
    good = {"conversationId": ids["conversation"], "text": f"{person.canary}: why?"}
    return _inputs(*refused, good | {"text": ""}, good | {"conversationId": NO_ID}, good, good, good)


def _retries(world: World, person: Person) -> list[Arguments]:
    """One is to come already, and another would be one too many for the day."""
    ids = _ids(world, person)
    return _inputs(*({"messageId": one} for one in (ids["pending"], ids["stopped"], NO_ID)))


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


def _twice(world: World, person: Person) -> list[Arguments]:
    """What is done is done: the second time is refused."""
    del world, person
    return [{}, {}]


def _mailed(world: World, purpose: Purpose) -> str:
    """A token that is good, while there are any."""
    unused = world.mailed_tokens[purpose]
    return unused.pop() if unused else "none left"


def _verifications(world: World, person: Person) -> list[Arguments]:
    del person
    return _inputs({"token": _mailed(world, Purpose.EMAIL_VERIFICATION)}, {"token": "spent"})


def _resets(world: World, person: Person) -> list[Arguments]:
    del person
    reset = {"token": _mailed(world, Purpose.PASSWORD_RESET), "newPassword": PASSWORD}
    return _inputs(reset | {"newPassword": ""}, reset, reset | {"token": "spent"})


def _password_changes(world: World, person: Person) -> list[Arguments]:
    del world, person
    change = {"oldPassword": PASSWORD, "newPassword": "another correct horse"}
    return _inputs(change | {"newPassword": ""}, change | {"oldPassword": "wrong horse"}, change)


def _deletions(world: World, person: Person) -> list[Arguments]:
    del world
    deletion = {"confirmEmail": email_of(person.name), "password": PASSWORD}
    return _inputs(deletion | {"confirmEmail": "x@example.com"}, deletion | {"password": "wrong horse"}, deletion)


def _uploads(world: World, person: Person) -> list[Arguments]:
    del world, person
    picture = {"purpose": "AVATAR", "filename": "me.png", "contentType": "image/png", "sizeBytes": 100}
    return _inputs(picture, picture | {"sizeBytes": 0})


def _job_streams(world: World, person: Person) -> list[Arguments]:
    ids, position = _ids(world, person), [*person.job_position, None][0]
    return [{"jobId": ids.get("job", NO_ID)}, {"jobId": ids.get("pending job", NO_ID), "after": position}]


def _task_calls(name: str, world: World, person: Person) -> Sequence[Arguments]:
    del person
    return task_calls(world.tasks)[name]


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
    "Query.search": _searches,
    "Query.sampleVideos": lambda _world, _person: [{}],
    "Query.conversation": lambda world, person: [{"id": _ids(world, person)["conversation"]}],
    "Query.job": lambda world, person: [{"id": _ids(world, person).get(name, NO_ID)} for name in ("job", "failed job")],
    "Query.auditEvents": lambda _world, _person: [{}, {"filter": {"kinds": []}}],
    "Mutation.userRegister": _registrations,
    "Mutation.sessionCreate": _sign_ins,
    "Mutation.sessionRefresh": _refreshes,
    "Mutation.sessionCreateWithGoogle": _google_sign_ins,
    "Mutation.videoAdd": _video_additions,
    "Mutation.videoRetry": lambda world, _person: _inputs(
        {"id": world.videos[LECTURE], "part": "SUMMARY"}, {"id": NO_ID, "part": "TRANSCRIPT"}
    ),
    "Mutation.transcriptSubmit": _submissions,
    "Mutation.noteCreate": _notes,
    "Mutation.noteCreateByTitle": _titled_notes,
    "Mutation.noteUpdate": _note_changes,
    "Mutation.noteDelete": lambda world, person: _inputs({"id": _ids(world, person).get("note", NO_ID)}, {"id": NO_ID}),
    "Mutation.noteRetry": lambda world, person: _inputs({"id": _ids(world, person).get("note", NO_ID)}, {"id": NO_ID}),
    "Mutation.notesExport": _note_exports,
    "Mutation.conversationCreate": _conversations,
    "Mutation.conversationRename": lambda world, person: _inputs(
        {"id": _ids(world, person)["conversation"], "title": f"About tides, {person.canary}"},
        {"id": NO_ID, "title": "x"},
        {"id": NO_ID, "title": ""},
    ),
    "Mutation.messageSend": _messages,
    "Mutation.conversationDelete": lambda world, person: _inputs(
        {"id": _ids(world, person)["on broken"]}, {"id": NO_ID}
    ),
    "Mutation.replyRetry": _retries,
    "Mutation.replyStop": lambda world, person: _inputs(
        {"messageId": _ids(world, person)["pending"]}, {"messageId": NO_ID}
    ),
    "Mutation.userUpdate": lambda _world, person: _inputs({"name": person.canary}, {"name": "x"}),
    "Mutation.passwordChange": _password_changes,
    "Mutation.passwordResetRequest": lambda _world, _person: _inputs({"email": "nobody@example.com"}, {"email": "\0"}),
    "Mutation.passwordReset": _resets,
    "Mutation.emailVerificationRequest": lambda _world, _person: [{}],
    "Mutation.emailVerify": _verifications,
    "Mutation.userExport": lambda _world, _person: [{}],
    "Mutation.userDelete": _deletions,
    "Mutation.sessionRevoke": lambda _world, _person: _inputs({"sessionId": NO_ID}, {}),
    "Mutation.sessionRevokeAll": lambda _world, _person: [{}],
    "Mutation.uploadCreate": _uploads,
    "Mutation.avatarSet": lambda world, person: _inputs({"uploadId": _ids(world, person).get("upload", NO_ID)}) * 2,
    "Mutation.avatarRemove": lambda _world, _person: [{}],
    "Mutation.jobCancel": lambda world, person: _inputs({"id": _ids(world, person).get("job", NO_ID)}, {"id": NO_ID}),
    "Mutation.guestSessionCreate": lambda _world, _person: [{}],
    "Mutation.guestConversationsClaim": lambda _world, _person: _inputs(
        {"guestSessionId": uuid4().hex}, {"guestSessionId": "\t"}
    ),
    "Mutation.apiTokenCreate": _twice,
    "Mutation.apiTokenRevoke": _twice,
    "Mutation.providerKeysSet": lambda _world, person: _inputs(
        {"gemini": f"key-of-{person.canary}", "openrouter": None}, {"openrouter": "two words"}
    ),
    "Subscription.videoReadiness": _readiness,
    "Subscription.wizReply": _replies,
    "Subscription.jobProgress": _job_streams,
    "Subscription.noteUpdated": _note_streams,
    **{name: partial(_task_calls, name) for name in TASK_OPERATIONS},
}
"""The arguments of several calls, each a new list; between them they meet every kind of answer."""

BY_NEWCOMERS: dict[str, Prepare] = {
    "Mutation.apiTokenCreate": nothing,
    "Mutation.apiTokenRevoke": make_api_token,
    "Mutation.avatarSet": send_picture,
    "Mutation.noteDelete": _take_a_note,
    "Mutation.passwordChange": nothing,
    "Mutation.sessionRevoke": nothing,
    "Mutation.sessionRevokeAll": nothing,
    "Mutation.userDelete": nothing,
}
"""Operations that change what a user is or takes away what they stand on, with what is done first.

A user asks each as somebody new, so that neither the other operations nor the other callers notice.
"""

GIVEN = {"Video.transcript": "(first: 2)"}
"""The arguments of fields below an operation, where one is required or the default would show much."""

ENTERING = frozenset(
    {
        "Mutation.userRegister",
        "Mutation.sessionCreate",
        "Mutation.sessionRefresh",
        "Mutation.sessionCreateWithGoogle",
        "Mutation.passwordResetRequest",
        "Mutation.passwordReset",
        "Mutation.emailVerify",
    }
)
"""Operations that answer with what belongs to whoever signs in, and not to the caller."""


def document(schema: Schema, operation: str, arguments: Arguments, *, deepest: int = ENDLESS) -> str:
    """An operation that takes the arguments as variables of their names, and selects everything below the field."""
    root, _, name = operation.partition(".")
    field = schema.operations[operation]
    variables = ", ".join(f"${one}: {field.arguments[one].type}" for one in arguments)
    given = ", ".join(f"{one}: ${one}" for one in arguments)
    head = f"{root.lower()} Asked({variables}) {{ {name}({given})" if arguments else f"{root.lower()} Asked {{ {name}"
    return f"{head}{write(select(schema, field, deepest=deepest, given=GIVEN))} }}"
