"""The documentation's links: every relative one leads to a file, every anchor to a heading, every page has a link."""

import re
from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parents[2]
DOCS = PROJECT / "docs"
PAGES = sorted([*PROJECT.glob("*.md"), *DOCS.rglob("*.md")])
LINK = re.compile(r"(?<!`)\[[^\]]*\]\(([^)\s]+)\)")
SOURCE_FILE = re.compile(r"`((?:src|tests|workflow|benchmarks|presets|docs)/[\w/.-]+\.\w+)`")


def links_of(page: Path) -> list[str]:
    """The targets of a page's links that are no addresses of the web. Code blocks have none."""
    text = re.sub(r"^```.*?^```", "", page.read_text(encoding="utf-8"), flags=re.M | re.S)
    return [target for target in LINK.findall(text) if not re.match(r"[a-z]+:", target)]


def anchors_of(page: Path) -> set[str]:
    """The anchors that GitHub gives a page's headings."""
    headings = re.findall(r"^#+ (.*)$", page.read_text(encoding="utf-8"), re.M)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.relative_to(PROJECT).as_posix())
def test_links_resolve(page: Path) -> None:
    broken = []
    for link in links_of(page):
        name, _, anchor = link.partition("#")
        target = page.parent / name if name else page
        if not target.exists() or (anchor and anchor not in anchors_of(target)):
            broken.append(link)
    assert broken == []


def test_the_index_links_every_page() -> None:
    linked = {(DOCS / link.partition("#")[0]).resolve() for link in links_of(DOCS / "README.md")}
    decisions = {
        (DOCS / "decisions" / link.partition("#")[0]).resolve() for link in links_of(DOCS / "decisions" / "README.md")
    }
    pages = {page.resolve() for page in DOCS.rglob("*.md")} - {(DOCS / "README.md").resolve()}
    assert pages - linked - decisions == set()


@pytest.mark.parametrize("name", ["howto", "explanation"])
def test_files_named_in_pages_exist(name: str) -> None:
    missing = {
        f"{page.name}: {path}"
        for page in (DOCS / name).glob("*.md")
        for path in SOURCE_FILE.findall(page.read_text(encoding="utf-8"))
        if not (PROJECT / path).exists()
    }
    assert missing == set()


def test_links_are_found() -> None:
    """Were no link found, the tests above would pass."""
    assert "howto/extend.md" in links_of(DOCS / "README.md")
    assert "a-benchmark" in anchors_of(DOCS / "howto" / "extend.md")
