"""The page in a real browser: it opens, filters, searches, compares and prints. Skipped without Chromium, or without
playwright: `.venv/bin/pip install -e '.[browser]'`."""

import os
import re
from pathlib import Path

import pytest
from made_run import MadeRun

from specialize.report.__main__ import main

CHROMIUM = Path(os.environ.get("CHROMIUM", "/usr/bin/chromium"))
AXE = os.environ.get("AXE")
"""Path of axe.min.js, of npm's axe-core."""
playwright = pytest.importorskip("playwright.sync_api", reason="pip install -e '.[browser]'")
pytestmark = pytest.mark.skipif(not CHROMIUM.exists(), reason=f"no {CHROMIUM}")
OFFLINE = (
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync",
)  # fmt: skip


@pytest.fixture(scope="module")
def page_file(tmp_path_factory):
    folder = tmp_path_factory.mktemp("run")
    students = {"base": 247_577_856, "xl": 2_849_757_184}
    assert main(MadeRun(folder, students=students, steps=(0, 10, 3000, 4000)).arguments()) == 0
    return folder / "report" / "index.html"


@pytest.fixture(scope="module")
def browser():
    with playwright.sync_playwright() as engine:
        browser = engine.chromium.launch(executable_path=str(CHROMIUM), args=list(OFFLINE))
        yield browser
        browser.close()


@pytest.fixture
def page(browser, page_file):
    """The opened page; a script's error, or a request for anything else, fails the test."""
    page = browser.new_page(viewport={"width": 1300, "height": 900})
    wrong: list[str] = []
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    page.on(
        "request", lambda request: wrong.append(request.url) if not request.url.startswith(("file:", "data:")) else None
    )
    page.goto(page_file.as_uri())
    yield page
    assert page.evaluate("window.owned") is None, "an answer's text ran as a script"
    assert wrong == []
    page.close()


def browse(page):
    """Scroll to the examples; wait for the first list."""
    page.locator("#examples").scroll_into_view_if_needed()
    says(page, "#found", r"problems\.")


def says(page, where: str, pattern: str) -> None:
    """Wait until the first element has this text. (The page's policy forbids functions that wait inside it.)"""
    playwright.expect(page.locator(where).first).to_have_text(re.compile(pattern))


def counted(page) -> int:
    return int(re.match(r"\d+", page.locator("#found").inner_text())[0])


def chosen(page, name: str, value: str) -> int:
    """Choose in a list; return how many problems are found then."""
    before = page.locator("#found").inner_text()
    page.locator(f"#{name}").select_option(value)
    playwright.expect(page.locator("#found")).not_to_have_text(before)
    return counted(page)


def test_the_first_screen_has_numbers_a_figure_and_a_real_problem(page):
    tiles = page.locator(".tile:visible")
    assert tiles.count() == 3 and "gsm8k" in tiles.nth(0).inner_text()
    for part in (tiles.nth(0), page.locator("figure.arm:visible svg"), page.locator("#example")):
        assert part.bounding_box()["y"] < 500
    first = page.locator("#example .question").inner_text()
    page.get_by_role("button", name="Another").click()
    playwright.expect(page.locator("#example .question")).not_to_have_text(first)
    page.get_by_label("Student", exact=True).select_option("0")
    says(page, "#example .who", "^base")
    assert "base" in page.locator("#headline h2:visible").first.inner_text()


@pytest.mark.parametrize("width", [1300, 1100, 768, 390])
def test_nothing_is_cut_at_any_width(page, width):
    page.set_viewport_size({"width": width, "height": 900})
    assert page.evaluate("document.documentElement.scrollWidth") <= width
    table = page.locator("table.main").first
    assert table.evaluate("table => table.scrollWidth <= table.parentElement.clientWidth")
    assert table.evaluate("table => table.getBoundingClientRect().right") <= width


def test_examples_are_filtered_searched_and_compared(page):
    browse(page)
    fixed = counted(page)
    assert fixed and page.locator("#list .item").count() == min(fixed, 20)
    assert page.locator("#list .answer.wrong").count() == page.locator("#list .answer.right").count()
    wrong = chosen(page, "filter", "both wrong")
    everything = chosen(page, "filter", "")
    assert everything == 200 > wrong > fixed
    page.get_by_label("Search").fill("gsm8k/test/19")
    says(page, "#found", "^11 of 200")
    page.get_by_label("Search").fill("")
    says(page, "#found", "^200 of 200")
    page.get_by_role("button", name="Show more").click()
    assert page.locator("#list .item").count() == 40
    chosen(page, "student-a", "base")
    who = page.locator("#list .item").first.locator(".who")
    assert who.nth(0).inner_text().startswith("base, step 0") and who.nth(1).inner_text().startswith("xl, step 3000")
    page.locator("#dataset").select_option("bbh")
    says(page, "#list .id", "^bbh/")


def test_the_keyboard_is_enough(page):
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") == "arm"
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    assert page.evaluate("document.activeElement.id") == "another"


def test_it_says_so_where_the_browser_is_too_old(browser, page_file):
    context = browser.new_context()
    context.add_init_script("delete window.DecompressionStream")
    page = context.new_page()
    page.goto(page_file.as_uri())
    assert page.locator("#examples-off").is_visible() and not page.locator("#browser").is_visible()
    assert page.locator("#example .question").is_visible()
    context.close()


def test_print_has_a_summary_of_one_page_and_opens_the_details(page, tmp_path):
    page.pdf(path=tmp_path / "page.pdf", format="A4", prefer_css_page_size=True)
    assert (tmp_path / "page.pdf").read_bytes().startswith(b"%PDF")
    page.emulate_media(media="print")
    page.evaluate("dispatchEvent(new Event('beforeprint'))")
    assert page.locator("details:not([open])").count() == 0
    assert not page.locator("#browser").is_visible()
    assert page.locator("#table").evaluate("each => getComputedStyle(each).breakAfter") == "page"


@pytest.mark.skipif(not AXE, reason="AXE=/path/of/axe.min.js (npm install axe-core)")
@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_axe_finds_nothing(browser, page_file, scheme):
    context = browser.new_context(bypass_csp=True, color_scheme=scheme)
    page = context.new_page()
    page.goto(page_file.as_uri())
    browse(page)
    page.evaluate("document.querySelectorAll('details').forEach(each => { each.open = true })")
    page.add_script_tag(path=AXE)
    assert page.evaluate("axe.run().then(found => found.violations.map(each => each.id))") == []
    context.close()
