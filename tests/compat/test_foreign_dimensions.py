"""Real dimensions of other libraries: taken as they are, or answered with what to write."""

import math
import os
import warnings

os.environ.setdefault("KERAS_BACKEND", "torch")  # there is no TensorFlow here

import ConfigSpace as CS
import keras_tuner
import numpy as np
import optuna.distributions as od
import pytest
from hyperopt import hp
from ray import tune
from scipy import stats
from sklearn.datasets import load_iris
from sklearn.svm import SVC
from skopt.space import Categorical, Integer, Real

from skbayes import BayesSearchCV, HalvingBayesSearchCV, TPESearchCV, log_randint
from skbayes.space import Space
from skbayes.space.dimensions import Continuous, Finite, Kind

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

X, Y = load_iris(return_X_y=True)
CLASSES = [BayesSearchCV, TPESearchCV, HalvingBayesSearchCV]


def warned_of(name, *arguments, **options):
    """Return one of Optuna's distributions that it warns of."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return getattr(od, name)(*arguments, **options)


def of_keras(kind, **options):
    """Return a hyper-parameter of Keras Tuner, which it keeps for itself."""
    space = keras_tuner.HyperParameters()
    getattr(space, kind)("p", **options)
    return space.space[0]


def dimension_of(values):
    ((dimension, _),) = Space({"p": values}).subspaces[0].values()
    return dimension


@pytest.mark.parametrize(
    ("foreign", "same"),
    [
        (Real(1e-3, 1e3, prior="log-uniform"), stats.loguniform(1e-3, 1e3)),
        (Real(1e-3, 1e3, prior="log-uniform", base=2), stats.loguniform(1e-3, 1e3)),
        (Real(-1, 3, transform="normalize"), stats.uniform(-1, 4)),
        (Integer(1, 10), stats.randint(1, 11)),
        (Integer(1, 100, prior="log-uniform"), log_randint(1, 101)),
        ((1e-3, 1e3, "log-uniform"), stats.loguniform(1e-3, 1e3)),
        ((1, 10, "uniform"), stats.randint(1, 11)),
        (od.FloatDistribution(1e-3, 1e3, log=True), stats.loguniform(1e-3, 1e3)),
        (od.FloatDistribution(0, 2), stats.uniform(0, 2)),
        (od.IntDistribution(1, 10), stats.randint(1, 11)),
        (od.IntDistribution(1, 100, log=True), log_randint(1, 101)),
        (warned_of("UniformDistribution", 0, 2), stats.uniform(0, 2)),
        (warned_of("LogUniformDistribution", 1e-3, 1), stats.loguniform(1e-3, 1)),
        (warned_of("IntUniformDistribution", 1, 10), stats.randint(1, 11)),
    ],
    ids=str,
)
def test_a_range_means_what_it_meant(foreign, same):
    ours, expected = dimension_of(foreign), dimension_of(same)
    assert type(ours) is type(expected)
    places = np.linspace(0.01, 0.99, 50)[:, np.newaxis]
    if isinstance(ours, Finite):
        assert ours.is_same(expected)
        return
    # The ends of theirs are values, and those of scipy's are not: a thousandth more room.
    for place in places:
        assert ours.decode(place) == pytest.approx(expected.decode(place), rel=0.02, abs=0.01)


@pytest.mark.parametrize(
    "foreign", [Real(1e-2, 10, "log-uniform"), Real(0, 1), od.FloatDistribution(0, 1)], ids=str
)
def test_the_ends_of_a_closed_range_are_values(foreign):
    dimension = dimension_of(foreign)
    assert isinstance(dimension, Continuous)
    ends = [dimension.decode(np.array([place])) for place in (0.0, 1.0)]
    np.testing.assert_allclose(ends, [foreign.low, foreign.high])


@pytest.mark.parametrize(
    ("foreign", "values", "kind"),
    [
        (od.FloatDistribution(0, 1, step=0.25), [0.0, 0.25, 0.5, 0.75, 1.0], Kind.ORDERED),
        (od.IntDistribution(1, 10, step=3), [1, 4, 7, 10], Kind.ORDERED),
        (warned_of("IntDistribution", 1, 9, step=3), [1, 4, 7], Kind.ORDERED),
        (warned_of("DiscreteUniformDistribution", 0, 1, 0.5), [0.0, 0.5, 1.0], Kind.ORDERED),
        (od.CategoricalDistribution(["a", None, 3]), ["a", None, 3], Kind.CATEGORICAL),
        (Categorical(["a", "b"]), ["a", "b"], Kind.CATEGORICAL),
        (Categorical([3, 1, 2]), [3, 1, 2], Kind.CATEGORICAL),
        (Categorical([3, 1, 2], transform="identity"), [1, 2, 3], Kind.ORDERED),
    ],
    ids=str,
)
def test_values_and_steps_are_kept(foreign, values, kind):
    dimension = dimension_of(foreign)
    assert dimension.values == values
    assert [type(value) for value in dimension.values] == [type(value) for value in values]
    assert dimension.columns[0].kind is kind


def test_the_probabilities_of_categories_are_kept():
    for transform in ("onehot", "identity"):
        dimension = dimension_of(Categorical([3, 1, 2], prior=[0.7, 0.1, 0.2], transform=transform))
        shares = dict(zip(dimension.values, np.diff(dimension.columns[0].edges), strict=True))
        assert shares == pytest.approx({3: 0.7, 1: 0.1, 2: 0.2})


@pytest.mark.parametrize(
    "foreign", [Categorical(["a"]), od.FloatDistribution(2, 2), od.IntDistribution(3, 3)], ids=str
)
def test_one_value_is_a_constant(foreign):
    assert Space({"p": foreign}).n_columns == 0


@pytest.mark.parametrize("cls", CLASSES)
def test_a_space_stays_when_the_class_is_changed(cls):
    space = {
        "C": Real(1e-2, 1e2, prior="log-uniform"),
        "degree": Integer(1, 4),
        "kernel": Categorical(["rbf", "poly"]),
        "coef0": od.FloatDistribution(0, 1, step=0.25),
        "tol": od.FloatDistribution(1e-4, 1e-2, log=True),
    }
    size = {"n_candidates": 6} if cls is HalvingBayesSearchCV else {"n_iter": 15}
    search = cls(SVC(), space, cv=2, random_state=0, **size).fit(X, Y)
    for params in search.cv_results_["params"]:
        assert 1e-2 <= params["C"] <= 1e2
        assert type(params["degree"]) is int
        assert params["kernel"] in ("rbf", "poly")
        assert params["coef0"] in (0, 0.25, 0.5, 0.75, 1)
        assert 1e-4 <= params["tol"] <= 1e-2


@pytest.mark.parametrize(
    ("foreign", "message"),
    [
        (Real(0, 1, dtype=np.float32), "the dtype .* cannot be kept"),
        (od.FloatDistribution(0, 1, step=1e-6), "more than 10000; leave the step out"),
    ],
)
def test_what_cannot_be_kept_is_an_error(foreign, message):
    with pytest.raises(ValueError, match=rf"param_distributions\['p'\]: .*{message}"):
        Space({"p": foreign})


REPLACEMENTS = [
    (hp.loguniform("p", math.log(0.01), math.log(100)), "scipy.stats.loguniform(0.01, 100)"),
    (hp.uniform("p", 1, 3), "scipy.stats.uniform(1, 2)"),
    (hp.quniform("p", 0, 10, 2), "numpy.linspace(0, 10, 6)"),
    (hp.quniform("p", 1, 10, 3), "numpy.linspace(0, 9, 4)"),
    (hp.randint("p", 5), "scipy.stats.randint(0, 5)"),
    (hp.randint("p", 2, 5), "scipy.stats.randint(2, 5)"),
    (hp.uniformint("p", 1, 9), "scipy.stats.randint(1, 10)"),
    (hp.normal("p", 0, 2), "scipy.stats.norm(0, 2)"),
    (hp.lognormal("p", 0, 2), "scipy.stats.lognorm(2, scale=1)"),
    (hp.choice("p", ["rbf", "poly"]), "['rbf', 'poly']"),
    (tune.loguniform(1e-4, 1e-1), "scipy.stats.loguniform(0.0001, 0.1)"),
    (tune.uniform(0, 2), "scipy.stats.uniform(0, 2)"),
    (tune.quniform(0, 1, 0.25), "numpy.linspace(0, 1, 5)"),
    (tune.qrandint(1, 10, 3), "range(3, 10, 3)"),
    (tune.randint(1, 10), "scipy.stats.randint(1, 10)"),
    (tune.lograndint(1, 100), "skbayes.log_randint(1, 100)"),
    (tune.randn(0, 2), "scipy.stats.norm(0, 2)"),
    (tune.choice(["rbf", "poly"]), "['rbf', 'poly']"),
    (CS.Float("p", (0.01, 100), log=True), "scipy.stats.loguniform(0.01, 100)"),
    (CS.Float("p", (1, 3)), "scipy.stats.uniform(1, 2)"),
    (CS.Integer("p", (1, 10)), "scipy.stats.randint(1, 11)"),
    (CS.Integer("p", (1, 10), log=True), "skbayes.log_randint(1, 11)"),
    (CS.Categorical("p", ["rbf", "poly"]), "['rbf', 'poly']"),
    (CS.OrdinalHyperparameter("p", ["lo", "hi"]), "['lo', 'hi']"),
    (CS.Constant("p", 3), "[3]"),
    (
        CS.NormalFloatHyperparameter("p", mu=1, sigma=2, lower=-3, upper=5),
        "scipy.stats.truncnorm(-2, 2, 1.0, 2.0)",
    ),
    (
        of_keras("Float", min_value=1e-3, max_value=1.0, sampling="log"),
        "scipy.stats.loguniform(0.001, 1)",
    ),
    (of_keras("Float", min_value=1.0, max_value=3.0), "scipy.stats.uniform(1, 2)"),
    (of_keras("Int", min_value=1, max_value=10), "scipy.stats.randint(1, 11)"),
    (of_keras("Int", min_value=1, max_value=10, step=3), "range(1, 11, 3)"),
    (of_keras("Choice", values=["a", "b"]), "['a', 'b']"),
    (of_keras("Boolean"), "[False, True]"),
    (of_keras("Fixed", value=3), "[3]"),
]


@pytest.mark.parametrize(("foreign", "replacement"), REPLACEMENTS, ids=lambda v: str(v)[:40])
def test_others_are_answered_with_what_to_write(foreign, replacement):
    with pytest.raises(TypeError) as raised:
        Space({"p": foreign})
    text = str(raised.value)
    assert text.startswith("param_distributions['p']: ")
    assert text.endswith(f"; write 'p': {replacement}.")
    names = {"scipy": __import__("scipy"), "numpy": np, "skbayes": __import__("skbayes")}
    assert Space({"p": eval(replacement, names)}).columns is not None


@pytest.mark.parametrize(
    ("foreign", "replacement"),
    [
        (tune.qloguniform(1e-2, 1, 5e-3), "scipy.stats.loguniform(0.01, 1)"),
        (
            of_keras("Float", min_value=1e-3, max_value=1.0, sampling="log", step=10),
            "scipy.stats.loguniform(0.001, 1)",
        ),
    ],
)
def test_a_step_on_a_log_scale_is_said_to_be_lost(foreign, replacement):
    with pytest.raises(TypeError) as raised:
        Space({"p": foreign})
    assert str(raised.value).endswith(f"; write 'p': {replacement}, without the step.")


def test_what_has_no_replacement_is_refused_all_the_same():
    for foreign in (hp.qlognormal("p", 0, 1, 1), hp.choice("p", [hp.uniform("a", 0, 1), 2])):
        with pytest.raises(TypeError, match=r"\['p'\]: .* is of Hyperopt, which is not taken; "):
            Space({"p": foreign})
