"""Checkpoints + evaluation problems → predictions, per-benchmark scores, the selected checkpoint.

In:  results/checkpoints/{student}/step-{n}/, results/problems/
Out: results/scores/{student}/step-{n}/{benchmark}.json, results/predictions/{student}/step-{n}/{benchmark}.parquet,
     results/scores/{student}/selected.json
"""


include: "common.smk"


rule evaluate:
    input:
        expand("results/scores/{student}/selected.json", student=STUDENTS),


rule score_checkpoint:
    input:
        recipe=f"{RECIPES}/evaluate.json",
        before=["results/checkpoints/{student}/provenance.json", PROBLEMS_MADE],
        manifest=ancient("results/checkpoints/{student}/step-{step}/manifest.json"),
        index=ancient("results/problems/index.json"),
        problems=ancient(EVALUATION_PROBLEMS),
    output:
        expand(
            "results/scores/{{student}}/step-{{step}}/{benchmark}.json",
            benchmark=DATASETS,
        ),
        expand(
            "results/predictions/{{student}}/step-{{step}}/{benchmark}.parquet",
            benchmark=DATASETS,
        ),
        provenance="results/scores/{student}/step-{step}/provenance.json",
    log:
        "results/logs/evaluate/{student}.step-{step}.log",
    threads: 1
    shell:
        "python -m specialize.evaluate score --recipe {input.recipe:q}"
        " --checkpoint results/checkpoints/{wildcards.student}/step-{wildcards.step} --problems results/problems"
        " --work results/work/evaluate --scores results/scores/{wildcards.student}/step-{wildcards.step}"
        " --predictions results/predictions/{wildcards.student}/step-{wildcards.step}"
        " --threads {threads} --provenance {output.provenance:q} 2> >(tee {log:q} >&2)"


rule select_checkpoint:
    input:
        recipe=f"{RECIPES}/evaluate.json",
        before=expand(
            "results/scores/{{student}}/step-{step}/provenance.json", step=STEPS
        ),
        scores=ancient(
            expand(
                "results/scores/{{student}}/step-{step}/{benchmark}.json",
                step=STEPS,
                benchmark=DATASETS,
            )
        ),
    output:
        selected="results/scores/{student}/selected.json",
        provenance="results/scores/{student}/provenance.json",
    log:
        "results/logs/evaluate/{student}.selected.log",
    shell:
        "python -m specialize.evaluate select --recipe {input.recipe:q} --output {output.selected:q}"
        " --predictions results/predictions/{wildcards.student} {input.scores:q} --provenance {output.provenance:q} 2> >(tee {log:q} >&2)"
