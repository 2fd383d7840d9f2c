"""`BayesSearchCV`: a Gaussian process proposes the candidates."""

from __future__ import annotations

from skbayes.estimators.docs import documented
from skbayes.estimators.sequential import SequentialSearchCV
from skbayes.samplers.base import Sampler
from skbayes.samplers.gp import GPSampler, default_n_initial_points
from skbayes.samplers.quasi_random import QuasiRandomSampler
from skbayes.space.base import SearchSpace


@documented
class BayesSearchCV(SequentialSearchCV):
    """Hyper-parameter search by Bayesian optimisation with a Gaussian process.

    It has the parameters, methods and attributes of
    :class:`~sklearn.model_selection.RandomizedSearchCV`, and takes the place of
    :class:`~sklearn.model_selection.GridSearchCV` when `param_grid=` is renamed. Candidates are not
    drawn blindly: after a few space-filling ones, each is where a Gaussian process fitted to the
    scores so far expects the largest improvement.

    {promise}

    Parameters
    ----------
    {space_parameters}

    {n_iter}

    {search_parameters}

    {n_iter_no_change}

    Attributes
    ----------
    {attributes}

    See Also
    --------
    sklearn.model_selection.RandomizedSearchCV : Draws candidates at random.
    sklearn.model_selection.GridSearchCV : Evaluates all points of a grid.
    skbayes.TPESearchCV : The same search by Parzen estimators, for many trials or categories.
    skbayes.log_randint : Log-uniform integers, for use in `param_distributions`.

    Notes
    -----
    The surrogate is a Gaussian process with a Matérn-5/2 kernel on the space warped by its own
    distributions; the acquisition is the logarithm of the expected improvement. The start-up
    design has two more points than the space has dimensions, but 4 to 10.

    The best score of a search is the best of many on the same splits and therefore optimistic.
    Score the refitted estimator on data the search has not seen.

    References
    ----------
    Ament et al., "Unexpected Improvements to Expected Improvement for Bayesian Optimization",
    NeurIPS 2023.

    Hvarfner, Hellsten & Nardi, "Vanilla Bayesian Optimization Performs Great in High Dimensions",
    ICML 2024.

    Examples
    --------
    >>> from scipy.stats import loguniform
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.svm import SVC
    >>> from skbayes import BayesSearchCV
    >>> X, y = load_iris(return_X_y=True)
    >>> space = {"C": loguniform(1e-2, 1e3), "gamma": loguniform(1e-4, 1e1)}
    >>> search = BayesSearchCV(SVC(), space, n_iter=15, random_state=0).fit(X, y)
    >>> bool(search.best_score_ > 0.97)
    True
    """

    def _make_sampler(self, space: SearchSpace, start: QuasiRandomSampler) -> Sampler:
        return GPSampler(space, start, self._n_start(default_n_initial_points(space)))
