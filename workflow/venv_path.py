"""Settle what tools of this environment need where it is not activated: where they find each other, and DVC's cache.

A `.pth` line runs at every start of this environment's Python. It puts its `bin` folder first on PATH, since
`.venv/bin/dvc repro` starts `snakemake` by name. And it moves DVC's site cache, in which DVC keeps pickles
(CVE-2025-69872), from a folder below /var/tmp that every user of the machine may write to into this environment.
`core.site_cache_dir` of .dvc/config would not do: a relative one counts from wherever DVC is called.
"""

import sysconfig
from pathlib import Path

LINE = (
    "import os, sys; b = os.path.join(sys.prefix, 'bin'); p = os.environ.get('PATH', '').split(os.pathsep); "
    "b in p or os.environ.update(PATH=os.pathsep.join([b, *p])); "
    "os.environ.setdefault('DVC_SITE_CACHE_DIR', os.path.join(sys.prefix, 'dvc'))\n"
)


def install(packages: Path, prefix: Path) -> None:
    """packages: where `.pth` lines are read; prefix: the environment's folder."""
    # Made here, and closed to others: DVC would make it writable to everybody.
    (prefix / "dvc" / "repo").mkdir(parents=True, exist_ok=True)
    for folder in (prefix / "dvc", prefix / "dvc" / "repo"):
        folder.chmod(0o700)
    (packages / "venv_path.pth").write_text(LINE, encoding="utf-8")


if __name__ == "__main__":
    install(Path(sysconfig.get_path("purelib")), Path(sysconfig.get_path("data")))
