"""Bombs of many lines and many mistakes: to tell the line of each place, all the text before it is read again."""

from collections.abc import Iterator

from tests.protocols.limits.bomb import Bomb

LINE_ENDS = {"LF": "\n", "CR": "\r", "CRLF": "\r\n"}
TOO_MANY_LINES = 2_100
MANY_LINES = 1_000


def mistakes() -> dict[str, str]:
    """By what is in them many times: documents of hundreds of nodes that errors point at."""
    leaves = " ".join(f"a{n}: id" for n in range(14))
    undefined = " ".join(f"id: $a{n}" for n in range(190))
    chain = " ".join(f"fragment F{n} on Query {{ ...F{n + 1} }}" for n in range(60))
    return {
        "one argument": f"{{ node({'a: 1 ' * 320}) {{ id }} }}",
        "one variable": f"query Q({'$a: Int ' * 230}) {{ __typename }}",
        "one operation": "query Q { __typename } " * 120,
        "one fragment": "{ ...F } " + "fragment F on Query { __typename } " * 80,
        "one directive": f"{{ __typename {'@skip(if: true) ' * 50} }}",
        "one input field": f"{{ video(by: {{{'id: 1 ' * 300}}}) {{ id }} }}",
        "input fields that are not there": f"{{ video(by: {{{'a: 1 ' * 300}}}) {{ id }} }}",
        "variables that are not defined": f"{{ video(by: {{{undefined}}}) {{ id }} }}",
        "fragments in a circle": f"{{ ...F0 }} {chain} fragment F60 on Query {{ ...F0 }}",
        "fields that conflict": f'{{ a: sampleVideos {{ {leaves} }} a: video(by: {{id: "x"}}) {{ {leaves} }} }}',
        "fields that are not there": f"{{ {'a { b } ' * 60} }}",
        "a text where none belongs": f"{{ nodes(ids: [{'{a: 1} ' * 180}]) {{ id }} }}",
    }


def lines() -> Iterator[Bomb]:
    for name, mistake in mistakes().items():
        yield Bomb(name=f"{name}, below too many lines", query="\n" * TOO_MANY_LINES + mistake, limit="lines")
        for end, line in LINE_ENDS.items():
            yield Bomb(name=f"{name}, below {end}", query=line * MANY_LINES + mistake)
        yield Bomb(name=f"{name}, a word a line", query=mistake.replace(" ", "\n"))
    for end, line in LINE_ENDS.items():
        yield Bomb(name=f"nothing but {end}", query=line * (2 * MANY_LINES - 1))
    within = "\n" * TOO_MANY_LINES
    yield Bomb(name="too many CR", query=f"{within} {{ a }}".replace("\n", "\r"), limit="lines")
    yield Bomb(name="lines of a text", query=f'{{ node(id: """{within}""") {{ id }} a b c }}', limit="lines")
    yield Bomb(name="lines after all", query=f"{{ a b c }}{within}", limit="lines")
    yield Bomb(name="lines before what does not parse", query=f"{within}{{ a b c", limit="lines")
    comments = "#\n" * 990
    yield Bomb(name="lines of comments", query=f"{comments}{{ a }}")
