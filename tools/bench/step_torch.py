"""The training step of the bench in eager PyTorch: same weights, same batches, same maths.

Reads FOLDER/step.safetensors and FOLDER/step.json as tools/bench/bench-step.ts writes them and prints one JSON line:
losses of every step, gradient norm of the first, and the median time of a step.

    python3 tools/bench/step_torch.py FOLDER [--threads 1] [--steps 20] [--warmup 3] [--bf16] [--compile]

--bf16 runs the forward pass under autocast; --compile puts it through torch.compile.
"""

import argparse
import json
import math
import resource
import struct
import time

import torch
import torch.nn.functional as F


def read_safetensors(path):
    """A reader of the file format's float32 and int32 tensors, so that the script needs nothing but torch."""
    with open(path, "rb") as file:
        (length,) = struct.unpack("<Q", file.read(8))
        header = json.loads(file.read(length))
        body = file.read()
    dtypes = {"F32": torch.float32, "I32": torch.int32}
    tensors = {}
    for name, entry in header.items():
        if name == "__metadata__":
            continue
        begin, end = entry["data_offsets"]
        flat = torch.frombuffer(bytearray(body[begin:end]), dtype=dtypes[entry["dtype"]])
        tensors[name] = flat.reshape(entry["shape"]).clone()
    return tensors


class Step:
    def __init__(self, tensors, config):
        self.config = config
        self.base = {k[5:]: v for k, v in tensors.items() if k.startswith("base.")}
        self.frozen = {k[7:]: v for k, v in tensors.items() if k.startswith("frozen.")}
        self.params = {k[6:]: v.requires_grad_() for k, v in tensors.items() if k.startswith("param.")}
        self.batches = []
        for s in range(config["batches"]):
            prefix = f"batch.{s}."
            self.batches.append({k[len(prefix):]: v.long() if v.dtype == torch.int32 else v
                                 for k, v in tensors.items() if k.startswith(prefix)})
        o = config["optimizer"]
        self.optimizer = torch.optim.AdamW(
            self.params.values(), lr=o["learningRate"], betas=tuple(o["betas"]), eps=o["epsilon"],
            weight_decay=o["weightDecay"])
        self.counts = None
        self.bf16 = False

    def lora(self, layer, site, x, w):
        y = x @ w.T
        a = self.params.get(f"lora.{layer}.{site}.A")
        if a is None:
            return y
        b = self.params[f"lora.{layer}.{site}.B"]
        return y + (x @ a.T * self.config["loraScaling"]) @ b.T

    def route(self, layer, x):
        c, p = self.config, self.params
        if c["router"] == "linear":
            return torch.softmax(x @ p[f"router.{layer}.weight"].T, -1)
        h = F.silu(x @ p[f"router.{layer}.Wm"].T)
        e = F.silu(self.frozen[f"router.{layer}.X"] @ p[f"router.{layer}.Ws"].T)
        adjacency = self.frozen[f"router.{layer}.adjacency"]
        # Nodes [T, E + 1, G]: the experts and, last, the token.
        nodes = torch.cat([e.expand(x.shape[0], *e.shape), h[:, None]], 1)
        for i in range(c["gcnLayers"]):
            nodes = F.silu(adjacency @ (nodes @ p[f"router.{layer}.conv.{i}"].T))
        return torch.softmax((nodes @ p[f"router.{layer}.Wp"].T).squeeze(-1)[:, :-1], -1)

    def experts(self, layer, x, probs):
        """Mixture of whole SwiGLU experts by slots: each base projection is applied once."""
        c, p = self.config, self.params
        rank, scale = c["mixtureRank"], c["mixtureScaling"]
        values, ids = torch.topk(probs, c["topK"])
        weights = values / values.sum(-1, keepdim=True)
        w = {s: self.base[f"model.layers.{layer}.mlp.{s}.weight"] for s in ("gate_proj", "up_proj", "down_proj")}
        # A [E R, in] and B [out, E R]: expert e has rows or columns e R .. e R + R - 1.
        a = {s: p[f"moe.{layer}.{s}.A"] for s in w}
        b = {s: p[f"moe.{layer}.{s}.B"].T for s in w}
        gate, up = x @ w["gate_proj"].T, x @ w["up_proj"].T
        gate_rank, up_rank = x @ a["gate_proj"].T * scale, x @ a["up_proj"].T * scale
        hidden, down_rank = 0, 0
        for j in range(c["topK"]):
            mask = F.one_hot(ids[:, j], c["experts"]).to(x.dtype).repeat_interleave(rank, 1)
            h = F.silu(gate + (gate_rank * mask) @ b["gate_proj"]) * (up + (up_rank * mask) @ b["up_proj"])
            h = h * weights[:, j:j + 1]
            hidden = hidden + h
            down_rank = down_rank + (h @ a["down_proj"].T) * mask
        gates_TE = torch.zeros_like(probs).scatter(1, ids, weights)
        return hidden @ w["down_proj"].T + (down_rank * scale) @ b["down_proj"], gates_TE

    def forward(self, batch):
        c = self.config
        ids, positions, segments = batch["ids"], batch["positions"], batch["segments"]
        rows, length = ids.shape
        heads, kv, width = c["heads"], c["keyValueHeads"], c["headWidth"]
        frequency = c["ropeTheta"] ** (-torch.arange(0, width, 2, dtype=torch.float64) / width)
        angle = (positions[..., None].double() * frequency).float()
        cos, sin = (torch.cat([f(angle)] * 2, -1)[:, :, None] for f in (torch.cos, torch.sin))

        def rope(x):
            first, second = x.chunk(2, -1)
            return x * cos + torch.cat([-second, first], -1) * sin

        causal = torch.ones(length, length, dtype=torch.bool).tril()
        mask = ((segments[:, :, None] == segments[:, None, :]) & causal)[:, None]
        bias = torch.zeros(mask.shape).masked_fill(~mask, -1e9)
        norm = lambda x, w: x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + c["normEpsilon"]) * w
        x = self.base["model.embed_tokens.weight"][ids.reshape(-1)]
        routing = []
        for l in range(c["layers"]):
            name = f"model.layers.{l}."
            w = lambda site: self.base[f"{name}self_attn.{site}.weight"]
            y = norm(x, self.base[name + "input_layernorm.weight"])
            q = rope(self.lora(l, "q_proj", y, w("q_proj")).view(rows, length, heads, width)).transpose(1, 2)
            k = rope(self.lora(l, "k_proj", y, w("k_proj")).view(rows, length, kv, width)).transpose(1, 2)
            v = self.lora(l, "v_proj", y, w("v_proj")).view(rows, length, kv, width).transpose(1, 2)
            k, v = (t.repeat_interleave(heads // kv, 1) for t in (k, v))
            scores = torch.softmax(q @ k.transpose(-1, -2) / math.sqrt(width) + bias, -1)
            context = (scores @ v).transpose(1, 2).reshape(rows * length, heads * width)
            x = x + self.lora(l, "o_proj", context, w("o_proj"))
            y = norm(x, self.base[name + "post_attention_layernorm.weight"])
            probs = self.route(l, y)
            output, gates = self.experts(l, y, probs)
            routing.append((probs, gates))
            x = x + output
        hidden = norm(x, self.base["model.norm.weight"])[batch["supervised"]]
        head = self.base.get("lm_head.weight", self.base["model.embed_tokens.weight"])
        logits = hidden @ head.T
        weight = batch["weights"]
        lm = (F.cross_entropy(logits, batch["targets"], reduction="none") * weight).sum() / weight.sum()
        real = (segments.reshape(-1) > 0).float()
        return lm, self.auxiliary(routing, real)

    def auxiliary(self, routing, real):
        """Poisson distinction and Normal balance in the paper's form (eq. 6-9), means over layers and real tokens."""
        c = self.config
        poisson = normal = 0.0
        lambdas = c["lambdaFloor"] + F.softplus(self.params["lambda"])
        sigmas = c["sigmaFloor"] + F.softplus(self.params["sigma"])
        counts = []
        for layer, (probs, gates) in enumerate(routing):
            experts = probs.shape[1]
            i = torch.arange(1, experts + 1, dtype=torch.float32)
            log_q = torch.log_softmax(i * lambdas[layer].log() - torch.lgamma(i + 1), 0)
            ranked = probs.sort(1, descending=True).values
            divergence = (log_q.exp() * (log_q - (ranked + 1e-16).log())).sum(1)
            poisson = poisson + (divergence * real).sum() / real.sum()
            past = 0.0 if self.counts is None else self.counts[layer]
            count = past + (gates * real[:, None]).sum(0)
            counts.append(count.detach())
            log_p = torch.log_softmax(-((i - experts / 2) ** 2) / (2 * sigmas[layer] ** 2), 0)
            normal = normal + (log_p.exp() * (log_p - (count / count.sum() + 1e-8).log())).sum()
        self.counts = counts
        return (c["poisson"] * poisson + c["normal"] * normal) / len(routing)

    def run(self, batch):
        with torch.autocast("cpu", torch.bfloat16, enabled=self.bf16):
            lm, aux = self.forward(batch)
        loss = lm + aux
        self.optimizer.zero_grad()
        loss.backward()
        self.optimizer.step()
        return float(lm.detach()), float(loss.detach())


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--warmup", type=int, default=3)
    parser.add_argument("--bf16", action="store_true")
    parser.add_argument("--compile", action="store_true")
    args = parser.parse_args()
    torch.set_num_threads(args.threads)
    with open(f"{args.folder}/step.json") as file:
        config = json.load(file)
    step = Step(read_safetensors(f"{args.folder}/step.safetensors"), config)
    step.bf16 = args.bf16
    if args.compile:
        step.forward = torch.compile(step.forward)
    losses, times = [], []
    for s in range(args.steps):
        started = time.perf_counter()
        losses.append(step.run(step.batches[s % len(step.batches)]))
        times.append((time.perf_counter() - started) * 1000)
    times = sorted(times[args.warmup:])
    print(json.dumps({
        "torch": torch.__version__, "threads": torch.get_num_threads(), "milliseconds": times[len(times) // 2],
        "mebibytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "lm_loss": [lm for lm, _ in losses], "loss": [total for _, total in losses],
    }))


if __name__ == "__main__":
    main()
