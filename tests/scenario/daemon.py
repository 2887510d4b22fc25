#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The daemon: captures on its schedule, tells the service manager, reloads, keeps the old
configuration when the new one is broken, stops cleanly in the middle of a capture, and never writes.
"""
import os
import re
import signal
import socket
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402


class Daemon:
    """The agent under a notify socket, its log lines collected."""

    def __init__(self, scene, conf):
        self.path = os.path.join(scene.dir, "notify.sock")
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.notify = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.notify.bind(self.path)
        self.notify.setblocking(False)
        self.log = open(os.path.join(scene.dir, "daemon.log"), "w+", encoding="utf-8")
        self.messages = ""
        self.child = subprocess.Popen(
            [harness.binary(), "-c", conf, "agent"], stderr=self.log, stdout=subprocess.DEVNULL,
            env={**scene.env, "NOTIFY_SOCKET": self.path, "WATCHDOG_USEC": "1000000"})

    def said(self):
        while True:
            try:
                self.messages += self.notify.recv(4096).decode() + "\n"
            except BlockingIOError:
                break
        self.log.seek(0)
        return self.log.read()

    def wait(self, pattern, seconds=60, messages=False):
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            text = self.said()
            if re.search(pattern, self.messages if messages else text):
                return True
            time.sleep(0.1)
        return False

    def stop(self, number=signal.SIGTERM):
        self.child.send_signal(number)
        return self.child.wait(60)


def points(scene):
    return len(scene.aw_json("snapshots")[1]["items"])


def suite(scene):
    scene.sync()
    with open(scene.conf, encoding="utf-8") as handle:
        text = handle.read()
    conf = os.path.join(scene.dir, "daemon.conf")
    with open(os.open(conf, os.O_WRONLY | os.O_CREAT, 0o600), "w") as handle:
        handle.write(text + "\n[agent]\ninterval_minutes=1\n")
    daemon = Daemon(scene, conf)
    scene.check("captures at once when there is no point", daemon.wait(r"capture\.done point=1 state=complete"),
                daemon.said())
    scene.check("tells the service manager that it is ready", daemon.wait("READY=1", 5, True))
    scene.check("answers the watchdog", daemon.wait("WATCHDOG=1", 5, True), daemon.messages)
    scene.check("plans the next capture", daemon.wait(r"capture\.planned at="))
    scene.equal("the point is there", points(scene), 1)
    with open(conf, "w", encoding="utf-8") as handle:
        handle.write("[stoer]\n")
    daemon.child.send_signal(signal.SIGHUP)
    scene.check("a broken configuration is rejected aloud", daemon.wait(r"config\.rejected.*store"),
                daemon.said())
    with open(conf, "w", encoding="utf-8") as handle:
        handle.write(text + "\n[agent]\ninterval_minutes=2\n")
    daemon.child.send_signal(signal.SIGHUP)
    scene.check("a good one is taken", daemon.wait(r"config\.reloaded"))
    scene.equal("SIGTERM between captures ends with 0", daemon.stop(), 0)
    scene.check("says that it stopped", "daemon.stopped" in daemon.said())
    scene.control("POST", "faults", {"match": "/users", "kind": "hang", "seconds": 120})
    os.unlink(re.search(r"^path=(.*)$", text, re.M).group(1))
    daemon = Daemon(scene, conf)
    daemon.wait(r"capture\.begin")
    time.sleep(2)
    started = time.monotonic()
    scene.equal("SIGTERM in the middle of a capture ends with 0", daemon.stop(), 0)
    scene.check("and at once", time.monotonic() - started < 20, str(time.monotonic() - started))
    scene.control("DELETE", "faults")
    scene.equal("an interrupted capture left no point", points(scene), 0)
    log = scene.control("GET", "requests")["requests"]
    wrote = [r for r in log if "/_lab/" not in r["url"] and r["method"] not in ("GET", "HEAD")
             and "/oauth2/" not in r["url"] and "$batch" not in r["url"]]
    ours = [r for r in wrote if "anchorwatch" in str(r.get("client", "")).lower()]
    scene.check("the daemon only read", not ours, str(ours[:3]))


if __name__ == "__main__":
    sys.exit(harness.main(suite))
