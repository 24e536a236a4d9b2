"""Raw sources → problems with seeded splits.

In:  the raw files below data.root (their hashes are in the recipe), or the Hub
Out: results/problems/{dataset}/{train,validation,test,exemplars}.jsonl, results/problems/index.json,
     of the procedural world also results/problems/world/{instructions,pretraining}.jsonl (for start checkpoints)
"""


include: "common.smk"


rule data:
    input:
        "results/problems/index.json",


rule build_problems:
    input:
        recipe=f"{RECIPES}/data.json",
    output:
        TRAIN_PROBLEMS,
        EVALUATION_PROBLEMS,
        TEXTS,
        index="results/problems/index.json",
        provenance="results/problems/provenance.json",
    log:
        "results/logs/data.log",
    params:
        root=ROOT,
        exemplars=PARAMS.data.exemplars,
    shell:
        "python -m specialize.data build --recipe {input.recipe:q} --root {params.root:q}"
        " --exemplars {params.exemplars:q} --output results/problems --provenance {output.provenance:q} 2> >(tee {log:q} >&2)"
