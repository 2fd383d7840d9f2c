"""How do Parzen estimators decide what to try next?
=================================================

`TPESearchCV` divides the candidates so far into the good ones and the rest, and makes a density of
each. The next candidate is one that is likely among the good and unlikely among the rest.
"""

# %%
# A search with one parameter. Its candidates are divided afterwards as the search divides them: of
# n candidates, the best √n (25 at most) are the good ones.
import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import loguniform
from sklearn.datasets import load_diabetes
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVR

from skbayes import TPESearchCV
from skbayes.models.parzen import ParzenEstimator
from skbayes.samplers.tpe import bandwidths, rank_weights
from skbayes.space import Space

X, y = load_diabetes(return_X_y=True)
space = {"svr__C": loguniform(1e-2, 1e5)}
model = make_pipeline(StandardScaler(), SVR())
search = TPESearchCV(model, space, n_iter=30, racing=False, random_state=0).fit(X, y)
values = search.cv_results_["param_svr__C"].astype(float)
scores = search.cv_results_["mean_test_score"]

# %%
# Above: the candidates, the good ones in red. Below: both densities on the
# log scale of the space, and their ratio, which is what the search maximises.
cube = Space(space)
order = np.argsort(-scores)
rows = np.array([cube.encode({"svr__C": values[index]}) for index in order])
n_good = int(np.ceil(np.sqrt(len(rows))))
parts = {"good": rows[:n_good], "rest": rows[n_good:]}
weights = {"good": rank_weights(n_good), "rest": np.ones(len(rows) - n_good)}
grid = np.geomspace(1e-2, 1e5, 300)
at = np.array([cube.encode({"svr__C": value}) for value in grid])
density = {
    name: np.exp(
        ParzenEstimator(
            cube.columns,
            part,
            cube.active(part),
            np.append(1.0, weights[name]),  # the prior is a component too
            bandwidths(cube, len(part)),
        ).log_density(at, cube.active(at))
    )
    for name, part in parts.items()
}

figure, (above, below) = plt.subplots(2, 1, figsize=(7, 5.5), sharex=True, layout="constrained")
is_good = np.isin(np.arange(len(values)), order[:n_good])
above.plot(values[~is_good], scores[~is_good], "o", color="C0", label="rest")
above.plot(values[is_good], scores[is_good], "o", color="C3", label="good")
above.set(ylabel="R²", title="Candidates after thirty trials")
above.legend()
below.plot(grid, density["good"], color="C3", label="density of the good ones")
below.plot(grid, density["rest"], color="C0", label="density of the rest")
below.plot(grid, density["good"] / density["rest"], "--", color="black", label="their ratio")
below.set(xscale="log", xlabel="C", ylabel="density", title="What the next candidate is drawn from")
below.legend()
plt.show()

# %%
# Densities need no smooth score, and conditions and categories cost them nothing. Take
# `TPESearchCV` where most parameters are of that kind, or where fits are so cheap that the
# milliseconds of a Gaussian process count.
