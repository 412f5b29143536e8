"""The contract of one show: every address that is sent or understood."""

from collections.abc import Iterable, Mapping, Sequence

from artgen_osc.schema.address import Address
from artgen_osc.schema.values import Output

Rows = Mapping[str, Address]
"""By path."""


def by_path(rows: Iterable[Address]) -> dict[str, Address]:
    """Rows by their path.

    Raises
    ------
    ValueError
        Two of them have the same.
    """
    found: dict[str, Address] = {}
    for row in rows:
        if row.path in found:
            raise ValueError(f"{row.path}: two addresses have this path; rename one of them")
        found[row.path] = row
    return found


class AddressTable:
    """Made once, when a program starts, from our own rows and those of its plugins; handed to whoever needs it.

    Parameters
    ----------
    hop : what the daemon sends with each hop
    harmony : what it sends every `artgen_osc.schema.values.HOPS_PER_HARMONY` hops
    extracted : what it sends with each hop for extractors that were added
    status : what it sends once a second
    painted : what the renderer sends once a second
    controls : what both understand; the path of what the renderer does begins with ``/visuals/``

    Attributes
    ----------
    hop, harmony, extracted : as given
    sent : all that the daemon sends
    painted : all that the renderer sends
    daemon : what the daemon understands
    visuals : what the renderer understands beside the daemon's stream
    controls : both
    rows : all of these
    pulses : paths that are 1 for one hop and have a counter beside them
    followed : the controls that have a setting, by its ``table.key``

    Raises
    ------
    ValueError
        Two rows have the same path.
    """

    def __init__(
        self,
        hop: Sequence[Output],
        harmony: Sequence[Output],
        extracted: Sequence[Address],
        status: Iterable[Address],
        painted: Iterable[Address],
        controls: Iterable[Address],
    ) -> None:
        self.hop, self.harmony, self.extracted = tuple(hop), tuple(harmony), tuple(extracted)
        self.sent: Rows = by_path((*(output.address for output in (*hop, *harmony)), *extracted, *status))
        self.painted: Rows = by_path(painted)
        self.controls: Rows = by_path(sorted(controls, key=lambda row: row.path))
        self.visuals: Rows = {path: row for path, row in self.controls.items() if path.startswith("/visuals/")}
        self.daemon: Rows = {path: row for path, row in self.controls.items() if path not in self.visuals}
        self.rows: Rows = by_path((*self.sent.values(), *self.painted.values(), *self.controls.values()))
        self.pulses = tuple(path for path, row in self.sent.items() if row.pulse and f"{path}/count" in self.sent)
        self.followed: Mapping[str, Address] = {row.setting: row for row in self.controls.values() if row.setting}
