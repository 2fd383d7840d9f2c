"""How do I tune a text classifier, from words to weights?
=======================================================

Does a docstring come from NumPy, SciPy or scikit-learn? The texts are those of the libraries that
are installed. How text becomes numbers matters as much as the model, so both are tuned.
"""

# %%
# Some 600 docstrings. The names of the libraries are taken out, which would be too easy.
import inspect
import re
from importlib import import_module

import matplotlib.pyplot as plt
from scipy.stats import loguniform, uniform
from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import SGDClassifier
from sklearn.model_selection import train_test_split
from sklearn.pipeline import Pipeline

from skbayes import BayesSearchCV, log_randint
from skbayes.inspection import ConvergenceDisplay, ParameterImportanceDisplay, search_report

MODULES = {
    "numpy": ["numpy", "numpy.linalg", "numpy.random", "numpy.fft", "numpy.ma"],
    "scipy": ["scipy.linalg", "scipy.special", "scipy.optimize", "scipy.signal", "scipy.ndimage"],
    "sklearn": ["sklearn.metrics", "sklearn.datasets", "sklearn.cluster", "sklearn.linear_model"],
}
texts, labels = [], []
for library, modules in MODULES.items():
    members = {
        name: member for path in modules for name, member in vars(import_module(path)).items()
    }
    found = [inspect.getdoc(member) for name, member in sorted(members.items()) if name[0] != "_"]
    words = [re.sub(r"numpy|scipy|sklearn|scikit|\bnp\b", "", text or "")[:400] for text in found]
    words = [text for text in dict.fromkeys(words) if len(text) > 100][:200]
    texts += words
    labels += [library] * len(words)
X, X_test, y, y_test = train_test_split(texts, labels, test_size=0.4, random_state=0)
print(len(X), "docstrings to train on, such as:", X[0][:75].replace("\n", " "))

# %%
# Words or letters, single ones or sequences, rare ones or not: a parameter of a step is written
# with two underscores.
model = Pipeline([("words", TfidfVectorizer()), ("clf", SGDClassifier(random_state=0))])
space = {
    "words__analyzer": ["word", "char_wb"],
    "words__ngram_range": [(1, 1), (1, 2), (2, 4)],
    "words__min_df": log_randint(1, 20),
    "words__sublinear_tf": [False, True],
    "clf__alpha": loguniform(1e-6, 1e-1),
    "clf__l1_ratio": uniform(0, 1),
    "clf__penalty": ["l2", "elasticnet"],
}
search = BayesSearchCV(model, space, n_iter=30, initial_params="default", random_state=0)
search.fit(X, y)
print(search_report(search, X_test, y_test, X=X, y=y))

# %%
# Left: the best score so far. Right: what mattered.
figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4), layout="constrained")
ConvergenceDisplay.from_search(search, ax=left)
ParameterImportanceDisplay.from_search(search, ax=right)
figure.suptitle("The best score so far, and which choices mattered")
plt.show()

# %%
# Tune the vectoriser with the classifier: it is part of the model. Here the defaults are nearly as
# good as anything else, and the report says so; believe it, and spend your time on more texts.
