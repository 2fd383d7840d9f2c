"""`HalvingBayesSearchCV`: successive halving of candidates that a Gaussian process proposes."""

from __future__ import annotations

from collections import Counter
from itertools import chain, pairwise
from numbers import Integral, Real
from typing import Any, ClassVar

import numpy as np
from sklearn.base import clone, is_classifier
from sklearn.model_selection import (
    RepeatedStratifiedKFold,
    StratifiedGroupKFold,
    StratifiedKFold,
    StratifiedShuffleSplit,
)
from sklearn.utils.multiclass import check_classification_targets

from skbayes._sklearn_compat import Interval, StrOptions, num_samples
from skbayes.estimators.base import BaseModelSearchCV, Inputs, Plan
from skbayes.estimators.callbacks import HalvingTask, SearchTask
from skbayes.estimators.docs import documented
from skbayes.estimators.hints import did_you_mean, explaining_wrong_arguments
from skbayes.estimators.progress import Progress
from skbayes.evaluation.all_failed import describe_errors
from skbayes.evaluation.results import Record
from skbayes.evaluation.splits import Split
from skbayes.evaluation.subsampling import subsampled_splits
from skbayes.evaluation.warm_start import WarmStartPool
from skbayes.samplers.base import Sampler
from skbayes.samplers.gp import GPSampler, default_n_initial_points
from skbayes.samplers.halving import (
    Bracket,
    HalvingSampler,
    Rung,
    make_brackets,
    make_ladder,
    n_powers,
    rung_of,
)
from skbayes.samplers.quasi_random import GridSampler, QuasiRandomSampler
from skbayes.space import Space
from skbayes.space.base import SearchSpace
from skbayes.space.fidelity import FidelitySpace
from skbayes.space.space import dicts_of
from skbayes.space.written import shown
from skbayes.trial import Trial

STRATIFIED = (
    StratifiedKFold,
    StratifiedShuffleSplit,
    RepeatedStratifiedKFold,
    StratifiedGroupKFold,
)
"""Splitters whose parts are stratified too."""


@documented
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

    {promise}

    Any splitter will do, because the splits are drawn once, and so will several metrics.

    Parameters
    ----------
    {space_parameters}

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

    {search_parameters}

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

    {attributes}

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
        "n_candidates": [Interval(Integral, 0, None, closed="neither"), StrOptions({"exhaust"})],
        "factor": [Interval(Real, 1, None, closed="neither")],
        "resource": [str],
        "max_resources": [Interval(Integral, 0, None, closed="neither"), StrOptions({"auto"})],
        "min_resources": [
            Interval(Integral, 0, None, closed="neither"),
            StrOptions({"exhaust", "smallest"}),
        ],
        "aggressive_elimination": ["boolean"],
        "n_brackets": [Interval(Integral, 0, None, closed="neither"), StrOptions({"auto"})],
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
            estimator,
            param_distributions,
            scoring=scoring,
            n_jobs=n_jobs,
            refit=refit,
            cv=cv,
            verbose=verbose,
            pre_dispatch=pre_dispatch,
            random_state=random_state,
            error_score=error_score,
            return_train_score=return_train_score,
            n_initial_points=n_initial_points,
            initial_params=initial_params,
            n_points=n_points,
            checkpoint=checkpoint,
            timeout=timeout,
            max_fit_time=max_fit_time,
        )
        self.n_candidates = n_candidates
        self.factor = factor
        self.resource = resource
        self.max_resources = max_resources
        self.min_resources = min_resources
        self.aggressive_elimination = aggressive_elimination
        self.n_brackets = n_brackets

    def _make_space_and_sampler(self, inputs: Inputs, seed: int) -> tuple[Space, HalvingSampler]:
        space = self._make_space(seed)
        self._check_resource()
        most = self._most_resources(num_samples(inputs.X))
        least, n_candidates = self._first_rung(self._least_resources(inputs), most, space.size)
        brackets = make_brackets(
            None if self.n_brackets == "auto" else int(self.n_brackets),
            n_candidates,
            make_ladder(least, most, self.factor),
            self.factor,
            self.aggressive_elimination,
        )
        full = FidelitySpace(space, *_ends(brackets))
        start = QuasiRandomSampler(full, seed)
        design: Sampler = start
        model = self._make_sampler(full, start)
        if space.grid_size is not None and n_candidates >= space.grid_size:
            design = model = GridSampler(full)
        given = [
            space.complete(params, start.point(number)[:-1])
            for number, params in enumerate(self._given_params(space))
        ]
        resource = None if self.resource == "n_samples" else self.resource
        return space, HalvingSampler(full, brackets, design, model, resource, given)

    def _make_sampler(self, space: SearchSpace, start: QuasiRandomSampler) -> Sampler:
        return GPSampler(space, start, self._n_start(default_n_initial_points(space)))

    def _check_resource(self) -> None:
        if not self._has_resource():
            hint = did_you_mean([self.resource], ["n_samples", *self.estimator.get_params()])
            raise ValueError(
                f"Cannot use resource={self.resource} which is not supported "
                f"by estimator {self.estimator.__class__.__name__}.{hint}"
            )
        if any(self.resource in grid for grid in dicts_of(self.param_distributions)):
            raise ValueError(
                f"Cannot use parameter {self.resource} as the resource since "
                "it is part of the searched parameters."
            )
        if self.min_resources == self.n_candidates == "exhaust":
            raise ValueError("n_candidates and min_resources cannot be both set to 'exhaust'.")

    def _has_resource(self) -> bool:
        """Whether the resource is the samples, or a parameter that the estimator takes.

        Some take parameters that they do not list before they are set.
        """
        if self.resource == "n_samples" or self.resource in self.estimator.get_params():
            return True
        try:
            probe = clone(self.estimator).set_params(**{self.resource: 1})
        except (ValueError, TypeError):
            return False
        return self.resource in probe.get_params()

    def _most_resources(self, n_samples: int) -> int:
        """Return the most that a candidate may get."""
        if self.max_resources != "auto":
            most = int(self.max_resources)
            if self.resource == "n_samples" and most > n_samples:
                raise ValueError(
                    f"max_resources={most} is more than the {n_samples} samples there are; give "
                    "'auto' for all of them."
                )
            return most
        if self.resource == "n_samples":
            return n_samples
        own = self.estimator.get_params().get(self.resource)
        if not isinstance(own, Integral) or isinstance(own, bool) or own < 1:
            raise ValueError(
                f"max_resources='auto' takes the estimator's own {self.resource}, and "
                f"{shown(own)} is not a positive integer; give max_resources a number, or set "
                f"{self.resource} of the estimator."
            )
        return int(own)

    def _least_resources(self, inputs: Inputs) -> int:
        """Return what the first rung gets, if it need not be more to exhaust the most."""
        if not isinstance(self.min_resources, str):
            return int(self.min_resources)
        if self.resource != "n_samples":
            return 1
        n_splits = inputs.cv.get_n_splits(inputs.X, inputs.y, **inputs.routed.splitter.split)
        n = 2 * max(n_splits, 1)  # without any, the error is about the splits
        if is_classifier(self.estimator):
            check_classification_targets(inputs.y)
            n *= len(np.unique(inputs.y))
        return int(n)

    def _first_rung(self, least: int, most: int, size: int | None) -> tuple[int, int]:
        """Return the resources and the number of candidates of the first rung."""
        if least > most:
            from_data = self.resource == "n_samples" and self.max_resources == "auto"
            raise ValueError(
                f"min_resources_={least} is greater than max_resources_={most}."
                + f" The data has n_samples={most}." * from_data
            )
        if least == 0:
            raise ValueError(f"min_resources_={least}: you might have passed an empty dataset X.")
        asked = most // least if self.n_candidates == "exhaust" else int(self.n_candidates)
        n_candidates = asked if size is None else min(asked, size)
        if self.min_resources == "exhaust":
            least = max(least, int(most // self.factor ** n_powers(n_candidates, self.factor)))
        return least, n_candidates

    def _begin_search(self, plan: Plan, context: Any) -> SearchTask:
        return HalvingTask(self, context, _brackets(plan), self.n_splits_)

    def _make_progress(self, plan: Plan) -> Progress:
        super()._make_progress(plan)
        rungs = [rung for bracket in _brackets(plan) for rung in bracket.rungs]
        cost = sum(rung.n_candidates * rung.n_resources for rung in rungs)
        return Progress(self._n_planned(plan), cost, self.refit, self.resource)

    def _check_outcomes(self, records: list[Record], plan: Plan) -> None:
        """Raise if no candidate has a score, or none of a rung that others were to come from."""
        super()._check_outcomes(records, plan)
        n_evaluated = Counter(rung_of(record.trial) for record in records)
        n_scored = Counter(
            rung_of(record.trial) for record in records if not np.isnan(record.trial.score)
        )
        for number, bracket in enumerate(_brackets(plan)):
            for step, rung in enumerate(bracket.rungs[:-1]):
                place = (number, step)
                if n_evaluated[place] and not n_scored[place] and not n_evaluated[number, step + 1]:
                    self._raise_for_rung(rung, [r for r in records if rung_of(r.trial) == place])

    def _raise_for_rung(self, rung: Rung, records: list[Record]) -> None:
        """Say that a resource was too small, and what to give."""
        if len(records) < rung.n_candidates and self.timeout is not None:
            return  # the others might have had a score
        results = list(chain.from_iterable(record.results for record in records))
        raise ValueError(
            f"All {len(records)} candidates of a rung failed, so that none can be promoted."
            f"{describe_errors(results, self.refit)}{self._advice_on_failure(records)}"
        )

    def _advice_on_failure(self, records: list[Record]) -> str:
        n_resources = records[0].trial.fidelity
        return (
            f"\n\nThese candidates had {self.resource}={n_resources}. If that is too little to "
            f"fit and score them on each of {self.n_splits_} splits, give min_resources a larger "
            "number."
            f"{super()._advice_on_failure(records)}"
        )

    def _make_parts(self, inputs: Inputs, plan: Plan) -> dict[int, list[Split]]:
        if self.resource != "n_samples":
            return {}
        n_samples = num_samples(inputs.X)
        # The same arithmetic as that of min_resources='smallest', which it gives per split.
        floor = 2 * (len(np.unique(inputs.y)) if is_classifier(self.estimator) else 1)
        rungs = {rung.n_resources for bracket in _brackets(plan) for rung in bracket.rungs}
        labels = inputs.y if isinstance(inputs.cv, STRATIFIED) else None
        return subsampled_splits(
            plan.splits, n_samples, sorted(rungs - {n_samples}), plan.seed, labels, floor
        )

    def _kept_models(self, plan: Plan) -> WarmStartPool | None:
        if self.resource == "n_samples":
            return None
        n_promoted = {
            (number, step): above.n_candidates
            for number, bracket in enumerate(_brackets(plan))
            for step, (below, above) in enumerate(pairwise(bracket.rungs))
            if above.n_resources > below.n_resources
        }
        n_samples = max(len(train) for train, _ in plan.splits)
        return WarmStartPool(self.estimator, self.resource, n_samples, n_promoted)

    def _n_planned(self, plan: Plan) -> int:
        return sum(rung.n_candidates for bracket in _brackets(plan) for rung in bracket.rungs)

    def _extra_columns(
        self, trials: list[Trial], inputs: Inputs, plan: Plan
    ) -> dict[str, list[Any]]:
        brackets = _brackets(plan)
        self._store_schedule(brackets, trials, num_samples(inputs.X))
        columns: dict[str, list[Any]] = {
            "iter": [rung_of(trial)[1] for trial in trials],
            "n_resources": [trial.fidelity for trial in trials],
        }
        if len(brackets) > 1:
            columns["bracket"] = [rung_of(trial)[0] for trial in trials]
        return columns

    def _store_schedule(self, brackets: list[Bracket], trials: list[Trial], n_samples: int) -> None:
        """Store the rungs as they came about; a budget or a finite space may have ended them."""
        counts = Counter(map(rung_of, trials))
        begun = [
            [(rung, counts[n, step]) for step, rung in enumerate(b.rungs) if counts[n, step]]
            for n, b in enumerate(brackets)
        ]
        resources = [[rung.n_resources for rung, _ in bracket] for bracket in begun]
        candidates = [[count for _, count in bracket] for bracket in begun]
        self.n_resources_ = resources if len(brackets) > 1 else resources[0]
        self.n_candidates_ = candidates if len(brackets) > 1 else candidates[0]
        first = brackets[0]
        self.min_resources_ = first.rungs[0].n_resources
        self.max_resources_ = self._most_resources(n_samples)
        self.n_iterations_ = len(begun[0])
        self.n_required_iterations_ = first.n_required
        self.n_possible_iterations_ = first.n_possible
        self.n_remaining_candidates_ = first.n_remaining

    @staticmethod
    def _select_best_index(refit: Any, refit_metric: Any, results: dict[str, Any]) -> int:
        """Return the index of the best candidate among those that got the most.

        Where all of those have no score, among those that got the most and have one.
        """
        reached = np.asarray(results.get("n_resources", results["iter"]))
        scores = np.asarray(results[f"mean_test_{refit_metric or 'score'}"])
        has_score = ~np.isnan(scores)
        considered = has_score if has_score.any() else np.ones(len(scores), dtype=bool)
        is_last = considered & (reached == reached[considered].max())
        return int(np.argmax(np.where(is_last & has_score, scores, -np.inf)))


def _ends(brackets: list[Bracket]) -> tuple[int, int]:
    """Return the least and the most resources of all rungs."""
    resources = [rung.n_resources for bracket in brackets for rung in bracket.rungs]
    return min(resources), max(resources)


def _brackets(plan: Plan) -> list[Bracket]:
    assert isinstance(plan.sampler, HalvingSampler)
    return plan.sampler.brackets
