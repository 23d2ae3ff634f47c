"""Requests to addresses from settings lead outside, never inside."""

import errno
import http.server
import socket
import threading

import pytest

from webapp.cloud.http_out import CheckedHttp, is_outside
from webapp.extension_kit import DeliveryFailed


class _Till(http.server.BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.seen.append((self.path, body, self.headers["webhook-id"]))
        self.send_response(self.server.status)
        self.send_header("Location", "/elsewhere")
        self.send_header("Content-Length", "0")
        self.end_headers()

    def log_message(self, *_):
        pass


@pytest.fixture
def till():
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), _Till)
    server.seen, server.status = [], 204
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield server
    server.shutdown()
    server.server_close()


def _url(server) -> str:
    return f"http://127.0.0.1:{server.server_address[1]}/bar?shop=main"


def test_a_local_bar_reaches_this_machine(till):
    CheckedHttp(inside_too=True).post(_url(till), b"{}", {"webhook-id": "msg_1"})
    assert till.seen == [("/bar?shop=main", b"{}", "msg_1")]


def test_a_till_of_both_kinds_of_address_is_reached_over_the_one_that_lambda_can_use(
    till, monkeypatch
):
    port = till.server_address[1]
    found = [
        (family, socket.SOCK_STREAM, 6, "", (address, port))
        for family, address in ((socket.AF_INET6, "100::1"), (socket.AF_INET, "127.0.0.1"))
    ]
    connect = socket.create_connection
    monkeypatch.setattr(socket, "getaddrinfo", lambda *_, **__: found)

    def without_ipv6(address, *arguments, **options):
        if ":" in address[0]:
            raise OSError(errno.ENETUNREACH, "Network is unreachable")
        monkeypatch.undo()
        return connect(address, *arguments, **options)

    monkeypatch.setattr(socket, "create_connection", without_ipv6)
    url = f"http://till.example:{port}/bar"
    CheckedHttp(inside_too=True).post(url, b"{}", {"webhook-id": "msg_1"})
    assert len(till.seen) == 1


@pytest.mark.parametrize("status", [301, 307, 400, 404, 500])
def test_whatever_is_not_2xx_is_a_failure_and_no_redirect_is_followed(till, status):
    till.status = status
    with pytest.raises(DeliveryFailed, match=str(status)):
        CheckedHttp(inside_too=True).post(_url(till), b"{}", {})
    assert len(till.seen) == 1


def test_nobody_listening_is_a_failure(till):
    url = _url(till)
    till.server_close()
    with pytest.raises(DeliveryFailed, match="no answer"):
        CheckedHttp(inside_too=True).post(url, b"{}", {})


@pytest.mark.parametrize(
    "url",
    ["http://93.184.215.14/", "ftp://93.184.215.14/", "//93.184.215.14/", "file:///etc/passwd", ""],
)
def test_only_https_leads_outside(url):
    with pytest.raises(DeliveryFailed, match="https"):
        CheckedHttp().post(url, b"{}", {})


@pytest.mark.parametrize(
    "host",
    [
        "127.0.0.1",
        "localhost",
        "10.0.0.1",
        "169.254.169.254",
        "[::1]",
        "[::ffff:127.0.0.1]",
        "0.0.0.0",
        "2130706433",
        "[64:ff9b::a9fe:a9fe]",
    ],
)
def test_no_address_inside_is_reached(host):
    with pytest.raises(DeliveryFailed, match="not a public one"):
        CheckedHttp().post(f"https://{host}/", b"{}", {})


@pytest.mark.parametrize("address", ["93.184.215.14", "2606:2800:21f:cb07:6820:80da:af6b:8b2c"])
def test_public_addresses_are_outside(address):
    assert is_outside(address)


@pytest.mark.parametrize("address", ["224.0.0.1", "239.255.255.250", "ff02::1", "ff0e::1"])
def test_a_group_of_machines_is_not_outside(address):
    """Python calls some of these addresses global."""
    assert not is_outside(address)
