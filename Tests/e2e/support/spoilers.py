"""Proxies that are not made for streams: what server-sent events meet where nobody thought of them."""

from .proxies import Haproxy, Nginx

WEBSOCKET = """
            proxy_http_version 1.1;
            proxy_set_header Host $http_host;
            proxy_set_header Upgrade $http_upgrade;
            proxy_set_header Connection upgrade;
"""


class SpoilingNginx(Nginx):
    """nginx with a port for each way in which it is set up for pages.

    `chunked`: it speaks HTTP/1.1 to the server, which sends chunks. `close_delimited`: with its own default, HTTP/1.0, where
    the end of the response is the end of the connection. `gzipped`: it compresses events too. `unbuffered`: as it should be.
    `websocket`: WebSockets to `chat`, with buffers and compression on.
    """

    def __init__(self, folder, events, chat):
        def sites(chunked, plain, close_delimited, gzipped, unbuffered, websocket):
            to_events, to_chat = f"proxy_pass http://127.0.0.1:{events.port};", f"proxy_pass http://127.0.0.1:{chat.port};"
            compressing = "gzip on; gzip_types *;"

            def site(port, before, within):
                return f"    server {{ listen 127.0.0.1:{port}; {before}\n        location / {{ {within} }}\n    }}\n"

            return (
                site(chunked, "", f"{to_events} proxy_http_version 1.1;")
                # To HTTP/1.0 nginx itself answers without chunks: a server as there are many.
                + site(plain, "", f"{to_events} proxy_http_version 1.1; proxy_buffering off;")
                + site(close_delimited, "", f"proxy_pass http://127.0.0.1:{plain}; proxy_http_version 1.0;")
                + site(gzipped, compressing, f"{to_events} proxy_http_version 1.1;")
                + site(unbuffered, "", f"{to_events} proxy_http_version 1.1; proxy_buffering off;")
                + site(websocket, compressing, to_chat + WEBSOCKET))

        super().__init__(folder, 6, sites)
        self.chunked, _, self.close_delimited, self.gzipped, self.unbuffered, self.websocket = self.ports


class SpoilingHaproxy(Haproxy):
    """haproxy with its defaults: `events` and `chat` are the ports. `undelayed` has `option http-no-delay`."""

    def __init__(self, folder, events, chat):
        def configuration(first, second, third):
            def way(name, port, server, option=""):
                return (
                    f"listen {name}\n    bind 127.0.0.1:{port}\n    {option}\n    server one 127.0.0.1:{server.port}\n")

            return (
                "defaults\n    mode http\n    timeout connect 5s\n    timeout client 60s\n    timeout server 60s\n"
                + way("events", first, events) + way("chat", second, chat)
                + way("undelayed", third, events, "option http-no-delay"))

        super().__init__(folder, 3, configuration)
        self.events, self.chat, self.undelayed = self.ports
