"""The chats that one has, in the page's sidebar: finding, naming and deleting them."""

import json
import re

import pytest
from playwright.sync_api import expect

from support.page import Chat

UNDO_MS = 6_000


@pytest.fixture
def sidebar(page):
    return page.get_by_role("navigation", name="Chats")


def talk(chat, *texts):
    """A chat for each text, the last one open."""
    for text in texts:
        chat.page.get_by_role("button", name="New chat").click()
        expect(chat.page.locator(".welcome")).to_be_visible()
        chat.say(text)
        chat.done()


def listed(chat):
    return chat.page.evaluate("fetch('/sessions').then((answer) => answer.json())")["sessions"]


def hover_and_click(entry, name):
    entry.hover()
    entry.get_by_role("button", name=re.compile(f"^{name}")).click()


def test_a_chat_is_listed_once_something_is_said_and_can_be_opened(chat, page, sidebar):
    chat.open()
    talk(chat, "First words", "Second words")
    expect(sidebar.locator("li .name")).to_have_text(["Second words", "First words"])
    expect(sidebar.get_by_role("link", name="Second words")).to_have_attribute("aria-current", "page")
    sidebar.get_by_role("link", name="First words").click()
    expect(chat.page.locator("article.user")).to_have_text(re.compile("First words"))
    expect(sidebar.get_by_role("link", name="First words")).to_have_attribute("aria-current", "page")
    expect(page).to_have_title("First words – Whinchat")
    page.reload()
    expect(chat.page.locator("article.user")).to_have_text(re.compile("First words"))


def test_a_name_is_for_every_tab(chat, page, sidebar):
    chat.open()
    talk(chat, "Words")
    other = Chat(page.context.new_page(), chat.url).open(page.url[len(chat.url):])
    entry = sidebar.get_by_role("listitem").first
    hover_and_click(entry, "Rename")
    field = page.get_by_role("dialog", name="Name of this chat").get_by_role("textbox")
    expect(field).to_be_focused()
    field.fill("<b>Birds</b> of Europe")
    field.press("Enter")
    expect(sidebar.get_by_role("link", name="<b>Birds</b> of Europe")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text("<b>Birds</b> of Europe")
    expect(other.page.get_by_role("navigation").get_by_role("link", name="<b>Birds</b> of Europe")).to_be_visible()
    expect(other.page).to_have_title("<b>Birds</b> of Europe – Whinchat")


def test_escape_leaves_the_name(chat, page, sidebar):
    chat.open()
    talk(chat, "Words")
    hover_and_click(sidebar.get_by_role("listitem").first, "Rename")
    field = page.get_by_role("dialog", name="Name of this chat").get_by_role("textbox")
    field.fill("Other")
    field.press("Escape")
    expect(sidebar.get_by_role("button", name="Rename Words")).to_be_focused()
    expect(sidebar.get_by_role("link", name="Words")).to_be_visible()
    assert {each["title"] for each in listed(chat)} <= {"", "Words"}


def test_a_deleted_chat_can_be_had_back(chat, page, sidebar):
    page.clock.install()
    chat.open()
    talk(chat, "Kept words")
    address = page.url
    hover_and_click(sidebar.get_by_role("listitem").first, "Delete")
    expect(page.locator(".welcome")).to_be_visible()
    page.clock.run_for(UNDO_MS - 500)
    sidebar.get_by_role("button", name="Undo").click()
    page.clock.run_for(2 * UNDO_MS)
    sidebar.get_by_role("link", name="Kept words").click()
    expect(page.locator("article")).to_have_count(2)
    assert page.url == address
    assert "Kept words" in [each["first_words"] for each in listed(chat)]


def test_a_deleted_chat_is_gone_after_a_while(chat, page, sidebar):
    page.clock.install()
    chat.open()
    talk(chat, "First words", "Second words")
    hover_and_click(sidebar.get_by_role("listitem").filter(has_text="First words"), "Delete")
    expect(sidebar.get_by_role("status")).to_have_text("Deleted")
    assert "First words" in [each["first_words"] for each in listed(chat)]
    with page.expect_response(lambda answer: answer.request.method == "DELETE") as deletion:
        page.clock.run_for(UNDO_MS)
    assert deletion.value.status == 204
    page.clock.run_for(1_000)
    expect(sidebar.locator("li .name")).to_have_text(["Second words"])
    # The other one is open as before.
    expect(page.locator("article.user")).to_have_text(re.compile("Second words"))


def test_who_leaves_before_has_deleted_it(chat, page, sidebar):
    chat.open()
    talk(chat, "First words", "Second words")
    hover_and_click(sidebar.get_by_role("listitem").filter(has_text="First words"), "Delete")
    page.reload()
    expect(sidebar.locator("li .name")).to_have_text(["Second words"])


def test_search_finds_what_was_said(chat, page, sidebar):
    chat.open()
    talk(chat, "My name is Ada", "What is 6×7? Use the calculator.")
    search = sidebar.get_by_role("searchbox", name="Search chats")
    # In the reply only.
    search.fill("pleased to meet")
    expect(sidebar.locator("li .name")).to_have_text(["My name is Ada"])
    search.fill("calcul")
    expect(sidebar.locator("li .name")).to_have_text(["What is 6×7?"])
    search.fill("zebra")
    expect(sidebar).to_contain_text("Nothing found.")
    search.fill("")
    expect(sidebar.get_by_role("listitem")).to_have_count(2)


def test_on_a_phone_it_comes_when_called(chat, page, sidebar):
    page.set_viewport_size({"width": 390, "height": 800})
    chat.open()
    chat.say("Words")
    chat.done()
    expect(sidebar).to_be_hidden()
    opener = page.get_by_role("button", name="Chats")
    opener.click()
    expect(sidebar.get_by_role("link", name="Words")).to_be_visible()
    page.keyboard.press("Escape")
    expect(sidebar).to_be_hidden()
    expect(opener).to_be_focused()
    opener.click()
    sidebar.get_by_role("button", name="New chat").click()
    expect(sidebar).to_be_hidden()
    expect(page.locator(".welcome")).to_be_visible()


def test_escape_in_the_drawer_does_not_stop_the_reply(chat, page, sidebar):
    page.set_viewport_size({"width": 390, "height": 800})
    chat.open()
    chat.say("Write something long")
    chat.wait_for_text(20)
    page.get_by_role("button", name="Chats").click()
    page.keyboard.press("Escape")
    expect(sidebar).to_be_hidden()
    expect(chat.stop).to_be_visible()
    page.keyboard.press("Escape")
    chat.done()
    expect(chat.reply).to_contain_text("Stopped.")


@pytest.mark.parametrize("kind", ["markdown", "json"])
def test_a_chat_is_a_file(chat, page, kind):
    chat.open()
    chat.say("My name is Ada")
    chat.done()
    page.get_by_role("button", name="Settings").click()
    with page.expect_download() as download:
        page.get_by_role("link", name=kind).click()
    text = download.value.path().read_text()
    assert "Ada" in (json.loads(text)["messages"][0]["content"][0]["text"] if kind == "json" else text)
    assert download.value.suggested_filename.endswith({"markdown": ".md", "json": ".json"}[kind])


def test_who_opens_a_deleted_chat_has_it_back(chat, page, sidebar):
    page.clock.install()
    chat.open()
    talk(chat, "Kept words")
    hover_and_click(sidebar.get_by_role("listitem").first, "Delete")
    expect(page.locator(".welcome")).to_be_visible()
    page.go_back()
    expect(page.locator("article")).to_have_count(2)
    page.clock.run_for(2 * UNDO_MS)
    chat.say("More words")
    chat.done()
    expect(page.locator("article")).to_have_count(4)
    expect(sidebar.get_by_role("link", name="Kept words")).to_be_visible()


def test_undo_returns_to_the_chat_that_was_open(chat, page, sidebar):
    chat.open()
    talk(chat, "Words")
    address = page.url
    hover_and_click(sidebar.get_by_role("listitem").first, "Delete")
    undo = sidebar.get_by_role("button", name="Undo")
    expect(undo).to_be_focused()
    undo.press("Enter")
    expect(page.locator("article")).to_have_count(2)
    assert page.url == address


def test_what_cannot_be_told_the_server_stays_as_it_was(chat, page, sidebar):
    page.expected_errors.append("Failed to load resource")
    page.clock.install()
    chat.open()
    talk(chat, "First words", "Second words")
    page.route(re.compile("/sessions/"), lambda route: route.abort() if route.request.method != "GET" else route.continue_())
    entry = sidebar.get_by_role("listitem").filter(has_text="First words")
    hover_and_click(entry, "Rename")
    dialog = page.get_by_role("dialog", name="Name of this chat")
    dialog.get_by_role("textbox").fill("Other words")
    dialog.get_by_role("button", name="Rename").click()
    expect(dialog.get_by_role("alert")).to_have_text("The server cannot be reached.")
    expect(dialog.get_by_role("textbox")).to_have_value("Other words")
    dialog.get_by_role("button", name="Cancel").click()
    hover_and_click(entry, "Delete")
    with page.expect_request(lambda request: request.method == "DELETE"):
        page.clock.run_for(UNDO_MS)
    expect(page.get_by_role("alert")).to_contain_text("The server cannot be reached.")
    expect(sidebar.locator("li .name")).to_have_text(["Second words", "First words"])
    chat.errors.clear()


def test_escape_in_the_sidebar_does_not_stop_the_reply(chat, page, sidebar):
    chat.open()
    chat.say("Write something long")
    chat.wait_for_text(20)
    search = sidebar.get_by_role("searchbox")
    search.fill("long")
    search.press("Escape")
    expect(search).to_have_value("")
    hover_and_click(sidebar.get_by_role("listitem").first, "Rename")
    page.get_by_role("dialog", name="Name of this chat").get_by_role("textbox").press("Escape")
    expect(chat.stop).to_be_visible()
    chat.input.press("Escape")
    expect(chat.reply).to_contain_text("Stopped.")


def test_on_a_phone_undo_stays_in_sight(chat, page, sidebar):
    page.set_viewport_size({"width": 390, "height": 800})
    chat.open()
    chat.say("Words")
    chat.done()
    page.get_by_role("button", name="Chats").click()
    hover_and_click(sidebar.get_by_role("listitem").first, "Delete")
    sidebar.get_by_role("button", name="Undo").click()
    sidebar.get_by_role("link", name="Words").click()
    expect(sidebar).to_be_hidden()
    expect(page.locator("article")).to_have_count(2)
