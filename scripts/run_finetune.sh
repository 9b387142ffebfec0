#!/usr/bin/env bash
# One fine-tuning run with its environment and its log file, as the first seed's training/run_finetune.sh made them.
#
#   scripts/run_finetune.sh --train_file data/train.jsonl --output_dir out/adapter     the flags of `fgtrain lora`
#   NPROC=2 LOG_DIR=logs scripts/run_finetune.sh --config train.yaml                   two processes, another folder of logs
#
# Reads NAME=VALUE lines of ./.env (HF_TOKEN, HUGGINGFACE_HUB_TOKEN, FG_USE_FP16, ...); what is set already wins, nothing in it
# is run. PYTHON names the interpreter. Ends with the exit code of the run.
set -uo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
if [[ -f .env ]]; then
  while IFS= read -r line || [[ -n $line ]]; do
    if [[ $line =~ ^[[:space:]]*(export[[:space:]]+)?([A-Za-z_][A-Za-z0-9_]*)=(.*)$ ]]; then
      name=${BASH_REMATCH[2]} value=${BASH_REMATCH[3]%$'\r'}
      if [[ $value =~ ^\"(.*)\"$ || $value =~ ^\'(.*)\'$ ]]; then value=${BASH_REMATCH[1]}; fi
      [[ -n ${!name+set} ]] || export "$name=$value"
    fi
  done < .env
fi
export PYTHONPATH="$root${PYTHONPATH:+:$PYTHONPATH}" PYTHONUNBUFFERED=1 TOKENIZERS_PARALLELISM=false
if [[ -z ${PYTHON:-} ]]; then
  PYTHON=python3
  if [[ -x $root/.venv/bin/python ]]; then PYTHON=$root/.venv/bin/python; fi
fi
command=("$PYTHON" -m fgtrain.cli lora "$@")
if [[ ${NPROC:-1} -gt 1 ]]; then
  command=("$PYTHON" -m torch.distributed.run --standalone --nproc_per_node "$NPROC" -m fgtrain.cli lora "$@")
fi

folder=${LOG_DIR:-logs}
mkdir -p "$folder" || exit 2
log=$folder/finetune-$(date +%Y%m%d-%H%M%S)-$$.log
: > "$log" || exit 2
say() { printf '%s\n' "$*" | tee -a "$log" >&2; }

say "log:     $log"
say "began:   $(date '+%Y-%m-%d %H:%M:%S %z')"
say "command: $(printf '%q ' "${command[@]}")"
say "set:     FG_USE_FP16=${FG_USE_FP16:-} CUDA_VISIBLE_DEVICES=${CUDA_VISIBLE_DEVICES:-} OMP_NUM_THREADS=${OMP_NUM_THREADS:-} token: $([[ -n ${HF_TOKEN:-}${HUGGINGFACE_HUB_TOKEN:-} ]] && echo yes || echo no)"

trap : INT # Ctrl-C is the run's, which saves a checkpoint; this script waits for it
SECONDS=0
"${command[@]}" 2>&1 | tee -ia "$log"
code=${PIPESTATUS[0]}
say "ended:   $(date '+%Y-%m-%d %H:%M:%S %z'), $SECONDS s, exit code $code"
exit "$code"
