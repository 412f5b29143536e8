"""Our own inputs; see `artgen_osc.audio.kind.Input`. What is heavy is imported when one is opened."""

from typing import TYPE_CHECKING, Any

from artgen_osc.audio.kind import InputHost
from artgen_osc.errors import AudioError

if TYPE_CHECKING:
    from artgen_osc.audio.playback import Player
    from artgen_osc.audio.sources import AudioSource


def _alone(name: str, rest: str) -> None:
    if rest:
        raise AudioError(f"input: {name}:{rest}: isn't known; {name} takes no name; write {name} alone")


def _player(rate: int, host: InputHost) -> "Player | None":
    """Where sound of this rate in Hz is to be heard, if it is to be."""
    from artgen_osc.audio.playback import Player

    return Player(rate) if host.realtime and not host.mute else None


class Device:
    """``device:NAME``, a part of the name is enough; without one the system's input."""

    @staticmethod
    def open(rest: str, settings: Any, host: InputHost) -> "AudioSource":
        """See `Input`."""
        from artgen_osc.audio.devices import DeviceSource, find_input

        return DeviceSource(f"device:{rest}" if rest else "", lambda: find_input(rest))


class Loopback:
    """``loopback``: what the computer is playing."""

    @staticmethod
    def open(rest: str, settings: Any, host: InputHost) -> "AudioSource":
        """See `Input`."""
        from artgen_osc.audio.devices import DeviceSource
        from artgen_osc.audio.loopback import find_loopback

        _alone("loopback", rest)
        return DeviceSource("loopback", find_loopback)


class File:
    """``file:PATH``."""

    @staticmethod
    def open(rest: str, settings: Any, host: InputHost) -> "AudioSource":
        """See `Input`."""
        from artgen_osc.audio.sources import PacedSource, file_blocks, file_path, open_file

        if not rest:
            raise AudioError("input: file: has no path; write file:PATH with that of a wav, flac, ogg or mp3 file")
        file = open_file(file_path(rest))
        return PacedSource(
            f"file:{rest}",
            file.sample_rate,
            file_blocks(file),
            _player(file.sample_rate, host),
            host.realtime,
            file.title,
            file.close,
            lasts=False,
        )


class Demo:
    """``demo``: music that the program composes and plays for ever."""

    @staticmethod
    def open(rest: str, settings: Any, host: InputHost) -> "AudioSource":
        """See `Input`."""
        from artgen_osc.audio.demo import RATE, compose
        from artgen_osc.audio.sources import PacedSource, array_blocks

        _alone("demo", rest)
        sound = array_blocks(compose(RATE), RATE, loop=True)
        return PacedSource("demo", RATE, sound, _player(RATE, host), host.realtime)


class Url:
    """``url:ADDRESS``: http, Icecast, HLS, RTSP, RTMP."""

    @staticmethod
    def open(rest: str, settings: Any, host: InputHost) -> "AudioSource":
        """See `Input`."""
        from artgen_osc.audio.stream import StreamSource

        return StreamSource(rest, host.mute)


class Browser:
    """``browser``: the microphone or a tab of the show's page."""

    @staticmethod
    def open(rest: str, settings: Any, host: InputHost) -> "AudioSource":
        """See `Input`."""
        from artgen_osc.audio.browser import BrowserSource

        _alone("browser", rest)
        if host.browser is None:
            raise AudioError(
                "input: browser: there is no page that could send sound; give artgen live or artgen daemon a web.port, "
                "or choose another input"
            )
        return BrowserSource(host.browser)
