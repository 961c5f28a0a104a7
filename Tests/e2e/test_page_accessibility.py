"""The page for everyone: rules of WCAG 2.2 AA and ARIA in its main states, and a whole conversation by keyboard."""

import pytest
from playwright.sync_api import expect

from support.accessibility import faults, nameless, outline, tab_stops
from support.page import Chat, ScriptedServer
from support.page_states import PHONE, STATES, WIDE, settings, versions


# The checks themselves


PLANTED = """
<header id="twice"></header><header id="twice"></header>
<h1>Title</h1><h3>Too deep</h3>
<button></button> <button aria-label="Other">Save it</button> <input> <img src="data:,">
<div onclick="1">press me</div> <div tabindex="0">focus me</div> <a href="#x" tabindex="3">far</a>
<span role="buton">b</span> <span role="checkbox" tabindex="0">c</span> <p aria-label="named">p</p>
<i aria-labelledby="nowhere" aria-lable="x" aria-busy="maybe" aria-checked="true" role="img"></i>
<div aria-hidden="true"><button>hidden</button></div>
<li>alone</li><ul><p>no item</p></ul><table><tr><td>1</td></tr></table>
<p id="grey" style="color: #999">grey</p> <p style="color: #999; font-size: 30px">large grey</p>
<div style="position: relative; color: white"><b style="position: absolute; inset: 0; background: #fff; width: 9em">white</b></div>
<input aria-label="no edge" style="border: 0; background: #fff">
<div style="display: flex; flex-direction: row-reverse; justify-content: flex-end"><button>first</button><button>second</button></div>
<button style="width: 10px; height: 10px; padding: 0" aria-label="small"></button><button style="padding: 0">x</button>
<button class="blind">blind</button><style>.blind:focus { outline: none }</style>
<div style="width: 3000px">wide</div>
"""


def test_planted_faults_are_found(page):
    page.set_viewport_size(WIDE)
    page.set_content(PLANTED)
    found = faults(page)
    for start in [
        'id: "twice" stands twice', "landmark: 0 main parts", "landmark: 2 banners", "landmark: two of the role banner",
        "landmark: stands outside",
        "heading: level 3 comes after 1", "name: a button without a name", "name: another than what it shows",
        "name: a textbox without a name", "image: no alt", "role: acts when it is pressed, and is no button",
        "role: can have the focus, and is only generic", "focus: a positive tabindex", 'role: "buton" is no role',
        "aria: a checkbox without aria-checked", "aria: a paragraph can have no name", 'aria: aria-labelledby names "nowhere"',
        "aria: there is no aria-lable", 'aria: aria-busy cannot be "maybe"', "aria: aria-checked is not for a img",
        "focus: can have the focus within aria-hidden", "list: an item without a list", "list: not only items", "table: no head",
        "contrast: 2.85 of 4.5 for text: <p id=\"grey\"", "contrast: 2.85 of 3 for text", "contrast: 1.00 of 4.5 for text: <b",
        "contrast: 1.00 of 3 for a field's edge", "order: stands before what has the focus first", "target: 10 by 10 pixels",
        "lang: ", "title: ", "reflow: ",
    ]:
        assert any(fault.startswith(start) for fault in found), (start, found)
    stops, wrong = tab_stops(page)
    assert stops[0] == "a far", "a positive tabindex comes first"
    assert "focus: one does not see it: button blind" in wrong
    assert nameless(page)


def test_a_page_without_faults_has_none(page):
    page.set_content(
        '<!doctype html><html lang="en"><title>t</title><style>button { padding: 1em } :focus-visible { outline: 2px solid }</style>'
        "<header><h1>A</h1></header><main><h2>B</h2><p>words</p><label>Name <input></label><button>Go</button></main></html>"
    )
    assert faults(page) == [] and nameless(page) == []
    assert tab_stops(page) == (["input Name", "button Go"], [])


# States of the page


@pytest.mark.parametrize("state", STATES, ids=lambda state: state.__name__)
def test_no_state_has_a_fault(chat, page, state):
    page.emulate_media(reduced_motion="reduce")
    page.set_viewport_size(WIDE)
    scripted = ScriptedServer(page)
    state(chat.open(), scripted)
    found = []
    for size in (WIDE, PHONE):
        page.set_viewport_size(size)
        for scheme in ("light", "dark"):
            page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
            found += [f"{size['width']} {scheme} {fault}" for fault in faults(page)]
    assert not found, "\n".join(found)
    assert nameless(page) == []
    drawer = page.locator("#chats")
    if drawer.is_visible() and not page.locator("dialog[open]").count():
        drawer.click()
        found = faults(page)
        assert not found, "\n".join(found)
        page.keyboard.press("Escape")
    page.set_viewport_size(WIDE)
    assert tab_stops(page)[1] == []


def test_a_screen_reader_finds_its_way(chat, page):
    """The browser's own tree: what there is, in which order, and under which names."""
    scripted = ScriptedServer(page)
    versions(chat.open(), scripted)
    lines = [line.strip() for line in outline(page)]
    wanted = [
        'navigation "Chats"', 'button "New chat"', 'searchbox "Search chats"', "banner", 'heading "New chat"', 'button "Settings"',
        'main "Conversation"', 'button "Show earlier messages"', "article", 'heading "You"', 'group "Versions"',
        'button "The version before"', 'button "The next version"', 'button "Copy this message"', 'button "Edit this message"',
        "article", 'heading "m"', 'heading "A title"', 'link "a link"', 'heading "A part"', "list", "listitem", "blockquote",
        'group "Table"', "table", "row", 'columnheader "name"', 'button "Copy this code"', 'group "swift"',
        'group "Versions"', 'button "Copy this message"', 'button "Ask for another reply"',
        'region "Composer"', 'textbox "Message"', 'button "Send"',
    ]
    left = iter(lines)
    missing = [line for line in wanted if not any(line == each for each in left)]
    assert not missing, "\n".join([f"missing: {missing[0]}", *lines])


def test_a_dialog_keeps_the_focus_and_gives_it_back(chat, page):
    scripted = ScriptedServer(page)
    settings(chat.open(), scripted)
    lines = [line.strip() for line in outline(page)]
    assert 'dialog "Settings"' in lines and 'spinbutton "Temperature"' in lines and 'button "Save"' in lines
    assert 'textbox "Message"' not in lines, "what is behind the dialog is out of reach"
    for _ in range(30):
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement === document.body || document.activeElement.closest('dialog') !== null")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(page.get_by_role("button", name="Settings")).to_be_focused()


# By keyboard alone


class Keys:
    """A person without a mouse."""

    def __init__(self, page):
        self.page = page

    def tab_to(self, name, back=False):
        """Presses Tab until a control of that name has the focus."""
        for _ in range(80):
            focused = self.page.evaluate(
                """() => {
                    const { activeElement: at } = document;
                    return at.getAttribute("aria-label") ?? at.labels?.[0]?.firstChild.textContent ?? at.innerText;
                }"""
            )
            if focused.split("\n")[0] == name:
                return self
            self.page.keyboard.press("Shift+Tab" if back else "Tab")
        raise AssertionError(f"Tab does not come to {name!r}")

    def press(self, *keys):
        for key in keys:
            self.page.keyboard.press(key)
        return self

    def type(self, text):
        self.page.keyboard.type(text)
        return self


def test_a_whole_conversation_by_keyboard(start_server, page):
    server = start_server("--provider", "demo", environment={"WHINCHAT_TOOLS": "all"})
    chat, keys = Chat(page, server.url).open(), Keys(page)
    # One of the things to try, then one's own words. The focus is in the composer, before and after.
    keys.tab_to("Write something long", back=True).press("Enter")
    chat.wait_for_text(50)
    expect(chat.input).to_be_focused()
    keys.press("Escape")
    expect(chat.reply).to_contain_text("Stopped.")
    keys.tab_to("Retry", back=True).press("Enter")
    expect(chat.reply).not_to_contain_text("Stopped.")
    chat.wait_for_text(50)
    # Stop by its button, too.
    keys.tab_to("Stop the reply").press("Space")
    chat.done()
    expect(page.get_by_role("group", name="Versions").last).to_contain_text("2/2")
    keys.tab_to("The version before", back=True).press("Enter")
    expect(page.get_by_role("group", name="Versions").last).to_contain_text("1/2")
    keys.tab_to("Message").type("My name is Ada").press("Enter")
    expect(chat.replies).to_have_count(2)
    chat.done()
    # Edit it: the field has the focus.
    keys.tab_to("Edit this message", back=True).press("Enter")
    expect(page.get_by_role("textbox", name="Your message")).to_be_focused()
    keys.press("Control+a").type("My name is Bob").press("Tab", "Enter")
    expect(chat.text).to_contain_text("Bob")
    chat.done()
    # Settings.
    keys.tab_to("Settings", back=True).press("Enter")
    expect(page.get_by_role("dialog", name="Settings")).to_be_visible()
    keys.tab_to("System prompt").type("Be brief.").tab_to("Save").press("Enter")
    expect(page.get_by_role("dialog", name="Settings")).to_be_hidden()
    # A tool that asks.
    keys.tab_to("Message").type("send an email to ada@example.org: The engine works.").press("Enter")
    expect(page.get_by_role("button", name="Allow", exact=True)).to_be_visible()
    keys.tab_to("Allow", back=True).press("Enter")
    expect(page.get_by_role("region", name="Tool send_email").locator(".tool-state")).to_contain_text("Done")
    chat.done()
    first = page.url
    keys.tab_to("New chat", back=True).press("Enter")
    expect(page.locator(".suggestion")).to_have_count(4)
    expect(chat.input).to_be_focused()
    assert page.url != first
    # Back by the sidebar: before its "Delete" stands the chat itself.
    keys.tab_to("Delete Write something long", back=True).press("Shift+Tab", "Enter")
    expect(page.locator("article.user").first).to_contain_text("Write something long")
    assert page.url == first
