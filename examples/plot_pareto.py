"""Which candidate, if prediction time matters too?
================================================

The best score often comes with the slowest model. One search records the score and the time of a
prediction for every candidate; the candidates that no other one beats in both are the Pareto front.
You choose among them, or give `refit` a rule that does.
"""

# %%
# A forest may have 5 to 100 trees. The search itself looks only at the score.
import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import loguniform
from sklearn.datasets import load_digits
from sklearn.ensemble import RandomForestClassifier

from skbayes import BayesSearchCV, log_randint
from skbayes.selection import within

X, y = load_digits(return_X_y=True)
X, y = X[:600], y[:600]
space = {
    "n_estimators": log_randint(5, 100),
    "max_features": loguniform(0.02, 0.5),
    "max_depth": log_randint(2, 30),
}
search = BayesSearchCV(
    RandomForestClassifier(random_state=0),
    space,
    n_iter=30,
    cv=3,
    refit=within(0.01, by="score_time"),
    random_state=0,
).fit(X, y)
table = search.cv_results_
score, seconds = table["mean_test_score"], table["mean_score_time"]
best, chosen = int(np.argmax(score)), search.best_index_
for name, index in [("best score", best), ("chosen", chosen)]:
    print(
        f"{name:10s} {score[index]:.3f} in {1000 * seconds[index]:.1f} ms, "
        f"{table['params'][index]['n_estimators']} trees"
    )

# %%
# `within(0.01, by="score_time")` takes the fastest candidate whose score is at most 0.01 below
# the best.
order = np.argsort(seconds)
best_before = np.maximum.accumulate(np.append(-np.inf, score[order][:-1]))
front = order[score[order] > best_before]
figure, axis = plt.subplots(figsize=(7, 4), layout="constrained")
axis.plot(1000 * seconds, score, "o", color="C0", alpha=0.5, label="candidates")
axis.step(1000 * seconds[front], score[front], "-o", where="post", color="C3", label="Pareto front")
axis.plot(1000 * seconds[best], score[best], "*", ms=15, color="black", label="best score")
axis.plot(1000 * seconds[chosen], score[chosen], "D", ms=9, color="C2", label="chosen by within")
axis.set(
    xscale="log",
    xlabel="time to score a fold (milliseconds)",
    ylabel="accuracy",
    title="Accuracy and prediction time of thirty forests",
)
axis.legend(loc="lower right")
plt.show()

# %%
# Say beforehand how much score you would give for a faster model, and let `refit` take it.
