"""Checkpoints + evaluation problems → predictions, per-benchmark scores, the selected checkpoint; + training questions →
the answers of an on-policy round.

In:  results/checkpoints/{student}/step-{n}/, results/problems/; results/traces/traces.parquet for rounds
Out: results/predictions/{student}/step-{n}/{benchmark}.parquet; results/scores/{student}/step-{n}/{benchmark}.json and
     .parquet, results/scores/{student}/selected.json; results/starts/{round}/rollouts/
"""


include: "common.smk"


rule evaluate:
    input:
        expand("results/scores/{student}/selected.json", student=STUDENTS),


# Hangs on checkpoint, prompts and decoding. One job for all checkpoints of a student; its threads are processes.
rule generate_predictions:
    input:
        recipe=f"{RECIPES}/evaluate/generate.json",
        before=["results/checkpoints/{student}/provenance.json", PROBLEMS_MADE],
        manifests=ancient(
            expand(
                "results/checkpoints/{{student}}/step-{step}/manifest.json", step=STEPS
            )
        ),
        index=ancient("results/problems/index.json"),
        problems=ancient(EVALUATION_PROBLEMS),
    output:
        of_each_step("results/predictions", "parquet"),
        provenance="results/predictions/{student}/provenance.json",
    log:
        "results/logs/evaluate/{student}.generate.log",
    threads: max(1, (workflow.resource_settings.cores or 1) // len(STUDENTS))
    resources:
        gpu=min(1, GPUS),
    shell:
        "python workflow/on_gpus.py {resources.gpu} python -m specialize.evaluate generate --recipe {input.recipe:q} --problems results/problems"
        " --work results/work/evaluate --output results/predictions/{wildcards.student}"
        " --threads {threads} {input.manifests:q} --provenance {output.provenance:q} 2> >(tee {log:q} >&2)"


# Hangs on predictions and the judge, and loads no model.
rule score_predictions:
    input:
        recipe=f"{RECIPES}/evaluate.json",
        before=["results/predictions/{student}/provenance.json", PROBLEMS_MADE],
        predictions=ancient(of_each_step("results/predictions", "parquet")),
        problems=ancient(SCORED_PROBLEMS),
    output:
        of_each_step("results/scores", "json"),
        of_each_step("results/scores", "parquet"),
        selected="results/scores/{student}/selected.json",
        provenance="results/scores/{student}/provenance.json",
    log:
        "results/logs/evaluate/{student}.score.log",
    shell:
        "python -m specialize.evaluate score --recipe {input.recipe:q} --problems results/problems"
        " --output results/scores/{wildcards.student} {input.predictions:q}"
        " --provenance {output.provenance:q} 2> >(tee {log:q} >&2)"


# No step of training: a changed setting of the students that learn from these answers generates none again.
rule generate_rollouts:
    input:
        recipe=f"{RECIPES}/evaluate/rounds/{{round}}.json",
        before=made_before_rollouts,
        manifest=answering,
        problems=ancient(TRAIN_PROBLEMS),
        traces=ancient("results/traces/traces.parquet"),
    output:
        rollouts=f"{ROUND}/rollouts/rollouts.jsonl",
        provenance=f"{ROUND}/rollouts/provenance.json",
    log:
        "results/logs/evaluate/{round}.rollouts.log",
    resources:
        gpu=min(1, GPUS),
    shell:
        "python workflow/on_gpus.py {resources.gpu} python -m specialize.evaluate rollouts --recipe {input.recipe:q}"
        " --manifest {input.manifest:q} --problems {input.problems:q} --traces {input.traces:q}"
        " --output {output.rollouts:q} --provenance {output.provenance:q} 2> >(tee {log:q} >&2)"
