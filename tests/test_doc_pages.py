"""The Python of the user guide runs as it is written, and prints what it says."""

import re
from pathlib import Path

import pytest

import skbayes

DOC = Path(skbayes.__file__).parents[1] / "doc"


@pytest.mark.slow
@pytest.mark.parametrize(
    "page",
    ["after_the_search.md", "halving.md", "long_searches.md", "racing.md", "while_it_runs.md"],
)
def test_a_page_runs_from_top_to_bottom(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    blocks = re.findall(r"```python\n(.*?)```", (DOC / page).read_text(encoding="utf-8"), re.DOTALL)
    assert blocks
    names = {}
    for block in blocks:
        exec(compile(block, page, "exec"), names)
    printed = capsys.readouterr().out
    for line in re.findall(r"print\(.*?  # (.*)", "".join(blocks)):
        assert line.partition(" ...")[0] in printed
