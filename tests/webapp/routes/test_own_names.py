"""The bar answers to its own names, and 127.0.0.1 alone is nobody who sits here."""

from __future__ import annotations

import pytest

from webapp.own_names import ARRIVED_AT, IS_HERE, Here, name_in

FOREIGN = [
    "evil.example",
    "evil.example:8000",
    "203.0.113.9",
    "localhost.evil.example",
    "",
    "a b",
    "bar.example@evil.example",
    "localhost/",
    "[::1",
    "1",
    "localhost:8000:1",
]


def _get(client, path: str, host: str, **environ):
    return client.get(path, environ_overrides={"HTTP_HOST": host, **environ})


@pytest.mark.parametrize("host", FOREIGN)
@pytest.mark.parametrize("path", ["/main", "/main//scan", "/main/", "/nowhere", "/healthz"])
def test_whoever_asks_for_another_name_is_told_so_and_gets_nothing(phone, services, path, host):
    answer = _get(phone, path, host)
    assert answer.status_code == 400
    assert services.public_url in answer.text
    assert not host or host not in answer.text or host == "1"
    assert "Location" not in answer.headers and "Set-Cookie" not in answer.headers


def test_the_bar_answers_to_its_own_names(phone, services):
    own = services.public_url.partition("//")[2]
    for host in (own, own.upper(), f"{own}:8443", "localhost", "127.0.0.1:8000", "[::1]:8000"):
        assert _get(phone, "/main/", host).status_code == 200
    # This machine's address in its network, which is where the request came in.
    assert _get(phone, "/main/", "192.168.1.20:8000").status_code == 400
    there = {ARRIVED_AT: "192.168.1.20"}
    assert _get(phone, "/main/", "192.168.1.20:8000", **there).status_code == 200
    there = {ARRIVED_AT: "fe80::1%eth0"}
    assert _get(phone, "/main/", "[fe80::1]:8000", **there).status_code == 200


@pytest.mark.parametrize("path", ["/main", "/main//scan", "/main/barista//"])
def test_redirects_lead_to_no_other_host(phone, path):
    answer = _get(phone, path, "127.0.0.1:8000")
    assert answer.status_code in (308, 404)
    assert answer.headers.get("Location", "/").startswith("/")
    assert not answer.headers.get("Location", "/").startswith("//")


def test_on_aws_the_gateways_own_name_is_the_bars(phone):
    """The gateway turns away every name that is not the function's, so its own passes for ours."""
    of_url, gateway = (
        "abc.lambda-url.eu-central-1.on.aws",
        "abc.execute-api.eu-central-1.amazonaws.com",
    )
    event = {"version": "2.0", "rawPath": "/main//scan", "requestContext": {"domainName": of_url}}
    for name in (of_url, gateway):
        answer = _get(phone, "/", name, **{"lambda.event": event})
        assert answer.status_code == 308 and answer.location == "/main/scan"
        assert _get(phone, "/main/", name).status_code == 400


DIRECT = {
    "REMOTE_ADDR": "127.0.0.1",
    "HTTP_HOST": "127.0.0.1:8000",
    "SERVER_PROTOCOL": "HTTP/1.1",
}
PROXIED = {
    "nginx as it comes": {"SERVER_PROTOCOL": "HTTP/1.0", "HTTP_CONNECTION": "close"},
    "nginx that passes the name on": {"HTTP_HOST": "bar.example"},
    "a page that came through it": {"HTTP_ORIGIN": "http://bar.example"},
    "a link of such a page": {"HTTP_REFERER": "http://bar.example/main/"},
    "Forwarded": {"HTTP_FORWARDED": "for=192.0.2.1"},
    "Via": {"HTTP_VIA": "1.1 proxy"},
    "X-Forwarded-For": {"HTTP_X_FORWARDED_FOR": "127.0.0.1"},
    "X-Forwarded-Host": {"HTTP_X_FORWARDED_HOST": "localhost"},
    "X-Real-IP": {"HTTP_X_REAL_IP": "192.0.2.1"},
    "CF-Connecting-IP": {"HTTP_CF_CONNECTING_IP": "192.0.2.1"},
}


def _seen(environ: dict, is_local: bool = True, is_behind_proxy: bool = False) -> tuple:
    seen = {}
    Here(lambda environ, _: seen.update(environ) or [], is_local, is_behind_proxy)(environ, None)
    return seen["REMOTE_ADDR"], seen[IS_HERE]


def test_whoever_sits_here_is_known_and_so_is_everybody_else():
    assert _seen(DIRECT.copy()) == ("127.0.0.1", True)
    assert _seen(DIRECT | {"HTTP_ORIGIN": "http://localhost:8000"}) == ("127.0.0.1", True)
    assert _seen(DIRECT | {"REMOTE_ADDR": "192.0.2.7"}) == ("192.0.2.7", False)


@pytest.mark.parametrize("more", PROXIED.values(), ids=PROXIED)
def test_whoever_comes_through_a_proxy_of_this_machine_does_not_sit_here(more):
    assert _seen(DIRECT | more) == ("0.0.0.0", False)
    assert _seen(DIRECT | {"REMOTE_ADDR": "::ffff:127.0.0.1"} | more) == ("0.0.0.0", False)


def test_a_bar_that_others_reach_limits_this_machine_too():
    """Whatever a proxy leaves out, then, nobody is free of limits."""
    assert _seen(DIRECT.copy(), is_local=False) == ("0.0.0.0", True)
    assert _seen(DIRECT.copy(), is_behind_proxy=True) == ("0.0.0.0", False)


@pytest.mark.parametrize(
    ("host", "name"),
    [("Bar.Example.", "bar.example"), ("[::1]:80", "::1"), ("a:b", ""), ("a?b", ""), ("a#b", "")],
)
def test_the_name_in_a_host_header(host, name):
    assert name_in(host) == name
