"""The page of a list in a browser: nothing in it runs but its own script, which does what it says."""

from itertools import pairwise
from urllib.parse import quote_plus

import pytest

from gosales_checks.contracts.explanations import MODEL_CARD
from gosales_checks.contracts.movement import LIST_MOVEMENT
from gosales_resources.markdown import escape, visible
from tests.worlds.browser import PROGRAM, Page, browser
from tests.worlds.list_page import ATTACKS, page_of, rows_of, tables_of
from tests.worlds.lists import BASE_RATE, HOSTILE, list_of

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(PROGRAM is None, reason="no Chromium here"),
]
TEXTS = [text for text in [*ATTACKS, *HOSTILE] if text.strip()]
SERVICES = {"division": "services", "division_name": "Services"}
USUAL = list_of(
    {"customer_name": "Öl & Söhne", "p_icp": 0.3, "ev": 100.0, "nba_reason": "bought CAD"},
    SERVICES | {"customer_name": "Acme", "rep": "Ben", "p_icp": 0.5, "ev": 900.0, "grade": "B"},
    SERVICES | {"customer_name": "Zeta", "p_icp": 0.2, "ev": None},
    BASE_RATE,
)


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    with browser(tmp_path_factory.mktemp("browser")) as page:
        yield page


@pytest.fixture
def opened(page: Page, tmp_path):
    def opened(text: str, fragment: str = "") -> Page:
        file = tmp_path / "list.html"
        file.write_text(text, encoding="utf-8")
        page.call("Emulation.setEmulatedMedia", media="")
        page.as_wide_as(1280)
        page.open(file, fragment)
        return page

    return opened


def names(page: Page) -> list[str]:
    return page.shown("#rows .c-customer_name b")


def test_text_from_data_runs_nothing_asks_for_nothing_and_is_shown_as_it_is(opened):
    rows = [{"customer_name": t, "rep": t, "division_name": t, "nba_reason": t} for t in TEXTS]
    told = [
        {"customer_id": f"{at:04d}", "division": "scanning", "selection": "stayed", "moved": text}
        for at, text in enumerate(TEXTS, start=1)
    ]
    cards = [
        {"division": "scanning", "headline": escape(text), "card": f"# a\n\n## b\n\n{escape(text)}"}
        for text in ATTACKS[:1]
    ]
    beside = {
        LIST_MOVEMENT: rows_of(LIST_MOVEMENT, *told),
        MODEL_CARD: rows_of(MODEL_CARD, *cards),
    }
    page = opened(page_of(tables_of(list_of(*rows), beside)))
    shown = page.value(
        "[...document.querySelectorAll('#rows .c-customer_name b')].map(e => e.textContent)"
    )
    assert shown == [visible(text) for text in TEXTS]
    # Choosing and finding them runs nothing either.
    for text in TEXTS:
        page.type("words", visible(text))
        assert " ".join(visible(text).split()) in names(page)
    assert page.value("window.ran") is None
    assert page.dialogs == []
    assert [url for url in page.requests if not url.startswith("data:")] == [
        page.value("location.href")
    ]


def test_the_browser_refuses_what_the_policy_does_not_name(opened):
    page = opened(page_of(tables_of(USUAL)))
    page.value("""(() => {
        const script = document.createElement('script');
        script.textContent = 'window.ran = 1';
        document.body.append(script);
        const image = new Image();
        image.src = 'http://127.0.0.1:9/x.png';
        document.body.append(image);
        document.body.setAttribute('onclick', 'window.ran = 2');
        document.body.click();
    })()""")
    assert page.value("window.ran") is None
    asked = [url for url in page.requests if url.startswith("http")]
    while page.refused != asked:
        page.value("0")
    assert asked == ["http://127.0.0.1:9/x.png"]


def test_rows_are_filtered_by_rep_division_grade_and_words(opened):
    page = opened(page_of(tables_of(USUAL)))
    assert names(page) == ["Öl & Söhne", "Acme", "Zeta"]
    page.choose("by-rep", "Ann")
    assert names(page) == ["Öl & Söhne", "Zeta"]
    assert page.shown("#count") == ["2 of 3 rows (Rep: Ann)"]
    page.choose("by-division_name", "Services")
    assert names(page) == ["Zeta"]
    page.value("document.getElementById('clear').click()")
    page.choose("by-grade", "B")
    assert names(page) == ["Acme"]
    page.value("document.getElementById('clear').click()")
    # Whatever the case and the accents.
    page.type("words", "OL cad")
    assert names(page) == ["Öl & Söhne"]
    page.type("words", "nowhere")
    assert page.shown("#count") == ["0 of 3 rows (with the words: nowhere)"]


def test_rows_are_put_in_order_and_what_is_not_known_comes_last(opened):
    page = opened(page_of(tables_of(USUAL)))
    page.choose("order", "Expected value (EUR), largest")
    assert names(page) == ["Acme", "Öl & Söhne", "Zeta"]
    page.choose("order", "Expected value (EUR), smallest")
    assert names(page) == ["Öl & Söhne", "Acme", "Zeta"]
    page.value("document.querySelector('th.c-p_icp button').click()")
    assert names(page) == ["Acme", "Öl & Söhne", "Zeta"]
    head = "document.querySelector('th.c-p_icp').getAttribute('aria-sort')"
    assert page.value(head) == "descending"
    page.value("document.querySelector('th.c-p_icp button').click()")
    assert names(page) == ["Zeta", "Öl & Söhne", "Acme"]


def test_on_paper_a_reps_rows_have_a_heading_and_stand_alone(opened):
    page = opened(page_of(tables_of(USUAL)), f"rep={quote_plus('Ann')}")
    assert page.shown("#by-rep") != []
    page.as_printed()
    assert page.shown("h1") == ["Whom to call about what, as of 2024-06-30"]
    assert page.shown("#count") == ["2 of 3 rows (Rep: Ann)"]
    assert names(page) == ["Öl & Söhne", "Zeta"]
    for hidden in ("nav", "#controls", "#models", "#brought", "#data", "footer details"):
        assert page.shown(hidden) == [], hidden
    assert page.pdf().startswith(b"%PDF")


def test_on_paper_all_rows_that_match_are_there_though_the_screen_waits_for_a_click(opened):
    rows = [{"customer_name": f"Name {at}"} for at in range(450)]
    page = opened(page_of(tables_of(list_of(*rows))))
    assert (len(names(page)), page.shown("#more")) == (200, ["Show all 450 rows"])
    page.as_printed()
    assert len(names(page)) == 450
    page.call("Emulation.setEmulatedMedia", media="")
    page.value("document.getElementById('more').click()")
    assert (len(names(page)), page.shown("#more")) == (450, [])


@pytest.mark.parametrize("width", [390, 1280])
def test_the_page_is_as_wide_as_the_window_and_its_controls_have_names(opened, width):
    page = opened(page_of(tables_of(USUAL)))
    page.as_wide_as(width)
    assert page.value("document.documentElement.scrollWidth") <= width
    nameless = (
        "[...document.querySelectorAll('select, input, button')].filter(e => e.checkVisibility() "
        "&& !(e.labels && e.labels.length) && !e.textContent.trim()).length"
    )
    assert page.value(nameless) == 0
    levels = page.value("[...document.querySelectorAll('h1,h2,h3,h4')].map(e => +e.tagName[1])")
    assert levels[0] == 1
    assert all(after - before <= 1 for before, after in pairwise(levels))
    assert page.value("document.documentElement.lang") == "en"


def test_without_a_script_the_whole_list_is_there(opened):
    page = opened(page_of(tables_of(USUAL)))
    page.call("Emulation.setScriptExecutionDisabled", value=True)
    page.reload()
    try:
        document = page.call("DOM.getDocument", depth=-1)
        found = page.call(
            "DOM.querySelectorAll", nodeId=document["root"]["nodeId"], selector="#rows tr"
        )
        hidden = page.call(
            "DOM.querySelector", nodeId=document["root"]["nodeId"], selector="#controls[hidden]"
        )
        assert len(found["nodeIds"]) == 3
        assert hidden["nodeId"]
    finally:
        page.call("Emulation.setScriptExecutionDisabled", value=False)
