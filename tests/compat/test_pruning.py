"""Training loops of torch and Keras report their epochs, and are ended early."""

import runpy
from pathlib import Path

import numpy as np
import pytest
from scipy.stats import loguniform
from sklearn.datasets import load_digits

from skbayes import Study

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_the_torch_example_saves_epochs(monkeypatch):
    monkeypatch.setenv("MPLBACKEND", "agg")
    study = runpy.run_path(str(EXAMPLES / "plot_pytorch_loop.py"))["study"]
    n_epochs = sum(len(trial.outcome.curve) for trial in study.trials)
    assert n_epochs < 0.9 * 25 * 8
    assert study.best_trial.score > 0.95


def test_a_keras_callback_ends_a_run(monkeypatch):
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    import keras

    class Pruned(keras.callbacks.Callback):
        def __init__(self, study, trial):
            super().__init__()
            self.study, self.trial = study, trial

        def on_epoch_end(self, epoch, logs=None):
            self.study.report(self.trial, epoch + 1, logs["val_accuracy"])
            self.model.stop_training = self.study.should_prune(self.trial)

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
        model.fit(X[:300], y[:300], callbacks=[Pruned(study, trial)], **parts)
        study.tell(trial)
    lengths = [len(trial.outcome.curve) for trial in study.trials]
    assert min(lengths) < 5
    assert max(lengths) == 5
    assert study.best_trial.score > 0.7
