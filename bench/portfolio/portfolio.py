"""Learns the list of candidates that the guided search tries first.

    python bench/portfolio/portfolio.py measure BINARY [set ...]
    python bench/portfolio/portfolio.py learn

`measure` lets ./bench/portfolio fit the same candidates (design's proposals and
draws from the search ranges of boosted trees) on at most 3000 rows of each set,
out of fold, and keeps losses and seconds in trials.json. `learn` chooses from
them the list whose candidates, tried in order, come near the best of each set
soonest, writes it to design/portfolio.json, and prints how it does on sets that
it was not learnt from (RESULTS.md).
"""

import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import pandas as pd

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "quality"))
import sets  # noqa: E402

TRIALS = os.path.join(HERE, "trials.json")
SHIPPED = os.path.join(HERE, "..", "..", "design", "portfolio.json")
LENGTH = 6


def dna_splice():
    return pd.read_csv(os.path.join(sets.DATA, "dna-splice", "DNA.csv")), "Class", None, None


ALL = sets.SETS | sets.DEVELOPMENT | {"dna-splice": dna_splice}


# Sets with many rows are measured with many as well, on one fold of three: what
# is best depends on how many there are.
MANY = 12000
LARGE = [f"{n}, many rows" for n in ("diamonds", "bank-costs", "lending-club", "online-shoppers", "mlc-churn", "wine-quality", "spambase")]


def of(name):
    """The set behind a measurement."""
    return name.removesuffix(", many rows")


def load():
    """What was measured: trials by set."""
    if not os.path.exists(TRIALS):
        return {}
    with open(TRIALS) as f:
        kept = json.load(f)
    return {n: [{"candidate": kept["candidates"][label], "loss": loss, "seconds": seconds} for label, (loss, seconds) in trials.items()]
            for n, trials in kept["sets"].items()}


def save(found):
    """Keeps every candidate once, under its label."""
    candidates = {t["candidate"]["label"]: {k: v for k, v in t["candidate"].items() if k != "reason"} for trials in found.values() for t in trials}
    kept = {n: {t["candidate"]["label"]: [round(t["loss"], 6), round(t["seconds"], 3)] for t in trials} for n, trials in found.items()}
    with open(TRIALS, "w") as f:
        f.write(json.dumps({"candidates": candidates, "sets": kept}).replace("}, ", "},\n") + "\n")


def measure(binary, names):
    found = load()
    for name in names or list(ALL) + LARGE:
        frame, target, positive, _ = ALL[of(name)]()
        frame = frame.drop(columns=sets.HIDDEN.get(of(name), []))
        with tempfile.TemporaryDirectory() as at:
            frame.to_csv(os.path.join(at, "data.csv"), index=False)
            lines = [f"scenario: {of(name)}", "data:", "  source: data.csv", f"  target: {target}"]
            if positive:
                lines.append(f"  positive: {positive}")
            elif frame[target].dtype.kind in "if":
                lines += ["  columns:", f"    {target}: {{kind: number}}"]
            with open(os.path.join(at, "scenario.yaml"), "w") as f:
                f.write("\n".join(lines) + "\n")
            out = os.path.join(at, "trials.json")
            more = ["-rows", str(MANY), "-use", "1"] if name in LARGE else []
            subprocess.run([binary, "-scenario", os.path.join(at, "scenario.yaml"), "-out", out, *more], check=True)
            with open(out) as f:
                found[name] = json.load(f)
        print(f"{name}: {sum(t['seconds'] for t in found[name]):.0f} s", flush=True)
        save(found)


def key(candidate):
    """What a candidate is on any set: linear models of classes and of numbers are one."""
    return json.dumps([candidate["model"], candidate.get("params") or {}], sort_keys=True)


def table(found):
    """Regret and seconds of the tree candidates by set. Regret is the loss above
    the least of the set, in units of what the least is below the baseline."""
    keys, labels = [], {}
    for trials in found.values():
        for t in trials:
            if t["candidate"]["model"] == "trees.boost.v1" and key(t["candidate"]) not in keys:
                keys.append(key(t["candidate"]))
                labels[keys[-1]] = t["candidate"]
    regret, seconds, linear = {}, {}, {}
    for name, trials in found.items():
        best, base = min(t["loss"] for t in trials), trials[0]["loss"]
        scale = lambda loss: (loss - best) / (base - best)  # noqa: E731
        by = {key(t["candidate"]): t for t in trials}
        regret[name] = np.array([scale(by[k]["loss"]) for k in keys])
        seconds[name] = np.array([by[k]["seconds"] for k in keys])
        linear[name] = min(scale(t["loss"]) for t in trials if t["candidate"]["model"] in ("linear.logistic.v1", "linear.ridge.v1"))
    return [labels[k] for k in keys], regret, seconds, linear


def greedy(regret, seconds, linear, names, length):
    """The candidates that lower the mean regret of the sets most for the time that
    they take, which is counted in the time of the set's mean candidate."""
    at = {n: min(1.0, linear[n]) for n in names}
    cost = np.mean([seconds[n] / seconds[n].mean() for n in names], axis=0)
    chosen = []
    while len(chosen) < length:
        gain = np.mean([np.maximum(0, at[n] - regret[n]) for n in names], axis=0) / cost
        gain[chosen] = -1
        if gain.max() <= 0:
            break
        chosen.append(int(gain.argmax()))
        at = {n: min(at[n], regret[n][chosen[-1]]) for n in names}
    return chosen


def shipped(found, without=""):
    """The list that design reads, learnt without a set: that of few rows, since
    with many it is not better than the order of design's proposals."""
    candidates, regret, seconds, linear = table(found)
    chosen = greedy(regret, seconds, linear, [n for n in split(found)["few"] if n != without], LENGTH)
    return [{"params": {k: float(v) for k, v in candidates[i]["params"].items()}} for i in chosen]


def split(found):
    return {"few": [n for n in found if n not in LARGE], "many": [n for n in found if n in LARGE]}


def curve(order, regret, seconds, linear, name, shares):
    """The regret after so many mean candidates' worth of time."""
    out = []
    for share in shares:
        left, best = share * seconds[name].mean(), min(1.0, linear[name])
        for i in order:
            left -= seconds[name][i]
            if left < 0:
                break
            best = min(best, regret[name][i])
        out.append(best)
    return out


def learn():
    found = load()
    with open(SHIPPED, "w") as f:
        json.dump(shipped(found), f, indent=1)
        f.write("\n")
    candidates, regret, seconds, linear = table(found)
    proposals = [i for i, c in enumerate(candidates) if "#" not in c["label"]]
    draws = [i for i, c in enumerate(candidates) if "#" in c["label"]]
    tail = proposals + draws
    rng = np.random.default_rng(0)
    shares = [1, 2, 4, 8, 16]
    for what, names in split(found).items():
        print(f"\n{what} rows, {len(names)} sets\n\n| tried in order | " + " | ".join(f"{s} x" for s in shares) + " |\n|---" + "|---" * len(shares) + "|")
        for label in ("portfolio, learnt without the set, then as below", "design's proposals, then draws", "draws"):
            rows = []
            for n in names:
                first = greedy(regret, seconds, linear, [m for m in names if of(m) != of(n)], LENGTH)
                order = first + [i for i in tail if i not in first] if label.startswith("portfolio") else tail
                if label == "draws":
                    rows.append(np.mean([curve(rng.permutation(draws), regret, seconds, linear, n, shares) for _ in range(200)], axis=0))
                else:
                    rows.append(curve(order, regret, seconds, linear, n, shares))
            print(f"| {label} | " + " | ".join(f"{v:.4f}" for v in np.mean(rows, axis=0)) + " |")
        print()
        for i in greedy(regret, seconds, linear, names, LENGTH):
            p = candidates[i]["params"]
            print(f"- {candidates[i]['label']}: {p['rounds']} x {p['learning_rate']} x {p['num_leaves']}")


if __name__ == "__main__":
    measure(sys.argv[2], sys.argv[3:]) if sys.argv[1] == "measure" else learn()
