"""Training of the beat network: its material, its steps, and what it writes."""

import shutil
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch")
mido = pytest.importorskip("mido")

import soundfile  # noqa: E402 (torch decides whether this file runs)

from artgen_osc.analysis.rhythm.network import SHIPPED_MODEL, BeatNetwork  # noqa: E402
from artgen_osc.analysis.rhythm.spectrum import FRAME_TIME, N_BANDS, N_FEATURES  # noqa: E402
from artgen_osc.errors import ConfigError, ModelError  # noqa: E402
from artgen_osc.inference.modelfile import load_weights  # noqa: E402
from tests import signals  # noqa: E402
from training import beat_material, midi, train_beats  # noqa: E402
from training.beat_material import Clip, at_rows, recordings, steady_beats  # noqa: E402
from training.beat_net import BeatNet, teach  # noqa: E402
from training.midi import Note, Piece, composed, drum_bars, read_piece, render, varied  # noqa: E402
from training.train_beats import Trainer, crops, export, loss  # noqa: E402

pytestmark = pytest.mark.slow

needs_fluidsynth = pytest.mark.skipif(shutil.which("fluidsynth") is None, reason="fluidsynth isn't installed")


def clips(count: int, seed: int, known: bool = True) -> list[Clip]:
    """Rows in which every twentieth rises, and is a beat; every fourth of them a downbeat."""
    rng = np.random.default_rng(seed)
    result = []
    for index in range(count):
        rows = np.abs(rng.standard_normal((800, N_FEATURES))).astype(np.float16) * 0.1
        rows[::20] += 1.0
        beats = np.arange(0, 800, 20) * FRAME_TIME
        down = at_rows(beats[::4], 800) if known else np.full(800, np.nan, np.float16)
        result.append(Clip(f"{seed} {index}", rows, at_rows(beats, 800), down))
    return result


def pop909(folder: Path) -> Path:
    """A folder as POP909 has it, of one piece at 120 bpm."""
    own = folder / "pop" / "001"
    own.mkdir(parents=True)
    file = mido.MidiFile(ticks_per_beat=480)
    for pitch in (60, 48):
        track = mido.MidiTrack()
        track.append(mido.MetaMessage("set_tempo", tempo=500000))
        for _ in range(16):
            track.append(mido.Message("note_on", note=pitch, velocity=90, time=0))
            track.append(mido.Message("note_off", note=pitch, time=480))
        file.tracks.append(track)
    file.save(own / "001.mid")
    rows = [f"{beat * 0.5} {float(beat % 2 == 0)} {float(beat % 4 == 0)}" for beat in range(17)]
    (own / "beat_midi.txt").write_text("\n".join(rows))
    return folder / "pop"


def test_a_piece_is_read_with_its_beats(tmp_path: Path) -> None:
    piece = read_piece(pop909(tmp_path) / "001")
    assert len(piece.notes) == 32
    np.testing.assert_allclose(sorted({note.start for note in piece.notes}), np.arange(16) * 0.5, atol=1e-3)
    np.testing.assert_allclose(piece.downbeats, [0.0, 2.0, 4.0, 6.0, 8.0])


def test_a_variant_keeps_its_beats_on_its_notes(tmp_path: Path) -> None:
    piece = read_piece(pop909(tmp_path) / "001")
    other = varied(piece, np.random.default_rng(3))
    factor = other.beats[1] / piece.beats[1]
    assert 0.8 <= factor <= 1.25
    tune = sorted({note.start for note in other.notes if note.channel != midi.DRUMS})
    np.testing.assert_allclose(tune, other.beats[:16], atol=1e-3)


def test_composed_pieces_are_the_same_for_the_same_seed_and_drums_hit_the_beats() -> None:
    one, two = (composed(np.random.default_rng(5), 20.0) for _ in range(2))
    assert one.notes == two.notes and len(one.beats) > 15
    bars = [np.arange(start, start + 5) * 0.5 for start in range(0, 16, 4)]
    hits = np.array([note.start for note in drum_bars(bars, np.random.default_rng(1))])
    assert all(np.abs(hits - beat).min() < 0.03 for beat in np.arange(16) * 0.5)


@needs_fluidsynth
def test_rendered_notes_sound_when_they_should() -> None:
    sound = render(Piece([Note(0.5, 0.3, 69, 100), Note(1.5, 0.3, 69, 100)], {0: 0}), 2.5)
    level = np.abs(sound).reshape(-1, 45).max(axis=1)
    quiet = level[: int(0.45 * 490)].max()
    assert level[int(0.5 * 490) : int(0.6 * 490)].max() > 20 * quiet + 0.01


def test_without_fluidsynth_it_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(midi.shutil, "which", lambda name: None)
    with pytest.raises(ConfigError, match="apt install fluidsynth"):
        render(Piece(), 1.0)


def test_steady_beats_are_found_through_gaps_and_noise() -> None:
    likely = np.random.default_rng(0).uniform(0.0, 0.2, 1500)
    beats = np.arange(13, 1500, 26)
    likely[beats[(beats < 500) | (beats > 700)]] = 0.9
    found = steady_beats(likely, 60.0 / (26 * FRAME_TIME))
    assert len(found) == pytest.approx(len(beats), abs=1)
    assert np.mean([np.abs(found - beat * FRAME_TIME).min() < 0.03 for beat in beats]) > 0.95


def test_recordings_with_and_without_a_tempo(tmp_path: Path) -> None:
    sound = signals.clicks(12.0, 22050, 120.0) + 0.01 * signals.pink_noise(12.0)
    for name in ("one.wav", "two.wav"):
        soundfile.write(tmp_path / name, sound, 22050)
    (tmp_path / "labels.csv").write_text("file,bpm\none.wav,120\ntwo.wav,\n")
    ((known,), (taught,)), _ = recordings(tmp_path, tmp_path / "cache", iter)
    gaps = np.diff(np.flatnonzero(known.beat == 1.0))
    assert np.abs(gaps * FRAME_TIME - 0.5).max() <= 0.04
    assert np.isnan(known.downbeat).all()
    assert ((taught.beat >= 0) & (taught.beat <= 1)).all() and not np.isnan(taught.downbeat).any()
    again, _ = recordings(tmp_path, tmp_path / "cache", iter)
    np.testing.assert_array_equal(again[0][0].beat, known.beat)
    with pytest.raises(ConfigError, match=r"labels\.csv"):
        recordings(tmp_path / "nowhere", tmp_path / "cache", iter)


def test_stretched_recordings_keep_their_beats(tmp_path: Path) -> None:
    """Rows rise where beats are said to be, whichever way the tempo was changed."""
    sound = signals.clicks(12.0, 22050, 120.0) + 0.003 * signals.pink_noise(12.0)
    for name in ("one.wav", "two.wav"):
        soundfile.write(tmp_path / name, sound, 22050)
    (tmp_path / "labels.csv").write_text("file,bpm\none.wav,120\ntwo.wav,\n")
    groups, _ = recordings(tmp_path, tmp_path / "cache", iter, 2, 5)
    tempos = []
    for (plain, *others), known in zip(groups, (True, False), strict=True):
        assert len(others) == 2
        for clip in others:
            assert clip.rows.shape[1:] == plain.rows.shape[1:] and len(clip.beat) == len(clip.rows)
            assert np.isnan(clip.downbeat).all() == known
            tempos.append(len(plain.rows) / len(clip.rows))
            rise = clip.rows[:, N_BANDS:].astype(np.float32).sum(axis=1)
            if known:
                gaps = np.diff(np.flatnonzero(clip.beat == 1.0)) * FRAME_TIME
                assert np.median(gaps) == pytest.approx(0.5 / tempos[-1], abs=0.02)
                near = [rise[max(0, at - 3) : at + 4].max() for at in np.flatnonzero(clip.beat == 1.0)[1:-1]]
                assert np.median(near) > 5 * np.median(rise)
            else:
                np.testing.assert_allclose(clip.beat.astype(float).mean(), plain.beat.astype(float).mean(), rtol=0.1)
    assert all(0.84 < tempo < 1.16 for tempo in tempos) and np.std(tempos) > 0.01
    again, _ = recordings(tmp_path, tmp_path / "elsewhere", iter, 2, 5)
    np.testing.assert_array_equal(again[0][2].rows, groups[0][2].rows)


def test_recordings_that_can_not_be_used_are_named_and_the_others_go_on(tmp_path: Path) -> None:
    sound = signals.clicks(6.0, 22050, 120.0).astype(np.float32)
    sound[1000:2000] = np.nan
    soundfile.write(tmp_path / "holes.wav", sound, 22050, subtype="FLOAT")
    soundfile.write(tmp_path / "short.wav", np.zeros(22050), 22050)
    soundfile.write(tmp_path / "none.wav", np.zeros(0), 22050)
    (tmp_path / "text.wav").write_text("no sound")
    names = ["holes.wav;120", "short.wav;", "none.wav;", "text.wav;", "gone.wav;", "holes.wav;fast", "holes.wav;9000"]
    (tmp_path / "labels.csv").write_text("\n".join(["File;BPM", *names]))
    clips, skipped = recordings(tmp_path, tmp_path / "cache", iter)
    assert [clip.name for (clip,) in clips] == ["holes"]
    assert np.isfinite(clips[0][0].rows).all() and clips[0][0].beat.any()
    wanted = ("shorter than 4 s", "holds no sound", "text.wav", "does not exist", "isn't a number", "20 to 400")
    assert len(skipped) == len(wanted)
    for number, (line, part) in enumerate(zip(skipped, wanted, strict=True), 3):
        assert f"row {number}, " in line and part in line
    (tmp_path / "labels.csv").write_text("file\ngone.wav\n")
    with pytest.raises(ConfigError, match=r"none of its files can be used; .*gone\.wav"):
        recordings(tmp_path, tmp_path / "cache", iter)


def test_a_damaged_cache_is_made_anew(tmp_path: Path) -> None:
    soundfile.write(tmp_path / "one.wav", signals.clicks(6.0, 22050, 120.0), 22050)
    (tmp_path / "labels.csv").write_text("file\none.wav\n")
    ((first,),), _ = recordings(tmp_path, tmp_path / "cache", iter)
    (kept,) = (tmp_path / "cache").iterdir()
    kept.write_bytes(kept.read_bytes()[:500])
    ((again,),), _ = recordings(tmp_path, tmp_path / "cache", iter)
    np.testing.assert_array_equal(again.rows, first.rows)


def test_beatless_material_has_no_beats(tmp_path: Path) -> None:
    (clip,) = beat_material.beatless_clips(1, 0, tmp_path, iter)
    assert len(clip.rows) > 2000 and not clip.beat.any() and not clip.downbeat.any()


def test_loss_is_least_for_the_truth_and_skips_unknown_downbeats() -> None:
    rows, beat, down = crops(clips(2, 0), 4, np.random.default_rng(0))
    assert rows.shape[0] == 4 and beat.shape == down.shape == rows.shape[:2]
    truth = torch.stack((beat - down, down, 1.0 - beat), -1).clamp(0.01, 0.98)
    wrong = torch.full_like(truth, 1 / 3)
    assert loss(truth, beat, down) < loss(wrong, beat, down)
    unknown = torch.full_like(down, float("nan"))
    assert torch.isfinite(loss(truth, beat, unknown)) and loss(truth, beat, unknown) < loss(truth, beat, down)


def trainer(path: Path, steps: int = 4) -> Trainer:
    return Trainer([clips(3, 1), clips(2, 2, known=False)], clips(1, 3), path, steps, 2, 1e-3, 0)


def test_training_goes_on_to_the_bit(tmp_path: Path) -> None:
    whole = trainer(tmp_path / "whole.pt")
    losses = [whole.train_step() for _ in range(4)]
    first = trainer(tmp_path / "part.pt")
    parts = [first.train_step() for _ in range(2)]
    first.save()
    second = trainer(tmp_path / "part.pt")
    assert second.step == 2
    parts += [second.train_step() for _ in range(2)]
    assert parts == losses
    for one, two in zip(whole.average.parameters(), second.average.parameters(), strict=True):
        assert torch.equal(one, two)


def test_the_best_network_is_exported_and_the_show_hears_the_same(tmp_path: Path) -> None:
    own = trainer(tmp_path / "beats.pt", 3)
    before = own.judge()
    for _ in range(3):
        own.train_step()
    assert own.judge() != before and own.best
    about = train_beats.card(train_beats.build_parser().parse_args([]), own)
    assert export(own.average, tmp_path / "beat.safetensors", about) < 1e-4
    assert BeatNetwork(tmp_path / "beat.safetensors").card["figures"]["steps"] == 3


def test_command_from_midi_to_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if shutil.which("fluidsynth") is None:
        pytest.skip("fluidsynth isn't installed")
    folder = pop909(tmp_path)
    shutil.copytree(folder / "001", folder / "002")
    command = ["train_beats", "--midi", str(folder), "--run", str(tmp_path / "run"), "--steps", "2", "--batch", "2"]
    monkeypatch.setattr("sys.argv", [*command, "--composed", "0", "--beatless", "0", "--variants", "0"])
    assert train_beats.main() == 0
    assert BeatNetwork(tmp_path / "run" / "beat.safetensors").card["kind"] == "beat"
    monkeypatch.setattr("sys.argv", [*command[:2], str(tmp_path), "--run", str(tmp_path / "other")])
    assert train_beats.main() == 2


def test_the_teacher_hears_clicks() -> None:
    rows = beat_material.sound_rows(signals.clicks(8.0)).astype(np.float32)
    likely = teach(torch.from_numpy(rows)).numpy()
    np.testing.assert_allclose(likely.sum(axis=1), 1.0, atol=1e-5)
    on = [
        likely[max(0, round(t / FRAME_TIME) - 2) : round(t / FRAME_TIME) + 3, :2].sum(1).max()
        for t in np.arange(4.25, 8)
    ]
    assert np.mean(on) > 2 * likely[200:, :2].sum(1).mean()


def test_the_shipped_model_is_whole_and_its_form_is_checked(tmp_path: Path) -> None:
    file, weights = load_weights(SHIPPED_MODEL, "beat")
    assert file.card["trained_on"] and "CC BY 4.0" in file.card["licence"]
    assert set(weights) == set(BeatNet().state_dict())
    with pytest.raises(ModelError, match="was made for hop 441"):
        load_weights(SHIPPED_MODEL, "beat", hop=512)
    with pytest.raises(ModelError, match="can't be read"):
        load_weights(tmp_path / "no.safetensors", "beat")
    data = SHIPPED_MODEL.read_bytes()
    for length in (0, 4, 100, len(data) // 2, len(data) - 1):
        (tmp_path / "cut.safetensors").write_bytes(data[:length])
        with pytest.raises(ModelError, match=r"cut\.safetensors: "):
            load_weights(tmp_path / "cut.safetensors", "beat")
    (tmp_path / "changed.safetensors").write_bytes(data[:-2] + b"xx")
    with pytest.raises(ModelError, match="has changed since it was exported"):
        load_weights(tmp_path / "changed.safetensors", "beat")
