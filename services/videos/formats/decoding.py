"""From bytes to text."""

import codecs

from services.videos.formats.cues import UnreadableTranscript

_BY_MARK = {codecs.BOM_UTF8: "utf-8-sig", codecs.BOM_UTF16_LE: "utf-16", codecs.BOM_UTF16_BE: "utf-16"}


def decode(content: bytes) -> str:
    """UTF-8, or UTF-16 with a byte order mark; each line ends in a line feed alone. Raises UnreadableTranscript."""
    encoding = next((name for mark, name in _BY_MARK.items() if content.startswith(mark)), "utf-8")
    try:
        text = content.decode(encoding)
    except UnicodeDecodeError:
        raise UnreadableTranscript("The file is no text in UTF-8, or in UTF-16 with a byte order mark.") from None
    if "\0" in text:
        raise UnreadableTranscript("The file is no text: there are NUL characters in it.")
    return unify(text)


def unify(text: str) -> str:
    return text.removeprefix("\N{ZERO WIDTH NO-BREAK SPACE}").replace("\r\n", "\n").replace("\r", "\n")
