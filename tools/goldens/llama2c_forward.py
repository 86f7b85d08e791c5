"""Scores texts with llama2.c checkpoints exactly as their own layout says (interleaved RoPE, float64), in plain NumPy.

Run: python tools/goldens/llama2c_forward.py SHARED_DATA_FOLDER
Reads models/<name>/*.bin under it; writes libs/model/src/testing/llama2c.json: name -> text, ids, nats per token, greedy ids.
Tokens: greedy merging by score, as llama2.c's run.c does.
"""

import json
import struct
import sys
from pathlib import Path

import numpy as np

TESTING = Path(__file__).resolve().parents[2] / "libs/model/src/testing"
TEXTS = {
    "stories260K": (
        "stories260K/stories260K.bin",
        "stories260K/tok512.bin",
        "Once upon a time, there was a little girl named Lily. She loved to play outside in the park. One day, she saw "
        "a big, red ball. She wanted to play with it, but it was too high. Lily's mom said, \"Lily, let's go to the "
        "park.\" Lily was sad and didn't know what to do. Her mom helped her get the ball, and Lily was very happy.",
    ),
}


def read_pieces(path: Path, vocab: int) -> list[tuple[float, str]]:
    data = path.read_bytes()
    offset, pieces = 4, []
    for _ in range(vocab):
        score, length = struct.unpack_from("<fi", data, offset)
        pieces.append((score, data[offset + 8 : offset + 8 + length].decode()))
        offset += 8 + length
    return pieces


def encode(text: str, pieces: list[tuple[float, str]]) -> list[int]:
    ids = {piece: i for i, (_, piece) in enumerate(pieces)}
    tokens = [ids[c] for c in " " + text]
    while True:
        best = max(
            ((pieces[ids[pieces[a][1] + pieces[b][1]]][0], -i) for i, (a, b) in enumerate(zip(tokens, tokens[1:]))
             if pieces[a][1] + pieces[b][1] in ids),
            default=None,
        )
        if best is None:
            return [1, *tokens]
        i = -best[1]
        tokens[i : i + 2] = [ids[pieces[tokens[i]][1] + pieces[tokens[i + 1]][1]]]


class Model:
    def __init__(self, path: Path):
        data = path.read_bytes()
        self.dim, self.hidden, self.layers, self.heads, self.kv, self.vocab, self.seq = struct.unpack_from("<7i", data)
        flat = np.frombuffer(data, "<f4", offset=28).astype(np.float64)
        at = 0

        def take(*shape):
            nonlocal at
            size = int(np.prod(shape))
            at += size
            return flat[at - size : at].reshape(shape)

        d, f, n, self.head = self.dim, self.hidden, self.layers, self.dim // self.heads
        kv = self.kv * self.head
        self.emb = take(self.vocab, d)
        self.rms_att, self.wq, self.wk, self.wv = take(n, d), take(n, d, d), take(n, kv, d), take(n, kv, d)
        self.wo, self.rms_ffn, self.w1, self.w2 = take(n, d, d), take(n, d), take(n, f, d), take(n, d, f)
        self.w3, self.rms_final = take(n, f, d), take(d)

    def logits(self, ids: list[int]) -> np.ndarray:
        length, h = len(ids), self.head
        norm = lambda x, w: x / np.sqrt((x * x).mean(-1, keepdims=True) + 1e-5) * w
        angle = np.arange(length)[:, None] * 10000.0 ** (-np.arange(0, h, 2) / h)
        turn = np.exp(1j * angle)[:, None, :]

        def rope(x):  # pairs (0,1), (2,3), ... as complex numbers
            z = (x[..., 0::2] + 1j * x[..., 1::2]) * turn
            return np.stack([z.real, z.imag], -1).reshape(x.shape)

        x = self.emb[ids]
        for l in range(self.layers):
            a = norm(x, self.rms_att[l])
            q = rope((a @ self.wq[l].T).reshape(length, self.heads, h))
            k = rope((a @ self.wk[l].T).reshape(length, self.kv, h))
            v = (a @ self.wv[l].T).reshape(length, self.kv, h)
            out = np.zeros((length, self.heads, h))
            for head in range(self.heads):
                group = head // (self.heads // self.kv)
                scores = q[:, head] @ k[:, group].T / np.sqrt(h)
                scores[np.triu_indices(length, 1)] = -np.inf
                weights = np.exp(scores - scores.max(-1, keepdims=True))
                out[:, head] = weights / weights.sum(-1, keepdims=True) @ v[:, group]
            x = x + out.reshape(length, -1) @ self.wo[l].T
            b = norm(x, self.rms_ffn[l])
            gate = b @ self.w1[l].T
            x = x + (gate / (1 + np.exp(-gate)) * (b @ self.w3[l].T)) @ self.w2[l].T
        return norm(x, self.rms_final) @ self.emb.T


def main() -> None:
    root = Path(sys.argv[1])
    golden = {}
    for name, (model_path, tokenizer_path, text) in TEXTS.items():
        model = Model(root / "models" / model_path)
        ids = encode(text, read_pieces(root / "models" / tokenizer_path, model.vocab))
        logits = model.logits(ids)
        log_probs = logits - np.log(np.exp(logits).sum(-1, keepdims=True))
        nats = [-log_probs[i, t] for i, t in enumerate(ids[1:])]
        greedy = ids[:8]
        while len(greedy) < 40:
            greedy.append(int(model.logits(greedy)[-1].argmax()))
        golden[name] = {"text": text, "ids": ids, "nats": [round(float(n), 6) for n in nats], "greedy": greedy}
    (TESTING / "llama2c.json").write_text(json.dumps(golden) + "\n")


if __name__ == "__main__":
    main()
