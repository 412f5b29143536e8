"""Guesses, floods of requests, and names: what a request passes before it is looked at."""

import contextlib
import logging
import socket
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from artgen_osc.config import settings as config
from artgen_osc.config.settings import TOKEN_VARIABLE
from artgen_osc.config.tables import Config, WebConfig
from artgen_osc.errors import ConfigError
from artgen_osc.http import access, lockout, rate_limit
from artgen_osc.http.lockout import FORGET_S, FREE, LONGEST_S, Lockout
from artgen_osc.http.rate_limit import RateLimit
from artgen_osc.osc.receiver import OscReceiver
from artgen_osc.web.page import open_page
from tests import show_table
from tests.ports import free_port
from tests.support.waiting import wait_for
from tests.test_web import TOKEN, Server


@pytest.fixture
def guarded() -> Iterator[Server]:
    with contextlib.closing(Server(token=TOKEN)) as server:
        yield server


def test_who_guesses_waits_longer_each_time() -> None:
    waits, now, locked = [], 1000.0, Lockout()
    for number in range(FREE + 12):
        assert locked.mistake("a", f"guess {number}", now)
        waits.append(locked.wait("a", now))
        now += waits[-1]
    assert waits == [0.0] * FREE + [1.0, 2.0, 4.0, 8.0, 16.0, 32.0] + [LONGEST_S] * 6
    assert locked.wait("b", now) == 0 and locked.wrong == FREE + 12
    assert locked.mistake("a", "later", now + FORGET_S + 1) and locked.wait("a", now + FORGET_S + 1) == 0


def test_one_wrong_token_shown_on_and_on_is_no_guessing() -> None:
    """A page that was left open knows the last show's token, and comes again each second."""
    locked = Lockout()
    assert [locked.mistake("a", "old", float(second)) for second in range(100)] == [True] + [False] * 99
    assert locked.wait("a", 100.0) == 0


def test_no_crowd_of_addresses_fills_the_memory() -> None:
    locked, paced = Lockout(), RateLimit()
    for number in range(3 * lockout.MOST_KNOWN):
        locked.mistake(f"{number}", "x", 0.0)
        paced.wait(f"{number}", 0.0)
    assert len(locked._guessers) == lockout.MOST_KNOWN and len(paced._due) == rate_limit.MOST_KNOWN


def test_guesses_are_slowed_down_counted_and_logged_once(guarded: Server, caplog: pytest.LogCaptureFixture) -> None:
    statuses = [guarded.get(f"/?token=guess-{number}")[0] for number in range(FREE + 20)]
    assert statuses[: FREE + 1] == [401] * (FREE + 1) and set(statuses[FREE + 2 :]) <= {401, 429}
    assert statuses.count(429) >= 15
    status, reason, headers = guarded.get(f"/?token={TOKEN}")
    assert (status, "too many wrong ones" in reason) == (429, True) and 1 <= int(headers["Retry-After"]) <= 60
    (record,) = caplog.records
    assert record.levelno == logging.WARNING and "a wrong token from 127.0.0.1 (1 wrong ones so far)" in caplog.text
    assert TOKEN not in caplog.text and "guess-" not in caplog.text
    # The page that is open shows its cookie, which no other site can have a browser guess.
    assert guarded.get("/", Cookie=f"artgen_token={TOKEN}")[0] == 200


def test_pictures_of_another_site_lock_nobody_out(guarded: Server) -> None:
    foreign = {"Sec-Fetch-Site": "cross-site"}
    statuses = [guarded.get(f"/?token=guess-{number}", **foreign)[0] for number in range(FREE + 5)]
    assert statuses[-1] == 429
    assert guarded.get(f"/?token={TOKEN}")[0] == 200


def test_the_right_token_counts_again_after_the_wait(guarded: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lockout, "LONGEST_S", 0.2)
    for number in range(FREE + 2):
        guarded.get(f"/?token=guess-{number}")
    wait_for(lambda: guarded.get(f"/?token={TOKEN}")[0] == 200, what="the end of the wait")


def test_many_tokens_at_once_are_one_guess(guarded: Server) -> None:
    many = "&".join(f"token=guess-{number}" for number in range(50))
    assert guarded.get(f"/?{many}&token={TOKEN}")[0] == 401
    assert guarded.page._admission._lockout.wrong == 1


def test_whoever_asks_too_fast_waits_and_nobody_else() -> None:
    paced = RateLimit()
    waits = [paced.wait("a", 50.0) for _ in range(1000)]
    assert max(waits[: int(rate_limit.AT_ONCE)]) < 1e-9
    assert waits[-1] == pytest.approx((1000 - rate_limit.AT_ONCE) / rate_limit.A_SECOND, abs=0.01)
    assert paced.wait("b", 50.0) == 0 and paced.wait("a", 60.0) == 0


def test_a_flood_of_requests_is_answered_at_that_pace(guarded: Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(rate_limit, "AT_ONCE", 5.0)
    monkeypatch.setattr(rate_limit, "A_SECOND", 20.0)
    start = time.monotonic()
    for _ in range(15):
        guarded.get("/")
    assert time.monotonic() - start > 0.4


@pytest.mark.parametrize(
    ("token", "advice"),
    [
        ("x", "choose 12 letters or more"),
        ("eleven-long", "choose 12 letters or more"),
        ("twelve long!", "choose from A-Z, "),
        ("zwölf-lange-x", "choose from A-Z, "),
        ("a" * 11, "choose 12 letters or more"),
        ("abc&def=ghijk", "choose from A-Z, "),
        (" " * 12, "choose from A-Z, "),
    ],
)
def test_a_token_that_is_none(token: str, advice: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with pytest.raises(ConfigError) as refused:
        config.load(flags={"web.token": token})
    assert f"; {advice}" in str(refused.value) and token not in str(refused.value)
    monkeypatch.setenv(TOKEN_VARIABLE, token)
    with contextlib.closing(OscReceiver("127.0.0.1", 0, {})) as receiver, pytest.raises(ConfigError) as refused:
        open_page(Config(), show_table.CONTRACT, receiver)
    assert str(refused.value).startswith(f"{TOKEN_VARIABLE}: ") and token not in str(refused.value)


def test_the_token_of_the_environment_counts_and_is_on_no_command_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(TOKEN_VARIABLE, "from-the-environment")
    with contextlib.closing(Server(token=TOKEN)) as server:
        assert server.get(f"/?token={TOKEN}")[0] == 401
        assert server.get("/?token=from-the-environment")[0] == 200


@pytest.mark.parametrize(
    ("where", "mode", "words"),
    [("flag", 0, "all users of this machine can read a flag (ps)"), ("file", 0o644, "chmod 600"), ("file", 0o600, "")],
)
def test_others_who_can_read_the_token_are_told_of(
    where: str, mode: int, words: str, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    file = tmp_path / "show.toml"
    file.touch()
    file.chmod(mode)
    settings = show_table.CONTRACT.replace(
        Config(web=WebConfig(port=free_port(), token=TOKEN)), "visuals.port", free_port()
    )
    with contextlib.closing(OscReceiver("127.0.0.1", 0, {})) as receiver:
        page = open_page(settings, show_table.CONTRACT, receiver, "flag" if where == "flag" else str(file))
        assert page
        page.close()
    assert (words in caplog.text) and bool(caplog.records) == bool(words) and TOKEN not in caplog.text


def test_the_machines_full_name_and_those_of_a_proxy_are_its_own(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(socket, "getfqdn", lambda: "Booth.Club.example.")
    with contextlib.closing(Server(hosts=("show.example.org",), token=TOKEN)) as server:
        shown = {"Cookie": f"artgen_token={TOKEN}"}
        for name in ("booth.club.example", socket.gethostname(), "show.example.org"):
            host = f"{name}:{server.port}"
            wait_for(lambda host=host: server.get("/", Host=host, **shown)[0] == 200, what=name)
            assert server.get("/songs", Host=host, Origin=f"https://{host}", **shown)[0] == 200
        assert server.get("/songs", Origin="https://show.example.org", **shown)[0] == 200  # the proxy says its own host
        with server.open("/json", origin="https://show.example.org", additional_headers=shown):
            pass
        for name in ("club.example", "x.show.example.org", "evil.example", "booth.club.example.evil.example"):
            status, reason, _ = server.get("/", Host=name, **shown)
            assert status == 403 and "web.hosts" in reason


@pytest.mark.parametrize(
    "name", ["{}.local", "artgen-{}.local", "evil.local", "{}.local.evil.example", "local", ".local"]
)
def test_a_name_that_anyone_in_the_network_may_take_is_refused(name: str) -> None:
    with contextlib.closing(Server()) as server:
        assert server.get("/", Host=name.format(access.machine()))[0] == 403


def test_in_the_network_a_name_that_is_announced_is_ours() -> None:
    own = access.machine()
    with contextlib.closing(Server(host="0.0.0.0", token=TOKEN)) as server:
        for name in (f"{own}.local", f"artgen-{own}.local"):
            assert server.get(f"/?token={TOKEN}", Host=name)[0] == 200
        assert server.get(f"/?token={TOKEN}", Host="evil.local")[0] == 403


def test_behind_a_proxy_there_is_a_token_even_if_nobody_chose_one() -> None:
    with contextlib.closing(Server(hosts=("show.example.org",))) as server:
        assert server.get("/")[0] == 401
        assert server.get("/" + server.page.addresses[0].rpartition("/")[2])[0] == 200


@pytest.mark.parametrize("name", ["https://show.example.org", "show.example.org:443", "", "a/b", "me@host", "["])
def test_a_name_that_is_none_is_a_mistake_in_the_settings(name: str) -> None:
    receiver = OscReceiver("127.0.0.1", 0, {})
    with contextlib.closing(receiver), pytest.raises(ConfigError, match=r"^web.hosts: .* is not a name; .*, such as"):
        open_page(Config(web=WebConfig(hosts=(name,))), show_table.CONTRACT, receiver)


@pytest.mark.parametrize("coding", ["gzip", "deflate", "br", "zstd", "gzip, gzip", "nonsense"])
@pytest.mark.parametrize("target", ["/", "/songs", "/gallery/api/delete", "/nothing"])
def test_a_compressed_body_is_refused(guarded: Server, coding: str, target: str) -> None:
    for method in ("POST", "GET"):
        headers = {"Content-Encoding": coding, "Cookie": f"artgen_token={TOKEN}"}
        assert guarded.get(target, method, **headers)[0] == 415


@pytest.mark.parametrize("family", ["127.0.0.1", "::1"])
def test_on_all_addresses_both_kinds_are_served(family: str) -> None:
    if not socket.has_dualstack_ipv6():
        pytest.skip("no IPv6 here")
    with contextlib.closing(Server(host="::", token=TOKEN)) as server:
        with socket.create_connection((family, server.port), 20) as peer:
            peer.sendall(f"GET /?token={TOKEN} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
            assert peer.recv(12) == b"HTTP/1.1 200"
        assert any("127.0.0.1" in address for address in server.page.addresses)
