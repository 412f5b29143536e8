"""The six numbered layers; entry points name them."""

from visuals.compositor.slot import Slot, numbered


class Slot1(Slot):
    """The lowest."""

    number, Settings = 1, numbered(1)


class Slot2(Slot):
    """See `Slot`."""

    number, Settings = 2, numbered(2)


class Slot3(Slot):
    """See `Slot`."""

    number, Settings = 3, numbered(3)


class Slot4(Slot):
    """See `Slot`."""

    number, Settings = 4, numbered(4)


class Slot5(Slot):
    """See `Slot`."""

    number, Settings = 5, numbered(5)


class Slot6(Slot):
    """The uppermost."""

    number, Settings = 6, numbered(6)
