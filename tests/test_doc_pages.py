"""The Python of the documentation runs as it is written, and prints what it says."""

import re

import pytest

from tests.pages import DOC, blocks_of, run_page

PAGES = [page for folder in ("guide", "extend") for page in sorted((DOC / folder).glob("*.md"))]
PAGES.append(DOC / "migration/grid_search.md")  # the others need the libraries they are about


@pytest.mark.slow
@pytest.mark.parametrize("page", filter(blocks_of, PAGES), ids=lambda page: page.stem)
def test_a_page_runs_from_top_to_bottom(page, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    run_page(page, capsys)


def test_every_page_can_be_reached():
    listed = {
        (page.parent / f"{entry}.md").resolve()
        for page in DOC.rglob("*.md")
        for toctree in re.findall(r"```\{toctree\}\n(.*?)```", page.read_text("utf-8"), re.DOTALL)
        for entry in re.findall(r"^(?:.*<)?([\w./]+)>?$", toctree, re.MULTILINE)
    }
    is_ours = [p for p in DOC.rglob("*.md") if "_build" not in p.parts]
    assert set(is_ours) - listed == {DOC / "index.md"}
