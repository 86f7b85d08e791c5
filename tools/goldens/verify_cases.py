"""Cases for `gmoe verify` in other sizes than the authors' goldens, from an independent PyTorch implementation.

Naive on purpose: one graph per token, one expert at a time, losses written out as the formulas stand; autograd gives the gradients
and torch.optim.AdamW the steps. It repeats the authors' code (`fidelity: reference`), not the product.

    python tools/goldens/verify_cases.py DIR [--seed N]      # needs torch, numpy and safetensors
"""
import argparse
import json
import math
import os
import numpy as np
import torch
from safetensors.torch import save_file
import torch.nn.functional as F

torch.set_num_threads(1)
GAP = 3e-5  # smallest gap between the last chosen and the first left out, so that rounding changes no choice


DTYPE = torch.float32


def real(tensors):
    """Inputs, drawn in float32, in the precision that the case is computed in."""
    return {key: value.to(DTYPE) for key, value in tensors.items()}


class Unclear(Exception):
    """A draw whose discrete choices hang on rounding."""


def write(folder, name, tensors, meta):
    tensors = {k: v.float() if v.dtype == torch.float64 and not k.startswith("adj_norm") else v for k, v in tensors.items()}
    save_file({k: v.detach().contiguous().clone() for k, v in tensors.items()}, os.path.join(folder, name + ".safetensors"))
    with open(os.path.join(folder, name + ".json"), "w") as f:
        json.dump(meta, f)


def top_k(probs, k):
    values, ids = torch.sort(probs.detach(), dim=-1, descending=True)
    if k < probs.shape[-1] and (values[..., k - 1] - values[..., k]).min() < GAP:
        raise Unclear("top-k")
    if k > 1 and (values[..., : k - 1] - values[..., 1:k]).min() < GAP:
        raise Unclear("order")
    return ids[..., :k]


def glorot(rows, columns, gain=1.0):
    bound = gain * math.sqrt(6 / (rows + columns))
    return (torch.rand(rows, columns) * 2 - 1) * bound


def graph_of(X, struct, density, clear_of_twins=False):
    """Adjacency of the authors: threshold on |cosine| falls until its mean, diagonal included, reaches the density."""
    e = F.silu(X @ struct.T).detach()
    unit = e / e.norm(dim=1, keepdim=True)
    sim = unit @ unit.T
    n = sim.shape[0]
    size = sim.abs() + torch.eye(n) * 1e-4  # no hole in the diagonal
    y = 1.0
    while (size >= y).float().mean().item() < density and y > 0:
        y -= 0.01
    if ((sim.abs() - y).abs() + torch.eye(n)).min() < 1e-5:
        raise Unclear("edge")
    mask = size >= y
    A = torch.zeros(n + 1, n + 1, dtype=torch.float64)
    A[:n, :n] = mask.double()
    A[n, :] = 1
    A[:, n] = 1
    A.fill_diagonal_(1)
    if clear_of_twins and len({tuple(row.tolist()) for row in A[:n, :n]}) < n:
        raise Unclear("twins")
    d = A.sum(1)
    return sim, mask, A, A / torch.sqrt(d[:, None] * d[None, :])


def graph_logits(x, w, adjacency, layers):
    """One graph per token."""
    A = adjacency.to(x.dtype)
    rows = []
    e = F.silu(w["X"] @ w["mlp_struct.weight"].T)
    for token in x:
        h = F.silu(w["mlp.weight"] @ token)
        Y = torch.cat([e, h[None]], 0)
        for i in range(layers):
            Y = F.silu(A @ (Y @ w[f"convs.{i}.lin.weight"].T))
        rows.append((Y @ w["proj.weight"].T)[:-1, 0])
    return torch.stack(rows)


def graph_weights(d, g, n, layers, gain, scale=1.0):
    w = {"X": glorot(n, d) * 3 * scale, "mlp.weight": glorot(g, d, gain), "mlp_struct.weight": glorot(g, d) * scale, "proj.weight": glorot(1, g) * scale}
    for i in range(layers):
        w[f"convs.{i}.lin.weight"] = glorot(g, g) * scale
    return w


def poisson_loss(alloc, lamb):
    """alloc: probabilities by layer, each [T, n]; lamb [L]."""
    total = 0
    for probs, value in zip(alloc, lamb):
        lam = torch.clamp(value, 1.0, 2.0)
        n = probs.shape[-1]
        terms = [lam ** min(i, 32) * torch.exp(-lam) / float(math.factorial(min(i, 32))) for i in range(1, n + 1)]
        q = torch.stack(terms).reshape(-1)
        q = q / q.sum()
        s = torch.sort(probs, dim=-1, descending=True).values
        total = total + (q * torch.abs(torch.log(q / (s + 1e-16)))).sum(-1).mean()
    return total / len(alloc)


def normal_loss(count, theta):
    """count: by layer, each [n]; theta [L]."""
    L, n = len(count), count[0].shape[0]
    i = torch.arange(n, dtype=count[0].dtype)
    p = [torch.exp(-((i - n / 2) ** 2) / (2 * t**2)) / (t * math.sqrt(2 * math.pi)) for t in theta]
    p = [torch.sort(each, descending=True).values for each in p]
    whole = sum(each.sum() for each in p)
    total = 0
    for shape, load in zip(p, count):
        P = shape / whole
        C = torch.sort(load, descending=True).values / load.sum()
        total = total + (P * torch.abs(torch.log(P / (C + 1e-8)))).sum()
    return total / L


def load_balance(probs_by_layer, k, twice, mask=None):
    """As Hugging Face's Mixtral: all layers' tokens together."""
    n = probs_by_layer[0].shape[-1]
    rows = torch.cat([torch.softmax(p, -1) if twice else p for p in probs_by_layer])
    chosen = torch.zeros_like(rows).scatter(1, top_k(rows, k) if not twice else torch.topk(rows, k).indices, 1.0)
    weight = torch.ones(rows.shape[0]) if mask is None else mask.reshape(-1).repeat(len(probs_by_layer))
    weight = weight.to(rows.dtype)
    f = (chosen * weight[:, None]).sum(0) / weight.sum()
    p = (rows * weight[:, None]).sum(0) / weight.sum()
    return n * (f * p).sum()


def router_case(folder, name, d, g, n, layers, T, k, density):
    w = graph_weights(d, g, n, layers, 1.0)
    w = real(w)
    sim, mask, A, norm = graph_of(w["X"], w["mlp_struct.weight"], density)
    x, R = torch.randn(T, d).to(DTYPE), torch.randn(T, n).to(DTYPE)
    leaves = {key: value.requires_grad_() for key, value in {"x": x, **w}.items()}
    logits = graph_logits(x, w, norm, layers)
    probs = torch.softmax(logits, -1)
    ids = top_k(probs, k)
    grads = dict(zip(leaves, torch.autograd.grad((probs * R).sum(), list(leaves.values()))))
    raw = probs.gather(1, ids)
    tensors = {
        "x": x, "R": R, "sim": sim, "edge_mask_raw": mask.to(torch.uint8), "adj_effective": A.to(torch.uint8), "adj_norm": norm,
        "logits": logits, "softmax": probs, "topk_idx": ids, "topk_weight_raw": raw, "topk_weight": raw / raw.sum(1, keepdim=True),
        **{f"w.{key}": value for key, value in w.items()}, **{f"grad.{key}": value for key, value in grads.items()},
    }
    write(folder, name, tensors, {
        "d": d, "dim_gcn": g, "experts": n, "layers": layers, "tokens": T, "top_k": k, "threshold": density,
        "offdiag_edges": int(mask.sum() - mask.diagonal().sum()), "objective": "sum(softmax*R)",
    })


def losses_case(folder, name, poisson, normal):
    tensors, meta = {}, {"poisson": [], "normal": []}
    for index, (L, T, n, lam) in enumerate(poisson):
        case = f"poisson.{index}"
        alloc = torch.softmax(torch.randn(L, T, n, dtype=torch.float64) * 1.5, -1).float().double().requires_grad_()
        lamb = torch.tensor([lam] * L).double().requires_grad_()
        loss = poisson_loss(list(alloc), lamb)
        ga, gl = torch.autograd.grad(loss, [alloc, lamb])
        tensors.update({f"{case}.alloc": alloc.float(), f"{case}.lamb": lamb.float(), f"{case}.grad_alloc": ga.float(), f"{case}.grad_lamb": gl.float()})
        meta["poisson"].append({"case": case, "L": L, "T": T, "n": n, "lamb": [lam] * L, "loss": loss.item()})
    for index, (L, n, theta) in enumerate(normal):
        case = f"normal.{index}"
        count = (torch.rand(L, n, dtype=torch.float64) * 50).float().double().requires_grad_()
        sigma = (torch.rand(L, dtype=torch.float64) * 0.5 + theta).float().double().requires_grad_()
        loss = normal_loss(list(count), sigma)
        gc, gs = torch.autograd.grad(loss, [count, sigma])
        tensors.update({f"{case}.count": count.float(), f"{case}.theta": sigma.float(), f"{case}.grad_count": gc.float(), f"{case}.grad_theta": gs.float()})
        meta["normal"].append({"case": case, "L": L, "n": n, "mode": "random", "mu": n / 2, "loss": loss.item()})
    write(folder, name, tensors, meta)


def load_balance_case(folder, name, sizes):
    tensors, meta = {}, []
    for L, B, S, n, k, d in sizes:
        for masked in (False, True):
            for fed in ("probs", "raw_logits"):
                case = f"c.{len(meta)}"
                x, W = torch.randn(L, B * S, d).to(DTYPE).requires_grad_(), (torch.randn(L, n, d) * 0.5).to(DTYPE).requires_grad_()
                mask = None
                if masked:
                    mask = torch.ones(B, S, dtype=torch.int64)
                    mask[-1, max(1, S // 2):] = 0
                    tensors[f"{case}.mask"] = mask
                logits = [x[l] @ W[l].T for l in range(L)]
                probs = [torch.softmax(each, -1) for each in logits]
                for each in probs:
                    top_k(each, k)
                loss = load_balance(probs, k, fed == "probs", mask)
                gx, gw = torch.autograd.grad(0.01 * loss, [x, W])
                tensors.update({f"{case}.x": x, f"{case}.W": W, f"{case}.probs": torch.stack(probs), f"{case}.grad_x": gx, f"{case}.grad_W": gw})
                meta.append({"case": case, "L": L, "B": B, "S": S, "n": n, "top_k": k, "mask": masked, "fed": fed, "coef": 0.01,
                             "loss_with_coef": 0.01 * loss.item(), "loss_without_coef": loss.item()})
    write(folder, name, tensors, meta)


SITES = ("w1_proj", "w2_proj", "w3_proj")


def expert_weights(n, d, ffn, r, zero_b=False):
    size = {"w1_proj": (ffn, d), "w2_proj": (d, ffn), "w3_proj": (ffn, d)}
    out = {}
    for site in SITES:
        for e in range(n):
            rows, columns = size[site]
            out[f"experts.{e}.{site}.lora_A"] = (torch.rand(r, columns) * 2 - 1) / math.sqrt(columns)
            out[f"experts.{e}.{site}.lora_B"] = torch.zeros(rows, r) if zero_b else torch.randn(rows, r) * 0.1
    return out


def mixture(x, probs, k, base, weight, n, scaling):
    """Every token through its experts, one at a time. Returns the output and what the experts' counts gain."""
    ids = top_k(probs, k)
    chosen = probs.gather(1, ids)
    gates = chosen / chosen.sum(1, keepdim=True)

    def site(name, e, v):
        return base[name] @ v + scaling * (weight(f"experts.{e}.{name}.lora_B") @ (weight(f"experts.{e}.{name}.lora_A") @ v))

    rows = []
    for t in range(x.shape[0]):
        y = 0
        for j in range(k):
            e = ids[t, j].item()
            hidden = F.silu(site("w1_proj", e, x[t])) * site("w3_proj", e, x[t])
            y = y + gates[t, j] * site("w2_proj", e, hidden)
        rows.append(y)
    gained = k * torch.zeros_like(probs).scatter(1, ids, chosen).sum(0)
    return torch.stack(rows), gained, ids


def ffn_case(folder, name, strategy, B, S, d, ffn, n, k, r, layers, g, density, alpha):
    scaling = alpha / r
    w = real(expert_weights(n, d, ffn, r))
    tensors = {}
    if strategy == "goe":
        gate = real(graph_weights(d, g, n, layers, 1.0))
        _, _, A, norm = graph_of(gate["X"], gate["mlp_struct.weight"], density)
        tensors.update({"adj_norm": norm, "adj_effective": A.to(torch.uint8)})
    else:
        gate = real({"weight": torch.randn(n, d) * 0.5})
    w.update({f"gate.{key}": value for key, value in gate.items()})
    x = torch.randn(B, S, d).to(DTYPE)
    R1, R2, R3 = (torch.randn(*shape).to(DTYPE) for shape in ((B, S, d), (B * S, n), (n,)))
    base = {"w1_proj": torch.randn(ffn, d) / math.sqrt(d), "w2_proj": torch.randn(d, ffn) / math.sqrt(ffn), "w3_proj": torch.randn(ffn, d) / math.sqrt(d)}
    base = real(base)
    leaves = {key: value.requires_grad_() for key, value in {"x": x, **w}.items() if key != "gate.X"}
    flat = x.reshape(-1, d)
    logits = graph_logits(flat, gate, norm, layers) if strategy == "goe" else flat @ gate["weight"].T
    probs = torch.softmax(logits, -1)
    out, gained, ids = mixture(flat, probs, k, base, w.__getitem__, n, scaling)
    value = (out * R1.reshape(-1, d)).sum() + (probs * R2).sum() + (gained * R3).sum()
    grads = dict(zip(leaves, torch.autograd.grad(value, list(leaves.values()), allow_unused=True)))
    tensors.update({
        "x": x, "R1": R1, "R2": R2, "R3": R3, "W1": base["w1_proj"], "W2": base["w2_proj"], "W3": base["w3_proj"],
        "out": out.reshape(B, S, d), "router_probs": probs, "topk_idx": ids, "count_after_1": gained, "count_after_2": 2 * gained,
        "loss_component": torch.cat([probs, gained[None], torch.full((1, n), 1.5).to(DTYPE), torch.full((1, n), n / 2).to(DTYPE)]),
        **{f"w.{key}": each for key, each in w.items()},
        **{f"grad.{key}": torch.zeros_like(leaves[key]) if each is None else each for key, each in grads.items()},
    })
    write(folder, name, tensors, {
        "strategy": strategy, "B": B, "S": S, "d": d, "ffn": ffn, "experts": n, "top_k": k, "r": r, "alpha": alpha, "scaling": scaling,
        "layers": layers, "dim_gcn": g, "threshold": density, "objective": "sum(out*R1)+sum(probs*R2)+sum(now_count*R3)",
        "objective_value": value.item(),
    })


def rotate(x, theta):
    """x [S, heads, size], rotate-half."""
    S, _, size = x.shape
    angle = torch.arange(S).to(x.dtype)[:, None] * theta ** (-torch.arange(0, size, 2).to(x.dtype) / size)[None]
    cos, sin = torch.cat([angle.cos()] * 2, -1)[:, None], torch.cat([angle.sin()] * 2, -1)[:, None]
    half = torch.cat([-x[..., size // 2:], x[..., : size // 2]], -1)
    return x * cos + half * sin


def model_case(folder, name, routing, balance, shipped=False, V=64, d=32, heads=4, kv=2, ffn=48, layers=2, n=4, k=2, r=4, alpha=8,
               gcn=2, g=16, density=0.5, B=2, S=12, updates=3, lr=2e-4, theta=10000.0, eps=1e-6):
    size, scaling = d // heads, alpha / r
    base = {"base.embed": torch.randn(V, d), "base.norm": 1 + 0.1 * torch.randn(d), "base.lm_head": torch.randn(V, d) / math.sqrt(d)}
    shapes = {"q_proj": (d, d), "k_proj": (kv * size, d), "v_proj": (kv * size, d), "o_proj": (d, d), "w1_proj": (ffn, d), "w2_proj": (d, ffn), "w3_proj": (ffn, d)}
    start, norms = {}, {}
    for l in range(layers):
        for site, (rows, columns) in shapes.items():
            base[f"base.{l}.{site}"] = torch.randn(rows, columns) / math.sqrt(columns)
        base[f"base.{l}.ln1"], base[f"base.{l}.ln2"] = 1 + 0.1 * torch.randn(d), 1 + 0.1 * torch.randn(d)
        p = f"mixlora.layers.{l}."
        for site in ("q_proj", "k_proj", "v_proj", "o_proj"):
            rows, columns = shapes[site]
            start[f"{p}self_attn.{site}.lora_A.weight"] = (torch.rand(r, columns) * 2 - 1) / math.sqrt(columns)
            start[f"{p}self_attn.{site}.lora_B.weight"] = torch.zeros(rows, r) if shipped else torch.randn(rows, r) * 0.1
        start.update({f"{p}{key}.weight": value for key, value in expert_weights(n, d, ffn, r, shipped).items()})
        if routing == "goe":
            start[f"{p}gate.lamb"], start[f"{p}gate.theta"] = torch.tensor(1.5), torch.tensor([n / 2])
            gate = graph_weights(d, g, n, gcn, 100.0 if shipped else 1.0) if shipped else {
                key: torch.randn_like(value) * (0.5 if "convs" in key or "proj" in key else 0.3) for key, value in graph_weights(d, g, n, gcn, 1.0).items()}
            if shipped:
                gate["X"] = glorot(n, d)
            gate = real(gate)
            norms[f"adj_norm.{l}"] = graph_of(gate["X"], gate["mlp_struct.weight"], density, True)[3]
        else:
            gate = {"weight": torch.randn(n, d) * (0.02 if shipped else 0.3)}
        start.update({f"{p}gate.{key}": value for key, value in gate.items()})
    base, start = real(base), real(start)
    tokens = torch.randint(1, V, (updates, B, S))
    for b in range(1, B):
        tokens[:, b, S - 2 * b:] = 0
    params = {key: torch.nn.Parameter(value.clone(), requires_grad=not key.endswith("gate.X")) for key, value in start.items()}
    trained = {key: value for key, value in params.items() if value.requires_grad}
    optimizer = torch.optim.AdamW(list(trained.values()), lr=lr, weight_decay=0.01, betas=(0.9, 0.999), eps=1e-8)

    def norm(x, weight):
        return weight * x * torch.rsqrt(x.pow(2).mean(-1, keepdim=True) + eps)

    def forward(batch, counts):
        hidden = base["base.embed"][batch]
        is_token = batch != 0
        routed, gains = [], []
        for l in range(layers):
            p = f"mixlora.layers.{l}."

            def site(name_, v):
                A, Bm = params[f"{p}self_attn.{name_}.lora_A.weight"], params[f"{p}self_attn.{name_}.lora_B.weight"]
                return v @ base[f"base.{l}.{name_}"].T + scaling * ((v @ A.T) @ Bm.T)

            x = norm(hidden, base[f"base.{l}.ln1"])
            rows = []
            for b in range(B):
                q, kk, v = (site(each, x[b]).reshape(S, -1, size) for each in ("q_proj", "k_proj", "v_proj"))
                q, kk = rotate(q, theta), rotate(kk, theta)
                heads_out = []
                for h in range(heads):
                    j = h // (heads // kv)
                    score = q[:, h] @ kk[:, j].T / math.sqrt(size)
                    seen = torch.tril(torch.ones(S, S, dtype=torch.bool)) & is_token[b][None, :]
                    heads_out.append(torch.softmax(score.masked_fill(~seen, float("-inf")), -1) @ v[:, j])
                rows.append(site("o_proj", torch.cat(heads_out, -1)))
            hidden = hidden + torch.stack(rows)
            x = norm(hidden, base[f"base.{l}.ln2"]).reshape(-1, d)
            gate = {key[len(p) + 5:]: value for key, value in params.items() if key.startswith(p + "gate.")}
            logits = graph_logits(x, gate, norms[f"adj_norm.{l}"], gcn) if routing == "goe" else x @ gate["weight"].T
            probs = torch.softmax(logits, -1)
            own = {each: base[f"base.{l}.{each}"] for each in SITES}
            y, gained, _ = mixture(x, probs, k, own, lambda key: params[f"{p}{key}.weight"], n, scaling)
            hidden = hidden + y.reshape(B, S, d)
            routed.append(probs)
            gains.append(gained)
        out = norm(hidden, base["base.norm"]) @ base["base.lm_head"].T
        lm = F.cross_entropy(out[:, :-1].reshape(-1, V), batch[:, 1:].reshape(-1))
        counts = [before.detach() + gained for before, gained in zip(counts, gains)]
        fixed = routing != "goe"
        lamb = [torch.tensor(1.5).to(DTYPE) if fixed else params[f"mixlora.layers.{l}.gate.lamb"] for l in range(layers)]
        sigma = [torch.tensor([n / 2]).to(DTYPE) if fixed else params[f"mixlora.layers.{l}.gate.theta"] for l in range(layers)]
        if balance == "goe":
            aux = 0.005 * poisson_loss(routed, lamb) + 8.0 * normal_loss(counts, sigma)
        else:
            aux = 0.01 * load_balance(routed, k, True)
        return out, lm, aux, counts, lamb, sigma

    def facts(step, lm, aux, counts, lamb, sigma):
        return {"step": step, "lm_loss": lm.item(), "aux_loss": aux.item(), "total": (lm + aux).item(), "count": [c.tolist() for c in counts],
                "lamb": [each.reshape(-1)[0].item() for each in lamb], "theta": [each.reshape(-1)[0].item() for each in sigma]}

    tensors = {**base, **norms, "tokens": tokens, **{f"init.{key}": value for key, value in start.items()}}
    counts, steps = [torch.zeros(n).to(DTYPE)] * layers, []
    for s in range(updates):
        optimizer.zero_grad()
        out, lm, aux, counts, lamb, sigma = forward(tokens[s], counts)
        (lm + aux).backward()
        for value in trained.values():
            if value.grad is None:
                value.grad = torch.zeros_like(value)
        counts = [each.detach() for each in counts]
        if s == 0:
            tensors["logits_step1"] = out
            tensors.update({f"grad1.{key}": value.grad.clone() for key, value in trained.items()})
        entry = facts(s + 1, lm, aux, counts, lamb, sigma)
        entry["grad_norm"] = {key: value.grad.norm().item() for key, value in trained.items()}
        entry["grad_norm_total"] = math.sqrt(sum(each**2 for each in entry["grad_norm"].values()))
        steps.append(entry)
        optimizer.step()
    steps.append(facts(updates + 1, *forward(tokens[0], counts)[1:]))
    tensors.update({f"final.{key}": value.detach() for key, value in trained.items()})
    write(folder, name, tensors, {
        "variant": name, "routing": routing, "balance": balance, "as_shipped_init": shipped, "V": V, "d": d, "heads": heads, "kv_heads": kv, "ffn": ffn,
        "layers": layers, "pad_id": 0, "experts": n, "top_k": k, "r": r, "alpha": alpha, "scaling": scaling, "gcn_layers": gcn, "dim_gcn": g,
        "threshold": density, "rms_eps": eps, "rope_theta": theta, "lr": lr, "weight_decay": 0.01, "betas": [0.9, 0.999], "eps": 1e-8,
        "coef_poisson": 0.005, "coef_normal": 8.0, "coef_lb": 0.01, "steps": steps,
    })


def draw(make, folder, name, *args, **kwargs):
    for _ in range(400):
        try:
            return make(folder, name, *args, **kwargs)
        except Unclear:
            pass
    print(f"{name}: no clear draw")


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("folder")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--double", action="store_true", help="compute in float64: the truth that float32 comes near to")
    parser.add_argument("--shipped", type=int, default=1, help="model cases with the authors' own start")
    args = parser.parse_args()
    global DTYPE
    DTYPE = torch.float64 if args.double else torch.float32
    os.makedirs(args.folder, exist_ok=True)
    torch.manual_seed(args.seed)
    for n, layers, d, g, T, k, density in [(2, 1, 8, 4, 3, 1, 0.5), (3, 1, 16, 8, 1, 3, 0.4), (5, 3, 24, 12, 7, 2, 0.6), (8, 2, 64, 128, 9, 3, 0.25),
                                           (12, 2, 32, 16, 6, 1, 0.1), (16, 4, 48, 32, 4, 5, 0.2), (32, 2, 32, 24, 3, 2, 0.15), (6, 1, 17, 9, 11, 4, 0.9)]:
        draw(router_case, args.folder, f"a_router_n{n}_L{layers}_t{round(100 * density):03d}", d, g, n, layers, T, k, density)
    losses_case(args.folder, "b_losses_sizes",
                [(1, 1, 2, 1.5), (3, 5, 6, 1.2), (2, 3, 32, 1.9), (2, 3, 33, 1.4), (1, 4, 64, 1.7), (5, 2, 12, 0.5), (2, 6, 3, 3.0)],
                [(1, 2, 1.0), (3, 6, 2.0), (6, 5, 4.0), (2, 33, 16.0), (1, 64, 3.0), (32, 4, 0.7)])
    draw(load_balance_case, args.folder, "c_mixtral_lb_sizes", [(1, 1, 3, 2, 1, 8), (4, 3, 4, 6, 3, 12), (2, 2, 5, 16, 2, 24)])
    for i, (strategy, B, S, d, ffn, n, k, r, layers, g, density, alpha) in enumerate([
            ("goe", 1, 5, 12, 20, 3, 1, 2, 1, 6, 0.5, 4), ("goe", 3, 3, 16, 24, 8, 3, 1, 3, 12, 0.25, 16), ("goe", 2, 4, 24, 40, 6, 2, 5, 2, 16, 0.4, 7.5),
            ("mixtral", 1, 7, 20, 12, 5, 5, 4, 1, 4, 0.5, 8), ("mixtral", 2, 4, 8, 16, 16, 4, 2, 1, 4, 0.5, 2)]):
        draw(ffn_case, args.folder, f"d_ffn_{strategy}_{i}", strategy, B, S, d, ffn, n, k, r, layers, g, density, alpha)
    for name, routing, balance, size in [
            ("goe_n6", "goe", "goe", dict(n=6, k=3, layers=3, B=1, S=7, gcn=1, g=10, density=0.4)),
            ("goe_1layer", "goe", "goe", dict(layers=1, heads=2, kv=1, d=16, ffn=20, V=40, B=3, S=6, gcn=3, updates=5, lr=1e-3)),
            ("goe_mixtral_n5", "goe", "mixtral", dict(n=5, k=1, S=8, r=2, alpha=6)),
            ("mixtral_k1", "mixtral", "mixtral", dict(n=8, k=1, heads=8, kv=8, theta=500000.0)),
            ("mixtral_goe_n3", "mixtral", "goe", dict(n=3, k=3, layers=4, S=5, updates=1))]:
        draw(model_case, args.folder, f"e_model_{name}", routing, balance, **size)
    for i in range(args.shipped):
        draw(model_case, args.folder, f"e_model_goe_shipped_init_{i}", "goe", "goe", True)


if __name__ == "__main__":
    main()
