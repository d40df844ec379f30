"""Which calibration to use: all methods on the same predictions of held-out rows.

    go build -o /tmp/calibration ./bench/calibration
    python bench/calibration/calibration.py /tmp/calibration run FOLDER [set ...]
    python bench/calibration/calibration.py /tmp/calibration report FOLDER

Five outer folds, stratified, several seeds. In each, three models learn from the
other rows with five inner folds, as a run does; every method is fitted on the
out-of-fold predictions and applied to the outer fold's. Rows are decided per
row, by the cut-off of their costs (or the best of several actions). Sets
without known money get five for one.
"""

import json
import os
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "quality"))
import quality  # noqa: E402
import sets  # noqa: E402

import numpy as np  # noqa: E402
import pandas as pd  # noqa: E402
from sklearn.model_selection import StratifiedKFold  # noqa: E402

SEEDS = {"credit-g": 5, "attrition": 5, "breast-cancer": 5, "telco-churn": 2, "tv-churn": 2, "spambase": 2, "bank-costs": 1, "wine, 3 classes": 2, "splice, 3 classes": 2}
METHODS = ["none", "temperature", "sigmoid", "beta", "isotonic", "chosen", "least log-loss", "mean of four", "venn-abers", "cross venn-abers"]
RESAMPLES = 2000


def wine():
    frame, _, _, _ = sets.wine_quality()
    frame["grade"] = np.select([frame["quality"] <= 5, frame["quality"] == 6], ["low", "middle"], "high")
    return frame.drop(columns=["quality"]), "grade"


def splice():
    frame = sets._csv("dna-splice", "splice_sequences.csv")
    letters = pd.DataFrame([list(s.ljust(60)) for s in frame["seq"]], columns=[f"at{j}" for j in range(60)])
    letters["site"] = frame["class"]
    return letters, "site"


# Costs by action and class (classes in order of their names); the last action
# is the careful one, such as asking a taster.
CLASSES = {
    "wine, 3 classes": (wine, [[0, 6, 2], [1, 0, 1], [8, 0.5, 0], [1.2, 1.2, 1.2]]),  # high, low, middle
    "splice, 3 classes": (splice, [[0, 5, 2], [5, 0, 2], [3, 3, 0], [0.4, 0.4, 0.4]]),
}


class Set:
    """One data set with its money."""

    def __init__(self, name):
        self.name = name
        if name in CLASSES:
            make, costs = CLASSES[name]
            self.frame, self.target = make()
            self.costs = np.array(costs, float)
            self.levels = sorted(self.frame[self.target].unique())
            self.y = self.frame[self.target].map({c: i for i, c in enumerate(self.levels)}).to_numpy()
            self.positive = None
            return
        self.frame, self.target, self.positive, money = (sets.SETS | sets.DEVELOPMENT)[name]()
        self.y = (self.frame[self.target] == self.positive).to_numpy(int)
        self.money = money or sets._five(self.frame, "", "")[3]

    def write(self, at, seed):
        self.frame.to_csv(os.path.join(at, "data.csv"), index=False)
        fold = np.empty(len(self.y), int)
        for k, (_, test) in enumerate(StratifiedKFold(5, shuffle=True, random_state=seed).split(self.y, self.y)):
            fold[test] = k
        with open(os.path.join(at, "folds.txt"), "w") as f:
            f.write("\n".join(map(str, fold)) + "\n")
        lines = ["scenario: calibration", "data:", "  source: data.csv", f"  target: {self.target}"]
        if self.positive is not None:
            lines += [f"  positive: {self.positive}"]
        lines += ["  split: {folds: 5}"]
        hidden = sets.HIDDEN.get(self.name, [])
        if hidden:
            lines += ["  columns:"] + [f"    {c}: {{role: info}}" for c in hidden]
        lines += [f"seed: {seed + 1}"]
        with open(os.path.join(at, "scenario.yaml"), "w") as f:
            f.write("\n".join(lines) + "\n")

    def decide(self, p, rows):
        """Realised and expected cost of each row under the decisions."""
        y = self.y[rows]
        if p.shape[1] > 2:
            expected = p @ self.costs.T
            act = expected.argmin(1)
            return self.costs[act, y], expected[np.arange(len(y)), act]
        fp, fn, tp, tn = (m[rows] for m in self.money)
        one = p[:, 1]
        act = one * tp + (1 - one) * fp < one * fn + (1 - one) * tn
        realised = np.where(y == 1, np.where(act, tp, fn), np.where(act, fp, tn))
        return realised, np.where(act, one * tp + (1 - one) * fp, one * fn + (1 - one) * tn)

    def constants(self, rows):
        """The cost of each row under each constant action, and of perfection."""
        y = self.y[rows]
        if self.name in CLASSES:
            each = self.costs[:, y].T
        else:
            fp, fn, tp, tn = (m[rows] for m in self.money)
            each = np.column_stack([np.where(y == 1, fn, tn), np.where(y == 1, tp, fp)])
        return each, each.min(1)


def run(binary, folder, names):
    os.makedirs(folder, exist_ok=True)
    for name in names:
        s = Set(name)
        for seed in range(SEEDS[name]):
            path = os.path.join(folder, f"{name.split(',')[0]}-{seed}.jsonl")
            if os.path.exists(path):
                continue
            with tempfile.TemporaryDirectory() as at:
                s.write(at, seed)
                done = subprocess.run(["nice", "-n", "5", binary, "-scenario", f"{at}/scenario.yaml", "-folds", f"{at}/folds.txt"], capture_output=True, text=True)
                if done.returncode:
                    raise SystemExit(f"{name}: {done.stderr}")
            with open(path, "w") as f:
                f.write(done.stdout)
            print(name, seed, flush=True)


def calibration_error(p, y, bins=15):
    """Mean distance of predicted and observed in bins of equally many rows."""
    order = np.argsort(p, kind="stable")
    return sum(abs(p[b].sum() - y[b].sum()) for b in np.array_split(order, bins)) / len(p)


def read(folder, name):
    """The held-out rows of each seed and model: method -> probabilities by row."""
    s = Set(name)
    out = []
    for seed in range(SEEDS[name]):
        path = os.path.join(folder, f"{name.split(',')[0]}-{seed}.jsonl")
        if not os.path.exists(path):
            continue
        by = {}
        with open(path) as f:
            for text in f:
                line = json.loads(text)
                rows = np.array(line["rows"]) - 1
                # Classes stand in the order in which they are met; the names
                # say which is which only for two.
                order = line["y"]
                k = len(line["p"]["none"]) // len(rows)
                m = by.setdefault(line["model"], {"p": {w: np.zeros((len(s.y), k)) for w in METHODS}, "chosen": [], "codes": np.zeros(len(s.y), int), "seconds": {}})
                for w in METHODS:
                    m["p"][w][rows] = np.array(line["p"][w]).reshape(len(rows), k)
                m["codes"][rows] = np.array(order, int)
                m["chosen"].append(line["chosen"])
                for w, v in line["seconds"].items():
                    m["seconds"][w] = m["seconds"].get(w, 0) + v
        for label, m in by.items():
            # The column of the program's class k is that of our class to[k].
            to = {code: s.y[m["codes"] == code][0] for code in np.unique(m["codes"])}
            for w in METHODS:
                p = m["p"][w]
                m["p"][w] = p[:, [c for c, _ in sorted(to.items(), key=lambda x: x[1])]]
            out.append((seed, label, m))
    return s, out


def judge(s, p):
    rows = np.arange(len(s.y))
    q = np.clip(p[rows, s.y], 1e-15, 1)
    hot = np.eye(p.shape[1])[s.y]
    realised, expected = s.decide(p, rows)
    ks = [1] if p.shape[1] == 2 else range(p.shape[1])
    return {
        "loss": -np.log(q), "brier": ((p - hot) ** 2).sum(1) / 2, "realised": realised, "expected": expected,
        "error": np.mean([calibration_error(p[:, k], (s.y == k).astype(float)) for k in ks]),
    }


def report(folder):
    r = np.random.default_rng(0)
    total = {w: {"loss": [], "brier": [], "error": [], "savings": [], "apart": [], "inside": []} for w in METHODS}
    for name in SEEDS:
        s, runs = read(folder, name)
        if not runs:
            continue
        n = len(s.y)
        each, perfect = s.constants(np.arange(n))
        base = each.sum(0).min()
        draws = r.integers(0, n, (RESAMPLES if n < 20000 else 400, n))
        print(f"\n### {name}: {n} rows, {len(runs)} runs of a model, the better constant costs {base:.6g}\n")
        print("| method | log-loss | Brier | calibration error | savings | realised / expected | shortfall's ratio | against chosen: log-loss | savings |\n|---|---|---|---|---|---|---|---|---|")
        found = {w: [judge(s, m["p"][w]) for _, _, m in runs] for w in METHODS}
        for w in METHODS:
            f = found[w]
            loss, brier, error = (np.mean([np.mean(x[k]) for x in f]) for k in ("loss", "brier", "error"))
            saved = [1 - x["realised"].sum() / base for x in f]
            ratio = [x["realised"].sum() / x["expected"].sum() for x in f]
            # Means over runs per row, resampled by row: the same rows for all.
            more = np.mean([a["loss"] - b["loss"] for a, b in zip(f, found["chosen"])], 0)
            money = np.mean([b["realised"] - a["realised"] for a, b in zip(f, found["chosen"])], 0) / base * n
            re, ex = np.mean([x["realised"] for x in f], 0), np.mean([x["expected"] for x in f], 0)
            interval = np.percentile(re[draws].sum(1) / ex[draws].sum(1), [2.5, 97.5])
            gap = shortfall(s, f, perfect, runs, w)
            print(f"| {w} | {loss:.4f} | {brier:.4f} | {error:.4f} | {np.mean(saved):.3f} | {re.sum() / ex.sum():.3f} [{interval[0]:.2f}, {interval[1]:.2f}] | {gap:.3f} | "
                  f"{more.mean():+.4f} ± {more.std() / np.sqrt(n):.4f} | {money.mean():+.4f} ± {money.std() / np.sqrt(n):.4f} |")
            t = total[w]
            t["loss"].append(more.mean())
            t["brier"].append(brier)
            t["error"].append(error)
            t["savings"].append(np.mean(saved))
            t["apart"].append(np.mean(np.abs(np.log(ratio))))
            t["inside"].append(np.mean([(0.9 <= x <= 1.1) for x in ratio]))
        print("\nchosen:", ", ".join(f"{k} {v}" for k, v in sorted(count([c for _, _, m in runs for c in m["chosen"]]).items(), key=lambda x: -x[1])))
    print("\n### all sets, each counted once\n")
    print("| method | log-loss beside chosen | Brier | calibration error | savings | distance of realised / expected from 1 | share of runs inside 0.9 to 1.1 |\n|---|---|---|---|---|---|---|")
    for w, t in total.items():
        print(f"| {w} | {np.mean(t['loss']):+.4f} | {np.mean(t['brier']):.4f} | {np.mean(t['error']):.4f} | {np.mean(t['savings']):.4f} | {np.mean(t['apart']):.3f} | {np.mean(t['inside']):.2f} |")


def shortfall(s, f, perfect, runs, w):
    """The gate's ratio: what decisions fell short of a perfect model, realised
    over expected."""
    out = []
    for x, (_, _, m) in zip(f, runs):
        p = m["p"][w]
        if p.shape[1] > 2:
            ideal = p @ s.costs.min(0)
        else:
            fp, fn, tp, tn = s.money
            ideal = p[:, 1] * np.minimum(tp, fn) + p[:, 0] * np.minimum(fp, tn)
        out.append((x["realised"] - perfect).sum() / (x["expected"] - ideal).sum())
    return np.mean(out)


def count(words):
    out = {}
    for w in words:
        out[w] = out.get(w, 0) + 1
    return out


if __name__ == "__main__":
    binary, what, folder = sys.argv[1:4]
    if what == "run":
        run(binary, folder, sys.argv[4:] or list(SEEDS))
    else:
        report(folder)
