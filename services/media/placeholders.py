"""The picture of a user who has none: a letter on a colour of their own."""

import hashlib
from xml.sax.saxutils import escape

CONTENT_TYPE = "image/svg+xml"
NOBODY = "?"
SVG = """\
<svg xmlns="http://www.w3.org/2000/svg" width="{side}" height="{side}" viewBox="0 0 64 64">\
<rect width="64" height="64" fill="hsl({hue} 45% 38%)"/>\
<text x="32" y="32" dy=".36em" text-anchor="middle" font-family="system-ui,sans-serif" font-size="30" fill="#fff">\
{letter}</text></svg>
"""


def placeholder(user_id: int, name: str | None, side: int) -> bytes:
    """An SVG without anything that runs or loads."""
    hue = hashlib.sha256(f"hue {user_id}".encode()).digest()[0] * 360 // 256
    return SVG.format(side=side, hue=hue, letter=escape(initial(name))).encode()


def initial(name: str | None) -> str:
    """The first letter or digit of the name, as a capital: never a control character, which no SVG may contain."""
    first = next((character for character in name or "" if character.isalnum()), NOBODY)
    capital = first.upper()
    return capital if len(capital) == 1 else first
