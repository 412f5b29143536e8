import math

import pytest

from artgen_osc.config.tables import Config, VisualsConfig
from artgen_osc.schema.address import extra
from artgen_osc.schema.values import Address, Value
from tests import show_table
from visuals.control.controls import STALE_S, Controls

ROWS = show_table.by_path(show_table.SENT, show_table.VISUALS)


def send(controls: Controls, time: float, *pairs: tuple[str, Value]) -> None:
    controls.receive([(ROWS[path], value) for path, value in pairs], time)


@pytest.fixture
def controls() -> Controls:
    return Controls(Config(visuals=VisualsConfig()), show_table.CONTRACT)


def test_before_any_message(controls: Controls) -> None:
    control = controls.now(5.0)
    assert (control.valence, control.energy) == (0.5, 0.5)
    assert math.isinf(control.age)
    assert control.stale
    assert control.settings == VisualsConfig()


def test_newest_value_wins_until_the_stream_is_stale(controls: Controls) -> None:
    send(controls, 1.0, ("/artgen/valence", 0.2), ("/artgen/valence", 0.9), ("/artgen/energy", 0.7))
    control = controls.now(1.5)
    assert (control.valence, control.energy, control.age) == (0.9, 0.7, 0.5)
    assert not control.stale
    late = controls.now(1.0 + STALE_S + 0.1)
    assert late.stale
    assert (late.valence, late.energy) == (0.5, 0.5)
    send(controls, 10.0, ("/artgen/level", 0.1))
    assert controls.now(10.0).valence == 0.9, "picks up again"


def test_status_does_not_keep_the_stream_alive(controls: Controls) -> None:
    send(controls, 1.0, ("/artgen/valence", 0.2))
    send(controls, 9.0, ("/artgen/status/heartbeat", 3))
    assert controls.now(9.0).stale


def test_manual_mood_needs_no_daemon(controls: Controls) -> None:
    send(controls, 0.0, ("/visuals/mood/manual", 1), ("/visuals/mood/valence", 0.1), ("/visuals/mood/energy", 0.95))
    control = controls.now(100.0)
    assert (control.valence, control.energy) == (0.1, 0.95)
    assert not control.stale


def test_a_lost_datagram_loses_no_onset(controls: Controls) -> None:
    send(controls, 0.0, ("/artgen/onset/count", 7))
    send(controls, 0.1, ("/artgen/onset", 1.0), ("/artgen/onset/count", 8))
    send(controls, 0.3, ("/artgen/onset", 0.0), ("/artgen/onset/count", 11))
    assert controls.now(0.3).onsets == 4


def test_a_restarted_daemon_counts_on(controls: Controls) -> None:
    for time, count in ((0.0, 100), (0.1, 101), (0.2, 0), (0.3, 1)):
        send(controls, time, ("/artgen/onset/count", count))
    assert controls.now(0.3).onsets == 2


def test_onsets_during_a_silence_of_the_network_do_not_burst(controls: Controls) -> None:
    send(controls, 0.0, ("/artgen/onset/count", 0))
    send(controls, 60.0, ("/artgen/onset/count", 200))
    assert controls.now(60.0).onsets == 0


def test_pulses_count_where_there_is_no_counter(controls: Controls) -> None:
    for step, value in enumerate((0.0, 1.0, 1.0, 0.0, 1.0)):
        send(controls, step * 0.1, ("/artgen/onset", value))
    assert controls.now(0.5).onsets == 2


def test_seed_and_triggers(controls: Controls) -> None:
    send(controls, 0.0, ("/visuals/seed", 7))
    send(controls, 1.0, ("/visuals/seed/next", 1), ("/visuals/seed/next", 0))
    send(controls, 2.0, ("/visuals/seed/next", 1), ("/visuals/snapshot", 1))
    control = controls.now(2.0)
    assert (control.settings.seed, control.cues, control.nexts, control.snapshots) == (7, 1, 2, 1)
    assert not control.quit
    send(controls, 3.0, ("/visuals/quit", 1))
    assert controls.now(3.0).quit


def test_a_value_that_a_chop_repeats_is_one_press(controls: Controls) -> None:
    for frame in range(120):
        send(controls, frame / 60.0, ("/visuals/seed", 7), ("/visuals/seed/next", 1))
    assert (controls.now(2.0).cues, controls.now(2.0).nexts) == (1, 1)
    send(controls, 5.0, ("/visuals/seed", 7))
    assert controls.now(5.0).cues == 2, "a press of its own, later"


def test_every_setting_of_the_table_arrives(controls: Controls) -> None:
    for row in show_table.VISUALS:
        if not row.setting:
            continue
        get = show_table.CONTRACT.get
        kind = type(get(show_table.config(), row.setting))
        word = row.choices[-1] if row.choices else "#102030" if row.path.endswith("colour") else "other.onnx"
        value: Value = word if row.kind == "string" else min(max(1, int(row.low)), row.high)
        own = {
            "path/keyframes": "ADwAPA==",
            "order": "film, bloom",
            "surface/midi/map": "cc/7 /visuals/speed",
            "file": "film.mkv",
            "mesh": "1,1:0.1,0.2",
            "rotation": 90,
            "address": "rtmp://a/b",
        }
        name = row.path.removeprefix("/visuals/")
        value = own.get(name.split("/")[-1] if name.startswith("output/") else name, value)
        send(controls, 0.0, (row.path, value))
        got = get(controls.config, row.setting)
        assert got == ((value,) if kind is tuple else value)
        assert kind is not bool or got is True


def test_beats_are_counted_like_onsets(controls: Controls) -> None:
    send(controls, 0.0, ("/artgen/beat/count", 7), ("/artgen/onset/count", 100))
    send(controls, 0.1, ("/artgen/beat", 1.0), ("/artgen/beat/count", 9), ("/artgen/bar/phase", 0.5))
    send(controls, 0.2, ("/artgen/tempo/confidence", 0.8))
    control = controls.now(0.2)
    assert (control.beats, control.onsets, control.bar_phase, control.tempo_confidence) == (2, 0, 0.5, 0.8)
    assert controls.now(60.0).tempo_confidence == 0.0, "nobody says so any more"


def test_words_and_tempo_are_of_the_music_that_plays() -> None:
    controls = Controls(Config(visuals=VisualsConfig()), show_table.CONTRACT)
    send(controls, 1.0, ("/artgen/key", "A minor"))
    assert controls.now(1.0).key == "", "words alone are no music"
    send(controls, 1.0, ("/artgen/tempo_bpm", 128.0))
    control = controls.now(2.0)
    assert (control.key, control.tempo_bpm, control.title) == ("A minor", 128.0, "")
    title = Address("/artgen/title", "string", "what plays")
    controls.receive([(title, "So what")], 2.0)
    assert controls.now(2.5).title == "So what"
    control = controls.now(1.0 + STALE_S + 0.1)
    assert (control.key, control.tempo_bpm, control.title) == ("", 0.0, "")


def test_values_of_added_extractors_are_handed_on_by_their_paths(controls: Controls) -> None:
    for path, value in (("/artgen/x/drums/kick", 0.5), ("/artgen/x/drums/count", 7.0), ("/artgen/beat/phase", 0.25)):
        row = ROWS.get(path) or extra(path)
        assert row is not None
        controls.receive([(row, value)], 1.0)
    control = controls.now(1.0)
    assert control.extra == {"/artgen/x/drums/kick": 0.5, "/artgen/x/drums/count": 7.0}
    assert control.beat_phase == 0.25
    assert not controls.now(60.0).extra, "nobody says so any more"
