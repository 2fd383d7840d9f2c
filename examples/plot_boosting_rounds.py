"""How many boosting rounds: searched, by early stopping, or found on the way?
===========================================================================

The number of rounds and the learning rate belong together: half the rate needs about twice the
rounds. One search tunes both. Another tunes everything but the rounds, and lets each fit stop when
a tenth of its training data says so. The third scores each fit after every stage of its growth, and
takes the number of rounds with the best mean over the splits.
"""

# %%
# All searches have the same other parameters and the same number of candidates.
import time

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import loguniform, uniform
from sklearn.datasets import make_friedman1
from sklearn.ensemble import GradientBoostingRegressor
from sklearn.model_selection import train_test_split

from skbayes import BayesSearchCV, log_randint
from skbayes.inspection import StageCurvesDisplay

X, y = make_friedman1(1500, 10, noise=4.0, random_state=0)
X_train, X_test, y_train, y_test = train_test_split(X, y, train_size=300, random_state=0)
space = {
    "learning_rate": loguniform(1e-2, 1),
    "max_depth": log_randint(1, 8),
    "min_samples_leaf": log_randint(1, 60),
    "max_features": uniform(0.2, 0.8),
}
by_search = GradientBoostingRegressor(random_state=0)
by_itself = GradientBoostingRegressor(
    random_state=0, n_estimators=300, validation_fraction=0.1, n_iter_no_change=20
)
searches = {
    "rounds tuned": BayesSearchCV(
        by_search, {**space, "n_estimators": log_randint(10, 300)}, n_iter=25, cv=3, random_state=0
    ),
    "early stopping": BayesSearchCV(by_itself, space, n_iter=25, cv=3, random_state=0),
    "staged": BayesSearchCV(
        GradientBoostingRegressor(random_state=0, n_estimators=300),
        space,
        n_iter=25,
        cv=3,
        random_state=0,
        staged="n_estimators",
        staged_patience=30,
    ),
}
for name, search in searches.items():
    begin = time.perf_counter()
    search.fit(X_train, y_train)
    seconds = time.perf_counter() - begin
    print(
        f"{name:15s} CV score {search.best_score_:.3f}, "
        f"held out {search.score(X_test, y_test):.3f}, "
        f"{search.best_estimator_.n_estimators_} rounds, {seconds:.1f} s"
    )

# %%
# Left: the mean score of the ten best candidates of the last search, as they grow; a dot marks the
# number of rounds of each. Curves that end early were given up, as 30 rounds had brought nothing.
# Right: the error of the three winners on held-out data.
figure, (left, right) = plt.subplots(1, 2, figsize=(10, 4), layout="constrained")
StageCurvesDisplay.from_search(searches["staged"], ax=left)
for name, search in searches.items():
    stages = search.best_estimator_.staged_predict(X_test)
    errors = [np.mean((y_test - prediction) ** 2) for prediction in stages]
    right.plot(np.arange(1, len(errors) + 1), errors, label=name)
right.set(
    xlabel="round",
    ylabel="mean squared error on held-out data",
    title="The three winners, round by round",
)
right.legend()
plt.show()

# %%
# All three end with the same score here. The last one has one parameter less than the first, holds
# nothing out as the second does, and shows what more rounds would bring: give `staged` where the
# model can be scored on its way.
