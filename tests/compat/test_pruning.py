"""Training loops of torch and Keras report their epochs, and are ended early."""

import runpy

import numpy as np
import pytest
from scipy.stats import loguniform
from sklearn.datasets import load_digits

from skbayes import Study
from tests.pages import DOC, blocks_of

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

LOOP_PAGE, EXAMPLES = DOC / "guide" / "own_loop.md", DOC.parent / "examples"


def test_the_torch_example_saves_epochs(monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")
    study = runpy.run_path(str(EXAMPLES / "plot_pytorch_loop.py"))["study"]
    n_epochs = sum(len(trial.outcome.curve) for trial in study.trials)
    assert n_epochs < 0.9 * 25 * 8
    assert study.best_trial.score > 0.95


def test_a_keras_callback_ends_a_run(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    import keras

    [block] = [block for block in blocks_of(LOOP_PAGE) if "pruned_by" in block]
    page: dict = {}
    exec(compile(block, str(LOOP_PAGE), "exec"), page)
    X, y = load_digits(return_X_y=True)
    X = (X[:400] / 16).astype(np.float32)
    study = Study({"rate": loguniform(1e-5, 1)}, pruning="median", random_state=0)
    for _ in range(8):
        keras.utils.set_random_seed(0)
        trial = study.ask()
        model = keras.Sequential([keras.layers.Dense(10, activation="softmax")])
        optimizer = keras.optimizers.Adam(trial.params["rate"])
        model.compile(optimizer, "sparse_categorical_crossentropy", metrics=["accuracy"])
        parts = {"validation_data": (X[300:], y[300:400]), "epochs": 5, "verbose": 0}
        model.fit(X[:300], y[:300], callbacks=[page["pruned_by"](study, trial)], **parts)
        study.tell(trial)
    lengths = [len(trial.outcome.curve) for trial in study.trials]
    assert min(lengths) < 5
    assert max(lengths) == 5
    assert study.best_trial.score > 0.7
