"""Lists of stations, ``.pls`` and ``.m3u``: the links by which radios are mostly given.

FFmpeg opens playlists of segments (HLS) by itself, but not these.
"""

import base64
import contextlib
import re
import ssl
from collections.abc import Iterator
from http.client import HTTPException
from typing import Any
from urllib.parse import quote, unquote, urljoin, urlsplit
from urllib.request import HTTPRedirectHandler, HTTPSHandler, Request, build_opener

LONGEST = 1 << 16
"""Bytes of a list that are read."""
SECONDS = 5.0
AGENT = "artgen-osc"

_PLS = re.compile(r"^\s*File\d+\s*=\s*(\S.*)", re.IGNORECASE)
_OWN = re.compile(r"(https?|icecast)://\S+", re.IGNORECASE)


def stations(text: str, address: str = "") -> list[str]:
    """The addresses in a list, in its order; none where the text is something else.

    Parameters
    ----------
    text : ``.pls``, or ``.m3u`` with or without a heading
    address : of the list, by http or https; names in it that are no whole addresses are beside it. Empty: they don't
        count

    Notes
    -----
    A list may come from a stranger: only addresses by http, https and icecast count.
    """
    text = text.lstrip("\ufeff \r\n\t")
    pls = text.lower().startswith("[playlist]")
    # Any page is lines of text: only what says that it is a list has names in it. What FFmpeg refused of a playlist of
    # segments is no list of stations.
    named = "#EXT-X-" not in text and (
        pls or text.startswith("#EXTM3U") or bool(re.search(r"\.m3u8?$", urlsplit(address).path, re.IGNORECASE))
    )
    found = []
    for line in map(str.strip, text.splitlines()):
        entry = _PLS.match(line)
        name = entry[1].strip() if entry else "" if pls or line.startswith("#") else line
        if not _OWN.fullmatch(name) and named and address and name and not re.search(r"[<>:]", name):
            name = urljoin(address, quote(name.replace("\\", "/"), safe="/%?&=+@,;~!$'()*"))
        if _OWN.fullmatch(name):
            found.append(name)
    return found


class _WithinHttp(HTTPRedirectHandler):
    def redirect_request(self, req: Request, fp: Any, code: int, msg: str, headers: Any, newurl: str) -> Request | None:
        """See `HTTPRedirectHandler`: no way leads to another protocol."""
        if urlsplit(newurl).scheme.lower() not in ("http", "https"):
            raise OSError("the way leads to another protocol")
        return super().redirect_request(req, fp, code, msg, headers, newurl)


@contextlib.contextmanager
def answer(address: str, trusted: ssl.SSLContext) -> Iterator[Any]:
    """What an address answers, to be read.

    Parameters
    ----------
    address : by http or https; a user and a password in it are sent to that server only
    trusted : with the certificates that count

    Raises
    ------
    OSError, ValueError
        Nothing can be read there.
    """
    parts = urlsplit(address)
    who, _, host = parts.netloc.rpartition("@")
    request = Request(parts._replace(netloc=host).geturl(), headers={"User-Agent": AGENT})
    if who:
        request.add_unredirected_header("Authorization", f"Basic {base64.b64encode(unquote(who).encode()).decode()}")
    try:
        with build_opener(HTTPSHandler(context=trusted), _WithinHttp).open(request, timeout=SECONDS) as found:
            yield found
    except HTTPException as error:
        raise OSError(f"no answer by the rules of HTTP: {type(error).__name__}") from None


def fetch(address: str, trusted: ssl.SSLContext) -> list[str]:
    """What `stations` finds at an address.

    Parameters
    ----------
    address : by http or https
    trusted : with the certificates that count

    Raises
    ------
    OSError, ValueError
        As `answer`.
    """
    with answer(address, trusted) as found:
        return stations(found.read(LONGEST).decode(errors="replace"), found.geturl())
