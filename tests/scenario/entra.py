# SPDX-License-Identifier: Apache-2.0
"""What the scenarios of Entra ID alone share: a local tenant on a loopback port, a configuration
without Active Directory, and the store as another program sees it.

The store is read with Python's SQLite, so that a comparison does not use the code it judges.
"""
import json
import os
import sqlite3
import subprocess
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.path.insert(0, os.path.join(os.path.dirname(os.path.abspath(__file__)), "..", "lab", "tenant"))
sys.dont_write_bytecode = True
import harness  # noqa: E402
import selftest  # noqa: E402

STATES = {0: "complete", 3: "partial"}


class Place(selftest.Lab):
    """A running tenant and the programs that read it. Use as a context."""

    def __init__(self, directory):
        super().__init__(directory)
        self.schema = None

    def __enter__(self):
        self.start()
        with open(os.path.join(self.directory, "secret"), "w", encoding="ascii",
                  opener=lambda path, flags: os.open(path, flags, 0o600)) as out:
            out.write(self.credentials["agent"]["client_secret"] + "\n")
        return self

    def __exit__(self, *failure):
        """Nobody needs its state any more, and saving a large tenant takes a minute."""
        if self.process:
            self.process.kill()
            self.process.wait()
            self.process.stdout.close()
            self.log.close()

    def reader(self, name, **keys):
        """A configuration and a store of that name."""
        return Reader(self, name, keys)

    def must(self, method, path, body=None, **more):
        answer = self.call(method, path, body, **more)
        if answer.status >= 300:
            raise AssertionError(f"{method} {path}: {answer}")
        return answer

    def ids(self, path):
        return {one["id"] for one in self.all(path + "?$select=id&$top=999")}

    def total(self):
        """Requests that Graph and the token endpoint have seen so far."""
        return self.control("GET", "requests")["total"]


class Reader:
    """The program with one configuration and one store."""

    def __init__(self, place, name, keys):
        self.place, self.store = place, os.path.join(place.directory, name + ".db")
        self.conf = os.path.join(place.directory, name + ".conf")
        options = {"tenant_id": place.credentials["tenant_id"],
                   "client_id": place.credentials["agent"]["client_id"],
                   "secret_file": os.path.join(place.directory, "secret"),
                   "graph_url": place.base,
                   "token_url": f"{place.base}/{place.credentials['tenant_id']}/oauth2/v2.0/token",
                   "ca_file": place.cert, "timeout_ms": 5000, "retry_budget_ms": 20000,
                   "quota_percent": 0, **keys}
        with open(self.conf, "w", encoding="utf-8") as out:
            out.write(f"[store]\npath={self.store}\n\n[entra lab]\n")
            out.writelines(f"{key}={value}\n" for key, value in options.items())

    def run(self, *args, timeout=600):
        done = subprocess.run([harness.binary(), "-c", self.conf, *args], capture_output=True,
                              text=True, timeout=timeout)
        if "Sanitizer" in done.stderr:
            raise AssertionError(f"sanitizers during {args}: {done.stderr[-3000:]}")
        return done.returncode, done.stdout, done.stderr

    def snapshot(self):
        """The Entra half of a new backup point, as a dict; state tells how it went."""
        status, out, err = self.run("snapshot", "--format", "json")
        try:
            half = [h for h in json.loads(out)["halves"] if h["directory"] == "entra"][0]
        except (ValueError, KeyError, IndexError):
            raise AssertionError(f"snapshot: status {status}\n{out[:1000]}\n{err[:2000]}")
        half["status"], half["errors"] = status, err
        return half

    # --- the newest point ---------------------------------------------------------------------

    def rows(self, sql):
        base = sqlite3.connect(f"file:{self.store}?mode=ro", uri=True)
        try:
            return base.execute(sql).fetchall()
        finally:
            base.close()

    def objects(self):
        """{key: (type, life, hash of the document)} of the newest point."""
        return {key: rest for key, *rest in self.rows(
            "SELECT o.key, v.type, v.life, hex(v.hash) FROM version v JOIN object o "
            "ON o.id = v.object WHERE v.until_point IS NULL AND o.directory = 1")}

    def links(self):
        return set(self.rows(
            "SELECT s.key, l.kind, t.key FROM link l JOIN object s ON s.id = l.source "
            "JOIN object t ON t.id = l.target WHERE l.until_point IS NULL AND s.directory = 1"))

    def document(self, key):
        _, out, _ = self.run("show", key, "--format", "json")
        return out


def differences(one, other):
    """Lines that tell how the newest points of two readers differ; empty when they do not."""
    lines, left, right = [], one.objects(), other.objects()
    for key in sorted(left.keys() | right.keys()):
        if left.get(key) != right.get(key):
            lines.append(f"object {key}: {left.get(key)} / {right.get(key)}")
    lines += [f"link only in the first: {link}" for link in sorted(one.links() - other.links())]
    lines += [f"link only in the second: {link}" for link in sorted(other.links() - one.links())]
    return lines
