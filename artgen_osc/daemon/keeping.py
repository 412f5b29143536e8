"""What ``artgen analyze`` leaves of a file for others: the OSC stream of a show with it, and its sound."""

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from artgen_osc.analysis.extractors import Extractors, Heard
from artgen_osc.audio.sources import AudioBlock
from artgen_osc.config.settings import ConfigFile
from artgen_osc.daemon.outlets import Outlets
from artgen_osc.errors import AudioError
from artgen_osc.osc.recording import Recording
from artgen_osc.schema.address import Address, Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from soundfile import SoundFile

TITLE = "/artgen/title"


class _Stream:
    """What is sent goes into a recording."""

    dropped = 0

    def __init__(self, path: Path) -> None:
        self._recording = Recording(path)
        self._recording.write((), 0.0)  # its time begins with the sound
        self.time = 0.0

    def send(self, values: "Sequence[tuple[Address, Value]]") -> None:
        self._recording.write(values, self.time)

    def close(self) -> None:
        self._recording.close()


class Keeping:
    """Keeps a stream as the daemon would send it, with each bundle at the end of its hop, and the sound that was heard.

    Parameters
    ----------
    file : settings, by which extractors that were added are heard too
    stream : the recording to write, as ``artgen replay`` plays it; None: none
    sound : the FLAC file to write, 16 bit, stereo; None: none

    Raises
    ------
    OscError
        The recording exists or can't be written.
    """

    def __init__(self, file: ConfigFile, stream: Path | None, sound: Path | None) -> None:
        self._file, self._path = file, sound
        self._stream = _Stream(stream) if stream else None
        self._outlets = Outlets(file.contract.addresses, self._stream, (), None) if self._stream else None
        self._sound: SoundFile | None = None

    def extractors(self) -> Extractors:
        """What hears each hop: all of a show."""
        return Extractors(self._file.registry, self._file.config.plugin)

    def opened(self, title: str, sample_rate: int) -> None:
        """The file is open.

        Parameters
        ----------
        title : by its tags, or empty
        sample_rate : int > 0, Hz

        Raises
        ------
        AudioError
            The sound can't be written.
        """
        if self._outlets:
            self._outlets.publish([(self._file.contract.addresses.sent[TITLE], title)])
        if self._path:
            import soundfile

            try:
                self._sound = soundfile.SoundFile(self._path, "w", sample_rate, 2, "PCM_16", format="FLAC")
            except (OSError, RuntimeError) as error:
                raise self._unwritten(error) from None

    def heard(self, hop: Heard) -> None:
        """Keep a hop.

        Raises
        ------
        OscError
            The disk is full.
        """
        if self._stream and self._outlets:
            self._stream.time = hop.features.time
            self._outlets.publish_hop(hop)

    def block(self, block: AudioBlock) -> None:
        """Keep a block of one or two channels.

        Raises
        ------
        AudioError
            The disk is full.
        """
        if self._sound:
            try:
                self._sound.write(np.broadcast_to(block.samples, (len(block.samples), 2)))
            except (OSError, RuntimeError) as error:
                raise self._unwritten(error) from None

    def close(self) -> None:
        """Finish both files.

        Raises
        ------
        AudioError
            The disk is full.
        """
        if self._stream:
            self._stream.close()
        if self._sound:
            try:
                self._sound.close()
            except (OSError, RuntimeError) as error:
                raise self._unwritten(error) from None

    def _unwritten(self, error: Exception) -> AudioError:
        reason = getattr(error, "strerror", None) or getattr(error, "error_string", None) or error
        return AudioError(f"{self._path}: can't be written ({reason}); a folder with room is needed")
