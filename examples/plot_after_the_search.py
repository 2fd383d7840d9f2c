"""Is the tuned model better, which parameters mattered, and where should one look next?
=====================================================================================

Support vector regression on the diabetes data is tuned in a space that is too small. The report
says that the gain is real, that it held on patients the search has not seen, and at which end the
space is too small. A second search in a wider space takes the trials of the first along.
"""

# %%
# The first search evaluates the defaults too, so that there is something to compare with.
import matplotlib.pyplot as plt
from scipy.stats import loguniform
from sklearn.datasets import load_diabetes
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR

from skbayes import BayesSearchCV
from skbayes.inspection import (
    ConvergenceDisplay,
    ParameterImportanceDisplay,
    PartialEffectDisplay,
    search_report,
    suggest_space,
)

X, y = load_diabetes(return_X_y=True)
X, X_test, y, y_test = train_test_split(X, y, test_size=0.5, random_state=0)
model = Pipeline([("scale", StandardScaler()), ("svr", SVR())])
space = {
    "svr__C": loguniform(0.1, 10),
    "svr__gamma": loguniform(0.0001, 1),
    "svr__epsilon": loguniform(0.1, 10),
}
options = {"initial_params": "default", "return_predictions": "auto", "random_state": 0}
first = BayesSearchCV(model, space, n_iter=30, **options).fit(X, y)
print(search_report(first, X_test, y_test, X=X, y=y))

# %%
# The report names the edge. `suggest_space` moves it, and keeps the kind of the distributions.
wider = suggest_space(first)
print("\nsuggested:")
for name, distribution in wider.items():
    print(f"  {name}: {distribution.dist.name}{distribution.args}")

# %%
# The second search knows what the first has seen.
options["initial_params"] = None
second = BayesSearchCV(model, wider, n_iter=30, initial_trials=first, **options).fit(X, y)
print()
print(search_report(second, X_test, y_test, X=X, y=y))

# %%
# How both searches went, and what the score depends on.
figure, axes = plt.subplots(1, 3, figsize=(13, 4), layout="constrained")
ConvergenceDisplay.from_search({"first": first, "second": second}, ax=axes[0])
ParameterImportanceDisplay.from_search(second, ax=axes[1])
PartialEffectDisplay.from_search(second, "svr__C", ax=axes[2])
plt.show()

# %%
# Let the search evaluate the defaults, keep data aside, and believe the honest score.
