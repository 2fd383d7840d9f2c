"""Stores: files of records, a line of JSON each, so that what takes hours can be gone on with."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from joblib import Parallel, delayed

Record = dict[str, Any]


def load(store: Path) -> list[Record]:
    """Return the records of a store; none if it does not exist.

    Parameters
    ----------
    store : Path
    """
    lines = store.read_text().splitlines() if store.exists() else []
    return [json.loads(line) for line in lines]


def append(store: Path, record: Record) -> None:
    """Write a record at the end of a store.

    Parameters
    ----------
    store : Path
    record : dict
    """
    store.parent.mkdir(parents=True, exist_ok=True)
    with store.open("a") as lines:
        lines.write(json.dumps(record) + "\n")


def run_all(
    store: Path, make: Callable[..., Record], calls: Iterable[tuple[Any, ...]]
) -> Iterator[Record]:
    """Make records on all processors, store each as soon as it is made, and yield it.

    Parameters
    ----------
    store : Path
    make : callable
        Returns a record.
    calls : iterable of tuple
        Its arguments, for each record.
    """
    made = Parallel(n_jobs=-1, return_as="generator_unordered")(delayed(make)(*c) for c in calls)
    for record in made:
        append(store, record)
        yield record


def run_or_table(
    description: str,
    run: Callable[[Path, int], None],
    table: Callable[[Path], None],
    store: Path,
) -> None:
    """Do what the command line says: searches of some seeds, or the table of what is stored.

    Parameters
    ----------
    description : str
        Docstring of the benchmark.
    run : callable
        Is given the store and a number of seeds.
    table : callable
        Is given the store.
    store : Path
        The one by default.
    """
    parser = argparse.ArgumentParser(description=description.splitlines()[0])
    parser.add_argument("action", choices=["run", "table"])
    parser.add_argument("--seeds", type=int, default=5)
    parser.add_argument("--store", type=Path, default=store)
    arguments = parser.parse_args()
    if arguments.action == "run":
        run(arguments.store, arguments.seeds)
    else:
        table(arguments.store)
