"""Public docstrings, by scikit-learn's own checks and by numpydoc's."""

import ast
import inspect
import re
from importlib import import_module
from pathlib import Path

import pytest
from numpydoc.docscrape import ClassDoc
from scipy.stats import loguniform
from sklearn.datasets import load_iris
from sklearn.linear_model import LogisticRegression
from sklearn.utils._testing import check_docstring_parameters

import skbayes
from skbayes import (
    BayesSearchCV,
    HalvingBayesSearchCV,
    TPESearchCV,
    inspection,
    selection,
    space,
    tracking,
)
from skbayes.samplers.base import GivenPoint, History, NoProposal, Proposal, Sampler
from skbayes.tracking.tracker import Tracker
from skbayes.trial import Outcome, Trial

SEARCHES = [BayesSearchCV, HalvingBayesSearchCV, TPESearchCV]


@pytest.fixture(params=SEARCHES, ids=lambda search: search.__name__)
def search_class(request):
    return request.param


@pytest.mark.filterwarnings("ignore")
def test_every_parameter_is_documented_in_its_place(search_class):
    documented = ClassDoc(search_class)
    assert check_docstring_parameters(search_class.__init__, documented) == []
    for name in ("fit", "fit_transform", "predict", "score"):
        assert check_docstring_parameters(getattr(search_class, name)) == []


@pytest.mark.filterwarnings("ignore")
def test_every_fitted_attribute_is_documented(search_class):
    X, y = load_iris(return_X_y=True, as_frame=True)
    model = LogisticRegression(max_iter=500)
    few = {"n_iter": 2, "return_predictions": "auto"}
    few = {"n_candidates": 2} if search_class is HalvingBayesSearchCV else few
    fitted = search_class(model, {"C": loguniform(0.1, 10)}, **few).fit(X, y)
    documented = {attribute.name for attribute in ClassDoc(search_class)["Attributes"]}
    found = {name for name in vars(fitted) if name.endswith("_") and name[0] != "_"}
    assert found <= documented
    of_staged_searches = {"cv_curves_"}
    assert all(hasattr(fitted, name) for name in documented - of_staged_searches)


def test_every_default_in_the_docstring_is_the_one_in_the_signature(search_class):
    signature = inspect.signature(search_class.__init__).parameters
    for parameter in ClassDoc(search_class)["Parameters"]:
        _, has_default, default = parameter.type.partition("default=")
        if has_default:
            value = signature[parameter.name].default
            expected = "np.nan" if value != value else repr(value)
            assert default == expected, parameter.name


@pytest.mark.parametrize("section", ["Parameters", "Attributes"])
def test_what_the_searches_share_is_documented_in_the_same_words(section):
    written = {}
    for cls in SEARCHES:
        for entry in ClassDoc(cls)[section]:
            written.setdefault(entry.name, set()).add((entry.type, *entry.desc))
    assert {name for name, texts in written.items() if len(texts) > 1} == set()


def test_docstrings_stand_in_the_source_as_they_are_shown(search_class):
    tree = ast.parse(Path(inspect.getsourcefile(search_class)).read_text(encoding="utf-8"))
    classes = {node.name: node for node in tree.body if isinstance(node, ast.ClassDef)}
    assert ast.get_docstring(classes[search_class.__name__]) == inspect.getdoc(search_class)
    assert not re.search(r"\{\w+\}", inspect.getdoc(search_class))


def public_callables():
    """Yield the functions and methods with parameters that a reader may call."""
    package = Path(skbayes.__file__).parent
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        module = import_module(".".join(parts))
        for name, member in vars(module).items():
            if name.startswith("_") or getattr(member, "__module__", "") != module.__name__:
                continue
            if inspect.isfunction(member):
                yield f"{path.stem}.{name}", member
            for method_name, method in vars(member).items() if inspect.isclass(member) else ():
                function = getattr(method, "__func__", method)
                if not method_name.startswith("_") and inspect.isfunction(function):
                    yield f"{path.stem}.{name}.{method_name}", getattr(member, method_name)


def test_every_public_callable_documents_its_parameters():
    undocumented = []
    for name, function in public_callables():
        parameters = {*inspect.signature(function).parameters} - {"self"}
        documentation = inspect.getdoc(function) or ""  # a bare method has its parent's
        is_stand_in = name.startswith("_sklearn_compat.NoCallbackContext")
        if parameters and "Parameters\n---" not in documentation and not is_stand_in:
            undocumented.append(name)
    assert undocumented == []


def on_the_api_page():
    """Yield the classes and functions that a reader may rely on, with their names."""
    for module in (skbayes, inspection, space, tracking):
        yield from ((name, getattr(module, name)) for name in module.__all__ if name[0] != "_")
    for name, member in inspect.getmembers(selection, inspect.isfunction):
        if name[0] != "_" and member.__module__ == selection.__name__:
            yield name, member
    for member in (GivenPoint, History, NoProposal, Proposal, Sampler, Tracker, Outcome, Trial):
        yield member.__name__, member


def test_every_public_class_and_function_has_an_example():
    documentation = {name: inspect.getdoc(member) or "" for name, member in on_the_api_page()}
    examples = {name: text.partition("Examples\n---")[2] for name, text in documentation.items()}
    assert [name for name, text in examples.items() if ">>> " not in text] == []


CITED = re.compile(r'doc/benchmarks\.md:\s+((?:"[^"]+"(?:\s+and\s+)?)+)')


def test_the_rows_that_constants_name_stand_in_the_benchmarks():
    package = Path(skbayes.__file__).parent
    rows = (package.parent / "doc/benchmarks.md").read_text(encoding="utf-8")
    cited = []
    for path in package.rglob("*.py"):
        for quotes in CITED.findall(path.read_text(encoding="utf-8")):
            cited += [" ".join(quote.split()) for quote in re.findall(r'"([^"]+)"', quotes)]
    assert len(cited) > 10
    assert [row for row in cited if f"| {row}" not in rows] == []
