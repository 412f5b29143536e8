"""Servers of sound on this machine, for tests: http, an Icecast-like radio, HLS and RTSP."""

import contextlib
import io
import socket
import ssl
import struct
import threading
import time
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import av
import numpy as np

RATE = 44100
Page = bytes | Callable[[BaseHTTPRequestHandler], None]


def encode(form: str, codec: str, sound: np.ndarray, rate: int = RATE, **tags: str) -> bytes:
    """A file of float32 ``(frames, 2)``, by FFmpeg."""
    file = io.BytesIO()
    with av.open(file, "w", format=form) as container:
        container.metadata.update(tags)
        stream = container.add_stream(codec, rate=rate, layout="stereo")
        if form == "mp3":
            stream.bit_rate = 128_000
        frame = av.AudioFrame.from_ndarray(np.ascontiguousarray(sound.T), format="fltp", layout="stereo")
        frame.sample_rate = rate
        cut = av.AudioResampler(
            format=stream.codec_context.format.name, layout="stereo", rate=rate, frame_size=stream.frame_size or 1024
        )
        for piece in (*cut.resample(frame), *cut.resample(None), None):
            container.mux(stream.encode(piece))
    return file.getvalue()


class Server:
    """Pages over http.

    Attributes
    ----------
    pages : by path: bytes, or what answers
    asked : time and path of each request

    Parameters
    ----------
    certificate : files of a certificate and its key, for https
    """

    def __init__(self, certificate: tuple[str, str] | None = None) -> None:
        self.pages: dict[str, Page] = {}
        self.asked: list[tuple[float, str]] = []
        outer = self

        class Handler(BaseHTTPRequestHandler):
            def log_message(self, *words: object) -> None:
                pass

            def do_GET(self) -> None:
                outer.asked.append((time.monotonic(), self.path))
                page = outer.pages.get(self.path.partition("?")[0])
                with contextlib.suppress(OSError):
                    if page is None:
                        self.send_error(404)
                    elif callable(page):
                        page(self)
                    else:
                        send(self, page)

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._server.block_on_close = False
        self.port = self._server.server_port
        self._scheme = "http"
        if certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
            self._scheme = "https"
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))
        self._thread.start()

    def at(self, path: str) -> str:
        return f"{self._scheme}://127.0.0.1:{self.port}{path}"

    def close(self) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def send(request: BaseHTTPRequestHandler, content: bytes, breaks_at: int | None = None) -> None:
    """Answer with a file, and break off at a byte; ranges work."""
    first = 0
    wanted = request.headers.get("Range", "")
    if wanted.startswith("bytes="):
        first = int(wanted[6:].partition("-")[0])
    request.send_response(206 if wanted else 200)
    request.send_header("Content-Length", str(len(content) - first))
    request.send_header("Accept-Ranges", "bytes")
    if wanted:
        request.send_header("Content-Range", f"bytes {first}-{len(content) - 1}/{len(content)}")
    request.end_headers()
    request.wfile.write(content[first:breaks_at])


class Radio:
    """An Icecast-like station: the same mp3 for ever, in real time, with titles.

    Attributes
    ----------
    title : sent as it changes
    down : refuse who comes
    listeners : now; `drop` ends them
    silent : send nothing more, and keep the connections
    pace : times real time
    """

    STEP = 2000

    def __init__(self, mp3: bytes, burst: float = 3.0) -> None:
        self._mp3, self._burst = mp3, burst
        self.title = b"First"
        self.down = self.silent = False
        self.pace = 1.0
        self._generation = 0

    def drop(self) -> None:
        self._generation += 1

    def __call__(self, request: BaseHTTPRequestHandler) -> None:
        if self.down:
            request.send_error(503)
            return
        generation = self._generation
        request.send_response(200)
        for name, value in (("Content-Type", "audio/mpeg"), ("icy-name", "Test FM"), ("icy-metaint", str(self.STEP))):
            request.send_header(name, value)
        request.end_headers()
        place, told, seconds = 0, b"", -self._burst
        start = time.monotonic()
        while generation == self._generation:
            data = (self._mp3[place:] + self._mp3)[: self.STEP]
            place = (place + self.STEP) % len(self._mp3)
            title = b"" if self.title == told else b"StreamTitle='" + self.title + b"';StreamUrl='';"
            told = self.title
            blocks = -(-len(title) // 16)
            request.wfile.write(data + bytes([blocks]) + title.ljust(16 * blocks, b"\0"))
            seconds += self.STEP / 16_000  # 128 kbit/s
            while seconds > (time.monotonic() - start) * self.pace or self.silent:
                time.sleep(0.01)
                if generation != self._generation:
                    return


@contextlib.contextmanager
def rtsp(sound: np.ndarray) -> Iterator[str]:
    """An RTSP server for one listener after the other, which gets RTP within the connection; yields its address.

    RFC 2326 and, for 16 bit stereo at 44.1 kHz as payload type 10, RFC 3551.
    """
    listening = socket.create_server(("127.0.0.1", 0))
    listening.settimeout(0.1)
    over = threading.Event()
    thread = threading.Thread(target=_serve_rtsp, args=(listening, sound, over))
    thread.start()
    try:
        yield f"rtsp://127.0.0.1:{listening.getsockname()[1]}/stage"
    finally:
        over.set()
        thread.join()
        listening.close()


def _serve_rtsp(listening: socket.socket, sound: np.ndarray, over: threading.Event) -> None:
    while not over.is_set():
        try:
            connection, _ = listening.accept()
        except TimeoutError:
            continue
        connection.settimeout(2.0)
        with connection, contextlib.suppress(OSError):
            _talk_rtsp(connection, sound, over)


def _talk_rtsp(connection: socket.socket, sound: np.ndarray, over: threading.Event) -> None:
    description = "v=0\r\no=- 0 0 IN IP4 127.0.0.1\r\ns=stage\r\nt=0 0\r\nm=audio 0 RTP/AVP 10\r\na=control:sound\r\n"
    extra = {
        "OPTIONS": "Public: OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN\r\n",
        "DESCRIBE": f"Content-Type: application/sdp\r\nContent-Length: {len(description)}\r\n",
        "SETUP": "Transport: RTP/AVP/TCP;unicast;interleaved=0-1\r\nSession: 1\r\n",
        "PLAY": "Session: 1\r\n",
    }
    with connection.makefile("rb") as requests:
        method = ""
        while method != "PLAY":
            method = requests.readline().decode().split(" ")[0]
            number = ""
            while line := requests.readline().decode().strip():
                name, _, value = line.partition(":")
                number = value.strip() if name.lower() == "cseq" else number
            if not method:
                return
            body = description if method == "DESCRIBE" else ""
            connection.sendall(f"RTSP/1.0 200 OK\r\nCSeq: {number}\r\n{extra.get(method, '')}\r\n{body}".encode())
    samples = (sound * 32767).astype(">i2")
    start = time.monotonic()
    for count, first in enumerate(range(0, len(samples), 320)):
        packet = struct.pack(">BBHII", 0x80, 10, count & 0xFFFF, first, 1) + samples[first : first + 320].tobytes()
        connection.sendall(struct.pack(">cBH", b"$", 0, len(packet)) + packet)
        if over.wait(max(0.0, start + first / RATE - time.monotonic())):
            return
