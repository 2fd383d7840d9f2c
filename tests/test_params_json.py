"""Parameters that are written as JSON and read back, and files that are refused."""

import json
import os
import subprocess
import sys
from contextlib import suppress
from functools import partial

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy import special
from sklearn.base import BaseEstimator, clone
from sklearn.cluster import FeatureAgglomeration
from sklearn.compose import ColumnTransformer
from sklearn.datasets import load_iris
from sklearn.feature_selection import SelectKBest, f_classif
from sklearn.gaussian_process import GaussianProcessClassifier
from sklearn.gaussian_process.kernels import RBF, WhiteKernel
from sklearn.linear_model import LogisticRegression
from sklearn.metrics.pairwise import laplacian_kernel
from sklearn.model_selection import GridSearchCV, KFold
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import FunctionTransformer, OneHotEncoder, StandardScaler, scale
from sklearn.svm import SVC
from sklearn.tree import DecisionTreeClassifier
from sklearn.utils.discovery import all_estimators

from skbayes import BayesSearchCV
from skbayes.params_json import HARMLESS, params_from_json, params_to_json

HERE = __name__.partition(".")[0]


class Scripted(BaseEstimator):
    """Stands for an estimator of a package that scikit-learn does not know."""

    def __init__(self, size=1):
        self.size = size


class Plain:
    """An estimator by its methods alone, without scikit-learn's base class."""

    def __init__(self, size=1):
        self.size = size

    def get_params(self, deep=True):
        return {"size": self.size}

    def set_params(self, size):
        self.size = size
        return self


def halved(x):
    return x / 2


def back(params, **options):
    """Return parameters that were written and read again."""
    return params_from_json(params_to_json(params), **options)


def strictly(text):
    """Return what a strict reader of JSON makes of it."""
    return json.loads(text, parse_constant=pytest.fail)


def is_identical(a, b):
    """Whether two values have the same types, dtypes, order, signs of zero, and NaN in places."""
    if type(a) is not type(b):
        return False
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(is_identical, a, b))
    if isinstance(a, dict):
        return is_identical(list(a.items()), list(b.items()))
    if isinstance(a, np.ndarray | np.generic):
        return a.dtype == b.dtype and a.shape == b.shape and is_identical(a.tolist(), b.tolist())
    if isinstance(a, float | complex):
        return repr(a) == repr(b)
    if hasattr(a, "get_params") and not isinstance(a, type):
        return is_identical(a.get_params(deep=False), b.get_params(deep=False))
    return a == b


WORDS = st.sampled_from(["@tuple", "@dict", "@", "@estimator", "params", "dtype", ""]) | st.text()

DTYPES = (
    hnp.boolean_dtypes()
    | hnp.integer_dtypes(endianness="?")
    | hnp.unsigned_integer_dtypes(endianness="?")
    | hnp.floating_dtypes(endianness="?", sizes=(16, 32, 64))
    | hnp.complex_number_dtypes(endianness="?", sizes=(64, 128))
    | hnp.unicode_string_dtypes(endianness="?", max_len=5)
)

PLAIN = st.none() | st.booleans() | st.integers() | st.floats() | WORDS

SCALARS = PLAIN | st.builds(
    lambda array: array[()], DTYPES.flatmap(lambda dtype: hnp.arrays(dtype, ()))
)

ARRAYS = DTYPES.flatmap(
    lambda dtype: hnp.arrays(dtype, hnp.array_shapes(min_dims=0, min_side=0, max_side=3))
)

KEYS = WORDS | st.none() | st.integers() | st.floats() | st.tuples(st.integers(), WORDS)

VALUES = st.recursive(
    SCALARS | ARRAYS,
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.lists(inner, max_size=3).map(tuple)
        | st.dictionaries(WORDS, inner, max_size=3)
        | st.dictionaries(KEYS, inner, max_size=3)
    ),
    max_leaves=8,
)


@given(st.dictionaries(WORDS, VALUES, max_size=4), st.none() | st.just(2))
def test_what_is_read_is_what_was_written(params, indent):
    text = params_to_json(params, indent=indent)
    strictly(text)
    assert is_identical(params_from_json(text), params)


def test_plain_values_look_like_plain_json():
    params = {"C": 1.5, "kernel": "rbf", "degree": 3, "shrinking": True, "weight": None}
    assert params_to_json(params) == json.dumps(params)
    assert params_to_json({"a": {"b": [1]}}, indent=2) == json.dumps({"a": {"b": [1]}}, indent=2)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, -0.0, 5e-324, 1.7976931348623157e308])
def test_every_float_is_strictly_valid_json(value):
    text = params_to_json({"missing_values": value, "in": [np.array([value])]})
    strictly(text)
    read = params_from_json(text)
    assert repr(read["missing_values"]) == repr(value)
    assert repr(float(read["in"][0][0])) == repr(value)


def test_integers_of_any_size_are_exact():
    for value in (2**53 + 1, -(2**64), 10**600, 10**5000, -(10**5000)):
        assert back({"seed": value})["seed"] == value


def test_dicts_keep_keys_that_are_no_strings_and_those_that_look_like_markers():
    params = {
        "class_weight": {0: 1.0, 1: 2.0},
        "tuples": {(1, "a"): np.float32(2), None: (), "0": 1, 0: 2},
        "marked": {"@tuple": [1, 2], "@import": "os.system", "@unknown": {}},
        "@estimator": "sklearn.svm.SVC",
        "params": {},
    }
    assert is_identical(back(params), params)


def test_scalars_and_arrays_of_numpy_keep_their_dtype_and_shape():
    arrays = [
        *(np.float32(0.1), np.int8(-3), np.uint64(2**64 - 1), np.bool_(True), np.str_("é")),
        *(
            np.complex64(1 - 0j),
            np.zeros((0, 3), np.int16),
            np.array(4.0),
            np.arange(3, dtype=">i4"),
        ),
        *(np.array([["a", "bcd"]]), np.asfortranarray(np.arange(6.0).reshape(2, 3))),
        *(np.array([True, False]), np.array([np.nan, -0.0, np.inf]), np.arange(9)[::-2]),
    ]
    assert is_identical(back({"arrays": arrays})["arrays"], arrays)


def test_slices_are_read_back():
    assert back({"columns": [slice(0, 2), slice(None)]})["columns"] == [slice(0, 2), slice(None)]


def test_functions_and_classes_are_written_by_their_shortest_public_path():
    params = {"f": f_classif, "log": np.log1p, "t": np.float64, "c": SVC, "i": int, "m": np.mean}
    plain = strictly(params_to_json(params))
    assert [value["@import"] for value in plain.values()] == [
        *("sklearn.feature_selection.f_classif", "numpy.log1p", "numpy.float64", "sklearn.svm.SVC"),
        *("builtins.int", "numpy.mean"),
    ]
    assert back(params) == params
    assert strictly(params_to_json({"s": BayesSearchCV}))["s"] == {
        "@import": "skbayes.BayesSearchCV"
    }
    assert back({"s": BayesSearchCV, "k": laplacian_kernel, "p": scale})["k"] is laplacian_kernel


def test_every_ufunc_and_scalar_type_of_numpy_is_read_without_trust():
    members = {member for name, member in HARMLESS.items() if name.startswith("numpy.")}
    assert len(members) > 90
    for member in members:
        assert back({"func": member})["func"] is member


def test_all_parameters_of_an_estimator_are_written():
    plain = strictly(params_to_json({"clf": SVC(C=2.0)}))["clf"]
    assert plain["@estimator"] == "sklearn.svm.SVC"
    own = SVC(C=2.0).get_params().items()
    assert plain["params"] == {name: value for name, value in own if value != "deprecated"}


@pytest.mark.filterwarnings("ignore::FutureWarning")
def test_every_estimator_of_scikit_learn_comes_back_with_the_same_parameters():
    n_read = 0
    for _, cls in all_estimators():
        try:
            original = cls()
        except TypeError:  # needs arguments
            continue
        read = back({"step": original})["step"]
        assert is_identical(read, original), cls
        n_read += 1
    assert n_read > 150


def nested_estimators():
    columns = ColumnTransformer(
        [
            ("scaled", make_pipeline(StandardScaler(), SelectKBest(f_classif, k=1)), [0, 1]),
            ("log", FunctionTransformer(np.log1p), slice(2, 3)),
            ("kept", "passthrough", np.array([False, False, False, True])),
        ],
        transformer_weights={"log": np.float32(2)},
    )
    weights = {0: 1.0, 1: 2.0, 2: np.float64(1.5)}
    yield Pipeline([("columns", columns), ("clf", SVC(C=3, class_weight=weights))])
    yield make_pipeline(FunctionTransformer(np.log1p), LogisticRegression(max_iter=500))
    yield make_pipeline(SelectKBest(f_classif, k=2), "passthrough", SVC(gamma=0.1))
    yield make_pipeline(FunctionTransformer(special.log1p), SVC())
    yield make_pipeline(FeatureAgglomeration(), SVC(kernel=laplacian_kernel))
    yield GaussianProcessClassifier(RBF(0.5, (1e-3, 1e3)) + WhiteKernel(0.01, "fixed"))
    yield BayesSearchCV(DecisionTreeClassifier(random_state=0), {"max_depth": [1, 2, 3]}, n_iter=3)


@pytest.mark.parametrize("model", nested_estimators(), ids=lambda model: type(model).__name__)
def test_nested_estimators_come_back_and_predict_the_same(model):
    X, y = load_iris(return_X_y=True)
    read = back({"model": model}, trusted=["scipy.special"])["model"]
    assert is_identical(read, model)
    assert np.array_equal(clone(read).fit(X, y).predict(X), clone(model).fit(X, y).predict(X))


def test_best_parameters_that_replace_a_step_give_the_model_of_the_search():
    X, y = load_iris(return_X_y=True)
    pipe = Pipeline([("scale", StandardScaler()), ("clf", SVC())])
    models = [SVC(C=0.01), DecisionTreeClassifier(max_depth=3, random_state=0)]
    search = GridSearchCV(pipe, {"clf": models, "scale": ["passthrough", StandardScaler()]})
    search.fit(X, y)
    read = params_from_json(params_to_json(search.best_params_, indent=2))
    copied = clone(pipe).set_params(**read).fit(X, y)
    assert type(copied.named_steps["clf"]) is type(search.best_estimator_.named_steps["clf"])
    assert np.array_equal(copied.predict(X), search.best_estimator_.predict(X))


def test_what_an_estimator_was_fitted_to_is_left_behind():
    X, y = load_iris(return_X_y=True)
    assert not hasattr(back({"clf": SVC().fit(X, y)})["clf"], "support_")


def test_settings_that_are_no_parameters_are_refused_instead_of_lost():
    scaler = StandardScaler().set_output(transform="pandas")
    with pytest.raises(ValueError, match=r"params\['scale'\]: .* set_output"):
        params_to_json({"scale": scaler})


def made_in_a_function():
    class Local(BaseEstimator):
        pass

    return Local


def in_a_script():
    names = {"__name__": "__main__"}
    exec("def scripted(x):\n    return x", names)
    return names["scripted"]


@pytest.mark.parametrize(
    "value, message",
    [
        (lambda x: x, "lambda"),
        (made_in_a_function(), "define it at the top of a module"),
        (made_in_a_function()(), "define it at the top of a module"),
        (in_a_script(), "'__main__'.*script"),
        (StandardScaler().fit, "method"),
        (np.frompyfunc(halved, 1, 1), "define it at the top of a module"),
        (partial(halved), "of type partial"),
        (KFold(5), "of type KFold"),
        (np.random.RandomState(0), "of type RandomState"),
        ({1, 2}, "of type set"),
        (b"abc", "of type bytes"),
        (np, "of type module"),
        (np.array([None]), "dtype object"),
        (np.longdouble(1), "dtype (float128|longdouble|float96)|of type"),
        (np.datetime64("2020-01-01"), "dtype datetime64"),
        (np.ma.array([1]), "of type MaskedArray"),
    ],
    ids=lambda value: value if isinstance(value, str) else type(value).__name__,
)
def test_what_cannot_be_written_is_named_with_its_path(value, message):
    with pytest.raises(ValueError, match=rf"^params\['clf__kernel'\]: .*{message}"):
        params_to_json({"clf__kernel": value})
    with pytest.raises(ValueError, match=rf"^params\['clf__kernel'\]: .*{message}"):
        params_to_json({"clf": SVC(kernel=value)})
    steps = Pipeline([("a", "passthrough"), ("b", SVC(kernel=value))])
    with pytest.raises(ValueError, match=r"^params\['p__steps'\]\[1\]\[1\].kernel: "):
        params_to_json({"p": steps})


def test_a_function_of_the_script_that_runs_is_refused(monkeypatch):
    function = in_a_script()
    monkeypatch.setattr(sys.modules["__main__"], "scripted", function, raising=False)
    with pytest.raises(ValueError, match="script"):
        params_to_json({"func": function})


@pytest.mark.parametrize("params", [[1], None, {1: 2}, SVC()])
def test_only_a_dict_of_names_is_written(params):
    with pytest.raises(TypeError, match="is not a dict of parameters by name"):
        params_to_json(params)


def test_a_value_that_contains_itself_is_refused():
    loop = []
    loop.append(loop)
    with pytest.raises(ValueError, match="contains itself"):
        params_to_json({"a": loop})


def imported(path):
    return json.dumps({"a": {"@import": path}})


def estimator(path, **params):
    return json.dumps({"a": {"@estimator": path, "params": params}})


@pytest.mark.parametrize(
    "path",
    [
        *("os.system", "subprocess.Popen", "builtins.eval", "builtins.exec", "pickle.loads"),
        *("numpy.load", "numpy.fromfile", "numpy.lib.npyio.load", "joblib.load"),
        *("sklearn.utils.os.system", "sklearn.datasets.fetch_openml", "sklearn.clone"),
        *("sklearn.metrics.pairwise.parse_version", "sklearn.metrics.pairwise.np.load"),
        *("sklearn.metrics.pairwise.delayed", "skbayes.engine.records.journal.os.system"),
        *("sklearn.svm.SVC.fit", "sklearn.tests.test_base.MyEstimator", "sklearn.svm"),
        *("sklearn", "os", "", "os.system()", "sklearn.svm.SVC.__init__", ".os.system", "a..b"),
        *("sklearnx.svm.SVC", f"{HERE}.test_params_json.halved"),
    ],
)
def test_only_harmless_names_are_imported_from_any_file(path):
    for text in (imported(path), estimator(path, args="true")):
        with pytest.raises(ValueError, match=r"^params\['a'\]: .*(not trusted|import)"):
            params_from_json(text)


@pytest.mark.parametrize("write", [imported, estimator])
def test_a_module_that_is_not_trusted_is_not_even_imported(write, tmp_path, monkeypatch):
    sentinel = tmp_path / "was_imported"
    source = f"open({str(sentinel)!r}, 'w').close()\nclass Evil:\n    pass\n"
    (tmp_path / "evil_of_skbayes_tests.py").write_text(source)
    monkeypatch.syspath_prepend(tmp_path)
    path = "evil_of_skbayes_tests.Evil"
    with pytest.raises(ValueError, match=rf"not trusted.* trusted=\['{path}'\]"):
        params_from_json(write(path), trusted=["evil", "evil_of_skbayes_tests.Other"])
    assert not sentinel.exists()
    assert "evil_of_skbayes_tests" not in sys.modules
    if write is imported:
        assert params_from_json(write(path), trusted=[path])["a"].__name__ == "Evil"
        assert sentinel.exists()
        del sys.modules["evil_of_skbayes_tests"]


def test_what_is_no_estimator_is_not_called_even_if_it_is_trusted(monkeypatch):
    monkeypatch.setattr(subprocess, "Popen", type("Popen", (), {"__init__": pytest.fail}))
    for path in ("subprocess.Popen", "os.system", "numpy.float64", "sklearn.metrics.log_loss"):
        with pytest.raises(ValueError, match="is not an estimator"):
            params_from_json(estimator(path), trusted=["subprocess.Popen", "os.system"])


def test_what_the_caller_trusts_is_imported():
    params = {"a": Scripted(size=(1, 2)), "b": halved, "c": Scripted, "d": Plain(3)}
    text = params_to_json(params)
    with pytest.raises(ValueError, match=r"params\['a'\]: .* trusted=\["):
        params_from_json(text)
    for trusted in (HERE, __name__):
        read = params_from_json(text, trusted=[trusted])
        assert read["a"].size == (1, 2)
        assert read["b"] is halved
        assert read["c"] is Scripted
        assert read["d"].size == 3
    one = params_from_json(params_to_json({"b": halved}), trusted=(f"{__name__}.halved",))
    assert one["b"] is halved


def test_a_trusted_package_does_not_vouch_for_what_it_imports_from_others():
    for path in (f"{__name__}.os.system", f"{__name__}.partial"):
        with pytest.raises(ValueError, match=r"not trusted|is the module"):
            params_from_json(imported(path), trusted=[HERE])
    path = f"{__name__}.partial"
    assert params_from_json(imported(path), trusted=[path])["a"] is partial
    assert (
        params_from_json(imported("scipy.special.expit"), trusted=["scipy"])["a"] is special.expit
    )


def test_a_class_may_be_named_by_the_private_module_that_defines_it():
    private = SVC.__module__ + ".SVC"
    assert params_from_json(estimator(private, C=2.0))["a"].C == 2.0
    with pytest.raises(ValueError, match="not trusted"):
        params_from_json(imported(f"{f_classif.__module__}.f_classif"))


def test_parameters_that_the_installed_version_does_not_have_are_refused():
    with pytest.raises(
        ValueError, match=r"params\['a'\]: sklearn.svm.SVC of sklearn \d.* refuses .*'old'"
    ):
        params_from_json(estimator("sklearn.svm.SVC", C=1.0, old=1))


def test_names_that_are_not_installed_are_refused_with_the_reason():
    with pytest.raises(ValueError, match=r"params\['a'\]: 'sklearn.svm.SVD' cannot be imported"):
        params_from_json(estimator("sklearn.svm.SVD"))
    with pytest.raises(ValueError, match="cannot be imported: No module named 'no_such_package'"):
        params_from_json(estimator("no_such_package.Model"), trusted=["no_such_package"])


@pytest.mark.parametrize(
    "text, message",
    [
        ("", "text: '' is not valid JSON"),
        ('{"C": 1.5', "is not valid JSON"),
        ("\ufeff{}", "is not valid JSON"),
        ('{"C": NaN}', "'NaN' is nothing that"),
        ("[1]", "is not an object of parameters by name"),
        ('{"@dict": [[1, 2]]}', "is not an object of parameters by name"),
        (estimator("sklearn.svm.SVC")[6:-1], "is not an object of parameters by name"),
        ('{"C": 1, "C": 2}', "the key 'C' is there twice"),
        ('{"a": {"b": [{"C": 1, "C": 2}]}}', "the key 'C' is there twice"),
        ('{"a": {"@dict": [[1, 2], [1, 3]]}}', r"params\['a'\]: .* twice"),
        ('{"a": {"@dict": [[[1], 2]]}}', "unhashable"),
        ('{"a": {"@dict": ["ab"]}}', "a pair is not a list"),
        ('{"a": {"@dict": [[1]]}}', "not enough values"),
        ('{"a": {"@pickle": "gASV"}}', r"params\['a'\]: .*@pickle.* nothing that this version"),
        ('{"a": {"@tuple": [], "b": 1}}', "not a valid value"),
        ('{"a": {"@tuple": "ab"}}', "@tuple must hold a list"),
        ('{"a": {"@slice": [1]}, "b": {"@slice": []}}', "not a valid value"),
        ('{"a": {"@float": "one"}}', "could not convert"),
        ('{"a": {"@int": "0xg"}}', "invalid literal"),
        ('{"a": {"@import": ["os.system"]}}', "is not an import path"),
        ('{"a": {"@import": "numpy.log", "params": {}}}', "not a valid value"),
        ('{"a": {"@estimator": "sklearn.svm.SVC"}}', "not a valid value"),
        ('{"a": {"@estimator": "sklearn.svm.SVC", "params": []}}', "with a dict of parameters"),
        ('{"a": {"@scalar": 300, "dtype": "uint8"}}', "not a valid value"),
        ('{"a": {"@scalar": 1.5, "dtype": "int64"}}', "not of dtype int64"),
        ('{"a": {"@scalar": "1", "dtype": "float64"}}', "not of dtype float64"),
        ('{"a": {"@scalar": 1e300, "dtype": "float32"}}', "overflow"),
        ('{"a": {"@scalar": 1, "dtype": "O"}}', "dtype"),
        ('{"a": {"@array": ["abc"], "dtype": "<U2", "shape": [1]}}', "not of dtype <U2"),
        ('{"a": {"@array": ["a"], "dtype": "<U99999999", "shape": [1]}}', "dtype"),
        ('{"a": {"@array": [1.0], "dtype": "float64", "shape": [9999999999]}}', "reshape"),
        ('{"a": {"@array": [1.0], "dtype": "float64", "shape": 1}}', "shape not a list"),
        ('{"a": {"@array": [1.0], "dtype": "float64"}}', "shape"),
        ('{"a": {"@array": [1.0], "dtype": "f8,O", "shape": [1]}}', "dtype"),
        ('{"a": ' + "[" * 200_000 + "]" * 200_000 + "}", "nested too deeply"),
        ('{"a": ' + "9" * 5000 + "}", "digits"),
    ],
    ids=lambda text: text[:40],
)
def test_what_is_not_such_a_file_is_refused_with_a_value_error(text, message):
    with pytest.raises(ValueError, match=message):
        params_from_json(text)


@pytest.mark.slow
@given(st.recursive(PLAIN, lambda inner: st.lists(inner) | st.dictionaries(WORDS, inner)))
def test_json_of_others_is_read_or_refused_with_a_value_error(plain):
    with suppress(ValueError):
        params_from_json(json.dumps({"a": plain}))


@pytest.mark.parametrize("depth", [100, 400, 700, 1000, 100_000])
def test_a_deeply_nested_file_is_read_or_refused_with_a_value_error(depth):
    for start, end in (("[", "]"), ('{"@tuple": [', "]}"), ('{"b": ', "}")):
        with suppress(ValueError):
            params_from_json('{"a": ' + start * depth + "1" + end * depth + "}")


def test_the_file_and_the_trust_have_the_right_types(tmp_path):
    with pytest.raises(TypeError, match="give what the file contains"):
        params_from_json(tmp_path)
    for trusted in ("xgboost", [os]):
        with pytest.raises(TypeError, match=r"give a list of packages, such as \['xgboost'\]"):
            params_from_json("{}", trusted=trusted)


def test_a_dtype_of_an_encoder_is_read_back():
    for dtype in (np.float32, int, float):
        assert back({"encode": OneHotEncoder(dtype=dtype)})["encode"].dtype is dtype


class Aging(BaseEstimator):
    """Has a parameter that is deprecated, as scikit-learn marks them."""

    def __init__(self, C=1.0, old="deprecated"):
        self.C, self.old = C, old


def test_a_deprecated_parameter_is_left_out_unless_it_is_set():
    name = f"{__name__}.Aging"
    text = params_to_json({"a": Aging(), "b": Aging(old=3)})
    params = json.loads(text)
    assert params["a"]["params"] == {"C": 1.0}
    assert params["b"]["params"] == {"C": 1.0, "old": 3}
    read = params_from_json(text, trusted=[name])
    assert read["a"].get_params() == Aging().get_params()
