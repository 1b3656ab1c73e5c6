"""Nothing that is installed beside us ships one of our top-level names, which would overwrite or shadow ours."""

from collections.abc import Iterable
from importlib.metadata import Distribution, distributions
from pathlib import Path

from tests.architecture.source_tree import PACKAGES

OURS = frozenset({*PACKAGES, "vidwiz"})


def strangers(installed: Iterable[Distribution]) -> list[str]:
    return [
        f"{distribution.name} ships {', '.join(sorted(taken))}"
        for distribution in installed
        if distribution.name != "vidwiz" and (taken := OURS & _top_level_names(distribution))
    ]


def _top_level_names(distribution: Distribution) -> set[str]:
    return {Path(file.parts[0]).stem for file in distribution.files or () if file.suffix in {".py", ".pyi", ".so"}}


def test_our_names_are_ours() -> None:
    assert strangers(distributions()) == []


def test_a_stranger_is_found(tmp_path: Path) -> None:
    record = tmp_path / "schema-0.7.8.dist-info"
    record.mkdir()
    (record / "METADATA").write_text("Metadata-Version: 2.1\nName: schema\nVersion: 0.7.8\n", encoding="utf-8")
    (record / "RECORD").write_text("schema/__init__.py,,\nschema-0.7.8.dist-info/METADATA,,\n", encoding="utf-8")
    assert strangers(distributions(path=[str(tmp_path)])) == ["schema ships schema"]
