"""Takes the README's screenshots: a server of its own with the demo model, the system's Chromium.

    scripts/screenshots.py FOLDER

WHINCHAT_BIN_DIR names the folder of the built `whinchat`. Pictures that are there already and no longer taken are removed.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from playwright.sync_api import sync_playwright

WIDE = {"viewport": {"width": 1200, "height": 760}}
NARROW = {"viewport": {"width": 390, "height": 760}, "device_scale_factor": 1.5, "has_touch": True, "is_mobile": True}
MOST_BYTES = 150_000
# Milliseconds: the demo's longest reply takes half a minute.
PATIENCE = 60_000


def serve(data):
    """The server's process, and the address that it prints first."""
    binary = pathlib.Path(os.environ["WHINCHAT_BIN_DIR"]) / "whinchat"
    command = [binary, "serve", "--provider", "demo", "--port", "0", "--data", data]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
                               env=os.environ | {"WHINCHAT_TOOLS": "all"})
    return process, process.stdout.readline().split()[-1]


class Person:
    """A browser of somebody's own, with what they see."""

    def __init__(self, browser, url, size, scheme):
        self.page = browser.new_context(color_scheme=scheme, reduced_motion="reduce", **size).new_page()
        self.page.set_default_timeout(PATIENCE)
        self.page.goto(url)
        self.page.get_by_text("Connected").wait_for(state="attached")
        self.scheme, self.width = scheme, "narrow" if size is NARROW else "wide"

    def say(self, text, ends=True):
        self.page.get_by_label("Message", exact=True).fill(text)
        self.page.get_by_label("Message", exact=True).press("Enter")
        if ends:
            self.page.get_by_role("button", name="Send").wait_for()
            self.page.locator("article.assistant[aria-busy=false]").last.wait_for()
        return self

    def fresh(self):
        self.page.get_by_role("button", name="New chat").click()
        self.page.locator(".welcome").wait_for()
        return self

    def shot(self, folder, name):
        # Time for what scrolls by itself.
        self.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
        path = folder / f"{name}-{self.scheme}-{self.width}.png"
        self.page.screenshot(path=path)
        if path.stat().st_size > MOST_BYTES:
            raise SystemExit(f"{path} has {path.stat().st_size:,} bytes")
        return path


def shots(browser, url, folder):
    person = Person(browser, url, NARROW, "light")
    yield person.shot(folder, "first-visit")

    person = Person(browser, url, WIDE, "light")
    person.say("My name is Ada").fresh().say("What is 6×7? Use the calculator.").fresh().say("hello").fresh()
    person.say("Write something long", ends=False)
    # Far enough into the long reply to show what streaming looks like.
    person.page.get_by_text("The log only grows.").wait_for()
    yield person.shot(folder, "streaming")
    person.page.keyboard.press("Escape")
    person.page.locator("main").get_by_text("Stopped.").wait_for()
    person.page.get_by_role("searchbox").fill("calculator")
    person.page.get_by_role("navigation").get_by_role("listitem").nth(1).wait_for(state="detached")
    person.page.get_by_role("navigation").get_by_role("link").first.click()
    person.page.get_by_role("region", name="Tool calculate").wait_for()
    yield person.shot(folder, "search")

    person = Person(browser, url, WIDE, "dark")
    person.say("My name is Ada").say("send an email to ada@example.org: The engine works.", ends=False)
    person.page.get_by_role("button", name="Allow", exact=True).wait_for()
    yield person.shot(folder, "question")

    person = Person(browser, url, NARROW, "dark")
    person.say("What is 6×7? Use the calculator.").say("Break in the middle")
    person.page.get_by_role("button", name="Retry").wait_for()
    yield person.shot(folder, "error")
    person.page.get_by_role("button", name="Settings").click()
    yield person.shot(folder, "settings")


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with tempfile.TemporaryDirectory() as data:
        process, url = serve(data)
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
                taken = set(shots(browser, url, folder))
                browser.close()
        finally:
            process.terminate()
            process.wait(timeout=30)
    for old in set(folder.glob("*.png")) - taken:
        old.unlink()


if __name__ == "__main__":
    main()
