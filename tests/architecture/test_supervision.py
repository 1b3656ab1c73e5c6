"""Nothing runs unwatched: a task belongs to a TaskGroup or to the one module that supervises."""

import ast
from collections.abc import Iterable, Iterator

import pytest

from tests.architecture.source_tree import Module, calls, product, sample

SUPERVISOR = "services/supervision.py"
STARTERS = frozenset({"create_task", "ensure_future"})


def unwatched_tasks(modules: Iterable[Module]) -> list[str]:
    return [
        f"{module.path}:{call.lineno}"
        for module in modules
        if module.path.as_posix() != SUPERVISOR
        for call, name in calls(module.tree)
        if name in STARTERS and _receiver(call) not in set(_task_groups(module.tree))
    ]


def _receiver(call: ast.Call) -> str | None:
    return ast.unparse(call.func.value) if isinstance(call.func, ast.Attribute) else None


def _task_groups(tree: ast.AST) -> Iterator[str]:
    """The names that the module gives to task groups, by making one or by annotation."""
    for node in ast.walk(tree):
        match node:
            case ast.withitem(context_expr=made, optional_vars=ast.expr() as name) if _names_a_group(made):
                yield ast.unparse(name)
            case ast.Assign(targets=[name], value=made) if _names_a_group(made):
                yield ast.unparse(name)
            case ast.AnnAssign(target=name, annotation=kind) if _names_a_group(kind):
                yield ast.unparse(name)
            case ast.arg(arg=argument, annotation=ast.expr() as kind) if _names_a_group(kind):
                yield argument
            case _:
                pass


def _names_a_group(expression: ast.expr) -> bool:
    return "TaskGroup" in ast.unparse(expression)


def test_every_task_is_watched() -> None:
    assert unwatched_tasks(product()) == []


@pytest.mark.parametrize(
    "text",
    [
        "asyncio.create_task(work())",
        "task = asyncio.ensure_future(work())",
        "create_task(work())",
        "asyncio.get_running_loop().create_task(work())",
        "async def f(loop: asyncio.AbstractEventLoop):\n    loop.create_task(work())",
    ],
)
def test_an_unwatched_task_is_found(text: str) -> None:
    assert unwatched_tasks([sample(text)])


@pytest.mark.parametrize(
    "text",
    [
        "async def f():\n    async with asyncio.TaskGroup() as group:\n        group.create_task(work())",
        "async def f(group: asyncio.TaskGroup):\n    group.create_task(work())",
        "self._group = await stack.enter_async_context(TaskGroup())\nself._group.create_task(work())",
    ],
)
def test_a_group_is_known(text: str) -> None:
    assert not unwatched_tasks([sample(text)])
