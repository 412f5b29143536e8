"""Sound files read as fast as it goes."""

from artgen_osc.audio.sources import file_blocks, open_file


def read_file(path):
    """The sample rate of a sound file in Hz, and its blocks."""
    file = open_file(path)
    return file.sample_rate, file_blocks(file)
