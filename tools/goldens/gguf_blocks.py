"""Random blocks of every ggml tensor type that is read, with their values by the Python package gguf (0.19).

Run: python -P tools/goldens/gguf_blocks.py
Writes libs/model/src/testing/gguf/blocks.json: { type: { blocks, values } } in base64, values as float32.
"""

import base64
import json
from pathlib import Path

import numpy as np
from gguf import GGMLQuantizationType, dequantize
from gguf.constants import GGML_QUANT_SIZES

TESTING = Path(__file__).resolve().parents[2] / "libs/model/src/testing"
TYPES = "F16 BF16 Q4_0 Q4_1 Q5_0 Q5_1 Q8_0 Q2_K Q3_K Q4_K Q5_K Q6_K IQ4_NL IQ4_XS".split()
# Where the half-float scales lie in a block.
SCALES = {
    "Q4_0": [0], "Q4_1": [0, 2], "Q5_0": [0], "Q5_1": [0, 2], "Q8_0": [0], "Q2_K": [80, 82], "Q3_K": [108],
    "Q4_K": [0, 2], "Q5_K": [0, 2], "Q6_K": [208], "IQ4_NL": [0], "IQ4_XS": [0],
}  # fmt: skip


def main() -> None:
    rng = np.random.default_rng(7)
    golden = {}
    for name in TYPES:
        kind = GGMLQuantizationType[name]
        values, size = GGML_QUANT_SIZES[kind]
        count = 64 if values == 1 else 3
        if name == "F16":
            blocks = rng.normal(0, 3, count).astype(np.float16).view(np.uint8)
        elif name == "BF16":
            blocks = (rng.normal(0, 3, count).astype(np.float32).view(np.uint32) >> 16).astype(np.uint16).view(np.uint8)
        else:
            blocks = rng.integers(0, 256, (count, size), dtype=np.uint8)
            for at in SCALES[name]:
                blocks[:, at : at + 2] = rng.normal(0, 0.02, count).astype(np.float16).view(np.uint8).reshape(count, 2)
        golden[name] = pack(blocks, dequantize(blocks.reshape(1, -1), kind))
    # The package does not read Q8_K; ggml's definition: float32 d, 256 int8 q, 16 int16 sums.
    scales = rng.normal(0, 0.02, 3).astype(np.float32)
    quants = rng.integers(-128, 128, (3, 256), dtype=np.int8)
    sums = quants.reshape(3, 16, 16).sum(-1).astype(np.int16)
    blocks = np.concatenate([scales.view(np.uint8).reshape(3, 4), quants.view(np.uint8), sums.view(np.uint8)], axis=1)
    golden["Q8_K"] = pack(blocks, scales[:, None] * quants.astype(np.float32))
    (TESTING / "gguf").mkdir(exist_ok=True)
    (TESTING / "gguf/blocks.json").write_text(json.dumps(golden, indent=1) + "\n")


def pack(blocks: np.ndarray, values: np.ndarray) -> dict[str, str]:
    encode = lambda array: base64.b64encode(np.ascontiguousarray(array).tobytes()).decode()  # noqa: E731
    return {"blocks": encode(blocks), "values": encode(values.astype(np.float32))}


if __name__ == "__main__":
    main()
