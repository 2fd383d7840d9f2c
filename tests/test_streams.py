"""Streams of random numbers."""

from itertools import combinations

from hypothesis import given
from hypothesis import strategies as st

from skbayes.streams import Stream, generator


@given(seed=st.integers(0, 2**31 - 1), number=st.integers(0, 10**6))
def test_no_two_streams_of_a_search_are_the_same(seed, number):
    keys = [(Stream.TRIALS, 0), (Stream.TRIALS, number + 1), (Stream.START_UP,)]
    keys += [(Stream.SUBSAMPLING,), (Stream.SUBSAMPLING, 0)]
    draws = [generator(seed, *key).random(4).tolist() for key in keys]
    assert all(one != other for one, other in combinations(draws, 2))


def test_a_stream_is_the_same_every_time():
    assert generator(7, Stream.TRIALS, 3).random() == generator(7, Stream.TRIALS, 3).random()
