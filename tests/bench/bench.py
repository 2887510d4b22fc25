#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Capture against its peers in the same run, as ratios (docs/performance.md keeps the figures).

    bench.py [--objects N] [--runs N] [ad] [entra] [history]

ad     one capture of N users against ldapsearch: same filter, attributes, paging, GSSAPI bind.
entra  one capture of N users against a plain sequential curl fetch of the same pages.
history  what recaptures and differences cost.
Peak memory is the process's own (getrusage), at N/10 and N objects, to show that it does not grow.
Each figure is the median of the runs; peers alternate with the program.
"""
import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import time

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
                                "scenario"))
import harness  # noqa: E402

LIMITS = {"wall ratio": 1.15, "peak MiB": 96}
FILTER = ("(|(objectClass=user)(objectClass=group)(objectClass=contact)"
          "(objectClass=organizationalUnit))")


def measure(args, env, stdout=subprocess.DEVNULL):
    """Wall seconds, CPU seconds and peak MiB of one process."""
    started = time.monotonic()
    child = subprocess.Popen(args, env=env, stdout=stdout, stderr=subprocess.PIPE)
    err = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.monotonic() - started
    code = os.waitstatus_to_exitcode(status)
    if code != 0:
        raise SystemExit(f"{args[:4]} ended {code}: {err.decode()[-2000:]}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def half_conf(scene, keep, name):
    """The lab's configuration with one directory and a fresh store."""
    with open(scene.env["ANCHORWATCH_CONF"], encoding="utf-8") as handle:
        text = handle.read()
    drop = "entra" if keep == "ad" else "ad"
    text = re.sub(rf"(?ms)^\[{drop} [^\]]*\]\n.*?(?=^\[|\Z)", "", text)
    store = os.path.join(scene.dir, f"{name}.db")
    text = re.sub(r"(?m)^path=.*$", f"path={store}", text)
    path = os.path.join(scene.dir, f"{name}.conf")
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
        handle.write(text)
    return path, store


def fresh(store):
    for suffix in ("", "-wal", "-shm", ".lock"):
        if os.path.exists(store + suffix):
            os.unlink(store + suffix)


def capture(scene, keep, run):
    conf, store = half_conf(scene, keep, f"bench-{keep}")
    fresh(store)
    figures = measure([harness.binary(), "-c", conf, "snapshot"], scene.env)
    return figures


def ldapsearch(scene, run):
    scene._kerberos()
    return measure(["ldapsearch", "-Q", "-Y", "GSSAPI", "-N", "-LLL", "-o", "ldif-wrap=no",
                    "-H", scene.env["LAB_LDAP_URI"], "-b", scene.base,
                    "-E", "pr=1000/noprompt", "-E", "!1.2.840.113556.1.4.529=:MAMCAQE=",
                    FILTER, "*", "replPropertyMetaData"], scene.env)


def curl_pages(scene, urls, run):
    """One curl process, one connection, the pages one after the other, compressed like ours."""
    listing = os.path.join(scene.dir, "pages.txt")
    with open(os.open(listing, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
        for url in urls:
            handle.write(f'url = "{url}"\noutput = "/dev/null"\n')
        handle.write(f'header = "Authorization: Bearer {scene.token()}"\n')
        handle.write('header = "Prefer: include-unknown-enum-members"\n')
    return measure(["curl", "-sS", "--fail", "--compressed", "--cacert", scene.env["LAB_CA_FILE"],
                    "--config", listing], scene.env)


def compare(name, ours, peers, peer_name):
    walls = [a[0] / b[0] for a, b in zip(ours, peers)]
    ratio = statistics.median(walls)
    row = {"what": name, "wall s": statistics.median(f[0] for f in ours),
           f"{peer_name} wall s": statistics.median(f[0] for f in peers), "wall ratio": ratio,
           "cpu s": statistics.median(f[1] for f in ours),
           f"{peer_name} cpu s": statistics.median(f[1] for f in peers),
           "peak MiB": max(f[2] for f in ours)}
    print("  ".join(f"{k} {v:.2f}" if isinstance(v, float) else f"{k} {v}"
                    for k, v in row.items()), flush=True)
    return row


def verdict(rows):
    bad = [f"{row['what']}: {k} {row[k]:.2f} > {limit}" for row in rows
           for k, limit in LIMITS.items() if k in row and row[k] > limit]
    for line in bad:
        print("over the limit:", line)
    return 1 if bad else 0


def bench_ad(scene, count, runs):
    ours, peers = [], []
    for run in range(runs):
        peers.append(ldapsearch(scene, run))
        ours.append(capture(scene, "ad", run))
    return [compare(f"AD, {count} users", ours, peers, "ldapsearch")]


def page_urls(scene):
    """The GET requests of the capture just made, in their order."""
    log = scene.control("GET", "requests")["requests"]
    base = scene.env["LAB_GRAPH_URL"]
    return [r["url"] if r["url"].startswith("https:") else base + r["url"] for r in log
            if r["method"] == "GET" and "/_lab/" not in r["url"] and r["status"] == 200]


def bench_entra(scene, count, runs):
    ours, peers = [], []
    for run in range(runs):
        scene.control("DELETE", "requests")
        ours.append(capture(scene, "entra", run))
        peers.append(curl_pages(scene, page_urls(scene), run))
    return [compare(f"Entra, {count} users", ours, peers, "curl")]


def bench_history(scene, count, runs):
    conf, store = half_conf(scene, "ad", "bench-history")
    fresh(store)
    first = measure([harness.binary(), "-c", conf, "snapshot"], scene.env)
    size = os.path.getsize(store)
    again = [measure([harness.binary(), "-c", conf, "snapshot"], scene.env) for _ in range(runs)]
    diffs = [measure([harness.binary(), "-c", conf, "diff", "1", "2"], scene.env)
             for _ in range(runs)]
    print(f"history, {count} users: first {first[0]:.2f} s and {size / 1e6:.1f} MB, unchanged again "
          f"{statistics.median(f[0] for f in again):.2f} s and "
          f"{(os.path.getsize(store) - size) / runs / 1e3:.1f} kB each, "
          f"difference {statistics.median(f[0] for f in diffs):.3f} s")
    return []


BENCHES = {"ad": bench_ad, "entra": bench_entra, "history": bench_history}


def inside(options):
    scene = harness.Scene()
    rows = []
    if "entra" in options.what and os.environ.get("AW_BULK"):
        scene.control("POST", "bulk", {"users": int(os.environ["AW_BULK"])})
    for name in options.what:
        rows += BENCHES[name](scene, options.objects, options.runs)
    with open(os.environ["AW_BENCH_OUT"], "w", encoding="utf-8") as handle:
        json.dump(rows, handle)
    return 0


def in_lab(options, count):
    """A lab with count users in AD and in the tenant; answers the rows."""
    place = f"/tmp/anchorwatch-bench-{os.getpid()}-{count}"
    out = f"{place}.json"
    try:
        subprocess.run([harness.LAB, "up", "--dir", place, "--objects",
                        str(count if "ad" in options.what or "history" in options.what else 0)],
                       check=True, stdout=subprocess.DEVNULL)
        env = {**os.environ, "AW_BENCH_INSIDE": str(count), "AW_BENCH_OUT": out}
        if "ad" not in options.what:
            env["AW_BULK"] = str(count)
        subprocess.run([harness.LAB, "exec", "--dir", place, "/usr/bin/python3",
                        os.path.abspath(__file__), "--objects", str(count), "--runs",
                        str(options.runs), *options.what], env=env, check=True)
        with open(out, encoding="utf-8") as handle:
            return json.load(handle)
    finally:
        subprocess.run([harness.LAB, "down", "--dir", place], stdout=subprocess.DEVNULL)
        if os.path.exists(out):
            os.unlink(out)


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--objects", type=int, default=50000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("what", nargs="*", default=["ad", "entra", "history"])
    options = parser.parse_args()
    if os.environ.get("AW_BENCH_INSIDE"):
        return inside(options)
    small = in_lab(options, options.objects // 10)
    large = in_lab(options, options.objects)
    for a, b in zip(small, large):
        print(f"memory: {a['what']} {a['peak MiB']:.1f} MiB, {b['what']} {b['peak MiB']:.1f} MiB")
    return verdict(large)


if __name__ == "__main__":
    sys.exit(main())
