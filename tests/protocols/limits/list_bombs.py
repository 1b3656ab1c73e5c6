"""Bombs of lists: pages that are large, nested, or no number at all."""

from collections.abc import Iterator

from tests.protocols.limits.bomb import Bomb

HUGE = 2**31 - 1


LISTS = {
    "notes": "{ viewer { user { notes%s { nodes { id } } } } }",
    "edges": "{ viewer { user { notes%s { edges { node { id } } } } } }",
    "conversations": "{ viewer { conversations%s { nodes { messages%s { nodes { id } } } } } }",
    "transcript": "{ sampleVideos { transcript%s { nodes { text } } } }",
    "aliased": "{ v: viewer { c: conversations%s { n: nodes { i: id } } } }",
    "by a fragment": "{ viewer { conversations%s { ...P } } } fragment P on ConversationConnection { ...Q } "
    "fragment Q on ConversationConnection { nodes { id } edges { cursor } }",
    "inline": "{ ... on Query { viewer { ... { conversations%s { ... on ConversationConnection { nodes { id } } } } } } }",
    "skipped": "{ viewer { conversations%s @skip(if: true) { nodes @include(if: false) { id } } } }",
}


def list_literals() -> Iterator[Bomb]:
    for name, query in LISTS.items():
        literals = {str(HUGE): "nodes", "1000000": "nodes"}
        for literal, limit in literals.items():
            yield Bomb(name=f"{name}: {literal}", query=query.replace("%s", f"(first: {literal})"), limit=limit)
    others = (
        "-1",
        f"-{HUGE}",
        "null",
        "true",
        "1.5",
        "1e9",
        "1e400",
        '"50"',
        "[50]",
        "{a: 1}",
        "X",
        "9" * 30,
        "9" * 5000,
    )
    for literal in others:
        name, query = f"first: {literal[:12]} of {len(literal)}", LISTS["notes"]
        yield Bomb(name=name, query=query.replace("%s", f"(first: {literal})"))


def list_variables() -> Iterator[Bomb]:
    for name, query in LISTS.items():
        asked = query.replace("%s", "(first: $n)")
        yield Bomb(name=f"{name}: variable", query=f"query($n: Int!) {asked}", variables={"n": HUGE}, limit="nodes")
        yield Bomb(name=f"{name}: default", query=f"query($n: Int! = {HUGE}) {asked}", limit="nodes")
        yield Bomb(
            name=f"{name}: variable before default",
            query=f"query($n: Int! = 1) {asked}",
            variables={"n": HUGE},
            limit="nodes",
        )
        yield Bomb(name=f"{name}: whole float", query=f"query($n: Int!) {asked}", variables={"n": 1e9}, limit="nodes")
    asked = LISTS["conversations"].replace("%s", "(first: $n)")
    values: tuple[object, ...] = (-1, None, True, 1.5, "50", [50], {"a": 1}, 10**30, "x" * 5000, [[[[1]]]], -(2**31))
    for number, value in enumerate(values):
        yield Bomb(name=f"variable of a wrong kind {number}", query=f"query($n: Int!) {asked}", variables={"n": value})
    yield Bomb(name="variable left out", query=f"query($n: Int!) {asked}")
    yield Bomb(name="variable may be null", query=f"query($n: Int = 50) {asked}", variables={"n": None})


def nested_lists() -> Iterator[Bomb]:
    fifty = "(first: 50)"
    down = "{ viewer { user { notes%s { nodes { video { notes%s { nodes { video { notes%s { nodes { id } } } } } } } } } } }"
    yield Bomb(name="50 times 50 times 50", query=down.replace("%s", fifty), limit="nodes")
    yield Bomb(name="100 times 100 times 100", query=down.replace("%s", "(first: 100)"), limit="nodes")
    variable = f"query($n: Int!) {down.replace('%s', '(first: $n)')}"
    yield Bomb(name="50 cubed by a variable", query=variable, variables={"n": 50}, limit="nodes")
    default = f"query($n: Int! = 50) {down.replace('%s', '(first: $n)')}"
    yield Bomb(name="50 cubed by a default", query=default, limit="nodes")
    edge = "notes(first: 50) { edges { node { video { %s } } } }"
    edges = f"{{ sampleVideos {{ {edge % edge % 'transcript { edges { cursor } }'} }} }}"
    yield Bomb(name="50 cubed by edges", query=edges, limit="nodes")
    yield Bomb(name="50 cubed by defaults of the schema", query=down.replace("%s", ""), limit="nodes")
    part = "fragment V on Video { notes(first: 50) { nodes { video { ...W } } } } fragment W on Video { ...X } "
    part += "fragment X on Video { notes(first: 50) { nodes { id } } }"
    yield Bomb(name="lists by fragments", query=f"{{ sampleVideos {{ ...V }} }} {part}", limit="nodes")
    ids = ", ".join(['"x"'] * 300)
    yield Bomb(name="300 ids", query=f"{{ nodes(ids: [{ids}]) {{ id }} }}")
    videos = "{ nodes(ids: $ids) { ... on Video { transcript(first: 500) { nodes { text } } } } }"
    yield Bomb(
        name="ids times cues", query=f"query($ids: [ID!]!) {videos}", variables={"ids": ["x"] * 50}, limit="nodes"
    )
    given = ", ".join(['"x"'] * 50)
    yield Bomb(name="written ids times cues", query=videos.replace("$ids", f"[{given}]"), limit="nodes")
    one = videos.replace("$ids", '"x"').replace("500", str(HUGE))
    yield Bomb(name="a single id times cues", query=one, limit="nodes")
    pages = " ".join(f"a{n}: sampleVideos {{ transcript(first: 500) {{ nodes {{ text }} }} }}" for n in range(10))
    yield Bomb(name="many pages side by side", query=f"{{ {pages} }}", limit="nodes")
