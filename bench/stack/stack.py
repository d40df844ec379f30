"""Does stacking pay, and what is distillation worth, on the sets of bench/automl?

    python bench/stack/stack.py run [--rows 1500] [--trials 24] [--size 20kB] [set ...]
    python bench/stack/stack.py report

Of each set at most --rows rows are drawn, evenly by outcome, and cut into three
outer folds. For each fold a guided search of --trials trials learns from the
other two. Then three ways of using the same trials predict the fold, whichever
was taken: the best single candidate, the committee's mean and the stack. A
second search of the same trials gets a limit of --size bytes, which the
committee breaks, and the distilled model predicts the fold beside the best
single candidate that keeps the limit. Trial budgets are deterministic: the same
figures come again on any machine, but for the seconds. Figures go to
results.json.
"""

import argparse
import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import pandas as pd

HERE = pathlib.Path(__file__).resolve().parent
ROOT = HERE.parent.parent
sys.path[:0] = [str(HERE.parent / "quality"), str(HERE.parent / "automl")]
import automl  # noqa: E402
import sets  # noqa: E402

RESULTS = HERE / "results.json"
OUTER = 3


def draw(name, rows, seed=0):
    """The frame of at most so many rows, its target and task, and the outer fold of each row."""
    frame, target, task = automl.load(name)
    frame = frame.drop(columns=sets.HIDDEN.get(name, []))
    rng = np.random.default_rng(seed)
    groups = frame[target] if task != "regression" else pd.qcut(frame[target], 10, labels=False, duplicates="drop")
    kept, fold = [], np.zeros(len(frame), int)
    for _, at in frame.groupby(groups.to_numpy()).indices.items():
        at = rng.permutation(at)[: max(OUTER * 4, round(len(at) * min(1, rows / len(frame))))]
        fold[at] = np.arange(len(at)) % OUTER
        kept.append(at)
    kept = np.sort(np.concatenate(kept))
    return frame.iloc[kept].reset_index(drop=True), target, task, fold[kept]


def ask(program, name, rows, trials, limit, threads):
    frame, target, task, fold = draw(name, rows)
    with tempfile.TemporaryDirectory() as at:
        at = pathlib.Path(at)
        frame.to_csv(at / "data.csv", index=False)
        (at / "folds.txt").write_text("\n".join(map(str, fold)) + "\n")
        kind = "number" if task == "regression" else "category"
        lines = [f"scenario: {name}", "data:", "  source: data.csv", f"  target: {target}", "  columns:", f"    {target}: {{kind: {kind}}}"]
        lines.append(f"budget: {{trials: {trials}, search: guided}}")
        if limit:
            lines.append(f"limits: {{size: {limit}}}")
        (at / "scenario.yaml").write_text("\n".join(lines) + "\n")
        subprocess.run([program, "-scenario", at / "scenario.yaml", "-folds", at / "folds.txt", "-out", at / "out.csv",
                        "-second", at / "second.json", "-threads", str(threads)], check=True)
        return json.loads((at / "second.json").read_text())


def run(a):
    found = json.loads(RESULTS.read_text()) if RESULTS.exists() else {}
    with tempfile.TemporaryDirectory() as at:
        program = a.binary or os.path.join(at, "quality")
        if not a.binary:
            subprocess.run(["go", "build", "-o", program, "./bench/quality"], check=True, cwd=ROOT)
        for name in a.sets or automl.NAMES:
            for what, limit in [("stack", ""), ("distil", a.size)]:
                if a.only and what != a.only:
                    continue
                found.setdefault(what, {})[name] = {"rows": a.rows, "trials": a.trials, "limit": limit, "folds": ask(program, name, a.rows, a.trials, limit, a.threads)}
                RESULTS.write_text(json.dumps(found, indent=1) + "\n")


def mean(folds, key):
    values = [f[key] for f in folds if f.get(key) is not None]
    return np.mean(values) if len(values) == len(folds) else None


def show(v):
    return "–" if v is None else f"{v:.4g}"


def report(_):
    found = json.loads(RESULTS.read_text())
    print("| set | rows | single | mean | stack | mean - stack | taken | nested mean - stack |\n|---|---|---|---|---|---|---|---|")
    for name, r in found["stack"].items():
        folds = r["folds"]
        both = [f for f in folds if f["mean"] is not None and f["stack"] is not None]
        gain = noise = None
        if both:
            rows = np.array([f["rows"] for f in both])
            gain = np.average([f["gain"] for f in both], weights=rows)
            noise = np.sqrt(np.sum((rows * [f["noise"] for f in both]) ** 2)) / rows.sum()
        taken = sum(f["chosen"].startswith("stack") for f in folds)
        nested = "; ".join(f"{f['second']['mean'] - f['second']['loss']:.2g} ± {f['second']['error']:.2g}" for f in both)
        part = lambda k: show(mean(both, k) if both else mean(folds, k))  # noqa: E731
        print(f"| {name} | {sum(f['rows'] for f in folds)} | {part('single')} | {part('mean')} | {part('stack')} | {show(gain)} ± {show(noise)} | {taken} of {len(folds)} | {nested} |")
    print()
    print("| set | searches with a student | teacher | student | kB | best single within the limit | student taken |\n|---|---|---|---|---|---|---|")
    for name, r in found.get("distil", {}).items():
        folds = [f for f in r["folds"] if f.get("student") is not None]
        if not folds:
            print(f"| {name} | 0 of {len(r['folds'])} | | | | | |")
            continue
        teacher = np.mean([f["mean"] for f in folds])  # no stack was taken
        within = [f"{f['single']:.4g} ({f['student']:.4g})" if f["within"] else "none" for f in folds]
        taken = sum(f["chosen"].startswith("distilled") for f in folds)
        size = np.mean([f["student_bytes"] for f in folds]) / 1000
        print(f"| {name} | {len(folds)} of {len(r['folds'])} | {show(teacher)} | {show(mean(folds, 'student'))} | {size:.0f} | {'; '.join(within)} | {taken} |")


def main():
    p = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("what", choices=["run", "report"])
    p.add_argument("sets", nargs="*")
    p.add_argument("--rows", type=int, default=1500)
    p.add_argument("--trials", type=int, default=24)
    p.add_argument("--size", default="20kB")
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--only", choices=["stack", "distil"])
    p.add_argument("--binary")
    a = p.parse_args()
    {"run": run, "report": report}[a.what](a)


main()
