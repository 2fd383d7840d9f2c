"""The imports run down, and the core knows nothing of scikit-learn."""

import ast
import re
from itertools import chain
from pathlib import Path

import pytest

import skbayes

PACKAGE = Path(skbayes.__file__).parent
MODULES = sorted(PACKAGE.rglob("*.py"))

LAYERS = {
    "trial": 0,
    "streams": 0,
    "threads": 0,
    "space": 1,
    "models": 2,
    "acquisition": 2,
    "pruning": 2,
    "samplers": 3,
    "study": 4,
    "_sklearn_compat": 4,
    "evaluation": 5,
    "surrogate": 6,
    "findings": 6,
    "params_json": 6,
    "engine": 6,
    "tracking": 6,
    "estimators": 7,
    "inspection": 8,
    "selection": 8,
    "__init__": 8,
}
KNOWS_SKLEARN = {
    "evaluation",
    "engine",
    "estimators",
    "inspection",
    "params_json",
    "_sklearn_compat",
}


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


COMPAT = {"_sklearn_compat", "_joblib_compat", "_mlflow_compat"}

ALLOWED = {
    "estimators/base.py": {
        "_check_refit_for_multimetric",
        "_format_results",
        "_get_routed_params_for_fit",
        "_get_scorers",
        "_init_callback_context",
    },
    "estimators/fitted.py": {"_format_results"},
    "estimators/partial_results.py": {"_time"},
    "evaluation/table.py": {"_test_"},
    "space/foreign.py": {"_LogUniform", "_Normal"},
}
"""Hooks that `BaseSearchCV` gives its subclasses, and classes that are known by their names."""


def names_defined_in(tree):
    """Yield the names that a module gives to functions, classes, variables and attributes."""
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.ClassDef):
            yield node.name
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store):
            yield node.attr


def docstrings_of(tree):
    """Yield the nodes of texts that stand alone, which document something."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            yield node.value


def private_names_used_in(tree):
    """Yield private names that are imported, read as attributes, or stand in a text."""
    documentation = set(docstrings_of(tree))
    for node in ast.walk(tree):
        if isinstance(node, ast.Attribute):
            words = [node.attr]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            words = [] if node in documentation else re.findall(r"(?<![\w{])\w+", node.value)
        elif isinstance(node, ast.ImportFrom):
            words = [*node.module.split("."), *(alias.name for alias in node.names)]
        else:
            continue
        yield from (word for word in words if re.fullmatch(r"_[a-zA-Z]\w*(?<!__)", word))


def test_private_names_of_other_packages_live_in_the_compatibility_modules():
    trees = {path: ast.parse(path.read_text(encoding="utf-8")) for path in MODULES}
    ours = {*chain.from_iterable(map(names_defined_in, trees.values())), *COMPAT}
    for path, tree in trees.items():
        if path.stem not in COMPAT:
            name = str(path.relative_to(PACKAGE))
            foreign = set(private_names_used_in(tree)) - ours - ALLOWED.get(name, set())
            assert not foreign, f"{name} uses {foreign}"


@pytest.mark.parametrize(
    "line",
    [
        "from joblib._utils import eval_expr",
        "estimator._skl_callbacks",
        'hasattr(estimator, "_skl_callbacks")',
        'is_first = "in _fit_and_score" in line',
    ],
)
def test_a_private_name_is_found_however_it_is_used(line):
    assert list(private_names_used_in(ast.parse(line)))


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
