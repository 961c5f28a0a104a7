"""A hostile model behind the real server: nothing that it says runs, breaks the page, or stops it."""

import json
import re

import pytest
from playwright.sync_api import expect

from support.attacks import FENCES, HUGE_TABLES, LINKS, MARKUP, NAMES, SIGNS, nested
from support.page import Chat, ScriptedServer
from support.processes import OPENAI_KEY
from support.scripted_provider import ScriptedProvider
from test_page_layout import SIDEWAYS

EVIL = '<img src=x onerror="ran.push(1)">\u202e__proto__'

# Runs before the page: what would show that something else ran.
WATCH = """
window.ran = [];
for (const name of ["alert", "confirm", "prompt", "open", "print"]) window[name] = () => { ran.push(name) };
document.addEventListener("securitypolicyviolation", ({ violatedDirective, blockedURI }) => ran.push(`${violatedDirective} ${blockedURI}`));
const known = Object.getOwnPropertyNames(Object.prototype).join();
window.isPolluted = () => Object.getOwnPropertyNames(Object.prototype).join() !== known;
"""

# Elements and attributes that nothing said may bring about.
STRANGE = """() => {
    const own = ".brand img, button svg, button svg path, #composer, dialog form, nav input, label input";
    const kinds = "script, style, link, meta, base, iframe, frame, object, embed, applet, img, picture, video, audio, source, svg, path, math, form, input, template, slot, canvas, area, marquee";
    const strange = [...document.body.querySelectorAll(kinds)].filter((element) => !element.matches(own));
    for (const element of document.querySelectorAll("body *")) {
        for (const { name, value } of element.attributes) {
            const isAddress = /^(href|src|action|formaction|xlink:href|srcdoc|srcset|data|ping)$/.test(name) && !element.matches(".brand img");
            const isFine = /^(https?:|mailto:)/.test(value) || (element.closest("nav, dialog") && /^(#|\\/sessions|http)/.test(value));
            if (name.startsWith("on") || name === "style" && !element.matches("#message") || (isAddress && !isFine)) strange.push(element);
        }
        if (element.matches("main a") && !(element.target === "_blank" && element.relList.contains("noopener"))) strange.push(element);
    }
    return strange.map((element) => element.outerHTML.slice(0, 200));
}"""


@pytest.fixture
def provider():
    provider = ScriptedProvider()
    yield provider
    provider.stop()


@pytest.fixture
def chat(provider, start_server, page):
    """The page on a server with the hostile model, watched."""
    server = start_server("--provider", "openai", "--base-url", provider.url, "--model", EVIL, environment={"OPENAI_API_KEY": OPENAI_KEY})
    page.add_init_script(WATCH)
    chat = Chat(page, server.url).open()
    yield chat
    assert_unharmed(chat)
    assert chat.errors == []


def assert_unharmed(chat):
    page = chat.page
    assert page.evaluate("ran") == []
    assert page.evaluate(STRANGE) == []
    assert page.evaluate("isPolluted()") is False
    assert page.evaluate(SIDEWAYS) == []
    assert page.url.startswith(chat.url)
    expect(page.locator("#composer")).to_be_in_viewport(ratio=0.99)
    expect(page.locator("#bar")).to_be_in_viewport(ratio=0.99)


def answer(chat, provider, reply, words="attack"):
    """Has the model say it, and then something harmless: the page goes on."""
    provider.replies[words] = reply
    count = chat.replies.count()
    chat.say(words)
    expect(chat.replies).to_have_count(count + 1)
    chat.done()


@pytest.mark.parametrize("corpus", [MARKUP, LINKS, SIGNS, FENCES], ids=["markup", "links", "signs", "fences"])
def test_nothing_runs_and_nothing_breaks(chat, page, provider, corpus):
    answer(chat, provider, "\n\n".join(corpus))
    assert_unharmed(chat)
    # As a snapshot it is drawn in another way.
    streamed = chat.reply_text()
    page.reload()
    expect(chat.replies).to_have_count(1)
    assert chat.reply_text() == streamed
    # Pressed, too: what has the look of a link leads nowhere else in this window.
    page.evaluate(
        """() => {
            for (const link of document.querySelectorAll("main a")) link.addEventListener("click", (event) => event.preventDefault());
            for (const element of document.querySelectorAll(".text *:not(button)")) element.click?.();
        }"""
    )
    answer(chat, provider, "I am still here.", words="and now?")
    expect(chat.reply).to_contain_text("I am still here.")


def test_where_a_link_leads_can_be_seen(chat, page, provider):
    answer(chat, provider, "[https://bank.example](https://evil.example/) [раураl.com](https://xn--80aa.example/)")
    for link in chat.reply.locator("a").all():
        assert link.get_attribute("title") == link.get_attribute("href")


def test_a_person_may_say_it_too(chat, page, provider):
    chat.say("\n\n".join(MARKUP + SIGNS[:4]))
    chat.done()
    # It becomes the title, the chat's name and the page's title.
    expect(page.get_by_role("navigation").get_by_role("link")).to_have_count(1)
    assert_unharmed(chat)
    page.get_by_role("button", name="Edit this message").click()
    expect(page.get_by_role("textbox", name="Your message")).to_have_value(re.compile("^<script>"))


def test_titles_of_every_kind(chat, page, provider):
    answer(chat, provider, "Fine.")
    session = page.url.split("#")[1]
    for title in [EVIL, *NAMES, "W" * 200, "\u202e" * 20, "</title><script>ran.push(1)</script>"]:
        status = page.evaluate(
            """([session, title]) => fetch(`/sessions/${session}`, {
                method: "PATCH", headers: { "Content-Type": "application/json" }, body: JSON.stringify({ title }),
            }).then(({ status }) => status)""",
            [session, title],
        )
        if status != 200:
            continue
        expect(page.get_by_role("heading", level=1)).to_have_text(title)
        assert_unharmed(chat)
    assert page.get_by_role("heading", level=1).inner_text() != ""


@pytest.mark.parametrize("name", [*NAMES[:3], EVIL])
def test_tools_with_names_that_mean_something(chat, page, provider, name):
    answer(chat, provider, {"tool": name, "input": json.dumps({"__proto__": {"polluted": 1}, "constructor": EVIL})})
    assert_unharmed(chat)
    expect(chat.reply).to_have_attribute("aria-busy", "false")


def test_errors_are_text(chat, page, provider):
    answer(chat, provider, {"status": 400, "message": EVIL + "W" * 500})
    expect(chat.reply.locator(".ending")).to_contain_text("<img")


def test_names_of_sessions_that_mean_something(chat, page):
    for name in NAMES:
        page.goto(f"{chat.url}/#{name}")
        page.reload()
        expect(page.locator("#connection")).to_have_attribute("data-state", "online")
        expect(page.locator(".suggestion")).to_have_count(4)


def test_what_a_tool_is_about_to_do_is_shown_as_it_is(page, server):
    """Signs that turn the direction would show another address than the one that the tool gets."""
    page.add_init_script(WATCH)
    chat = Chat(page, server.url)
    scripted = ScriptedServer(page)
    chat.open()
    scripted.ask(chat)
    scripted.start()
    call = {"turn": "t1", "call": "c1", "name": "send_email"}
    to = {"to": "ada\u202egro.elpmaxe@\u2066", "output": EVIL}
    scripted.event("block.started", index=0, kind="tool_call", **call)
    scripted.event("block.done", turn="t1", index=0, input=to)
    scripted.event("tool.approval", input=to, expires_at="2999-01-01T00:00:00.000Z", expires_in_ms=1, **call)
    shown = page.locator(".tool-input")
    expect(shown).to_contain_text("\\u202egro.elpmaxe@\\u2066")
    assert json.loads(shown.inner_text()) == to
    # As an input to edit, too.
    page.get_by_role("button", name="Edit the input").click()
    assert json.loads(page.get_by_role("textbox", name="Input, as JSON").input_value()) == to
    assert "\\u202e" in page.get_by_role("textbox", name="Input, as JSON").input_value()
    assert_unharmed(chat)


@pytest.mark.parametrize("name", HUGE_TABLES)
def test_huge_tables(chat, page, provider, name):
    answer(chat, provider, HUGE_TABLES[name])
    expect(chat.reply.locator("table")).to_have_count(1)
    answer(chat, provider, "I am still here.", words="and now?")


LONG = 100_000

# Milliseconds: the least of two attempts, for a text and for a longer one.
MEASURE = """async ([part, text]) => {
    const { markdown } = await import("/js/markdown.js");
    const measure = (text) => {
        const root = document.createElement("div");
        const update = markdown(root);
        const begin = performance.now();
        for (let end = 5_000; end < text.length; end += 5_000) update(text.slice(0, end), false);
        update(text, true);
        return performance.now() - begin;
    };
    const least = (text) => Math.min(measure(text), measure(text));
    const once = measure(text);
    return once < 1_500 ? null : [least(part), least(text)];
}"""


def test_deep_and_long_texts_cost_what_their_length_does(page, server):
    """Four times the text takes about four times as long, not sixteen times; what takes no time at all is not looked at."""
    Chat(page, server.url).open()
    long, short = nested(LONG), nested(LONG // 4)
    times = {name: page.evaluate(MEASURE, [short[name], long[name]]) for name in long}
    assert [(name, both) for name, both in times.items() if both and both[1] > 10 * both[0]] == []


def test_deep_texts_are_laid_out(chat, page, provider):
    answer(chat, provider, "\n\n".join(nested(20_000)[name] for name in ("quotes", "lists", "brackets", "stars", "pipes")))
    answer(chat, provider, "I am still here.", words="and now?")
