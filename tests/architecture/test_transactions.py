"""Only `db/sessions.py` ends a transaction, and no relationship loads behind the caller's back."""

import ast
from collections.abc import Iterable

import pytest

from tests.architecture.source_tree import Module, calls, product, sample

OWNER = "db/sessions.py"


def commits(modules: Iterable[Module]) -> list[str]:
    return [
        f"{module.path}:{call.lineno}"
        for module in modules
        if module.path.as_posix() != OWNER
        for call, name in calls(module.tree)
        if name == "commit" and isinstance(call.func, ast.Attribute)
    ]


def lazy_relationships(modules: Iterable[Module]) -> list[str]:
    return [
        f"{module.path}:{call.lineno}"
        for module in modules
        for call, name in calls(module.tree)
        if name == "relationship" and not any(_raises_when_lazy(keyword) for keyword in call.keywords)
    ]


def _raises_when_lazy(keyword: ast.keyword) -> bool:
    return keyword.arg == "lazy" and isinstance(keyword.value, ast.Constant) and keyword.value.value == "raise"


def test_only_the_sessions_commit() -> None:
    assert commits(product()) == []


@pytest.mark.parametrize("text", ["session.commit()", "async def f(tx):\n    await tx.connection.commit()"])
def test_a_commit_is_found(text: str) -> None:
    assert commits([sample(text)])
    assert not commits([sample(text, OWNER)])


def test_every_relationship_refuses_to_load_by_itself() -> None:
    assert lazy_relationships(product()) == []


@pytest.mark.parametrize("text", ["x = relationship()", "x = orm.relationship('Note', lazy='select')"])
def test_a_lazy_relationship_is_found(text: str) -> None:
    assert lazy_relationships([sample(text)])
    assert not lazy_relationships([sample("x = relationship('Note', lazy='raise')")])
