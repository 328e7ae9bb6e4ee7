"""What the pages say stands in one table, in each language."""

import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

import autograd_engine as ag
from autograd_engine.real import REASONS
from autograd_engine.views.explore.page import spoken

VIEWS = Path(ag.__file__).parent / "views"
SCRIPTS = sorted({*VIEWS.rglob("*.js")} - {VIEWS / "explore/python.js"})  # which is the engine
PAGES = [VIEWS / name for name in ("explore/frame.html", "explore/page.html", "replay/replay.html")]
WORDS = json.loads((VIEWS / "words.json").read_text(encoding="utf-8"))
# What has two words and is not said: selectors, classes, units of SVG.
UNSAID = re.compile(
    r"use strict|input, select, textarea|\(max-width.*|.*\[(role|type|tabindex).*|translate\(.*"
    r"|(arrow|box|card|curve|dot|equation|link|network|node|run-\{0\}|shape|tick|verdict) .*"
)


def texts(script):
    """Yield the strings of a script: whether each is said, and what it holds, ${...} as {0}."""
    script = re.sub(r"(?m)(^|\s)//.*$", "", script)
    for said, string, template in re.findall(
        r'(say)?(?:"((?:[^"\\\n]|\\.)*)"|`((?:[^`\\$]|\\.|\$(?!\{)|\$\{(?:[^`{}]|`[^`]*`|\{[^}]*\})*\})*)`)',
        script,
    ):
        numbers = iter(range(99))
        hole = r"\$\{(?:[^`{}]|`[^`]*`|\{[^}]*\})*\}"
        yield bool(said), re.sub(hole, lambda _, n=numbers: f"{{{next(n)}}}", string or template)
        for inner in re.findall(hole, template):
            yield from texts(inner[2:-1])


def said():
    """Return everything that a page may say."""
    found = set(REASONS.values())
    for script in SCRIPTS:
        found |= {text for is_said, text in texts(script.read_text(encoding="utf-8")) if is_said}
    return found


class Page(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.found = set()
        text = page.read_text(encoding="utf-8").partition('<div id="page" hidden>')
        self.feed(re.sub(r"(?m)^\s*[a-z]+/\w+\.(css|js).*$|(?s:<script.*)", "", text[2] or text[0]))

    def handle_starttag(self, tag, attrs):
        self.found |= {text for name, text in attrs if name in ("aria-label", "title") and text}

    def handle_data(self, data):
        self.found.add(data.strip())


def shown():
    found = set().union(*(Page(page).found for page in PAGES))
    return {text for text in found if re.search("[A-Za-z]{2}", text)}


@pytest.mark.parametrize("lang", WORDS)
def test_the_table_has_what_the_pages_say_and_nothing_else(lang):
    assert set(WORDS[lang]) == said() | shown()


@pytest.mark.parametrize("lang", WORDS)
def test_what_is_put_into_a_sentence_stands_in_each_language(lang):
    for english, words in WORDS[lang].items():
        holes = re.findall(r"\{\d\}", english)
        assert sorted(re.findall(r"\{\d\}", words)) == sorted(holes), english


def test_no_sentence_stands_outside_of_the_table():
    loose = []
    for script in SCRIPTS:
        for is_said, text in texts(script.read_text(encoding="utf-8")):
            words = re.sub(r"\{\d\}", "", text)
            if not is_said and re.search(r"[A-Za-z]{3,} [A-Za-z]{2,}|^[A-Z][a-z]+ ", words):
                loose += [] if UNSAID.fullmatch(text) else [f"{script.name}: {text}"]
    assert loose == []


def test_a_language_is_chosen_or_left_to_the_browser():
    a = ag.Value(2.0, "a")
    assert spoken("en", "")["words"] == {} and spoken(None, "")["lang"] is None
    assert '"lang":"zh"' in ag.explore(a * a, lang="zh").html
    with pytest.raises(ValueError, match="lang must be 'en' or 'zh', or None .* not 'xx'"):
        ag.explore(a * a, lang="xx")


@pytest.mark.parametrize(("locale", "lang", "spoken"), [("zh-CN", None, "预测"), ("de", None, "Predict"), ("en", "zh", "预测"), ("zh-CN", "en", "Predict")])  # fmt: skip
def test_a_page_speaks_the_language_of_its_browser(browser, tmp_path, locale, lang, spoken):
    a = ag.Value(2.0, "a")
    ag.explore(a * a, tmp_path / "page.html", lang=lang)
    page = browser.new_context(locale=locale).new_page()
    page.goto((tmp_path / "page.html").as_uri())
    assert page.text_content("#quiz") == spoken
    assert page.input_value("input[aria-label='a']") == "2"  # numbers and names are untouched
    page.click("#quiz")
    page.fill("#guess", "-4")
    page.keyboard.press("Enter")
    verdict = page.text_content(".verdict")
    assert verdict == ("还不对。注意正负号。" if spoken == "预测" else "Not yet. Look at the sign.")
