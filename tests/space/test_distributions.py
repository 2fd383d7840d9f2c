"""Priors, against scipy.stats and closed forms."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from skbayes.space.distributions import TAIL, empirical_prior, log_randint, prior_of

FROZEN = [
    stats.uniform(-2, 5),
    stats.loguniform(1e-3, 1e3),
    stats.norm(1, 3),
    stats.expon(scale=2),
    stats.beta(0.5, 0.5),
    stats.truncnorm(-1, 2),
    stats.randint(10, 100),
    stats.binom(20, 0.3),
    stats.poisson(4),
    stats.geom(0.2),
    log_randint(3, 3000),
]


@pytest.mark.parametrize("distribution", FROZEN, ids=lambda d: d.dist.name)
def test_positions_follow_the_distribution(distribution):
    """The cdf of a prior makes its own draws uniform: equal lengths are equally likely."""
    prior = prior_of(distribution, "p")
    draws = distribution.rvs(2000, random_state=0)
    positions = prior.position_of(draws)
    assert positions.min() >= 0
    assert positions.max() <= 1
    if not prior.is_discrete:
        positions = prior.lower_probability + positions * (
            prior.upper_probability - prior.lower_probability
        )
        assert stats.kstest(np.clip(positions, 1e-9, 1 - 1e-9), "uniform").pvalue > 1e-4


@pytest.mark.parametrize("distribution", FROZEN, ids=lambda d: d.dist.name)
def test_values_stay_inside_the_support(distribution):
    prior = prior_of(distribution, "p")
    values = prior.value_at(np.linspace(0, 1, 1001))
    low, high = distribution.support()
    assert np.isfinite(values).all()
    assert values.min() >= low
    assert values.max() <= high
    assert (np.diff(values) >= 0).all()


def test_infinite_ends_are_searched_between_fixed_quantiles():
    prior = prior_of(stats.norm(0, 3), "p")
    np.testing.assert_allclose(prior.value_at([0, 1]), stats.norm(0, 3).ppf([TAIL, 1 - TAIL]))


def test_a_bare_distribution_without_arguments_is_taken():
    prior = prior_of(stats.norm, "p")
    assert prior.value_at(0.5) == 0.0


@pytest.mark.parametrize("bare", [stats.loguniform, stats.randint, log_randint])
def test_a_bare_distribution_that_needs_arguments_is_refused(bare):
    with pytest.raises(ValueError, match=r"p: the distribution .* needs its arguments"):
        prior_of(bare, "p")


def test_impossible_arguments_are_refused():
    with pytest.raises(ValueError, match=r"p: the median of loguniform\(10, 1\) is nan"):
        prior_of(stats.loguniform(10, 1), "p")


def test_new_style_distributions_are_taken():
    normal = getattr(stats, "Normal", None)
    prior = prior_of(stats.norm(1, 2) if normal is None else normal(mu=1.0, sigma=2.0), "p")
    np.testing.assert_allclose(
        prior.value_at([0.25, 0.5]),
        stats.norm(1, 2).ppf(TAIL + np.array([0.25, 0.5]) * (1 - 2 * TAIL)),
    )


@given(low=st.integers(1, 50), width=st.integers(1, 5000))
def test_log_randint_is_the_integer_part_of_loguniform(low, width):
    high = low + width
    ours, continuous = log_randint(low, high), stats.loguniform(low, high)
    k = np.unique(np.linspace(low, high - 1, 20).astype(int))
    np.testing.assert_allclose(ours.cdf(k), continuous.cdf(k + 1), atol=1e-12)
    np.testing.assert_allclose(ours.pmf(k), continuous.cdf(k + 1) - continuous.cdf(k), atol=1e-12)
    assert ours.support() == (low, high - 1)


@given(
    low=st.integers(1, 50),
    width=st.integers(1, 5000),
    q=st.floats(0, 1, exclude_min=True),
)
def test_log_randint_quantiles_invert_its_distribution_function(low, width, q):
    """The quantile is the smallest value whose distribution function reaches q."""
    ours = log_randint(low, low + width)
    k = ours.ppf(q)
    assert ours.cdf(k) >= q
    assert k == low or ours.cdf(k - 1) < q


def test_log_randint_draws_follow_it():
    ours = log_randint(1, 20)
    draws = ours.rvs(size=20_000, random_state=0)
    counts = np.bincount(draws, minlength=20)[1:]
    assert stats.chisquare(counts, 20_000 * ours.pmf(np.arange(1, 20))).pvalue > 1e-3


@pytest.mark.parametrize("arguments", [(0, 5), (5, 5), (1.5, 3)])
def test_log_randint_refuses_impossible_arguments(arguments):
    with pytest.raises(ValueError, match=r"the median of log_randint\(.* must be positive"):
        prior_of(log_randint(*arguments), "p")


def test_empirical_quantiles_approach_those_of_the_source():
    source = stats.gamma(2)
    prior = empirical_prior(source.rvs(4000, random_state=0))
    q = np.linspace(0.05, 0.95, 19)
    np.testing.assert_allclose(prior.value_at(q), source.ppf(q), rtol=0.1)
    np.testing.assert_allclose(prior.position_of(prior.value_at(q)), q)
