"""Build one DVC stage of a foreach or a matrix: `python workflow/run_stage.py RULES TARGET`, NAME in TARGET replaced.

DVC puts names from params.yaml into a command before anybody has checked them, and hands the command to a shell: in
`${key}` a name such as `x; rm -r ~` would be run. So no command in dvc.yaml holds a name. It is taken from DVC_STAGE
(`train@xs`), which DVC sets, and reaches Snakemake as an argument.
"""

import os
import re
import sys

NAME = re.compile(r"[a-z0-9][a-z0-9_-]*")
"""As core.params has it."""


def command(rules: str, target: str, stage: str) -> list[str]:
    """Return the command of the stage. Exits with status 2 where its name is none that params may have."""
    name = stage.partition("@")[2]
    if not NAME.fullmatch(name):
        print(f"{name!r}: expected a name of lower-case letters, digits, `_` and `-` in params.yaml", file=sys.stderr)
        sys.exit(2)
    return ["snakemake", "--snakefile", f"workflow/{rules}", "--cores", "all", target.replace("NAME", name)]


if __name__ == "__main__":
    rules, target = sys.argv[1:]
    made = command(rules, target, os.environ.get("DVC_STAGE", ""))
    os.execvp(made[0], made)
