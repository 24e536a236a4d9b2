"""What Snakemake shows of a run here: a logger plugin (`--logger specialize`; profiles/default/config.yaml names it).

A run shows the jobs' own lines, and a line for each job that ended, with the time left. A dry run shows how many jobs
of each rule would run, and why. With `--printshellcmds` or `--verbose` Snakemake's own messages are shown as well.
.snakemake/log has them in any case.

Snakemake finds a plugin by the name of this package.
"""

from snakemake_logger_plugin_specialize.handler import LogHandler

__all__ = ["LogHandler"]
