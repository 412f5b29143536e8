"""Supervision of the renderer: a child process that may crash and comes back."""

import logging
import os
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

from artgen_osc.audio.sources import AudioBlock, AudioSource
from artgen_osc.config.flags import flags
from artgen_osc.config.settings import VIEW_VARIABLE, WORDS
from artgen_osc.daemon.sound import SoundClock, SoundPipe, placed
from artgen_osc.runtime.backoff import Backoff
from artgen_osc.runtime.child import python_module

log = logging.getLogger("artgen.renderer")

RESTART_SECONDS = 1.0
LONGEST_WAIT = 30.0
HEALTHY_SECONDS = 60.0
USAGE_ERROR = 2
OWN = (
    WORDS,
    "osc.time_tags",
)
"""Settings of other tables that the renderer follows too."""


class Renderer:
    """Runs ``artgen visuals`` and starts it again when it crashes.

    Parameters
    ----------
    given : settings by ``table.key``, as for `artgen_osc.config.settings.load`
    show_file : the show's TOML file, or None
    strip : a file in which the renderer leaves a strip of pictures, or None
    verbose : it logs more
    """

    def __init__(
        self,
        given: Mapping[str, object],
        show_file: str | None = None,
        strip: Path | None = None,
        verbose: bool = False,
    ) -> None:
        own = {key: value for key, value in given.items() if key in OWN or key.startswith(("visuals.", "plugins."))}
        self._command = python_module(
            "artgen_osc", "visuals", "--child", *flags(own, ("visuals", "osc", "plugins", WORDS))
        )
        if show_file:
            self._command.append(f"--config={show_file}")
        if strip:
            self._command.append(f"--strip={strip}")
        if verbose:
            self._command.append("--verbose")
        self._environment = dict(os.environ)
        self._process: subprocess.Popen[bytes] | None = None
        self._sound: SoundPipe | None = None
        self._clock = SoundClock()
        self._heard: AudioSource | None = None
        self._unheard = 0
        self._backoff = Backoff(RESTART_SECONDS, LONGEST_WAIT)
        self._next_start = 0.0
        self._started = 0.0
        self.restarts = 0
        self.status: int | None = None
        """Exit status with which the renderer ended for good, or None while it is wanted."""

    def show_on(self, address: str) -> None:
        """Have its pictures sent to a web page too, from its next start on."""
        self._environment[VIEW_VARIABLE] = address

    def hear(self, source: AudioSource, block: AudioBlock, arrived: float) -> None:
        """Give it what is heard, for the sound of its recordings; returns at once.

        Parameters
        ----------
        source : that the block comes from
        block : with or without frames
        arrived : s, monotonic, when it came
        """
        if source is not self._heard:
            self._clock, self._heard = SoundClock(), source
        if self._sound and len(block.samples):
            self._sound.put(placed(block, source.sample_rate, arrived, self._clock))

    @property
    def unheard(self) -> int:
        """Blocks of sound that it didn't take in time, so far."""
        return self._unheard + (self._sound.dropped if self._sound else 0)

    def supervise(self) -> None:
        """Start it, or start it again. Call often; never blocks."""
        now = time.monotonic()
        if self.status is not None:
            return
        if self._process is None:
            if now >= self._next_start:
                self._started = now
                try:
                    # Ctrl-C is for the show, which ends it: hence a session of its own.
                    self._process = subprocess.Popen(
                        self._command, stdin=subprocess.PIPE, bufsize=0, env=self._environment, start_new_session=True
                    )
                except OSError as error:
                    self._again(now, f"can't be started ({error.strerror})")
                    return
                assert self._process.stdin is not None
                self._sound = SoundPipe(self._process.stdin)
            return
        status = self._process.poll()
        if status is None:
            return
        self._forget()
        healthy = now - self._started > HEALTHY_SECONDS
        # Once there was a picture, what can't be used now, such as a show file in the middle of an edit, may be mended.
        if status == 0 or (status == USAGE_ERROR and not self.restarts and not healthy):
            self.status = status
            return
        if healthy:
            self._backoff.reset()
        self._again(now, f"ended with status {status}")

    def _again(self, now: float, what: str) -> None:
        wait = self._backoff.next()
        log.warning("renderer: %s; it is started again in %.0f s", what, wait)
        self._next_start = now + wait
        self.restarts += 1

    def close(self) -> None:
        """End it: politely, then firmly."""
        process = self._process
        if process is None:
            return
        process.terminate()
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        self._forget()

    def _forget(self) -> None:
        self._process = None
        if self._sound:
            self._sound.close()
            self._unheard += self._sound.dropped
            self._sound = None
