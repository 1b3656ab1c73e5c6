"""What we hand to people to read is true: GraphQL documents are valid, in GraphiQL's tabs too, and pages keep their form."""

import json
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from graphql import GraphQLSchema, OperationDefinitionNode, build_schema, parse, validate

ROOT = Path(__file__).resolve().parents[1]
TABS = ROOT / "clients" / "graphiql" / "src" / "tabs"
PAGES = [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
DECISIONS = sorted((ROOT / "docs" / "decisions").glob("*.md"))
PARTS_OF_A_DECISION = ["Context", "Decision", "Consequences", "Alternatives", "What enforces it"]
LONGEST_COMMENT = 52
"""What can be read in GraphiQL's editor beside its buttons in a window of usual width."""


def documents() -> Iterator[tuple[str, str]]:
    """Where each stands, and its text."""
    for tab in sorted(TABS.glob("*.graphql")):
        yield tab.name, tab.read_text(encoding="utf-8")
    for page in PAGES:
        blocks = re.findall(r"^```graphql\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
        for number, block in enumerate(blocks, start=1):
            yield f"{page.name}:{number}", block


DOCUMENTS = dict(documents())


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema((ROOT / "schema" / "schema.graphql").read_text(encoding="utf-8"))


@pytest.mark.parametrize("name", DOCUMENTS)
def test_a_document_is_valid(name: str, schema: GraphQLSchema) -> None:
    assert [error.message for error in validate(schema, parse(DOCUMENTS[name]))] == []


@pytest.mark.parametrize("tab", sorted(TABS.glob("*.graphql")), ids=lambda tab: tab.stem)
def test_a_tab_can_be_read_and_has_its_variables(tab: Path) -> None:
    text = tab.read_text(encoding="utf-8")
    assert [line for line in text.splitlines() if line.startswith("#") and len(line) > LONGEST_COMMENT] == []
    operations = [node for node in parse(text).definitions if isinstance(node, OperationDefinitionNode)]
    wanted = {definition.variable.name.value for node in operations for definition in node.variable_definitions or ()}
    variables = tab.with_suffix(".json")
    given: dict[str, object] = json.loads(variables.read_text(encoding="utf-8")) if variables.exists() else {}
    assert given.keys() == wanted


@pytest.mark.parametrize("decision", DECISIONS, ids=lambda decision: decision.stem)
def test_a_decision_has_its_parts(decision: Path) -> None:
    text = decision.read_text(encoding="utf-8")
    assert text.startswith(f"# {decision.stem[:4]} ")
    assert re.findall(r"^## (.*)$", text, re.MULTILINE) == PARTS_OF_A_DECISION


def test_decisions_are_numbered_without_a_gap() -> None:
    assert [int(decision.stem[:4]) for decision in DECISIONS] == list(range(1, len(DECISIONS) + 1))


def test_the_dependencies_are_those_that_were_decided() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    groups = project["dependency-groups"]
    wanted = [*project["project"]["dependencies"], *groups["build"], *groups["dev"]]
    names = {re.split(r"[^\w.-]", entry)[0] for entry in wanted if isinstance(entry, str)}
    page = (ROOT / "docs" / "decisions" / "0007-dependencies.md").read_text(encoding="utf-8")
    assert set(re.findall(r"^\| `([\w.-]+)` \|", page, re.MULTILINE)) == names


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_what_a_page_points_at_is_there(page: Path) -> None:
    """Links, and files that are named by their path."""
    text = page.read_text(encoding="utf-8")
    linked = [page.parent / target for target in re.findall(r"\]\((?!https?:)([^)#]+)", text)]
    named = [
        ROOT / path
        for path in re.findall(r"`((?:schema|resolvers|db|services|subscriptions|tests|clients|docs)/[\w./-]+)`", text)
    ]
    gone = [str(path) for path in (*linked, *named) if not path.exists() and "bookmarks" not in path.name]
    assert gone == []
