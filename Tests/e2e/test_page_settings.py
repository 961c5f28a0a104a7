"""The settings of a chat, in their dialog."""

import pytest
from playwright.sync_api import expect

from support.page import ScriptedServer


@pytest.fixture
def scripted(page, chat):
    scripted = ScriptedServer(page)
    scripted.answers["configure"] = lambda frame: scripted.answer("session.updated", ref=frame["id"], settings=scripted.settings)
    return scripted


def opened(chat):
    chat.open().page.get_by_role("button", name="Settings").click()
    return chat.page.get_by_role("dialog", name="Settings")


def saved(dialog, scripted):
    """Presses Save, and returns what the server was told."""
    dialog.get_by_role("button", name="Save").click()
    expect(dialog).to_be_hidden()
    (frame,) = scripted.commands("configure")
    return {name: value for name, value in frame.items() if name not in ("type", "id")}


def test_a_model_that_the_server_has_no_longer_is_not_sent(scripted, chat):
    scripted.settings["model"] = "demo"
    dialog = opened(chat)
    models = dialog.locator("[name=model]")
    expect(models.locator("option")).to_have_text(["m", "other"])
    dialog.get_by_label("System prompt").fill("Be brief.")
    assert saved(dialog, scripted) == {"system": "Be brief.", "context": {}}


def test_a_model_that_the_server_has_stands_there_once(scripted, chat):
    dialog = opened(chat)
    models = dialog.locator("[name=model]")
    expect(models.locator("option")).to_have_text(["m", "other"])
    models.select_option("other")
    assert saved(dialog, scripted) == {"model": "other", "context": {}}


def test_a_number_that_was_set_cannot_be_emptied(scripted, chat):
    scripted.settings["context"]["budget_tokens"] = 2_000
    dialog = opened(chat)
    budget = dialog.get_by_label("Budget in tokens")
    budget.fill("")
    dialog.get_by_role("button", name="Save").click()
    assert budget.evaluate("element => element.validity.valueMissing && element === document.activeElement")
    expect(dialog).to_be_visible()
    assert scripted.commands("configure") == []
    temperature = dialog.get_by_label("Temperature")
    expect(temperature).to_have_attribute("placeholder", "As the server has it")
    budget.fill("3000")
    temperature.fill("1")
    temperature.fill("")
    assert saved(dialog, scripted) == {"context": {"budget_tokens": 3_000}}


def test_any_temperature_that_was_set_can_stay(scripted, chat):
    scripted.settings["temperature"] = 0.25
    dialog = opened(chat)
    expect(dialog.get_by_label("Temperature")).to_have_value("0.25")
    dialog.get_by_label("System prompt").fill("Be brief.")
    assert saved(dialog, scripted) == {"system": "Be brief.", "context": {}}
