"""A stream arrives at a server with its sound, is connected again, and tells nobody its key."""

import contextlib
import functools
import socket
import subprocess
import threading
import time
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import av
import numpy as np
import pytest

from artgen_osc.config.contract import Contract, Declared
from artgen_osc.config.plugins import own_contract
from artgen_osc.config.settings import ConfigFile
from artgen_osc.errors import ConfigError
from artgen_osc.schema.sound import Sound
from tests.conftest import need_programs
from tests.outputs.driving import SIZE, Driven
from tests.support.waiting import wait_for
from visuals.control.scenes.file import held_by
from visuals.outputs.ear import Ear
from visuals.outputs.stream import StreamOutput, StreamSettings, whole_address
from visuals.testing.outputs import default_host

KEY = "se-cr-et"


def free_port(kind: int = socket.SOCK_STREAM) -> int:
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def blue(size: tuple[int, int], time: float) -> np.ndarray:
    frame = np.full((size[1], size[0], 4), 255, np.uint8)
    frame[..., :3] = 20, 40, 200
    return frame


class Watcher:
    """Takes a stream in, as a server would, or as one who watches."""

    def __init__(self, address: str, **options: str) -> None:
        self.pictures: list[np.ndarray] = []
        self.sound: list[np.ndarray] = []
        self.error = ""
        self._ended = False
        self._given = address, options
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def _watch(self) -> None:
        address, options = self._given
        try:
            with av.open(address, options=options) as container:
                for frame in container.decode():
                    if isinstance(frame, av.VideoFrame):
                        self.pictures.append(frame.to_ndarray(format="rgb24"))
                    else:
                        self.sound.append(frame.to_ndarray())
                    if self._ended:
                        return
        except (av.error.FFmpegError, OSError) as error:
            self.error = str(error)

    @property
    def over(self) -> bool:
        return not self._thread.is_alive()

    def sees(self, count: int) -> bool:
        return len(self.pictures) > count

    def loud(self) -> bool:
        return any(np.abs(piece).max() > 0.2 for piece in list(self.sound))

    def end(self) -> None:
        self._ended = True


def hearing() -> tuple[Any, Ear]:
    """A host that hears a tone."""
    ear = Ear()
    return replace(default_host(), ear=ear), ear


def test_the_key_goes_where_the_server_looks_for_it() -> None:
    assert whole_address("rtmp://a/live2", "k") == "rtmp://a/live2/k"
    assert whole_address("rtmps://a/app/", "k?x=1") == "rtmps://a/app/k?x=1"
    assert whole_address("srt://a:1", "k") == "srt://a:1?streamid=k"
    assert (
        whole_address("srt://a:1?latency=9", "streamid=k&passphrase=p") == "srt://a:1?latency=9&streamid=k&passphrase=p"
    )
    assert whole_address("udp://a:1", "") == "udp://a:1"
    assert whole_address("RTMP://a/Live", "K") == "rtmp://a/Live/K", "FFmpeg knows no capitals"


def test_the_key_has_no_address_and_no_scene_holds_it() -> None:
    contract = own_contract()
    assert contract.settings["plugin.stream.key"].row is None
    assert contract.settings["plugin.stream.address"].address == "/visuals/output/stream/address"
    assert not any("stream" in name for name in held_by(contract))


@pytest.mark.parametrize("output", ["stream", "ndi", "camera", "spout", "syphon"])
def test_each_can_be_there_several_times(output: str) -> None:
    contract = ConfigFile(None, {"plugins.copies": (f"second={output}",)}).contract
    assert contract.settings["plugin.second.on"].address == "/visuals/output/second/on"
    assert "/visuals/output/second/state" in contract.addresses.painted


def test_one_without_a_port_is_refused_where_there_is_no_usual_one() -> None:
    with pytest.raises(ValueError, match="has no port; write one such as udp://a:5000"):
        own_contract().check("plugin.stream.address", "udp://a")
    own_contract().check("plugin.stream.address", "rtmp://a/live")


def test_no_error_has_the_key_in_it(tmp_path: Path) -> None:
    show = tmp_path / "show.toml"
    show.write_text("[plugin.stream]\nkey = 12345678\n")
    with pytest.raises(
        ConfigError, match=r"plugin\.stream\.key: its value is not a string; change it in .*show\.toml$"
    ):
        ConfigFile(show, {})


def test_a_strangers_setting_may_be_secret_too() -> None:
    declared = Declared("output", "wall", StreamSettings)
    assert Contract([declared]).settings["plugin.wall.key"].row is None


@pytest.mark.parametrize(
    "address",
    ["http://a/b", "rtmp:", "rtmp:///app", "a.rtmp.youtube.com/live2", "rtmp://[", "rtmp://a:99999/b", "rt\nmp://a/b"],
)
def test_what_is_no_server_is_refused(address: str) -> None:
    with pytest.raises(ValueError, match="is not the address of a server; it begins with rtmp://"):
        own_contract().check("plugin.stream.address", address)


@pytest.mark.slow
def test_picture_and_sound_arrive_over_rtmp(caplog: pytest.LogCaptureFixture) -> None:
    port = free_port()
    watcher = Watcher(f"rtmp://127.0.0.1:{port}/live/{KEY}", listen="1")
    host, ear = hearing()
    tone = np.sin(np.arange(4800) * 0.1).astype(np.float32)[:, None] * 0.5
    show = Driven(StreamOutput, StreamSettings(True, f"rtmp://127.0.0.1:{port}/live", KEY, bit_rate=0.5), blue, host)
    heard = 0.0

    def arrived() -> bool:
        nonlocal heard
        if time.monotonic() >= heard:
            heard = max(heard, time.monotonic() - 0.1) + 0.1
            ear._hear(Sound(tone, 48000, heard - 0.1))
        return len(watcher.pictures) > 20 and watcher.loud()

    show.until(arrived, "picture and sound")
    assert np.abs(watcher.pictures[-1].astype(int).mean(axis=(0, 1)) - (20, 40, 200)).max() < 12
    assert watcher.pictures[-1].shape == (SIZE[1], SIZE[0], 3)
    show.until(lambda: show.output.state == "streaming" and show.output.rate_mbit > 0, "how it goes")
    show.set(on=False)
    show.until(lambda: watcher.over, "the end of the stream")
    assert show.output.state == "off"
    show.output.close()
    assert KEY not in caplog.text and not any(KEY in state for state in show.states)


@pytest.mark.slow
def test_mpegts_arrives_over_udp() -> None:
    port = free_port(socket.SOCK_DGRAM)
    watcher = Watcher(f"udp://127.0.0.1:{port}", timeout="60000000")
    show = Driven(StreamOutput, StreamSettings(True, f"udp://127.0.0.1:{port}?pkt_size=1316", bit_rate=0.5), blue)
    show.until(lambda: len(watcher.pictures) > 5, "pictures")
    watcher.end()
    show.output.close()
    assert np.abs(watcher.pictures[-1].astype(int).mean(axis=(0, 1)) - (20, 40, 200)).max() < 12


@pytest.mark.slow
def test_a_server_that_isnt_there_is_tried_again_until_it_is(caplog: pytest.LogCaptureFixture) -> None:
    port = free_port()
    show = Driven(StreamOutput, StreamSettings(True, f"rtmp://127.0.0.1:{port}/live", KEY, bit_rate=0.5), blue)
    show.until(lambda: "Connection refused; it is tried again in 2 s" in show.output.state, "a second try")
    watcher = Watcher(f"rtmp://127.0.0.1:{port}/live/{KEY}", listen="1")
    show.until(lambda: len(watcher.pictures) > 5, "pictures")
    show.output.close()
    told = [record.getMessage() for record in caplog.records if record.name.startswith("visuals")]
    assert told == ["rtmp://127.0.0.1: Connection refused; it is tried again and again; the show goes on"]
    assert not any(KEY in state for state in show.states)


@pytest.mark.slow
def test_a_server_that_takes_nothing_is_given_up_and_holds_no_frame_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("visuals.outputs.stream.PATIENCE_S", 1.0)
    with socket.create_server(("127.0.0.1", 0)) as server:  # it accepts, and says nothing
        address = f"rtmp://127.0.0.1:{server.getsockname()[1]}/live"
        show = Driven(StreamOutput, StreamSettings(True, address, KEY), blue)
        show.until(lambda: "hasn't taken anything" in show.output.state, "the end of patience")
        show.set(on=False)
        show.until(lambda: show.output.state == "off", "off")
        show.output.close()


def test_without_an_address_it_says_so() -> None:
    show = Driven(StreamOutput, StreamSettings(on=True))
    show.frame()
    assert show.output.state.startswith("plugin.stream.address: is empty; give it the server's address")
    show.output.close()


def test_a_copy_without_an_address_says_whose_it_is() -> None:
    show = Driven(StreamOutput, StreamSettings(on=True), host=replace(default_host(), name="second"))
    show.frame()
    assert show.output.state.startswith("plugin.second.address: is empty")
    show.output.close()


def test_this_pyav_has_no_srt_or_it_is_said() -> None:
    show = Driven(StreamOutput, StreamSettings(True, "srt://127.0.0.1:1", KEY))
    show.until(lambda: "it is tried again" in show.output.state, "an answer")
    assert show.output.state.startswith("srt://127.0.0.1: ") and KEY not in show.output.state
    show.output.close()


def listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


@contextlib.contextmanager
def nginx(folder: Path, port: int) -> Iterator[None]:
    """nginx with its module for RTMP, of Debian's libnginx-mod-rtmp."""
    (folder / "nginx.conf").write_text(
        "load_module /usr/lib/nginx/modules/ngx_rtmp_module.so; daemon off; master_process off;\n"
        f"pid {folder}/pid; error_log {folder}/error.log; events {{}}\n"
        f"rtmp {{ server {{ listen 127.0.0.1:{port}; application live {{ live on; }} }} }}\n"
    )
    command = ["nginx", "-p", str(folder), "-c", str(folder / "nginx.conf"), "-e", str(folder / "error.log")]
    with subprocess.Popen(command, stdin=subprocess.DEVNULL) as process:
        try:
            wait_for(lambda: listens(port), what="nginx")
            yield
        finally:
            process.kill()


@pytest.mark.live
@pytest.mark.slow
def test_nginx_passes_it_on_also_after_it_was_restarted(tmp_path: Path) -> None:
    need_programs("nginx")
    port = free_port()
    show = Driven(StreamOutput, StreamSettings(True, f"rtmp://127.0.0.1:{port}/live", KEY, bit_rate=0.5), blue)
    for _ in range(2):
        with nginx(tmp_path, port):
            show.until(lambda: show.output.state == "streaming", "the stream")
            watcher = Watcher(f"rtmp://127.0.0.1:{port}/live/{KEY}")
            show.until(functools.partial(watcher.sees, 5), "pictures")
            assert np.abs(watcher.pictures[-1].astype(int).mean(axis=(0, 1)) - (20, 40, 200)).max() < 12
        show.until(lambda: "it is tried again" in show.output.state, "the end of the server")
    show.output.close()
