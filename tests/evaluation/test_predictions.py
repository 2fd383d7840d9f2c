"""Predictions out of fold are those of the models, and are found again."""

import pickle

import numpy as np
import pytest
from scipy.stats import loguniform, randint
from sklearn.datasets import load_diabetes, load_iris
from sklearn.linear_model import LogisticRegression, Ridge
from sklearn.model_selection import KFold, LeaveOneGroupOut, ShuffleSplit, cross_val_predict
from sklearn.neighbors import KNeighborsClassifier
from sklearn.svm import SVC

from skbayes import BayesSearchCV
from skbayes.engine.records.journal import JournalError
from skbayes.evaluation import predictions

X, Y = load_iris(return_X_y=True)
C = {"C": loguniform(1e-2, 1e2)}


def in_order(kept, index):
    """Predictions of a candidate in the order of the samples, each of which is tested once."""
    return np.concatenate(kept[index])[np.argsort(np.concatenate(kept.test_indices))]


@pytest.mark.parametrize("n_jobs", [1, 2])
@pytest.mark.parametrize("method", ["predict", "predict_proba", "decision_function"])
def test_they_are_those_of_cross_val_predict(method, n_jobs):
    cv = KFold(4, shuffle=True, random_state=0)
    model = LogisticRegression(max_iter=500)
    search = BayesSearchCV(
        model, C, n_iter=4, cv=cv, random_state=0, racing=False, n_jobs=n_jobs,
        return_predictions=method,
    ).fit(X, Y)  # fmt: skip
    kept = search.cv_predictions_
    assert kept.methods == [method] * 4
    assert kept.classes.tolist() == [0, 1, 2]
    for index, params in enumerate(search.cv_results_["params"]):
        model.set_params(**params)
        expected = cross_val_predict(model, X, Y, cv=cv, method=method)
        np.testing.assert_allclose(in_order(kept, index), expected, rtol=1e-5, atol=1e-6)
    assert kept[0][0].dtype == (Y.dtype if method == "predict" else np.float32)


def test_what_was_not_evaluated_or_failed_has_none():
    search = BayesSearchCV(
        KNeighborsClassifier(), {"n_neighbors": randint(1, 150)}, n_iter=20, cv=5, random_state=0,
        return_predictions="auto",
    )  # fmt: skip
    with pytest.warns(match="fits failed|scores are non-finite|Scoring failed"):
        search.fit(X, Y)
    results, kept = search.cv_results_, search.cv_predictions_
    scores = np.array([results[f"split{split}_test_score"] for split in range(5)]).T
    has = np.array([[part is not None for part in parts] for parts in kept])
    assert np.array_equal(has, np.isfinite(scores))
    assert not has.all()


def test_a_class_that_a_fold_has_not_seen_keeps_its_column():
    search = BayesSearchCV(
        LogisticRegression(max_iter=1000), C, n_iter=2, cv=LeaveOneGroupOut(), scoring="accuracy",
        return_predictions="predict_proba",
    ).fit(X, Y, groups=Y)  # fmt: skip
    for split, part in enumerate(search.cv_predictions_[0]):
        assert part.shape == (50, 3)
        assert not part[:, split].any()


def test_labels_may_be_texts_and_samples_in_several_splits():
    names = np.array(["setosa", "versicolor", "virginica"], dtype=object)[Y]
    cv = ShuffleSplit(3, test_size=0.4, random_state=0)
    search = BayesSearchCV(SVC(), C, n_iter=3, cv=cv, return_predictions="predict").fit(X, names)
    kept = search.cv_predictions_
    right = [(kept[0][split] == names[test]).mean() for split, test in enumerate(kept.test_indices)]
    known = [search.cv_results_[f"split{split}_test_score"][0] for split in range(3)]
    assert right == pytest.approx(known)


def test_many_predictions_are_in_files_and_can_be_pickled(monkeypatch):
    monkeypatch.setattr(predictions, "MAX_IN_MEMORY", 1000)
    data = load_diabetes(return_X_y=True)
    options = {"n_iter": 4, "cv": 3, "random_state": 0, "return_predictions": "auto"}
    kept = BayesSearchCV(Ridge(), {"alpha": loguniform(1e-3, 1e3)}, **options).fit(*data)
    kept = kept.cv_predictions_
    assert isinstance(kept[3][0], np.memmap)
    again = pickle.loads(pickle.dumps(kept))
    for index in range(4):
        np.testing.assert_array_equal(in_order(again, index), in_order(kept, index))
    assert repr(again) == "<predictions of 4 candidates on 3 splits>"


def test_a_search_that_goes_on_finds_them_beside_its_journal(tmp_path):
    path = tmp_path / "search.jsonl"
    options = {"cv": 4, "random_state": 0, "return_predictions": "auto"}
    whole = BayesSearchCV(SVC(), C, n_iter=8, **options).fit(X, Y).cv_predictions_
    BayesSearchCV(SVC(), C, n_iter=4, checkpoint=path, **options).fit(X, Y)
    search = BayesSearchCV(SVC(), C, n_iter=8, checkpoint=path, **options)
    resumed = search.fit(X, Y).cv_predictions_
    for ours, theirs in zip(resumed, whole, strict=True):
        for a, b in zip(ours, theirs, strict=True):
            assert (a is None and b is None) or np.array_equal(a, b)
    file = tmp_path / "search.jsonl.predictions" / "3.npy"
    content = bytearray(file.read_bytes())
    content[-1] ^= 1
    file.write_bytes(content)
    with pytest.raises(JournalError, match=r"predictions in .*3\.npy are damaged"):
        search.fit(X, Y)
    file.unlink()
    with pytest.raises(JournalError, match=r"predictions in .*3\.npy cannot be read"):
        search.fit(X, Y)


def test_a_method_that_the_estimator_lacks_is_said_before_any_fit():
    search = BayesSearchCV(
        Ridge(), {"alpha": loguniform(1e-3, 1)}, return_predictions="predict_proba"
    )
    with pytest.raises(ValueError, match=r"return_predictions='predict_proba': Ridge has no such"):
        search.fit(X, Y)
    with pytest.raises(ValueError, match="'return_predictions' parameter"):
        search.set_params(return_predictions="probabilities").fit(X, Y)
