"""``python -m visuals.outputs.here``: which outputs work on this machine, for ``artgen doctor``, as lines of JSON."""

import json
import os

from artgen_osc.config.plugins import own_registry
from artgen_osc.errors import OutputError
from artgen_osc.plugins.factory import classes
from artgen_osc.runtime.text import printable, unexpected


def main() -> None:
    """Ask those that can say it, and print name, whether it works, and with what or why not."""
    answers = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # a library may print what it likes
    for plugin, loaded in classes(own_registry(), "output"):
        if not hasattr(loaded, "here"):
            continue
        try:
            works, text = True, loaded.here()
        except OutputError as error:
            works, text = False, str(error)
        except Exception as error:  # whatever a library comes up with
            works, text = False, unexpected(error)
        print(json.dumps([plugin.name, works, printable(text)]), file=answers, flush=True)
    os._exit(0)  # so that no library holds us up


if __name__ == "__main__":
    main()
