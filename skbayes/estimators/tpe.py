"""`TPESearchCV`: Parzen estimators of good and bad trials propose the candidates."""

from __future__ import annotations

from skbayes.estimators.costs import read_cost
from skbayes.estimators.sequential import SequentialSearchCV
from skbayes.samplers.base import Sampler
from skbayes.samplers.quasi_random import QuasiRandomSampler
from skbayes.samplers.tpe import N_INITIAL_POINTS, TPESampler
from skbayes.space.base import SearchSpace


class TPESearchCV(SequentialSearchCV):
    """Hyper-parameter search with tree-structured Parzen estimators.

    It has the parameters, methods and attributes of
    :class:`~sklearn.model_selection.RandomizedSearchCV`, and replaces
    :class:`~sklearn.model_selection.GridSearchCV` when `param_grid=` is renamed. After a
    space-filling start-up design, each candidate is one that is likely among the best trials so
    far and unlikely among the others. A proposal takes about a millisecond, even after thousands
    of trials.

    Prefer it to :class:`BayesSearchCV` if there are many cheap trials, or if most parameters are
    categorical or conditional. If most are numbers, :class:`BayesSearchCV` needs fewer trials.

    The same estimator, data, space and `random_state` give the same search for every `n_jobs`.
    The cross-validation splits are drawn once, so that all candidates are compared on the same
    ones. A candidate whose fit fails is recorded with `error_score` and the search goes on.

    Parameters
    ----------
    estimator : estimator object
        Cloned for every fit. Either it has a ``score`` method or `scoring` is given.

    param_distributions : dict or list of dicts
        Names of parameters to distributions or lists of values. A distribution is a frozen one of
        `scipy.stats`, or any object with ``rvs``. It is used as a prior for good values:
        ``loguniform(1e-3, 1e3)`` is searched evenly on a log scale. Note that SciPy's
        ``uniform(loc, scale)`` reaches from loc to loc + scale: ``uniform(10, 100)`` from 10 to
        110, and bare ``uniform`` from 0 to 1. An end that has no probability of its own, such as
        the 0 of ``uniform(0, 1)``, is not proposed. Dimensions of scikit-optimize and
        distributions of Optuna are accepted too. In a list, three or more numbers are treated as
        ordered, other values as categories. Each entry is one value, even if there are only two:
        ``[0.1, 1]`` is not a range. A list of dicts is a union of spaces, for parameters that only
        make sense together. If all values are lists and there are at least as many candidates as
        combinations, the candidates are those of a grid search, in its order.

    n_iter : int or None, default=50
        Number of candidates to evaluate; fewer only if a finite space is exhausted or a budget
        ends the search. None means as many as `timeout` or `n_fits` allows, at most 10,000; then
        the space is never searched as a grid.

    scoring : str, callable, list, tuple or dict, default=None
        How a fitted candidate is scored, as in scikit-learn: greater is better. With several
        metrics, the search maximises the one that `refit` names, or the first if it names none.

    n_jobs : int, default=None
        Number of splits evaluated in parallel. ``None`` means 1 unless in a
        :obj:`joblib.parallel_config` context, ``-1`` means all processors. The result does not
        depend on it.

    refit : bool, str, or callable, default=True
        Whether to fit an estimator on the whole data with the best parameters found. With several
        metrics, the name of the one that selects them. A callable is given ``cv_results_`` and
        returns the index of the best candidate.

    cv : int, cross-validation generator or an iterable, default=None
        The splits: None for 5-fold, an integer for another number of folds, a splitter, or an
        iterable of (train, test) index arrays. The splits are drawn once, even from a splitter
        that shuffles without a seed.

    verbose : int, default=0
        1 shows how far the search is: finished candidates, the best score with its standard error,
        time elapsed and expected to be left, failed and dropped candidates. In a terminal or a
        notebook it is one line that is updated, elsewhere a line now and then. At the end it prints
        the gain over the defaults, if they were evaluated, and best values that lie at the end of a
        range. 2 adds a line per candidate with its parameters, 3 and more scikit-learn's messages
        about every split.

    pre_dispatch : int or str, default='2*n_jobs'
        How many evaluations are handed to the workers ahead of time.

    random_state : int, RandomState instance or None, default=None
        Seeds the proposals. Pass an int for the same search at every call; with None one integer
        is drawn from NumPy's global generator, as elsewhere in scikit-learn.

    error_score : 'raise' or numeric, default=np.nan
        Score of a split whose fit fails. With 'raise' the error is raised. The sampler treats such
        a candidate as a bad one, whatever the number is.

    return_train_score : bool, default=False
        Whether ``cv_results_`` has the training scores too.

    n_initial_points : int or 'auto', default='auto'
        Size of the start-up design: how many candidates fill the space before a model proposes
        them, including those of `initial_params`. 'auto' depends on the method and is at most 10.

    initial_params : None, 'default' or list of dicts, default=None
        Candidates to evaluate first, exactly as given; names that a dict leaves out are filled in.
        'default' is one candidate: the estimator exactly as it stands, even if some of its values
        lie outside the space. It can win too.

    n_points : int or 'auto', default=2
        How many candidates may be pending at once. A proposal is made from the scores of all
        earlier candidates except the last `n_points` - 1, which are taken into account as pending.
        A larger number keeps more workers busy, but each proposal is based on fewer scores. The
        result depends on `n_points`, but not on the number of workers. 'auto' is the number of
        workers, so the result then depends on it.

    checkpoint : str or path-like, default=None
        Path of a journal, a file that records every finished candidate. A call of ``fit`` with the
        same arguments resumes from it, and gives the result of a search that was never interrupted.
        In a folder, or a path that ends with a slash, every search has its own file; use this for
        the searches inside :func:`~sklearn.model_selection.cross_validate`. A leading ``~`` is the
        home folder.

    timeout : float, default=None
        Time limit of the search in seconds, without the refit. The candidates are the first ones
        of the same search without a limit. Except for the first, a candidate is only begun if it
        is expected to be finished in time. When the time is over, fits in processes of joblib's
        backend loky are ended, and those on dask and Ray are abandoned; elsewhere they are waited
        for.

    max_fit_time : float, default=None
        Time limit in seconds for fitting and scoring on one split. A fit that takes longer is
        ended together with its process, and counts as failed. It needs `n_jobs` of 2 or more with
        joblib's backend loky.

    n_iter_no_change : int, default=None
        The search ends when this many candidates in a row, including failed ones, have not
        improved the best score. If it is given, the space is never searched as a grid.

    racing : 'auto', False or float, default='auto'
        Drops a candidate before its last split, if the probability that its mean score is better
        than that of the best candidate is less than this number; in a rung of successive halving,
        than that of the last one that would be promoted. 'auto' is 0.05 with four splits or more,
        and False with fewer, if `refit` is a callable, or if it is False and there are several
        metrics. Racing begins once four candidates, and of a rung as many as are promoted, were
        evaluated on all splits. A dropped candidate is never the best one; ``cv_results_`` has NaN
        for the splits that were not run, and the column `n_splits_evaluated`. Grids, and finite
        spaces that are evaluated as a whole, are never raced.

    n_fits : int, default=None
        Number of fits on one split that all candidates may have together. The search ends when
        the rest does not suffice for another candidate on all splits. With ``n_iter=None`` there
        are as many candidates as it allows.

    return_predictions : False or str, default=False
        Method by which to keep what every candidate predicts for the test samples of each split:
        'predict', 'predict_proba' or 'decision_function'; 'auto' is the first that a candidate has
        of ``predict_proba``, ``decision_function`` and ``predict``. With them
        `inspection.honest_score` can choose among samples instead of splits. They take candidates
        x samples x outputs x 4 bytes (numbers of ``predict`` 8), in memory up to 256 MB; beyond
        that they are in temporary files, and with `checkpoint` in the folder
        ``<checkpoint>.predictions``.

    initial_trials : fitted search or its `trials_`, default=None
        Trials of an earlier search that this one takes along: the proposals are made from their
        scores too, ``cv_results_`` begins with them, and `n_iter` and `n_fits` count the new ones.
        They are refused if the data, splits, scoring or another part of the estimator differ. The
        space may differ, see `inspection.suggest_space`.

    staged : str, default=None
        Parameter of the estimator that counts rounds, such as ``"n_estimators"``, ``"max_iter"`` or
        ``"model__n_estimators"`` of the last step of a pipeline. It is not searched: each split is
        fitted once with the estimator's own value, scored after fewer rounds as well, and the
        candidate gets the number of rounds with the best mean over the splits. The stages are all
        numbers up to 20, then at most 5 % apart (25 % for forests and bagging). Works for boosting
        of scikit-learn, XGBoost, LightGBM and CatBoost, for forests, extra trees and bagging;
        others need `staged_route`. It does not go with `return_predictions` and `initial_trials`.

    staged_patience : int, 'auto' or None, default='auto'
        Rounds after which a candidate is not fitted further, because its mean score over the splits
        has not become better. 'auto' is a tenth of the largest number of rounds, and at least 10.
        Before all splits are known, each goes by its own score; those that have stopped too early
        are fitted further then. None fits all rounds. CatBoost and AdaBoost always do, XGBoost and
        LightGBM if samples or columns are drawn at random, and pipelines with an unseeded step
        before the model.

    staged_route : {'auto', 'staged', 'iteration', 'warm_start', 'partial_fit'}, default='auto'
        How a model is scored after fewer rounds than it is fitted for: by `staged_predict` and its
        siblings, by an argument of `predict`, by fits that go on with ``warm_start=True``, or epoch
        by epoch with `partial_fit`. 'auto' is the first of them that gives the scores of separate
        fits, bit for bit if the estimator is seeded. The last two do not for neural networks and
        linear models, so they have to be asked for.

    staged_scale : bool, default=False
        Whether the refit has more rounds in proportion to the samples: those of all data divided by
        those of the training parts.

    pruning : {'gp', 'median', 'halving', 'paired'} or None, default=None
        Rule by which a candidate is ended while its first split grows, with `staged`: 'gp' if a
        Gaussian process over parameters and rounds gives it less than a chance of 0.05 to end above
        the best candidate, 'median' if it is below the median of the others, 'halving' if it is not
        among the best third after 1, 3, 9, … rounds, 'paired' if by its scores alone it is unlikely
        to end above the best one. It is asked where a fit pauses, so what cannot pause, see
        `staged_patience`, is not pruned. A pruned candidate is never the best one; ``cv_results_``
        has its scores so far, on one split, and the column `is_pruned`. Other candidates are raced.

    cost : callable, {'rounds', 'fit_time'} or None, default=None
        If it is given, the search looks for improvement per unit of cost, so it tries cheap
        candidates first. A callable is given the parameters of a candidate and returns its cost, in
        any unit: ``lambda params: params["n_estimators"]``. 'rounds' are those that a model is
        fitted for with `staged`; the search learns which candidates need many. 'fit_time' is the
        measured time. With that, another run is another search, because no two take the same time.

    callbacks : callable or list of callables, default=None
        Called as ``callback(search, trial)`` in the main process for every finished candidate, in
        their order, with a :class:`~skbayes.FinishedTrial`; those taken from a checkpoint or from
        `initial_trials` are announced too. A true answer ends the search after this candidate.
        Meanwhile ``search.best_trial_`` is the best one so far. A callback may also have
        ``on_search_begin(search)`` and ``on_search_end(search)``. If one raises, its error ends the
        search, which keeps what it has found. Clones of the search share its callbacks.

    Attributes
    ----------
    cv_results_ : dict of numpy (masked) ndarrays
        Scores, times and parameters of every candidate, in the order they were proposed, with the
        keys and types of :class:`~sklearn.model_selection.RandomizedSearchCV`.

    cv_predictions_ : CVPredictions
        Predictions of every candidate, by split. ``cv_predictions_[i]`` is a list of arrays in the
        order of the test samples, with None where a split was not evaluated or failed;
        ``cv_predictions_.test_indices`` says which samples they are. Only with
        `return_predictions`.

    best_estimator_ : estimator
        Estimator with the best parameters, fitted on the whole data. Not available if
        ``refit=False``.

    best_score_ : float
        Mean cross-validated score of the best candidate. Not available if `refit` is a callable,
        nor with several metrics if ``refit=False``.

    best_params_ : dict
        Parameters of the best candidate. With several metrics only if `refit` is given.

    best_index_ : int
        Index of the best candidate in ``cv_results_``. With several metrics only if `refit` is
        given.

    is_noisy_ : bool
        Whether fits are noisy: if a random state of the best candidate is None, one split of it is
        fitted again, and has another score. Then the best candidate is not the one with the best
        score, which is often only lucky, but the one of which `surrogate_` expects most, see
        :func:`~skbayes.selection.posterior_mean`. Not looked for, and False, if `refit` is a
        callable, or a grid is searched whole.

    cv_curves_ : list of dict of str to ndarray
        Only with `staged`. For each candidate, its `stages` of shape (n_stages,), and its
        ``test_score`` at each by split, of shape (n_splits, n_stages); NaN where a split was not
        evaluated. ``train_score`` too if `return_train_score` is true. With several metrics, their
        names stand for "score".

    scorer_ : function or a dict
        The scorer, or the scorers by name.

    splits_ : list of (ndarray, ndarray)
        Training and test samples of each split, on which all candidates were compared.

    run_id_ : str
        Tells this search from others in trackers; a search resumed from a checkpoint keeps it.

    seed_ : int
        Seed of all random numbers of the search, drawn from `random_state`.

    n_splits_ : int
        Number of cross-validation splits.

    refit_time_ : float
        Seconds the refit took. Only if `refit` is not False.

    multimetric_ : bool
        Whether there are several metrics.

    n_points_ : int
        How many candidates could be pending at once.

    trials_ : PastTrials
        The finished trials, for `initial_trials` of another search.

    timeline_ : dict of str to ndarray
        When and where each fit ran: `candidate`, `split`, `begin` and `end` in seconds of the
        epoch, the number of the `worker`, and whether it `failed`.

    surrogate_ : Surrogate
        Gaussian process of the score over the space, fitted to ``cv_results_`` when it is asked
        for: ``search.surrogate_.predict([{...}])`` returns means and standard deviations.

    failures_ : dict of int to list of FitFailure
        The failures of every candidate that has any, by its index in ``cv_results_``. Each failure
        has the numbers of the `splits`, the `reason`, the `traceback`, and the `step`, 'fit' or
        'score'.

    classes_ : ndarray of shape (n_classes,)
        Class labels. Only available if `refit` is not False and the estimator is a classifier.

    n_features_in_ : int
        Number of features seen during fit. Only available if `refit` is not False and the best
        estimator has it.

    feature_names_in_ : ndarray of shape (`n_features_in_`,)
        Names of features seen during fit. Only available if `refit` is not False and the best
        estimator has them, which requires data with feature names.

    See Also
    --------
    skbayes.BayesSearchCV : The same search with a Gaussian process.
    sklearn.model_selection.RandomizedSearchCV : Draws candidates at random.
    skbayes.log_randint : Log-uniform integers, for use in `param_distributions`.

    Notes
    -----
    Of n trials, about √n are good: those with the best scores. All others are bad, including failed
    ones. The density of each group is a mixture of joint kernels around its trials, with the
    user's distributions as one more component. Of 24 candidates drawn from the good density, the
    one with the largest ratio of good to bad density is evaluated.

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

    def _make_model_sampler(self, space: SearchSpace, start: QuasiRandomSampler) -> Sampler:
        return TPESampler(space, start, self._n_start(N_INITIAL_POINTS), read_cost(self, space))
