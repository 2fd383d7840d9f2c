"""Which parameters mattered, and in which direction?
==================================================

Five parameters of gradient boosting were tuned. How much of the variation of the score is due to
each, overall and among the good candidates, and what does the score do along the one that matters
most?
"""

# %%
# A search of sixty candidates; 30 rounds make each of them cheap.
import matplotlib.pyplot as plt
from scipy.stats import loguniform, uniform
from sklearn.datasets import load_diabetes
from sklearn.ensemble import GradientBoostingRegressor

from skbayes import BayesSearchCV, log_randint
from skbayes.inspection import (
    ParameterImportanceDisplay,
    PartialEffectDisplay,
    parameter_importance,
)

X, y = load_diabetes(return_X_y=True)
model = GradientBoostingRegressor(n_estimators=30, random_state=0)
space = {
    "learning_rate": loguniform(1e-3, 1),
    "max_depth": log_randint(1, 12),
    "min_samples_leaf": log_randint(1, 60),
    "max_features": uniform(0.1, 0.9),
    "subsample": uniform(0.3, 0.7),
}
search = BayesSearchCV(model, space, n_iter=60, random_state=0).fit(X, y)
importance = parameter_importance(search)
for name, share in zip(importance.names, importance.total, strict=True):
    print(f"{name:18s} {share:5.1%}")

# %%
# The shares are those of the variance of the surrogate that a parameter explains, alone or together
# with others, so that they add up to more than 100 % (functional analysis of variance). Left over
# the whole space, in the middle among the best tenth of it, right the score along the learning rate
# and the depth, averaged over everything else.
figure, axes = plt.subplots(1, 4, figsize=(15, 4.2), layout="constrained")
ParameterImportanceDisplay.from_search(search, ax=axes[0])
ParameterImportanceDisplay.from_search(search, among="best", ax=axes[1])
PartialEffectDisplay.from_search(search, ["learning_rate", "max_depth"], ax=axes[2:])
figure.suptitle("Importance over the whole space and among the best, and two effects")
plt.show()

# %%
# Drop what does not matter from the next search, and widen what matters and ends at an edge.
