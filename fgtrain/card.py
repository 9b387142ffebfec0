"""An adapter's card, made from its run and its scores."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from fgdata.format import TRIGGER
from fgdata.format.tokens import STOP_TOKENS
from fgdata.publish.card import front_matter, inline
from fgeval.card import dataset_name, evaluation_table, failure_lines
from fgeval.model_card import CardScores, model_index
from fgtrain.publish import GEMMA, AdapterFacts, without_folders

SETTINGS = (
    *(
        "lora_r",
        "lora_alpha",
        "lora_dropout",
        "target_modules",
        "num_train_epochs",
        "max_steps",
        "per_device_train_batch_size",
    ),
    *(
        "gradient_accumulation_steps",
        "learning_rate",
        "lr_scheduler_type",
        "warmup_ratio",
        "optim",
        "weight_decay",
        "max_length",
        "seed",
    ),
)
GEMMA_TERMS = (
    "This adapter is a Model Derivative of Gemma. Gemma is provided under and subject to the "
    "[Gemma Terms of Use](https://ai.google.dev/gemma/terms); whoever uses or passes on this adapter is bound by them and by the "
    "[Prohibited Use Policy](https://ai.google.dev/gemma/prohibited_use_policy) that they contain. The base's files are changed by "
    "putting the adapter's weights on them; none of them is part of this repository."
)


def adapter_card(facts: AdapterFacts) -> str:
    """The README.md of an adapter's repository."""
    run = facts.run
    metadata: dict[str, Any] = {"license": facts.licence} if facts.licence else {}
    metadata |= {
        "base_model": facts.base,
        "base_model_relation": "adapter",
        "library_name": "peft",
        "pipeline_tag": "text-generation",
        "tags": ["lora", "function-calling", "tool-use", "functiongemma", "fgsuite"],
    }
    if facts.datasets:
        metadata["datasets"] = list(facts.datasets)
    if facts.scores is not None:
        named = CardScores.of_run(facts.repo.partition("/")[2], facts.scores)
        metadata["model-index"] = model_index(named, facts.scores, facts.base_scores)
    data = run["data"]["train"]
    lines = [
        f"# {inline(facts.title)}",
        "",
        f"A LoRA adapter for {_base_link(facts)}: it turns a request into the calls of the tools "
        f"that are declared to it, or answers in words where no call is due. {run['adapter']['trainable_parameters']:,} weights, "
        f"trained on {data['rows']:,} rows.",
        "",
        *_use(facts),
        *_data(facts),
        *_training(run),
        *_evaluation(facts),
        *_wrong(facts),
        "## Licence",
        "",
        GEMMA_TERMS
        if facts.licence == GEMMA
        else f"{inline(facts.licence) or 'Not stated'}. The base model keeps its own terms: see its page.",
    ]
    return front_matter(metadata) + "\n" + "\n".join(lines) + "\n"


def _base_link(facts: AdapterFacts) -> str:
    """The base's name, with its page where it is one of the Hub."""
    name = inline(facts.base)
    return f"[{name}](https://huggingface.co/{facts.base})" if "/" in facts.base else f"`{name}`"


def run_card(run: Mapping[str, Any], name: str) -> str:
    """The README.md of a run's folder: the same card, of a run that is neither scored nor published yet.

    Args:
        run: the contents of run.json.
        name: the folder's.
    """
    told = without_folders(run)
    base = str(told["base"]["model"])
    facts = AdapterFacts(
        repo=name,
        run=told,
        base=base,
        licence=GEMMA if GEMMA in base.lower() else "",
        datasets=tuple(name for name in [told["data"]["train"].get("dataset")] if name),
        scores=None,
        base_scores=None,
        tools=(),
        leaks="",
        title=name,
    )
    return adapter_card(facts)


def _use(facts: AdapterFacts) -> list[str]:
    revision = facts.run["base"].get("revision")
    pinned = f', revision="{revision}"' if revision else ""
    tools = json.dumps(list(facts.tools[:1]), ensure_ascii=False) if facts.tools else "[]"
    more = (
        "the first of the declarations that it was trained with; declare all that may be called"
        if facts.tools
        else "the declarations of your tools, in OpenAI's shape"
    )
    return [
        "## Use it",
        "",
        "```python",
        "import json",
        "",
        "from peft import PeftModel",
        "from transformers import AutoModelForCausalLM, AutoTokenizer",
        "",
        f'tokenizer = AutoTokenizer.from_pretrained("{facts.repo}")',
        f'base = AutoModelForCausalLM.from_pretrained("{facts.base}"{pinned})',
        f'model = PeftModel.from_pretrained(base, "{facts.repo}").eval()',
        "",
        f"# {more}",
        f"tools = json.loads({tools!r})",
        f'messages = [{{"role": "developer", "content": "{TRIGGER}"}}, {{"role": "user", "content": "..."}}]',
        "prompt = tokenizer.apply_chat_template(messages, tools=tools, add_generation_prompt=True, tokenize=False)",
        "# The text brings its own <bos>.",
        'inputs = tokenizer(prompt, add_special_tokens=False, return_tensors="pt")',
        f"stop = tokenizer.convert_tokens_to_ids({list(STOP_TOKENS)})",
        "output = model.generate(**inputs, max_new_tokens=128, do_sample=False, eos_token_id=stop)",
        'print(tokenizer.decode(output[0, inputs["input_ids"].shape[1]:]))',
        "```",
        "",
        "The developer message is essential: without it the model does not know that functions follow.",
        "",
    ]


def _data(facts: AdapterFacts) -> list[str]:
    lines = ["## Data", ""]
    for name, data in facts.run["data"].items():
        what = "Training" if name == "train" else "Evaluation loss"
        where = (
            f"[{inline(data['dataset'])}](https://huggingface.co/datasets/{data['dataset']}), revision `{data['revision']}`, {inline(data['config'])}/{inline(data['split'])}"
            if data.get("dataset")
            else f"`{_file_name(data['file'])}`"
        )
        lines.append(
            f"- {what}: {where}; {data['rows']:,} rows, {data['tokens']:,} tokens, {data['scored_tokens']:,} of them with loss; SHA-256 `{data['sha256']}`"
        )
    lines += [
        f"- Published as [{inline(name)}](https://huggingface.co/datasets/{name})"
        for name in facts.datasets
        if name != facts.run["data"]["train"].get("dataset")
    ]
    return [*lines, ""]


def _file_name(file: str) -> str:
    return str(file).replace("\\", "/").rpartition("/")[2]


def _training(run: Mapping[str, Any]) -> list[str]:
    arguments = run["arguments"]
    lines = ["## Training", "", "| setting | value |", "|---|---|"]
    for name in SETTINGS:
        value = arguments.get(name)
        shown = ", ".join(map(str, value)) if isinstance(value, list) else value
        lines.append(f"| {inline(name)} | {inline(shown)} |")
    lines += ["", "| epoch | step | loss | evaluation loss | seconds |", "|---:|---:|---:|---:|---:|"]
    for entry in run["epochs"]:
        loss = f"{entry['eval_loss']:.4f}" if entry.get("eval_loss") is not None else "–"
        lines.append(
            f"| {entry['epoch']:g} | {entry['step']} | {entry['loss']:.4f} | {loss} | {entry['seconds']:.0f} |"
        )
    device = run["device"]
    packages = ", ".join(f"{name} {version}" for name, version in run["packages"].items())
    base = run["base"]
    return [
        *lines,
        "",
        f"{run['steps']} steps on {inline(device['type'])} in {inline(device['dtype'])}, {run['seconds']:.0f} s in all. {inline(packages)}. "
        f"Base: revision `{base.get('revision') or 'not recorded'}`, fingerprint of shape, tokenizer and weights `{base['fingerprint']}`.",
        "",
    ]


def _evaluation(facts: AdapterFacts) -> list[str]:
    lines = ["## Evaluation", ""]
    if facts.scores is None:
        return [*lines, "Not scored: nothing is known about how good its calls are.", ""]
    summary = facts.scores.summary
    runs = {**({"base": facts.base_scores} if facts.base_scores else {}), "adapter": facts.scores}
    lines += [f"{summary['n']} items of {inline(dataset_name(summary))} (SHA-256 `{summary['data']['sha256']}`), profile {inline(summary['profile']['name'])}, "
              "greedy decoding; 95 % intervals by template family in brackets.", ""]  # fmt: skip
    lines += [*evaluation_table(runs), ""]
    if summary["missing"]:
        lines += [f"{len(summary['missing'])} rows had no prediction and are left out.", ""]
    return [*lines, facts.leaks, ""]


def _wrong(facts: AdapterFacts) -> list[str]:
    lines = ["## What it gets wrong", ""]
    if facts.scores is not None:
        lines += [*failure_lines(facts.scores), ""]
    return [
        *lines,
        "It was trained on the tools and the wordings of its data; other tools, other languages and conversations of several turns were not tried. "
        "Check a call against its tool's schema before anything acts on it.",
        "",
    ]
