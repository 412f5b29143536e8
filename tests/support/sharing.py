"""How the tests are shared out among several workers: ``pytest -n 3 --dist loadscope``."""

from xdist.scheduler import LoadScopeScheduling

LIVE = "tests/live/"
LONG = (
    *("tests/gallery/test_web.py", "tests/gan/test_train.py", "tests/stream/test_stream.py", "tests/test_daemon.py"),
    *("tests/test_odd_names.py", "tests/test_songs.py", "tests/test_terminal.py", "tests/test_whole_demo.py"),
)
"""What begins late and takes long would be waited for at the end."""


def scope(nodeid: str) -> str:
    """What runs in one worker, one after the other.

    All the live tests, which wait for other programs most of the time, use the ports that these expect, and would
    disturb each other. Of the rest the tests of a file, which share what is made for them.
    """
    file = nodeid.partition("::")[0]
    return LIVE if file.startswith(LIVE) else file


def order(nodeid: str) -> bool:
    """For sorting: what takes longest begins first."""
    return scope(nodeid) not in (LIVE, *LONG)


class Sharing(LoadScopeScheduling):
    """By `scope`, in the order of the collection."""

    def _split_scope(self, nodeid: str) -> str:
        return scope(nodeid)
