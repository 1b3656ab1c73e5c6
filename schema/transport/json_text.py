"""JSON as it is read from clients and written to them."""

import json
import math


class MalformedJson(ValueError):
    """The text is no JSON, or holds what JSON should not. Its message is a sentence for the client."""


def decode(text: bytes | str) -> object:
    """The value of a text in UTF-8. Raises MalformedJson."""
    try:
        decoded: object = json.loads(
            text if isinstance(text, str) else text.decode(), parse_constant=_refuse_constant, parse_float=_finite
        )
    except UnicodeDecodeError:
        raise MalformedJson("The JSON is not in UTF-8.") from None
    except RecursionError:
        raise MalformedJson("The JSON is nested too deeply.") from None
    except json.JSONDecodeError as error:
        raise MalformedJson(f"This is not JSON: {error.msg} at character {error.pos + 1}.") from None
    except MalformedJson:
        raise
    except ValueError:
        raise MalformedJson("The JSON holds a number that is too long.") from None
    return decoded


def encode(payload: object) -> bytes:
    """Compact UTF-8. Raises ValueError for what JSON cannot say, such as an infinite number."""
    try:
        text = json.dumps(payload, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        return text.encode()
    except UnicodeEncodeError:
        # Half of a pair of surrogates, which a client may have sent in a name: only an escape can say it.
        return json.dumps(payload, allow_nan=False, separators=(",", ":")).encode()


def _refuse_constant(name: str) -> object:
    raise MalformedJson(f"JSON knows no {name}.")


def _finite(digits: str) -> float:
    number = float(digits)
    if math.isinf(number):
        # Python reads 1e400 as infinite, and no answer could repeat it.
        raise MalformedJson("The JSON holds a number that is too large.")
    return number
