"""Traces + a start checkpoint → fine-tuned checkpoints along the way, student by student.

In:  results/traces/{traces.parquet,exemplars.jsonl}, results/traces/{tokenizers,aligned}/{the student's tokenizer}/
Out: results/checkpoints/{student}/step-{n}/, results/checkpoints/{student}/training.csv
"""


include: "common.smk"


rule train:
    input:
        expand("results/checkpoints/{student}/training.csv", student=STUDENTS),


rule train_student:
    input:
        unpack(tokens_of),
        recipe=f"{RECIPES}/train/{{student}}.json",
        traces="results/traces/traces.parquet",
        exemplars="results/traces/exemplars.jsonl",
    output:
        expand("results/checkpoints/{{student}}/step-{step}/manifest.json", step=STEPS),
        curve="results/checkpoints/{student}/training.csv",
        provenance="results/checkpoints/{student}/provenance.json",
    log:
        "results/logs/train/{student}.log",
    # One thread a student: students train side by side, and the bytes do not depend on the number of cores.
    threads: 1
    params:
        root=ROOT,
    shell:
        "python -m specialize.train run --recipe {input.recipe:q} --traces {input.traces:q}"
        " --exemplars {input.exemplars:q} --tokenizer $(dirname {input.tokenizer[0]:q}) --aligned {input.aligned:q}"
        " --root {params.root:q} --work results/work/train"
        " --output results/checkpoints/{wildcards.student} --threads {threads} --provenance {output.provenance:q} 2> >(tee {log:q} >&2)"
