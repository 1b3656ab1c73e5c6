"""A small document that asks for a great deal."""

from collections.abc import Mapping
from dataclasses import dataclass, field


@dataclass(frozen=True, slots=True, kw_only=True)
class Bomb:
    name: str
    query: str
    variables: Mapping[str, object] = field(default_factory=dict[str, object])
    limit: str | None = None
    """The limit that must refuse it; None where validation or coercion does, or where it is harmless after all."""

    @property
    def body(self) -> dict[str, object]:
        return {"query": self.query, "variables": dict(self.variables)}
