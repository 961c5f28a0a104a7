"""The page where no WebSocket gets through: long polling, in a real browser behind real proxies that refuse the upgrade."""

import contextlib
import json
import re
import socket

import pytest
from playwright.sync_api import expect

from support.page import Chat
from support.refusals import RefusingHaproxy, RefusingNginx
from support.sessions import tokens

COUNT = 300
# Six seconds of a reply that is known word for word.
MODEL = f"tokens-{COUNT}-rate-50"
KINDS = {"nginx": RefusingNginx, "haproxy": RefusingHaproxy}


class Traffic:
    """What a page asks for, by its session's routes and by WebSocket."""

    def __init__(self, page):
        self.page = page
        # What a refusal and an outage look like in the console.
        page.expected_errors = ["WebSocket", "Failed to load resource"]
        self.polls, self.posts, self.under_way, self.most, self.frames = [], [], set(), 0, []
        page.on("request", self.begun)
        page.on("requestfinished", lambda request: self.under_way.discard(request))
        page.on("requestfailed", lambda request: self.under_way.discard(request))
        page.on("websocket", lambda each: each.on("framereceived", lambda data: self.frames.append(json.loads(data))))

    def begun(self, request):
        # The sidebar asks for its own.
        if not re.search("/sessions(/[^/]+/(events[?]|frames)|$)", request.url):
            return
        self.under_way.add(request)
        self.most = max(self.most, len(self.under_way))
        (self.polls if "/events?" in request.url else self.posts).append(request)

    def said(self, kind):
        return [request.post_data_json for request in self.posts if (request.post_data_json or {}).get("type") == kind]

    def heard(self, kind):
        return [frame for frame in self.frames if frame["type"] == kind]

    def asked_again(self):
        """The page tries a WebSocket at once where its machine says that there is a network again."""
        self.page.evaluate("dispatchEvent(new Event('online'))")


@pytest.fixture
def behind(tmp_path, page):
    """Opens the page behind a proxy: `proxy, chat, traffic = behind("nginx", server, 403)`."""
    with contextlib.ExitStack() as stack:

        def start(kind, server, refusal):
            proxy = stack.enter_context(contextlib.closing(KINDS[kind](tmp_path, server, refusal)))
            traffic = Traffic(page)
            return proxy, Chat(page, proxy.url).open(), traffic

        yield start


def whole(chat, count=COUNT):
    chat.done()
    assert chat.text.inner_text().split() == tokens(count).split()


@pytest.mark.parametrize(("kind", "refusal"), [
    ("nginx", "lost"), ("nginx", 400), ("nginx", 502), ("haproxy", "lost"), ("haproxy", 403)])
def test_a_conversation_by_polling(behind, openai_server, page, kind, refusal):
    _, chat, traffic = behind(kind, openai_server(MODEL), refusal)
    chat.say("go")
    chat.wait_for_text(300)
    expect(chat.reply).to_have_attribute("aria-busy", "true")
    whole(chat)
    chat.say("again")
    chat.wait_for_text(300)
    chat.stop.click()
    expect(chat.reply.locator(".ending")).to_contain_text("Stopped.")
    chat.done()
    assert traffic.frames == [] and len(traffic.said("send")) == 2 and len(traffic.said("cancel")) == 1
    # A browser has six for one server, all tabs together.
    assert traffic.most <= 2
    # What there is comes together: at most ten times a second.
    assert len(traffic.polls) < 200
    page.reload()
    expect(chat.page.locator("article")).to_have_count(4)


def test_an_upgrade_that_nobody_answers(behind, openai_server):
    with socket.create_server(("127.0.0.1", 0)) as silent:
        _, chat, traffic = behind("nginx", openai_server(MODEL), silent.getsockname()[1])
        chat.say("go")
        whole(chat)
        assert traffic.polls and traffic.frames == []


def test_what_is_said_offline_goes_out_once(behind, openai_server, page):
    _, chat, traffic = behind("nginx", openai_server(MODEL), 403)
    page.context.set_offline(True)
    traffic.asked_again()
    expect(page.locator("#connection")).not_to_have_attribute("data-state", "online")
    chat.say("are you there?")
    expect(page.locator("article.user")).to_contain_text("Goes out once connected")
    page.context.set_offline(False)
    whole(chat)
    expect(page.locator("article.user")).to_have_count(1)
    assert len(traffic.said("send")) == 1


def test_a_break_in_mid_reply_loses_nothing(behind, openai_server, page):
    _, chat, traffic = behind("haproxy", openai_server(MODEL), 403)
    chat.say("go")
    chat.wait_for_text(200)
    page.context.set_offline(True)
    expect(page.locator("#connection")).not_to_have_attribute("data-state", "online")
    page.context.set_offline(False)
    expect(page.locator("#connection")).to_have_attribute("data-state", "online")
    whole(chat)
    # It goes on where it was.
    assert [request for request in traffic.polls if "epoch=" not in request.url] == traffic.polls[:1]


@pytest.mark.parametrize("kind", KINDS)
def test_over_to_a_websocket_in_mid_reply(behind, openai_server, page, kind):
    proxy, chat, traffic = behind(kind, openai_server(MODEL), "lost")
    chat.say("go")
    chat.wait_for_text(200)
    proxy.let_through()
    # More than once: a worker with the old configuration may take one more connection.
    page.evaluate("setInterval(() => dispatchEvent(new Event('online')), 500)")
    whole(chat)
    welcome, = traffic.heard("welcome")
    assert welcome["resume"] == "exact" and traffic.heard("delta")
    assert traffic.under_way == set()
    polls = len(traffic.polls)
    chat.say("again")
    whole(chat)
    assert len(traffic.polls) == polls and len(traffic.said("send")) == 1


def test_back_to_polling_where_a_proxy_begins_to_refuse(behind, openai_server, page):
    proxy, chat, traffic = behind("nginx", openai_server(MODEL), "pass")
    assert traffic.heard("welcome") and not traffic.polls
    chat.say("go")
    chat.wait_for_text(200)
    proxy.change(403)
    whole(chat)
    assert traffic.polls


@pytest.mark.parametrize("way", ["restart", "kill"])
def test_the_server_restarts_while_polling(behind, openai_server, page, way):
    server = openai_server(MODEL, "--drain-timeout", "1")
    _, chat, traffic = behind("nginx", server, 403)
    chat.say("go")
    chat.wait_for_text(200)
    server.restart() if way == "restart" else (server.kill(), server.start())
    expect(chat.reply.locator(".ending")).to_contain_text("Cut off")
    chat.say("again")
    whole(chat)
    expect(page.locator("article")).to_have_count(4)


def test_an_outage_is_no_refusal(behind, openai_server, page):
    server = openai_server(MODEL)
    _, chat, traffic = behind("nginx", server, "pass")
    server.kill()
    # Plain HTTP was tried too.
    with page.expect_response(lambda response: "/events?" in response.url and response.status == 502):
        pass
    server.start()
    expect(page.locator("#connection")).to_have_attribute("data-state", "online")
    chat.say("go")
    whole(chat)
    assert len(traffic.heard("welcome")) == 2


def test_a_place_that_is_gone(behind, openai_server, page):
    """Then a poll begins with a welcome and a snapshot, which has what was said and not its `ref`."""
    _, chat, traffic = behind("nginx", openai_server(MODEL), 403)
    page.route("**/events?*", lambda route: route.continue_(url=re.sub("epoch=\\w+", "epoch=e_other", route.request.url)))
    chat.say("go")
    whole(chat)
    expect(page.locator("article.user")).to_have_count(1)
    assert len({frame["id"] for frame in traffic.said("send")}) == 1


def test_two_tabs_at_once(behind, openai_server, page):
    proxy, chat, traffic = behind("nginx", openai_server("tokens-40-rate-50"), 403)
    other = Chat(page.context.new_page(), proxy.url).open(page.url[len(proxy.url):])
    chat.say("one")
    other.say("two")
    for each in (chat, other):
        expect(each.page.locator("article")).to_have_count(4)
        expect(each.reply.locator(".measures")).to_be_visible()
        each.done()
        assert [text.split() for text in each.page.locator("article.assistant .text").all_inner_texts()] == [tokens(40).split()] * 2
    order = [each.page.locator("article.user .text").all_inner_texts() for each in (chat, other)]
    assert order[0] == order[1] and sorted(order[0]) == ["one", "two"]
    assert traffic.most <= 2


PROBLEM = {"content_type": "application/problem+json"}


def test_what_is_refused_comes_back(behind, openai_server, page):
    _, chat, traffic = behind("nginx", openai_server(MODEL), 403)
    problem = {"status": 429, "title": "Too Many Requests", "detail": "Enough for today.", "code": "quota_exceeded"}
    refusal = {"status": 429, "body": json.dumps(problem), "headers": {"Retry-After": "60"}} | PROBLEM
    page.route("**/frames", lambda route: route.fulfill(**refusal))
    chat.say("go")
    expect(page.get_by_role("alert")).to_have_text("Enough for today.")
    expect(chat.input).to_have_value("go")
    # Something in between, that does not like the words.
    page.unroute("**/frames")
    page.route("**/frames", lambda route: route.fulfill(status=403, body="<h1>Forbidden</h1>"))
    chat.say("<script>")
    expect(page.get_by_role("alert")).to_have_text("The server was not reached (HTTP 403).")
    expect(chat.input).to_have_value("<script>")
    expect(page.locator("#connection")).to_have_attribute("data-state", "online")


def test_signed_out_and_asked_for_a_pause(behind, openai_server, page):
    _, chat, traffic = behind("nginx", openai_server(MODEL), 403)
    page.route("**/frames", lambda route: route.fulfill(status=429, headers={"Retry-After": "100"}))
    chat.say("go")
    expect(page.locator("#connection")).to_have_attribute("data-state", "waiting")
    page.unroute("**/frames")
    page.reload()
    expect(page.locator("#connection")).to_have_attribute("data-state", "online")
    page.route("**/frames", lambda route: route.fulfill(status=401))
    chat.say("go")
    expect(page.get_by_role("alert")).to_contain_text("not signed in")


def test_below_a_path_and_from_a_page_of_ones_own(behind, openai_server, page):
    proxy, _, traffic = behind("nginx", openai_server(MODEL), 403)
    page.evaluate(
        """async (url) => {
            const { ChatClient, textOf } = await import("/js/client.js");
            const tools = { page_title: { description: "-", input_schema: { type: "object" }, run: () => document.title } };
            window.client = new ChatClient({ url, tools });
            client.connect();
            client.send("go");
            window.reply = () => client.messages.filter(({ role }) => role === "assistant").map(textOf).join();
        }""", f"{proxy.url.replace('http', 'ws')}/base/v1/chat")
    page.wait_for_function("(text) => reply().trim() === text.trim() && !client.isBusy", arg=tokens(COUNT))
    assert page.evaluate("client.connection.status") == {"state": "online", "reason": "", "via": "polling"}
    found = page.evaluate("client.http('/sessions?limit=1')")["sessions"]
    assert [each["id"] for each in found] == [page.evaluate("client.model.session")]
    assert page.evaluate("client.http(`/sessions/${client.model.session}`, { method: 'PATCH', body: { title: 'Birds' } })")
    page.wait_for_function("() => client.model.settings.title === 'Birds'")
    problem = page.evaluate("client.http('/sessions/s_none/stats').catch((error) => error)")
    assert problem["code"] == "not_found" and problem["message"]
    assert page.evaluate("client.http(`/sessions/${client.model.session}`, { method: 'DELETE' })") is None
    page.wait_for_function("() => client.isGone")
    assert page.evaluate("client.connection.status.state") == "stopped"
    assert all("/base/sessions" in request.url for request in traffic.polls[-3:])
    # The model is told of no tool that could not be run.
    assert "tools" not in "".join(request.post_data or "" for request in traffic.posts)
