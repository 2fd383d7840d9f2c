"""The active set: all while there is room, then the best and a cover of the rest."""

import numpy as np

from skbayes.models.active_set import MAX_ACTIVE, active_set

NUMERIC = np.zeros(2, dtype=bool)


def test_it_is_everything_while_there_is_room():
    Z = np.random.default_rng(0).random((MAX_ACTIVE, 2))
    chosen = active_set(Z, Z[:, 0], np.ones(2), NUMERIC)
    assert chosen.tolist() == list(range(MAX_ACTIVE))


def test_it_holds_the_best_half_and_covers_the_rest():
    rng = np.random.default_rng(1)
    Z = np.vstack([rng.random((1500, 2)), 0.3 + 0.01 * rng.random((1500, 2))])
    y = -np.linalg.norm(Z - 0.305, axis=1)
    chosen = active_set(Z, y, np.ones(2), NUMERIC)
    assert len(np.unique(chosen)) == MAX_ACTIVE
    assert set(np.argsort(-y)[: MAX_ACTIVE // 2]) <= set(chosen)
    gaps = np.linalg.norm(Z[:, None] - Z[chosen], axis=2).min(axis=1)
    random_gaps = np.linalg.norm(Z[:, None] - Z[rng.permutation(3000)[:MAX_ACTIVE]], axis=2).min(1)
    assert gaps.max() < 0.6 * random_gaps.max()


def test_equal_rows_are_no_obstacle():
    Z = np.tile([[0.2, 0.7]], (400, 1))
    assert len(active_set(Z, np.zeros(400), np.ones(2), NUMERIC)) == MAX_ACTIVE


def test_what_is_far_from_the_best_is_covered_first(monkeypatch):
    monkeypatch.setattr("skbayes.models.active_set.MAX_ACTIVE", 4)
    Z = np.array([[0.0, 0], [1.0, 0], [0.12, 0], [0.9, 0], [0.5, 0], [0.45, 0], [0.0, 1.0]])
    y = np.array([9.0, 8.0, 1.0, 1.0, 1.0, 1.0, 0.0])
    near_y, far_y = np.array([1.0, 1e-4]), np.array([1.0, 100.0])
    assert active_set(Z, y, near_y, NUMERIC).tolist() == [0, 1, 2, 4]
    assert active_set(Z, y, far_y, NUMERIC).tolist() == [0, 1, 4, 6]
