"""How the winner among the trials of a search should be chosen.

    python bench/quality/rules.py BINARY FOLDER set:trials:seeds ...
    python bench/quality/rules.py /tmp/quality /tmp/study attrition:30:0,1,2 telco-churn:24:0,1

For each set and seed it runs ours on 5 outer folds with -study, which refits
every trial and predicts the outer fold with it, so that any rule can be tried
on what the search knew and judged on what it did not. A seed changes the outer
folds and the search. FOLDER keeps what was run.

Prints, per rule: savings by the per-row cut-off, log-loss, and realised over
expected cost; all of outer folds, means over seeds.
"""

import json
import os
import subprocess
import sys

import blend
import numpy as np
import quality


class Fold:
    """What a search knew about its trials, and what became of each."""

    def __init__(self, s, path):
        with open(path + ".json") as f:
            about = json.load(f)
        self.development = np.array(about["development"]) - 1
        self.test = np.array(about["test"]) - 1
        self.labels = [t["candidate"]["label"] for t in about["trials"]]
        n, m = len(self.development), len(self.test)
        numbers = np.fromfile(path + ".bin").reshape(len(self.labels), 2 * n + 2 * m)
        # Of each trial: predictions of rows it did not learn from, raw and calibrated.
        self.raw, self.becomes_raw = numbers[:, :n], numbers[:, 2 * n:2 * n + m]
        self.known, self.becomes = numbers[:, n:2 * n], numbers[:, 2 * n + m:]
        self.y = y = s.y[self.development]
        p = np.clip(self.known, 1e-15, 1 - 1e-15)
        self.loss = -np.where(y == 1, np.log(p), np.log(1 - p))
        if s.money:
            rows = self.development
            fp, fn, tp, tn = (m[rows] for m in s.money)
            act = self.known > quality.cutoff(s)[rows]
            self.money = -np.where(act, np.where(y == 1, tp, fp), np.where(y == 1, fn, tn))

    def told_apart(self, score, errors, among=None):
        """Trials whose score is below the best by at most so many standard errors."""
        among = np.arange(len(score)) if among is None else among
        best = among[score[among].mean(1).argmax()]
        d = score[best] - score[among]
        return among[d.mean(1) <= errors * d.std(1, ddof=1) / np.sqrt(d.shape[1])]

    def by_loss(self, among):
        return among[np.argsort(self.loss[among].mean(1), kind="stable")]

    def least_loss(self, among, k=1):
        return self.becomes[self.by_loss(among)[:k]].mean(0)

    def pool(self):
        """What a mean is drawn from: those that cannot be told from the most money, by loss."""
        return self.by_loss(self.told_apart(self.money, 2))

    def designed(self):
        return np.array([i for i, label in enumerate(self.labels) if "#" not in label])


def everything(f):
    return np.arange(len(f.labels))


RULES = {
    "most money": lambda f: f.becomes[f.money.mean(1).argmax()],
    "money within 1 error, then loss": lambda f: f.least_loss(f.told_apart(f.money, 1)),
    "money within 2 errors, then loss": lambda f: f.least_loss(f.told_apart(f.money, 2)),
    "loss": lambda f: f.least_loss(everything(f)),
    "loss within 1 error, then money": lambda f: f.becomes[max(f.told_apart(-f.loss, 1), key=lambda i: f.money[i].mean())],
    "loss within 1 error, the simplest": lambda f: f.becomes[f.told_apart(-f.loss, 1)[0]],
    "loss, proposals only": lambda f: f.least_loss(f.designed()),
    "mean of the first 5, calibrated before": lambda f: f.least_loss(f.told_apart(f.money, 2), 5),
    "mean of the first 5, calibrated after": lambda f: blend.mean(f, f.pool()[:5], np.ones(len(f.pool()[:5]))),
    "greedy mean, 5 draws": lambda f: blend.greedy(f, f.pool(), 5),
    "greedy mean of probabilities, 5 draws": lambda f: blend.greedy(f, f.pool(), 5, of_odds=False),
    "greedy mean, 10 draws": lambda f: blend.greedy(f, f.pool(), 10),
    "greedy mean, 25 draws": lambda f: blend.greedy(f, f.pool(), 25),
    "greedy mean, 5 draws, each once": lambda f: blend.greedy(f, f.pool(), 5, again=False),
}


def study(binary, folder, name, trials, seed):
    quality.SEED = seed
    s = quality.Set(name)
    at = os.path.join(folder, f"{name}-{seed}")
    if not os.path.exists(os.path.join(at, f"fold-{quality.FOLDS - 1}.bin")):
        os.makedirs(at, exist_ok=True)
        s.write(at, trials)
        subprocess.run([binary, "-scenario", os.path.join(at, "scenario.yaml"), "-folds", os.path.join(at, "folds.txt"),
                        "-out", os.path.join(at, "ours.csv"), "-study", at, "-threads", str(quality.THREADS)], check=True)
    return s, [Fold(s, os.path.join(at, f"fold-{k}")) for k in range(quality.FOLDS)]


def main():
    binary, folder, wanted = sys.argv[1], sys.argv[2], sys.argv[3:]
    print("| set (seeds) | rule | savings | log-loss | realised / expected |\n|---|---|---|---|---|")
    over = {}
    for word in wanted:
        name, trials, seeds = word.split(":")
        found = {r: [] for r in RULES}
        for seed in map(int, seeds.split(",")):
            s, folds = study(binary, folder, name, int(trials), seed)
            for r, rule in RULES.items():
                p = np.empty(len(s.y))
                for f in folds:
                    p[f.test] = rule(f)
                act = p > quality.cutoff(s)
                found[r].append((quality.savings_of(s, [act])[0], quality.losses(s, p).mean(),
                                 quality.cost(s, act).sum() / quality.expected(s, p, act).sum()))
        for r, v in found.items():
            v = np.mean(v, axis=0)
            over.setdefault(r, []).append(v)
            print(f"| {name} ({len(seeds.split(','))}) | {r} | {v[0]:.4f} | {v[1]:.4f} | {v[2]:.3f} |", flush=True)
    for r, v in over.items():
        v = np.mean(v, axis=0)
        print(f"| all sets | {r} | {v[0]:.4f} | {v[1]:.4f} | {v[2]:.3f} |")


if __name__ == "__main__":
    main()
