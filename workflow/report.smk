"""Scores → tables, figures, results/metrics.json.

In:  results/scores/, results/predictions/, results/checkpoints/, results/traces/funnel.json
Out: results/report/, results/metrics.json
"""


include: "common.smk"


# A caption stands here for each figure of src/specialize/report/figures, where its text comes from, and one for scores.csv.
CAPTIONS = Path(str(workflow.current_basedir), "captions")
FIGURES = sorted({path.stem for path in CAPTIONS.glob("*.rst")} - {"scores"})


rule report:
    input:
        "results/metrics.json",


rule build_report:
    input:
        recipe=f"{RECIPES}/report.json",
        problems="results/problems/index.json",
        funnel="results/traces/funnel.json",
        coverage=expand("results/traces/aligned/{name}/coverage.json", name=TOKENIZERS),
        selected=expand("results/scores/{student}/selected.json", student=STUDENTS),
        curves=expand("results/checkpoints/{student}/training.csv", student=STUDENTS),
        manifests=expand(
            "results/checkpoints/{student}/step-{step}/manifest.json",
            student=STUDENTS,
            step=STEPS,
        ),
        scores=expand(
            "results/scores/{student}/step-{step}/{benchmark}.json",
            student=STUDENTS,
            step=STEPS,
            benchmark=DATASETS,
        ),
        # The report reads those of a few checkpoints for each student, the selected ones among them.
        predictions=expand(
            "results/predictions/{student}/step-{step}/{benchmark}.parquet",
            student=STUDENTS,
            step=STEPS,
            benchmark=DATASETS,
        ),
    output:
        [
            report(
                f"results/report/{name}.svg",
                caption=f"captions/{name}.rst",
                category="Figures",
            )
            for name in FIGURES
        ],
        expand("results/report/{name}.csv", name=FIGURES),
        report(
            "results/report/scores.csv",
            caption="captions/scores.rst",
            category="Tables",
        ),
        "results/report/scores.parquet",
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
