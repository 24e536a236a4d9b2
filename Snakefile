"""The whole path, phase by phase: raw files in, scores out. `snakemake --cores 2` builds it, `snakemake -n` explains it."""


# The first rule is what a bare `snakemake` builds.
rule all:
    input:
        "results/metrics.json",
        "results/report/index.html",


include: "workflow/data.smk"
include: "workflow/teacher.smk"
include: "workflow/traces.smk"
include: "workflow/train.smk"
include: "workflow/evaluate.smk"
include: "workflow/report.smk"
