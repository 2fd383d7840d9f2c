"""Spaces: unions, grids, and the way between candidates and rows."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.ensemble import RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import ParameterGrid
from sklearn.svm import SVC

from skbayes.space import Space, log_randint
from skbayes.space.dimensions import ELSEWHERE

PIPELINES = [
    {"clf": [SVC()], "clf__C": stats.loguniform(1e-2, 1e2), "scale": [True, False]},
    {"clf": [RandomForestClassifier()], "clf__max_depth": [None, 2, 4, 8]},
    {"clf": [LogisticRegression()], "clf__C": stats.loguniform(1e-2, 1e2), "scale": [True, False]},
]

VALUES = st.one_of(
    st.sampled_from(
        [
            stats.uniform(0, 1),
            stats.loguniform(1e-3, 1e3),
            stats.norm(0, 1),
            stats.randint(0, 5),
            log_randint(1, 100),
            [None, 1, 2, 3],
            ["x"],
        ]
    ),
    st.lists(st.integers(-5, 5), min_size=1, max_size=4),
    st.lists(st.sampled_from(["a", "b", "c"]), min_size=1, max_size=3, unique=True),
)
DICTS = st.dictionaries(st.sampled_from("abcde"), VALUES, max_size=4)
SPACES = st.one_of(DICTS, st.lists(DICTS, min_size=1, max_size=3))
LISTS = st.dictionaries(
    st.sampled_from("abcde"), st.lists(st.integers(-3, 3), min_size=1, max_size=3), max_size=3
)


@settings(max_examples=60)
@given(distributions=SPACES, seed=st.integers(0, 10))
def test_every_row_decodes_into_the_space_and_encodes_back(distributions, seed):
    space = Space(distributions)
    rows = space.snap(np.random.default_rng(seed).random((8, space.n_columns)))
    assert np.array_equal(space.snap(rows), rows)
    dicts = [distributions] if isinstance(distributions, dict) else distributions
    for row in rows:
        params = space.decode(row)
        assert list(params) == sorted(params)
        assert any(params.keys() == grid.keys() for grid in dicts)
        encoded = space.encode(params)
        assert space.decode(encoded) == pytest.approx(params)
        assert np.array_equal(space.snap(encoded[np.newaxis])[0], encoded)


@given(distributions=st.one_of(LISTS, st.lists(LISTS, min_size=1, max_size=3)))
def test_the_grid_is_scikit_learns(distributions):
    space, grid = Space(distributions), ParameterGrid(distributions)
    assert space.grid_size == len(grid)
    points = [space.grid_point(index) for index in range(len(grid))]
    assert [params for _, params in points] == list(grid)
    for row, params in points:
        assert np.array_equal(space.snap(row[np.newaxis])[0], row)
        assert space.decode(row) == params


@given(distributions=LISTS)
def test_all_rows_are_the_distinct_candidates(distributions):
    space = Space(distributions)
    rows = list(space.all_rows())
    assert len(rows) == space.size
    assert len({row.tobytes() for row in rows}) == len(rows)
    decoded = {tuple(space.decode(row).items()) for row in rows}
    assert decoded == {tuple(point.items()) for point in map(dict, ParameterGrid(distributions))}


def test_an_empty_dict_is_one_candidate():
    space = Space({})
    assert (space.size, space.grid_size, space.n_columns) == (1, 1, 0)
    assert space.decode(np.empty(0)) == {}


def test_sub_spaces_are_equally_likely_and_share_what_is_the_same():
    space = Space(PIPELINES)
    # which, C, scale; and the gate and the number of max_depth
    assert space.n_columns == 5
    rows = space.snap(np.random.default_rng(0).random((3000, 5)))
    models = [type(space.decode(row)["clf"]).__name__ for row in rows]
    shares = np.unique(models, return_counts=True)[1] / 3000
    np.testing.assert_allclose(shares, 1 / 3, atol=0.04)


def test_inactive_columns_lie_at_the_centre():
    space = Space(PIPELINES)
    rows = space.snap(np.random.default_rng(0).random((50, 5)))
    is_active = space.active(rows)
    assert (rows[~is_active] == 0.5).all()
    is_forest = [isinstance(space.decode(row)["clf"], RandomForestClassifier) for row in rows]
    assert np.array_equal(is_active[:, 3], is_forest)
    assert not is_active[is_forest][:, [1, 2]].any()


def test_a_parameter_with_another_prior_is_not_shared():
    other = [{"C": stats.loguniform(1e-2, 1e2)}, {"C": stats.loguniform(1e-2, 1e3)}]
    same = [{"C": stats.loguniform(1e-2, 1e2)}, {"C": stats.loguniform(1e-2, 1e2)}]
    assert (Space(other).n_columns, Space(same).n_columns) == (3, 2)


def test_a_distribution_with_rvs_alone_is_shared_with_itself():
    class Draws:
        def rvs(self, random_state):
            return random_state.uniform()

    draws = Draws()
    assert Space([{"a": draws}, {"a": draws, "b": [1, 2]}]).n_columns == 3


def test_completing_keeps_what_is_given_exactly():
    space = Space(PIPELINES)
    filling = space.snap(np.full((1, 5), 0.9))[0]
    row, params = space.complete({"clf__max_depth": 4}, filling)
    assert isinstance(params["clf"], RandomForestClassifier)
    assert params["clf__max_depth"] == 4
    _, params = space.complete({"clf__C": 0.3}, filling)
    assert params["clf__C"] == 0.3
    assert isinstance(params["clf"], LogisticRegression)  # where the filling lies
    assert space.encode(params).shape == row.shape


def test_what_lies_outside_is_refused_with_the_reason():
    space = Space({"C": stats.loguniform(1e-2, 1e2), "kernel": ["rbf", "poly"]})
    with pytest.raises(ValueError, match=r"C=1000\.0 lies outside .* between 0\.01 and 100"):
        space.encode({"C": 1000.0, "kernel": "rbf"})
    with pytest.raises(ValueError, match=r"kernel='linear' lies outside .* 'rbf', 'poly'"):
        space.encode({"C": 1.0, "kernel": "linear"})
    with pytest.raises(ValueError, match=r"has not the names \('C', 'kernel'\)"):
        space.encode({"C": 1.0})
    with pytest.raises(ValueError, match="'gamma' is not among the searched parameters"):
        space.complete({"C": 1.0, "gamma": 1.0}, np.full(2, 0.5))


def test_own_values_are_those_of_the_sub_space_that_they_fit_best():
    C, gamma = stats.loguniform(1e-2, 1e2), stats.loguniform(1e-2, 1e2)
    own = SVC().get_params()
    assert Space({"C": C}).own_values(own) == ({"C": 1.0}, False)
    assert Space({"C": C, "gamma": gamma}).own_values(own) == ({"C": 1.0, "gamma": "scale"}, True)
    union = Space([{"gamma": gamma}, {"C": C, "degree": [3, 4, 5]}, {"C": C, "gamma": gamma}])
    assert union.own_values(own) == ({"C": 1.0, "degree": 3}, False)
    union = Space([{"gamma": gamma}, {"C": C, "gamma": gamma}, {"C": C, "nothing": [1]}])
    assert union.own_values(own) == ({"C": 1.0, "gamma": "scale"}, True)
    assert Space({"nothing": [1, 2]}).own_values(own) == ({}, True)


@pytest.mark.parametrize(
    "values, inside, below, above, elsewhere",
    [
        (stats.uniform(10, 20), 12.0, 8.0, 31.0, "scale"),
        (stats.loguniform(1e-2, 1e2), 3.0, 1e-3, 1e5, None),
        (stats.randint(3, 10), 4, 1, 12, "auto"),
        (stats.randint(0, 10**6), 4, -1000, 10**7, np.nan),
        ([1, 2, 5, 10], 5, 0.5, 11, "auto"),
    ],
)
def test_a_value_outside_the_space_lies_outside_the_unit_cube(
    values, inside, below, above, elsewhere
):
    space = Space({"x": values})
    assert np.array_equal(space.place({"x": inside}), space.encode({"x": inside}))
    assert -1.0 <= space.place({"x": below})[0] < 0.0
    assert 1.0 < space.place({"x": above})[0] <= 2.0
    assert space.place({"x": elsewhere})[0] == ELSEWHERE
    for value in (below, above, elsewhere):
        row = space.place({"x": value})
        assert np.array_equal(
            space.snap(row[np.newaxis]), space.snap(np.clip(row, 0, 1)[np.newaxis])
        )


def test_a_number_between_those_of_a_list_lies_between_them():
    space = Space({"x": [1, 2, 5, 10]})
    low, number, high = (space.place({"x": value})[0] for value in (2, 3.5, 5))
    assert number == pytest.approx((low + high) / 2)
    with_none = Space({"x": [None, 1, 2, 5, 10]})
    assert with_none.place({"x": 3.5})[1] == pytest.approx(number)
    assert with_none.place({"x": "much"}).tolist() == [ELSEWHERE, ELSEWHERE]


def test_another_constant_is_far_from_everything():
    space = Space({"kernel": ["rbf"], "C": stats.loguniform(1e-2, 1e2)})
    assert space.place({"kernel": "poly", "C": 1.0}).tolist() == [ELSEWHERE]


def test_of_two_like_sub_spaces_the_one_that_gives_the_number_back_encodes_it():
    space = Space([{"c": stats.norm()}, {"c": stats.uniform(50, 50)}])
    for number in (0.5, 75.1, -1.0, 51.0):
        assert space.decode(space.encode({"c": number}))["c"] == pytest.approx(number)


def test_size_counts_distinct_candidates():
    assert Space({"a": [1, 2, 3, None], "b": stats.randint(0, 5)}).size == 20
    assert Space([{"a": [1, 2]}, {"a": ["x"]}]).size == 3
    assert Space({"a": stats.uniform()}).size is None
    assert Space({"a": [1, 1, 2, 3]}).size == 3


@pytest.mark.parametrize(
    ("distributions", "error", "message"),
    [
        ([], ValueError, "the list of dicts is empty"),
        ([{"a": [1]}, 3], TypeError, r"param_distributions\[1\]: 3 of type int"),
        (3, TypeError, "neither a dict nor a list of dicts"),
        ({3: [1]}, TypeError, "the name 3 is not a string"),
        ([{"a": [1]}, {"b": []}], ValueError, r"param_distributions\[1\]\['b'\]"),
    ],
)
def test_what_is_no_space_is_refused(distributions, error, message):
    with pytest.raises(error, match=message):
        Space(distributions)
