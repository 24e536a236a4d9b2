"""Scores → tables, figures, results/metrics.json.

In:  results/scores/, results/predictions/, results/checkpoints/, results/traces/{funnel,contamination}.json, results/problems/
Out: results/report/, results/metrics.json
"""


include: "common.smk"


# One caption for each figure of src/specialize/report/figures, which holds its text; one for scores.csv, one for the page.
CAPTIONS = Path(str(workflow.current_basedir), "captions")
FIGURES = sorted({path.stem for path in CAPTIONS.glob("*.rst")} - {"scores", "index"})


rule report:
    input:
        "results/metrics.json",


rule build_report:
    input:
        recipe=f"{RECIPES}/report.json",
        before=expand(
            [
                PROBLEMS_MADE,
                TRACES_MADE,
                ALIGNED_MADE,
                "results/checkpoints/{student}/provenance.json",
                "results/predictions/{student}/provenance.json",
                "results/scores/{student}/provenance.json",
            ],
            **ALL,
        ),
        problems=ancient("results/problems/index.json"),
        questions=ancient(SCORED_PROBLEMS),
        funnel=ancient("results/traces/funnel.json"),
        contamination=ancient("results/traces/contamination.json"),
        coverage=ancient(expand(f"{ALIGNED}/coverage.json", **ALL)),
        selected=ancient(expand("results/scores/{student}/selected.json", **ALL)),
        curves=ancient(expand("results/checkpoints/{student}/training.csv", **ALL)),
        manifests=ancient(expand(f"{CHECKPOINT}/manifest.json", **ALL)),
        scores=ancient(expand(f"{SCORES}/{{benchmark}}.json", **ALL)),
        # The report reads those of a few checkpoints for each student, the selected ones among them.
        predictions=ancient(expand(f"{PREDICTIONS}/{{benchmark}}.parquet", **ALL)),
        judgements=ancient(expand(f"{SCORES}/{{benchmark}}.parquet", **ALL)),
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
        report(
            "results/report/index.html",
            caption="captions/index.rst",
            category="The page",
        ),
        "results/report/table.txt",
        "results/report/verdicts.json",
        metrics="results/metrics.json",
        provenance="results/report/provenance.json",
    log:
        "results/logs/report.log",
    shell:
        "python -m specialize.report build --recipe {input.recipe:q} --problems {input.problems:q}"
        " --funnel {input.funnel:q} --contamination {input.contamination:q} --coverage {input.coverage:q} --scores results/scores"
        " --checkpoints results/checkpoints --predictions results/predictions --output results/report --metrics {output.metrics:q}"
        " --provenance {output.provenance:q} 2> >(tee {log:q} >&2)"
