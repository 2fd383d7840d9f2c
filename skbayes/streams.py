"""Streams of random numbers, one per purpose, all from the one seed of a search."""

from __future__ import annotations

from enum import IntEnum

import numpy as np


class Stream(IntEnum):
    """What random numbers are drawn for."""

    TRIALS = 0
    START_UP = 1
    SUBSAMPLING = 2


def generator(seed: int, stream: Stream, *key: int) -> np.random.Generator:
    """Return the generator of a stream, which is independent of all other streams.

    Parameters
    ----------
    seed : int
        Seed of the search, at least 0.
    stream : Stream
    *key : int
        Selects a sub-stream, for instance by the number of a trial.

    Returns
    -------
    rng : Generator
    """
    return np.random.default_rng(np.random.SeedSequence(seed, spawn_key=(stream, *key)))
