"""A running ``artgen gallery serve`` for tests, and requests to it as any program would send them."""

import contextlib
import http.client
import json
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.live.servers import ARTGEN, ROOT


@dataclass(frozen=True, slots=True)
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes

    def json(self) -> Any:
        assert self.status == 200, self.body
        return json.loads(self.body)


@dataclass(frozen=True, slots=True)
class Served:
    """The server's process, and where it listens."""

    process: subprocess.Popen[bytes]
    port: int

    def ask(self, target: str, method: str = "GET", body: bytes = b"", **headers: str) -> Answer:
        """Send a request with the target as it stands; ``_`` in the names of headers is ``-``."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=20)
        connection.putrequest(method, target, skip_host="Host" in headers, skip_accept_encoding=True)
        for name, value in headers.items():
            connection.putheader(name.replace("_", "-"), value)
        if body:
            connection.putheader("Content-Length", str(len(body)))
        connection.endheaders(body or None)
        response = connection.getresponse()
        answer = Answer(response.status, dict(response.getheaders()), response.read())
        connection.close()
        return answer

    def get(self, path: str) -> Any:
        return self.ask(f"/gallery/api/{path}").json()

    def post(self, path: str, **value: Any) -> Answer:
        return self.ask(f"/gallery/api/{path}", "POST", json.dumps(value).encode(), Content_Type="application/json")

    def ids(self, filters: str = "") -> list[str]:
        return re.findall(".{12}", self.get(f"all?{filters}")["ids"])


@contextlib.contextmanager
def serving(folder: Path) -> Iterator[Served]:
    command = [*ARTGEN, "gallery", "serve", "--port", "0", "--gallery", str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, cwd=ROOT) as process:
        assert process.stdout
        try:
            found = re.search(rb"http://127\.0\.0\.1:(\d+)/gallery/", process.stdout.readline())
            assert found
            yield Served(process, int(found[1]))
        finally:
            process.kill()
