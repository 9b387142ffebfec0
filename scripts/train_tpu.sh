#!/usr/bin/env bash
# `fgtrain lora` on all chips of this TPU host, with a log file.
#
#   scripts/train_tpu.sh --preset fitness --train_file data/train.jsonl --output_dir out/adapter
#
# The flags are those of `fgtrain lora`; --device tpu is added. What is printed is also kept in out/logs, compiled programs in
# out/xla-cache for the next start, and the exit code is the training's. Environment:
#   FG_TPU_PYTHON    the environment's Python    (.venv-tpu/bin/python)
#   FG_LOG_DIR       folder of the logs          (out/logs)
#   PJRT_DEVICE      TPU; CPU tries the same code on CPU_NUM_DEVICES virtual devices
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
python=${FG_TPU_PYTHON:-$root/.venv-tpu/bin/python}
logs=${FG_LOG_DIR:-out/logs}
if [[ ! -x $python ]]; then
  echo "error: there is no $python. Make it: make tpu-env TPU_XLA='torch_xla[tpu]==2.9.0', or set FG_TPU_PYTHON." >&2
  exit 2
fi
export PJRT_DEVICE=${PJRT_DEVICE:-TPU}
export TF_CPP_MIN_LOG_LEVEL=${TF_CPP_MIN_LOG_LEVEL:-2}
if [[ $PJRT_DEVICE == TPU ]]; then
  export XLA_PERSISTENT_CACHE_PATH=${XLA_PERSISTENT_CACHE_PATH:-$PWD/out/xla-cache}
fi
mkdir -p "$logs"
log=$logs/tpu-$(date +%Y%m%d-%H%M%S).log
echo "log: $log" >&2
status=0
"$python" -u -m fgtrain.cli lora --device tpu "$@" 2>&1 | tee "$log" || status=${PIPESTATUS[0]}
exit "$status"
