"""The imports run down, and the core knows nothing of scikit-learn."""

import ast
from pathlib import Path

import pytest

import skbayes

PACKAGE = Path(skbayes.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))

LAYERS = {
    "trial": 0,
    "space": 1,
    "models": 2,
    "acquisition": 2,
    "samplers": 3,
    "study": 4,
    "_sklearn_compat": 4,
    "evaluation": 5,
    "engine": 6,
    "estimators": 7,
    "__init__": 8,
}
KNOWS_SKLEARN = {"evaluation", "engine", "estimators", "_sklearn_compat"}


def part_of(path):
    return path.relative_to(PACKAGE).parts[0].removesuffix(".py")


def imports_of(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: import by full name"
            yield node.module


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_imports_run_down(path):
    here = part_of(path)
    for name in imports_of(path):
        top, *rest = name.split(".")
        if top == "skbayes" and rest:
            assert LAYERS[rest[0]] <= LAYERS[here], f"{here} imports {name}"
        if top == "sklearn":
            assert here in KNOWS_SKLEARN, f"{here} imports {name}"
        if top == "joblib":
            assert here == "engine", f"{here} imports {name}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(PACKAGE)))
def test_private_scikit_learn_names_live_in_one_file(path):
    if part_of(path) == "_sklearn_compat":
        return
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom) and node.module.split(".")[0] == "sklearn":
            names = [*node.module.split("."), *(alias.name for alias in node.names)]
            assert not [name for name in names if name.startswith("_")]


def test_no_import_cycle():
    graph = {}
    for path in MODULES:
        parts = ("skbayes", *path.relative_to(PACKAGE).with_suffix("").parts)
        name = ".".join(parts).removesuffix(".__init__")
        graph[name] = {target for target in imports_of(path) if target.startswith("skbayes")}
    graph["skbayes"] = set()  # its names are loaded when they are asked for
    done, path = set(), []

    def visit(name):
        assert name not in path, f"cycle: {' -> '.join([*path, name])}"
        if name in done:
            return
        path.append(name)
        for target in graph.get(name, ()):
            visit(target)
        path.pop()
        done.add(name)

    for name in graph:
        visit(name)


def test_the_public_names_are_those_listed():
    assert set(skbayes.__all__) <= set(dir(skbayes))
    for name in skbayes.__all__:
        assert getattr(skbayes, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'GridSearchCV'"):
        skbayes.GridSearchCV  # noqa: B018
