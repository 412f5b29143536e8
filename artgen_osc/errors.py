"""What can go wrong, as one tree.

::

    ArtgenError            anything the user can act on: one line, exit status 2
    ├── ConfigError        a setting, or several: every mistake is in the text
    ├── AudioError         a device, a file or a stream of sound
    ├── ModelError         a model file that can't be used
    ├── EngineError        an engine that isn't installed, or doesn't work here
    ├── OscError           a port or a target
    ├── GalleryError       a picture or a folder of the gallery
    ├── SceneError         a scene of the picture
    ├── RenderError        a film or a picture of a song that can't be made
    ├── OutputError        an output that can't be opened or written, such as a recording
    ├── PluginError        a plugin that isn't there, can't be loaded or doesn't keep its protocol
    └── DisplayError       a window or OpenGL

Each text says what is wrong with which value, what would be right where that isn't plain, and what to do next:
``<key or device>: <what is wrong, with the value>; <what to choose or to do>``. A part that says nothing is left out.
"""

from artgen_osc.runtime.text import printable


class ArtgenError(Exception):
    """Base of every error that is reported without a traceback.

    Its text is one line, whatever names are in it: they are made `printable`.
    """

    def __init__(self, text: str = "") -> None:
        super().__init__(printable(text))


class ConfigError(ArtgenError):
    """A setting has a wrong name, type or value; its text has a line for each that has."""

    def __init__(self, text: str = "") -> None:
        Exception.__init__(self, "\n".join(map(printable, text.split("\n"))))


class AudioError(ArtgenError):
    """Sound can't be read."""


class ModelError(ArtgenError):
    """A model file is missing, damaged or made for something else."""


class EngineError(ArtgenError):
    """An engine that was asked for by name isn't installed or doesn't work here."""


class OscError(ArtgenError):
    """An OSC port can't be opened, or a target can't be understood."""


class GalleryError(ArtgenError):
    """A picture isn't there or can't be used, or the gallery's folder can't be changed."""


class SceneError(ArtgenError):
    """A scene isn't there, can't be used, or can't be saved."""


class RenderError(ArtgenError):
    """A film or a picture of a song can't be made or written."""


class OutputError(ArtgenError):
    """An output can't be opened or written."""


class PluginError(ArtgenError):
    """A plugin isn't registered, can't be loaded or doesn't keep its protocol."""


class DisplayError(ArtgenError):
    """There is no display, or it can't draw with OpenGL 3.3."""


BORNE = (Exception, SystemExit, GeneratorExit)
"""What is borne of a plugin, wherever it is called: all but `KeyboardInterrupt`, which is the user's."""
