"""Traces + a start checkpoint → fine-tuned checkpoints along the way, student by student.

In:  results/traces/{traces.parquet,exemplars.jsonl}, results/traces/{tokenizers,aligned}/{the student's tokenizer}/,
     results/problems/world/{instructions,pretraining}.jsonl for starts that the run pretrains; of a round
     results/starts/{round}/aligned/ and its student's last checkpoint
Out: results/starts/{start}/, results/checkpoints/{student}/step-{n}/, results/checkpoints/{student}/training.csv
"""


include: "common.smk"


rule train:
    input:
        expand("results/checkpoints/{student}/training.csv", student=STUDENTS),


rule make_start:
    input:
        recipe=f"{RECIPES}/train/starts/{{start}}.json",
        before=made_before_start,
        given=pretrained_on,
    output:
        manifest="results/starts/{start}/manifest.json",
        provenance="results/starts/{start}/provenance.json",
    log:
        "results/logs/starts/{start}.log",
    resources:
        gpu=min(1, GPUS),
    shell:
        "python workflow/on_gpus.py {resources.gpu} python -m specialize.train start --recipe {input.recipe:q}"
        " --texts results/problems/world --tokenizers results/traces/tokenizers"
        " --work results/work/starts --output results/starts/{wildcards.start}"
        " --provenance {output.provenance:q} 2> >(tee {log:q} >&2)"


rule train_student:
    input:
        unpack(begun_with),
        recipe=f"{RECIPES}/train/{{student}}.json",
        exemplars=ancient("results/traces/exemplars.jsonl"),
    output:
        expand("results/checkpoints/{{student}}/step-{step}/manifest.json", step=STEPS),
        curve="results/checkpoints/{student}/training.csv",
        provenance="results/checkpoints/{student}/provenance.json",
    log:
        "results/logs/train/{student}.log",
    # One thread per student: students train in parallel, and the bytes do not depend on the number of cores.
    threads: 1
    resources:
        gpu=min(1, GPUS),
    params:
        root=ROOT,
        memory="--gradient-checkpointing" if PARAMS.train.gradient_checkpointing else "",
    shell:
        "python workflow/on_gpus.py {resources.gpu} python -m specialize.train run --recipe {input.recipe:q} --traces {input.traces:q}"
        " --exemplars {input.exemplars:q} --tokenizer $(dirname {input.tokenizer[0]:q}) --aligned {input.aligned:q}"
        " --start {input.start:q}"
        " --root {params.root:q} --work results/work/train {params.memory}"
        " --output results/checkpoints/{wildcards.student} --threads {threads} --provenance {output.provenance:q} 2> >(tee {log:q} >&2)"
