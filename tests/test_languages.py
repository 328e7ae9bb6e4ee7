"""What the pages say stands in one table, in each language."""

import ast
import json
import re
from html.parser import HTMLParser
from pathlib import Path

import pytest

import autograd_engine as ag
from autograd_engine.exercises.sheets import judged
from autograd_engine.real import REASONS
from autograd_engine.views.explore.page import LANGUAGES, spoken

PACKAGE = Path(ag.__file__).parent
VIEWS = PACKAGE / "views"
SCRIPTS = sorted({*PACKAGE.rglob("*.js")} - {VIEWS / "explore/python.js"})  # which is the engine
PAGES = sorted({*PACKAGE.rglob("*.html")})
ASKING = sorted((PACKAGE / "exercises").glob("*.py"))  # sentences that Python puts on a page
WORDS = json.loads((VIEWS / "words.json").read_text(encoding="utf-8"))
# What has two words and is not said: selectors, classes, units of SVG.
UNSAID = re.compile(
    r"use strict|(?s:(import|from|### BEGIN) .*)|Python 3|input, select, textarea|\(max-width.*|.*\[(role|type|tabindex).*|translate\(.*"
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


def asked(path):
    """Yield the strings of a module, but docstrings and errors: whether each is said, and itself."""
    tree = ast.parse(path.read_text(encoding="utf-8"))
    passed, said = set(), set()
    for node in ast.walk(tree):
        body = getattr(node, "body", None)
        named = isinstance(node, ast.Call) and getattr(node.func, "id", "") == "said"
        if isinstance(node, (ast.Raise, ast.Assert)):
            passed |= set(ast.walk(node))
        elif isinstance(body, list):
            passed |= {each.value for each in body if isinstance(each, ast.Expr)}
        elif named:
            said.add(node.args[0])
    for node in set(ast.walk(tree)) - passed:
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            yield node in said, node.value


def said():
    """Return everything that a page may say."""
    found = {*REASONS.values()}
    found |= {text for path in ASKING for is_said, text in asked(path) if is_said}
    for script in SCRIPTS:
        found |= {text for is_said, text in texts(script.read_text(encoding="utf-8")) if is_said}
    return found


class Page(HTMLParser):
    def __init__(self, page):
        super().__init__()
        self.found = set()
        text = page.read_text(encoding="utf-8")
        before, page, behind = text.partition('<div id="page" hidden>')
        text = (behind if page else before).rpartition("</style>")[2]
        names = r"(?m)^\s*[a-z]+/\w+\.(css|js).*$|<title>autograd_engine.*|>autograd_engine<"
        self.feed(re.sub(rf"{names}|(?s:<script.*)|(?s:<p id=.still.*?</p>)", "", text))

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
    for path in ASKING:
        for is_said, text in asked(path):
            words = re.sub(r"\{\d?\}", "", text)
            if not is_said and re.search(r"[A-Za-z]{3,} [A-Za-z]{2,}|^[A-Z][a-z]+[ .?]", words):
                loose += [] if UNSAID.fullmatch(text) else [f"{path.name}: {text}"]
    assert loose == []


def test_a_language_is_chosen_or_left_to_the_browser():
    a = ag.Value(2.0, "a")
    assert spoken("en", "")["words"] == {} and spoken(None, "")["lang"] is None
    assert ("en", *WORDS) == LANGUAGES
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


CHINESE = {
    "gradients": ("梯度，第 3 份", "∂L/∂a 是多少？", "正负号反了。"),
    "values": ("前向传播，第 3 份", "的结果 v1 是多少？", "正负号反了。"),
    "edge": ("错误的偏导数，第 3 份", "有一个是错的", "是对的。"),
    "factor": ("缺少的因子，第 3 份", "是多少？", "这是另一个因子。"),
    "step": ("梯度下降一步，第 3 份", "以学习率 0.1 更新一步之后是多少？", "那是上坡方向"),
}


def graph():
    a, b = ag.Value(2.0, "a"), ag.Value(-3.0, "b")
    output = a * b + a
    output.label = "L"
    return output


@pytest.mark.parametrize("ask", CHINESE)
def test_a_handout_and_a_notebook_speak_the_language_that_is_asked_for(ask):
    title, question, mistake = CHINESE[ask]
    sheet = ag.exercise(graph(), ask, seed=3, lang="zh")
    assert sheet.title == title and any(question in q.text for q in sheet.questions)
    for text in (sheet.markdown, sheet.notebook):
        assert title in text and ("请保留三位" in text) is (ask != "edge")
    assert judged("12345", sheet.questions[0].key) == "还不对。"
    assert f"# 答案：{title}" in sheet.markdown and mistake in sheet.markdown
    assert not re.search("[A-Za-z]{3,} [A-Za-z]{2,}", re.sub(r"!\[.*\)|<.*?>", "", sheet.markdown))
    assert ag.exercise(graph(), ask, seed=3).markdown == ag.exercise(graph(), ask, seed=3, lang="en").markdown  # fmt: skip
    with pytest.raises(ValueError, match="lang must be 'en' or 'zh'"):
        ag.exercise(graph(), ask, lang="xx")


@pytest.mark.parametrize("ask", CHINESE)
@pytest.mark.parametrize(("locale", "lang", "chinese"), [("zh-CN", None, True), ("de", None, False), ("en", "zh", True), ("zh-CN", "en", False)])  # fmt: skip
def test_an_exercise_speaks_the_language_of_its_browser(
    browser, tmp_path, ask, locale, lang, chinese
):
    sheet = ag.exercise(graph(), ask, seed=3, lang=lang)
    sheet.save(tmp_path / "sheet.html")
    page = browser.new_context(locale=locale).new_page()
    page.goto((tmp_path / "sheet.html").as_uri())
    wrong, words = sheet.questions[0].mistakes[0]
    if ask == "edge":
        page.select_option("#answer1", str(wrong))
    else:
        page.fill("#answer1", f"{wrong!r}")
    page.locator("button").first.click()
    title, *_ = CHINESE[ask]
    assert (page.text_content("h1") == title == page.title()) is chinese
    shown = page.inner_text("main")
    assert bool(re.search("[A-Za-z]{3,} [A-Za-z]{2,}", shown)) is not chinese
    assert (page.text_content(".wrong") == words) is (lang is not None or not chinese)
    assert page.get_attribute("img", "alt") == ("计算图" if chinese else "The graph")
    assert page.evaluate("document.documentElement.lang").startswith("zh" if chinese else "en")
