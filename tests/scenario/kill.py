#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""kill -9 at random moments of a capture, 50 times: afterwards the store opens, verifies, and holds
either the old or the new backup point, never a mixture.

What "the new point" must be is known: before each run both directories are changed, and a mixture
would show the one change without the other, or a version without its link.
"""
import os
import random
import signal
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402
import origins  # noqa: E402

RUNS = 50


def title_of(scene, at, sam):
    _, doc = scene.aw_json("show", sam, "--at", str(at))
    values = {(a["directory"], a["attribute"]): a["value"] for a in doc["items"][0]["attributes"]}
    return values.get(("ad", "title")), values.get(("entra", "jobTitle"))


def run_and_kill(scene, after):
    child = subprocess.Popen([harness.binary(), "-c", scene.conf, "snapshot"], env=scene.env,
                             stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    time.sleep(after)
    child.send_signal(signal.SIGKILL)
    child.wait()
    return child.returncode


def points(scene):
    _, doc = scene.aw_json("snapshots")
    return [item["snapshot"] for item in doc["items"]]


def one(scene, n, dn, length, titles):
    scene.ad_set(dn, title=f"Title {n}")
    scene.sync()
    ended = run_and_kill(scene, random.uniform(0, length * 1.05))
    status, out, err = scene.aw("verify")
    scene.equal(f"run {n}: the store verifies after the kill", (status, err), (0, ""))
    now = points(scene)
    fresh = now[len(titles):]
    scene.check(f"run {n}: the old point or one new", len(fresh) <= 1, str(now))
    if fresh:
        titles[fresh[0]] = (f"Title {n}", f"Title {n}")
    newest = now[-1]
    scene.equal(f"run {n}: point {newest} is whole", title_of(scene, newest, "killed"),
                titles[newest])
    return ended == -signal.SIGKILL, bool(fresh)


def suite(scene):
    seed = int(os.environ.get("AW_SEED", str(random.randrange(1 << 30))))
    random.seed(seed)
    print(f"seed {seed} (AW_SEED repeats it)")
    dn = scene.ad_user("killed", title="Title 0")
    scene.sync()
    first = scene.snapshot()
    started = time.monotonic()
    second = scene.snapshot()  # as those to be killed: it reads of Entra ID only what changed
    length = time.monotonic() - started
    titles = {first: ("Title 0", "Title 0"), second: ("Title 0", "Title 0")}
    killed = fresh = 0
    for n in range(1, RUNS + 1):
        dead, new = one(scene, n, dn, length, titles)
        killed, fresh = killed + dead, fresh + new
    final = scene.snapshot()
    scene.equal("a capture after all that is complete", title_of(scene, final, "killed"),
                (f"Title {RUNS}", f"Title {RUNS}"))
    scene.check("most runs were really killed in the middle", killed >= RUNS * 2 // 3, str(killed))
    print(f"{RUNS} runs, {killed} killed in the middle, {fresh} new points, "
          f"{RUNS - fresh} times the old point stood")


if __name__ == "__main__":
    sys.exit(harness.main(suite))
