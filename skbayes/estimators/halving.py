"""`HalvingBayesSearchCV`: successive halving of candidates that a Gaussian process proposes."""

from __future__ import annotations

from itertools import chain
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np

from skbayes._sklearn_compat import Interval, StrOptions
from skbayes.estimators.base import BaseModelSearchCV
from skbayes.estimators.callbacks import HalvingTask, SearchTask
from skbayes.estimators.hints import explaining_wrong_arguments
from skbayes.estimators.inputs import Inputs, Plan, given_points
from skbayes.estimators.progress import Progress
from skbayes.estimators.resources import make_resource
from skbayes.estimators.schedule import (
    Schedule,
    best_with_most_resources,
    make_schedule,
)
from skbayes.evaluation.all_failed import describe_errors
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
    Many candidates are evaluated with little of a resource, samples or a parameter such as the
    number of trees, and one in `factor` of them is evaluated again with more, until few are left
    with the most. Once one has had the most, candidates are not drawn blindly any more: a Gaussian
    process that knows all scores, and with how much of the resource they came about, proposes
    those that promise most at the full resource. So it takes several brackets for the model to
    have a say.

    The same estimator, data, space and `random_state` give the same search for every `n_jobs`.
    The cross-validation splits are drawn once, so that all candidates are compared on the same
    ones. A candidate whose fit fails is recorded with `error_score` and the search goes on.

    Any splitter will do, because the splits are drawn once, and so will several metrics.

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

    n_candidates : int or 'exhaust', default='exhaust'
        Candidates of the first rung of the first bracket; fewer if a finite space has no more.
        With 'exhaust' as many as it takes for the last rung to use the most resources. The other
        brackets begin with fewer, at about the same cost.

    factor : int or float, default=3
        One in `factor` candidates of a rung is promoted to the next, with `factor` times the
        resources.

    resource : str, default='n_samples'
        What is increased with each rung: the number of samples, or an integer parameter of the
        estimator, also a nested one (``clf__n_estimators``), that is not searched.

    max_resources : int or 'auto', default='auto'
        The most a candidate gets. 'auto' is the number of samples, or the estimator's own value
        of the parameter.

    min_resources : int, 'exhaust' or 'smallest', default='smallest'
        What the candidates of the first rung get. 'smallest' is the number of splits times 2,
        times the number of classes of a classifier; 1 for a parameter. 'exhaust' is as much as
        lets the last rung use the most; then `n_candidates` must be a number.

    aggressive_elimination : bool, default=False
        Whether, where resources do not suffice for as many rungs as it takes to eliminate all but
        `factor` candidates, the first rungs repeat the smallest resource until they do.

    n_brackets : int or 'auto', default=1
        How many brackets there are. One is successive halving. Each further one begins with
        `factor` times the resources and fewer candidates, so that a candidate that needs much to
        show what it is worth has its chance; 'auto' is as many as possible, which is Hyperband.

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

    Attributes
    ----------
    n_resources_ : list of int
        The resources of each rung; with several brackets a list of such lists.

    n_candidates_ : list of int
        The number of candidates of each rung; with several brackets a list of such lists.

    n_remaining_candidates_ : int
        How many candidates another rung of the first bracket would have.

    max_resources_ : int
        The most a candidate may get.

    min_resources_ : int
        What a candidate of the first rung of the first bracket gets.

    n_iterations_ : int
        Number of rungs of the first bracket.

    n_possible_iterations_ : int
        Rungs that the resources suffice for.

    n_required_iterations_ : int
        Rungs it takes until less than `factor` candidates are left.

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
    sklearn.model_selection.HalvingRandomSearchCV : Draws the candidates at random.
    skbayes.BayesSearchCV : Evaluates every candidate with all resources.
    skbayes.log_randint : Log-uniform integers, for use in `param_distributions`.

    Notes
    -----
    ``cv_results_`` has a row for each candidate of each rung, with its rung in the column `iter`
    and what it got in `n_resources`, and with several brackets its `bracket`. The best candidate
    is chosen among those that got the most.

    With `n_samples` as the resource, training and test samples are reduced alike. A larger part
    holds every smaller one, and keeps the shares of the classes if the splitter does. Each keeps
    at least two samples, of a classifier two for every class, as far as there are so many.

    Where the resource is a number of trees or iterations, promoted forests, extra trees, bagging
    and gradient boosting with an integer `random_state` are not fitted anew: their kept models are
    fitted further, with the identical result, and ``cv_results_`` has the time that took. Not so
    in pipelines, with early stopping, `oob_score` or a named `class_weight`.

    Where scikit-learn rounds a logarithm, the number of rungs is exact: 243 candidates and a
    factor of 3 make six of them, not five.

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
    ([9, 3, 1], [1, 3, 9], 9)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **BaseModelSearchCV._parameter_constraints,
        "n_candidates": [POSITIVE, StrOptions({"exhaust"})],
        "factor": [Interval(Real, 1, None, closed="neither")],
        "resource": [str],
        "max_resources": [POSITIVE, StrOptions({"auto"})],
        "min_resources": [POSITIVE, StrOptions({"exhaust", "smallest"})],
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
        min_resources: int | str = "smallest",
        aggressive_elimination: bool = False,
        n_brackets: int | str = 1,
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
        full = FidelitySpace(space, min(schedule.resources), max(schedule.resources))
        start = QuasiRandomSampler(full, seed)
        design: Sampler = start
        model = self._make_model_sampler(full, start)
        if space.grid_size is not None and schedule.n_begun >= space.grid_size:
            design = model = GridSampler(full)
        points = given_points(self.initial_params, self.estimator, space)
        given = [
            space.complete(params, start.point(number)[:-1]) for number, params in enumerate(points)
        ]
        return HalvingSampler(full, schedule.brackets, design, model, resource.parameter, given)

    def _make_model_sampler(self, space: SearchSpace, start: QuasiRandomSampler) -> Sampler:
        return GPSampler(space, start, self._n_start(default_n_initial_points(space)))

    def _begin_search(self, plan: Plan, context: Any) -> SearchTask:
        return HalvingTask(self, context, _schedule(plan).brackets, self.n_splits_)

    def _make_progress(self, plan: Plan) -> Progress:
        super()._make_progress(plan)
        schedule = _schedule(plan)
        return Progress(schedule.n_trials, schedule.total_cost, self.refit, self.resource)

    def _check_outcomes(self, records: list[Record], plan: Plan) -> None:
        """Raise if no candidate has a score, or none of a rung that others were to come from."""
        super()._check_outcomes(records, plan)
        for rung, failed in _schedule(plan).failed_rungs(records):
            if len(failed) < rung.n_candidates and self.timeout is not None:
                continue  # the others might have had a score
            results = list(chain.from_iterable(record.results for record in failed))
            raise ValueError(
                f"All {len(failed)} candidates of a rung failed, so that none can be promoted."
                f"{describe_errors(results, self.refit)}{self._advice_on_failure(failed)}"
            )

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

    def _extra_columns(
        self, trials: list[Trial], inputs: Inputs, plan: Plan
    ) -> dict[str, list[Any]]:
        schedule = _schedule(plan)
        self.max_resources_ = make_resource(self).most(inputs)
        for name, value in schedule.fitted_attributes(trials).items():
            setattr(self, name, value)
        return schedule.columns(trials)

    @staticmethod
    def _select_best_index(refit: Any, refit_metric: Any, results: dict[str, Any]) -> int:
        return best_with_most_resources(results, refit_metric or "score")


def _schedule(plan: Plan) -> Schedule:
    assert isinstance(plan.sampler, HalvingSampler)
    return Schedule(plan.sampler.brackets)
