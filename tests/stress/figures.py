"""What a run measured, and how it is told."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field

from tests.stress.generation import Kind


@dataclass(kw_only=True, slots=True)
class Figures:
    """Of one database; grows while operations are answered."""

    database: str
    operations: Counter[Kind] = field(default_factory=Counter[Kind])
    codes: Counter[str] = field(default_factory=Counter[str])
    """Answers that had the code among their errors."""
    clean: int = 0
    """Answers without an error."""
    milliseconds: list[float] = field(default_factory=list[float])
    """Of each answer by HTTP that took no password."""
    milliseconds_with_password: list[float] = field(default_factory=list[float])
    """Of the others: a password is meant to be slow to check."""
    seconds: float = 0
    rows: Counter[str] = field(default_factory=Counter[str])
    """Written by the operations and what they set off, by table."""

    def count(self, kind: Kind, codes: Sequence[str]) -> None:
        self.operations[kind] += 1
        self.codes.update(codes)
        self.clean += not codes


def percentile(values: Iterable[float], share: float) -> float:
    """The smallest value that is not less than so many of all; 0 of none."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))] if ordered else 0


def tables(runs: Sequence[Figures]) -> Iterator[str]:
    """Lines of Markdown."""
    yield from _table("operations", runs, [(kind.value, [run.operations[kind] for run in runs]) for kind in Kind])
    codes = sorted({code for run in runs for code in run.codes})
    answers = [("no error", [run.clean for run in runs])]
    answers += [(f"`{code}`", [run.codes[code] for run in runs]) for code in codes]
    yield from _table("answers with", runs, answers)
    names = sorted({name for run in runs for name in run.rows})
    yield from _table("rows written", runs, [(f"`{name}`", [run.rows[name] for run in runs]) for name in names])
    shares = (("median", 0.5), ("p99", 0.99))
    measured = [(name, [round(percentile(run.milliseconds, share), 1) for run in runs]) for name, share in shares]
    measured += [
        (f"{name} with a password", [round(percentile(run.milliseconds_with_password, share), 1) for run in runs])
        for name, share in shares
    ]
    seconds = ("seconds in all", [round(run.seconds) for run in runs])
    yield from _table("ms to an answer", runs, [*measured, seconds])


def _table(name: str, runs: Sequence[Figures], rows: Sequence[tuple[str, Sequence[float]]]) -> Iterator[str]:
    yield f"| {name} | {' | '.join(run.database for run in runs)} |"
    yield f"| --- |{' ---: |' * len(runs)}"
    for label, values in rows:
        yield f"| {label} | {' | '.join(f'{value:,}' for value in values)} |"
    yield ""
