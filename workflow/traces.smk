"""Completions + gold answers → correct, deduplicated, decontaminated traces.

In:  results/completions/*.parquet, results/problems/
Out: results/traces/{traces.parquet,exemplars.jsonl,funnel.json}
"""


include: "common.smk"


rule traces:
    input:
        "results/traces/traces.parquet",


rule filter_completions:
    input:
        recipe=f"{RECIPES}/traces.json",
        completions=COMPLETIONS,
        problems=TRAIN_PROBLEMS,
        against=EVALUATION_PROBLEMS,
    output:
        traces="results/traces/traces.parquet",
        exemplars="results/traces/exemplars.jsonl",
        funnel="results/traces/funnel.json",
        provenance="results/traces/provenance.json",
    log:
        "results/logs/traces.log",
    shell:
        "python -m specialize.traces build --recipe {input.recipe:q} --completions {input.completions:q}"
        " --problems {input.problems:q} --against {input.against:q}"
        " --output {output.traces:q} --exemplars {output.exemplars:q} --funnel {output.funnel:q}"
        " --provenance {output.provenance:q} 2> >(tee {log:q} >&2)"
