"""`BayesSearchCV`: a Gaussian process proposes the candidates."""

from __future__ import annotations

from skbayes.estimators.sequential import SequentialSearchCV
from skbayes.samplers.base import Sampler
from skbayes.samplers.gp import GPSampler, default_n_initial_points
from skbayes.samplers.quasi_random import QuasiRandomSampler
from skbayes.space.base import SearchSpace


class BayesSearchCV(SequentialSearchCV):
    """Hyper-parameter search by Bayesian optimisation with a Gaussian process.

    It has the parameters, methods and attributes of
    :class:`~sklearn.model_selection.RandomizedSearchCV`, and takes the place of
    :class:`~sklearn.model_selection.GridSearchCV` when `param_grid=` is renamed. Candidates are not
    drawn blindly: after a few space-filling ones, each is where a Gaussian process fitted to the
    scores so far expects the largest improvement.

    The same estimator, data, space and `random_state` give the same search for every `n_jobs`.
    The cross-validation splits are drawn once, so that all candidates are compared on the same
    ones. A candidate whose fit fails is recorded with `error_score` and the search goes on.

    Parameters
    ----------
    estimator : estimator object
        Cloned for every fit. Either it has a ``score`` method or `scoring` is given.

    param_distributions : dict or list of dicts
        Names of parameters to distributions or lists of values. A distribution is a frozen one of
        `scipy.stats`, or any object with ``rvs``, and is taken as a belief about where good values
        lie: ``loguniform(1e-3, 1e3)`` is searched evenly on a log scale. Mind that SciPy's
        ``uniform(loc, scale)`` reaches from loc to loc + scale: ``uniform(10, 100)`` from 10 to
        110, and bare ``uniform`` from 0 to 1. An end that no draw gives, such as the 0 of
        ``uniform(0, 1)``, is not proposed. Dimensions of scikit-optimize and distributions of
        Optuna are taken too. In a list, three or more
        numbers are taken as ordered, other values as categories; each entry is one value, also
        where there are two (``[0.1, 1]`` is not a range). A list of dicts is a union of spaces,
        for parameters that only make sense together. Where all values are lists and there are to
        be as many candidates as combinations, they are those of the grid search, in its order.

    n_iter : int or None, default=50
        Number of candidates that are evaluated; fewer only when a finite space is used up or a
        budget is spent. None is as many as `timeout` allows, 10,000 at most and never a grid.

    scoring : str, callable, list, tuple or dict, default=None
        How a fitted candidate is scored, as in scikit-learn: greater is better. With several
        metrics the model follows the one `refit` names; if it names none, the first.

    n_jobs : int, default=None
        Number of splits evaluated in parallel. ``None`` means 1 unless in a
        :obj:`joblib.parallel_config` context, ``-1`` means all processors. The result does not
        depend on it.

    refit : bool, str, or callable, default=True
        Whether to fit an estimator on the whole data with the best parameters found. With several
        metrics, the name of the one that decides. A callable is given ``cv_results_`` and returns
        the index of the candidate to take.

    cv : int, cross-validation generator or an iterable, default=None
        The splits: None for 5-fold, an integer for another number of folds, a splitter, or an
        iterable of (train, test) index arrays. Drawn once, also from a splitter that shuffles
        without a seed.

    verbose : int, default=0
        From 1 on, prints a line for every finished candidate: its number, its score, the best
        score so far and its number, the time elapsed and the time expected to be left. Higher
        values print what scikit-learn prints of every split.

    pre_dispatch : int or str, default='2*n_jobs'
        How many evaluations are handed to the workers ahead of time.

    random_state : int, RandomState instance or None, default=None
        Seeds the proposals. Pass an int for the same search at every call; with None one integer
        is drawn from NumPy's global generator, as elsewhere in scikit-learn.

    error_score : 'raise' or numeric, default=np.nan
        Score of a split whose fit fails. With 'raise' the error is raised. To the model such a
        candidate is a bad one whatever the number is.

    return_train_score : bool, default=False
        Whether ``cv_results_`` has the training scores too.

    n_initial_points : int or 'auto', default='auto'
        Candidates that fill the space before the model takes over; those of `initial_params` count.
        'auto' leaves it to the method, at most 10.

    initial_params : None, 'default' or list of dicts, default=None
        Candidates to evaluate first, exactly as given; names that a dict leaves out are filled in.
        'default' stands for the estimator's own values, as far as they lie in the space.

    n_points : int or 'auto', default=2
        How many candidates are under way at once. A proposal knows the scores of all but the
        `n_points` - 1 before it, whose places it takes into account. More keep more workers busy
        and know a little less. The result depends on it, but not on how many workers there are;
        'auto' sets it to the number of workers, and gives that up.

    checkpoint : str or path-like, default=None
        Journal in which every finished candidate is kept. A call of ``fit`` with the same
        arguments goes on from it, and gives the result of a search that was never interrupted.
        If it is a folder, or ends with a slash, every search finds its own file there, as in
        :func:`~sklearn.model_selection.cross_validate`. A leading ``~`` is the home folder.

    timeout : float, default=None
        Seconds that the search may take, the refit not among them. What it does is the beginning
        of what it would do without: no candidate is begun that is not expected to end in time,
        but the first. Where fits run in processes of joblib's backend loky, those still running
        when the time is over are abandoned; elsewhere they are waited for.

    max_fit_time : float, default=None
        Seconds that fitting and scoring on one split may take. What takes longer is ended, with
        the process it runs in, and is a failed fit. It needs `n_jobs` of 2 or more with joblib's
        backend loky.

    n_iter_no_change : int, default=None
        The search ends when so many candidates in a row, failed ones among them, were not better
        than the best before. Then no space is small enough to be searched as a grid.

    Attributes
    ----------
    cv_results_ : dict of numpy (masked) ndarrays
        Scores, times and parameters of every candidate, in the order they were proposed, with the
        keys and types of :class:`~sklearn.model_selection.RandomizedSearchCV`.

    best_estimator_ : estimator
        Estimator with the best parameters, fitted on the whole data. Not available if
        ``refit=False``.

    best_score_ : float
        Mean cross-validated score of the best candidate. Not available if `refit` is a callable,
        nor with several metrics if ``refit=False``.

    best_params_ : dict
        Parameters of the best candidate. With several metrics only if `refit` is given.

    best_index_ : int
        Its place in ``cv_results_``. With several metrics only if `refit` is given.

    scorer_ : function or a dict
        The scorer, or the scorers by name.

    n_splits_ : int
        Number of cross-validation splits.

    refit_time_ : float
        Seconds the refit took. Only if `refit` is not False.

    multimetric_ : bool
        Whether there are several metrics.

    n_points_ : int
        How many candidates were under way at once.

    failures_ : dict of int to list of FitFailure
        For every candidate of which fits or scores failed, by its place in ``cv_results_``, why:
        the numbers of the `splits`, the `reason`, the `traceback`, and the `step`, 'fit' or
        'score'.

    classes_ : ndarray of shape (n_classes,)
        Class labels. Only available if `refit` is not False and the estimator is a classifier.

    n_features_in_ : int
        Number of features seen during fit. Only available if `refit` is not False and the best
        estimator has it.

    feature_names_in_ : ndarray of shape (n_features_in_,)
        Names of features seen during fit. Only available if `refit` is not False and the best
        estimator has them, which takes data with names.

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

    def _make_model_sampler(self, space: SearchSpace, start: QuasiRandomSampler) -> Sampler:
        return GPSampler(space, start, self._n_start(default_n_initial_points(space)))
