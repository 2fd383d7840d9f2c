"""Do two workers find the same?
=============================

The same search with one worker and with two. The candidates are the same, in the same order, to the
last digit; the second worker changes only how long it takes, if the machine has a core to spare.
"""

# %%
# Up to `n_points` candidates are under way at once, two by default, each on five splits. So there
# is work for both workers, whichever of them is faster.
import time

import matplotlib.pyplot as plt
import numpy as np
from scipy.stats import loguniform
from sklearn.datasets import load_digits
from sklearn.ensemble import ExtraTreesClassifier

from skbayes import BayesSearchCV, log_randint
from skbayes.inspection import TimelineDisplay

X, y = load_digits(return_X_y=True)
model = ExtraTreesClassifier(n_estimators=60, random_state=0)
space = {"max_features": loguniform(0.02, 1), "min_samples_leaf": log_randint(1, 30)}
searches = {}
for n_jobs in (1, 2):
    search = BayesSearchCV(model, space, n_iter=12, n_jobs=n_jobs, racing=False, random_state=0)
    begin = time.perf_counter()
    searches[n_jobs] = search.fit(X, y)
    print(f"n_jobs={n_jobs}: {time.perf_counter() - begin:.1f} s, {search.best_params_}")
one, two = (search.cv_results_["mean_test_score"] for search in searches.values())
print("the same scores, bit for bit:", np.array_equal(one, two))

# %%
# Which split of which candidate ran where, and when.
figure, axes = plt.subplots(2, 1, figsize=(9, 5), sharex=True, layout="constrained")
for axis, (n_jobs, search) in zip(axes, searches.items(), strict=True):
    TimelineDisplay.from_search(search, ax=axis)
    axis.set_title(f"n_jobs={n_jobs}")
plt.show()

# %%
# Choose `n_jobs` by your machine. The number of workers changes nothing in the result; another
# processor may, after some fifteen proposals.
