"""The client without a page: what it makes of frames, and how others build on it."""

import re

from playwright.sync_api import expect

from support.page import WEB, ScriptedServer


def test_the_reducer_takes_each_event_once_and_a_snapshot_in_mid_reply(chat, page):
    chat.open()
    frames = [
        {"type": "welcome", "session": "s", "epoch": "e", "resume": "snapshot", "seq": 9},
        {
            "type": "snapshot",
            "seq": 9,
            "more": False,
            "messages": [{"id": "u", "parent": None, "role": "user", "content": [{"kind": "text", "text": "hi"}], "turn": "t"}],
            "live": {
                "turn": "t", "state": "running", "parent": "u", "message": "a", "model": "m",
                "blocks": [
                    {"index": 0, "kind": "tool_call", "call": "c", "name": "n", "input_so_far": "{}", "done": True,
                     "result": {"output": "42", "is_error": False}},
                    {"index": 1, "kind": "text", "text": "It ", "done": False},
                ],
            },
        },
        {"type": "delta", "seq": 9, "turn": "t", "index": 1, "text": "twice"},
        {"type": "delta", "seq": 12, "turn": "t", "index": 1, "text": "is"},
        {"type": "delta", "seq": 12, "turn": "t", "index": 1, "text": "is"},
        {"type": "message", "seq": 13, "ref": "m2", "message": {"id": "u2", "parent": "a", "role": "user", "turn": "t2",
                                                                "content": [{"kind": "text", "text": "and"}]}},
        {"type": "turn.queued", "seq": 14, "turn": "t2", "parent": "u2"},
        {"type": "delta", "seq": 15, "turn": "t", "index": 1, "text": " so."},
        {"type": "turn.done", "seq": 16, "turn": "t", "status": "completed", "usage": {"output_tokens": 3}},
    ]
    shown = page.evaluate(
        """async (frames) => {
            const { emptyModel, reduce, shownMessages, textOf } = await import("/js/state.js");
            const model = emptyModel();
            for (const frame of frames) reduce(model, frame);
            return shownMessages(model).map((each) => [each.id, textOf(each), each.live, each.status ?? null, each.blocks[0].output ?? null]);
        }""",
        frames,
    )
    assert shown == [
        ["u", "hi", False, None, None],
        ["a", "It is so.", False, "completed", "42"],
        ["u2", "and", False, None, None],
    ]


def test_a_snapshot_tells_what_the_newest_turn_was_sent_and_how_replies_ended(chat, page):
    chat.open()
    context = {"policy": "sliding_window", "sent_messages": 1, "dropped_messages": 2, "summarised_messages": 0,
               "recalled_messages": 0, "estimated_tokens": 10, "budget_tokens": 500}
    error = {"code": "upstream_truncated", "message": "It broke off.", "retryable": True}
    frames = [
        {"type": "welcome", "session": "s", "epoch": "e", "resume": "snapshot", "seq": 9},
        {
            "type": "snapshot", "seq": 9, "more": False, "context": context | {"parent": "u"},
            "messages": [
                {"id": "u", "parent": None, "role": "user", "content": [{"kind": "text", "text": "hi"}], "turn": "t", "siblings": ["u"]},
                {"id": "a", "parent": "u", "role": "assistant", "content": [], "turn": "t", "siblings": ["a", "a2"],
                 "status": "truncated", "error": error, "timing": {"duration_ms": 5}},
            ],
            "live": {"turn": "t2", "state": "running", "parent": "u", "message": "a2", "model": "m", "siblings": ["a", "a2"],
                     "blocks": []},
        },
        {"type": "snapshot", "seq": 10, "more": False, "messages": []},
    ]
    before, after = page.evaluate(
        """async (frames) => {
            const { emptyModel, reduce } = await import("/js/state.js");
            const model = emptyModel();
            return frames.map((frame) => {
                reduce(model, frame);
                const { error, timing } = model.messages.get("a") ?? {};
                return { plan: model.plan, error, timing, siblings: { ...model.siblings } };
            }).slice(1);
        }""",
        frames,
    )
    assert before == {
        "plan": context | {"parent": "u"}, "error": error, "timing": {"duration_ms": 5},
        "siblings": {"u": ["u"], "a": ["a", "a2"], "a2": ["a", "a2"]},
    }
    # What is gone has no gauge.
    assert after["plan"] is None


def test_the_gauge_and_a_replys_end_are_there_after_a_reload(page, chat):
    scripted = ScriptedServer(page)
    chat.open()
    user = {"id": "u1", "parent": None, "role": "user", "turn": "t1", "siblings": ["u1"], "content": [{"kind": "text", "text": "hi"}]}
    reply = {"id": "a1", "parent": "u1", "role": "assistant", "turn": "t1", "siblings": ["a1"], "content": [], "model": "m",
             "status": "failed", "error": {"code": "upstream_auth", "message": "The key was refused.", "retryable": False},
             "usage": {"input_tokens": 1, "output_tokens": 1}, "timing": {"ttft_ms": 210, "duration_ms": 900}}
    context = {"policy": "sliding_window", "sent_messages": 1, "dropped_messages": 0, "summarised_messages": 0,
               "recalled_messages": 0, "estimated_tokens": 120, "budget_tokens": 500, "parent": "u1"}
    scripted.answer("snapshot", messages=[user, reply], queued=[], seq=9, more=False, context=context)
    expect(page.get_by_role("meter")).to_have_attribute("title", "About 120 of 500 tokens of conversation sent")
    expect(chat.reply.locator(".ending")).to_contain_text("The key was refused. (upstream_auth)")
    expect(chat.reply.locator(".measures")).to_contain_text("first after 210 ms")


def test_a_turn_that_was_stopped_while_it_waited_needs_a_snapshot(chat, page):
    """It leaves an empty reply, which is the parent of the next question, and of which no event tells."""
    chat.open()

    def asked(seq, question, parent, turn):
        message = {"id": question, "parent": parent, "role": "user", "turn": turn, "content": [{"kind": "text", "text": question}]}
        return {"type": "message", "seq": seq, "message": message}

    frames = [
        {"type": "welcome", "session": "s", "epoch": "e", "resume": "new", "seq": 0},
        asked(1, "u1", None, "t1"),
        {"type": "turn.started", "seq": 2, "turn": "t1", "parent": "u1", "message": "a1", "model": "m"},
        asked(3, "u2", "a1", "t2"),
        asked(4, "u3", "a2", "t3"),
        {"type": "turn.done", "seq": 5, "turn": "t2", "status": "cancelled"},
    ]
    outcomes = page.evaluate(
        """async (frames) => {
            const { emptyModel, reduce } = await import("/js/state.js");
            const model = emptyModel();
            return frames.map((frame) => reduce(model, frame) ?? null);
        }""",
        frames,
    )
    assert outcomes == [None] * 5 + ["lost"]


def test_the_wait_before_an_attempt_doubles_with_jitter(chat, page):
    chat.open()
    waits = page.evaluate(
        """async () => {
            const { backoff } = await import("/js/connection.js");
            return [[0, 0], [0, 1], [3, 0], [3, 1], [50, 1]].map(([n, r]) => (Math.random = () => r, backoff(n)));
        }"""
    )
    assert waits == [250, 500, 2000, 4000, 30000]


def test_a_page_of_ones_own_is_built_in_twenty_lines(page, chat):
    """The example of docs/web-client.md, as it stands there."""
    text = (WEB.parent / "docs" / "web-client.md").read_text()
    markup, script = re.search(r"```html\n(.*?)<script type=\"module\">\n(.*?)</script>", text, re.DOTALL).groups()
    assert len(script.strip().splitlines()) <= 20
    script = re.sub(r"import (\{.*?\}) from \"\.(.*?)\";", r'const \1 = await import("\2");', script)
    chat.open()
    page.evaluate(f"async (markup) => {{ document.body.innerHTML = markup; {script} }}", markup)
    page.wait_for_function("() => document.title === 'online'")
    page.locator("input").fill("My name is Ada")
    page.locator("input").press("Enter")
    expect(page.locator("pre")).to_contain_text("user: My name is Ada\nassistant: Pleased to meet you, Ada.")
