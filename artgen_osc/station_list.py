"""Lists of stations, ``.pls`` and ``.m3u``: the links by which radios are mostly given.

FFmpeg opens playlists of segments (HLS) by itself, but not these.
"""

import base64
import re
import ssl
import urllib.request
from http.client import HTTPException
from urllib.parse import unquote, urlsplit

LONGEST = 1 << 16
"""Bytes of a list that are read."""
SECONDS = 5.0
AGENT = "artgen-osc"

_PLS = re.compile(r"^\s*File\d+\s*=\s*(\S+)", re.IGNORECASE | re.MULTILINE)
_M3U = re.compile(r"^\s*([^#\s]\S*)\s*$", re.MULTILINE)
_OWN = re.compile(r"(https?|icecast)://", re.IGNORECASE)


def stations(text: str) -> list[str]:
    """The addresses in a list, in its order; none where the text is something else.

    Parameters
    ----------
    text : ``.pls``, or ``.m3u`` with or without a heading

    Notes
    -----
    A list may come from a stranger: only addresses by http, https and icecast count.
    """
    found = (_PLS if text.lstrip("\ufeff \r\n\t").lower().startswith("[playlist]") else _M3U).findall(text)
    return [address for address in found if _OWN.match(address)]


def fetch(address: str, trusted: ssl.SSLContext) -> list[str]:
    """What `stations` finds at an address by http or https.

    Raises
    ------
    OSError, ValueError
        Nothing can be read there.
    """
    parts = urlsplit(address)
    who, _, place = parts.netloc.rpartition("@")
    request = urllib.request.Request(parts._replace(netloc=place).geturl(), headers={"User-Agent": AGENT})
    if who:
        request.add_unredirected_header("Authorization", f"Basic {base64.b64encode(unquote(who).encode()).decode()}")
    try:
        with urllib.request.urlopen(request, timeout=SECONDS, context=trusted) as answer:
            return stations(answer.read(LONGEST).decode(errors="replace"))
    except HTTPException as error:
        raise OSError(f"no answer by the rules of HTTP: {type(error).__name__}") from None
