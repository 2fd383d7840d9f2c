"""`HalvingBayesSearchCV`: successive halving of candidates that a Gaussian process proposes."""

from __future__ import annotations

from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np

from skbayes._sklearn_compat import Interval, StrOptions
from skbayes.estimators.base import PER_TRIAL, BaseModelSearchCV
from skbayes.estimators.hints import explaining_wrong_arguments
from skbayes.estimators.inputs import Inputs, Plan, given_points
from skbayes.estimators.progress import Progress
from skbayes.estimators.resources import make_resource
from skbayes.estimators.schedule import (
    Schedule,
    best_with_most_resources,
    make_schedule,
    raise_all_of_a_rung_failed,
)
from skbayes.estimators.screen import Screen
from skbayes.estimators.task_tree import HalvingTask, SearchTask
from skbayes.evaluation.results import Record
from skbayes.evaluation.splits import Split
from skbayes.evaluation.warm_start import WarmStartPool
from skbayes.samplers.base import Sampler
from skbayes.samplers.gp import GPSampler, default_n_initial_points
from skbayes.samplers.halving import HalvingSampler
from skbayes.samplers.quasi_random import GridSampler, QuasiRandomSampler
from skbayes.space import Space
from skbayes.space.base import SearchSpace
from skbayes.space.fidelity import FidelitySpace
from skbayes.trial import Trial

POSITIVE = Interval(Integral, 0, None, closed="neither")


class HalvingBayesSearchCV(BaseModelSearchCV):
    """Successive halving of candidates that a Gaussian process proposes.

    It has the parameters, methods and attributes of
    :class:`~sklearn.model_selection.HalvingRandomSearchCV`, and needs no experimental import.
    Many candidates are evaluated with little of a resource, which is the number of samples or a
    parameter such as the number of trees. One in `factor` of them is evaluated again with more,
    until few are left with the full resource. Once a candidate has been evaluated with the full
    resource, new candidates no longer come from a space-filling design: they have the largest
    expected improvement at the full resource, under a Gaussian process fitted to the scores at all
    amounts of it. So the model only has an effect if there are several brackets, as by default.

    The same estimator, data, space and `random_state` give the same search for every `n_jobs`.
    The cross-validation splits are drawn once, so that all candidates are compared on the same
    ones. A candidate whose fit fails is recorded with `error_score` and the search goes on.

    Any splitter can be used, because the splits are drawn once, and so can several metrics.

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

    n_candidates : int or 'exhaust', default='exhaust'
        Number of candidates in the first rung of the first bracket; fewer if a finite space has
        fewer. 'exhaust' is the number with which the last rung uses `max_resources`. The other
        brackets begin with fewer candidates, at about the same cost.

    factor : int or float, default=3
        One in `factor` candidates of a rung is promoted to the next, with `factor` times the
        resources.

    resource : str, default='n_samples'
        What is increased with each rung: the number of samples, or an integer parameter of the
        estimator, also a nested one (``clf__n_estimators``), that is not searched.

    max_resources : int or 'auto', default='auto'
        Largest amount of the resource for a candidate. 'auto' is the number of samples, or the
        estimator's own value of the parameter.

    min_resources : int, 'auto', 'exhaust' or 'smallest', default='auto'
        Amount of the resource in the first rung. 'auto' is a ninth of `max_resources`, with a
        `factor` of 3, but at least 30 samples for each class of a classifier, if that leaves two
        rungs; with less, scores say little about which candidate is best in the end. 'smallest' is
        the number of splits times 2, times the number of classes of a classifier; 1 for a
        parameter. 'exhaust' is the amount with which the last rung uses `max_resources`; then
        `n_candidates` must be a number.

    aggressive_elimination : bool, default=False
        Whether the first rungs repeat the smallest resource, if the resources are not enough for
        the number of rungs it takes to eliminate all but `factor` candidates.

    n_brackets : int or 'auto', default='auto'
        Number of brackets, and so the length of the search: each costs about the same. 1 is
        successive halving. Each further bracket begins with `factor` times the resources and fewer
        candidates, so that candidates that are only good with more resources are found too; after
        the one that begins with `max_resources` comes one like the first again. 'auto' is one of
        each kind, which is Hyperband.

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

    racing : 'auto', False or float, default='auto'
        Drops a candidate before its last split, if the probability that its mean score is better
        than that of the best candidate is less than this number; in a rung of successive halving,
        than that of the last one that would be promoted. 'auto' is 0.05 with four splits or more,
        and False with fewer, if `refit` is a callable, or if it is False and there are several
        metrics. Racing begins once four candidates, and of a rung as many as are promoted, were
        evaluated on all splits. A dropped candidate is never the best one; ``cv_results_`` has NaN
        for the splits that were not run, and the column `n_splits_evaluated`. Grids, and finite
        spaces that are evaluated as a whole, are never raced.

    callbacks : callable or list of callables, default=None
        Called as ``callback(search, trial)`` in the main process for every finished candidate, in
        their order, with a :class:`~skbayes.FinishedTrial`; those taken from a checkpoint or from
        `initial_trials` are announced too. A true answer ends the search after this candidate.
        Meanwhile ``search.best_trial_`` is the best one so far. A callback may also have
        ``on_search_begin(search)`` and ``on_search_end(search)``. If one raises, its error ends the
        search, which keeps what it has found. Clones of the search share its callbacks.

    Attributes
    ----------
    n_resources_ : list of int
        The resources of each rung; with several brackets a list of such lists.

    n_candidates_ : list of int
        The number of candidates of each rung; with several brackets a list of such lists.

    n_remaining_candidates_ : int
        How many candidates another rung of the first bracket would have.

    max_resources_ : int
        Largest amount of the resource for a candidate.

    min_resources_ : int
        Amount of the resource in the first rung of the first bracket.

    n_iterations_ : int
        Number of rungs of the first bracket.

    n_possible_iterations_ : int
        Number of rungs for which there are enough resources.

    n_required_iterations_ : int
        Number of rungs until less than `factor` candidates are left.

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
        Index of the best candidate in ``cv_results_``. With several metrics only if `refit` is
        given.

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
    sklearn.model_selection.HalvingRandomSearchCV : Draws the candidates at random.
    skbayes.BayesSearchCV : Evaluates every candidate with all resources.
    skbayes.log_randint : Log-uniform integers, for use in `param_distributions`.

    Notes
    -----
    ``cv_results_`` has a row for each candidate of each rung, with its rung in the column `iter`
    and its resources in `n_resources`, and with several brackets its `bracket`. The best candidate
    is chosen among those with the most resources.

    With `n_samples` as the resource, training and test samples are reduced by the same factor. A
    larger subsample contains every smaller one, and keeps the class proportions if the splitter
    does. Each has at least two samples, or two per class for a classifier, if the split has so
    many.

    If the resource is a number of trees or iterations, promoted forests, extra trees, bagging and
    gradient boosting with an integer `random_state` are not fitted from scratch, nor are XGBoost
    and LightGBM unless they draw samples or columns at random. The fit of the previous rung is
    continued (a warm start), with the identical result, and ``cv_results_`` has the time of the
    continuation. That includes the last step of a pipeline, if the other steps are seeded. There is
    no warm start with early stopping, `oob_score` or a `class_weight` given by name.

    The number of rungs is exact, where scikit-learn rounds a logarithm: 243 candidates and a
    factor of 3 give six rungs, not five.

    References
    ----------
    Karnin, Koren & Somekh, "Almost Optimal Exploration in Multi-Armed Bandits", ICML 2013.

    Li, Jamieson, DeSalvo, Rostamizadeh & Talwalkar, "Hyperband: A Novel Bandit-Based Approach to
    Hyperparameter Optimization", JMLR 2018.

    Falkner, Klein & Hutter, "BOHB: Robust and Efficient Hyperparameter Optimization at Scale",
    ICML 2018.

    Examples
    --------
    >>> from scipy.stats import randint
    >>> from sklearn.datasets import load_iris
    >>> from sklearn.ensemble import RandomForestClassifier
    >>> from skbayes import HalvingBayesSearchCV
    >>> X, y = load_iris(return_X_y=True)
    >>> space = {"max_depth": [3, None], "min_samples_split": randint(2, 11)}
    >>> search = HalvingBayesSearchCV(
    ...     RandomForestClassifier(random_state=0), space, resource="n_estimators",
    ...     max_resources=9, random_state=0,
    ... ).fit(X, y)
    >>> search.n_candidates_, search.n_resources_, search.best_params_["n_estimators"]
    ([[9, 3, 1], [5, 2], [3]], [[1, 3, 9], [3, 9], [9]], 9)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseModelSearchCV._parameter_constraints,
        "n_candidates": [POSITIVE, StrOptions({"exhaust"})],
        "factor": [Interval(Real, 1, None, closed="neither")],
        "resource": [str],
        "max_resources": [POSITIVE, StrOptions({"auto"})],
        "min_resources": [POSITIVE, StrOptions({"auto", "exhaust", "smallest"})],
        "aggressive_elimination": ["boolean"],
        "n_brackets": [POSITIVE, StrOptions({"auto"})],
    }

    @explaining_wrong_arguments
    def __init__(
        self,
        estimator: Any,
        param_distributions: Any,
        *,
        n_candidates: int | str = "exhaust",
        factor: float = 3,
        resource: str = "n_samples",
        max_resources: int | str = "auto",
        min_resources: int | str = "auto",
        aggressive_elimination: bool = False,
        n_brackets: int | str = "auto",
        scoring: Any = None,
        n_jobs: int | None = None,
        refit: Any = True,
        cv: Any = None,
        verbose: int = 0,
        pre_dispatch: int | str = "2*n_jobs",
        random_state: Any = None,
        error_score: Any = np.nan,
        return_train_score: bool = False,
        n_initial_points: int | str = "auto",
        initial_params: Any = None,
        n_points: int | str = 2,
        checkpoint: Any = None,
        timeout: float | None = None,
        max_fit_time: float | None = None,
        racing: float | bool | str = "auto",
        callbacks: Any = None,
    ) -> None:
        super().__init__(
            estimator=estimator,
            scoring=scoring,
            n_jobs=n_jobs,
            refit=refit,
            cv=cv,
            verbose=verbose,
            pre_dispatch=pre_dispatch,
            error_score=error_score,
            return_train_score=return_train_score,
        )
        self.param_distributions = param_distributions
        self.random_state = random_state
        self.n_initial_points = n_initial_points
        self.initial_params = initial_params
        self.n_points = n_points
        self.checkpoint = checkpoint
        self.timeout = timeout
        self.max_fit_time = max_fit_time
        self.racing = racing
        self.callbacks = callbacks
        self.n_candidates = n_candidates
        self.factor = factor
        self.resource = resource
        self.max_resources = max_resources
        self.min_resources = min_resources
        self.aggressive_elimination = aggressive_elimination
        self.n_brackets = n_brackets

    def _make_sampler(self, inputs: Inputs, space: Space, seed: int) -> HalvingSampler:
        resource = make_resource(self)
        schedule = make_schedule(self, resource, inputs, space.size)
        given = given_points(self.initial_params, self.estimator, space)
        full = FidelitySpace(space, min(schedule.resources), max(schedule.resources))
        start = QuasiRandomSampler(full, seed)
        is_grid = space.grid_size is not None and schedule.n_first_candidates >= space.grid_size
        grid = GridSampler(full) if is_grid else None
        model = grid or self._make_model_sampler(full, start)
        return HalvingSampler(
            full, schedule.brackets, grid or start, model, resource.parameter, given, start
        )

    def _make_model_sampler(self, space: SearchSpace, start: QuasiRandomSampler) -> Sampler:
        return GPSampler(space, start, self._n_start(default_n_initial_points(space)))

    def _begin_search(self, plan: Plan, context: Any) -> SearchTask:
        return HalvingTask(self, context, _schedule(plan).brackets, self.n_splits_)

    def _make_progress(self, plan: Plan, screen: Screen) -> Progress:
        schedule, lists_trials = _schedule(plan), self.verbose >= PER_TRIAL
        cost = schedule.total_cost
        return Progress(screen, schedule.n_trials, cost, self.resource, self.timeout, lists_trials)

    def _check_outcomes(self, records: list[Record], plan: Plan) -> None:
        """Raise if no candidate has a score, or none in a rung that was to be promoted."""
        super()._check_outcomes(records, plan)
        for rung, failed in _schedule(plan).failed_rungs(records):
            if len(failed) == rung.n_candidates or self.timeout is None:
                raise_all_of_a_rung_failed(failed, self.refit, self._advice_on_failure(failed))

    def _advice_on_failure(self, records: list[Record]) -> str:
        return (
            f"\n\nThese candidates had {self.resource}={records[0].trial.fidelity}. If that is too "
            f"little to fit and score them on each of {self.n_splits_} splits, give min_resources "
            f"a larger number.{super()._advice_on_failure(records)}"
        )

    def _subsampled_splits(self, inputs: Inputs, plan: Plan) -> dict[int, list[Split]]:
        fidelities = _schedule(plan).resources
        return make_resource(self).subsampled_splits(inputs, plan.splits, fidelities, plan.seed)

    def _warm_start_pool(self, plan: Plan) -> WarmStartPool | None:
        return make_resource(self).warm_start_pool(plan.splits, _schedule(plan).n_promoted)

    def _n_planned(self, plan: Plan) -> int:
        return _schedule(plan).n_trials

    def _is_whole(self, plan: Plan) -> bool:
        size = plan.space.size
        return size is not None and _schedule(plan).n_first_candidates >= size

    def _extra_columns(
        self, trials: list[Trial], inputs: Inputs, plan: Plan
    ) -> dict[str, list[Any]]:
        schedule = _schedule(plan)
        self.max_resources_ = make_resource(self).most(inputs)
        for name, value in schedule.fitted_attributes(trials).items():
            setattr(self, name, value)
        return schedule.columns(trials) | super()._extra_columns(trials, inputs, plan)

    @staticmethod
    def _select_best_index(refit: Any, refit_metric: Any, results: dict[str, Any]) -> int:
        return best_with_most_resources(results, refit_metric or "score")


def _schedule(plan: Plan) -> Schedule:
    assert isinstance(plan.sampler, HalvingSampler)
    return Schedule(plan.sampler.brackets)
