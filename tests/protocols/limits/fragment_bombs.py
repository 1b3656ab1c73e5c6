"""Bombs of fragments: webs that spread out without end, cycles, and what is unknown or unused."""

from collections.abc import Iterator

from tests.protocols.limits.bomb import Bomb


def web(width: int, levels: int, leaf: str, *, on: str = "Query", around: str = "%s") -> str:
    """Fragments of which each spreads the next one several times over."""
    spread = [around % " ".join([f"...F{level + 1}"] * width) for level in range(levels)]
    fragments = [f"fragment F{level} on {on} {{ {inner} }}" for level, inner in enumerate(spread)]
    return "\n".join([*fragments, f"fragment F{levels} on {on} {{ {leaf} }}"])


def fragment_webs() -> Iterator[Bomb]:
    # Width, and levels: few, some, and as many as 1,000 tokens allow.
    for width, heights in {2: (13, 22, 60, 95), 3: (9, 20, 80), 10: (4, 8, 36), 30: (3, 8, 14)}.items():
        for levels in heights:
            name = f"web of {levels} times {width}"
            leaves = {"a leaf": "viewer { kind }", "a typename": "__typename", "nothing": ""}
            for kind, leaf in leaves.items():
                query = f"{{ ...F0 }}\n{web(width, levels, leaf)}"
                yield Bomb(name=f"{name}, {kind}", query=query, limit="selections")
            unspread = f"{{ viewer {{ kind }} }}\n{web(width, levels, 'viewer { kind }')}"
            yield Bomb(name=f"{name}, unused", query=unspread)
            aliased = f"{{ ...F0 }}\n{web(width, levels, 'a: viewer { kind }')}"
            yield Bomb(name=f"{name}, aliased", query=aliased, limit="aliases")
            inline = f"{{ ...F0 }}\n{web(width, min(levels, 3 * 250 // (10 + 3 * width)), 'viewer { kind }', around='... on Query { %s }')}"
            yield Bomb(name=f"{name}, inline", query=inline, limit="selections")
        deep = web(width, 8, "id", on="Video", around="notes { nodes { video { %s } } }")
        yield Bomb(name=f"deep web of {width}", query=f"{{ sampleVideos {{ ...F0 }} }}\n{deep}", limit="depth")
        several = web(width, 3, "id", on="Video", around="notes { nodes { video { %s } } }")
        yield Bomb(name=f"web of lists of {width}", query=f"{{ sampleVideos {{ ...F0 }} }}\n{several}")
        skipped = web(width, 12, "viewer { kind }", around="%s @skip(if: true)")
        yield Bomb(name=f"skipped web of {width}", query=f"{{ ...F0 }}\n{skipped}")


def cycles() -> Iterator[Bomb]:
    yield Bomb(name="fragment of itself", query="{ ...F } fragment F on Query { ...F }")
    yield Bomb(name="fragment of itself, often", query=f"{{ ...F }} fragment F on Query {{ {'...F ' * 450}}}")
    for count in (2, 3, 50, 100):
        ring = " ".join(f"fragment F{n} on Query {{ viewer {{ kind }} ...F{(n + 1) % count} }}" for n in range(count))
        ring = ring if count < 100 else ring.replace("viewer { kind } ", "")
        yield Bomb(name=f"ring of {count}", query=f"{{ ...F0 }} {ring}")
        yield Bomb(name=f"unused ring of {count}", query=f"{{ viewer {{ kind }} }} {ring}")
    for count in (5, 10, 20):
        everyone = " ".join(f"...F{n}" for n in range(count))
        friends = " ".join(f"fragment F{n} on Query {{ {everyone} }}" for n in range(count))
        yield Bomb(name=f"everyone of {count} with everyone", query=f"{{ ...F0 }} {friends}")
    deep = "fragment F on Video { notes { nodes { video { ...F } } } }"
    yield Bomb(name="ring through fields", query=f"{{ sampleVideos {{ ...F }} }} {deep}")
    pair = "fragment F on Video { notes { nodes { ...G } } } fragment G on Note { video { ...F ...F } }"
    yield Bomb(name="ring of two through fields", query=f"{{ sampleVideos {{ ...F }} }} {pair}")


def fragments_to_no_end() -> Iterator[Bomb]:
    yield Bomb(name="unknown fragment", query="{ ...Nope }")
    unknown = " ".join(f"...Nope{n}" for n in range(450))
    yield Bomb(name="450 unknown fragments", query=f"{{ {unknown} }}")
    yield Bomb(
        name="unknown fragments at the end of a web", query=f"{{ ...F0 }} {web(2, 60, '...Nope')}", limit="selections"
    )
    for count in (20, 90):
        unused = " ".join(f"fragment F{n} on Viewer {{ kind }}" for n in range(count))
        yield Bomb(name=f"{count} unused fragments", query=f"{{ viewer {{ kind }} }} {unused}")
        same = "fragment F on Viewer { kind } " * count
        yield Bomb(name=f"{count} fragments of one name", query=f"{{ viewer {{ ...F }} }} {same}")
    wide = "... on Query { viewer { kind } } " * 120
    yield Bomb(name="120 inline fragments side by side", query=f"{{ {wide} }}")
    impossible = "... on Note { text } ... on Video { title } ... on User { name } " * 45
    yield Bomb(name="inline fragments on types that cannot be", query=f"{{ viewer {{ {impossible} }} }}")
    possible = "... on Note { text } ... on Video { title } ... on User { name } " * 45
    yield Bomb(name="inline fragments on a union", query=f'{{ node(id: "x") {{ {possible} }} }}')
