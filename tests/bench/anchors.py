#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What `anchors` costs on a synthetic store: CPU and wall seconds, peak MiB, at N/10 and N objects a side.

    anchors.py --build DIR [--objects N] [--runs N]

DIR is a release build; its target anchor_store is built first. Every 1000th account has a changed
anchor and every hundredth has no cloud half. No lab is needed. Fails above LIMITS.
"""
import argparse
import os
import statistics
import subprocess
import sys
import tempfile
import time

LIMITS = {"wall seconds": 20, "KiB an object": 1.0}  # both points are read; N objects on each side


def measure(args):
    """Wall seconds, CPU seconds and peak MiB of one process that ends with findings."""
    started = time.monotonic()
    with open(os.devnull, "w", encoding="ascii") as sink:
        child = subprocess.Popen(args, stdout=sink)
        _, status, usage = os.wait4(child.pid, 0)
    if os.waitstatus_to_exitcode(status) != 1:
        raise SystemExit(f"{args} ended {os.waitstatus_to_exitcode(status)}")
    return (time.monotonic() - started, usage.ru_utime + usage.ru_stime,
            usage.ru_maxrss / 1024)


def configuration(folder, store):
    path = os.path.join(folder, "bench.conf")
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
        handle.write(f"[store]\npath={store}\n\n[ad bench]\ndomain=example.test\n")
    return path


def one_size(options, objects, folder):
    store = os.path.join(folder, f"{objects}.db")
    tool = os.path.join(options.build, "tests", "anchor_store")
    subprocess.run([tool, store, str(objects), "1000"], check=True)
    os.chmod(store, 0o600)
    conf = configuration(folder, store)
    program = os.path.join(options.build, "agent", "anchorwatch")
    runs = [measure([program, "-c", conf, "anchors", "--format", "json"])
            for _ in range(options.runs)]
    wall, seconds, mib = (statistics.median(column) for column in zip(*runs))
    print(f"{objects:>8} objects a side: {wall:6.2f} s wall, {seconds:6.2f} s CPU  {mib:7.1f} MiB  "
          f"(store {os.path.getsize(store) / 2**20:.0f} MiB)", flush=True)
    return wall, mib


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--build", required=True)
    parser.add_argument("--objects", type=int, default=100000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    subprocess.run(["cmake", "--build", options.build, "--target", "anchorwatch", "anchor_store"],
                   check=True, stdout=subprocess.DEVNULL)
    with tempfile.TemporaryDirectory(prefix="anchorwatch-bench-") as folder:
        _, small = one_size(options, options.objects // 10, folder)
        wall, mib = one_size(options, options.objects, folder)
    grown = (mib - small) * 1024 / (1.8 * options.objects)
    print(f"{grown:.2f} KiB for each object more (both sides counted)")
    good = grown <= LIMITS["KiB an object"] and wall <= LIMITS["wall seconds"]
    print("anchors bench: " + ("within the limits" if good else f"above the limits {LIMITS}"))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main())
