"""Notes as Markdown: whatever a text holds, the document stays ours; read by a CommonMark parser of others."""

import html
import re
from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from markdown_it.token import Token

from db.queries.notes import NoteRow
from db.queries.videos import VideoRow
from services.notes.exported import Exported
from services.notes.markdown import Markdown

NOW = datetime(2026, 5, 1, tzinfo=UTC)
AFTER = "The note after it"
COMMONMARK = MarkdownIt("commonmark")
GITHUB = MarkdownIt("commonmark").enable(["table", "strikethrough"])


def exported(text: str | None, *, title: str = "A title", timestamp: str = "1:05", ai: bool = False) -> Exported:
    video = VideoRow(1, "dQw4w9WgXcQ", title, None, False, None, None, False, NOW)
    return Exported(NoteRow(1, 1, timestamp, text, "NONE", ai, NOW, NOW), video)


def written(*notes: Exported) -> str:
    writer = Markdown()
    return writer.head() + "".join(writer.entry(note) for note in notes) + writer.tail()


def parsed(document: str) -> list[Token]:
    """All tokens, those within lines too."""
    return [inner for token in GITHUB.parse(document) for inner in (token, *(token.children or []))]


def outline(tokens: list[Token]) -> list[tuple[str, int]]:
    """Headings and quotations, each with how deep it is."""
    return [(token.type, token.level) for token in tokens if token.type in {"heading_open", "blockquote_open"}]


HOSTILE = [
    "# heading",
    "text\n# heading",
    "\n\n## heading",
    "   ### heading",
    "#",
    "#\theading",
    "- # heading",
    "1. # heading",
    "12) * + # heading",
    "> # heading",
    "> > - # heading",
    "heading\n===",
    "heading\n---",
    "heading\n-",
    "heading\n   =  ",
    "> heading\n> ===",
    "- heading\n  ---",
    "text\r# heading",
    "text\r\n# heading",
    "<h1>heading</h1>",
    "<!-- open",
    "<script>",
    "<details>\n\n",
    "</blockquote>\n\n# heading",
    "<?php",
    "<![CDATA[",
    "\\<b>",
    "```\n# open fence",
    "~~~",
    "- ```\n\n# heading",
    "    indented\n# heading",
    "[a]: http://example.com\n[a]",
    "\n\n\n",
    "> quote",
    "\\",
    "`",
    "**",
    "| a |\n|---|\n| b |",
    "***\n___\n---",
    "text  \n",
    "\tx",
    "a\x0b# b\x0c# c\u2028# d",
]


@pytest.mark.parametrize("text", HOSTILE)
def test_no_text_breaks_out(text: str) -> None:
    tokens = parsed(written(exported(text), exported(AFTER)))
    assert_ours(tokens)


@given(st.lists(st.sampled_from([*HOSTILE, "x", "\n", "\n\n", " ", "- ", "> ", "\t"]), max_size=8))
def test_no_mixture_breaks_out(pieces: list[str]) -> None:
    assert_ours(parsed(written(exported("".join(pieces) or "x"), exported(AFTER))))


def assert_ours(tokens: list[Token]) -> None:
    """Two headings, of ours; no HTML; and the note after it is where it belongs."""
    assert [level for kind, level in outline(tokens) if kind == "heading_open"] == [0, 0]
    assert [(kind, level) for kind, level in outline(tokens) if level == 0] == [
        ("heading_open", 0),
        ("heading_open", 0),
        ("blockquote_open", 0),
        ("blockquote_open", 0),
    ]
    assert not [token for token in tokens if token.type in {"html_block", "html_inline"}]
    after = next(index for index, token in enumerate(tokens) if token.type == "inline" and token.content == AFTER)
    assert [token.type for token in tokens[after - 2 : after]] == ["blockquote_open", "paragraph_open"]


def test_the_markdown_of_a_text_counts() -> None:
    kinds = {token.type for token in parsed(written(exported("- one\n- *two*\n\n[a](http://b.example) `c`")))}
    assert {"bullet_list_open", "em_open", "link_open", "code_inline"} <= kinds


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("\\<img src=x>", "\\<img src=x>"),
        ("\\\\<img src=x>", "\\<img src=x>"),
        ("\\\\\\<b>", "\\\\<b>"),
        ("<b>x</b>", "<b>x</b>"),
    ],
)
def test_html_is_shown_as_it_is_written(text: str, shown: str) -> None:
    """A backslash before it must not show how it is escaped."""
    quotation = next(token for token in GITHUB.parse(written(exported(text))) if token.content.endswith(">"))
    assert "".join(child.content for child in quotation.children or []) == shown


@pytest.mark.parametrize("text", ["a < b > c & d", "5 - 3 = 2", "#tag", "C# and F#", "1 <2", "a_b*c", "--- a", "=== b"])
def test_what_breaks_nothing_is_left_as_it_is(text: str) -> None:
    assert f"> {text}\n" in written(exported(text))


@given(st.text(st.characters(codec="utf-8"), min_size=1, max_size=60).filter(str.strip))
def test_titles_and_timestamps_are_shown_as_they_are(text: str) -> None:
    shown = " ".join(text.split())
    tokens = GITHUB.parse(written(exported(None, title=text, timestamp=text)))
    heading, stamp = (
        "".join(child.content for child in token.children or [])
        for token in tokens
        if token.type == "inline" and token.content != "Notes"
    )
    assert heading == shown.replace("\0", "\ufffd")
    assert stamp.removeprefix("**").removesuffix("**") == shown.replace("\0", "\ufffd")


def test_a_title_is_a_link_of_ours_alone() -> None:
    document = written(exported(None, title="x](http://evil.example) [y", timestamp="1:05](http://evil.example)"))
    links = [token.attrs["href"] for token in parsed(document) if token.type == "link_open"]
    assert links == ["https://www.youtube.com/watch?v=dQw4w9WgXcQ"]
    assert "evil" in re.sub(r"<[^>]*>", "", html.unescape(COMMONMARK.render(document)))


def test_the_assistants_are_marked() -> None:
    assert "**[1:05](https://www.youtube.com/watch?v=dQw4w9WgXcQ&t=65s)** (*written by the assistant*)\n" in written(
        exported("x", ai=True)
    )
