"""A client of the page that sends songs."""

import io
import json
import urllib.error
import urllib.parse
import urllib.request
from pathlib import Path
from typing import Any

import soundfile

from tests import signals
from tests.support.waiting import wait_for

RATE = 44100


def wav(seconds: float) -> bytes:
    file = io.BytesIO()
    soundfile.write(file, signals.song(seconds, RATE), RATE, format="WAV")
    return file.getvalue()


WAV = wav(12.0)


class Client:
    """Asks a server."""

    def __init__(self, url: str, folder: Path) -> None:
        self.url, self.folder = url, folder

    def ask(self, method: str, path: str, body: bytes | None = None, **headers: str) -> tuple[int, Any]:
        request = urllib.request.Request(f"{self.url}{path}", body, headers, method=method)
        try:
            with urllib.request.urlopen(request, timeout=20) as answer:
                content, status = answer.read(), answer.status
                kind = answer.headers["Content-Type"]
        except urllib.error.HTTPError as error:
            with error:
                content, status, kind = error.read(), error.code, error.headers["Content-Type"]
        return status, json.loads(content) if kind and "json" in kind else content

    def send(self, content: bytes, name: str = "song.wav") -> str:
        status, song = self.ask("POST", f"/songs?name={urllib.parse.quote(name, safe='')}", content)
        assert status == 201, song
        return str(song["id"])

    def song(self, id: str) -> Any:
        status, song = self.ask("GET", f"/songs/{id}")
        assert status == 200, song
        return song

    def end(self, id: str, state: str = "done") -> Any:
        """Wait for the end of the work on a song."""
        wait_for(lambda: self.song(id)["state"] in ("done", "failed"), 60.0)
        song = self.song(id)
        assert song["state"] == state, song
        return song
