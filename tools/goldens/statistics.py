"""Expected values of libs/report's statistics, from SciPy and statsmodels.

    python3 tools/goldens/statistics.py > libs/report/src/testing/statistics.golden.json

Needs numpy, scipy and statsmodels. Inputs are fixed lists; random ones come from a seeded generator.
"""

import json
import sys

import numpy as np
import scipy
import statsmodels
from scipy import stats
from statsmodels.formula.api import ols
from statsmodels.stats.anova import anova_lm
from statsmodels.stats.contingency_tables import mcnemar
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.power import TTestPower

rng = np.random.default_rng(20260115)


def samples():
    """Lists of accuracies as a sweep has them, and harder ones."""
    yield [0.7310, 0.7275, 0.7402, 0.7260, 0.7388]
    yield [0.5, 0.75]
    yield list(np.round(rng.normal(0.6, 0.03, 3), 4))
    yield list(np.round(rng.normal(0, 1, 30), 6))
    yield list(np.round(rng.exponential(2, 12), 6))


def describe(x):
    n = len(x)
    mean, sd = np.mean(x), np.std(x, ddof=1)
    out = {"values": x, "mean": mean, "std": sd, "t": {}, "chi2": {}}
    for level in (0.9, 0.95, 0.99):
        out["t"][str(level)] = list(stats.t.interval(level, n - 1, loc=mean, scale=sd / np.sqrt(n)))
        ss = (n - 1) * sd**2
        out["chi2"][str(level)] = [
            np.sqrt(ss / stats.chi2.ppf((1 + level) / 2, n - 1)),
            np.sqrt(ss / stats.chi2.ppf((1 - level) / 2, n - 1)),
        ]
    return out


def paired(d):
    d = np.asarray(d, float)
    t = stats.ttest_1samp(d, 0)
    out = {"differences": d.tolist(), "t": t.statistic, "p": t.pvalue, "interval": list(t.confidence_interval(0.95))}
    pos, neg = int((d > 0).sum()), int((d < 0).sum())
    out["sign"] = stats.binomtest(pos, pos + neg, 0.5).pvalue
    nz = d[d != 0]
    ranks = stats.rankdata(np.abs(nz))
    out["wilcoxonStatistic"] = float(ranks[nz > 0].sum())
    if len(nz) <= 14:
        # every assignment of signs, ties included
        signs = ((np.arange(2 ** len(nz))[:, None] >> np.arange(len(nz))) & 1).astype(float)
        w = signs @ ranks
        obs = out["wilcoxonStatistic"]
        out["wilcoxon"] = float(min(1, 2 * min((w <= obs + 1e-9).mean(), (w >= obs - 1e-9).mean())))
        if len(set(np.abs(nz))) == len(nz):
            assert abs(out["wilcoxon"] - stats.wilcoxon(nz, method="exact").pvalue) < 1e-12
    elif len(nz) <= 50:
        out["wilcoxon"] = stats.wilcoxon(nz, method="exact").pvalue
    else:
        out["wilcoxon"] = stats.wilcoxon(nz, method="approx").pvalue
    out["dz"] = d.mean() / d.std(ddof=1)
    return out


def paired_cases():
    yield [0.012, 0.004, 0.021, -0.003, 0.009]
    yield [0.02, 0.01, 0.03]
    yield [1, 1, -1, 2, 0, 3, -2, 2]  # ties and a zero
    yield [0.5, 0.25, 0.25, 0.75, 1.0]  # all positive: sign test at its floor
    yield list(np.round(rng.normal(0.3, 1, 20), 6))
    yield list(np.round(rng.normal(0.1, 1, 80), 6))


def hedges(x, y):
    n, m = len(x), len(y)
    df = n + m - 2
    pooled = np.sqrt(((n - 1) * np.var(x, ddof=1) + (m - 1) * np.var(y, ddof=1)) / df)
    j = np.exp(scipy.special.gammaln(df / 2) - scipy.special.gammaln((df - 1) / 2)) / np.sqrt(df / 2)
    u = stats.mannwhitneyu(x, y).statistic
    return {"first": x, "second": y, "g": j * (np.mean(x) - np.mean(y)) / pooled, "superiority": u / (n * m)}


def bootstrap():
    x = np.round(rng.gamma(2, 1, 15), 5)
    out = []
    for name, statistic in (("mean", np.mean), ("std", lambda v, axis=-1: np.std(v, ddof=1, axis=axis))):
        for method in ("percentile", "bca"):
            res = stats.bootstrap((x,), statistic, n_resamples=400, method=method, confidence_level=0.9,
                                  rng=np.random.default_rng(7), vectorized=True)
            jackknife = [float(statistic(np.delete(x, i))) for i in range(len(x))]
            out.append({
                "statistic": name, "method": method, "values": x.tolist(), "observed": float(statistic(x)),
                "replicates": np.round(res.bootstrap_distribution, 15).tolist(), "jackknife": jackknife,
                "low": res.confidence_interval.low, "high": res.confidence_interval.high,
            })
    return out


def power():
    cases = []
    for dz in (0.2, 0.5, 0.8, 1.5, 4.0):
        for n in (2, 3, 5, 10, 34, 200):
            cases.append({"dz": dz, "n": n, "power": TTestPower().power(dz, n, 0.05, alternative="two-sided")})
    needed = []
    for dz in (0.1, 0.2, 0.5, 0.8, 1.2, 2.0, 3.0):
        n = 2
        while TTestPower().power(dz, n, 0.05) < 0.8:
            n += 1
        needed.append({"dz": dz, "n": n})
    detectable = [
        {"n": n, "dz": float(scipy.optimize.brentq(lambda d: TTestPower().power(d, n, 0.05) - 0.8, 1e-3, 4, xtol=1e-13))}
        for n in (3, 5, 10)  # SciPy's noncentral t gives NaN for the large shifts that n = 2 needs
    ]
    nct = [{"t": t, "df": df, "delta": delta, "cdf": float(stats.nct.cdf(t, df, delta))}
           for t in (-2.0, 0.5, 2.0, 5.0) for df in (1, 2, 4, 30, 500) for delta in (0.0, 0.7, 3.0)]
    return {"power": cases, "needed": needed, "detectable": detectable, "nct": nct}


def anova():
    routers, coordinations = ["linear", "graph"], ["none", "poisson", "normal"]
    rows = []
    for i, r in enumerate(routers):
        for j, c in enumerate(coordinations):
            for _ in range(3):
                rows.append((r, c, round(float(0.5 + 0.03 * i + 0.01 * j + 0.01 * i * j + rng.normal(0, 0.01)), 5)))
    import pandas as pd

    frame = pd.DataFrame(rows, columns=["router", "coordination", "value"])
    table = anova_lm(ols("value ~ C(router) * C(coordination)", frame).fit(), typ=2)
    ss, df = table["sum_sq"], table["df"]
    total, noise = ss.sum(), ss["Residual"] / df["Residual"]
    omega = lambda k: max(0, (ss[k] - df[k] * noise) / (total + noise))
    return {
        "rows": rows,
        "router": ss["C(router)"] / total, "coordination": ss["C(coordination)"] / total,
        "interactions": ss["C(router):C(coordination)"] / total, "seeds": ss["Residual"] / total,
        "routerCorrected": omega("C(router)"), "coordinationCorrected": omega("C(coordination)"),
    }


p = [0.01, 0.04, 0.03, 0.005, 0.5, 0.04]
golden = {
    "versions": {"scipy": scipy.__version__, "statsmodels": statsmodels.__version__, "numpy": np.__version__},
    "describe": [describe([float(v) for v in x]) for x in samples()],
    "paired": [paired(d) for d in paired_cases()],
    "hedges": [
        hedges([0.731, 0.728, 0.740, 0.726, 0.739], [0.722, 0.731, 0.719, 0.725, 0.720]),
        hedges([1.0, 2.0], [2.0, 3.0, 2.5]),
    ],
    "mcnemar": [{"b": b, "c": c, "exact": float(mcnemar([[0, b], [c, 0]], exact=True).pvalue)}
                for b, c in ((1, 7), (20, 35), (6, 6), (0, 5), (120, 90), (3, 0))],
    "holm": {"p": p, "adjusted": multipletests(p, method="holm")[1].tolist()},
    "bootstrap": bootstrap(),
    **{"power": power()},
    "anova": anova(),
}
json.dump(golden, sys.stdout, indent=1, default=float)
print()
