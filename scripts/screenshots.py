"""Takes the README's screenshots: a server of its own with the demo model, the system's Chromium, light and dark.

    scripts/screenshots.py FOLDER

WHINCHAT_BIN_DIR names the folder of the built `whinchat`.
"""

import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

from playwright.sync_api import sync_playwright

WIDE = {"width": 1200, "height": 760}
NARROW = {"width": 390, "height": 844}


def serve(data):
    """The server's process, and the address that it prints first."""
    binary = pathlib.Path(os.environ["WHINCHAT_BIN_DIR"]) / "whinchat"
    command = [binary, "serve", "--provider", "demo", "--port", "0", "--data", data]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True)
    return process, process.stdout.readline().split()[-1]


def say(page, text):
    page.get_by_role("textbox").fill(text)
    page.keyboard.press("Enter")


def finished(page):
    """Waits until the last reply has ended: its footer counts tokens."""
    page.get_by_text("tokens/s").last.wait_for(timeout=60_000)


def shots(browser, url, folder, size_name, size, scheme):
    context = browser.new_context(viewport=size, color_scheme=scheme, device_scale_factor=2 if size is NARROW else 1)
    page = context.new_page()
    page.goto(url)
    page.get_by_text("Connected").wait_for(state="attached")

    def shot(name):
        page.screenshot(path=folder / f"{name}-{scheme}-{size_name}.png")

    shot("first-visit")
    say(page, "What is 6×7? Use the calculator.")
    finished(page)
    shot("tool")
    say(page, "Write something long")
    # Far enough into the long reply to show what streaming looks like.
    page.get_by_text("The log only grows.").wait_for(timeout=60_000)
    shot("streaming")
    page.keyboard.press("Escape")
    page.locator("main").get_by_text("Stopped.").wait_for()
    say(page, "Break in the middle")
    page.get_by_role("button", name="Retry").last.wait_for(timeout=60_000)
    shot("error")
    context.close()


def main():
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    with tempfile.TemporaryDirectory() as data:
        process, url = serve(data)
        try:
            with sync_playwright() as playwright:
                browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
                for scheme in ("light", "dark"):
                    for size_name, size in (("wide", WIDE), ("narrow", NARROW)):
                        shots(browser, url, folder, size_name, size, scheme)
                browser.close()
        finally:
            process.terminate()
            process.wait(timeout=30)


if __name__ == "__main__":
    main()
