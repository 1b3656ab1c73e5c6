"""Bombs of values, of definitions, and of questions about the schema."""

from collections.abc import Iterator

from graphql import get_introspection_query

from tests.protocols.limits.bomb import Bomb
from tests.protocols.limits.fragment_bombs import web


def values() -> Iterator[Bomb]:
    for levels in (30, 190, 240):
        literal = "[" * levels + "]" * levels
        yield Bomb(name=f"list in {levels} lists", query=f"{{ nodes(ids: {literal}) {{ id }} }}")
        fields = "{a: " * levels + "1" + "}" * levels
        yield Bomb(name=f"object in {levels} objects", query=f"{{ video(by: {fields}) {{ id }} }}")
        type_ = "[" * levels + "ID" + "]" * levels
        yield Bomb(name=f"type of {levels} lists", query=f"query($a: {type_}) {{ nodes(ids: $a) {{ id }} }}")
    yield Bomb(name="long string", query=f'{{ video(by: {{youtube: "{"x" * 7000}"}}) {{ id }} }}')
    escaped = "\\u00e9" * 600
    yield Bomb(name="string of escapes", query=f'{{ video(by: {{youtube: "{escaped}"}}) {{ id }} }}')
    block = '"""' + "\n  x" * 1500 + '"""'
    yield Bomb(name="block string", query=f"{{ video(by: {{youtube: {block}}}) {{ id }} }}")
    comments = "#" + "x" * 7000
    yield Bomb(name="long comment", query=f"{comments}\n{{ viewer {{ kind }} }}")
    yield Bomb(name="commas", query=f"{{ viewer {{ kind {',' * 7000} }} }}")
    yield Bomb(name="many comments", query="#\n" * 2500 + "{ viewer { kind } }")
    for number in ("9" * 4000, "-" + "9" * 5000, "1e400", "1" + "0" * 400 + ".5", "1e-9999999", "1e99999999"):
        query = f'subscription {{ videoReadiness(videoId: "x", timeoutSeconds: {number}) {{ __typename }} }}'
        yield Bomb(name=f"number {number[:5]} of {len(number)}", query=query)
        yield Bomb(
            name=f"page {number[:5]} of {len(number)}",
            query=f"{{ viewer {{ conversations(first: {number}) {{ totalCount }} }} }}",
        )
    objects = ", ".join(["{}"] * 400)
    yield Bomb(name="objects for ids", query=f"{{ nodes(ids: [{objects}]) {{ id }} }}")
    yield Bomb(name="deep variable", query="query($a: ID!) { node(id: $a) { id } }", variables={"a": deep(80)})
    wide = {f"k{n}": n for n in range(500)}
    yield Bomb(name="wide variable", query="query($a: VideoRef!) { video(by: $a) { id } }", variables={"a": wide})
    yield Bomb(name="500 variables", query="{ viewer { kind } }", variables=wide)
    unknown = ", ".join(f"a{n}: 1" for n in range(240))
    yield Bomb(name="240 unknown arguments", query=f"{{ viewer({unknown}) {{ kind }} }}")
    same = ", ".join(["first: 1"] * 240)
    yield Bomb(name="one argument 240 times", query=f"{{ viewer {{ conversations({same}) {{ totalCount }} }} }}")


def deep(levels: int) -> object:
    value: object = "x"
    for _ in range(levels):
        value = [value]
    return value


def introspection() -> Iterator[Bomb]:
    whole = " ".join(get_introspection_query(descriptions=False).split())
    inner = whole.partition("{")[2].partition("} fragment")[0]
    twice = f"{{ {inner} {inner.replace('__schema', 'b: __schema')} }} fragment{whole.partition('} fragment')[2]}"
    yield Bomb(name="introspection twice", query=twice, limit="introspection")
    fields = "name"
    for _ in range(3):
        fields = f"type {{ fields {{ {fields} }} }}"
    yield Bomb(name="types of fields of types", query=f"{{ __schema {{ types {{ fields {{ {fields} }} }} }} }}")
    of_type = "name"
    for _ in range(60):
        of_type = f"ofType {{ {of_type} }}"
    yield Bomb(name="60 times ofType", query=f"{{ __schema {{ types {{ fields {{ type {{ {of_type} }} }} }} }} }}")
    web_of = web(10, 6, "name kind", on="__Type")
    yield Bomb(name="web of types", query=f"{{ __schema {{ types {{ ...F0 }} }} }} {web_of}", limit="selections")
    below = web(2, 9, "name", on="__Type", around="ofType { %s }")
    yield Bomb(name="web of ofType", query=f"{{ __schema {{ types {{ ...F0 }} }} }} {below}")
    many = " ".join(f"a{n}: __schema {{ types {{ name }} }}" for n in range(30))
    yield Bomb(name="30 schemas", query=f"{{ {many} }}", limit="rootFields")
    many = " ".join(f"a{n}: type {{ name kind ofType {{ name kind ofType {{ name kind }} }} }}" for n in range(30))
    yield Bomb(
        name="30 types a field", query=f"{{ __schema {{ types {{ fields {{ {many} }} }} }} }}", limit="introspection"
    )
    again = " ".join(f"a{n}: fields {{ name type {{ name fields {{ name description }} }} }}" for n in range(15))
    yield Bomb(name="15 times all fields", query=f"{{ __schema {{ types {{ {again} }} }} }}", limit="introspection")
    names = " ".join(f'a{n}: __type(name: "Video") {{ name }}' for n in range(30))
    yield Bomb(name="30 times a type", query=f"{{ {names} }}", limit="rootFields")
    possible = "possibleTypes { interfaces { possibleTypes { name } } }"
    yield Bomb(name="possible types and back", query=f"{{ __schema {{ types {{ {possible} }} }} }}")


def many_definitions() -> Iterator[Bomb]:
    for count in (20, 120):
        queries = " ".join(f"query Q{n} {{ ...F }}" for n in range(count))
        shared = f"fragment F on Query {{ {'viewer { kind } ' * 10}}}"
        yield Bomb(name=f"{count} operations", query=f"{queries} {shared}")
        yield Bomb(name=f"{count} operations of one name", query=f"{'query Q { ...F } ' * count} {shared}")
    yield Bomb(name="no operation", query="fragment F on Query { viewer { kind } }")
    yield Bomb(name="types of one's own", query="type T { a: Int } " * 100)
    yield Bomb(name="types with directives", query=f"type T {'@a ' * 400} {{ a: Int }}")
    variables = ", ".join(f"$a{n}: Int" for n in range(190))
    yield Bomb(name="190 variables that nothing uses", query=f"query Q({variables}) {{ viewer {{ kind }} }}")
    one = ", ".join(["$a: Int"] * 190)
    yield Bomb(name="one variable 190 times", query=f"query Q({one}) {{ viewer {{ kind }} }}")
    undefined = " ".join(f"a{n}: conversations(first: $a{n}) {{ totalCount }}" for n in range(30))
    yield Bomb(name="variables that are not defined", query=f"{{ viewer {{ {undefined} }} }}")
    chain = " ".join(
        f"fragment F{n} on Viewer {{ conversations(first: $a) {{ totalCount }} ...F{n + 1} }}" for n in range(25)
    )
    queries = " ".join(f"query Q{n}($a: Int!) {{ viewer {{ ...F0 }} }}" for n in range(25))
    last = "fragment F25 on Viewer { kind }"
    yield Bomb(name="operations times fragments times variables", query=f"{queries} {chain} {last}")
    fields = " ".join(f"viewe{n}" for n in range(450))
    yield Bomb(name="fields that are nearly right", query=f"{{ {fields} }}")
    types = " ".join(f"... on Vide{n} {{ id }}" for n in range(150))
    yield Bomb(name="types that are nearly right", query=f"{{ {types} }}")
    yield Bomb(name="5,000 tokens", query="{ " + "a " * 3900 + "}", limit="tokens")
    yield Bomb(name="unclosed", query="{ a " * 150)
    yield Bomb(name="only braces", query="{" * 4000)
    yield Bomb(name="brackets", query=f"{{ nodes(ids: {'[' * 4000}")
