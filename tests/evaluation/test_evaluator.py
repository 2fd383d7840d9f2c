"""Tasks, and what comes back from them."""

import numpy as np
import pytest
from sklearn.ensemble import RandomForestClassifier
from sklearn.metrics import get_scorer
from sklearn.utils.parallel import Parallel

from skbayes.evaluation.evaluator import Evaluation
from skbayes.evaluation.warm_start import WarmStartPool
from skbayes.samplers.halving import RungState
from skbayes.trial import Outcome, Trial

RNG = np.random.default_rng(0)
X = RNG.normal(size=(40, 3))
Y = (X[:, 0] > 0).astype(int)
HALVES = [(np.arange(20), np.arange(20, 40)), (np.arange(20, 40), np.arange(20))]
OPTIONS = {
    "X": X,
    "y": Y,
    "scorer": get_scorer("accuracy"),
    "fit_params": {},
    "score_params": {},
    "return_train_score": False,
    "return_n_test_samples": True,
    "return_times": True,
    "return_parameters": False,
    "error_score": np.nan,
    "verbose": 0,
}


def trial(number, n_trees, rung=0, parent=None):
    params = {"n_estimators": n_trees}
    return Trial(number, np.zeros(1), params, n_trees, parent, RungState(0, rung))


def run(task):
    [answer] = Parallel()([task])
    return answer


@pytest.fixture
def evaluation():
    forest = RandomForestClassifier(random_state=0)
    pool = WarmStartPool(forest, "n_estimators", 20, {(0, 0): 1})
    return Evaluation(forest, HALVES, 2, OPTIONS, pool=pool)


def test_a_task_that_is_lost_can_be_made_again(evaluation):
    below = trial(0, 2)
    results = run(evaluation.task(below, [0, 1], {})).results
    evaluation.keep(
        below.with_outcome(Outcome.of_scores(1.0)), [results[split] for split in (0, 1)]
    )
    above = trial(1, 4, rung=1, parent=0)
    lost, again = (evaluation.task(above, [0, 1], {}) for _ in range(2))
    assert [id(model) for model in lost[1][5]] == [id(model) for model in again[1][5]]
    assert [len(model.estimators_) for model in again[1][5]] == [2, 2]
    answer = run(again)
    assert sorted(answer.results) == [0, 1]


def test_the_fidelity_of_a_trial_chooses_its_samples(evaluation):
    few = [(np.arange(4), np.arange(20, 26))] * 2
    subsampled = Evaluation(evaluation.estimator, HALVES, 2, OPTIONS, subsampled={10: few})
    assert run(subsampled.task(trial(0, 10), [0], {})).results[0]["n_test_samples"] == 6
    assert run(subsampled.task(trial(0, 40), [0], {})).results[0]["n_test_samples"] == 20


def test_a_split_whose_process_died_has_failed_with_the_reason(evaluation):
    stack = '  File "model.py", line 3 in fit\n  File "b.py", line 9 in _fit_and_score\n  rest\n'
    result = evaluation.failed(trial(0, 2), 1, "it died", stack)
    assert np.isnan(result["test_scores"])
    assert result["fit_error"].splitlines()[0] == '  File "model.py", line 3 in fit'
    assert result["fit_error"].splitlines()[-1].endswith("FitProcessDied: it died")
