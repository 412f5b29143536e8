"""The whole renderer but for its window: controls in, frames out."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from artgen_osc.config.tables import VisualsConfig
from visuals.compositor.overlay import text_image
from visuals.compositor.screen import Screen
from visuals.control.controls import Control, Controls
from visuals.generators.generator import Frame
from visuals.help import Scenery, help_lines
from visuals.modulation.follow import Follower
from visuals.modulation.motion import Crossfade, Look, Motion, Pace
from visuals.painting.keeping_up import KeepingUp
from visuals.painting.latent import LatentPath
from visuals.painting.painter import Picture, Request
from visuals.painting.worker import Worker, WorkerState

OVERLAY_EVERY_S = 0.25
MIX_S = 0.15
"""Lag of the mix of two models, so that no frame jumps."""


class Show:
    """Steps and draws.

    Parameters
    ----------
    context : moderngl context
    size : (width, height), pixels
    controls : Controls
    worker : Worker
        Paints the model of the settings already.
    window : whether to draw into the context's window

    Attributes
    ----------
    fps : frames per second, lately
    pictures : generated pictures shown so far
    mood : valence and energy that are painted, 0..1
    painted : the newest picture, None before the first
    scenes : names of all that there are, for the overlay
    """

    def __init__(
        self, context: Any, size: tuple[int, int], controls: Controls, worker: Worker, window: bool = False
    ) -> None:
        control = controls.now(0.0)
        self.controls = controls
        self.screen = Screen(context, size, window)
        self.fps = 0.0
        self.pictures = 0
        self._worker = worker
        self._settings = control.settings
        if control.settings.second_model:
            worker.load(control.settings.second_model, second=True)
        if control.settings.models:
            worker.prepare(control.settings.models)
        self._model = self._cuts = 0
        self._path = LatentPath(worker.state.z_dim, control.settings)
        self._second_path = LatentPath(worker.state.z_dim, control.settings)
        self._mix = Follower([control.settings.model_mix])
        self._motion = Motion(control)
        self._pace = Pace()
        self._fade = Crossfade()
        self._keeping_up = KeepingUp(control.settings)
        self._look = Look(brightness=0.0)
        self._time = 0.0
        self._overlay_age = math.inf
        self._shown = False, ""
        self._note, self._note_left = "", 0.0
        self.scenes: Sequence[str] = ()
        self.mood = (control.valence, control.energy)
        self.painted: Picture | None = None

    def step(self, time: float, dt: float, refused: int = 0) -> Control:
        """Move everything on.

        Parameters
        ----------
        time : s, on the clock of the controls
        dt : s since the last step
        refused : messages refused so far, for the overlay
        """
        control = self.controls.now(time)
        settings = control.settings
        self._change_models(settings)
        state = self._worker.state
        for path, z_dim in ((self._path, state.z_dim), (self._second_path, state.second_z_dim or state.z_dim)):
            if path.z_dim != z_dim:
                path.resize(z_dim)
        show_dt = self._pace.step(settings.freeze, dt)
        self._time += show_dt
        latent = self._path.step(control, show_dt)
        second = self._second_path.step(control, show_dt)
        mix = float(self._mix.step([settings.model_mix], MIX_S, show_dt)[0])
        mix = settings.model_mix if abs(mix - settings.model_mix) < 0.002 else mix
        self.mood = (float(latent.mood[0]), float(latent.mood[1]))
        if show_dt > 0.0 or not self.pictures:
            width, height = self.screen.size
            self._worker.request(Request(latent, second, mix, settings.finish, width / height), show_dt)
            self._receive(settings.model_fade)
        self._look = self._motion.step(control, show_dt, dt, lit=self.pictures > 0)
        if dt > 0.0 and (why := self._keeping_up.step(self.finish, dt)):
            self._worker.finish_less(why)
        if dt > 0.0:
            self.fps += (1.0 / dt - self.fps) * min(1.0, dt / 0.5)
        self._help(control, dt, refused)
        return control

    @property
    def finish(self) -> int:
        """How many times the side the finisher has made of the newest picture, 4, 2, or 1 without it."""
        return self.painted.scale if self.painted is not None else 1

    @property
    def worker(self) -> WorkerState:
        """State of what paints."""
        return self._worker.state

    def draw(self) -> None:
        """Draw the frame of the last step into the target."""
        self.screen.draw(self._fade.mix(self._time), self._look)

    def picture(self) -> Frame:
        """The frame of the last step without the overlay, uint8 ``(height, width, 3)``."""
        return self.screen.picture(self._fade.mix(self._time), self._look)

    def small(self, width: int) -> Frame:
        """The frame that `draw` has just drawn, `width` pixels wide at most, uint8 ``(h, w, 3)``."""
        return self.screen.small(width)

    def still(self) -> tuple[Frame, Look]:
        """The newest picture alone, fully faded in and without a blackout, and the look that it is drawn with.

        The frame on screen lies between pictures, and no model could paint it again.

        Returns
        -------
        frame : uint8 ``(height, width, 3)``
        look : Look
        """
        look = replace(self._look, brightness=1.0)
        return self.screen.picture(1.0, look), look

    @property
    def seed(self) -> int:
        """Number of the picture that the path has come from."""
        return self._path.seed

    @property
    def scene(self) -> str:
        """Name of the scene that was recalled or saved last, or empty."""
        return self._settings.scene

    def close(self) -> None:
        """End the worker and give the textures back."""
        self._worker.close()
        self.screen.release()

    def _change_models(self, settings: VisualsConfig) -> None:
        before, self._settings = self._settings, settings
        if settings.models != before.models:
            self._worker.prepare(settings.models)
        if settings.model != before.model:
            self._worker.load(settings.model)
        if settings.second_model != before.second_model:
            self._worker.load(settings.second_model, second=True)

    def _receive(self, fade: float) -> None:
        picture = self._worker.poll()
        if picture is None:
            return
        self.screen.take(picture.pixels, self._fade.mix(self._time), fine=picture.scale > 1)
        changed = picture.model != self._model
        cut = picture.cuts != self._cuts or (changed and fade == 0.0)
        self._fade.arrive(self._time, fade if changed else 0.0, cut)
        self._model, self._cuts = picture.model, picture.cuts
        self.pictures += 1
        self.painted = picture

    def note(self, text: str, seconds: float) -> None:
        """Show a line in the overlay for so long, help or not."""
        self._note, self._note_left = text, seconds

    def _help(self, control: Control, dt: float, refused: int) -> None:
        self._overlay_age += dt
        self._note_left -= dt
        note = self._note if self._note_left > 0.0 else ""
        wanted = control.settings.help, note
        if wanted == (False, ""):
            if self._overlay_age < math.inf:
                self.screen.overlay(None)
            self._overlay_age = math.inf
        elif self._overlay_age >= OVERLAY_EVERY_S or wanted != self._shown:
            self._overlay_age = 0.0
            lines = [note] if note else []
            if control.settings.help:
                lines += ([""] if note else []) + self.help_lines(control, refused)
            self.screen.overlay(text_image(lines, self.screen.size[1]))
        self._shown = wanted

    def help_lines(self, control: Control, refused: int) -> list[str]:
        """The overlay's text; see `visuals.help`."""
        scenery = Scenery(self.screen.size, self.fps, self._path.seed, self.mood, refused, self.scenes, self.finish)
        return help_lines(control, self._worker.state, scenery)
