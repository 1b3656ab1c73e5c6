"""Bombs of repetition: aliases, directives, levels, root fields and sign-ins."""

from collections.abc import Iterator

from tests.protocols.limits.bomb import Bomb
from tests.protocols.limits.fragment_bombs import web


def aliases() -> Iterator[Bomb]:
    for count in (31, 100, 240):
        many = " ".join(f"a{n}: kind" for n in range(count))
        yield Bomb(name=f"{count} aliases", query=f"{{ viewer {{ {many} }} }}", limit="aliases")
        yield Bomb(
            name=f"{count} aliases by a fragment",
            query=f"{{ viewer {{ ...F }} }} fragment F on Viewer {{ {many} }}",
            limit="aliases",
        )
        yield Bomb(
            name=f"{count} aliases of an unused fragment",
            query=f"{{ viewer {{ kind }} }} fragment F on Viewer {{ {many} }}",
            limit="aliases",
        )
    objects = " ".join(f"a{n}: viewer {{ kind }}" for n in range(150))
    yield Bomb(name="150 aliases of an object", query=f"{{ {objects} }}", limit="aliases")
    spread = " ".join(f"a{n}: viewer {{ ...F }}" for n in range(10))
    fragment = " ".join(f"b{n}: user {{ name }}" for n in range(10))
    query = f"{{ {spread} }} fragment F on Viewer {{ {fragment} }}"
    yield Bomb(name="aliases times aliases", query=query, limit="aliases")
    nested = (
        "{ viewer { a: user { b: notes { c: nodes { d: video { e: notes { f: nodes { g: video { h: id } } } } } } } } }"
    )
    yield Bomb(name="aliases within aliases", query=nested)
    typename = " ".join(f"a{n}: __typename" for n in range(300))
    yield Bomb(name="aliases of __typename", query=f"{{ {typename} }}", limit="aliases")


def directives() -> Iterator[Bomb]:
    for count in (51, 150):
        skips = "@skip(if: false) " * min(count, 120)
        unknown = "@a " * count
        places = {
            "field": "{ viewer %s { kind } }",
            "leaf": "{ viewer { kind %s } }",
            "inline fragment": "{ ... %s { viewer { kind } } }",
            "spread": "{ ...F %s } fragment F on Query { viewer { kind } }",
            "fragment": "{ ...F } fragment F on Query %s { viewer { kind } }",
            "operation": "query Q %s { viewer { kind } }",
            "variable": "query Q($a: Int %s) { viewer { conversations(first: $a) { totalCount } } }",
            "unused fragment": "{ viewer { kind } } fragment F on Query { viewer { kind %s } }",
        }
        for place, query in places.items():
            yield Bomb(name=f"{count} directives on a {place}", query=query % unknown, limit="directives")
            yield Bomb(name=f"{count} of @skip on a {place}", query=query % skips, limit="directives")
    spread_out = " ".join(f"a{n}: viewer {{ kind @skip(if: false) }}" for n in range(30))
    web_of = web(10, 2, "viewer { kind @include(if: true) }")
    yield Bomb(name="directives on many fields", query=f"{{ {spread_out} {'...F ' * 5}}} {web_of.replace('F', 'G')}")
    yield Bomb(name="directives in a web", query=f"{{ ...F0 }} {web_of}", limit="directives")


def nested(step: str, levels: int, *, inner: str = "a") -> str:
    return f"{{ {step} " * levels + f"{{ {inner} }}" + " }" * levels


def depths() -> Iterator[Bomb]:
    for levels in (13, 60, 180):
        yield Bomb(name=f"{levels} levels", query=nested("a", levels), limit="depth")
    notes = "id"
    for levels in (3, 20, 45):
        notes = "id"
        for _ in range(levels):
            notes = f"notes {{ nodes {{ video {{ {notes} }} }} }}"
        query = f"{{ sampleVideos {{ {notes} }} }}"
        yield Bomb(name=f"{levels} times down and up", query=query, limit="depth" if levels > 3 else "nodes")
    for levels in (50, 180):
        yield Bomb(name=f"{levels} inline fragments", query=nested("...", levels, inner="viewer { kind }"))
    yield Bomb(name="210 levels", query=nested("a", 210))
    yield Bomb(name="210 inline fragments", query=nested("...", 210, inner="viewer { kind }"))
    chain = " ".join(f"fragment F{n} on Message {{ replyTo {{ ...F{n + 1} }} }}" for n in range(60))
    query = f'{{ node(id: "x") {{ ...F0 }} }} {chain} fragment F60 on Message {{ id }}'
    yield Bomb(name="levels by fragments", query=query, limit="depth")
    replies = nested("replyTo", 150, inner="id")
    yield Bomb(name="replies of replies", query=f'{{ node(id: "x") {{ ... on Message {replies} }} }}', limit="depth")


def root_floods() -> Iterator[Bomb]:
    for count in (11, 30):
        many = " ".join(f"a{n}: server {{ version }}" for n in range(count))
        yield Bomb(name=f"{count} root fields", query=f"{{ {many} }}", limit="rootFields")
        split = " ".join(f"fragment F{n} on Query {{ a{n}: server {{ version }} }}" for n in range(count))
        spread = " ".join(f"...F{n}" for n in range(count))
        yield Bomb(name=f"{count} root fields by fragments", query=f"{{ {spread} }} {split}", limit="rootFields")
    inline = " ".join(f"... on Query {{ ... {{ a{n}: server {{ version }} }} }}" for n in range(30))
    yield Bomb(name="root fields in inline fragments", query=f"{{ {inline} }}", limit="rootFields")
    stop = " ".join(f'a{n}: replyStop(input: {{messageId: "x"}}) {{ __typename }}' for n in range(30))
    yield Bomb(name="root fields of a mutation", query=f"mutation {{ {stop} }}", limit="rootFields")
    follow = " ".join(f'a{n}: wizReply(messageId: "x") {{ __typename }}' for n in range(30))
    yield Bomb(name="root fields of a subscription", query=f"subscription {{ {follow} }}", limit="rootFields")


SIGN_IN = 'sessionCreate(input: {email: "a@example.com", password: "guess %d"}) { __typename }'


def sign_in_floods() -> Iterator[Bomb]:
    for count in (2, 10, 30):
        many = " ".join(f"a{n}: {SIGN_IN % n}" for n in range(count))
        yield Bomb(name=f"{count} sign-ins", query=f"mutation {{ {many} }}", limit="sessionCreate")
        split = " ".join(f"fragment F{n} on Mutation {{ a{n}: {SIGN_IN % n} }}" for n in range(count))
        spread = " ".join(f"...F{n}" for n in range(count))
        yield Bomb(
            name=f"{count} sign-ins by fragments", query=f"mutation {{ {spread} }} {split}", limit="sessionCreate"
        )
    inline = " ".join(f"... on Mutation {{ a{n}: {SIGN_IN % n} }}" for n in range(20))
    yield Bomb(name="sign-ins in inline fragments", query=f"mutation {{ {inline} }}", limit="sessionCreate")
    many = " ".join(f"a{n}: {SIGN_IN % n}" for n in range(45))
    yield Bomb(name="45 sign-ins", query=f"mutation {{ {many} }}", limit="aliases")
    once = SIGN_IN % 1
    yield Bomb(name="a sign-in beside itself", query=f"mutation {{ {once} a: {once} }}", limit="sessionCreate")
    skipped = once.replace(") {", ") @skip(if: false) {")
    yield Bomb(
        name="sign-ins that may be skipped", query=f"mutation {{ {skipped} a: {skipped} }}", limit="sessionCreate"
    )
    others = {
        "sessionRefresh": 'sessionRefresh(input: {refreshToken: "x"}) { __typename }',
        "userRegister": 'userRegister(input: {email: "x", password: "x", name: "x"}) { __typename }',
        "messageSend": 'messageSend(input: {conversationId: "x", text: "x"}) { __typename }',
    }
    for name, other in others.items():
        many = " ".join(f"a{n}: {other}" for n in range(10))
        yield Bomb(name=f"10 of {name}", query=f"mutation {{ {many} }}", limit=name)
        yield Bomb(name=f"{name} and a sign-in", query=f"mutation {{ {other} {once} }}", limit=name)
    conflict = " ".join(SIGN_IN % n for n in range(40))
    yield Bomb(name="sign-ins under one name", query=f"mutation {{ {conflict} }}")
