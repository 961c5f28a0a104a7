"""A history of 50,000 messages on the page. What it costs, Benchmarks/run.py measures."""

import pytest
from playwright.sync_api import expect

from support.long_history import lengthen
from support.page import Chat

MESSAGES = 50_000
# Messages of a snapshot, and of each page before it, as the page asks for them.
SHOWN, MORE = 200, 100

# Marks the message at the top; where it stands.
READ = "document.querySelector('article').reading = true"
PLACE = "[...document.querySelectorAll('article')].find((each) => each.reading).getBoundingClientRect().top"


@pytest.fixture
def chat(page, start_server):
    server = start_server("--provider", "demo")
    chat = Chat(page, server.url).open()
    chat.say("hello")
    chat.done()
    session = page.url.split("#")[1]
    page.goto("about:blank")
    server.stop()
    last = lengthen(server.data, session, MESSAGES)
    server.process.start()
    chat.url = f"http://127.0.0.1:{server.process.match[1]}"
    chat.last = last
    page.goto(f"{chat.url}/#{session}")
    page.expected_errors.append("ERR_CONNECTION_REFUSED")
    return chat


@pytest.mark.bound(600)
def test_a_long_history_is_opened_at_its_end_and_read_backwards(chat, page):
    articles = page.locator("article")
    expect(chat.replies.last).to_contain_text(chat.last[:30])
    expect(chat.replies.last).to_be_in_viewport()
    expect(articles).to_have_count(SHOWN)
    older = page.get_by_role("button", name="Show earlier messages")
    for number in range(1, 6):
        page.evaluate("() => { document.querySelector('main').scrollTop = 0 }")
        page.evaluate(READ)
        before = page.evaluate(PLACE)
        older.click()
        expect(articles).to_have_count(SHOWN + number * MORE)
        # What one was reading stands where it stood.
        page.wait_for_function("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(true))))")
        assert abs(page.evaluate(PLACE) - before) < 3
        page.evaluate("[...document.querySelectorAll('article')].forEach((each) => { each.reading = false })")
    # No gap and no double in what was put together.
    numbers = page.evaluate("[...document.querySelectorAll('article.assistant .text')].map((each) => each.textContent.match(/^Reply (\\d+)/)?.[1])")
    assert [int(number) for number in numbers] == list(range(MESSAGES - SHOWN - 5 * MORE + 2, MESSAGES + 1, 2))
    # Its words are found.
    search = page.get_by_role("searchbox", name="Search chats")
    for words, entries in [("zebra", 0), ("grows", 1)]:
        search.fill(words)
        expect(page.get_by_role("navigation").get_by_role("listitem")).to_have_count(entries)
    # And one goes on talking.
    chat.say("hello again")
    expect(chat.replies.last).to_contain_text("demo")
    chat.done()
    expect(chat.replies.last).to_be_in_viewport()

