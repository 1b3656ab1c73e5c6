"""An answer without anything that leads elsewhere: a model that was talked into it could tell what it knows by a picture's address.

What only a person reads stays; what a program would follow goes, or is taken apart by a space. No need to parse
Markdown for that, nor to know which dialect a client renders: each of the few character sequences that can begin an
address in any of them does not get through, in code blocks neither, since renderers differ in where these end.
"""

import re
from typing import Final

_TAIL: Final = 24
"""How much of what was let through is looked at to understand the next character."""
_LONGEST_HELD: Final = 1_000
"""Of a target or tag that may not be one; a longer one is taken apart and not cut out."""
_ADDRESS_BEGINS: Final = re.compile(
    r"""(?ix) (?: :[/\\][/\\] | (?<![^\W_]) (?: www\.[\w%-] | (?:javascript|vbscript):[\w%/\\] | data:[a-z]*[/;,] ) ) $"""
)
_ADDRESS_ENDS: Final = frozenset("<>()[]{}|\"'`*")
_PLAIN_TARGET: Final = re.compile(r"[\w\s,+*'\"=.-]*")
"""What stands in brackets in code rather than in a link: `x[1](y)`."""
_TAG_BEGINS: Final = re.compile(r"[A-Za-z/!?]")
_TAG: Final = re.compile(
    r"""(?isx)
    / \s* [a-z][^<]*
    | (?: a | audio | b | base | blockquote | body | br | button | code | details | div | em | embed | form | h[1-6r] | head
      | html | i | iframe | img | input | kbd | li | link | math | meta | object | ol | p | picture | pre | s | script
      | source | span | strong | style | sub | summary | sup | svg | table | tbody | td | textarea | th | thead | title
      | tr | u | ul | video ) \s* /?
    | [a-z][a-z0-9-]* (?: [\s/] [^<]* [=:/"'] [^<]* | [:@] [^<]* )
    | [a-z0-9.!\#$%&'*+/=?^_`{|}~-]+ [@:] [^<]*
    | [!?] .*
    """
)
"""Of names alone those of HTML: `List<String>` is none, and only taken apart."""
_LINE_ENDS: Final = frozenset("\r\x0b\x0c\x1c\x1d\x1e\x85\u2028\u2029")
"""What ends a line beside the newline, to one renderer or another. Of a pair that ends one line, the newline is dropped."""


class LinkFilter:
    """The answer as it comes; only what may turn out to be a target or a tag is held back until it ends."""

    def __init__(self) -> None:
        self._out: list[str] = []
        self._tail = ""
        self._held = ""
        self._skips = False
        self._returned = False
        """Whether the last was a carriage return, which was let through as a newline."""

    def feed(self, piece: str) -> str:
        for character in piece:
            if not (character == "\n" and self._returned):
                self._take("\n" if character in _LINE_ENDS else character)
            self._returned = character == "\r"
        return self._let_out()

    def end(self) -> str:
        """The rest, when nothing follows."""
        self._release()
        return self._let_out()

    def _take(self, character: str) -> None:
        if self._held:
            self._hold(character)
        elif self._skips and not character.isspace() and character not in _ADDRESS_ENDS:
            pass
        elif character == "<" or (character == "(" and self._tail.endswith("]")):
            self._skips = False
            self._held = character
        else:
            self._skips = False
            self._write(character)

    def _hold(self, character: str) -> None:
        opening, inside = self._held[0], self._held[1:]
        if opening == "<" and not inside and not _TAG_BEGINS.match(character):
            self._held = ""
            self._write(opening)
            self._take(character)
        elif character == (">" if opening == "<" else ")"):
            self._close(character)
        elif character in "<[" or (opening == "(" and character in "\n(") or len(inside) >= _LONGEST_HELD:
            self._release()
            self._take(character)
        else:
            self._held += character

    def _close(self, closing: str) -> None:
        inside = self._held[1:]
        if _TAG.fullmatch(inside) if self._held[0] == "<" else not _PLAIN_TARGET.fullmatch(inside):
            self._held = ""
        else:
            self._release()
            self._take(closing)

    def _release(self) -> None:
        """It was none, or nobody can know: it stays, taken apart."""
        held, self._held = self._held, ""
        if not held:
            return
        self._write(held[0] if held[0] == "<" else f" {held[0]}")
        for character in held[1:]:
            if self._held:
                self._hold(character)
            else:
                self._take(character)

    def _write(self, character: str) -> None:
        """Let it through, unless with what was let through before it would begin an address."""
        if self._begins_anything(character):
            self._emit(" ")
        if _ADDRESS_BEGINS.search(self._tail + character):
            self._emit("\N{HORIZONTAL ELLIPSIS}")
            self._skips = True
        else:
            self._emit(character)

    def _begins_anything(self, character: str) -> bool:
        before = self._tail[-1:]
        # A colon makes a definition at the beginning of a line alone. But each dialect has marks of its own for where one
        # begins, those of lists, quotations, terms and footnotes.
        return (before == "<" and _TAG_BEGINS.match(character) is not None) or (before == "]" and character in "(:")

    def _emit(self, text: str) -> None:
        self._out.append(text)
        self._tail = (self._tail + text)[-_TAIL:]

    def _let_out(self) -> str:
        text = "".join(self._out)
        self._out.clear()
        return text


def without_links(text: str) -> str:
    """The whole of a text at once."""
    links = LinkFilter()
    return links.feed(text) + links.end()
