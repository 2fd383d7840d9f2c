"""How do I tune preprocessing and model together?
===============================================

A table of customers has numbers with gaps and words. How the gaps are filled, how rare words are
treated and how strongly the model is regularised depend on one another, so they are tuned
together, inside the cross-validation.
"""

# %%
# The table is generated: age and income have gaps, and income is missing more often for those who
# leave. The tariff has twenty values, of which many are rare.
import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
from scipy.stats import loguniform
from sklearn.compose import ColumnTransformer
from sklearn.impute import SimpleImputer
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline, make_pipeline
from sklearn.preprocessing import OneHotEncoder, SplineTransformer, StandardScaler

from skbayes import BayesSearchCV, log_randint
from skbayes.inspection import ParameterImportanceDisplay, search_report

rng = np.random.default_rng(0)
n = 3000
tariff_effect = rng.normal(0, 1, 20)
tariff = np.minimum(rng.geometric(0.15, n) - 1, 19)
age = rng.uniform(18, 80, n)
income = rng.lognormal(10, 0.5, n)
logit = 1.5 * np.sin(age / 10) - 0.8 * np.log(income / 22000) + tariff_effect[tariff] - 0.5
leaves = rng.random(n) < 1 / (1 + np.exp(-logit))
income[rng.random(n) < np.where(leaves, 0.3, 0.1)] = np.nan
age[rng.random(n) < 0.1] = np.nan
X = pd.DataFrame({"age": age, "income": income, "tariff": [f"T{number}" for number in tariff]})
X_train, X_test, y_train, y_test = train_test_split(X, leaves, random_state=0)

# %%
# Names of steps are joined by two underscores, as everywhere in scikit-learn.
numbers = make_pipeline(SimpleImputer(), StandardScaler(), SplineTransformer())
words = OneHotEncoder(handle_unknown="infrequent_if_exist", min_frequency=2)
columns = ColumnTransformer([("numbers", numbers, ["age", "income"]), ("words", words, ["tariff"])])
model = Pipeline([("columns", columns), ("clf", LogisticRegression(max_iter=1000))])
space = {
    "columns__numbers__simpleimputer__strategy": ["mean", "median", "most_frequent"],
    "columns__numbers__simpleimputer__add_indicator": [False, True],
    "columns__numbers__splinetransformer__n_knots": [3, 4, 6, 8, 12],
    "columns__words__min_frequency": log_randint(2, 300),
    "clf__C": loguniform(1e-3, 1e2),
}
search = BayesSearchCV(
    model, space, n_iter=40, scoring="roc_auc", initial_params="default", random_state=0
)
search.fit(X_train, y_train)
print(search_report(search, X_test, y_test, X=X_train, y=y_train))

# %%
# How strongly the model is regularised matters most, and then how many rare tariffs are pooled.
# With which value gaps are filled does not matter once a column says that there was a gap.
figure, axis = plt.subplots(figsize=(7, 3.5), layout="constrained")
ParameterImportanceDisplay.from_search(search, ax=axis)
figure.suptitle("Which choices mattered for the score")
axis.set_yticks(
    axis.get_yticks(), [label.get_text().split("__", 1)[1] for label in axis.get_yticklabels()]
)
plt.show()

# %%
# Keep preprocessing in the pipeline. There it is tuned like everything else, and it never sees the
# samples it is judged on.
