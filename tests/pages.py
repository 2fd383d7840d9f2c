"""Runs the Python of a page of the documentation, and compares what it prints."""

import re
from pathlib import Path

import skbayes

DOC = Path(skbayes.__file__).parents[1] / "doc"


def blocks_of(page):
    return re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL)


def run_page(page, capsys):
    """Run a page from top to bottom; the comments beside its prints must come in this order."""
    code = "".join(blocks_of(page))
    exec(compile(code, str(page), "exec"), {"__name__": "__main__"})
    unread = capsys.readouterr().out
    for line in re.findall(r"print\(.*?  # (.*)", code):
        _, expected, unread = unread.partition(line.partition(" ...")[0])
        assert expected, line
