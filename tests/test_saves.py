"""When a save of a file counts."""

from artgen_osc.runtime.files import Saves


def test_a_save_counts_from_the_second_look_that_finds_it_the_same() -> None:
    found: list[object] = ["old", "old", "", "new", "new", None, "new", "new"]
    looks = iter(found)
    saves = Saves(lambda: next(looks))
    assert [saves.due() for _ in found] == [True, False, False, False, True, False, False, False]
