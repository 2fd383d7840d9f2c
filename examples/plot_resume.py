"""What happens when a long search is killed?
==========================================

A search writes every finished candidate to a journal. Here it is killed twice, once at a bad
moment, and started again each time. In the end it has found what a search finds that nobody
interrupted.
"""

# %%
# The program that is killed is a program of its own, because a kill leaves nothing behind. It is
# the same one every time.
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

PROGRAM = """
from scipy.stats import loguniform
from sklearn.datasets import load_digits
from sklearn.svm import SVC
from skbayes import BayesSearchCV

X, y = load_digits(return_X_y=True)
space = {"C": loguniform(1e-2, 1e4), "gamma": loguniform(1e-5, 1e-1)}
search = BayesSearchCV(SVC(), space, n_iter=30, cv=3, random_state=0, checkpoint="search.jsonl")
search.fit(X, y)
print(*search.cv_results_["mean_test_score"])
"""

folder = Path(tempfile.mkdtemp())
journal = folder / "search.jsonl"


def start():
    command = [sys.executable, "-c", PROGRAM]
    return subprocess.Popen(command, cwd=folder, stdout=subprocess.PIPE, text=True)


def n_recorded():
    return max(len(journal.read_text().splitlines()) - 1, 0) if journal.exists() else 0


# %%
# The program is killed without a warning when its journal has ten candidates, and again at twenty.
begin = time.perf_counter()
curve = [(0.0, 0)]
for n_wanted in (10, 20, 30):
    program = start()
    while n_recorded() < n_wanted and program.poll() is None:
        curve.append((time.perf_counter() - begin, n_recorded()))
        time.sleep(0.02)
    if n_wanted < 30:
        program.send_signal(signal.SIGKILL)
    resumed = program.communicate()[0]
    curve.append((time.perf_counter() - begin, n_recorded()))
    print(f"after {curve[-1][0]:.1f} s the journal has {n_recorded()} candidates")

# %%
# Without a journal and without an interruption:
PROGRAM = PROGRAM.replace(', checkpoint="search.jsonl"', "")
uninterrupted = start().communicate()[0]
print("the same scores, bit for bit:", resumed == uninterrupted)

# %%
# The number of candidates in the journal. The flat parts are the start of the program anew; only
# the candidates that were not finished are fitted again.
seconds, n_candidates = np.transpose(curve)
figure, axis = plt.subplots(figsize=(7, 3.5), layout="constrained")
axis.step(seconds, n_candidates, where="post")
axis.set(
    xlabel="seconds",
    ylabel="candidates in the journal",
    title="A search that was killed after 10 and after 20 candidates",
)
plt.show()

# %%
# Give every search that you would not like to start anew a `checkpoint`. It costs one write to the
# disk per candidate.
