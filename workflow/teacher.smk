"""Train problems → completions: sampled from a server, or imported from recorded files. Answers of a student → scored.

In:  results/problems/{seed dataset}/{train,exemplars}.jsonl, the prompt, the recorded completions;
     results/starts/{round}/rollouts/
Out: results/completions/part-{shard}.parquet, results/completions/{sampling,import}.json; results/starts/{round}/scored/
"""


include: "common.smk"


TEACHER = PARAMS.teacher
RECORDED = [
    path if path.startswith("results/") else f"{ROOT}/{path}"
    for path in TEACHER.recorded
]


rule teacher:
    input:
        COMPLETIONS,


if TEACHER.mode == "recorded":

    rule import_completions:
        input:
            recipe=f"{RECIPES}/teacher.json",
            before=PROBLEMS_MADE,
            problems=ancient(TRAIN_PROBLEMS),
            made=ancient([path for path in RECORDED if path.startswith("results/")]),
        output:
            completions=COMPLETIONS,
            summary="results/completions/import.json",
            provenance="results/completions/provenance.json",
        log:
            "results/logs/teacher.log",
        params:
            recorded=RECORDED,
        shell:
            "python -m specialize.teacher import --recipe {input.recipe:q} --problems {input.problems:q}"
            " --recorded {params.recorded:q} --output {output.completions:q} --summary {output.summary:q}"
            " --provenance {output.provenance:q} 2> >(tee {log:q} >&2)"

else:

    rule sample_completions:
        input:
            recipe=f"{RECIPES}/teacher.json",
            before=PROBLEMS_MADE,
            problems=ancient(TRAIN_PROBLEMS),
            worked=ancient(f"results/problems/{SEED}/exemplars.jsonl"),
            prompt=ancient(TEACHER.prompt or []),
        output:
            completions=COMPLETIONS,
            summary="results/completions/sampling.json",
            provenance="results/completions/provenance.json",
        log:
            "results/logs/teacher.log",
        params:
            limits=TEACHER.limits.model_dump_json(),
        shell:
            "python -m specialize.teacher sample --recipe {input.recipe:q} --problems {input.problems:q}"
            " --worked {input.worked:q} --limits {params.limits:q} --work results/work/teacher"
            " --output {output.completions:q} --summary {output.summary:q}"
            " --provenance {output.provenance:q} 2> >(tee {log:q} >&2)"


# What the teacher would have written where a student wrote: each text is paid once, through the same cache.
rule score_rollouts:
    input:
        recipe=f"{RECIPES}/teacher/rounds/{{round}}.json",
        before=[PROBLEMS_MADE, f"{ROUND}/rollouts/provenance.json"],
        problems=ancient(TRAIN_PROBLEMS),
        worked=ancient(f"results/problems/{SEED}/exemplars.jsonl"),
        prompt=ancient(TEACHER.prompt or []),
        rollouts=ancient(f"{ROUND}/rollouts/rollouts.jsonl"),
    output:
        scored=f"{ROUND}/scored/scored.parquet",
        provenance=f"{ROUND}/scored/provenance.json",
    log:
        "results/logs/teacher.{round}.log",
    params:
        limits=TEACHER.limits.model_dump_json(),
    shell:
        "python -m specialize.teacher score --recipe {input.recipe:q} --problems {input.problems:q}"
        " --worked {input.worked:q} --rollouts {input.rollouts:q} --limits {params.limits:q}"
        " --work results/work/teacher --output {output.scored:q}"
        " --provenance {output.provenance:q} 2> >(tee {log:q} >&2)"
