"""Can a search be a part of a larger model?
=========================================

A search is an estimator, so it goes wherever an estimator goes. Here two tuned models are the base
of a stack, and each is tuned again on the training data of every fold. Nothing of the test data is
ever seen.
"""

# %%
# `cross_validate` around everything says what tuning and stacking bring, on folds that neither has
# seen.
import matplotlib.pyplot as plt
from scipy.stats import loguniform
from sklearn.datasets import load_diabetes
from sklearn.ensemble import ExtraTreesRegressor, StackingRegressor
from sklearn.linear_model import RidgeCV
from sklearn.model_selection import RepeatedKFold, cross_validate
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR

from skbayes import BayesSearchCV, log_randint

X, y = load_diabetes(return_X_y=True)
svr = make_pipeline(StandardScaler(), SVR())
trees = ExtraTreesRegressor(n_estimators=30, random_state=0)
svr_space = {"svr__C": loguniform(1, 1000), "svr__gamma": loguniform(1e-4, 1e-1)}
trees_space = {"min_samples_leaf": log_randint(1, 40), "max_features": loguniform(0.1, 1)}
tuned_svr = BayesSearchCV(svr, svr_space, n_iter=15, random_state=0)
tuned_trees = BayesSearchCV(trees, trees_space, n_iter=12, cv=3, random_state=0)
models = {
    "SVR": svr,
    "trees": trees,
    "tuned SVR": tuned_svr,
    "tuned trees": tuned_trees,
    "stack of both": StackingRegressor(
        [("svr", tuned_svr), ("trees", tuned_trees)], RidgeCV(), cv=3
    ),
}
cv = RepeatedKFold(n_splits=3, n_repeats=1, random_state=0)
scores = {name: cross_validate(model, X, y, cv=cv)["test_score"] for name, model in models.items()}
for name, values in scores.items():
    print(f"{name:14s} R² {values.mean():.3f}")

# %%
# The points are the folds, the lines their means.
figure, axis = plt.subplots(figsize=(7, 3.8), layout="constrained")
for place, values in enumerate(scores.values()):
    axis.plot([place] * len(values), values, "o", color=f"C{place}", alpha=0.5)
    axis.plot(place, values.mean(), "_", color=f"C{place}", ms=40, mew=3)
axis.set(
    xticks=range(len(scores)),
    xticklabels=scores,
    ylabel="R² on folds that were not tuned on",
    title="Defaults, tuned models, and a stack of tuned models",
)
plt.show()

# %%
# Nest the search where the model is, and cross-validate the whole: then tuning is judged as the
# part of the model that it is. On these folds, tuning one model gains more than stacking two.
