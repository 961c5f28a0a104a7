"""A server that goes and comes back while people have the page open. One tab and one reply: test_page_connection.py."""

import pytest
from playwright.sync_api import expect

from support.page import Chat

LONG = "Write something long"


def shown(chat):
    """What stands there, but for times and counts."""
    return chat.page.locator("article .blocks, article .ending p").all_text_contents()


@pytest.mark.parametrize("way", ["stopped", "killed"])
def test_two_tabs_over_a_restart_end_with_the_same(page, start_server, way):
    page.expected_errors.append("ERR_CONNECTION_REFUSED")
    server = start_server("--provider", "demo")
    chat = Chat(page, server.url).open()
    other = Chat(page.context.new_page(), server.url)
    chat.say(LONG)
    chat.wait_for_text(100)
    other.open(page.url[len(server.url):])
    other.wait_for_text(100)
    # One waits behind the reply; another is being written, and a third message is being changed.
    other.say("My name is Ada")
    expect(chat.page.locator("article.user")).to_have_count(2)
    chat.input.fill("not yet sent")
    page.locator("article.user").first.get_by_role("button", name="Edit this message").click()
    page.get_by_role("textbox", name="Your message").fill("changed words")
    server.kill() if way == "killed" else server.stop()
    for each in (chat, other):
        expect(each.page.locator("#connection")).not_to_have_attribute("data-state", "online")
    server.start()
    for each in (chat, other):
        expect(each.page.locator("#connection")).to_have_attribute("data-state", "online")
        expect(each.replies).to_have_count(2)
        expect(each.replies.last).to_contain_text("Pleased to meet you, Ada")
        each.done()
        expect(each.replies.first.locator(".ending")).to_contain_text("server stopped")
    # Nothing of what one was writing is lost.
    expect(chat.input).to_have_value("not yet sent")
    expect(page.get_by_role("textbox", name="Your message")).to_have_value("changed words")
    page.get_by_role("button", name="Cancel").click()
    expect(page.locator("article .blocks")).to_have_count(4)
    assert shown(chat) == shown(other)
    # And as both show it, it is.
    page.reload()
    expect(chat.replies).to_have_count(2)
    assert shown(chat) == shown(other)


def test_three_restarts_in_a_row(page, start_server):
    page.expected_errors.append("ERR_CONNECTION_REFUSED")
    server = start_server("--provider", "demo")
    chat = Chat(page, server.url).open()
    for number in range(1, 4):
        chat.say(f"My name is Ada{number}")
        chat.wait_for_text(5)
        server.kill()
        expect(page.locator("#connection")).not_to_have_attribute("data-state", "online")
        chat.say(f"My name is Bob{number}")
        server.start()
        expect(chat.replies).to_have_count(2 * number)
        expect(chat.replies.last).to_contain_text(f"Pleased to meet you, Bob{number}")
        chat.done()
    said = page.locator("article.user .text").all_text_contents()
    assert said == [f"My name is {name}{number}" for number in (1, 2, 3) for name in ("Ada", "Bob")]
