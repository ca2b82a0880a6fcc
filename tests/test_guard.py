"""What may be asked for at all."""

from __future__ import annotations

import subprocess
import sys

import pytest

from crawler.network.guard import refusal

HOSTS = ("www.kao.test", "192.0.2.7", "127.0.0.1", "8.8.8.8")


@pytest.mark.parametrize(
    "url",
    [
        "http://www.kao.test/",
        "https://www.kao.test/a?b=1",
        "https://www.kao.test:443/",
        "http://www.kao.test:80/",
        "http://WWW.KAO.TEST/",
        "http://8.8.8.8/",
    ],
)
def test_allowed(url):
    assert refusal(url, HOSTS) is None


@pytest.mark.parametrize(
    ("url", "word"),
    [
        ("ftp://www.kao.test/", "协议"),
        ("file:///etc/passwd", "协议"),
        ("javascript:alert(1)", "协议"),
        ("http://www.kao.test:8080/", "端口"),
        ("https://www.kao.test:80/", "端口"),
        ("http://www.kao.test:99999/", "解析"),
        ("http://kao.test/", "不属于本站"),
        ("http://www.kao.test.evil.test/", "不属于本站"),
        ("http://www.kao.test@evil.test/", "用户名"),
        ("http://169.254.169.254/latest/", "内网"),
        ("http://127.0.0.1/", "内网"),
        ("http://192.0.2.7/", "内网"),
        ("http://[::1]/", "内网"),
        ("http://localhost/", "内网"),
        ("http://10.0.0.1/", "内网"),
        ("http://[::ffff:127.0.0.1]/", "内网"),
        ("http:///x", "不属于本站"),
    ],
)
def test_refused(url, word):
    reason = refusal(url, HOSTS)
    assert reason is not None
    assert word in reason


def test_hosts_that_the_operator_resolves_may_have_any_address():
    assert refusal("http://127.0.0.1/", HOSTS, {"127.0.0.1": "127.0.0.1:1"}) is None
    assert refusal("http://127.0.0.1:81/", HOSTS, {"127.0.0.1": "127.0.0.1:1"}) is not None


def test_names_with_private_addresses_do_not_resolve():
    code = """
from twisted.internet import reactor
from crawler.network.guard import PublicResolver, private_names
def done(result):
    print(type(result).__name__, private_names)
    reactor.stop()
reactor.callWhenRunning(
    lambda: PublicResolver(reactor, 10, 5.0).getHostByName("localhost").addErrback(
        lambda failure: failure.value).addCallback(done))
reactor.run()
"""
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert "DNSLookupError" in done.stdout
    assert "127.0.0.1" in done.stdout
