"""Which score should I tune if one class is rare?
===============================================

About one sample in 45 is positive. By accuracy, to say "no" every time is hard to beat. The same
search is run by accuracy, by average precision and by log loss, and each winner is looked at on
held-out data.
"""

# %%
# The three searches differ in nothing but `scoring`. Stratified folds, the default for classifiers,
# keep some positive samples in each.
import matplotlib.pyplot as plt
from scipy.stats import loguniform
from sklearn.datasets import make_classification
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import PrecisionRecallDisplay, average_precision_score, recall_score
from sklearn.model_selection import train_test_split
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import SplineTransformer

from skbayes import BayesSearchCV

X, y = make_classification(
    4000,
    12,
    n_informative=5,
    n_clusters_per_class=3,
    weights=[0.98],
    flip_y=0.005,
    class_sep=1.2,
    random_state=4,
)
X, X_test, y, y_test = train_test_split(X, y, test_size=0.5, stratify=y, random_state=0)
print(f"{y.mean():.1%} of the samples are positive")
model = make_pipeline(SplineTransformer(), LogisticRegression(max_iter=2000))
space = {
    "splinetransformer__n_knots": [2, 3, 4, 6, 8],
    "logisticregression__C": loguniform(1e-4, 1e2),
    "logisticregression__class_weight": [None, "balanced"],
}
searches = {}
for scoring in ("accuracy", "average_precision", "neg_log_loss"):
    search = BayesSearchCV(model, space, n_iter=25, scoring=scoring, n_jobs=2, random_state=0)
    searches[scoring] = search.fit(X, y)
    weight = search.best_params_["logisticregression__class_weight"]
    precision = average_precision_score(y_test, search.predict_proba(X_test)[:, 1])
    recall = recall_score(y_test, search.predict(X_test))
    print(
        f"{scoring:18s} class_weight={weight!s:9s} held out: "
        f"average precision {precision:.2f}, finds {recall:.0%} of the positive samples"
    )

# %%
# Precision against recall on held-out data. A model says "yes" above a threshold; how good it is at
# all thresholds is what average precision measures.
figure, axis = plt.subplots(figsize=(6, 4.5), layout="constrained")
for scoring, search in searches.items():
    PrecisionRecallDisplay.from_estimator(
        search, X_test, y_test, ax=axis, name=f"tuned by {scoring}"
    )
axis.set_title("Precision and recall of the three winners")
plt.show()

# %%
# Here log loss found the model that ranks best, though it was not tuned for that; two positive
# samples in a hundred are too few to tell the two apart. Tune how well the samples are ranked
# (average precision) or how good the probabilities are (log loss), and set the threshold
# afterwards, with `TunedThresholdClassifierCV` and your costs.
