#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Bad input: a clear error that names the thing, the place and the way out, the documented exit
status, and nothing lost: after every case the store still verifies and holds the same points.
"""
import os
import re
import shutil
import socket
import sqlite3
import subprocess
import sys
import threading
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402
import origins  # noqa: E402

USAGE, INCOMPLETE, AUTH, STORE = 2, 3, 4, 5


def conf_with(scene, name, *edits, drop=()):
    """A copy of the lab's configuration with regular-expression edits."""
    with open(scene.env["ANCHORWATCH_CONF"], encoding="utf-8") as handle:
        text = handle.read()
    for section in drop:
        text = re.sub(rf"(?ms)^\[{section}[^\]]*\]\n.*?(?=^\[|\Z)", "", text)
    for pattern, replacement in edits:
        text, count = re.subn(pattern, replacement, text, flags=re.M)
        assert count, f"{pattern} is not in the configuration"
    path = os.path.join(scene.dir, f"bad-{name}.conf")
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
        handle.write(text)
    return path


def secret(scene, name, text, mode=0o600):
    path = os.path.join(scene.dir, f"bad-{name}.secret")
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w") as handle:
        handle.write(text)
    os.chmod(path, mode)
    return path


def expect(scene, name, args, wanted, *words, conf=None, env=None, wrapper=None):
    """Status, the words the message must have, no secret in it, and a store that lost nothing."""
    before = points(scene)
    if wrapper:
        status, out, err = wrapper(args, conf)
    else:
        status, out, err = scene.aw(*args, conf=conf, env=env)
    said = (err + out).lower()
    scene.equal(f"{name}: exit status", status, wanted)
    for word in words:
        scene.check(f"{name}: says '{word}'", word.lower() in said, said[-1500:])
    with open(os.path.join(scene.dir, "tenant", "credentials.json"), encoding="utf-8") as handle:
        import json
        held = json.load(handle)["agent"]["client_secret"]
    scene.check(f"{name}: no secret in the output", held not in err + out)
    verify, _, complaint = scene.aw("verify")
    scene.equal(f"{name}: the store verifies", (verify, complaint), (0, ""))
    after = points(scene)
    scene.check(f"{name}: no point was lost", after[:len(before)] == before, f"{before} {after}")


def points(scene):
    return [item["snapshot"] for item in scene.aw_json("snapshots")[1]["items"]]


# --- Active Directory ---------------------------------------------------------------------------

def wrong_keytab(scene):
    other = os.path.join(scene.dir, "wrong.keytab")
    if os.path.exists(other):
        os.unlink(other)
    subprocess.run(["ktutil"], input="addent -password -p anchorwatch@LAB.EXAMPLE.TEST -k 1 -e "
                   f"aes256-cts-hmac-sha1-96\nWrong-Pass-1\nwkt {other}\nq\n", text=True, check=True,
                   capture_output=True)
    os.chmod(other, 0o600)
    expect(scene, "wrong keytab", ["snapshot"], AUTH, "wrong.keytab",
           conf=conf_with(scene, "keytab", (r"^keytab=.*$", f"keytab={other}")))
    expect(scene, "missing keytab", ["snapshot"], USAGE, "no-such.keytab",
           conf=conf_with(scene, "nokeytab", (r"^keytab=.*$", "keytab=/no-such.keytab"),
                          drop=["entra"]))
    expect(scene, "principal that the keytab lacks", ["snapshot"], USAGE, "nobody@LAB.EXAMPLE.TEST",
           conf=conf_with(scene, "principal",
                          (r"^principal=.*$", "principal=nobody@LAB.EXAMPLE.TEST")))


def clock_skew(scene):
    """A client an hour ahead. Left alone, MIT Kerberos adopts the KDC's time at the first ticket, and
    the capture works; with that switched off the skew must be named."""
    strict = os.path.join(scene.dir, "strict-krb5.conf")
    with open(scene.env["KRB5_CONFIG"], encoding="utf-8") as handle:
        text = handle.read()
    with open(strict, "w", encoding="utf-8") as handle:
        handle.write(text.replace("[libdefaults]", "[libdefaults]\n kdc_timesync = 0"))

    def wrapped(args, conf):
        done = subprocess.run(["faketime", "-f", "+1h", harness.binary(), "-c", conf or scene.conf,
                               *args], capture_output=True, text=True,
                              env={**scene.env, "KRB5_CONFIG": strict,
                                   "ASAN_OPTIONS": "verify_asan_link_order=0"})
        return done.returncode, done.stdout, done.stderr
    expect(scene, "clock skew", ["snapshot"], AUTH, "clock", "synchronise",
           conf=conf_with(scene, "skew", drop=["entra"]), wrapper=wrapped)
    expect(scene, "clock skew in check", ["check"], AUTH, "clock", wrapper=wrapped)


def unreachable_dc(scene):
    expect(scene, "DC that refuses", ["snapshot"], INCOMPLETE, "dc1.lab.example.test",
           conf=conf_with(scene, "refused", (r"^server=.*$", "server=dc1.lab.example.test:1")))
    expect(scene, "DC of no such name", ["snapshot"], INCOMPLETE, "dc9.lab.example.test",
           conf=conf_with(scene, "noname", (r"^server=.*$", "server=dc9.lab.example.test")))


def silent_dc(scene):
    listener = socket.socket()
    listener.bind(("127.0.0.1", 0))
    listener.listen(8)
    held = []
    thread = threading.Thread(target=lambda: [held.append(listener.accept()) for _ in range(4)],
                              daemon=True)
    thread.start()
    port = listener.getsockname()[1]
    started = time.monotonic()
    expect(scene, "DC that says nothing", ["snapshot"], INCOMPLETE, "dc1.lab.example.test",
           conf=conf_with(scene, "silent", (r"^server=.*$", f"server=dc1.lab.example.test:{port}\n"
                                            "timeout_ms=2000")))
    scene.check("DC that says nothing: time-outs are finite", time.monotonic() - started < 60)
    listener.close()


# --- Entra --------------------------------------------------------------------------------------

def wrong_secret(scene):
    path = secret(scene, "wrong", "not-the-secret\n")
    expect(scene, "wrong secret", ["snapshot"], AUTH, "7000215",
           conf=conf_with(scene, "secret", (r"^secret_file=.*$", f"secret_file={path}")))
    expect(scene, "unknown application", ["snapshot"], AUTH, "700016",
           conf=conf_with(scene, "client", (r"^client_id=.*$",
                                            "client_id=00000000-0000-0000-0000-00000000dead")))


def secret_files(scene):
    with open(read_conf(scene, "secret_file"), encoding="utf-8") as handle:
        good = handle.read()
    world = secret(scene, "world", good, 0o644)
    expect(scene, "secret readable by others", ["snapshot"], USAGE, world, "chmod 600",
           conf=conf_with(scene, "world", (r"^secret_file=.*$", f"secret_file={world}")))
    expect(scene, "secret file that is not there", ["snapshot"], USAGE, "/no-such.secret",
           conf=conf_with(scene, "nosecret", (r"^secret_file=.*$", "secret_file=/no-such.secret")))
    keytab = os.path.join(scene.dir, "world.keytab")
    shutil.copy(read_conf(scene, "keytab"), keytab)
    os.chmod(keytab, 0o644)
    expect(scene, "keytab readable by others", ["snapshot"], USAGE, keytab, "chmod 600",
           conf=conf_with(scene, "worldkeytab", (r"^keytab=.*$", f"keytab={keytab}")))


def read_conf(scene, key):
    with open(scene.env["ANCHORWATCH_CONF"], encoding="utf-8") as handle:
        return re.search(rf"^{key}=(.*)$", handle.read(), re.M).group(1)


def missing_permission(scene):
    client = read_conf(scene, "client_id")
    held = scene.control("POST", "grants", {"client_id": client})["permissions"]
    try:
        scene.control("POST", "grants", {"client_id": client, "permissions":
                                         [p for p in held if not p.startswith("Group")]})
        expect(scene, "missing permission", ["snapshot"], INCOMPLETE, "Group.Read.All")
        expect(scene, "missing permission in check", ["check"], AUTH, "Group.Read.All")
        scene.control("POST", "grants", {"client_id": client, "permissions":
                                         [p for p in held if not p.startswith("Organization")
                                          and p != "Directory.Read.All"]})
        expect(scene, "permission so short that Graph answers nulls", ["snapshot"], INCOMPLETE,
               "organization")
    finally:
        scene.control("POST", "grants", {"client_id": client, "permissions": held})


def lying_graph(scene):
    cases = [("truncated JSON", {"match": "/users", "kind": "truncated"}, "users"),
             ("HTML instead of JSON", {"match": "/users", "kind": "html"}, "html"),
             ("nextLink in a loop", {"match": "/users", "kind": "loop_next"}, "users"),
             ("nextLink to another host", {"match": "/users", "kind": "foreign_next"}, "host")]
    for name, fault, word in cases:
        scene.control("POST", "faults", {**fault, "count": 1000})
        expect(scene, name, ["snapshot"], INCOMPLETE, word,
               conf=conf_with(scene, "lying", (r"^graph_url=", "retry_budget_ms=3000\ngraph_url=")))
        scene.control("DELETE", "faults")


# --- the store ----------------------------------------------------------------------------------

def newer_store(scene):
    copy = os.path.join(scene.dir, "newer.db")
    source = sqlite3.connect(read_conf(scene, "path"))
    target = sqlite3.connect(copy)
    source.backup(target)
    target.execute("PRAGMA user_version = 999")
    target.commit()
    target.close()
    source.close()
    os.chmod(copy, 0o600)
    conf = conf_with(scene, "newer", (r"^path=.*$", f"path={copy}"))
    expect(scene, "store of a newer version", ["snapshots"], USAGE, copy, "999", conf=conf)
    with open(copy, "wb") as handle:
        handle.write(b"this is not a database" * 100)
    expect(scene, "file that is no store", ["snapshots"], STORE, copy, conf=conf)
    expect(scene, "no store yet", ["snapshots"], USAGE, "/nowhere.db", "anchorwatch snapshot",
           conf=conf_with(scene, "none", (r"^path=.*$", f"path={scene.dir}/nowhere.db")))


def full_disk(scene):
    place = os.path.join(scene.dir, "small")
    os.makedirs(place, exist_ok=True)
    done = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=400k", "tmpfs", place],
                          capture_output=True, text=True)
    if done.returncode:
        scene.skip("full disk", "cannot mount a small file system: " + done.stderr.strip())
        return
    try:
        expect(scene, "full disk", ["snapshot"], STORE, "full",
               conf=conf_with(scene, "full", (r"^path=.*$", f"path={place}/full.db")))
    finally:
        subprocess.run(["umount", place], check=False)


# --- names, options, configuration --------------------------------------------------------------

def names(scene):
    expect(scene, "unknown object", ["show", "nobody.here"], USAGE, "nobody.here")
    origins.cloud_user(scene, "twin1", displayName="Same Name")
    origins.cloud_user(scene, "twin2", displayName="Same Name")
    scene.snapshot()
    expect(scene, "ambiguous name", ["show", "Same Name"], USAGE, "twin1@", "twin2@")
    expect(scene, "unknown backup point", ["show", "twin1@labexample.onmicrosoft.com", "--at", "999"],
           USAGE, "999")
    expect(scene, "plan without a target", ["plan"], USAGE, "--to")


def spelling(scene):
    expect(scene, "misspelt option", ["snapshots", "--fromat", "json"], USAGE, "--format")
    expect(scene, "misspelt command", ["snapshto"], USAGE, "snapshot")
    expect(scene, "bad value", ["snapshots", "--format", "xml"], USAGE, "text, json")
    path = conf_with(scene, "key", (r"^keytab=(.*)$", r"keytb=\1"))
    line = next(n for n, text in enumerate(open(path, encoding="utf-8"), 1) if "keytb" in text)
    expect(scene, "misspelt key", ["snapshots"], USAGE, f"{path}:{line}:", '"keytab"', conf=path)
    path = conf_with(scene, "section", (r"^\[sync\]", "[snyc]"))
    expect(scene, "misspelt section", ["snapshots"], USAGE, path, "[sync]", conf=path)
    path = conf_with(scene, "number", (r"^interval_minutes=.*$", "interval_minutes=soon"))
    expect(scene, "number that is none", ["snapshots"], USAGE, path, "whole number", conf=path)
    expect(scene, "no configuration", ["snapshots"], USAGE, "/no-such.conf", conf="/no-such.conf")


CASES = [wrong_keytab, clock_skew, unreachable_dc, silent_dc, wrong_secret, secret_files,
         missing_permission, lying_graph, newer_store, full_disk, names, spelling]


def suite(scene):
    scene.sync()
    scene.snapshot()
    for case in CASES:
        case(scene)
    status, doc = scene.aw_json("snapshot")
    scene.equal("after all that a capture is complete", (status, doc["state"]), (0, "complete"))


if __name__ == "__main__":
    sys.exit(harness.main(suite))
