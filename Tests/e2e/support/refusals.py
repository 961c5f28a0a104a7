"""Proxies through which a page gets plain HTTP, and no WebSocket until `let_through`."""

import asyncio
import concurrent.futures

from .proxies import Haproxy, Nginx

HOST = "proxy_set_header Host $http_host;"
UPGRADING = f"proxy_http_version 1.1; {HOST} proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection upgrade;"
# Pages are collected and compressed, as most are.
SPOILING = "gzip on; gzip_types *; gzip_min_length 1; gzip_proxied any; proxy_buffering on;"


class Refusing:
    """`refusal`: what happens to an upgrade. `url` is the server as a browser sees it; below `/base/` it is there again."""

    def __init__(self, folder, server, refusal):
        self.server, self.refusal = server, refusal
        super().__init__(folder, 1, self.site, **self.options)
        self.url = f"http://127.0.0.1:{self.ports[0]}"

    # More for the program's own constructor.
    options = {}

    def let_through(self):
        self.change("pass")

    def change(self, refusal):
        """In a thread: Playwright keeps an event loop running in this one."""
        self.refusal = refusal
        self.file.write_text(self.whole(self.site(*self.ports)))
        with concurrent.futures.ThreadPoolExecutor(1) as thread:
            thread.submit(lambda: asyncio.run(self.reload())).result()


class RefusingNginx(Refusing, Nginx):
    """`refusal`: a status, `lost` (the header goes missing, as where nobody thought of it), `pass`, or the port to send it to."""

    # A reload ends the connections that there are.
    options = {"main": "worker_shutdown_timeout 1s;"}

    def site(self, port):
        to = f"proxy_pass http://127.0.0.1:{self.server.port}"
        within = {"lost": f"{to};", "pass": f"{to}; {UPGRADING}"}.get(self.refusal)
        if isinstance(self.refusal, int):
            elsewhere = f"proxy_pass http://127.0.0.1:{self.refusal}; {UPGRADING}"
            within = f"return {self.refusal};" if self.refusal < 1000 else elsewhere
        return (
            f"server {{ listen 127.0.0.1:{port}; {SPOILING} {HOST}\n"
            f"location / {{ {to}; }}\nlocation /base/ {{ {to}/; }}\nlocation ~ /v1/chat$ {{ {within} }}\n}}\n")


class RefusingHaproxy(Refusing, Haproxy):
    def site(self, port):
        rule = {"lost": "http-request del-header Upgrade", "pass": ""}.get(
            self.refusal, f"http-request deny deny_status {self.refusal} if {{ path /v1/chat }}")
        return (
            "defaults\n    mode http\n    timeout connect 5s\n    timeout client 60s\n    timeout server 60s\n"
            f"listen chat\n    bind 127.0.0.1:{port}\n    {rule}\n    server one 127.0.0.1:{self.server.port}\n")
