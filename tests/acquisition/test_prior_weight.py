"""The fading belief in the middle of the ranges."""

import numpy as np

from skbayes.acquisition.prior_weight import END_OFFSET, N_STRONG, STRENGTH, log_prior_weight

BOTH = np.array([True, False])


def test_it_weighs_the_ends_of_continuous_columns_alone():
    rows = np.array([[0.5, 0.5], [0.5, 0.0], [0.0, 0.5], [1.0, 1.0]])
    weight, _ = log_prior_weight(rows, BOTH, 1)
    at_end = STRENGTH * np.log(END_OFFSET / (1 + END_OFFSET))
    np.testing.assert_allclose(weight, [0, 0, at_end, at_end])


def test_it_fades_with_the_number_of_trials():
    rows = np.array([[0.05, 0.5]])
    early, late, last = (log_prior_weight(rows, BOTH, n)[0] for n in (N_STRONG, 80, 10**6))
    np.testing.assert_allclose(late, early * N_STRONG / 80)
    assert abs(last) < 1e-4


def test_its_gradient_is_that_of_the_value():
    rows, step = np.random.default_rng(0).random((6, 2)), 1e-6
    _, gradient = log_prior_weight(rows, BOTH, 20)
    for j in range(2):
        shift = step * np.eye(2)[j]
        above, below = (log_prior_weight(rows + s, BOTH, 20)[0] for s in (shift, -shift))
        np.testing.assert_allclose(gradient[:, j], (above - below) / (2 * step), atol=1e-6)
