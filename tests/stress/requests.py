"""What is sent: each generated document as one caller's request, the same in every run on the same schema."""

import json
import random
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from graphql import OperationDefinitionNode, print_ast

from tests.stress.breaking import broken
from tests.stress.generation import Generated, Kind, stress_schema
from tests.stress.shaping import shape
from tests.stress.values import ODD_JSON, Known

CALLERS = {"user A": 7, "user B": 4, "guest A": 4, "guest B": 2, "nobody": 1, "bad token": 1, "admin": 1}
"""By how often they call."""
ACCEPTED = ["application/json", "application/graphql-response+json", "*/*"]
WRONG = frozenset({Kind.WRONG_QUERY, Kind.WRONG_MUTATION})


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    kind: Kind
    caller: str
    accept: str
    body: dict[str, object]
    must_fail: bool
    """Whether it is surely wrong."""

    @property
    def takes_password(self) -> bool:
        return any(f"{name}(" in str(self.body.get("query")) for name in ("userRegister", "sessionCreate"))

    @property
    def text(self) -> str:
        """Escaped as ASCII, so that lone surrogates can be sent."""
        return json.dumps(self.body)

    def __str__(self) -> str:
        return f"{self.kind} of {self.caller}: {self.text}"


def prepare(generated: Iterable[Generated], known: Mapping[str, Known]) -> list[Request]:
    return [_request(one, known, random.Random(number)) for number, one in enumerate(generated)]  # noqa: S311


def _request(generated: Generated, known: Mapping[str, Known], rng: random.Random) -> Request:
    (caller,) = rng.choices(list(CALLERS), weights=list(CALLERS.values()))
    is_wrong = generated.kind in WRONG
    document, variables = shape(generated.document, stress_schema(), known[caller], rng, keeps_values=is_wrong)
    text = print_ast(document)
    body: dict[str, object] = {"query": broken(text, rng) if generated.kind is Kind.BROKEN else text}
    if variables or rng.random() < 0.1:
        body["variables"] = variables
    (operation,) = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    if operation.name and rng.random() < 0.5:
        body["operationName"] = operation.name.value
    if generated.kind is Kind.BROKEN and rng.random() < 0.1:
        body[rng.choice(["query", "variables", "operationName", "extensions"])] = rng.choice(ODD_JSON)
    return Request(
        kind=generated.kind,
        caller=caller,
        accept=rng.choice(ACCEPTED),
        body=body,
        # What stands in a document as no text may well be one in a variable.
        must_fail=is_wrong and not operation.variable_definitions,
    )
