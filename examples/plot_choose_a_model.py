"""Which of several models is best, and with which parameters?
===========================================================

A list of dicts searches several models at once. Each dict has a model and the parameters that make
sense for it. All candidates are compared on the same splits. Each model gets a share of the
candidates, and the rest goes where an improvement is expected.
"""

# %%
# The step ``clf`` of the pipeline is itself a parameter. A parameter of one model is never set on
# another.
import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import loguniform, randint
from sklearn.datasets import load_breast_cancer
from sklearn.ensemble import RandomForestClassifier
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skbayes import BayesSearchCV, log_randint

X, y = load_breast_cancer(return_X_y=True)
pipeline = Pipeline([("scale", StandardScaler()), ("clf", SVC())])
space = [
    {
        "clf": [SVC()],
        "clf__C": loguniform(1e-2, 1e3),
        "clf__gamma": loguniform(1e-5, 1e1),
    },
    {
        "clf": [KNeighborsClassifier()],
        "clf__n_neighbors": log_randint(1, 60),
        "clf__weights": ["uniform", "distance"],
    },
    {
        "clf": [RandomForestClassifier(n_estimators=50, random_state=0)],
        "clf__max_features": [0.1, 0.2, 0.4, 0.8],
        "clf__min_samples_leaf": randint(1, 20),
    },
]
search = BayesSearchCV(pipeline, space, n_iter=40, scoring="roc_auc", random_state=0)
search.fit(X, y)
print(search.best_params_, round(search.best_score_, 4))

# %%
# The best complete candidate of each model:
table = search.cv_results_
names = np.array([type(model).__name__ for model in table["param_clf"]])
is_complete = table["n_splits_evaluated"] == search.n_splits_
for name in np.unique(names):
    print(f"{name:24s} {table['mean_test_score'][is_complete & (names == name)].max():.4f}")

# %%
# The candidates in the order in which they were proposed. Hollow points were dropped by racing:
# their first splits showed that they would not be the best.
numbers = np.arange(len(names))
figure, axis = plt.subplots(figsize=(7, 4), layout="constrained")
for place, name in enumerate(np.unique(names)):
    for rows, face in [(is_complete, f"C{place}"), (~is_complete, "none")]:
        shown = rows & (names == name)
        label = f"{name}, {(names == name).sum()} candidates" if face != "none" else None
        axis.scatter(
            numbers[shown],
            table["mean_test_score"][shown],
            facecolors=face,
            edgecolors=f"C{place}",
            label=label,
        )
axis.set(
    xlabel="candidate",
    ylabel="area under the ROC curve",
    ylim=(0.96, 1),
    title="Forty candidates of three models",
)
axis.legend(loc="lower right")
plt.show()

# %%
# Put the models that you would try one after the other into one list, and let the search divide
# the fits among them.
