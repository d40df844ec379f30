"""One-hot columns that share histograms, and bins of 16 bits, beside LightGBM.

    go build -o /tmp/trees ./bench/trees
    python bench/trees/wide.py /tmp/trees onehot [repeats]
    python bench/trees/wide.py /tmp/trees bins [set ...]

onehot: 50,000 rows of 30 categories with 10 levels each as 300 columns of 0 and
1, once with columns that share and once without, for both programs. The four run
in turn, five times or as asked for, and the least counts: processor seconds with one thread, wall
seconds with two. "peak MB" is the most memory that the process has had with one
thread or two, the data as float64 (twice: all rows, and those learnt from) in it.

bins: losses and processor seconds with at most 255 and 1023 bins a column, over
six partitions into five folds as in parity.py.
"""

import json
import os
import subprocess
import sys
import tempfile

import numpy as np
import parity

ROUNDS = {"rounds": 100}


def onehot(rows=50_000, categories=30, levels=10):
    r = np.random.default_rng(7)
    x = np.zeros((rows, categories * levels))
    score = r.standard_normal(rows)
    for k in range(categories):
        # Squared, so that some levels are rare.
        level = (r.random(rows) ** 2 * levels).astype(int)
        x[np.arange(rows), k * levels + level] = 1
        score += 0.5 * r.standard_normal(levels)[level]
    score += x[:, 3] * x[:, 27] - x[:, 10] * x[:, 41]
    return x, (score > 0).astype(float), "binary", ["0", "1"], parity.numbers(x.shape[1])


def child(args):
    """What the child printed, and the most memory in MB that it has had."""
    with tempfile.TemporaryFile() as out:
        p = subprocess.Popen(args, stdout=out)
        _, status, usage = os.wait4(p.pid, 0)
        p.returncode = os.waitstatus_to_exitcode(status)
        if p.returncode != 0:
            raise SystemExit(f"{args} ended with {p.returncode}")
        out.seek(0)
        return json.loads(out.read()), usage.ru_maxrss / 1024


def ours(binary, at, params, threads):
    return child([binary, "-data", at, "-params", json.dumps(params), "-threads", str(threads)])


def peer(at, params, threads):
    return child([sys.executable, __file__, "", "peer", at, json.dumps(params), str(threads)])


def peer_main(at, params, threads):
    meta = json.load(open(os.path.join(at, "meta.json")))
    x = np.fromfile(os.path.join(at, "x.bin")).reshape(meta["rows"], -1)
    y = np.fromfile(os.path.join(at, "y.bin"))
    fold = np.fromfile(os.path.join(at, "fold.bin"), np.int32)
    print(json.dumps(parity.lightgbm(x, y, meta["task"], meta["classes"], meta["features"], fold, meta["folds"], params, threads)))


def compare_onehot(binary, repeats=5):
    data = onehot()
    fold = parity.folds(data[1], data[2], 1, 0)
    sides = {
        "ours, shared": (lambda t: ours(binary, at, ROUNDS, t)),
        "ours, apart": (lambda t: ours(binary, at, ROUNDS | {"exclusive": "apart"}, t)),
        "LightGBM, bundled": (lambda t: peer(at, ROUNDS, t)),
        "LightGBM, not bundled": (lambda t: peer(at, ROUNDS | {"enable_bundle": False}, t)),
    }
    got = {name: ([], [], [], set()) for name in sides}
    with tempfile.TemporaryDirectory() as at:
        parity.write(at, *data, fold, 1)
        for _ in range(repeats):
            for threads in (1, 2):
                for name, run in sides.items():
                    result, memory = run(threads)
                    cpu, wall, peak, loss = got[name]
                    (cpu if threads == 1 else wall).append(min(result["cpu"] if threads == 1 else result["train"]))
                    peak.append(memory)
                    loss.add(result["loss"][0])
    print("| | loss | processor s | wall s | peak MB |\n|---|---|---|---|---|")
    for name, (cpu, wall, peak, loss) in got.items():
        print(f"| {name} | {'/'.join(f'{x:.6f}' for x in sorted(loss))} | {min(cpu):.2f} | {min(wall):.2f} | {min(peak):.0f} |")


def compare_bins(binary, names):
    print("| set | bins | ours | LightGBM | difference | standard error | processor s, ours | LightGBM |")
    print("|---|---|---|---|---|---|---|---|")
    for name in names:
        make, extra = parity.CASES[name]
        data = make()
        for bins in (255, 1023):
            params = ROUNDS | extra | {"max_bins": bins}
            a, b, times = [], [], [[], []]
            for seed in range(6):
                fold = parity.folds(data[1], data[2], 5, seed)
                with tempfile.TemporaryDirectory() as at:
                    parity.write(at, *data, fold, 5)
                    mine = parity.ours(binary, at, params, 1)
                theirs = parity.lightgbm(*data, fold, 5, params, 1)
                a, b = a + mine["loss"], b + theirs["loss"]
                times[0] += mine["cpu"]
                times[1] += theirs["cpu"]
            a, b = np.array(a), np.array(b)
            print(f"| {name} | {bins} | {a.mean():.6g} | {b.mean():.6g} | {(a.mean() / b.mean() - 1) * 100:+.2f} % "
                  f"| {(a - b).std(ddof=1) / np.sqrt(len(a)) / b.mean() * 100:.2f} % | {min(times[0]):.2f} | {min(times[1]):.2f} |", flush=True)


def main():
    binary, what, rest = sys.argv[1], sys.argv[2], sys.argv[3:]
    if what == "peer":
        peer_main(rest[0], json.loads(rest[1]), int(rest[2]))
    elif what == "onehot":
        compare_onehot(binary, *map(int, rest))
    else:
        compare_bins(binary, rest or ["diamonds"])


if __name__ == "__main__":
    main()
