"""Scores → tables, figures, results/metrics.json.

In:  results/scores/, results/predictions/, results/checkpoints/, results/traces/funnel.json
Out: results/report/, results/metrics.json
"""


include: "common.smk"


FIGURES = [
    f"{name}.svg"
    for name in ("scaling", "dynamics", "arms", "training", "objectives", "formats")
]


rule report:
    input:
        "results/metrics.json",


rule build_report:
    input:
        recipe=f"{RECIPES}/report.json",
        before=[
            PROBLEMS_MADE,
            TRACES_MADE,
            *expand(ALIGNED_MADE, tokenizer=TOKENIZERS),
            *expand("results/checkpoints/{student}/provenance.json", student=STUDENTS),
            *expand("results/scores/{student}/provenance.json", student=STUDENTS),
            *expand(
                "results/scores/{student}/step-{step}/provenance.json",
                student=STUDENTS,
                step=STEPS,
            ),
        ],
        problems=ancient("results/problems/index.json"),
        funnel=ancient("results/traces/funnel.json"),
        coverage=ancient(
            expand("results/traces/aligned/{name}/coverage.json", name=TOKENIZERS)
        ),
        selected=ancient(
            expand("results/scores/{student}/selected.json", student=STUDENTS)
        ),
        curves=ancient(
            expand("results/checkpoints/{student}/training.csv", student=STUDENTS)
        ),
        manifests=ancient(
            expand(
                "results/checkpoints/{student}/step-{step}/manifest.json",
                student=STUDENTS,
                step=STEPS,
            )
        ),
        scores=ancient(
            expand(
                "results/scores/{student}/step-{step}/{benchmark}.json",
                student=STUDENTS,
                step=STEPS,
                benchmark=DATASETS,
            )
        ),
        # Of a few checkpoints a student: the door knows which when it has read what was selected.
        predictions=ancient(
            expand(
                "results/predictions/{student}/step-{step}/{benchmark}.parquet",
                student=STUDENTS,
                step=STEPS,
                benchmark=DATASETS,
            )
        ),
    output:
        expand("results/report/{name}.csv", name=["dynamics", "scaling", "training"]),
        [
            report(
                f"results/report/{name}",
                caption=f"captions/{name.partition('.')[0]}.rst",
                category="What the students learned",
            )
            for name in [*FIGURES, "scores.csv"]
        ],
        "results/report/index.html",
        "results/report/table.txt",
        "results/report/verdicts.json",
        metrics="results/metrics.json",
        provenance="results/report/provenance.json",
    log:
        "results/logs/report.log",
    shell:
        "python -m specialize.report build --recipe {input.recipe:q} --problems {input.problems:q}"
        " --funnel {input.funnel:q} --coverage {input.coverage:q} --scores results/scores"
        " --checkpoints results/checkpoints --predictions results/predictions --output results/report --metrics {output.metrics:q}"
        " --provenance {output.provenance:q} 2> >(tee {log:q} >&2)"
