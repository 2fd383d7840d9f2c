"""How optimistic is the best score of a search?
=============================================

The best of many candidates is partly the luckiest one. Here nothing can be learned at all: the
classes are drawn by tossing a coin. A search still finds a candidate that looks better than chance,
the more so the more candidates there are. The honest score takes most of that back.
"""

# %%
# Twenty data sets without any signal, of 60 samples each, and searches of 5, 15 and 45 candidates.
# No candidate is better than 0.5 on new data.
import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import randint
from sklearn.tree import DecisionTreeClassifier

from skbayes import TPESearchCV
from skbayes.inspection import honest_score

N_CANDIDATES = [5, 15, 45]
N_DATA_SETS = 20
space = {
    "max_depth": randint(1, 10),
    "min_samples_leaf": randint(1, 20),
    "max_features": randint(1, 11),
    "criterion": ["gini", "entropy"],
}
best, honest = np.zeros((2, len(N_CANDIDATES), N_DATA_SETS))
for seed in range(N_DATA_SETS):
    rng = np.random.default_rng(seed)
    X, y = rng.normal(size=(60, 10)), rng.permutation(np.repeat([0, 1], 30))
    for place, n_candidates in enumerate(N_CANDIDATES):
        search = TPESearchCV(
            DecisionTreeClassifier(random_state=0),
            space,
            n_iter=n_candidates,
            cv=5,
            racing=False,
            refit=False,
            random_state=seed,
        ).fit(X, y)
        best[place, seed] = search.best_score_
        honest[place, seed] = honest_score(search).score
for place, n_candidates in enumerate(N_CANDIDATES):
    print(
        f"{n_candidates:3d} candidates: best score {best[place].mean():.3f}, "
        f"honest score {honest[place].mean():.3f}"
    )

# %%
# Each point is a data set.
figure, axis = plt.subplots(figsize=(7, 4), layout="constrained")
places = np.arange(len(N_CANDIDATES))
for shift, values, color, label in [
    (-0.12, best, "C3", "best score of the search"),
    (0.12, honest, "C0", "honest score"),
]:
    axis.plot(places + shift, values, "o", color=color, alpha=0.3)
    axis.plot(places + shift, values.mean(axis=1), "_", color=color, ms=30, mew=3, label=label)
axis.axhline(0.5, color="black", linestyle=":", label="accuracy on new data")
axis.set(
    xticks=places,
    xticklabels=N_CANDIDATES,
    xlabel="number of candidates",
    ylabel="accuracy",
    title="Searches on data in which nothing can be learned",
)
axis.legend(loc="upper left")
plt.show()

# %%
# The best score of a search is for choosing, not for reporting. Report the honest score, which
# costs nothing, or better the score on data that the search has not seen. A little optimism stays
# in the honest score, because later candidates were proposed from scores on the same samples.
