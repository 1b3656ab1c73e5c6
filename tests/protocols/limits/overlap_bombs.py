"""Bombs of the same fields again and again, which validation compares with each other pair by pair."""

from collections.abc import Iterator

from tests.protocols.limits.bomb import Bomb


def overlaps() -> Iterator[Bomb]:
    yield Bomb(name="one leaf 950 times", query=f"{{ viewer {{ {'kind ' * 950}}} }}", limit="overlaps")
    yield Bomb(name="one object 235 times", query=f"{{ {'viewer { kind } ' * 235}}}", limit="overlaps")
    for times in (2, 3, 4):
        levels = ("viewer", "user", "notes", "nodes", "video")[: 8 - times]
        yield Bomb(name=f"one object {times} times at each level", query=f"{{ {within_each_other(times, levels)} }}")
    for count, limit in ((20, None), (45, None), (75, "overlaps")):
        split = " ".join(f"fragment F{n} on Viewer {{ kind user {{ id }} }}" for n in range(count))
        spread = " ".join(f"...F{n}" for n in range(count))
        query = f"{{ viewer {{ {spread} }} }} {split}"
        yield Bomb(name=f"{count} fragments of the same fields", query=query, limit=limit)
    names = [f"...F{n}" for n in range(25)]
    split = " ".join(f"fragment F{n} on Viewer {{ kind {' '.join(names[n + 1 : n + 9])} }}" for n in range(25))
    yield Bomb(name="fragments that all meet", query=f"{{ viewer {{ {' '.join(names)} }} }} {split}")
    yield from differences()


def within_each_other(times: int, levels: tuple[str, ...]) -> str:
    inner = "id"
    for level in reversed(levels):
        inner = " ".join([f"{level} {{ {inner} }}"] * (times if len(inner) < 1500 else 1))
    return inner


def differences() -> Iterator[Bomb]:
    arguments = " ".join(f"notes(first: {n}) {{ totalCount }}" for n in range(90))
    yield Bomb(name="arguments that differ", query=f"{{ viewer {{ user {{ {arguments} }} }} }}")
    fields = " ".join(f"a: {name}" for name in ("kind", "user { id }", "wizQuota { used }") * 5)
    yield Bomb(name="fields that differ", query=f"{{ viewer {{ {fields} }} }}")
    inline = "... on Viewer { kind user { id name } } " * 70
    yield Bomb(name="inline fragments of the same fields", query=f"{{ viewer {{ {inline} }} }}", limit="overlaps")
    ids = ", ".join(['"x"'] * 90)
    lists = " ".join([f"nodes(ids: [{ids}]) {{ id }}"] * 9)
    yield Bomb(name="long arguments that are the same", query=f"{{ {lists} }}")
    unknown = "a { } " * 200
    yield Bomb(name="empty selections of one unknown field", query=f"{{ {unknown}}}", limit="overlaps")
