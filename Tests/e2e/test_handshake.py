"""The door: the WebSocket's opening handshake, who may pass, and who one is."""

import http.client
import http.cookies
import json

import pytest
import websockets.exceptions

from support.bounds import BOUND
from support.chat_client import ChatClient

HANDSHAKE = {
    "Connection": "Upgrade", "Upgrade": "websocket", "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": "dGhlIHNhbXBsZSBub25jZQ==",
}


def request(server, path, headers=None, method="GET"):
    """A plain HTTP request, with a Host of one's own if wanted. Returns the response, its body read."""
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=BOUND)
    headers = {"Host": f"127.0.0.1:{server.port}"} | (headers or {})
    connection.putrequest(method, path, skip_host=True)
    for name, value in headers.items():
        connection.putheader(name, value)
    connection.endheaders()
    response = connection.getresponse()
    # A response to an upgrade that was accepted has no end.
    response.text = "" if response.status == 101 else response.read().decode()
    connection.close()
    return response


def new_cookie(server):
    """The cookie of a browser that has just loaded the page, as a `Cookie` header's value."""
    cookie = http.cookies.SimpleCookie(request(server, "/").getheader("Set-Cookie"))
    (name, morsel), = cookie.items()
    return f"{name}={morsel.value}"


async def test_the_subprotocol_is_chosen(quick):
    async with ChatClient.connect(quick, subprotocols=["other.v1", "whinchat.v1"]) as client:
        assert client.socket.subprotocol == "whinchat.v1"
        await client.open()


@pytest.mark.parametrize("offered", [(), ("other.v1",)])
async def test_a_client_that_does_not_offer_it_is_served(quick, offered):
    async with ChatClient.opened(quick, connecting={"subprotocols": offered}) as client:
        assert client.socket.subprotocol is None
        assert (await client.said("Hello")).status == "completed"


def test_the_accept_value_is_that_of_the_rfc(quick):
    response = request(quick, "/v1/chat", HANDSHAKE)
    assert response.status == 101
    # RFC 6455 §1.3 has this key and this answer.
    assert response.getheader("Sec-WebSocket-Accept") == "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="


@pytest.mark.parametrize("version", ["8", "12", "14"])
def test_another_version_is_refused_with_426(quick, version):
    response = request(quick, "/v1/chat", HANDSHAKE | {"Sec-WebSocket-Version": version})
    assert response.status == 426
    assert response.getheader("Sec-WebSocket-Version") == "13"


@pytest.mark.parametrize("key", ["", "short", "dGhlIHNhbXBsZSBub25jZQ"])
def test_a_bad_key_is_refused_with_400(quick, key):
    assert request(quick, "/v1/chat", HANDSHAKE | {"Sec-WebSocket-Key": key}).status == 400


def test_a_plain_request_is_told_to_upgrade(quick):
    response = request(quick, "/v1/chat")
    assert response.status == 426
    assert response.getheader("Upgrade") == "websocket"


@pytest.mark.parametrize("path", ["/", "/healthz", "/v1/chat"])
@pytest.mark.parametrize("headers", [
    {"Origin": "https://evil.example"},
    {"Origin": "null"},
    {"Origin": "http://127.0.0.1:1"},
    {"Host": "evil.example"},
    {"Host": "127.0.0.1.evil.example"},
])
def test_foreign_pages_and_unknown_hosts_are_refused_with_403(quick, path, headers):
    upgrade = HANDSHAKE if path == "/v1/chat" else {}
    response = request(quick, path, upgrade | headers)
    assert response.status == 403
    assert response.getheader("Content-Type").startswith("application/problem+json")
    assert json.loads(response.text)["status"] == 403
    assert response.getheader("Set-Cookie") is None


async def test_a_foreign_page_gets_no_websocket(quick):
    with pytest.raises(websockets.exceptions.InvalidStatus) as refusal:
        async with ChatClient.connect(quick, origin="https://evil.example"):
            pass
    assert refusal.value.response.status_code == 403


async def test_an_allowed_origin_passes(start_server):
    server = start_server("--provider", "demo", "--allow-origin", "https://chat.example")
    cookie = new_cookie(server)
    async with ChatClient.opened(
        server, connecting={"origin": "https://chat.example", "headers": {"Cookie": cookie}}
    ) as client:
        assert (await client.said("Hello")).status == "completed"


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "[::1]"])
def test_all_names_of_loopback_are_known(quick, host):
    assert request(quick, "/healthz", {"Host": f"{host}:{quick.port}"}).status == 200


def test_healthz(quick):
    response = request(quick, "/healthz")
    assert response.status == 200
    assert json.loads(response.text) == {"status": "ok"}


# Identity


def test_the_page_gets_a_cookie(quick):
    response = request(quick, "/")
    assert response.status == 200
    assert response.getheader("Content-Type").startswith("text/html")
    (name, morsel), = http.cookies.SimpleCookie(response.getheader("Set-Cookie")).items()
    assert morsel["httponly"] is True
    assert morsel["samesite"] == "Lax"
    assert morsel["path"] == "/"
    assert int(morsel["max-age"]) >= 30 * 24 * 3600
    # Plain http on loopback: a browser would not send back a Secure one.
    assert not morsel["secure"]
    again = request(quick, "/", {"Cookie": f"{name}={morsel.value}"})
    renewed = http.cookies.SimpleCookie(again.getheader("Set-Cookie") or "")
    assert all(other.value == morsel.value for other in renewed.values()), "the identity was replaced"


def test_the_key_in_the_data_folder_is_for_its_owner_alone(quick):
    request(quick, "/")
    files = [file for file in quick.data.rglob("*") if file.is_file()]
    assert files
    assert {oct(file.stat().st_mode & 0o077) for file in files} == {"0o0"}, files


async def test_a_session_is_its_owners_alone(quick):
    page = {"origin": quick.url}
    async with ChatClient.opened(quick, connecting=page | {"headers": {"Cookie": new_cookie(quick)}}) as client:
        await client.said("My secret is Ada")
        others = [
            page | {"headers": {"Cookie": new_cookie(quick)}},
            {},
        ]
        for connecting in others:
            async with ChatClient.connect(quick, **connecting) as other:
                await other.command("open", session=client.session, id="theirs")
                theirs = await other.error()
                assert (theirs["code"], theirs["ref"]) == ("not_found", "theirs")
                # Nor can it be told from one that does not exist.
                nobody = "s_" + "0" * (len(client.session) - 2)
                await other.command("open", session=nobody, id="nobodys")
                nobodys = await other.error()
                assert nobodys == theirs | {
                    "ref": "nobodys", "message": theirs["message"].replace(client.session, nobody),
                }


async def test_an_identity_outlives_a_restart(start_server):
    server = start_server("--provider", "demo")
    cookie = new_cookie(server)
    server.restart()
    async with ChatClient.opened(server, connecting={"origin": server.url, "headers": {"Cookie": cookie}}) as client:
        assert (await client.said("Hello")).status == "completed"


@pytest.mark.parametrize("cookie", [None, "forged"])
async def test_a_page_without_a_valid_cookie_is_unauthorised(quick, cookie):
    headers = None
    if cookie:
        name, value = new_cookie(quick).split("=")
        headers = {"Cookie": f"{name}={'0' * 32}{value[32:]}"}
    async with ChatClient.connect(quick, origin=quick.url, headers=headers) as client:
        assert await client.closed() == 4401


async def test_an_unknown_token_is_unauthorised(quick):
    async with ChatClient.connect(quick, headers={"Authorization": "Bearer nobody"}) as client:
        assert await client.closed() == 4401


def test_the_page_keeps_to_a_strict_policy(quick):
    response = request(quick, "/")
    policy = response.getheader("Content-Security-Policy")
    assert "default-src 'none'" in policy or "default-src 'self'" in policy
    assert "unsafe-inline" not in policy and "unsafe-eval" not in policy
    tag = response.getheader("ETag")
    assert tag
    assert request(quick, "/", {"If-None-Match": tag}).status == 304


@pytest.mark.parametrize("path", ["/nothing", "/../data/identity.key", "/%2e%2e/data", "/.git/config"])
def test_what_is_not_there_is_404(quick, path):
    assert request(quick, path).status in (400, 404)
