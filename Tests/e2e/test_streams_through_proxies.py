"""The same tokens by server-sent events, by polling and by WebSocket, through proxies that nobody set up for streams.

Only the shape is looked at: what comes before what. How late it is, `make bench ARGS="--only proxies"` measures.
"""

import contextlib

import pytest

from support.spoilers import SpoilingHaproxy, SpoilingNginx
from support.token_arrivals import by_events, by_polling, by_websocket, of_provider

# In half a second. Their events fit in the smallest buffer of a proxy, 4 KiB.
LUMP, LUMP_MODEL = 10, "stamps-10-rate-20"
# Three tokens, and then nothing for ever: who has them has not waited for an end.
ENDLESS, ENDLESS_MODEL = 3, "stall-after-3"
ENDLESS_WORDS = ["w0", "w1", "w2"]


@pytest.fixture
def nginx(tmp_path, fake_provider, openai_server):
    with contextlib.closing(SpoilingNginx(tmp_path, fake_provider, openai_server(ENDLESS_MODEL))) as proxy:
        yield proxy


@pytest.fixture
def haproxy(tmp_path, fake_provider, openai_server):
    with contextlib.closing(SpoilingHaproxy(tmp_path, fake_provider, openai_server(ENDLESS_MODEL))) as proxy:
        yield proxy


@pytest.mark.parametrize("way", ["close_delimited", "gzipped"])
def test_events_come_in_a_lump_through_an_nginx_that_buffers(nginx, way):
    arrivals = by_events(getattr(nginx, way), of_provider(LUMP_MODEL), LUMP, gzip=way == "gzipped")
    assert len(arrivals.tokens) == LUMP
    assert arrivals.first_arrived > arrivals.last_sent, "the first came when the last had been sent"


def test_events_come_at_once_through_an_nginx_that_does_not(nginx):
    arrivals = by_events(nginx.unbuffered, of_provider(ENDLESS_MODEL), ENDLESS)
    assert arrivals.words == ENDLESS_WORDS


def test_events_come_at_once_through_a_haproxy_that_does_not_wait(haproxy):
    arrivals = by_events(haproxy.undelayed, of_provider(ENDLESS_MODEL), ENDLESS)
    assert arrivals.words == ENDLESS_WORDS


@pytest.fixture
def collecting(tmp_path, openai_server):
    """An nginx behind which events would come in a lump, in front of Whinchat."""
    server = openai_server(ENDLESS_MODEL)
    with contextlib.closing(SpoilingNginx(tmp_path, server, server)) as proxy:
        yield proxy


@pytest.mark.parametrize("way", ["close_delimited", "gzipped"])
def test_polls_are_answered_at_once_through_an_nginx_that_buffers(collecting, way):
    arrivals = by_polling(getattr(collecting, way), ENDLESS)
    assert arrivals.words == ENDLESS_WORDS


def test_frames_come_at_once_through_an_nginx_that_buffers(nginx):
    arrivals = by_websocket(f"ws://127.0.0.1:{nginx.websocket}/v1/chat", ENDLESS)
    assert arrivals.words == ENDLESS_WORDS


def test_frames_come_at_once_through_a_haproxy_with_its_defaults(haproxy):
    arrivals = by_websocket(f"ws://127.0.0.1:{haproxy.chat}/v1/chat", ENDLESS)
    assert arrivals.words == ENDLESS_WORDS
