"""How much does tuning gain on held-out data, and how many fits does it need?
===========================================================================

Support vector regression predicts how diabetes progresses in 442 patients. Its default ``C=1``
suits a target that varies by about 1, but this target has a standard deviation of 77. Scaling the
target helps, and tuning ``C``, ``gamma`` and ``epsilon`` helps more: `GridSearchCV` takes 375 fits,
`RandomizedSearchCV` and `BayesSearchCV` take 100. What counts is the score on held-out patients.
"""

# %%
# The data, the pipeline and the searches. A grid is a list of values per parameter. The other two
# searches take distributions; ``loguniform`` makes every order of magnitude equally likely.
# A search over an empty grid has one candidate, the defaults.
import textwrap
import time

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import loguniform
from sklearn.compose import TransformedTargetRegressor
from sklearn.datasets import load_diabetes
from sklearn.model_selection import GridSearchCV, RandomizedSearchCV, RepeatedKFold
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR

from skbayes import BayesSearchCV
from skbayes.inspection import search_report

X, y = load_diabetes(return_X_y=True)
model = Pipeline([("scale", StandardScaler()), ("svr", SVR())])
scaled_target = TransformedTargetRegressor(model, transformer=StandardScaler())
grid = {
    "svr__C": [0.1, 1, 10, 100, 1000],
    "svr__gamma": [0.0001, 0.001, 0.01, 0.1, 1],
    "svr__epsilon": [0.1, 1, 10],
}
space = {
    "svr__C": loguniform(0.1, 1000),
    "svr__gamma": loguniform(0.0001, 1),
    "svr__epsilon": loguniform(0.1, 10),
}


def make_searches(seed):
    return {
        "defaults": GridSearchCV(model, {}),
        "defaults, scaled y": GridSearchCV(scaled_target, {}),
        "GridSearchCV": GridSearchCV(model, grid),
        "RandomizedSearchCV": RandomizedSearchCV(model, space, n_iter=20, random_state=seed),
        "BayesSearchCV": BayesSearchCV(model, space, n_iter=None, n_fits=100, random_state=seed),
    }


def best_so_far(search):
    """The best score after so many fits, from the end of the first candidate on."""
    table = search.cv_results_
    n_run = table.get("n_splits_evaluated", np.full(len(table["params"]), search.n_splits_))
    is_complete = n_run == search.n_splits_  # BayesSearchCV drops hopeless candidates
    best = np.maximum.accumulate(np.where(is_complete, table["mean_test_score"], -np.inf))
    return np.append(np.repeat(best[:-1], n_run[1:]), best[-1])


# %%
# The patients are divided into halves, twice. Each half is tuned on once and held out once, which
# makes four splits. A search sees only the training half, and cross-validates within it.
names = list(make_searches(0))
curves, cv_score, held_out, seconds = ({name: [] for name in names} for _ in range(4))
verdicts = []  # of the report of BayesSearchCV, the last search
halves = RepeatedKFold(n_splits=2, n_repeats=2, random_state=0)
for seed, (train, test) in enumerate(halves.split(X)):
    for name, search in make_searches(seed).items():
        begin = time.perf_counter()
        search.fit(X[train], y[train])
        seconds[name].append(time.perf_counter() - begin)
        curves[name].append(best_so_far(search))
        cv_score[name].append(search.best_score_)
        held_out[name].append(search.score(X[test], y[test]))
    report = search_report(search, X[test], y[test], X=X[train], y=y[train])
    verdicts.append(report.hold_out.verdict)
shortest = {name: min(map(len, curves[name])) for name in names}
n_fits = {name: search.n_splits_ - 1 + shortest[name] for name in names}

print("R², mean over four splits (± standard deviation over the splits)\n")
print(f"{'':18s} {'fits':>5s} {'CV score of winner':>20s} {'held-out score':>17s} {'seconds':>9s}")
for name in names:
    print(
        f"{name:18s} {n_fits[name]:5d} {np.mean(cv_score[name]):20.3f} "
        f"{np.mean(held_out[name]):9.3f} ± {np.std(held_out[name]):.3f} "
        f"{np.mean(seconds[name]):9.2f}"
    )

# %%
# What the numbers mean, in three sentences.
before, after = np.array(held_out["defaults"]), np.array(held_out["BayesSearchCV"])
tuned = [np.mean(held_out[name]) for name in names if not name.startswith("defaults")]
sentences = [
    f"On held-out patients the defaults reach a mean R² of {before.mean():.2f}; the parameters "
    f"that BayesSearchCV found in {n_fits['BayesSearchCV']} fits, where the grid takes "
    f"{n_fits['GridSearchCV']}, reach {after.mean():.2f} and are better on "
    f"{(after > before).sum()} of {len(after)} splits.",
    "Choosing a winner by its CV score makes that score optimistic, and fitting on four fifths of "
    "the training data makes it pessimistic, so compare held-out scores: those of the three "
    f"searches lie within {np.ptp(tuned):.3f} of each other, where the standard deviation over "
    f"the splits is {after.std():.3f}.",
    f"The report of BayesSearchCV compares it with the defaults on the held-out patients: "
    f"{verdicts.count('the gain held')} of {len(verdicts)} times it says that the gain held.",
]
print()
for sentence in sentences:
    print(textwrap.fill(sentence, 79))

# %%
# Left: the best candidate after so many fits; the grid is walked in the order of ``C``, so it finds
# good values late. Right: the scores that count.
figure, (left, right) = plt.subplots(
    1, 2, figsize=(10, 4.8), sharey=True, layout="constrained", width_ratios=[1.3, 1]
)
colors = dict(zip(names, ["black", "grey", "C0", "C1", "C3"], strict=True))
for place, (name, color) in enumerate(colors.items()):
    mean_curve = np.mean([curve[: shortest[name]] for curve in curves[name]], axis=0)
    if len(mean_curve) == 1:
        left.axhline(mean_curve[0], color=color, linestyle=":", label=name)
    else:
        fits_so_far = np.arange(search.n_splits_, n_fits[name] + 1)
        left.step(fits_so_far, mean_curve, where="post", color=color, label=name)
        left.plot(fits_so_far[-1], mean_curve[-1], "o", color=color)
    mean = np.mean(held_out[name])
    right.plot([place] * len(held_out[name]), held_out[name], "o", color=color, alpha=0.4)
    right.hlines(mean, place - 0.25, place + 0.25, color=color, linewidth=2.5)
    right.text(place, max(held_out[name]) + 0.02, f"{mean:.3f}", ha="center", color=color)
left.set(
    xscale="log",
    xticks=[5, 10, 20, 50, 100, 200, 375],
    xticklabels=[5, 10, 20, 50, 100, 200, 375],
    xlabel="number of fits",
    ylabel="R²",
    title="Best CV score so far (mean of the splits)",
)
left.minorticks_off()
figure.legend(loc="outside lower center", ncols=len(names), frameon=False)
right.set(
    xticks=range(len(names)),
    xticklabels=[f"{n_fits[name]} fits" for name in names],
    xlim=(-0.5, len(names) - 0.5),
    ylim=(None, 0.6),
    title="Held-out score (dots: splits, numbers: means)",
)
figure.savefig("quickstart.png", dpi=120)
print("\nThe figure is in quickstart.png")

# %%
# Do not trust a default before you have tuned it. Start with `BayesSearchCV` and a hundred fits,
# and keep data aside that the search has not seen.
