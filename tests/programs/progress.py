"""A search that shows its progress while its fits print: `python progress.py N_JOBS VERBOSE`."""

import sys
import time
import warnings

from scipy.stats import loguniform
from sklearn.datasets import load_iris
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.svm import SVC

from skbayes import BayesSearchCV


class Talks(SVC):
    """Prints, on both streams and in parts, and warns."""

    def fit(self, X, y):
        time.sleep(0.02)
        if self.C > 50:
            print("a fit prints ", end="")
            print("a line")
        if self.C < 0.5:
            print("a fit writes an error", file=sys.stderr)
            warnings.warn("a fit warns", stacklevel=2)
        return super().fit(X, y)


class VeryLongNameOfAnEstimatorThatIsWiderThanTheTerminal(Talks):
    pass


def main(n_jobs, verbose):
    model = make_pipeline(StandardScaler(), VeryLongNameOfAnEstimatorThatIsWiderThanTheTerminal())
    name = model.steps[1][0]
    space = {f"{name}__C": loguniform(1e-2, 1e3), f"{name}__gamma": loguniform(1e-4, 1e1)}
    BayesSearchCV(
        model,
        space,
        n_iter=12,
        cv=4,
        n_jobs=int(n_jobs),
        verbose=int(verbose),
        random_state=0,
        scoring={"a_metric_with_a_name_that_is_very_long": "accuracy"},
        refit="a_metric_with_a_name_that_is_very_long",
    ).fit(*load_iris(return_X_y=True))


if __name__ == "__main__":
    main(*sys.argv[1:])
