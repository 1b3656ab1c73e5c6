"""The conventions of the public schema, each as a rule that lists what breaks it."""

import re
from collections.abc import Callable, Iterator

from tests.schema.sdl import SPECIFIED, Schema, Type, is_list, named

Rule = Callable[[Schema], Iterator[str]]

SCALARS = SPECIFIED | {"DateTime", "JSON"}
VERBS = set("add create delete get list make remove send set start stop update upsert".split())
FOREIGN_IDS = {
    "Video.youtubeId": "YouTube gave it out.",
    "GuestSessionCreateSuccess.guestSessionId": "A credential, called as where it is sent.",
    "ServerCapabilities.googleClientId": "Google gave it out.",
    "ConversationDeleteSuccess.deletedId": "Nothing is there any more.",
    "NoteDeleteSuccess.deletedId": "Nothing is there any more.",
    "NoteDeleted.noteId": "Nothing is there any more.",
    "AuditEvent.userId": "Operators are shown nothing of the account itself.",
}
ERRANDS = {
    "Task.id": "Operators, who have no use for `node`, fetch it by `task`.",
    "Upload.id": "It is named by its id once, to be used up, and is never looked at again.",
}
"""Types with an id that are no nodes, and why not."""
LISTS_OF_NODES = {
    "Query.nodes": "As many as were asked for, at most 50.",
    "Job.artifacts": "A job makes a few files, and shows 100 at most.",
    "Query.sampleVideos": "What came with the server does not grow.",
}
"""Lists of things with an identity that are no connections, and why not."""
NULLABLE_LISTS = {
    "Task.languages": "Only the fetching of a transcript has any.",
    "Query.nodes": "An entry is null for what the caller may not see.",
    "Video.suggestedQuestions": "Null when none were made.",
}
STATES = {
    "User.emailVerified": "Named by the brief.",
    "User.aiNotesEnabled": "Named by the brief.",
    "Note.generatedByAi": "Named by the brief.",
    "Task.cancelRequested": "Named by the brief.",
    "TaskHeartbeatSuccess.cancelRequested": "Named by the brief.",
    "ProviderKeys.gemini": "Named by the brief.",
    "ProviderKeys.openrouter": "Named by the brief.",
    "ServerCapabilities.titleSearch": "Beside `llm` and `storage`, which name what there is, too.",
}
"""Booleans that begin with neither is nor has, and why not."""


def has_description(schema: Schema) -> Iterator[str]:
    """Everything that has a name says what it is, in sentences."""
    told = [(type_.name, type_.description) for type_ in schema.types.values()]
    told += [(one.place, one.description) for one in schema.places]
    for type_ in schema.types.values():
        told += [(f"{type_.name}.{name}", description) for name, description in type_.values.items()]
    yield from (place for place, description in told if not description.strip().endswith("."))


def says_timestamp(schema: Schema) -> Iterator[str]:
    """A time says that it is one."""
    for one in schema.places:
        if named(one.type) == "DateTime" and "timestamp" not in one.description.lower():
            yield one.place


def is_an_object_and_no_foreign_id(schema: Schema) -> Iterator[str]:
    for field in schema.fields:
        if field.place.endswith(("Id", "Ids")) and field.place not in FOREIGN_IDS:
            yield field.place


def is_a_node(schema: Schema) -> Iterator[str]:
    """What has an id has an identity, and can be fetched again by it."""
    for type_ in schema.types.values():
        if type_.kind == "object" and "id" in type_.fields and f"{type_.name}.id" not in ERRANDS:
            is_node = "Node" in type_.interfaces and type_.fields["id"].type == "ID!"
            yield from () if is_node else (type_.name,)


def is_a_whole_list(schema: Schema) -> Iterator[str]:
    """Neither a list nor its entries are null, unless null says something."""
    for field in schema.fields:
        if is_list(field.type) and not field.type.endswith("!]!") and field.place not in NULLABLE_LISTS:
            yield field.place


def can_grow(schema: Schema) -> Iterator[str]:
    """A list of things with an identity is a connection."""
    for field in schema.fields:
        below = schema.below(field)
        is_of_nodes = below is not None and "id" in below.fields and is_list(field.type)
        if is_of_nodes and not field.place.endswith("Connection.nodes") and field.place not in LISTS_OF_NODES:
            yield field.place


def has_the_shape_of_a_connection(schema: Schema) -> Iterator[str]:
    for type_ in schema.types.values():
        if type_.name.endswith("Connection"):
            thing = type_.name.removesuffix("Connection")
            page = {"edges": f"[{thing}Edge!]!", "nodes": f"[{thing}!]!", "pageInfo": "PageInfo!", "totalCount": "Int!"}
            edge = schema.types.get(f"{thing}Edge")
            is_right = shape(type_) == page and edge and shape(edge) == {"cursor": "String!", "node": f"{thing}!"}
            yield from () if is_right else (type_.name,)


def shape(type_: Type) -> dict[str, str]:
    return {name: one.type for name, one in (type_.fields or type_.inputs).items()}


def is_paged(schema: Schema) -> Iterator[str]:
    """A connection is asked for by `first`, which has a default and says its bounds, and by `after`."""
    for field in schema.fields:
        if named(field.type).endswith("Connection"):
            types = {name: argument.type for name, argument in field.arguments.items()}
            first = field.arguments.get("first")
            is_right = types.get("first") == "Int!" and types.get("after") == "String"
            is_told = first and not first.is_required and re.search(r"1 to \d+", first.description)
            yield from () if is_right and is_told else (field.place,)


def is_plural(schema: Schema) -> Iterator[str]:
    """Connections and lists of nodes; a transcript is one thing that has parts, and so is a search."""
    for field in schema.fields:
        is_many = named(field.type).endswith("Connection") or field.place in LISTS_OF_NODES
        if is_many and not field.place.endswith(("s", ".transcript", ".notesAwaitingAi", "Query.search")):
            yield field.place


def is_a_noun(schema: Schema) -> Iterator[str]:
    """No get, list or all before a field's name."""
    return (field.place for field in schema.fields if re.search(r"\.(get|list|all|fetch)[A-Z]", field.place))


def is_a_question(schema: Schema) -> Iterator[str]:
    """A boolean is called isX or hasX."""
    for field in schema.fields:
        if named(field.type) == "Boolean" and field.place not in STATES:
            yield from () if re.search(r"\.(is|has|can|viewerCan)[A-Z]", field.place) else (field.place,)


def is_a_screaming_snake(schema: Schema) -> Iterator[str]:
    for type_ in schema.types.values():
        if type_.kind == "enum" and type_.name.endswith("Enum"):
            yield type_.name
        yield from (f"{type_.name}.{name}" for name in type_.values if not re.fullmatch(r"[A-Z][A-Z0-9_]*", name))


def has_no_version(schema: Schema) -> Iterator[str]:
    return (name for name in schema.types if re.search(r"\d$", name))


def is_a_known_scalar(schema: Schema) -> Iterator[str]:
    return (type_.name for type_ in schema.types.values() if type_.kind == "scalar" and type_.name not in SCALARS)


def says_what_to_use_instead(schema: Schema) -> Iterator[str]:
    """Of everything that is deprecated."""
    for one in schema.places:
        if one.is_deprecated_for is not None and not re.match(r"Use `\S+`", one.is_deprecated_for):
            yield one.place


def is_bounded(schema: Schema) -> Iterator[str]:
    """A list that a client sends says how long it may be, at the list or at its field."""
    about_field = {field.place: field.description for field in schema.fields}
    for one in schema.inputs:
        told = f"{one.description} {about_field.get(one.place.partition('(')[0], '')}"
        if is_list(one.type) and not re.search(r"at most \d|up to \d", told, re.IGNORECASE):
            yield one.place


def takes_an_order(schema: Schema) -> Iterator[str]:
    """`orderBy` takes an XOrder of an enum `field` and a `direction`."""
    for one in schema.inputs:
        if one.place.endswith("(orderBy)"):
            order = schema.types.get(named(one.type))
            is_right = order and shape(order) == {"field": f"{order.name}Field!", "direction": "OrderDirection!"}
            yield from () if is_right else (one.place,)


def is_a_mutation_of_ours(schema: Schema) -> Iterator[str]:
    """Noun first, one `input: XInput!` or nothing, and an XResult of an XSuccess and of failures."""
    for name, field in schema.types["Mutation"].fields.items():
        pascal = name[0].upper() + name[1:]
        words = re.findall(r"[A-Z][a-z]*", pascal)
        if len(words) < 2 or words[0].lower() in VERBS:
            yield f"{name} does not begin with a noun"
        # One that needs to be told nothing takes nothing: GraphQL has no input without fields.
        types = {key: argument.type for key, argument in field.arguments.items()}
        if types and types != {"input": f"{pascal}Input!"}:
            yield f"{name} does not take one input: {pascal}Input!"
        result = schema.types[named(field.type)]
        successes = [member for member in result.members if "UserError" not in schema.types[member].interfaces]
        if field.type != f"{pascal}Result!" or result.kind != "union":
            yield f"{name} does not return a union: {pascal}Result!"
        elif successes != [f"{pascal}Success"]:
            yield f"{name}: {result.name} is not {pascal}Success and failures"


def is_a_failure_of_a_mutation(schema: Schema) -> Iterator[str]:
    """What implements UserError is met in the result of a mutation, and nowhere else."""
    results = {field.place: named(field.type) for field in schema.types["Mutation"].fields.values()}
    shown_by = {field.place: named(field.type) for field in schema.fields}
    for type_ in schema.types.values():
        if "UserError" in type_.interfaces:
            unions = {one.name for one in schema.types.values() if type_.name in one.members}
            if type_.name in shown_by.values() or not unions or unions - set(results.values()):
                yield type_.name


def is_a_stream_of_ours(schema: Schema) -> Iterator[str]:
    """A union of events that each have a position, and `after` to go on from one."""
    for name, field in schema.types["Subscription"].fields.items():
        after = field.arguments.get("after")
        if after is None or after.type != "String":
            yield f"{name} cannot be resumed"
        payload = schema.types[named(field.type)]
        if payload.kind != "union" or field.type != f"{payload.name}!" or not payload.name.endswith("Event"):
            yield f"{name} does not return a union of events"
        for member in schema.possible(payload):
            if "StreamEvent" not in member.interfaces or shape(member)["position"] != "String!":
                yield f"{name}: {member.name} is no StreamEvent"


RULES: list[Rule] = [
    has_description,
    says_timestamp,
    is_an_object_and_no_foreign_id,
    is_a_node,
    is_a_whole_list,
    can_grow,
    has_the_shape_of_a_connection,
    is_paged,
    is_plural,
    is_a_noun,
    is_a_question,
    is_a_screaming_snake,
    has_no_version,
    is_a_known_scalar,
    says_what_to_use_instead,
    is_bounded,
    takes_an_order,
    is_a_mutation_of_ours,
    is_a_failure_of_a_mutation,
    is_a_stream_of_ours,
]
EXCEPTIONS = (FOREIGN_IDS, ERRANDS, LISTS_OF_NODES, NULLABLE_LISTS, STATES)
