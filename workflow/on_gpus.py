"""Run a command on GPUs of its own: `python workflow/on_gpus.py COUNT COMMAND…`. Rules that use a model do.

This process becomes the command, so that the cards are free when it ends, however it ends. COUNT 0: no card is taken,
and the command sees what this process sees.
"""

import os
import sys

from specialize.core.errors import SpecializeError
from specialize.core.machine.gpus import VISIBLE, hold_gpus


def main() -> None:
    count, *command = sys.argv[1:]
    if int(count):
        try:
            os.environ[VISIBLE] = ",".join(hold_gpus(int(count)))
        except SpecializeError as error:
            print(f"error: {error}", file=sys.stderr)
            sys.exit(2)
    os.execvp(command[0], command)


if __name__ == "__main__":
    main()
