"""What of a conversation a model is sent, by each policy: told by the fake provider, which keeps what it was sent."""

import dataclasses

import pytest

from support.bounds import until
from support.chat_client import ChatClient, new_text
from support.processes import FakeProvider
from support.prompts import Prompt

TURNS = 40
BUDGET = 3_000
WINDOW = {"turns": 6, "min_turns": 2, "budget_tokens": BUDGET, "recall": 2}

MODEL = "tokens-60-rate-0"
SUMMARY_MODEL = "tokens-31-rate-0"
EMBEDDING_MODEL = "words-of-a-text"

NOUNS = """anchor basket candle dolphin engine feather garden hammer island jacket kettle ladder mirror needle orchard
pencil quarry ribbon saddle tunnel umbrella violin window yogurt zipper apron bottle castle dragon eagle falcon guitar
harbour igloo jungle kitchen lantern marble napkin ocean""".split()

FILLER = "It is long enough to take some room in the window, as people's messages do, and says little else. " * 3


def question(number):
    """Each talks of something new, and from the fifteenth on of what was said fifteen turns before."""
    back = f" And what was it about the {NOUNS[number - 15]}?" if number >= 15 else ""
    return f"Turn {number} is about the {NOUNS[number]}. {FILLER}{back}"


@dataclasses.dataclass
class Sent:
    """A turn: what the client was told of its prompt, what the provider was sent, and what it counted."""

    plan: dict
    prompt: Prompt
    usage: dict

    @property
    def reported(self):
        return sum(self.usage[name] for name in ("input_tokens", "cache_read_tokens", "cache_write_tokens"))


class Talk:
    """A conversation, and what went along with each of its turns."""

    def __init__(self, client, provider, system):
        self.client = client
        self.provider = provider
        self.system = system
        # (role, text), oldest first.
        self.path = []
        self.turns = []

    async def say(self, text):
        self.path.append(("user", text.strip()))
        ref = await self.client.send(text)
        started = await self.client.until("turn.started", ref=ref)
        turn = await self.client.done(ref=ref)
        assert turn.status == "completed", turn.done
        # Summaries are asked for with another system prompt.
        request = self.provider.requests(self.system)[-1]
        prompt = Prompt.of(request["body"])
        sent = Sent(started["context"], prompt, turn.done["usage"])
        self.turns.append(sent)
        self.check(sent)
        self.path.append(("assistant", turn.text.strip()))
        return sent

    def check(self, sent):
        """What holds for each policy."""
        prompt, plan = sent.prompt, sent.plan
        assert prompt.system == self.system
        assert prompt.roles[0] == "user" and prompt.in_place
        # The newest message, and the path's end up to it, without a gap.
        assert prompt.texts == self.path[-len(prompt.texts):]
        assert prompt.texts[0][0] == "user"
        # The plan's numbers are what was sent.
        assert plan["sent_messages"] == len(prompt.texts)
        told = [plan[f"{kind}_messages"] for kind in ("sent", "summarised", "recalled", "dropped")]
        assert sum(told) == len(self.path), plan
        assert (plan["summarised_messages"] > 0) == (prompt.summary is not None)
        assert (plan["recalled_messages"] > 0) == (prompt.recalled is not None)
        if plan.get("budget_tokens"):
            assert plan["estimated_tokens"] <= plan["budget_tokens"]
            # As the provider counts it, the newest text alone being estimated.
            assert sent.reported <= plan["budget_tokens"] * 1.02
        if len(self.turns) > 5:
            assert abs(plan["estimated_tokens"] - sent.reported) < 0.1 * sent.reported, (plan, sent.usage)

    @property
    def starts(self):
        """Of each turn, the first message of the path that was sent word for word."""
        return [2 * number + 1 - len(sent.prompt.texts) for number, sent in enumerate(self.turns)]

    def check_cache(self):
        """Each prompt begins with the whole one before it, which the provider has kept, but where the window moves."""
        for before, sent, start, next_start in zip(self.turns, self.turns[1:], self.starts, self.starts[1:]):
            assert 0 <= sent.prompt.marks <= 4
            same = start == next_start and before.prompt.summary == sent.prompt.summary
            if same and before.reported > 1_500:
                assert sent.usage["cache_read_tokens"] == before.reported
                assert sent.usage["input_tokens"] == 0


@pytest.fixture
def fake_provider(tmp_path_factory):
    """One for each test: its log, which is read after each turn, stays short."""
    provider = FakeProvider(tmp_path_factory.mktemp("fake-provider"))
    yield provider
    provider.stop()


@pytest.fixture(params=["anthropic", "openai"])
def talk(request, fake_provider):
    """Starts a conversation: `async with talk("full", client) as talk`."""
    start = request.getfixturevalue(f"{request.param}_server")

    def make(policy, *arguments, model=MODEL):
        server = start(model, "--summary-model", SUMMARY_MODEL, "--max-tokens", "500", *arguments)
        return server, {
            "system": new_text("You are brief."), "tools": [], "context": {"policy": policy} | WINDOW,
        }

    make.dialect = request.param
    return make


async def forty_turns(talk, fake_provider, policy, *arguments):
    server, settings = talk(policy, *arguments)
    async with ChatClient.opened(server, create=settings) as client:
        conversation = Talk(client, fake_provider, settings["system"])
        for number in range(TURNS):
            await conversation.say(question(number))
    return conversation


async def test_none_sends_the_message_alone(talk, fake_provider):
    conversation = await forty_turns(talk, fake_provider, "none")
    assert all(len(sent.prompt.texts) == 1 for sent in conversation.turns)


async def test_full_sends_everything(talk, fake_provider):
    conversation = await forty_turns(talk, fake_provider, "full")
    assert conversation.starts == [0] * TURNS
    assert conversation.turns[-1].reported > BUDGET
    if talk.dialect == "anthropic":
        conversation.check_cache()
        # Of the whole conversation a tenth was paid for.
        usages = [sent.usage for sent in conversation.turns]
        assert sum(usage["cache_read_tokens"] for usage in usages) > 0.8 * sum(sent.reported for sent in conversation.turns)


async def test_the_window_slides_in_steps(talk, fake_provider):
    conversation = await forty_turns(talk, fake_provider, "sliding_window")
    starts = conversation.starts
    assert starts == sorted(starts) and starts[-1] > 0
    assert len(set(starts)) <= 5, starts
    # Everything while it fits, and never fewer than the last turns while those fit.
    assert all(len(sent.prompt.texts) >= min(2 * number + 1, 2 * WINDOW["turns"] - 1)
               for number, sent in enumerate(conversation.turns))
    if talk.dialect == "anthropic":
        conversation.check_cache()
        assert sum(sent.usage["cache_read_tokens"] > 0 for sent in conversation.turns) > TURNS / 2


async def test_a_summary_stands_for_what_was_before(talk, fake_provider):
    conversation = await forty_turns(talk, fake_provider, "summarise")
    summarised = [sent for sent in conversation.turns if sent.prompt.summary]
    assert len(summarised) > TURNS / 2
    assert all("w0 w1" in sent.prompt.summary for sent in summarised)
    # The rest is there word for word: nothing was lost.
    assert all(sent.plan["dropped_messages"] == 0 for sent in summarised)
    starts = conversation.starts
    assert starts == sorted(starts) and len(set(starts)) <= TURNS / 3 + 2, starts
    # Extended, not rewritten: each begins as the one before it.
    texts = [sent.prompt.summary.removesuffix("</summary>").strip() for sent in summarised]
    assert all(after.startswith(before) for before, after in zip(texts, texts[1:]))
    jobs = [request for request in fake_provider.requests("You keep the notes") if request["model"] == SUMMARY_MODEL]
    assert jobs and all("tools" not in job["body"] for job in jobs)
    if talk.dialect == "anthropic":
        conversation.check_cache()


async def test_what_fits_by_its_words_is_recalled(talk, fake_provider):
    conversation = await forty_turns(talk, fake_provider, "retrieve")
    for number, sent in enumerate(conversation.turns):
        if number >= 15:
            assert f"Turn {number - 15} is about the {NOUNS[number - 15]}." in sent.prompt.recalled, number
            assert 2 <= sent.plan["recalled_messages"] <= 2 * WINDOW["recall"]
    starts = conversation.starts
    # In steps of three turns, and where the budget wants one.
    assert starts == sorted(starts) and len(set(starts)) <= TURNS / 3 + 3, starts


async def test_what_fits_by_its_meaning_is_recalled(talk, fake_provider):
    server, settings = talk(
        "retrieve", "--embedding-model", EMBEDDING_MODEL, "--embedding-base-url", f"{fake_provider.url}/v1")
    async with ChatClient.opened(server, create=settings) as client:
        conversation = Talk(client, fake_provider, settings["system"])
        texts = ["My car is old.", *(f"The {noun} and the {noun}." for noun in NOUNS[:14])]
        for text in texts:
            await conversation.say(text)
        # The vectors of what was just said are made while one reads it.
        await until(lambda: len(vectors(fake_provider, conversation.path[-1][1])) > 0, "vectors of the last reply")
        sent = await conversation.say("Was my automobile new?")
        assert "My car is old." in sent.prompt.recalled


async def test_words_do_where_the_embedding_model_fails(talk, fake_provider):
    server, settings = talk(
        "retrieve", "--embedding-model", "status-500", "--embedding-base-url", f"{fake_provider.url}/v1")
    async with ChatClient.opened(server, create=settings) as client:
        conversation = Talk(client, fake_provider, settings["system"])
        for number in range(16):
            sent = await conversation.say(question(number))
        assert f"Turn 0 is about the {NOUNS[0]}." in sent.prompt.recalled
    assert server.log.count("the embedding model does not answer") == 1


def vectors(provider, text):
    """The requests for vectors of a text."""
    return [
        request for request in provider.log()["requests"]
        if request["path"].endswith("/embeddings") and text in map(str.strip, request["body"]["input"])
    ]


async def test_a_policy_is_changed_in_the_middle(talk, fake_provider):
    server, settings = talk("none")
    async with ChatClient.opened(server, create=settings) as client:
        conversation = Talk(client, fake_provider, settings["system"])
        for number in range(3):
            await conversation.say(question(number))
        await client.command("configure", id="c1", context={"policy": "retrieve", "recall": 3})
        updated = await client.until("session.updated")
        assert updated["settings"]["context"] == WINDOW | {"policy": "retrieve", "recall": 3}
        sent = await conversation.say(question(3))
        assert (sent.plan["policy"], sent.plan["sent_messages"]) == ("retrieve", 7)


# Counts and windows


async def test_a_counted_prompt_has_exactly_its_estimate(anthropic_server, fake_provider):
    server = anthropic_server(MODEL, "--exact-tokens")
    settings = {"system": new_text("You are exact."), "context": {"policy": "full"}}
    async with ChatClient.opened(server, create=settings) as client:
        conversation = Talk(client, fake_provider, settings["system"])
        for number in range(6):
            sent = await conversation.say(question(number))
            assert sent.plan["estimated_tokens"] == sent.reported
    counts = [request for request in fake_provider.requests(settings["system"]) if "count_tokens" in request["path"]]
    assert len(counts) == 6


async def test_what_was_learned_of_a_model_outlives_the_server(provider_server, fake_provider):
    server = provider_server(MODEL)

    async def first_error():
        settings = {"system": new_text("You are new."), "tools": []}
        async with ChatClient.opened(server, create=settings) as client:
            conversation = Talk(client, fake_provider, settings["system"])
            # Words as those of the replies: of a text in another language the model's tokeniser is learned anew.
            for number in range(4):
                await conversation.say(" ".join(f"w{number}{word}" for word in range(10, 90)))
            first = conversation.turns[0]
            return abs(first.plan["estimated_tokens"] - first.reported) / first.reported

    before = await first_error()
    server.restart()
    assert before > 0.2
    assert await first_error() < 0.1


async def test_a_message_beyond_the_window_is_refused(provider_server):
    server = provider_server(MODEL, "--model-window", f"{MODEL}=2000", "--max-tokens", "500")
    async with ChatClient.opened(server, create={"tools": []}) as client:
        await client.said("short")
        await client.send("long " * 4_000, id="long")
        error = await client.error(ref="long")
        assert (error["code"], error["field"]) == ("message_too_long", "text")
        assert "1500" in error["message"]
        # The id is free, and the conversation as it was.
        turn = await client.done(ref=await client.send("short again", id="long"))
        assert turn.status == "completed"
