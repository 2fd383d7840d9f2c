"""The window as ask and tell: what a proposal sees does not depend on what came in when."""

import pickle
import re
import subprocess
import sys
import textwrap
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from threadpoolctl import threadpool_limits

from skbayes import Study
from skbayes.samplers.base import History, NoProposal, Proposal, Sampler
from skbayes.samplers.gp import GPSampler
from skbayes.samplers.tpe import TPESampler
from skbayes.space import Space
from skbayes.trial import Outcome, Trial

LINE = Space({"x": stats.uniform(0, 1)})


class Recorder(Sampler):
    """Proposes what depends on everything it is shown, and keeps what that was."""

    def __init__(self, wait_at=(), n_most=100):
        super().__init__(LINE)
        self.shown, self.wait_at, self.n_most = {}, set(wait_at), n_most

    def propose(self, history, rng):
        if history.number == self.n_most:
            return NoProposal.EXHAUSTED
        if history.number in self.wait_at and not history.is_finished.all():
            return NoProposal.WAIT
        self.shown[history.number] = history.scores.tolist()
        known = np.nansum(history.scores)
        row = np.array([(0.37 * known + rng.random()) % 1.0])
        return Proposal(row, {"x": float(row[0])})


def score(trial):
    return float(np.sin(7 * trial.params["x"]))


def in_order_of(draws, n_points, wait_at, n_trials=12):
    """Run a study whose trials are finished in an order that the draws decide."""
    study = Study(LINE, Recorder(wait_at), n_points=n_points, random_state=3)
    under_way = []
    while len(study.trials) < n_trials or under_way:
        trial = study.ask() if len(study.trials) < n_trials else NoProposal.WAIT
        if isinstance(trial, Trial):
            under_way.append(trial)
            assert len(under_way) <= n_points
        else:
            finished = under_way.pop(next(draws) % len(under_way))
            study.tell(finished, score(finished))
    return study


@settings(max_examples=60)
@given(
    n_points=st.integers(1, 5),
    wait_at=st.sets(st.integers(1, 11), max_size=3),
    draws=st.lists(st.integers(0, 100), min_size=12, max_size=12),
)
def test_a_study_is_the_same_whatever_comes_in_first(n_points, wait_at, draws):
    study = in_order_of(iter(draws), n_points, wait_at)
    in_order = in_order_of(iter([0] * 12), n_points, wait_at)
    assert [t.params for t in study.trials] == [t.params for t in in_order.trials]
    for number, shown in study.sampler.shown.items():
        n_shown = study.n_shown(number)
        assert np.isfinite(shown[:n_shown]).all()
        assert np.isnan(shown[n_shown:]).all()
        assert n_shown >= max(number - n_points + 1, study.n_shown(max(number - 1, 0)))


def test_a_trial_after_a_wait_sees_all_and_what_was_shown_stays_shown():
    study = in_order_of(iter([1] * 12), 4, {6})
    assert [study.n_shown(n) for n in range(12)] == [0, 0, 0, 0, 1, 2, 6, 6, 6, 6, 7, 8]


@pytest.mark.parametrize("n_recorded", [1, 5, 12])
def test_what_was_recorded_is_restored_and_the_rest_is_what_it_would_have_been(n_recorded):
    whole = in_order_of(iter([0] * 12), 3, {4})
    again = Study(LINE, Recorder({4}), n_points=3, random_state=3)
    for number in range(n_recorded):
        again.restore(whole.trials[number], whole.n_shown(number))
    while len(again.trials) < 12:
        trial = again.ask()
        again.tell(trial, score(trial))
    assert [t.params for t in again.trials] == [t.params for t in whole.trials]


def test_a_proposal_that_is_not_begun_leaves_no_trace():
    study = Study(LINE, Recorder(), random_state=0)
    first = study.propose()
    assert study.trials == []
    again = study.ask()
    assert again.params == first.params
    assert study.trials == [again]


def test_a_window_that_is_full_waits():
    study = Study(LINE, Recorder(), n_points=2, random_state=0)
    first, second = study.ask(), study.ask()
    assert study.ask() is NoProposal.WAIT
    assert not study.can_propose
    study.tell(second, 0.5)
    assert study.ask() is NoProposal.WAIT  # its window is over the first
    study.tell(first, 0.1)
    assert isinstance(study.ask(), Trial)
    assert study.n_finished == 2


def test_one_trial_is_under_way_at_once_unless_more_are_asked_for():
    study = Study(LINE, Recorder(), random_state=0)
    assert isinstance(study.ask(), Trial)
    assert study.ask() is NoProposal.WAIT


def test_a_space_is_exhausted_while_its_last_trials_are_under_way():
    study = Study({"a": [1, 2]}, n_points=3, random_state=0)
    trials = [study.ask(), study.ask()]
    assert study.ask() is NoProposal.EXHAUSTED
    for trial in trials:
        study.tell(trial, trial.params["a"])
    assert study.ask() is NoProposal.EXHAUSTED
    assert study.n_finished == 2


def test_a_finite_space_is_exhausted():
    study = Study({"a": [1, 2, 3], "b": ["x", "y"]}, random_state=0)
    study.optimize(lambda params: params["a"], 100)
    assert len(study.trials) == 6
    assert study.ask() is NoProposal.EXHAUSTED
    assert study.best_trial.params["a"] == 3


def test_a_trial_whose_evaluation_failed_must_be_told_before_the_next():
    study = Study({"a": stats.uniform(0, 1)}, random_state=0)
    with pytest.raises(ZeroDivisionError):
        study.optimize(lambda params: 1 / 0, 3)
    with pytest.raises(ValueError, match=r"trials \[0\] are pending; tell their scores first"):
        study.optimize(lambda params: params["a"], 3)
    study.tell(study.trials[0], np.nan)
    study.optimize(lambda params: params["a"], 3)
    assert study.n_finished == 4


def test_a_pair_is_warned_of_as_in_a_search():
    with pytest.warns(UserWarning, match=r"space\['C'\]: \(0.01, 10.0\) is two values"):
        Study({"C": (0.01, 10.0)})


def test_what_is_no_trial_says_why():
    study = Study({"a": stats.uniform(0, 1)}, random_state=0)
    study.ask()
    with pytest.raises(AttributeError, match="no 'params': ask again when all trials"):
        print(study.ask().params)
    assert pickle.loads(pickle.dumps(study.ask())) is NoProposal.WAIT


def test_a_sampler_that_waits_for_nothing_is_an_error():
    class Stubborn(Recorder):
        def propose(self, history, rng):
            return NoProposal.WAIT

    with pytest.raises(RuntimeError, match="the sampler waits although no trial is pending"):
        Study(LINE, Stubborn()).ask()


def test_outcomes_are_numbers_or_tables_and_failures_are_never_the_best():
    study = Study(LINE, Recorder(), random_state=0)
    table = Outcome.of_scores(0.1, 0.9)
    failed = replace(Outcome.of_scores(9.0), failure="ValueError: no")
    for outcome in (np.nan, 0.3, table, failed):
        study.tell(study.ask(), outcome)
    assert study.best_trial.number == 2
    assert study.best_trial.score == 0.5


def test_what_cannot_be_is_refused():
    study = Study(LINE, Recorder(), random_state=0)
    with pytest.raises(ValueError, match="no trial of this study has a score"):
        _ = study.best_trial
    trial = study.ask()
    study.tell(trial, 1.0)
    with pytest.raises(ValueError, match="trial 0 has been told already"):
        study.tell(trial, 2.0)
    other = Study(LINE, Recorder(), n_points=2, random_state=0)
    for number, stranger in enumerate([other.ask(), other.ask()]):
        with pytest.raises(ValueError, match=f"trial {number} was not handed out by this study"):
            study.tell(stranger, 1.0)
    with pytest.raises(ValueError, match="is not a finished trial 1"):
        study.restore(study.trials[0])


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"sampler": "cma"}, ValueError, "sampler: 'cma' is neither 'gp', 'tpe' nor a Sampler"),
        ({"random_state": -1}, ValueError, "random_state=-1: give at least 0"),
        ({"n_points": 0}, ValueError, "n_points=0: give at least 1"),
        ({"random_state": "x"}, TypeError, "random_state: 'x' is neither an int nor None"),
        ({"space": {"x": []}}, ValueError, "is empty"),
    ],
)
def test_bad_arguments_are_named(options, error, message):
    with pytest.raises(error, match=message):
        Study(**({"space": LINE} | options))


@pytest.mark.parametrize(("name", "cls"), [("gp", GPSampler), ("tpe", TPESampler)])
def test_samplers_have_names_and_learn(name, cls):
    study = Study({"x": stats.uniform(-5, 10), "kind": ["a", "b"]}, name, random_state=0)
    assert isinstance(study.sampler, cls)
    study.optimize(lambda p: -abs(p["x"] - 2) - (p["kind"] == "b"), 40)
    assert study.best_trial.score > -0.3
    again = Study({"x": stats.uniform(-5, 10), "kind": ["a", "b"]}, name, random_state=0)
    again.optimize(lambda p: -abs(p["x"] - 2) - (p["kind"] == "b"), 40)
    assert [t.params for t in again.trials] == [t.params for t in study.trials]


def test_a_study_without_a_seed_draws_one():
    assert len({Study(LINE).seed for _ in range(40)}) == 40


def test_branin_is_found_in_five_lines_without_scikit_learn():
    program = """
        import sys

        class Absent:
            def find_spec(self, name, path=None, target=None):
                if name.split(".")[0] in {"sklearn", "joblib"}:
                    raise ModuleNotFoundError(name)

        sys.meta_path.insert(0, Absent())
        import math
        from scipy.stats import uniform
        from skbayes import Study

        def branin(x, y):
            ridge = y - 5.1 / (4 * math.pi**2) * x**2 + 5 / math.pi * x - 6
            return ridge**2 + 10 * (1 - 1 / (8 * math.pi)) * math.cos(x) + 10

        study = Study({"x": uniform(-5, 15), "y": uniform(0, 15)}, random_state=0)
        for _ in range(30):
            trial = study.ask()
            study.tell(trial, -branin(**trial.params))
        assert study.best_trial.score > -0.45, study.best_trial.score
        assert "sklearn" not in sys.modules
    """
    subprocess.run([sys.executable, "-c", textwrap.dedent(program)], check=True)


def split_scores_of(trial, n_splits=5):
    """Scores whose splits have effects of their own, as those of real tasks do."""
    effects = np.linspace(-0.2, 0.2, n_splits)
    noise = 0.02 * np.random.default_rng([trial.number, 1]).standard_normal(n_splits)
    return -((trial.params["x"] - 0.3) ** 2) + effects + noise


def raced(n_trials=30, n_points=2, **options):
    """Run a study by reports."""
    study = Study(LINE, n_points=n_points, random_state=0, **({"racing": 0.05} | options))
    n_run = 0
    for _ in range(n_trials):
        trial = study.ask()
        scores = split_scores_of(trial)
        for split in trial.split_order(5):
            study.report(trial, split, scores[split])
            n_run += 1
            if study.should_drop(trial):
                break
        study.tell(trial)
    return study, n_run


def test_racing_saves_splits_and_finds_the_same_place():
    study, n_run = raced()
    whole, n_whole = raced(racing=None)
    assert n_run < 0.85 * n_whole
    assert study.best_trial.outcome.is_complete
    assert abs(study.best_trial.params["x"] - 0.3) < 0.1
    assert all(trial.outcome.is_complete for trial in whole.trials)
    first = [trial.outcome.is_complete for trial in study.trials[:4]]
    assert all(first)


def test_every_trial_begins_with_another_split():
    orders = [Trial(number, np.empty(0), {}).split_order(5) for number in range(5)]
    assert [sorted(order) for order in orders] == [list(range(5))] * 5
    assert sorted(order[0] for order in orders) == list(range(5))
    study, _ = raced()
    firsts = {t.outcome.splits for t in study.trials if len(t.outcome.splits) == 1}
    assert len(firsts) > 1


def test_a_trial_is_judged_by_its_splits_in_the_order_in_which_they_are_reported():
    study, _ = raced(n_trials=8)
    trial = study.ask()
    far = study.best_trial.outcome.scores["score"]
    for split in (3, 1, 0):
        study.report(trial, split, far[split] - 1.0)
    assert study.n_needed(trial) == 1
    study.tell(trial)
    assert study.trials[trial.number].outcome.splits == (3,)


def test_a_trial_without_reports_is_told_its_outcome():
    study = Study(LINE, racing=0.05, random_state=0)
    trial = study.ask()
    with pytest.raises(ValueError, match="trial 0 has no reports; give its outcome"):
        study.tell(trial)
    with pytest.raises(ValueError, match=r"racing=1.5: give a probability"):
        Study(LINE, racing=1.5)


def trained(study, n_trials, n_stages=9, order=lambda pending: pending.pop(0), starts=0.6):
    """Train trials whose scores rise by stage to −|x − 0.3|, several pending at once."""
    pending, n_steps = [], 0
    while study.n_finished < n_trials:
        while len(study.trials) < n_trials and isinstance(trial := study.ask(), Trial):
            pending.append(trial)
        trial = order(pending)
        for stage in range(1, n_stages + 1):
            study.report(trial, stage, -abs(trial.params["x"] - 0.3) - starts / stage)
            n_steps += 1
            if study.should_prune(trial):
                break
        study.tell(trial)
    return n_steps


@pytest.mark.parametrize("pruning", ["gp", "median", "halving", "paired"])
def test_pruning_saves_stages_and_finds_the_best(pruning):
    study = Study(LINE, pruning=pruning, random_state=0)
    assert trained(study, 25) < 0.75 * 25 * 9
    assert study.best_trial.params["x"] == pytest.approx(0.3, abs=0.05)
    pruned = [trial for trial in study.trials if trial.outcome.is_pruned]
    assert pruned
    assert not any(trial.is_complete for trial in pruned)


@pytest.mark.parametrize("pruning", ["gp", "median", "halving", "paired"])
def test_pruning_does_not_depend_on_the_order_in_which_trials_end(pruning):
    found = []
    for order in (lambda pending: pending.pop(0), lambda pending: pending.pop()):
        study = Study(LINE, pruning=pruning, n_points=3, random_state=0)
        trained(study, 15, order=order)
        found.append([(t.params["x"], dict(t.outcome.curve)) for t in study.trials])
    assert found[0] == found[1]


def test_trials_do_not_depend_on_the_threads_of_linear_algebra():
    found = []
    for n_threads in (1, 2):
        space = {name: stats.uniform(0, 1) for name in ("x", "y", "z")}
        study = Study(space, pruning="gp", random_state=0)
        with threadpool_limits(n_threads, user_api="blas"):
            trained(study, 15)
        found.append([(dict(t.params), dict(t.outcome.curve)) for t in study.trials])
    assert found[0] == found[1]


@pytest.mark.parametrize("pruning", ["gp", "median"])
def test_a_pruned_trial_is_told_the_end_that_is_expected(pruning):
    study = Study(LINE, pruning=pruning, random_state=0)
    trained(study, 12)
    mean, variance = History(study.space, study.trials, len(study.trials)).estimates
    for trial in study.trials:
        true = -abs(trial.params["x"] - 0.3) - 0.6 / 9
        if trial.outcome.is_pruned:
            assert abs(mean[trial.number] - true) < abs(trial.score - true) / 2
            assert 0.0 < variance[trial.number] < 1.0
        else:
            assert (mean[trial.number], variance[trial.number]) == (trial.score, 0.0)


def test_without_three_complete_trials_the_last_score_is_taken():
    study = Study(LINE, pruning="halving", random_state=0)
    for score in (0.3, 0.2, 0.1):
        trial = study.ask()
        for stage in (1, 2, 3):
            study.report(trial, stage, score * stage)
            if study.should_prune(trial):
                break
        study.tell(trial)
    assert study.trials[2].outcome.is_pruned
    mean, variance = History(study.space, study.trials, 3).estimates
    assert mean.tolist() == pytest.approx([0.9, 0.6, 0.1])
    assert not variance.any()


def test_a_trial_that_explodes_is_ended_and_has_failed():
    study = Study(LINE, pruning="median", random_state=0)
    trial = study.ask()
    study.report(trial, 1, 0.5)
    assert not study.should_prune(trial)
    study.report(trial, 2, float("nan"))
    assert study.should_prune(trial)
    study.tell(trial)
    assert np.isnan(study.trials[0].score)
    trained(study, 8)
    assert np.isfinite(study.best_trial.score)


def test_a_trial_that_was_trained_to_the_end_is_complete():
    study = Study(LINE, pruning="median", random_state=0)
    for score in (0.9, 0.8, 0.7, 0.6, 0.1):
        trial = study.ask()
        study.report(trial, 1, score)
        study.tell(trial)  # nobody asked whether to prune
    assert all(trial.is_complete for trial in study.trials)
    trial = study.ask()
    study.report(trial, 1, 0.0)
    study.tell(trial, 0.95)  # another final score than the last one
    assert study.best_trial is study.trials[-1]


def test_a_study_that_prunes_can_be_stored():
    whole = Study(LINE, pruning="median", random_state=0)
    trained(whole, 12)
    half = Study(LINE, pruning="median", random_state=0)
    trained(half, 6)
    half = pickle.loads(pickle.dumps(half))
    trained(half, 12)
    assert [t.params for t in half.trials] == [t.params for t in whole.trials]


def trained_on_splits(study, n_trials, n_splits=4, n_stages=9):
    """Train trials on split after split, stage by stage, as a search with both rules does."""
    n_steps = 0
    for _ in range(n_trials):
        trial, told = study.ask(), {}
        for split in trial.split_order(n_splits):
            has_lost = study.pruner_of(trial, split) if not told else None
            curve, is_pruned = {}, False
            for stage in range(1, n_stages + 1):
                luck = 0.1 * np.cos(split) + 0.01 * np.sin(99 * split * trial.params["x"])
                curve[stage] = -abs(trial.params["x"] - 0.3) - 0.6 / stage + luck
                n_steps += 1
                is_pruned = has_lost is not None and has_lost(curve)
                if is_pruned:
                    break
            told[split] = curve, is_pruned
            outcome = outcome_on({split: told[split]}, n_splits)
            study.report(trial, split, outcome)
            if is_pruned or study.should_drop(trial):
                break
        study.tell(trial, outcome_on(told, n_splits))
    return n_steps


def outcome_on(told, n_splits):
    splits = sorted(told)
    return Outcome(
        {"score": tuple(told[split][0][max(told[split][0])] for split in splits)},
        tuple(splits),
        n_splits=n_splits,
        curves={split: told[split][0] for split in splits},
        is_pruned=any(is_pruned for _, is_pruned in told.values()),
    )


@pytest.mark.parametrize("pruning", ["gp", "median", "paired"])
def test_splits_and_stages_are_one_race(pruning):
    raced, both = (Study(LINE, racing=0.05, pruning=p, random_state=0) for p in (None, pruning))
    n_raced, n_both = (trained_on_splits(study, 25) for study in (raced, both))
    assert n_both < 0.95 * n_raced
    assert both.best_trial.params["x"] == pytest.approx(0.3, abs=0.05)
    assert any(trial.outcome.is_pruned for trial in both.trials)
    assert any(len(t.outcome.splits) < 4 and not t.outcome.is_pruned for t in raced.trials)


def test_with_both_rules_a_number_does_not_say_what_it_is_of():
    study = Study(LINE, racing=0.05, pruning="gp", random_state=0)
    trial = study.ask()
    message = "racing=0.05 needs scores by split, pruning='gp' by stage. Give one; or report"
    with pytest.raises(ValueError, match=re.escape(message)):
        study.report(trial, 1, 0.5)
    assert not study.should_prune(trial)
    assert study.pruner_of(trial) is None


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"pruning": "asha"}, "pruning='asha': give 'gp', 'median', 'halving', 'paired' or None."),
    ],
)
def test_pruning_that_is_not_known_is_refused(options, message):
    with pytest.raises(ValueError, match=re.escape(message)):
        Study(LINE, **options)


@pytest.mark.parametrize("stage", [0, -1, 1.5, "1"])
def test_a_stage_is_a_positive_integer(stage):
    study = Study(LINE, pruning="median", random_state=0)
    with pytest.raises(ValueError, match="a stage is an integer of at least 1"):
        study.report(study.ask(), stage, 0.5)


@pytest.mark.parametrize("pruning", ["gp", "median", "halving", "paired"])
def test_stages_may_be_reported_now_and_then(pruning):
    study = Study(LINE, pruning=pruning, random_state=0)
    for number in range(12):
        trial = study.ask()
        for stage in (10, 20, 30):
            odd = float("nan") if stage == 20 and number % 2 else trial.params["x"] - 10.0 / stage
            study.report(trial, stage, odd)
        if not study.should_prune(trial):
            study.report(trial, 40, trial.params["x"])
        study.tell(trial)
    assert all(np.isfinite(trial.score) for trial in study.trials)
    assert not any(np.isnan(list(trial.outcome.curve.values())).any() for trial in study.trials)
