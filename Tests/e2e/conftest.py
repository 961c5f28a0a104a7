"""Fixtures of the end-to-end tests: the project's executables as processes, and a browser.

WHINCHAT_BIN_DIR names the folder of the built executables (default: .build/debug). Tests may be coroutines. Every wait has
an event and the bound of support/bounds.py. `-n 2` runs them in two processes, each with servers of its own.
"""

import asyncio
import concurrent.futures
import inspect
import shutil

import pytest

from support.processes import ANTHROPIC_KEY, OPENAI_KEY, FakeProvider, Process, Server

# Seconds for a whole test: several waits of support/bounds.py.
TEST_BOUND = 120


def pytest_configure(config):
    config.addinivalue_line("markers", "bound(seconds): how long the test may take, where that is not the usual.")


# Coroutines as tests


@pytest.hookimpl(tryfirst=True)
def pytest_pyfunc_call(pyfuncitem):
    marker = pyfuncitem.get_closest_marker("bound")
    bound = marker.args[0] if marker else TEST_BOUND
    if not inspect.iscoroutinefunction(pyfuncitem.obj):
        return None
    names = inspect.signature(pyfuncitem.obj).parameters
    arguments = {name: pyfuncitem.funcargs[name] for name in names if name in pyfuncitem.funcargs}

    async def bounded():
        async with asyncio.timeout(bound):
            await pyfuncitem.obj(**arguments)

    # In a thread of its own: Playwright keeps an event loop running in this one.
    with concurrent.futures.ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, bounded()).result()
    return True


# What the processes said goes with a failure


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup(item):
    for process in Process.running:
        process.mark = process.log.stat().st_size


@pytest.hookimpl(hookwrapper=True)
def pytest_runtest_makereport(item, call):
    outcome = yield
    report = outcome.get_result()
    if not report.failed:
        return
    for process in Process.running:
        said = process.output(process.mark)
        if said:
            report.sections.append((f"{process.name} said", said[-20_000:]))


# Processes


@pytest.fixture(scope="session")
def fake_provider(tmp_path_factory):
    provider = FakeProvider(tmp_path_factory.mktemp("fake-provider"))
    yield provider
    provider.stop()


@pytest.fixture(scope="session")
def server(tmp_path_factory):
    """Whinchat with the demo model, for all tests: each opens sessions of its own."""
    server = Server(tmp_path_factory.mktemp("server"), "--provider", "demo")
    yield server
    assert server.stop() == 0, "the server did not end by itself on SIGTERM"


@pytest.fixture(scope="session")
def quick(tmp_path_factory):
    """Whinchat with a model that says `w0 ` to `w19 ` at once, where the demo takes its time as a person would."""
    # Not the fake provider of the others: what is said here fills its log.
    provider = FakeProvider(tmp_path_factory.mktemp("quick-provider"))
    server = Server(
        tmp_path_factory.mktemp("quick"), "--provider", "openai", "--base-url", f"{provider.url}/v1",
        "--model", "tokens-20-rate-0", environment={"OPENAI_API_KEY": OPENAI_KEY}, name="whinchat (quick)",
    )
    yield server
    status = server.stop()
    provider.stop()
    assert status == 0, "the server did not end by itself on SIGTERM"


@pytest.fixture
def start_server(tmp_path_factory):
    """Starts servers that end with the test: `start_server("--provider", "demo", environment={…})`."""
    servers = []

    def start(*arguments, environment=None, **options):
        server = Server(tmp_path_factory.mktemp("server"), *arguments, environment=environment, **options)
        servers.append(server)
        return server

    yield start
    statuses = [server.stop() for server in servers]
    assert all(status == 0 for status in statuses), f"the servers ended with {statuses}"


@pytest.fixture
def anthropic_server(fake_provider, start_server):
    """Starts a server for a scenario of the fake provider, in Anthropic's dialect: `anthropic_server("silent")`."""

    def start(model, *arguments):
        return start_server(
            "--provider", "anthropic", "--base-url", fake_provider.url, "--model", model, *arguments,
            environment={"ANTHROPIC_API_KEY": ANTHROPIC_KEY}, name=f"whinchat (anthropic, {model})",
        )

    return start


@pytest.fixture
def openai_server(fake_provider, start_server):
    """The same in OpenAI's dialect."""

    def start(model, *arguments, **options):
        return start_server(
            "--provider", "openai", "--base-url", f"{fake_provider.url}/v1", "--model", model, *arguments,
            environment={"OPENAI_API_KEY": OPENAI_KEY}, name=f"whinchat (openai, {model})", **options,
        )

    return start


@pytest.fixture(params=["anthropic", "openai"])
def provider_server(request):
    """Both: a test that takes it runs once through each dialect."""
    return request.getfixturevalue(f"{request.param}_server")


@pytest.fixture(params=["stopped", "killed"])
def bring_back(request):
    """Ends a server, politely or not, and starts it again: `await bring_back(server)`."""

    def end_and_start(server):
        if request.param == "killed":
            server.kill()
            server.start()
        else:
            server.restart()

    async def bring_back(server):
        # In a thread: clients of the test answer meanwhile.
        await asyncio.to_thread(end_and_start, server)

    return bring_back


# The browser


@pytest.fixture(scope="session")
def browser():
    from playwright.sync_api import sync_playwright

    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    assert chromium, "there is no chromium; scripts/setup.sh test installs it"
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=chromium, headless=True, args=["--no-sandbox", "--disable-dev-shm-usage"]
        )
        yield browser
        browser.close()


@pytest.fixture
def page(browser, start_server):
    """A page in a browser profile of its own. What it reports as an error fails the test; `page.expected_errors` takes
    texts of those that a test means to cause. It is closed before the servers of its test stop."""
    context = browser.new_context()
    context.set_default_timeout(30_000)
    page = context.new_page()
    errors = []
    page.expected_errors = []
    page.on("pageerror", lambda error: errors.append(f"uncaught: {error}"))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    yield page
    context.close()
    unexpected = [error for error in errors if not any(expected in error for expected in page.expected_errors)]
    assert not unexpected, f"the page reported {unexpected}"


@pytest.fixture
def chat(page, server):
    """The page as a person uses it, on the server with the demo model."""
    from support.page import Chat

    chat = Chat(page, server.url)
    yield chat
    assert chat.errors == []
