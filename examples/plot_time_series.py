"""What goes wrong if a time series is tuned on shuffled folds?
============================================================

Shuffled folds let a model look at the days around those that it predicts. It then pays to remember
the neighbourhood, and the score promises what no model can keep. Folds that lie after their
training data, as the future does, promise what comes.
"""

# %%
# Sales of three years, made of a year, a week, and weather that lasts some ten days. The last half
# year is the future; no search sees it.
import matplotlib.pyplot as plt
import numpy as np
from scipy.signal import lfilter
from sklearn.ensemble import ExtraTreesRegressor
from sklearn.model_selection import KFold, TimeSeriesSplit

from skbayes import BayesSearchCV, log_randint

day = np.arange(3 * 365)
X = np.column_stack([day, day % 7, day % 365])
past, future = day < len(day) - 180, day >= len(day) - 180


def make_sales(seed):
    rng = np.random.default_rng(seed)
    weather = lfilter([1], [1, -0.9], rng.normal(0, 1.5, len(day)))
    pattern = 100 + 8 * np.sin(2 * np.pi * day / 365) + 5 * (day % 7 < 2)
    return pattern + weather + rng.normal(0, 1, len(day))


# %%
# The same model and the same space, tuned on two kinds of folds, for five draws of the weather.
model = ExtraTreesRegressor(n_estimators=20, random_state=0)
space = {"min_samples_leaf": log_randint(1, 100), "max_features": [1, 2, 3]}
folds = {
    "shuffled folds": KFold(5, shuffle=True, random_state=0),
    "folds in time": TimeSeriesSplit(5, test_size=90),
}
promised, found, leaves = ({name: [] for name in folds} for _ in range(3))
for seed in range(5):
    sales = make_sales(seed)
    for name, cv in folds.items():
        search = BayesSearchCV(
            model, space, n_iter=20, cv=cv, scoring="neg_mean_absolute_error", random_state=0
        ).fit(X[past], sales[past])
        promised[name].append(-search.best_score_)
        found[name].append(np.mean(np.abs(search.predict(X[future]) - sales[future])))
        leaves[name].append(search.best_params_["min_samples_leaf"])
for name in folds:
    print(
        f"{name:15s} promised an error of {np.mean(promised[name]):.2f}, "
        f"the future had {np.mean(found[name]):.2f}; samples in a leaf: {leaves[name]}"
    )

# %%
# Each line is a draw: from the error that the search promised to the one that came.
figure, axis = plt.subplots(figsize=(7, 4), layout="constrained")
for place, (name, color) in enumerate(zip(folds, ["C3", "C0"], strict=True)):
    for before, after in zip(promised[name], found[name], strict=True):
        axis.plot([3 * place, 3 * place + 1], [before, after], "o-", color=color)
axis.set(
    xticks=[0, 1, 3, 4],
    xticklabels=["promised", "in the future"] * 2,
    ylim=(0, None),
    ylabel="mean absolute error",
    title="Tuned on shuffled folds (red) and on folds in time (blue)",
)
plt.show()

# %%
# Split the data as the future will be split from the past: `TimeSeriesSplit` for time, `GroupKFold`
# for people, places or machines. A search finds what its folds reward.
