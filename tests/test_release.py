"""The version stands in three files, and they agree."""

import re
from pathlib import Path

import skbayes

ROOT = Path(__file__).parent.parent
CHANGELOG = (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
CITATION = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
VERSION = skbayes.__version__.removesuffix(".dev0")


def test_the_newest_version_of_the_changelog_is_that_of_the_package():
    versions = re.findall(r"^## \[(\d.*?)\]", CHANGELOG, re.MULTILINE)
    assert versions[0] == VERSION


def test_the_version_to_cite_is_that_of_the_package():
    assert re.findall(r"^version: (.*)$", CITATION, re.MULTILINE) == [VERSION]


def test_every_heading_of_the_changelog_has_a_link():
    headings = re.findall(r"^## (.*)$", CHANGELOG, re.MULTILINE)
    links = re.findall(r"^\[(.+?)\]: https://\S+$", CHANGELOG, re.MULTILINE)
    assert [re.match(r"\[(.+?)\]", heading)[1] for heading in headings] == links
