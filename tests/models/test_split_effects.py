"""What a trial on some splits would have on all of them."""

import numpy as np
import pytest

from skbayes.models.split_effects import estimates

RNG = np.random.default_rng(0)


def some_splits(n_partial, n_complete=12, n_splits=5, noise=0.1):
    """Return a table with split effects, the whole of it, and which rows are partial."""
    whole = RNG.normal(size=(n_complete + n_partial, 1)) + RNG.normal(size=n_splits)
    whole = whole + noise * RNG.normal(size=whole.shape)
    Y = whole.copy()
    for row in range(n_complete, len(Y)):
        Y[row, RNG.integers(1, n_splits) :] = np.nan
    return Y, whole, np.isnan(Y).any(axis=1)


def test_complete_trials_have_their_means_and_no_variance():
    Y, whole, is_partial = some_splits(6)
    mean, variance = estimates(Y)
    np.testing.assert_allclose(mean[~is_partial], whole.mean(axis=1)[~is_partial])
    assert (variance[~is_partial] == 0).all()
    assert (variance[is_partial] > 0).all()


def test_split_effects_are_taken_out():
    Y, whole, is_partial = some_splits(200)
    mean, _ = estimates(Y)
    error = np.abs(mean - whole.mean(axis=1))[is_partial]
    naive = np.abs(np.nanmean(Y, axis=1) - whole.mean(axis=1))[is_partial]
    assert np.median(error) < 0.3 * np.median(naive)


def test_the_variance_is_that_of_the_error():
    errors, variances = [], []
    for _ in range(40):
        Y, whole, is_partial = some_splits(40)
        mean, variance = estimates(Y)
        errors.append((mean - whole.mean(axis=1))[is_partial])
        variances.append(variance[is_partial])
    standardised = np.concatenate(errors) / np.sqrt(np.concatenate(variances))
    assert np.sqrt(np.mean(standardised**2)) == pytest.approx(1.0, abs=0.25)


def test_scores_that_explode_do_not_hide_the_effects_of_the_others():
    Y, _, _ = some_splits(6)
    worse = Y.copy()
    worse[np.argmin(Y[:12].mean(axis=1))] = [-1e9, -1e3, -1e6, -1e9, 0]
    np.testing.assert_allclose(estimates(worse)[0][12:], estimates(Y)[0][12:])
