"""What a history of 50,000 messages costs: the page that opens it and reads backwards, and the server."""

import contextlib
import pathlib
import shutil
import sys
import time

from .report import table

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[2] / "Tests" / "e2e"))

MESSAGES = 50_000
# Each is a page of 100 messages.
STEPS = (0, 10, 25, 50)

# Runs first: notes when the last message is painted.
WATCH = """
new MutationObserver((_, observer) => {
    if (!document.querySelector("article.assistant .text")) return;
    observer.disconnect();
    requestAnimationFrame(() => setTimeout(() => performance.mark("last message")));
}).observe(document, { subtree: true, childList: true });
"""
OLDER = """async () => {
    const count = document.querySelectorAll("article").length;
    const begin = performance.now();
    document.querySelector("#transcript > button").click();
    while (document.querySelectorAll("article").length === count) await new Promise(requestAnimationFrame);
    // The frame is laid out and painted when the next task runs.
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    return performance.now() - begin;
}"""
# From a key to the frame after it, in the composer, while nothing else happens.
KEY = """async () => {
    const input = document.querySelector("#message");
    const begin = performance.now();
    input.value += "a";
    input.dispatchEvent(new Event("input"));
    await new Promise((done) => requestAnimationFrame(() => setTimeout(done)));
    return performance.now() - begin;
}"""


def history(bench, options):
    from playwright.sync_api import sync_playwright
    from support.long_history import lengthen

    with contextlib.ExitStack() as scope:
        data = pathlib.Path(scope.enter_context(bench.data()))
        browser_path = shutil.which("chromium") or shutil.which("chromium-browser")
        playwright = scope.enter_context(sync_playwright())
        browser = playwright.chromium.launch(executable_path=browser_path, args=["--no-sandbox", "--enable-precise-memory-info"])
        scope.callback(browser.close)
        page = browser.new_context(viewport={"width": 1280, "height": 800}).new_page()
        with bench.server("http://127.0.0.1:9", "none", "--provider", "demo", "--model", "demo", data=data) as server:
            page.goto(f"http://127.0.0.1:{server.port}/")
            page.get_by_label("Message", exact=True).fill("hello")
            page.keyboard.press("Enter")
            page.get_by_text("tokens/s").wait_for()
            session = page.url.split("#")[1]
            page.goto("about:blank")
        lengthen(data, session, MESSAGES)
        with bench.server("http://127.0.0.1:9", "none", "--provider", "demo", "--model", "demo", data=data) as server:
            measure(page, f"http://127.0.0.1:{server.port}/#{session}", server)


def measure(page, address, server):
    before = server.memory_mib("VmRSS")
    page.add_init_script(WATCH)
    cdp = page.context.new_cdp_session(page)
    cdp.send("Performance.enable")
    rows = []
    for label in ("first, the server reads it from the disk", "again"):
        page.goto("about:blank")
        page.goto(address)
        page.wait_for_function("() => performance.getEntriesByName('last message').length")
        paint, last = page.evaluate(
            "[performance.getEntriesByName('first-contentful-paint')[0].startTime, performance.getEntriesByName('last message')[0].startTime]")
        rows.append([label, f"{paint:.0f} ms", f"{last:.0f} ms", f"{before:.0f} MiB", f"{server.memory_mib('VmRSS'):.0f} MiB"])
    table(f"A history of {MESSAGES:,} messages, opened",
          ["opened", "first contentful paint", "last message painted", "server's memory before", "after"], rows)

    rows, done = [], 0
    for step in STEPS:
        times = [page.evaluate(OLDER) for _ in range(step - done)]
        done = step
        cdp.send("HeapProfiler.collectGarbage")
        metrics = {each["name"]: each["value"] for each in cdp.send("Performance.getMetrics")["metrics"]}
        keys = sorted(page.evaluate(KEY) for _ in range(5))
        rows.append([
            f"{page.locator('article').count():,}", f"{times[-1]:.0f} ms" if times else "", f"{metrics['JSHeapUsedSize'] / 2**20:.1f} MiB",
            f"{int(metrics['Nodes']):,}", f"{keys[2]:.0f} ms", f"{server.memory_mib('VmRSS'):.0f} MiB"])
        time.sleep(0.1)
    table("Read backwards", ["messages shown", "the last 100 of them", "heap of JavaScript", "DOM nodes", "a key in the composer",
                             "server's memory"], rows)
