"""Links of the pages outside the site, by pattern: whether they answer is not looked at here."""

import re
from pathlib import Path

import pytest

import skbayes

ROOT = Path(skbayes.__file__).parents[1]
SITE = "https://skbayes.github.io/skbayes/"
FILES = "https://github.com/skbayes/skbayes/blob/main/"
RAW = "https://raw.githubusercontent.com/skbayes/skbayes/main/"
ELSEWHERE = re.compile(
    r"https://(arxiv\.org/abs/\d{4}\.\d{5}|github\.com/skbayes/skbayes\S*|[\w.-]+\.org/[\w./-]*"
    r"|keepachangelog\.com/en/1\.1\.0/)"
)
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", ROOT / "CHANGELOG.md"]
PAGES += [page for page in sorted((ROOT / "doc").rglob("*.md")) if "_build" not in page.parts]


def exists_on_the_site(path):
    source = ROOT / "doc" / path.removesuffix(".html")
    is_made = path in ("auto_examples/index.html", "") or path.startswith("api/generated/")
    return is_made or any(source.with_suffix(end).exists() for end in (".md", ".rst"))


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_links_are_of_known_kinds_and_ours_lead_somewhere(page):
    for link in re.findall(
        r"(?<=\()https?://[^\s)]+|(?<=<)https?://[^\s>]+", page.read_text("utf-8")
    ):
        address = link.partition("#")[0]
        if address.startswith(SITE):
            assert exists_on_the_site(address.removeprefix(SITE)), link
        elif address.startswith((FILES, RAW)):
            assert (ROOT / address.removeprefix(FILES).removeprefix(RAW)).exists(), link
        else:
            assert ELSEWHERE.fullmatch(link), link
