"""How do I write a space of numbers, integers and categories?
===========================================================

Three parameters of a nearest-neighbours classifier are of three kinds: an integer that matters on
a log scale, a category, and a power that is a real number. A list for each would be a grid of
hundreds of candidates. With a distribution for each, forty candidates are enough.
"""

# %%
# `log_randint` is for integers whose order of magnitude matters: from 1 to 2 neighbours is a large
# step, from 91 to 92 is none. A list is a list of values; three or more numbers are taken as
# ordered, anything else as categories.
import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import uniform
from sklearn.datasets import load_wine
from sklearn.model_selection import RepeatedStratifiedKFold
from sklearn.neighbors import KNeighborsClassifier
from sklearn.pipeline import Pipeline
from sklearn.preprocessing import MinMaxScaler, PowerTransformer, StandardScaler

from skbayes import BayesSearchCV, log_randint

X, y = load_wine(return_X_y=True)
model = Pipeline([("scale", StandardScaler()), ("knn", KNeighborsClassifier())])
space = {
    "scale": [StandardScaler(), MinMaxScaler(), PowerTransformer(), "passthrough"],
    "knn__n_neighbors": log_randint(1, 100),
    "knn__weights": ["uniform", "distance"],
    "knn__p": uniform(1, 4),  # from 1 to 5: SciPy's uniform has a start and a width
}
cv = RepeatedStratifiedKFold(n_splits=5, n_repeats=2, random_state=0)
search = BayesSearchCV(model, space, n_iter=40, cv=cv, random_state=0).fit(X, y)
print(search.best_params_, round(search.best_score_, 3))

# %%
# Every candidate is a point, by its number of neighbours. The search soon leaves the unscaled data
# alone, and tries few neighbours as well as many. The best candidate has nearly a hundred, the end
# of the range: a wider one would be the next step, and `suggest_space` returns it.
table = search.cv_results_
scaler = np.array([type(value).__name__ for value in table["param_scale"]])
scaler[scaler == "str"] = "passthrough"
figure, axis = plt.subplots(figsize=(7, 4), layout="constrained")
for place, name in enumerate(["StandardScaler", "MinMaxScaler", "PowerTransformer", "passthrough"]):
    rows = scaler == name
    n_neighbors = table["param_knn__n_neighbors"][rows].astype(float)
    axis.plot(n_neighbors, table["mean_test_score"][rows], "o", color=f"C{place}", label=name)
axis.set(
    xscale="log",
    xlabel="number of neighbours",
    ylabel="accuracy",
    title="Forty candidates of a space with four parameters",
)
axis.legend()
plt.show()

# %%
# Say with a distribution where you expect good values, and with a list which values there are.
