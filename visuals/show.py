"""From one control to one scene: moves everything on."""

import logging
from typing import Any

import numpy as np

from artgen_osc.config.tables import Config, VisualsConfig
from visuals.clock import Tick
from visuals.compositor.kind import Moment
from visuals.compositor.screen import Screen
from visuals.control.controls import Control
from visuals.control.scenes.recall import Present
from visuals.generators.directions import COUNT, amounts_of
from visuals.generators.sphere import Vector
from visuals.modulation.beat_clock import BeatClock
from visuals.modulation.follow import Follower
from visuals.modulation.glides import Glides
from visuals.modulation.matrix import Matrix
from visuals.modulation.motion import Look, Motion, Pace, Playhead
from visuals.painting.latent import LatentPath
from visuals.painting.painter import Picture, Request
from visuals.painting.worker import Worker
from visuals.quality import Quality, Seen, Watch
from visuals.scene import Scene

log = logging.getLogger(__name__)

MIX_S = 0.15
"""Lag of the mix of two models, so that no frame jumps."""

DIRECTION_S = 0.3
"""Lag of the way along a direction."""

SETTLED = 0.002
"""So near to where it is set, it is there."""


class Show:
    """Steps.

    Parameters
    ----------
    screen : is given the pictures
    control : to begin with
    worker : paints the model of the settings already
    live : whether somebody waits for its frames; else all is drawn, however long that takes

    Attributes
    ----------
    scene : what the last step has come to
    """

    def __init__(self, screen: Screen, control: Control, worker: Worker, live: bool = True) -> None:
        self._screen = screen
        self._fps = 0.0
        self._pictures = 0
        self._worker = worker
        self._settings = control.settings
        if control.settings.second_model:
            worker.load(control.settings.second_model, second=True)
        if control.settings.models:
            worker.prepare(control.settings.models)
        self._model = self._cuts = 0
        self._clock = BeatClock()
        self._path = LatentPath(worker.state.z_dim, control.settings, self._clock)
        self._second_path = LatentPath(worker.state.z_dim, control.settings, self._clock)
        self._mix = Follower([control.settings.model_mix])
        self._amounts = Follower(np.zeros(2 * COUNT))
        self._unused = 0
        self._motion = Motion(control)
        self._pace = Pace()
        self._playhead = Playhead()
        self._watch = Watch(control.settings.fps) if live else None
        self._quality = Quality()
        self._look = Look(brightness=0.0)
        self._glides = Glides(self._set(control))
        self._matrix = Matrix(self._clock)
        self._time = 0.0
        self._painted: Picture | None = None
        self.scene = self._scene(control, (control.valence, control.energy), 0.0, 0.0)

    def step(self, control: Control, tick: Tick) -> Scene:
        """Move everything on.

        Parameters
        ----------
        control : what the show should look like now
        tick : of the loop
        """
        dt = tick.dt
        show_dt = self._pace.step(control.settings.freeze, dt)
        self._clock.step(control.tempo_bpm, control.beat_phase, control.bar_phase, show_dt)
        self._matrix.step(control, show_dt, dt)
        control = self._matrix.driven(control)
        settings = control.settings
        self._change_models(settings)
        self._screen.order = settings.order
        self._screen.crossing.step(dt)
        state = self._worker.state
        for path, z_dim in ((self._path, state.z_dim), (self._second_path, state.second_z_dim or state.z_dim)):
            if path.z_dim != z_dim:
                path.resize(z_dim)
        self._time += show_dt
        latent = self._path.step(control, show_dt)
        second = self._second_path.step(control, show_dt)
        self._tell_unused(state.name)
        mix = float(self._mix.step([settings.model_mix], MIX_S, show_dt)[0])
        mix = settings.model_mix if abs(mix - settings.model_mix) < SETTLED else mix
        if show_dt > 0.0 or not self._pictures:
            width, height = self._screen.size
            amounts = self._along(settings, state.steerable, show_dt)
            self._worker.request(
                Request(latent, second, mix, settings.finish, width / height, self._time, amounts), show_dt
            )
            self._receive(settings.model_fade)
        self._look = self._motion.step(control, show_dt, dt, lit=self._pictures > 0)
        if dt > 0.0:
            self._fps += (1.0 / dt - self._fps) * min(1.0, dt / 0.5)
        self.scene = self._scene(control, (float(latent.mood[0]), float(latent.mood[1])), show_dt, dt)
        if dt > 0.0 and self._watch is not None:
            self._keep_up(self._watch, settings, dt)
        return self.scene

    def _keep_up(self, watch: Watch, settings: VisualsConfig, dt: float) -> None:
        """Draw as much as there is time for."""
        scene, painted = self.scene, self._painted
        finishing = painted.finishing if painted else 0.0
        seen = Seen(
            settings.scene,
            scene.worker.fps,
            scene.scale,
            painted is not None and painted.flow is not None,
            self._screen.composed,
            painted.seconds - finishing if painted else 0.0,
            finishing,
        )
        quality = watch.step(settings.quality, seen, dt)
        if quality != self._quality:
            self._quality = quality
            self._worker.limit(quality.pictures, quality.finisher, quality.flow)
            self._screen.detail = quality.size

    def _along(self, settings: VisualsConfig, known: tuple[bool, bool], dt: float) -> Vector | None:
        """How far along its directions each model's picture is, ``(2, COUNT)``; None: nobody wants any."""
        wanted = amounts_of(settings)
        if not (wanted.any() or self._amounts.value.any()):
            return None
        goal = np.outer(known, wanted).ravel()
        if np.abs(self._amounts.step(goal, DIRECTION_S, dt) - goal).max() < SETTLED:
            self._amounts.value, self._amounts.velocity = goal, np.zeros(2 * COUNT)
        return self._amounts.value.reshape(2, COUNT)

    def _tell_unused(self, model: str) -> None:
        """Once, when it comes to that."""
        before, self._unused = self._unused, self._path.unused
        if self._unused and self._unused != before:
            many = f"{self._unused} keyframes are" if self._unused > 1 else "1 keyframe is"
            log.warning("path: %s of another model than %s and not played, but kept", many, model)

    def present(self, config: Config) -> Present:
        """How the picture is, for what a scene or a keyframe is made of.

        Parameters
        ----------
        config : the settings as they are
        """
        scene = self.scene
        return Present(config, scene.seed, scene.mood, scene.stage, scene.moment.tempo_bpm)

    def close(self) -> None:
        """End the worker."""
        self._worker.close()

    def _scene(self, control: Control, mood: tuple[float, float], show_dt: float, dt: float) -> Scene:
        return Scene(
            mix=self._playhead.mix(self._time),
            look=self._look,
            effects=self._matrix.effects(self._glides.step(self._set(control), dt)),
            moment=self._moment(control, mood, show_dt),
            painted=self._painted,
            pictures=self._pictures,
            mood=mood,
            seed=self._path.seed,
            keyframes=len(control.settings.path_keyframes.split()),
            keyframe=self._path.keyframe,
            name=self._settings.scene,
            fps=self._fps,
            worker=self._worker.state,
            levels=self._matrix.levels,
            missed=self._matrix.trouble,
            quality=self._quality,
        )

    def _set(self, control: Control) -> dict[str, Any]:
        """What is set for effects and layers."""
        return {name: control.plugin[name] for name in self._screen.plugins if name in control.plugin}

    def _moment(self, control: Control, mood: tuple[float, float], dt: float) -> Moment:
        return Moment(
            time=self._look.time,
            dt=dt,
            valence=mood[0],
            energy=mood[1],
            level=control.level,
            low=control.low,
            mid=control.mid,
            high=control.high,
            onsets=control.onsets,
            beats=control.beats,
            beat_phase=control.beat_phase,
            bar_phase=control.bar_phase,
            tempo_bpm=control.tempo_bpm,
            extra=control.extra,
            title=control.title,
            passed=self._clock.passed if self._clock.known else 0.0,
        )

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
        changed = picture.model != self._model
        cut = picture.cuts != self._cuts or (changed and fade == 0.0)
        last, mix = self._painted, self._playhead.mix(self._time)
        alike = last is not None and not changed and last.pixels.shape == picture.pixels.shape
        follows = self._playhead.arrive(self._time, picture.time, fade if changed else 0.0, cut, alike)
        # Where one was left out, its flow begins at a picture that isn't here.
        flow = picture.flow if last is not None and follows and picture.number == last.number + 1 else None
        self._screen.take(picture.pixels, mix, picture.scale > 1, flow, follows)
        self._model, self._cuts = picture.model, picture.cuts
        self._pictures += 1
        self._painted = picture
