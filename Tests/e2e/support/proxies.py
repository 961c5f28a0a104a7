"""Real proxies in front of a server: nginx and haproxy as processes, with the configurations of deploy/ or with others."""

import contextlib
import http.client
import http.cookies
import os
import re
import shutil
import signal
import socket
import ssl
import subprocess

from .bounds import BOUND, until
from .processes import ROOT, Process

# The name in the configurations. Nobody looks it up: connections go to loopback.
NAME = "chat.example"
ORIGIN = f"https://{NAME}"

# Some other program may take a port that was free a moment ago.
ATTEMPTS = 5


def deployed(file, changes):
    """A file of deploy/ with texts replaced. Each must be there: what is tested stays what is in the file."""
    text = (ROOT / "deploy" / file).read_text()
    for old, new in changes.items():
        assert old in text, f"deploy/{file} has no {old!r}"
        text = text.replace(old, new)
    return text


class Certificate:
    """A certificate for the name, signed by itself."""

    def __init__(self, folder):
        self.key, self.file, self.both = folder / "key.pem", folder / "certificate.pem", folder / "both.pem"
        subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2",
             "-subj", f"/CN={NAME}", "-addext", f"subjectAltName=DNS:{NAME}", "-keyout", self.key, "-out", self.file],
            check=True, capture_output=True)
        self.both.write_bytes(self.file.read_bytes() + self.key.read_bytes())
        self.context = ssl.create_default_context(cafile=self.file)


class Proxy:
    """A proxy in the foreground. `configure` makes its configuration from as many free ports as it wants."""

    def __init__(self, folder, port_count, configure):
        folder.mkdir(parents=True, exist_ok=True)
        self.folder = folder
        self.file = folder / f"{self.program}.conf"
        for attempt in range(1, ATTEMPTS + 1):
            self.ports = free_ports(port_count)
            self.file.write_text(self.whole(configure(*self.ports)))
            try:
                # Its own words on standard error are what tells that it is ready.
                command = ["sh", "-c", 'exec "$@" 2>&1', "sh", found(self.program), *self.arguments()]
                self.process = Process(self.program, command, folder / f"{self.program}.txt", self.ready)
                return
            except AssertionError as error:
                if "in use" not in str(error) or attempt == ATTEMPTS:
                    raise

    def close(self):
        self.process.stop()

    async def reload(self):
        """Has the configuration read again, and waits until the new workers are there."""
        mark = len(self.process.output())
        self.tell_to_reload()
        await until(lambda: re.search(self.ready, self.process.output(mark)), f"{self.program} to reload")


class Nginx(Proxy):
    program = "nginx"
    ready = "start worker process "

    def __init__(self, folder, port_count, configure, main=""):
        self.main = main
        super().__init__(folder, port_count, configure)

    def whole(self, sites):
        """Around what stands in `http`: nothing of it outside of the folder, and nothing of the system's configuration."""
        kinds = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"]
        temporary = "".join(f"    {kind}_temp_path {self.folder}/{kind};\n" for kind in kinds)
        # As root, workers would be somebody who may not read the folder.
        user = "user root;\n" if os.geteuid() == 0 else ""
        return (
            f"{user}daemon off;\npid {self.folder}/nginx.pid;\nerror_log stderr notice;\n{self.main}\nevents {{}}\n"
            f"http {{\n    access_log off;\n{temporary}{sites}}}\n")

    def arguments(self):
        return ["-p", self.folder, "-c", self.file]

    def tell_to_reload(self):
        subprocess.run([found("nginx"), *self.arguments(), "-s", "reload"], check=True, capture_output=True)


class Haproxy(Proxy):
    program = "haproxy"
    ready = "Loading success"

    def whole(self, configuration):
        return configuration

    def arguments(self):
        # With a master, as the service of the distributions: it takes the signal to reload.
        return ["-W", "-db", "-f", self.file]

    def tell_to_reload(self):
        self.process.signal(signal.SIGUSR2)


class Front:
    """A server as it is reached through a proxy with a configuration of deploy/: under its name, by TLS."""

    def __init__(self, proxy, certificate):
        self.proxy = proxy
        self.certificate = certificate
        self.plain_port, self.port = proxy.ports
        self.ws_url = f"wss://{NAME}/v1/chat"
        # The connection goes here; name, `Host` and certificate are the address's.
        self.options = {"host": "127.0.0.1", "port": self.port, "ssl": certificate.context}

    @classmethod
    def nginx(cls, folder, server, certificate, changes=None, main=""):
        def site(plain, tls):
            return deployed("nginx.conf", {
                "listen 80;": f"listen 127.0.0.1:{plain};", "listen 443 ssl;": f"listen 127.0.0.1:{tls} ssl;",
                "listen [::]:80;": "", "listen [::]:443 ssl;": "",
                "/etc/ssl/chat.example.crt": str(certificate.file),
                "/etc/ssl/private/chat.example.key": str(certificate.key),
                "http://127.0.0.1:8080": f"http://127.0.0.1:{server.port}",
            } | (changes or {}))

        return cls(Nginx(folder, 2, site, main), certificate)

    @classmethod
    def haproxy(cls, folder, server, certificate, changes=None):
        def configuration(plain, tls):
            return deployed("haproxy.cfg", {
                # There may be no such user, no log, and no right to change to it.
                "    user haproxy\n    group haproxy\n": "", "    log /dev/log local0\n": "", "    log global\n": "",
                "bind :80\n": f"bind 127.0.0.1:{plain}\n", "bind :443 ssl": f"bind 127.0.0.1:{tls} ssl",
                "/etc/haproxy/chat.example.pem": str(certificate.both),
                "127.0.0.1:8080": f"127.0.0.1:{server.port}",
            } | (changes or {}))

        return cls(Haproxy(folder, 2, configuration), certificate)

    def close(self):
        self.proxy.close()

    def request(self, path, headers=None, tls=True):
        """A request as a browser makes it. Returns the response, its body read."""
        with self.response(path, headers, tls) as response:
            response.text = response.read().decode()
            return response

    @contextlib.contextmanager
    def response(self, path, headers=None, tls=True, method="GET", body=None):
        """The same, with the body still to be read."""
        if tls:
            connection = http.client.HTTPSConnection(NAME, timeout=BOUND, context=self.certificate.context)
            plain = socket.create_connection(("127.0.0.1", self.port), BOUND)
            connection.sock = self.certificate.context.wrap_socket(plain, server_hostname=NAME)
        else:
            connection = http.client.HTTPConnection("127.0.0.1", self.plain_port, timeout=BOUND)
        with contextlib.closing(connection):
            connection.request(method, path, body, headers={"Host": NAME} | (headers or {}))
            yield connection.getresponse()

    def page(self):
        """How a page of it connects: from its origin, with the cookie that came with it."""
        cookies = http.cookies.SimpleCookie(self.request("/").getheader("Set-Cookie"))
        cookie = "; ".join(f"{name}={morsel.value}" for name, morsel in cookies.items())
        return {"origin": ORIGIN, "headers": {"Cookie": cookie}, **self.options}


def found(program):
    """Where a server is: the distributions put them where not everybody's PATH leads."""
    path = shutil.which(program, path=os.environ["PATH"] + ":/usr/sbin:/usr/local/sbin")
    assert path, f"there is no {program}; scripts/setup.sh test installs it"
    return path


def free_ports(count):
    """Ports of loopback that nobody has at this moment."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("127.0.0.1", 0))
        return [each.getsockname()[1] for each in sockets]
