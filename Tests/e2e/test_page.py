"""The page in a real browser, against the built-in demo model: what everyone sees."""

import re

import pytest
from playwright.sync_api import expect

from support.page import WEB


def test_the_first_visit_says_who_answers_and_what_to_try(chat):
    chat.open()
    expect(chat.page.locator(".welcome")).to_contain_text("demo answers here")
    expect(chat.page.locator(".suggestion")).to_have_count(4)
    expect(chat.input).to_be_focused()
    assert re.search(r"#[A-Za-z0-9_-]+$", chat.page.url)


def test_its_policy_is_strict(chat):
    response = chat.page.goto(chat.url + "/")
    policy = response.header_value("content-security-policy")
    assert "default-src 'none'" in policy and "script-src 'self'" in policy and "unsafe" not in policy


def test_the_page_is_small():
    files = [WEB / "index.html", *WEB.glob("css/*"), *WEB.glob("js/*")]
    assert len(files) > 5
    assert sum(file.stat().st_size for file in files) < 60_000


def test_a_tool_call_is_a_card_with_its_input_and_its_result(chat):
    chat.open()
    chat.page.get_by_role("button", name="What is 6×7?").click()
    card = chat.page.get_by_role("region", name="Tool calculate")
    expect(card.locator(".tool-output")).to_have_text("42")
    expect(card.locator(".tool-input")).to_contain_text("expression")
    expect(card.locator(".tool-state")).to_contain_text("Done")
    chat.done()
    expect(chat.text).to_contain_text("42")
    expect(chat.reply.locator(".measures")).to_have_text(re.compile(r"\d+ tokens · first after .* · [\d.,]+ tokens/s"))
    # As it was streamed, so it is shown after a reload.
    streamed = chat.reply_text()
    chat.page.reload()
    expect(card.locator(".tool-output")).to_have_text("42")
    assert chat.reply_text() == streamed.replace(re.search(r"Done( in [\d.,]+ m?s)?", streamed)[0], "Done")


@pytest.mark.parametrize("way", ["button", "Escape"])
def test_stop_keeps_what_had_arrived(chat, way):
    chat.open()
    chat.say("Write something long")
    chat.wait_for_text(200)
    expect(chat.reply).to_have_attribute("aria-busy", "true")
    chat.stop.click() if way == "button" else chat.page.keyboard.press("Escape")
    expect(chat.reply.locator(".ending")).to_contain_text("Stopped.")
    chat.done()
    assert len(chat.reply_text()) > 150
    expect(chat.input).to_be_focused()


def test_an_error_stands_where_it_happened_and_retry_asks_again(chat):
    chat.open()
    chat.say("Break in the middle")
    ending = chat.reply.locator(".ending")
    expect(ending).to_be_visible()
    assert "quiet" not in ending.get_attribute("class")
    first = chat.reply.element_handle()
    ending.get_by_role("button", name="Retry").click()
    chat.page.wait_for_function("element => !element.isConnected", arg=first)
    expect(ending).to_be_visible()
    expect(chat.replies).to_have_count(1)
    expect(chat.page.locator("article.user")).to_have_count(1)


def test_the_end_is_followed_only_from_the_end(chat, page):
    page.set_viewport_size({"width": 800, "height": 400})
    chat.open()
    chat.say("Write something long")
    page.wait_for_function("() => document.querySelector('main').scrollTop > 100")
    page.locator("main").hover()
    page.mouse.wheel(0, -5000)
    latest = page.get_by_role("button", name="Jump to latest")
    expect(latest).to_be_visible()
    chat.wait_for_text(len(chat.reply_text()) + 200)
    assert page.evaluate("document.querySelector('main').scrollTop") < 60
    latest.click()
    expect(latest).to_be_hidden()
    chat.wait_for_text(len(chat.reply_text()) + 100)
    page.wait_for_function(
        "() => { const box = document.querySelector('main'); return box.scrollHeight - box.scrollTop - box.clientHeight < 40; }"
    )
    page.keyboard.press("Escape")
    chat.done()


def test_enter_sends_and_shift_enter_does_not(chat, page):
    chat.open()
    chat.input.press_sequentially("one")
    chat.input.press("Shift+Enter")
    chat.input.press_sequentially("two")
    expect(page.locator("article")).to_have_count(0)
    chat.input.press("Enter")
    expect(page.locator("article.user .text")).to_have_text("one\ntwo", use_inner_text=True)
    expect(chat.input).to_have_value("")
    chat.done()


def test_a_screen_reader_hears_whole_sentences(chat, page):
    chat.open()
    page.evaluate(
        """() => {
            window.heard = [];
            const region = document.querySelector("[aria-live=polite]");
            new MutationObserver((records) => {
                for (const record of records) for (const node of record.addedNodes) heard.push(node.textContent);
            }).observe(region, { childList: true });
        }"""
    )
    chat.say("hello.")
    chat.done()
    heard = page.evaluate("heard")
    assert heard[-1] == "The reply is complete."
    assert len(heard) < 12 and all(re.search(r"[.!?:…\"]$", words) for words in heard), heard


def test_every_control_has_a_name(chat, page):
    chat.open()
    chat.say("What is 6×7? Use the calculator.")
    chat.done()
    buttons = page.get_by_role("button").all()
    assert len(buttons) >= 4
    for button in buttons:
        name = button.get_attribute("aria-label") or button.inner_text()
        assert name.strip(), button.evaluate("element => element.outerHTML")


def test_it_fits_a_phone(chat, page):
    page.set_viewport_size({"width": 320, "height": 640})
    chat.open()
    chat.say("long".join(["W" * 300, "שלום עולם"]) + "\n\nשלום עולם")
    chat.wait_for_text(20)
    page.keyboard.press("Escape")
    chat.done()
    assert page.evaluate("document.querySelector('main').scrollWidth <= innerWidth")
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    # Below 16 px a phone zooms in on focus.
    assert page.evaluate("parseFloat(getComputedStyle(document.querySelector('#message')).fontSize) >= 16")
    # Each paragraph runs its own way: the last one stands at the right.
    assert page.locator("article.user .text p").evaluate(
        """(element) => {
            const range = document.createRange();
            range.selectNodeContents(element);
            range.setStart(element.firstChild, element.textContent.length - 9);
            return element.getBoundingClientRect().right - range.getBoundingClientRect().right;
        }"""
    ) < 2


def test_the_theme_is_remembered(chat, page):
    page.emulate_media(color_scheme="light")
    chat.open()
    light = page.evaluate("getComputedStyle(document.body).backgroundColor")
    page.get_by_role("button", name="Settings").click()
    page.get_by_label("Theme").select_option("dark")
    dark = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert light != dark
    page.reload()
    assert page.evaluate("getComputedStyle(document.body).backgroundColor") == dark


def test_colours_have_contrast(chat, page):
    """WCAG AA: 4.5 to 1, for each colour of text on each ground that it stands on."""
    chat.open()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        ratios = page.evaluate(
            """() => {
                const probe = document.body.appendChild(document.createElement("i"));
                const light = (name) => {
                    probe.style.color = `var(--${name})`;
                    const parts = getComputedStyle(probe).color.match(/[\\d.]+/g).slice(0, 3).map((part) => part / 255);
                    const [r, g, b] = parts.map((part) => (part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4));
                    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
                };
                const pairs = [["ink", "page"], ["ink", "tint"], ["soft", "page"], ["soft", "tint"], ["accent", "page"],
                    ["accent", "tint"], ["good", "tint"], ["bad", "page"], ["bad", "tint"], ["page", "accent"]];
                return pairs.map(([text, ground]) => {
                    const [low, high] = [light(text), light(ground)].sort((a, b) => a - b);
                    return [text, ground, (high + 0.05) / (low + 0.05)];
                });
            }"""
        )
        assert [pair for pair in ratios if pair[2] < 4.5] == [], scheme
