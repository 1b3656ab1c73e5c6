"""Which of the forms of an answer a client prefers, by its Accept header (RFC 9110, 12.5.1)."""

from collections.abc import Iterator
from enum import Enum

from starlette.datastructures import Headers


class MediaType(Enum):
    JSON = "application/json"
    RESPONSE_JSON = "application/graphql-response+json"
    EVENT_STREAM = "text/event-stream"
    MULTIPART = "multipart/mixed"
    HTML = "text/html"


BY_RANGE = {media.value: media for media in MediaType} | {"*/*": MediaType.JSON, "application/*": MediaType.JSON}


def preferred(headers: Headers) -> MediaType | None:
    """The first of the most wanted that we have; JSON for a client that does not say; None for one that wants nothing of it.

    A stream is thus chosen only by who asks for it before all else: urql lists it last with every query.
    """
    accept = ",".join(headers.getlist("accept"))
    if not accept.strip():
        return MediaType.JSON
    entries = list(_entries(accept))
    unwanted = {media for media, weight in entries if weight == 0}
    wanted = [(media, weight) for media, weight in entries if weight > 0 and media not in unwanted]
    wanted.sort(key=lambda entry: -entry[1])  # stable, so that the client's order decides a tie
    return wanted[0][0] if wanted else None


def _entries(accept: str) -> Iterator[tuple[MediaType, float]]:
    for entry in accept.split(","):
        name, *texts = (part.strip() for part in entry.split(";"))
        parameters = dict(_parameter(text) for text in texts)
        media = BY_RANGE.get(name.lower())
        if media is MediaType.MULTIPART and parameters.get("subscriptionspec") != "1.0":
            continue  # of another purpose, such as @defer
        weight = _weight(parameters.get("q", "1"))
        if media is not None:
            yield media, weight


def _parameter(text: str) -> tuple[str, str]:
    name, _, value = text.partition("=")
    return name.strip().lower(), value.strip().strip('"')


def _weight(text: str) -> float:
    try:
        weight = float(text)
    except ValueError:
        return 0
    return weight if 0 <= weight <= 1 else 0
