#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The pace of captures against a tenant that enforces the documented quotas.

    governor.py            beside another client, then alone
    governor.py --long     with 3,000 groups, a lower share, and without a pace, which is refused

Alone no request may be refused. Beside another client with the same app that takes 80 % of the
quota the capture ends complete, and hardly anybody is refused.
"""
import json
import os
import shutil
import sys
import tempfile
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
import entra  # noqa: E402
import harness  # noqa: E402

QUOTA, WINDOW = 3500, 10  # of a tenant with fewer than 50 users


class Watch:
    """What the tenant saw during a capture."""

    def __init__(self, place):
        self.place, self.started = place, time.monotonic()
        place.control("DELETE", "requests")

    def log(self):
        return self.place.control("GET", "requests")["requests"]

    def refused(self):
        return sum(one["status"] == 429 for one in self.log())


class Other(threading.Thread):
    """Another program with the same app: batches of costly reads at a share of the quota."""

    def __init__(self, place, share):
        super().__init__(daemon=True)
        self.place, self.share, self.stopped = place, share, threading.Event()
        self.spent = self.refused = 0
        group = place.get("groups?$top=1", who="agent").value[0]["id"]
        self.steps = [{"id": str(n), "method": "GET", "url": f"/groups/{group}/transitiveMembers"}
                      for n in range(10)]

    def run(self):
        pause = 50 / (QUOTA * self.share / WINDOW)
        due = time.monotonic()
        while not self.stopped.is_set():
            answer = self.place.call("POST", "$batch", {"requests": self.steps}, who="agent")
            self.refused += sum(one["status"] == 429 for one in answer.json["responses"])
            self.spent += 50
            due += pause
            self.stopped.wait(max(0, due - time.monotonic()))

    def stop(self):
        self.stopped.set()
        self.join()


def capture(tally, place, name, **keys):
    """A full capture into a new store; answers the half."""
    watch = Watch(place)
    half = place.reader(name, timeout_ms=30000, retry_budget_ms=120000, **keys).snapshot()
    seconds = time.monotonic() - watch.started
    print(f"  {name}: {seconds:.1f} s, {half['requests']} requests, {half['units']} units, "
          f"{half['bytes']} bytes, throttled {half['throttled']}, waited {half['waitedSeconds']} s",
          flush=True)
    tally.check(f"{name}: complete", half["state"] == "complete", json.dumps(half)[:1500])
    return half, seconds


def alone(tally, place):
    half, _ = capture(tally, place, "alone", quota_percent=90)
    tally.equal("alone: nothing is refused", half["throttled"], 0)
    tally.check("alone: more than one window's quota was needed", half["units"] > QUOTA, half["units"])
    tally.check("alone: the waiting is told", half["waitedSeconds"] > 1, half["waitedSeconds"])
    return half


def without(tally, place, paced):
    """The same without a pace is refused, so the quota is real."""
    time.sleep(WINDOW)
    half, _ = capture(tally, place, "without a pace", quota_percent=0)
    tally.check("without a pace: requests are refused", half["throttled"] > 0, half["throttled"])
    tally.equal("the same objects", half["objectsRead"], paced["objectsRead"])


def beside(tally, place, share):
    other = Other(place, share)
    other.start()
    time.sleep(WINDOW)
    other.spent = other.refused = 0
    try:
        half, seconds = capture(tally, place, f"beside another with {share:.0%}", quota_percent=90)
    finally:
        other.stop()
    print(f"  the other: {other.spent} units in {seconds:.1f} s, {other.refused} of its reads refused")
    tally.check("beside another: hardly a refusal", half["throttled"] <= 2, half["throttled"])
    tally.check("beside another: the other is not starved", other.refused <= 20, other.refused)


def low_share(tally, place):
    time.sleep(WINDOW)
    half, seconds = capture(tally, place, "ten percent", quota_percent=10)
    most = QUOTA / 10 * (1 + seconds / WINDOW)
    tally.check("ten percent: kept", half["units"] <= most, (half["units"], most))
    tally.equal("ten percent: nothing is refused", half["throttled"], 0)


def run(tally, place, long):
    place.control("POST", "settings", {"throttle": True})
    place.control("POST", "bulk", {"users": 10, "groups": 100, "members": 2})
    place.token("agent")
    beside(tally, place, 0.8)
    if long:
        low_share(tally, place)
    place.control("POST", "bulk", {"users": 0, "groups": 3000 if long else 1100, "members": 2})
    paced = alone(tally, place)
    if long:
        without(tally, place, paced)


def main():
    tally, directory = harness.Tally(), tempfile.mkdtemp(prefix="anchorwatch-governor-")
    try:
        with entra.Place(directory) as place:
            run(tally, place, "--long" in sys.argv)
    except Exception as failure:  # a suite that breaks off has failed, and says where
        import traceback
        traceback.print_exc()
        tally.check("the suite ran to its end", False, str(failure))
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    print(f"governor: {tally.passed} passed, {tally.failed} failed, {tally.skipped} skipped")
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
