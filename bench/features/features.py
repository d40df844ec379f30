"""Which steps of derived features pay, on which sets, for trees and for linear models.

    go build -o /tmp/features ./bench/features
    python bench/features/features.py /tmp/features [set ...]

For each set (at most ROWS rows, or TEXT_ROWS, drawn once): each step alone on five folds, and
the steps that are kept automatically, chosen on three inner folds outside of
each of five outer folds and measured inside. Figures go to results.json beside
this file, and as tables between the marks of RESULTS.md. A set that was not run
keeps its figures.
"""

import json
import os
import subprocess
import sys
import tempfile

import pandas as pd

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, "..", "quality"))
import sets  # noqa: E402

# Sets with texts have fewer rows: their steps make hundreds of features.
ROWS, TEXT_ROWS = 2000, 1200


def movielens():
    frame = sets._csv("movielens-small", "movielens.csv")
    return frame[["title", "year", "genres", "userId", "rating", "timestamp"]], "rating", None


def splice(letters):
    frame = sets._csv("dna-splice", "splice_sequences.csv")
    if not letters:
        return frame, "class", "several"
    out = pd.DataFrame({f"p{i + 1}": frame["seq"].str[i] for i in range(60)})
    out["class"] = frame["class"]
    return out, "class", "several"


def banking():
    frame = sets._csv("banking77", "train.csv")
    common = sorted(frame["category"].value_counts().index[:8])
    return frame[frame["category"].isin(common)].reset_index(drop=True), "category", "several"


def sst2():
    frame = pd.read_csv(os.path.join(sets.DATA, "sst2", "train.tsv"), sep="\t", names=["text", "label"], quoting=3)
    frame["label"] = frame["label"].map({0: "bad", 1: "good"})
    return frame, "label", "good"


def car_loan():
    frame = sets._csv("car-loan", "synthetic_car_loan_reference.csv").drop(columns=["id", "y_pred", "y_pred_proba"])
    frame["repaid"] = frame["repaid"].map({0.0: "no", 1.0: "yes"})
    return frame, "repaid", "yes"


def chicago():
    frame = sets._csv("chicago", "Chicago.csv")
    frame["date"] = pd.to_datetime(frame["date"], unit="D").dt.strftime("%Y-%m-%d")  # days since 1970
    return frame, "ridership", None


def temperatures():
    frame = sets._csv("daily-min-temps", "daily-min-temperatures.csv")
    return frame, frame.columns[1], None


OWN = {
    "movielens": movielens, "splice-letters": lambda: splice(True), "splice-text": lambda: splice(False),
    "banking-8": banking, "sst2": sst2, "car-loan": car_loan, "chicago": chicago, "temperatures": temperatures,
}
KINDS = {
    "movielens": {"userId": "category", "title": "category", "genres": "category", "timestamp": None},
    "splice-text": {"seq": "text"}, "banking-8": {"text": "text"}, "sst2": {"text": "text"},
    "car-loan": {"timestamp": "time"}, "chicago": {"date": "time"}, "temperatures": {"Date": "time"},
}
NAMES = list((sets.SETS | sets.DEVELOPMENT).keys()) + list(OWN)


def write(name, at):
    if name in OWN:
        frame, target, positive = OWN[name]()
    else:
        frame, target, positive, _ = (sets.SETS | sets.DEVELOPMENT)[name]()
    drop = sets.HIDDEN.get(name, []) + [c for c, kind in KINDS.get(name, {}).items() if kind is None]
    frame = frame.drop(columns=drop)
    most = TEXT_ROWS if "text" in KINDS.get(name, {}).values() else ROWS
    if len(frame) > most:
        frame = frame.sample(most, random_state=0).sort_index()
    frame.to_csv(os.path.join(at, "data.csv"), index=False)
    lines = [f"scenario: {name}", "data:", "  source: data.csv", f"  target: {target}"]
    columns = [f"    {c}: {{kind: {kind}}}" for c, kind in KINDS.get(name, {}).items() if kind]
    if positive is None:
        columns.append(f"    {target}: {{kind: number}}")
    elif positive == "several":
        columns.append(f"    {target}: {{kind: category}}")
    else:
        lines.append(f"  positive: '{positive}'")
    if columns:
        lines += ["  columns:"] + columns
    with open(os.path.join(at, "scenario.yaml"), "w") as f:
        f.write("\n".join(lines) + "\n")


def run(binary, name):
    with tempfile.TemporaryDirectory() as at:
        write(name, at)
        done = subprocess.run([binary, "-scenario", os.path.join(at, "scenario.yaml")], capture_output=True, text=True)
    if done.returncode:
        print(name, done.stderr, file=sys.stderr)
        return None
    return json.loads(done.stdout)


MODELS = {"native": "trees", "dense": "linear"}


def percent(gain, before):
    return f"{100 * gain / before:+.2f}"


def alone(results, encoding):
    steps = []
    for r in results.values():
        for g in r["alone"]:
            if g["encoding"] == encoding and g["step"] not in steps:
                steps.append(g["step"])
    lines = ["| set | loss | " + " | ".join(steps) + " |", "|---|---|" + "---|" * len(steps)]
    for name, r in results.items():
        of = {g["step"]: g for g in r["alone"] if g["encoding"] == encoding and g["before"]}
        if not of:
            continue
        before = next(iter(of.values()))["before"]
        cells = []
        for s in steps:
            g = of.get(s)
            if not g:
                cells.append("")
                continue
            text = f"{percent(g['gain'], before)} ± {100 * g['error'] / before:.2f}"
            cells.append(f"**{text}**" if g["gain"] > 2 * g["error"] else text)
        lines.append(f"| {name} | {before:.4g} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def nested(results):
    lines = ["| set | rows | models | loss before | after | gain, % | kept in how many of 5 |", "|---|---|---|---|---|---|---|"]
    for name, r in results.items():
        for a in r["auto"]:
            kept = ", ".join(f"{s} {n}" for s, n in sorted(a["kept"].items(), key=lambda x: -x[1])) or "none"
            text = f"{percent(a['gain'], a['before'])} ± {100 * a['error'] / a['before']:.2f}"
            if abs(a["gain"]) > 2 * a["error"]:
                text = f"**{text}**"
            lines.append(f"| {name} | {r['rows']} | {MODELS[a['encoding']]} | {a['before']:.4g} | {a['after']:.4g} | {text} | {kept} |")
    return "\n".join(lines)


def report(results):
    path = os.path.join(HERE, "RESULTS.md")
    with open(path) as f:
        text = f.read()
    for mark, table in {"auto": nested(results), "trees": alone(results, "native"), "linear": alone(results, "dense")}.items():
        begin, end = f"<!-- {mark} -->", f"<!-- end {mark} -->"
        if begin in text:
            text = text[: text.index(begin) + len(begin)] + "\n" + table + "\n" + text[text.index(end) :]
    with open(path, "w") as f:
        f.write(text)


def main():
    binary, names = sys.argv[1], sys.argv[2:] or NAMES
    path = os.environ.get("RESULTS", os.path.join(HERE, "results.json"))
    results = {}
    if os.path.exists(path):
        with open(path) as f:
            results = json.load(f)
    for name in names:
        if name == "none":
            continue
        r = run(binary, name)
        if r is None:
            continue
        for g in r["alone"]:
            g["extras"] = len(g.get("extras") or [])
        results[name] = r
        print(f"{name}: {r['seconds']:.0f} s", flush=True)
        with open(path, "w") as f:
            json.dump({n: results[n] for n in NAMES if n in results}, f, indent=1)
            f.write("\n")
    if os.path.exists(os.path.join(HERE, "RESULTS.md")):
        report({n: results[n] for n in NAMES if n in results})


if __name__ == "__main__":
    main()
