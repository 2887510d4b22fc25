#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Incremental equals full: random changes of a real domain, captured incrementally by DirSync and by
USN polling into a store each, and now and then completely into a fresh one. The newest points must
show the same: documents and links are read with sqlite3 and zstd and compared here, not by the
program.

    equivalence_ad.py [--operations N] [--seed N] [--recycle-bin on|off] [--every N] [--round N]

N operations in rounds of random length up to N (40), 300 in all; a fresh store every so many rounds
(5). The long form: --operations 20000 --round 150 --every 20. With the Recycle Bin off objects are undeleted too, which Samba cannot do with it on. At
the end the domain controller's database is set back to an older copy, which the program must notice.
"""
import argparse
import json
import os
import random
import re
import shutil
import signal
import sqlite3
import subprocess
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402

SHOW_DELETED = "!1.2.840.113556.1.4.417"
UNIQUE = "equivalence"  # where everything happens


# --- the model: what is in the directory ---------------------------------------------------------

class Thing:
    def __init__(self, number, kind, rdn, parent):
        self.number, self.kind, self.rdn, self.parent = number, kind, rdn, parent
        self.members, self.guid = set(), None

    def dn(self):
        return f"{self.rdn},{self.parent.dn() if isinstance(self.parent, Thing) else self.parent}"


class Model:
    """Knows what can be done next, and says it in LDIF."""

    def __init__(self, scene, dice, undelete):
        self.scene, self.dice, self.undelete_possible = scene, dice, undelete
        self.count, self.things, self.graves = 0, {}, []
        self.root = Thing(0, "ou", f"OU={UNIQUE}", scene.base)
        self.tally = {}

    # choosing

    def some(self, *kinds):
        found = [t for t in self.things.values() if t.kind in kinds]
        return self.dice.choice(found) if found else None

    def parent(self, kind):
        """The schema allows organizational units below their like only."""
        kinds = ("ou",) if kind == "ou" else ("ou", "container")
        return (self.some(*kinds) if self.dice.random() < 0.8 else None) or self.root

    def inside(self, thing, of):
        while isinstance(thing, Thing):
            if thing is of:
                return True
            thing = thing.parent
        return False

    def empty(self, thing):
        return not any(t.parent is thing for t in self.things.values())

    # the operations; each answers LDIF, or None when it is not possible now

    def add(self):
        kind = self.dice.choices(("user", "group", "contact", "computer", "ou", "container"),
                                 (40, 18, 8, 6, 14, 4))[0]
        self.count += 1
        n = self.count
        head = "OU" if kind == "ou" else "CN"
        thing = Thing(n, kind, f"{head}={kind} {n}", self.parent(kind))
        cls = {"ou": "organizationalUnit"}.get(kind, kind)
        lines = [f"dn: {thing.dn()}", "changetype: add", f"objectClass: {cls}"]
        if kind in ("user", "group", "computer"):
            lines.append(f"sAMAccountName: e{n}{'$' if kind == 'computer' else ''}")
        if kind == "computer":
            lines.append("userAccountControl: 4096")
        if kind == "user":
            lines += [f"displayName: Number {n}", f"userPrincipalName: e{n}@lab.example.test"]
        self.things[n] = thing
        return lines

    def modify(self, thing, *changes):
        lines = [f"dn: {thing.dn()}", "changetype: modify"]
        for how, name, values in changes:
            lines += [f"{how}: {name}", *[harness.ldif_line(name, v) for v in values], "-"]
        return lines

    def edit(self):
        thing = self.some("user", "group", "contact", "ou", "computer", "container")
        value = f"text {self.dice.randrange(1000)} \u00e4"
        return thing and self.modify(thing, ("replace", "description", [value]))

    def edit_many(self):
        thing = self.some("user", "contact")
        numbers = [f"+49 30 {self.dice.randrange(9999)}" for _ in range(self.dice.randrange(4))]
        return thing and self.modify(thing, ("replace", "otherTelephone", sorted(set(numbers))))

    def clear(self):
        thing = self.some("user", "contact", "group")
        return thing and self.modify(thing, ("replace", "description", []))

    def there_and_back(self):
        """A value that no capture sees."""
        thing = self.some("user")
        return thing and (self.modify(thing, ("replace", "title", ["for a moment"])) + [""] +
                          self.modify(thing, ("replace", "title", [])))

    def point(self, name):
        thing, other = self.some("user", "contact"), self.some("user", "contact")
        gone = self.dice.random() < 0.2
        return thing and self.modify(thing, ("replace", name, [] if gone else [other.dn()]))

    def manager(self):
        return self.point("manager")

    def assistant(self):
        """A DN in an attribute that is no link."""
        return self.point("assistant")

    def see_also(self):
        thing = self.some("user")
        others = {self.some("user", "group", "ou").dn() for _ in range(2)} if thing else ()
        return thing and self.modify(thing, ("replace", "seeAlso", sorted(others)))

    def managed_by(self):
        thing, other = self.some("group", "ou"), self.some("user")
        return thing and other and self.modify(thing, ("replace", "managedBy", [other.dn()]))

    def enter(self):
        group, other = self.some("group"), self.some("user", "group", "contact", "computer")
        if not group or not other or other is group or other.number in group.members:
            return None
        group.members.add(other.number)
        return self.modify(group, ("add", "member", [other.dn()]))

    def leave(self):
        group = self.some("group")
        if not group or not group.members:
            return None
        other = self.things[self.dice.choice(sorted(group.members))]
        group.members.discard(other.number)
        return self.modify(group, ("delete", "member", [other.dn()]))

    def visit(self):
        """A member that comes and goes between two captures."""
        group, other = self.some("group"), self.some("user", "contact")
        if not group or not other or other.number in group.members:
            return None
        return (self.modify(group, ("add", "member", [other.dn()])) + [""] +
                self.modify(group, ("delete", "member", [other.dn()])))

    def move_to(self, thing, rdn, parent):
        lines = [f"dn: {thing.dn()}", "changetype: modrdn", f"newrdn: {rdn}", "deleteoldrdn: 1"]
        if parent is not thing.parent:
            lines.append(f"newsuperior: {parent.dn()}")
        thing.rdn, thing.parent = rdn, parent
        return lines

    def rename(self):
        thing = self.some("user", "group", "contact")
        self.count += 1
        return thing and self.move_to(thing, f"CN=Ren\u00e4med {self.count}", thing.parent)

    def move(self):
        thing = self.some("user", "group", "contact", "computer")
        return thing and self.move_to(thing, thing.rdn, self.parent(thing.kind))

    def rename_container(self):
        thing = self.some("ou", "container")
        self.count += 1
        return thing and self.move_to(thing, f"{thing.rdn[:2]}=moved\\, \u00fc {self.count}",
                                      thing.parent)

    def move_container(self):
        thing = self.some("ou", "container")
        parent = thing and self.parent(thing.kind)
        if not thing or self.inside(parent, thing) or parent is thing.parent:
            return None
        return self.move_to(thing, thing.rdn, parent)

    def bury(self, thing):
        lines = [f"dn: {thing.dn()}", "changetype: delete"]
        del self.things[thing.number]
        for other in self.things.values():
            other.members.discard(thing.number)
        thing.members = set()
        if thing.kind in ("user", "group", "ou"):
            self.graves.append(thing)
        return lines

    def delete(self):
        thing = self.some("user", "group", "contact", "computer")
        return thing and self.bury(thing)

    def delete_container(self):
        """Leaves first."""
        thing = self.some("ou", "container")
        if not thing:
            return None
        below = [t for t in self.things.values() if self.inside(t, thing)]
        if len(below) > 12:
            return None
        lines = []
        for one in sorted(below, key=lambda t: -t.dn().count(",")):
            lines += self.bury(one) + [""]
        return lines

    OPERATIONS = {add: 26, edit: 12, edit_many: 5, clear: 3, there_and_back: 3, manager: 5,
                  assistant: 3, see_also: 2, managed_by: 3, enter: 14, leave: 5, visit: 4,
                  rename: 4, move: 5, rename_container: 3, move_container: 3, delete: 7,
                  delete_container: 1}

    def operation(self):
        while True:
            make = self.dice.choices(list(self.OPERATIONS), list(self.OPERATIONS.values()))[0]
            lines = make(self)
            if lines:
                self.tally[make.__name__] = self.tally.get(make.__name__, 0) + 1
                return "\n".join(lines).strip("\n")

    # undeletion: what is deleted is known by its GUID only

    def undelete(self):
        """LDIF for one grave whose old parent lives; needs SHOW_DELETED."""
        self.dice.shuffle(self.graves)
        while self.undelete_possible and self.graves:
            thing = self.graves.pop()
            if thing.parent is not self.root and thing.parent.number not in self.things:
                continue
            found = self.scene.deleted_dn(thing)
            if not found:
                continue
            self.things[thing.number] = thing
            self.tally["undelete"] = self.tally.get("undelete", 0) + 1
            return (f"dn: {found}\nchangetype: modify\ndelete: isDeleted\n-\n"
                    + harness.ldif_line("replace", "distinguishedName") + "\n"
                    + harness.ldif_line("distinguishedName", thing.dn()) + "\n-")
        return None


# --- the directory and the stores ----------------------------------------------------------------

def utf8_dn(text):
    """LDIF lines whose values are not plain ASCII must be base64."""
    out = []
    for line in text.split("\n"):
        name, _, value = line.partition(": ")
        if not line.isascii() and value:
            line = harness.ldif_line(name, value)
        out.append(line)
    return "\n".join(out)


class Stage(harness.Scene):
    def __init__(self):
        super().__init__()
        self.fresh = 0
        self.methods = {"USN polling": self.configure("usn", 8760),
                        "DirSync": self.configure("dirsync", 8760, self.env["LAB_REPL_KEYTAB"],
                                                  self.env["LAB_REPL_PRINCIPAL"])}

    def configure(self, name, full_every_hours, keytab=None, principal=None):
        """A configuration of the domain alone, with a store of its own; answers its path."""
        with open(self.conf, encoding="utf-8") as handle:
            text = handle.read()
        text = re.sub(r"(?ms)^\[entra [^\]]*\]\n.*?(?=^\[|\Z)", "", text)
        text = re.sub(r"(?m)^path=.*$", f"path={self.store(name)}", text)
        if keytab:
            text = re.sub(r"(?m)^keytab=.*$", f"keytab={keytab}", text)
            text = re.sub(r"(?m)^principal=.*$", f"principal={principal}", text)
        text = re.sub(r"(?m)^(\[ad [^\]]*\])$", rf"\1\nfull_every_hours={full_every_hours}", text)
        path = os.path.join(self.dir, f"{name}.conf")
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w",
                  encoding="utf-8") as handle:
            handle.write(text)
        return path

    def store(self, name):
        return os.path.join(self.dir, f"{name}.db")

    def change(self, blocks, *options):
        self._ldap("ldapmodify", utf8_dn("\n\n".join(blocks)) + "\n", *options)

    def deleted_dn(self, thing):
        """By the name it had: the part before the newline of its present one."""
        value = thing.rdn.partition("=")[2].replace("\\,", ",")
        escaped = "".join(c if c.isascii() else "".join(f"\\{b:02x}" for b in c.encode())
                          for c in value)
        out = self._ldap("ldapsearch", "", "-LLL", "-o", "ldif-wrap=no", "-E", SHOW_DELETED,
                         "-b", f"CN=Deleted Objects,{self.base}", "-s", "one",
                         f"(&(isDeleted=TRUE)(name={escaped}\\0aDEL:*))", "distinguishedName")
        found = [e["distinguishedName"][0] for e in harness.parse_ldif(out).values()]
        return found[0] if len(found) == 1 else None

    def capture(self, conf):
        """The half of one capture, which must be complete."""
        status, doc = self.aw_json("snapshot", conf=conf)
        half = doc["items"][0]["halves"][0] if doc.get("items") else doc["halves"][0]
        if half["state"] != "complete":
            raise AssertionError(f"{conf}: {status} {json.dumps(half)[:3000]}")
        return half

    def full(self):
        """Content of a fresh store after one full read."""
        self.fresh += 1
        name = f"fresh{self.fresh}"
        half = self.capture(self.configure(name, 0))
        self.check("the fresh store is from a full read", half["mode"] == "full", half["mode"])
        shown = content(self.store(name))
        for suffix in ("", "-wal", "-shm", ".lock"):
            if os.path.exists(self.store(name) + suffix):
                os.unlink(self.store(name) + suffix)
        return shown


def documents(blobs):
    """Compressed documents in one go: frames may follow one another, and so may JSON texts."""
    text = subprocess.run(["zstd", "-dcq"], input=b"".join(blobs), stdout=subprocess.PIPE,
                          check=True).stdout.decode()
    decoder, at, found = json.JSONDecoder(), 0, []
    while at < len(text):
        doc, at = decoder.raw_decode(text, at)
        found.append(doc)
    return found


def content(path):
    """What the newest point of a store shows: {key: (type, name, life, document)}, {link}."""
    with sqlite3.connect(f"file:{path}?mode=ro", uri=True) as base:
        rows = base.execute("SELECT key, type, name, life, document_zstd FROM objects_now "
                            "WHERE directory = 'ad' ORDER BY key").fetchall()
        links = set(base.execute("SELECT kind, source_key, target_key FROM links_now "
                                 "WHERE directory = 'ad'"))
    docs = documents([row[4] for row in rows])
    assert len(docs) == len(rows), f"{len(docs)} documents of {len(rows)} objects"
    return {row[0]: (*row[1:4], doc) for row, doc in zip(rows, docs)}, links


def differences(got, wanted):
    """At most ten lines about what differs."""
    (objects, links), (wanted_objects, wanted_links) = got, wanted
    out = []
    for key in sorted({*objects, *wanted_objects}):
        a, b = objects.get(key), wanted_objects.get(key)
        if a == b:
            continue
        if not a or not b:
            out.append(f"{'not in the fresh store' if a else 'missing'}: {(a or b)[:3]}")
            continue
        for part in ("attributes", "metadata"):
            one, other = a[3].get(part) or {}, b[3].get(part) or {}
            out += [f"{b[1]} {b[2]} {part}.{name}: {one.get(name)!r}, fresh {other.get(name)!r}"
                    for name in sorted({*one, *other}) if one.get(name) != other.get(name)]
        if a[:3] != b[:3]:
            out.append(f"{a[:3]}, fresh {b[:3]}")
    names = {key: value[1] for key, value in {**objects, **wanted_objects}.items()}
    for what, some in (("missing", wanted_links - links), ("too many", links - wanted_links)):
        out += [f"link {what}: {kind} {names.get(s, s)} -> {names.get(t, t)}"
                for kind, s, t in sorted(some)]
    return out


# --- rounds ----------------------------------------------------------------------------------------

def capture_all(stage, at):
    """Both incremental captures; answers what they said."""
    said = {}
    for method, conf in stage.methods.items():
        half = stage.capture(conf)
        said[method] = half
        if half["mode"] != "incremental" or not any(method in p for p in half["problems"]):
            stage.check(f"{at}: an incremental capture by {method}", False, json.dumps(half))
    return said


def compare_all(stage, at):
    wanted = stage.full()
    for method, conf in stage.methods.items():
        found = differences(content(stage.store("usn" if "USN" in method else "dirsync")), wanted)
        stage.check(f"{at}: {method} shows what a full read shows "
                    f"({len(wanted[0])} objects, {len(wanted[1])} links)", not found,
                    f"{len(found)} differences\n        " + "\n        ".join(found[:10]))
    return wanted


def play(stage, options):
    dice = random.Random(options.seed)
    model = Model(stage, dice, options.recycle_bin == "off")
    stage.change([f"dn: {model.root.dn()}\nchangetype: add\nobjectClass: organizationalUnit"])
    for method, conf in stage.methods.items():
        half = stage.capture(conf)
        stage.check(f"the first capture for {method} is full", half["mode"] == "full", str(half))
    done = rounds = 0
    read = {method: 0 for method in stage.methods}
    while done < options.operations:
        blocks = [model.operation() for _ in range(dice.randrange(5, options.round))]
        stage.change(blocks)
        done, rounds = done + len(blocks), rounds + 1
        for _ in range(dice.randrange(3)):
            back = model.undelete()
            if back:
                stage.change([back], "-e", SHOW_DELETED)
                done += 1
        for method, half in capture_all(stage, f"round {rounds}").items():
            read[method] += half["objectsRead"]
        if rounds % options.every == 0 or done >= options.operations:
            if not compare_all(stage, f"round {rounds}, {done} operations") or stage.failed:
                break
    print(f"{done} operations in {rounds} rounds: "
          + ", ".join(f"{n} {name}" for name, n in sorted(model.tally.items())))
    print("objects read incrementally: " + ", ".join(f"{n} by {m}" for m, n in read.items()))
    stage.check("all operations were done", done >= options.operations, str(done))
    for method, conf in stage.methods.items():
        status, _, err = stage.aw("verify", conf=conf)
        stage.equal(f"the store of {method} verifies", (status, err), (0, ""))
    return model


# --- a database set back -----------------------------------------------------------------------------

def samba_processes():
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline", "rb") as handle:
                words = handle.read().split(b"\0")
        except OSError:
            continue
        if words and os.path.basename(words[0]).startswith(b"samba"):
            found.append(int(pid))
    return found


def stop_samba():
    """The lab's process namespace holds no other."""
    for pid in samba_processes():
        os.kill(pid, signal.SIGTERM)
    for _ in range(200):
        if not samba_processes():
            return
        time.sleep(0.1)
    raise AssertionError("samba does not end")


def start_samba(stage):
    conf = f"{stage.dir}/dc/etc/smb.conf"
    subprocess.Popen(["samba", "-s", conf, "-M", "single", "-F", "--no-process-group"],
                     stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
                     stdin=subprocess.DEVNULL, env=stage.env)
    for _ in range(200):
        try:
            stage._ldap("ldapsearch", "", "-b", "", "-s", "base", "highestCommittedUSN")
            return
        except AssertionError:
            time.sleep(0.1)
    raise AssertionError("samba does not answer")


def copy_database(stage, source, target):
    shutil.rmtree(f"{stage.dir}/{target}", ignore_errors=True)
    subprocess.run(["cp", "-a", "--sparse=always", f"{stage.dir}/{source}",
                    f"{stage.dir}/{target}"], check=True)


def rollback(stage, model):
    """The same invocation ID, USNs used again, more of them than were lost: only the sentinels can
    tell."""
    stop_samba()
    copy_database(stage, "dc", "older")
    start_samba(stage)
    stage.change([model.operation() for _ in range(10)])
    capture_all(stage, "before the rollback")
    stop_samba()
    copy_database(stage, "older", "dc")
    start_samba(stage)
    for n in range(60):
        stage.change([f"dn: CN=later {n},{model.root.dn()}\nchangetype: add\nobjectClass: contact"])
    for method, conf in stage.methods.items():
        half = stage.capture(conf)
        told = [p for p in half["problems"] if "older copy of its database" in p]
        stage.check(f"a database set back is noticed ({method})", half["mode"] == "full" and told,
                    json.dumps(half))
    compare_all(stage, "after the rollback")


def suite_of(options):
    def suite(_):
        stage = Stage()
        print(f"seed {options.seed} (--seed or AW_SEED repeats it)", flush=True)
        try:
            rollback(stage, play(stage, options))
        finally:
            for name in ("passed", "failed", "skipped"):
                setattr(_, name, getattr(_, name) + getattr(stage, name))
    return suite


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--operations", type=int, default=300)
    parser.add_argument("--seed", type=int,
                        default=int(os.environ.get("AW_SEED", random.randrange(1 << 30))))
    parser.add_argument("--recycle-bin", choices=("on", "off"), default="off")
    parser.add_argument("--every", type=int, default=5)
    parser.add_argument("--round", type=int, default=40)
    options = parser.parse_args()
    return harness.main(suite_of(options), "--no-tenant", "--recycle-bin", options.recycle_bin)


if __name__ == "__main__":
    sys.exit(main())
