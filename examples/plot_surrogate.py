"""How does a Gaussian process decide what to try next?
====================================================

One parameter, so that everything can be drawn: the scores so far, what the Gaussian process makes
of them, and where it expects the largest improvement. That is where the next candidate is.
"""

# %%
# A search for the width of the kernel of a support vector machine. Its surrogate is the Gaussian
# process fitted to the scores; we look at it after four, five and seven candidates.
import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import loguniform
from sklearn.datasets import load_diabetes
from sklearn.model_selection import cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR

from skbayes import BayesSearchCV
from skbayes.acquisition.improvement import log_expected_improvement

X, y = load_diabetes(return_X_y=True)
model = make_pipeline(StandardScaler(), SVR(C=100))
space = {"svr__gamma": loguniform(1e-6, 1e1)}
grid = [{"svr__gamma": value} for value in np.geomspace(1e-6, 1e1, 300)]
gamma = [params["svr__gamma"] for params in grid]
truth = [cross_val_score(model.set_params(**params), X, y).mean() for params in grid[::5]]
options = {"racing": False, "n_points": 1, "random_state": 0, "refit": False}

# %%
# Above: the score and its posterior, mean and two standard deviations. Below: the expected
# improvement over the best posterior mean at a candidate, on a log scale. The dashed line is the
# candidate that the search took next; the dotted curve is the score itself.
further = BayesSearchCV(model, space, n_iter=8, **options).fit(X, y)
figure, axes = plt.subplots(2, 3, figsize=(11, 5), sharex=True, sharey="row", layout="constrained")
for (above, below), n_iter in zip(axes.T, (4, 5, 7), strict=True):
    search = BayesSearchCV(model, space, n_iter=n_iter, **options).fit(X, y)
    mean, std = search.surrogate_.predict(grid)
    incumbent = search.surrogate_.predict(search.cv_results_["params"])[0].max()
    tried = search.cv_results_["param_svr__gamma"].astype(float)
    above.plot(gamma[::5], truth, ":", color="black", label="the score itself")
    above.plot(gamma, mean, color="C0", label="posterior mean")
    above.fill_between(gamma, mean - 2 * std, mean + 2 * std, color="C0", alpha=0.2)
    above.plot(tried, search.cv_results_["mean_test_score"], "o", color="C3", label="candidates")
    below.plot(gamma, log_expected_improvement(mean, np.maximum(std, 1e-9), incumbent), color="C2")
    following = further.cv_results_["params"][n_iter]["svr__gamma"]
    for axis in (above, below):
        axis.axvline(following, linestyle="--", color="C1", label="next candidate")
    above.set(xscale="log", ylim=(-0.6, 1.1), title=f"after {n_iter} candidates")
    below.set(xlabel="gamma", ylim=(-20, 0))
axes[0, 0].set_ylabel("R²")
axes[1, 0].set_ylabel("log expected improvement")
axes[0, 0].legend(loc="upper left", fontsize="small")
plt.show()

# %%
# A search adds to this what a few candidates cannot show: in the first trials it is drawn to the
# middle of the space, and where several candidates have the same score, it leaves their
# surroundings alone. The surrogate costs milliseconds, and a fit costs seconds or hours. That is
# the whole trade.
