"""Tokens 100 ms apart, by server-sent events, by polling and by WebSocket, straight and through nginx and haproxy."""

import contextlib
import pathlib
import re
import statistics
import sys
import tempfile

from .report import said_by, table

# Proxies are set up, and their streams read, as in the end-to-end tests.
SUPPORT = pathlib.Path(__file__).resolve().parents[2] / "Tests" / "e2e"
RATE = 10


def proxies(bench, options):
    sys.path.append(str(SUPPORT))
    from support.proxies import ORIGIN, Certificate, Front, found
    from support.spoilers import SpoilingHaproxy, SpoilingNginx
    from support.token_arrivals import by_events, by_polling, by_websocket, connected, of_chat, of_provider

    count = options.proxied_tokens
    model = f"stamps-{count}-rate-{RATE}"
    with contextlib.ExitStack() as stack:
        folder = pathlib.Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="proxies-", dir=bench.folder)))
        provider = stack.enter_context(bench.provider())
        upstream = f"http://127.0.0.1:{provider.port}"
        # Two: whoever serves a name beyond this machine wants a cookie of everybody.
        chat = stack.enter_context(bench.server(upstream, model))
        named = stack.enter_context(bench.server(upstream, model, "--allow-origin", ORIGIN))

        def proxy(kind, name, *arguments):
            return stack.enter_context(contextlib.closing(kind(folder / name, *arguments)))

        certificate = Certificate(folder)
        nginx = proxy(SpoilingNginx, "nginx", provider, chat)
        haproxy = proxy(SpoilingHaproxy, "haproxy", provider, chat)
        own_nginx = proxy(SpoilingNginx, "nginx-own", chat, chat)
        own_haproxy = proxy(SpoilingHaproxy, "haproxy-own", chat, chat)

        def events(port, gzip=False):
            return by_events(port, of_provider(model), count, gzip)

        def own_events(port, gzip=False):
            return by_events(port, of_chat(), count, gzip)

        def frames(port):
            return by_websocket(f"ws://127.0.0.1:{port}/v1/chat", count)

        def frames_behind(front):
            page = front.page()
            return by_websocket(
                front.ws_url, count, sock=connected(front.port), ssl=certificate.context, origin=page["origin"],
                additional_headers=page["headers"])

        ways = [
            ("SSE, no proxy", lambda: events(provider.port)),
            ("SSE, nginx, buffering on, response in chunks", lambda: events(nginx.chunked)),
            ("SSE, nginx, buffering on, close-delimited response", lambda: events(nginx.close_delimited)),
            ("SSE, nginx, buffering on, gzipped", lambda: events(nginx.gzipped, gzip=True)),
            ("SSE, nginx, `proxy_buffering off`", lambda: events(nginx.unbuffered)),
            ("SSE, haproxy, its defaults", lambda: events(haproxy.events)),
            ("SSE, haproxy, `option http-no-delay`", lambda: events(haproxy.undelayed)),
            ("`/chat/stream`, no proxy", lambda: own_events(chat.port)),
            ("`/chat/stream`, nginx, buffering on", lambda: own_events(own_nginx.chunked)),
            ("`/chat/stream`, nginx behind nginx, buffering on", lambda: own_events(own_nginx.close_delimited)),
            ("`/chat/stream`, nginx, buffering on, gzipped", lambda: own_events(own_nginx.gzipped, gzip=True)),
            ("`/chat/stream`, haproxy, its defaults", lambda: own_events(own_haproxy.events)),
            ("`/chat/stream`, haproxy, `option http-no-delay`", lambda: own_events(own_haproxy.undelayed)),
            ("polling, no proxy", lambda: by_polling(chat.port, count)),
            ("polling, nginx behind nginx, buffering on", lambda: by_polling(own_nginx.close_delimited, count)),
            ("polling, nginx, buffering on, gzipped", lambda: by_polling(own_nginx.gzipped, count)),
            ("polling, haproxy, its defaults", lambda: by_polling(own_haproxy.events, count)),
            ("WebSocket, no proxy", lambda: frames(chat.port)),
            ("WebSocket, nginx, buffering and gzip on", lambda: frames(nginx.websocket)),
            ("WebSocket, nginx, deploy/nginx.conf with TLS",
             lambda: frames_behind(proxy(Front.nginx, "nginx-deployed", named, certificate))),
            ("WebSocket, haproxy, its defaults", lambda: frames(haproxy.chat)),
            ("WebSocket, haproxy, deploy/haproxy.cfg with TLS",
             lambda: frames_behind(proxy(Front.haproxy, "haproxy-deployed", named, certificate))),
        ]
        nginx_words, haproxy_words = said_by('sh', '-c', f"{found('nginx')} -v 2>&1"), said_by(found('haproxy'), '-v')
        print(f"\n{version(nginx_words)}, {version(haproxy_words)}")
        table(
            f"{count} tokens {1000 // RATE} ms apart: from the provider writing a token to the client having it",
            ["way", "tokens", "arrivals", "late, median", "late, 90th percentile", "late, worst", "longest wait for the next"],
            [row(name, run(), count) for name, run in ways])


def row(name, arrivals, count):
    if len(arrivals.tokens) != count:
        raise SystemExit(f"{name}: {len(arrivals.tokens)} of {count} tokens arrived")
    late = sorted(arrivals.lateness_ms)
    shown = [statistics.median(late), late[int(len(late) * 0.9)], late[-1], max(arrivals.waits_ms)]
    return [name, str(count), str(arrivals.count), *(f"{ms:,.1f} ms" for ms in shown)]


def version(words):
    """`nginx 1.22.1`, of what a program says about itself."""
    match = re.search(r"(nginx|haproxy)\D+([\d.]+\d)", words, re.I)
    return f"{match[1].lower()} {match[2]}" if match else "?"
