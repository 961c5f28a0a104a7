"""The page on phones, zoomed, with an on-screen keyboard, from right to left, and for those whom motion makes sick."""

import pytest
from playwright.sync_api import expect

from support.accessibility import faults
from support.page import Chat, ScriptedServer
from support.page_states import PHONE, STATES, WIDE, asking, failed, offline, sidebar, streaming, versions

# What stands out of the window to a side, and not in a part of its own that scrolls.
OUTSIDE = """() => [...document.querySelectorAll("body *")].filter((element) => {
    const { left, right, width } = element.getBoundingClientRect();
    if (!width || !element.checkVisibility({ visibilityProperty: true }) || (left >= -1 && right <= innerWidth + 1)) return false;
    for (let each = element.parentElement; each; each = each.parentElement) {
        if (getComputedStyle(each).overflowX !== "visible" && each.matches("pre, .wide, .name, h1, #model, .unseen, h2")) return false;
    }
    return !element.matches(".unseen, .user h2");
}).map((element) => element.outerHTML.slice(0, 120))"""
# Parts that may only scroll down.
SIDEWAYS = """() => [...document.querySelectorAll("html, body, main, header, nav, dialog, .dock, #transcript")]
    .filter((element) => element.scrollWidth > element.clientWidth + 1 && element.clientWidth).map((element) => element.localName)"""


def fits(page):
    return page.evaluate(OUTSIDE) == [] and page.evaluate(SIDEWAYS) == []


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_nothing_stands_out_to_the_side(chat, page, state):
    page.emulate_media(reduced_motion="reduce")
    scripted = ScriptedServer(page)
    state(chat.open(), scripted)
    # A small phone or 400 % on a desktop, a phone, 200 % of 1280 pixels.
    for width, height in [(320, 568), (390, 844), (640, 400)]:
        page.set_viewport_size({"width": width, "height": height})
        assert page.evaluate(OUTSIDE) == [], width
        assert page.evaluate(SIDEWAYS) == [], width
        expect(page.locator("#composer")).to_be_in_viewport(ratio=0.99)
    # Text alone at twice its size.
    page.evaluate("() => { document.documentElement.style.fontSize = '200%' }")
    assert page.evaluate(OUTSIDE) == []
    assert page.evaluate(SIDEWAYS) == []
    expect(page.locator("#composer")).to_be_in_viewport(ratio=0.99)


def test_something_that_stands_out_is_found(chat, page):
    chat.open()
    page.evaluate("() => { document.querySelector('main').append(Object.assign(document.createElement('p'), { id: 'far' })) }")
    page.evaluate("() => { far.style.width = '3000px'; far.textContent = 'far' }")
    assert page.evaluate(OUTSIDE) and page.evaluate(SIDEWAYS)


def test_long_words_are_broken_and_wide_things_scroll_by_themselves(chat, page):
    page.set_viewport_size({"width": 320, "height": 568})
    scripted = ScriptedServer(page)
    chat.open()
    scripted.settings["title"] = "W" * 200
    scripted.ask(chat)
    scripted.start()
    word = "W" * 300
    scripted.say(f"{word}\n\n# {word}\n\n- {word}\n\n> {word}\n\n`{word}`\n\n[{word}](https://example.org/{word})\n\n"
                 f"```\n{word}\n```\n\n|{'h|' * 30}\n|{'-|' * 30}\n|{(word[:20] + '|') * 30}\n")
    scripted.end(status="failed", error={"code": "internal", "message": word, "retryable": False})
    chat.done()
    assert page.evaluate(OUTSIDE) == []
    assert page.evaluate(SIDEWAYS) == []
    assert page.evaluate("() => { const { scrollWidth, clientWidth } = document.querySelector('.wide'); return scrollWidth > clientWidth }")


def test_an_on_screen_keyboard_covers_neither_the_composer_nor_the_end(browser, server):
    context = browser.new_context(viewport=PHONE, has_touch=True, is_mobile=True, device_scale_factor=2)
    try:
        page = context.new_page()
        chat = Chat(page, server.url).open()
        # Not opened by itself: it would cover half of what one came to read.
        assert page.evaluate("document.activeElement === document.body")
        assert "interactive-widget=resizes-content" in page.locator("meta[name=viewport]").get_attribute("content")
        chat.input.tap()
        chat.say("hello")
        chat.done()
        page.get_by_role("button", name="Edit this message").tap()
        page.get_by_role("dialog").get_by_role("button", name="Send").tap()
        chat.done()
        # Nor does it open again after that.
        expect(page.locator("textarea:focus")).to_have_count(0)
        # The browser then makes the window as small as what the keyboard leaves.
        page.set_viewport_size({"width": 390, "height": 380})
        expect(page.locator("#composer")).to_be_in_viewport(ratio=0.99)
        expect(chat.text.locator("p").last).to_be_in_viewport()
        chat.input.fill("line\n" * 40)
        expect(page.locator("#composer")).to_be_in_viewport(ratio=0.99)
        expect(page.locator("#send")).to_be_in_viewport(ratio=0.99)
        assert fits(page) and chat.errors == []
        page.set_viewport_size(PHONE)
        page.emulate_media(reduced_motion="reduce")
        assert faults(page) == []
    finally:
        context.close()


@pytest.mark.parametrize("width", [320, 390])
def test_a_finger_finds_each_icon(browser, server, width):
    context = browser.new_context(viewport=WIDE, has_touch=True, is_mobile=True)
    try:
        page = context.new_page()
        scripted, chat = ScriptedServer(page), Chat(page, server.url)
        scripted.settings |= {"title": "How long it takes to walk around the lake", "model": "a-model-with-a-usual-name-2026"}
        nav = sidebar(chat.open(), scripted)
        page.set_viewport_size({"width": width, "height": 700})
        page.get_by_role("button", name="Chats").tap()
        small = """(icons) => icons.map((icon) => icon.getBoundingClientRect())
            .filter(({ width, height }) => width < 40 || height < 40).map(({ width, height }) => [width, height])"""
        assert nav.locator(".mini").evaluate_all(small) == []
        expect(nav.locator(".mini")).to_have_count(6)
        expect(page.locator("#bar .mini")).to_have_count(2)
        assert page.locator("#bar .mini").evaluate_all(small) == []
        assert fits(page) and chat.errors == []
    finally:
        context.close()


ANIMATIONS = "document.getAnimations().filter((each) => each.playState === 'running').length"


@pytest.mark.parametrize("state", [streaming, asking, failed, offline], ids=lambda state: state.__name__)
def test_nothing_moves_for_those_who_asked_for_that(chat, page, state):
    scripted = ScriptedServer(page)
    page.emulate_media(reduced_motion="reduce")
    state(chat.open(), scripted)
    assert page.evaluate(ANIMATIONS) == 0
    assert page.evaluate("[...document.querySelectorAll('*')].every((each) => getComputedStyle(each).scrollBehavior === 'auto')")
    if state is streaming:
        # It could: nothing is written for a while.
        scripted.event("block.done", turn="t1", index=1)
        expect(chat.reply.locator(".dots")).to_be_visible()
        page.emulate_media(reduced_motion="no-preference")
        assert page.evaluate(ANIMATIONS) > 0


# From right to left

ARABIC = """# عنوان الفصل

هذا نص عربي فيه كلمة English ورقم 42، و`code` أيضاً.

- البند الأول
- البند الثاني

> اقتباس قصير

| الاسم | القيمة |
|-------|-------:|
| ألف | 1 |

```python
print("سلام")
```

An English paragraph (in parentheses) stands to the left!
"""


def test_text_from_right_to_left_stands_right(chat, page):
    scripted = ScriptedServer(page)
    scripted.settings["title"] = "محادثة"
    chat.open()
    chat.input.fill("ما اسمك؟")
    assert chat.input.evaluate("element => getComputedStyle(element).direction") == "rtl"
    scripted.ask(chat)
    scripted.start()
    scripted.say(ARABIC + "\n\nשלום עולם")
    scripted.end()
    chat.done()
    sides = chat.reply.locator(".text").first.evaluate(
        """(text) => [...text.querySelectorAll("h3, p, td")].map((block) => {
            const range = document.createRange();
            range.selectNodeContents(block);
            const [words, box] = [range.getBoundingClientRect(), block.getBoundingClientRect()];
            const edge = parseFloat(getComputedStyle(block).paddingInlineStart) + 2;
            return [block.textContent.slice(0, 20), box.right - words.right <= edge, words.left - box.left <= edge];
        })"""
    )
    # A number belongs to neither side: it stands with its table.
    english = [words for words, right, left in sides if not right]
    assert english == ["An English paragraph"], sides
    for part in ("ul", "blockquote", "table"):
        assert chat.reply.locator(part).evaluate("element => getComputedStyle(element).direction") == "rtl", part
    assert chat.reply.locator("pre").evaluate("element => getComputedStyle(element).direction") == "ltr"
    # An item's mark stands on the side where its text begins.
    item = page.locator("li p, main li").first.evaluate(
        """(item) => {
            const range = document.createRange();
            range.selectNodeContents(item);
            return [range.getBoundingClientRect().right, item.closest("ul").getBoundingClientRect().right];
        }"""
    )
    assert 8 < item[1] - item[0] < 40, "the mark has its room at the right"
    assert fits(page)


def test_the_whole_page_from_right_to_left(chat, page):
    """For those who translate it: nothing is bound to a side."""
    page.emulate_media(reduced_motion="reduce")
    scripted = ScriptedServer(page)
    versions(chat.open(), scripted)
    page.evaluate("() => { document.documentElement.dir = 'rtl' }")
    page.set_viewport_size({"width": 1200, "height": 800})
    sides = page.evaluate("['nav', 'main'].map((name) => document.querySelector(name).getBoundingClientRect().left)")
    assert sides[0] > sides[1], "the sidebar stands at the right"
    assert faults(page) == [] and fits(page)
    page.set_viewport_size(PHONE)
    assert faults(page) == [] and fits(page)
