"""How does a Gaussian process decide what to try next?
====================================================

One parameter, so that everything can be drawn: the scores so far, what the Gaussian process makes
of them, and where it expects the largest improvement. That is where the next candidate is.
"""

# %%
# A search for the regularisation of a support vector machine. Its surrogate is the Gaussian process
# fitted to the scores; we look at it after four, six and nine candidates.
import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import loguniform
from sklearn.datasets import load_digits
from sklearn.model_selection import cross_val_score
from sklearn.svm import SVC

from skbayes import BayesSearchCV
from skbayes.acquisition.improvement import log_expected_improvement

X, y = load_digits(return_X_y=True)
X, y = X[:300], y[:300]
gamma = np.geomspace(1e-6, 1e1, 120)
truth = [cross_val_score(SVC(gamma=value), X, y).mean() for value in gamma[::3]]
options = {"racing": False, "n_points": 1, "random_state": 3, "refit": False}
searches = {
    n_iter: BayesSearchCV(SVC(), {"gamma": loguniform(1e-6, 1e1)}, n_iter=n_iter, **options)
    for n_iter in (4, 6, 9)
}

# %%
# Above: the score and its posterior, mean and two standard deviations. Below: the expected
# improvement over the best score so far, on a log scale. The dotted line is the candidate that the
# search took next.
figure, axes = plt.subplots(2, 3, figsize=(11, 5), sharex=True, sharey="row", layout="constrained")
further = BayesSearchCV(SVC(), {"gamma": loguniform(1e-6, 1e1)}, n_iter=10, **options).fit(X, y)
for (above, below), (n_iter, search) in zip(axes.T, searches.items(), strict=True):
    search.fit(X, y)
    mean, std = search.surrogate_.predict([{"gamma": value} for value in gamma])
    log_ei = log_expected_improvement(mean, np.maximum(std, 1e-9), search.best_score_)
    tried = search.cv_results_["param_gamma"].astype(float)
    following = further.cv_results_["params"][n_iter]["gamma"]
    above.plot(gamma[::3], truth, ":", color="black", label="the score itself")
    above.plot(gamma, mean, color="C0", label="posterior mean")
    above.fill_between(gamma, mean - 2 * std, mean + 2 * std, color="C0", alpha=0.2)
    above.plot(tried, search.cv_results_["mean_test_score"], "o", color="C3", label="candidates")
    below.plot(gamma, log_ei, color="C2")
    for axis in (above, below):
        axis.axvline(following, linestyle=":", color="C1", label="next candidate")
    above.set(xscale="log", ylim=(-0.3, 1.4), title=f"after {n_iter} candidates")
    below.set(xlabel="gamma", ylim=(-30, 1))
axes[0, 0].set_ylabel("accuracy")
axes[1, 0].set_ylabel("log expected improvement")
axes[0, 0].legend(loc="lower left", fontsize="small")
plt.show()

# %%
# The surrogate costs milliseconds, and a fit costs seconds or hours. That is the whole trade.
