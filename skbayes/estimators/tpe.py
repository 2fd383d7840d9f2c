"""`TPESearchCV`: Parzen estimators of good and bad trials propose the candidates."""

from __future__ import annotations

from skbayes.estimators.docs import documented
from skbayes.estimators.sequential import SequentialSearchCV
from skbayes.samplers.base import Sampler
from skbayes.samplers.quasi_random import QuasiRandomSampler
from skbayes.samplers.tpe import N_INITIAL_POINTS, TPESampler
from skbayes.space.base import SearchSpace


@documented
class TPESearchCV(SequentialSearchCV):
    """Hyper-parameter search with tree-structured Parzen estimators.

    It has the parameters, methods and attributes of
    :class:`~sklearn.model_selection.RandomizedSearchCV`, and takes the place of
    :class:`~sklearn.model_selection.GridSearchCV` when `param_grid=` is renamed. After a start-up
    design, each candidate is one that resembles the best trials so far and not the others. A
    proposal takes about a millisecond, also after thousands of trials.

    Prefer it to :class:`BayesSearchCV` where trials are many and cheap, or where most parameters
    are categories or conditions; that one needs fewer trials where parameters are numbers.

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
    skbayes.BayesSearchCV : The same search with a Gaussian process.
    sklearn.model_selection.RandomizedSearchCV : Draws candidates at random.
    skbayes.log_randint : Log-uniform integers, for use in `param_distributions`.

    Notes
    -----
    The rows of the good trials, about the square root of their number, and those of all others
    are each the centres of a mixture of joint kernels, with the user's distributions as one more
    component. Failed trials are bad ones. Of 24 candidates drawn from the good density the one
    with the largest ratio of both densities is evaluated.

    The best score of a search is the best of many on the same splits and therefore optimistic.
    Score the refitted estimator on data the search has not seen.

    References
    ----------
    Bergstra, Bardenet, Bengio & Kégl, "Algorithms for Hyper-Parameter Optimization", NeurIPS 2011.

    Watanabe, "Tree-Structured Parzen Estimator: Understanding Its Algorithm Components and Their
    Roles for Better Empirical Performance", 2023.

    Examples
    --------
    >>> from scipy.stats import randint
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.tree import DecisionTreeClassifier
    >>> from skbayes import TPESearchCV
    >>> X, y = load_iris(return_X_y=True)
    >>> space = {"criterion": ["gini", "entropy"], "max_leaf_nodes": randint(2, 20)}
    >>> tree = DecisionTreeClassifier(random_state=0)
    >>> search = TPESearchCV(tree, space, n_iter=15, random_state=0).fit(X, y)
    >>> bool(search.best_score_ > 0.95)
    True
    """

    def _make_sampler(self, space: SearchSpace, start: QuasiRandomSampler) -> Sampler:
        return TPESampler(space, start, self._n_start(N_INITIAL_POINTS))
