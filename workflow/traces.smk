"""Completions + gold answers → correct, deduplicated, decontaminated traces, in each tokenizer's tokens.

In:  results/completions/*.parquet, results/problems/; results/starts/{round}/{rollouts,scored}/
Out: results/traces/{traces.parquet,exemplars.jsonl,funnel.json,contamination.json}, results/traces/{tokenizers,aligned}/{tokenizer}/;
     results/starts/{round}/aligned/
"""


include: "common.smk"


rule traces:
    input:
        expand(f"{ALIGNED}/coverage.json", tokenizer=TOKENIZERS),


rule filter_completions:
    input:
        recipe=f"{RECIPES}/traces.json",
        before=[COMPLETIONS_MADE, PROBLEMS_MADE],
        completions=ancient(COMPLETIONS),
        problems=ancient(TRAIN_PROBLEMS),
        against=ancient(EVALUATION_PROBLEMS),
    output:
        traces="results/traces/traces.parquet",
        exemplars="results/traces/exemplars.jsonl",
        funnel="results/traces/funnel.json",
        contamination="results/traces/contamination.json",
        provenance="results/traces/provenance.json",
    log:
        "results/logs/traces.log",
    shell:
        "python -m specialize.traces build --recipe {input.recipe:q} --completions {input.completions:q}"
        " --problems {input.problems:q} --against {input.against:q} --output {output.traces:q}"
        " --exemplars {output.exemplars:q} --funnel {output.funnel:q} --contamination {output.contamination:q}"
        " --provenance {output.provenance:q} 2> >(tee {log:q} >&2)"


rule build_tokenizer:
    input:
        recipe=f"{RECIPES}/traces/{{tokenizer}}.json",
        before=made_before_tokenizer,
        texts=texts_of,
    output:
        TOKENIZER,
        provenance="results/traces/tokenizers/{tokenizer}/provenance.json",
    log:
        "results/logs/traces/{tokenizer}.tokenizer.log",
    params:
        root=ROOT,
    shell:
        "python -m specialize.traces tokenizer --recipe {input.recipe:q} --root {params.root:q} --texts {input.texts:q}"
        " --output results/traces/tokenizers/{wildcards.tokenizer} --provenance {output.provenance:q} 2> >(tee {log:q} >&2)"


rule align_traces:
    input:
        recipe=f"{RECIPES}/traces/{{tokenizer}}.json",
        before=[TOKENIZER_MADE, TRACES_MADE, COMPLETIONS_MADE],
        tokenizer=ancient(TOKENIZER),
        traces=ancient("results/traces/traces.parquet"),
        completions=ancient("results/completions/part-{shard}.parquet"),
    output:
        aligned=f"{ALIGNED}/part-{{shard}}.parquet",
        coverage=f"{ALIGNED}/part-{{shard}}.coverage.json",
        provenance=f"{ALIGNED}/part-{{shard}}.provenance.json",
    log:
        "results/logs/traces/{tokenizer}.part-{shard}.log",
    shell:
        "python -m specialize.traces targets --recipe {input.recipe:q} --tokenizer results/traces/tokenizers/{wildcards.tokenizer}"
        " --traces {input.traces:q} --completions {input.completions:q} --output {output.aligned:q}"
        " --coverage {output.coverage:q} --provenance {output.provenance:q} 2> >(tee {log:q} >&2)"


rule sum_coverage:
    input:
        recipe=f"{RECIPES}/traces/{{tokenizer}}.json",
        before=[f"{ALIGNED}/part-{shard}.provenance.json" for shard in SHARDS],
        parts=ancient([f"{ALIGNED}/part-{shard}.coverage.json" for shard in SHARDS]),
    output:
        coverage=f"{ALIGNED}/coverage.json",
        provenance=f"{ALIGNED}/provenance.json",
    log:
        "results/logs/traces/{tokenizer}.coverage.log",
    shell:
        "python -m specialize.traces coverage --recipe {input.recipe:q} --output {output.coverage:q} {input.parts:q} --provenance {output.provenance:q} 2> >(tee {log:q} >&2)"


rule align_rollouts:
    input:
        recipe=f"{RECIPES}/traces/rounds/{{round}}.json",
        before=made_before_targets,
        tokenizer=tokenizer_of_round,
        problems=ancient(TRAIN_PROBLEMS),
        rollouts=ancient(f"{ROUND}/rollouts/rollouts.jsonl"),
        scored=ancient(f"{ROUND}/scored/scored.parquet"),
    output:
        traces=f"{ROUND}/aligned/traces.parquet",
        aligned=f"{ROUND}/aligned/part-00000.parquet",
        coverage=f"{ROUND}/aligned/coverage.json",
        provenance=f"{ROUND}/aligned/provenance.json",
    log:
        "results/logs/traces/{round}.rollouts.log",
    shell:
        "python -m specialize.traces rollouts --recipe {input.recipe:q} --tokenizer $(dirname {input.tokenizer[0]:q})"
        " --problems {input.problems:q} --rollouts {input.rollouts:q} --scored {input.scored:q}"
        " --output $(dirname {output.traces:q}) --provenance {output.provenance:q} 2> >(tee {log:q} >&2)"
