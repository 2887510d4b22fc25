#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every command as its users meet it: machine output valid against the published schema, exit status
as promised, text that says what matters, and no command that leaves a trace it should not.
"""
import json
import os
import re
import shlex
import sqlite3
import subprocess
import sys
import time

import jsonschema

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402
import origins  # noqa: E402

SCHEMAS = os.path.join(harness.ROOT, "docs", "schema")


def validators():
    """One validator per kind; common.json is found by its $id."""
    store = {}
    for name in sorted(os.listdir(SCHEMAS)):
        with open(os.path.join(SCHEMAS, name), encoding="utf-8") as handle:
            store[name] = json.load(handle)
    found = {}
    for name, schema in store.items():
        jsonschema.Draft202012Validator.check_schema(schema)
        resolver = jsonschema.RefResolver(name, schema, store=store)
        found[name[:-5]] = jsonschema.Draft202012Validator(schema, resolver=resolver)
    return found


def valid(scene, schemas, doc, label):
    kind = doc["schema"].split(".")[1].split("/")[0]
    errors = [f"{'/'.join(map(str, e.absolute_path))}: {e.message}"
              for e in schemas[kind].iter_errors(doc)]
    scene.check(f"{label}: valid against docs/schema/{kind}.json", not errors, str(errors[:3]))


def found_by_dns(scene):
    """Without a server in the configuration the SRV records of the domain name one."""
    with open(scene.env["ANCHORWATCH_CONF"], encoding="utf-8") as handle:
        text = re.sub(r"(?m)^server=.*\n", "", handle.read())
    path = os.path.join(scene.dir, "found-by-dns.conf")
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
        handle.write(text)
    _, out, _ = scene.aw("check", conf=path)
    scene.check("the domain controller is found by DNS", "ldap://dc1.lab.example.test:389" in out,
                out)


def story(scene, schemas):
    """A small history with something of everything in it; answers (first, last) point."""
    dn = scene.ad_user("keel", title="Clerk", department="Stock")
    gone = scene.ad_user("jib", title="Clerk")
    scene.sync()
    first = scene.snapshot()
    scene.ad_set(dn, title="Officer")
    scene.ad_delete(gone)
    scene.sync()
    keel = scene.user_id("keel@lab.example.test")
    scene.must("PATCH", f"/users/{keel}", {"accountEnabled": False})
    status, doc = scene.aw_json("snapshot")
    scene.equal("snapshot ends with 0", status, 0)
    valid(scene, schemas, doc, "snapshot")
    for half in doc["halves"]:
        scene.equal(f"snapshot: the {half['directory']} half is complete", half["state"], "complete")
    return first, doc["snapshot"]


def security_log(scene):
    """A write in AD, and Samba's audit line for it: diff names the account."""
    dn = scene.ad_user("bosun", title="Clerk")
    first = scene.snapshot()
    scene.ad_set(dn, title="Mate")
    written = scene.ad_get("(sAMAccountName=bosun)", "whenChanged")[dn]["whenChanged"][0]
    line = {"timestamp": f"{written[0:4]}-{written[4:6]}-{written[6:8]}T{written[8:10]}:{written[10:12]}:"
                         f"{written[12:14]}.900000+0000", "type": "dsdbChange",
            "dsdbChange": {"statusCode": 0, "operation": "Modify", "performedAsSystem": False,
                           "userSid": "S-1-5-21-1-2-3-500", "dn": dn, "transactionId": "t1",
                           "attributes": {"title": {"actions": [
                               {"action": "replace", "values": [{"value": "Mate"}]}]}}}}
    path = os.path.join(scene.dir, "audit.json")
    with open(path, "w", encoding="utf-8") as handle:
        handle.write(json.dumps(line) + "\n")
    time.sleep(1)  # the line's fraction of a second is made up, and must not lie ahead
    status, _, err = scene.aw("snapshot", "--security-log", path)
    scene.check("a security log is read", status == 0 and "1 tell who wrote" in err, err)
    _, doc = scene.aw_json("diff", str(first), "latest")
    told = [(i["grade"], i["actor"]) for i in doc["items"]
            if i["directory"] == "ad" and i["attribute"] == "title"]
    scene.check("diff names who wrote in AD", told == [("measured", "S-1-5-21-1-2-3-500")],
                f"{told}: the line says {line['timestamp']}; " + json.dumps(
                    [i for i in doc["items"] if i["directory"] == "ad" and i["attribute"] == "title"]))
    with open(path, "w", encoding="utf-8") as handle:
        handle.write("no log\n")
    status, _, err = scene.aw("snapshot", "--security-log", path)
    scene.check("what is no log is refused with file and line", status != 0 and "audit.json:1" in err,
                f"{status} {err}")


def provisioning_log(scene):
    """What Cloud Sync carried stands in a log of its own; the log of the failed ones changes nothing."""
    dn = scene.ad_user("purser", title="Clerk")
    scene.sync("--engine", "cloudsync")
    first = scene.snapshot()
    scene.ad_set(dn, title="Mate")
    scene.sync("--engine", "cloudsync")
    scene.snapshot()
    _, doc = scene.aw_json("diff", str(first), "latest")
    found = [i for i in doc["items"] if i["directory"] == "entra" and i["attribute"] == "jobTitle"]
    scene.check("diff has the record of the provisioning log",
                len(found) == 1 and found[0]["origin"] == "onprem" and
                any(e["kind"] == "sync-actor" and e.get("fields", e).get("log") == "provisioning"
                    for e in found[0]["evidence"]), json.dumps(found))


def printed_grant(scene):
    """The command that check prints for the right it misses gives that right, as it stands."""
    _, before, _ = scene.aw("check")
    found = re.search(r'(samba-tool dsacl set [^;]*?--sddl="[^"]*")', " ".join(before.split()))
    if not scene.check("check prints the command for the missing right", found, before):
        return
    command = shlex.split(found.group(1))
    scene.check("DirSync is not allowed before", "by DirSync" in before and "USNs" in before, before)
    done = subprocess.run([*command, "-H", scene.env["LAB_LDAP_URI"], "-U", "Administrator%" +
                           scene.env["LAB_ADMIN_PASSWORD"]], capture_output=True, text=True,
                          env=scene.env, check=False)
    scene.equal("the printed command runs", done.returncode, 0)
    _, after, _ = scene.aw("check")
    scene.check("check is content with the right", "by DirSync" in after and
                "samba-tool dsacl" not in after, done.stdout + done.stderr + after)


def machine_output(scene, schemas, first, last):
    calls = [
        ("snapshots", ["snapshots"], 0), ("show", ["show", "keel"], 0),
        ("diff", ["diff", str(first), str(last)], 1), ("diff same", ["diff", str(last), str(last)], 0),
        ("diff live", ["diff", str(last), "live"], 0), ("drift", ["drift"], 1),
        ("explain", ["explain", "keel"], 0), ("explain attribute", ["explain", "keel", "jobTitle"], 0),
        ("anchors", ["anchors"], None), ("plan", ["plan", "--to", str(first)], 1),
        ("plan one object", ["plan", "--to", str(first), "keel@lab.example.test"], 1),
        ("plan at a point", ["plan", "--to", str(first), "--at", str(last)], 1),
        ("verify", ["verify"], 0), ("prune", ["prune", "--dry-run"], 0),
    ]
    for label, args, wanted in calls:
        status, doc = scene.aw_json(*args)
        valid(scene, schemas, doc, label)
        if wanted is not None:
            scene.equal(f"{label}: exit status", status, wanted)
    status, doc = scene.aw_json("check")
    valid(scene, schemas, doc, "check")
    found_by_dns(scene)
    security_log(scene)
    provisioning_log(scene)
    scene.check("check: nothing required is missing", status in (0, 1),
                str([i for i in doc["items"] if not i["ok"]]))


def content(scene, first, last):
    _, doc = scene.aw_json("drift")
    found = [i for i in doc["items"] if "keel" in (i["name"] or "") and
             i["attribute"] == "accountEnabled"]
    scene.equal("drift: the cloud-disabled account", [i["kind"] for i in found], ["diverged"])
    _, doc = scene.aw_json("plan", "--to", str(first), "keel@lab.example.test")
    verdicts = {i["attribute"]: (i["verdict"], i["row"]) for i in doc["items"]}
    scene.equal("plan: the AD-fed title is refused", verdicts.get("jobTitle"), ("refused", "A2"))
    scene.equal("plan: the account may be enabled again", verdicts.get("accountEnabled"),
                ("durable", "A6"))
    title = next(i for i in doc["items"] if i["attribute"] == "jobTitle")
    scene.check("plan: the refusal has a counter-offer at the source",
                title["instead"] and title["instead"][0]["where"] == "ad", str(title["instead"]))
    _, doc = scene.aw_json("explain", "keel", "jobTitle")
    scene.check("explain: tells both halves of the chain",
                {i["directory"] for i in doc["items"]} == {"ad", "entra"},
                str([(i["directory"], i["attribute"]) for i in doc["items"]]))
    title = [i for i in doc["items"] if i["directory"] == "entra" and i["attribute"] == "jobTitle"]
    steps = {s["step"]: s for s in title[-1]["chain"]} if title else {}
    scene.check("explain: AD write, sync and Entra record make one chain",
                list(steps) == ["ad", "sync", "entra"] and "dc1" in (steps["ad"]["dc"] or "").lower()
                and steps["ad"]["time"][:19] <= steps["entra"]["time"][:19] and steps["entra"]["bySync"],
                json.dumps(title)[:3000])
    _, doc = scene.aw_json("show", "keel")
    item = doc["items"][0]
    names = (item["key"], item["anchor"], item["peer"]["key"], "keel@lab.example.test",
             "LAB\\keel", "CN=keel,OU=Staff," + scene.base)
    for name in names:
        _, other = scene.aw_json("show", name)
        scene.equal(f"show finds it by {name}", other["items"][0]["key"], item["key"])
    values = {(a["directory"], a["attribute"]): a for a in item["attributes"]}
    scene.equal("show: who owns jobTitle", values[("entra", "jobTitle")]["owner"], "onprem")
    sid = values[("ad", "objectSid")]["value"]
    _, other = scene.aw_json("show", sid)
    scene.equal("show finds it by SID", other["items"][0]["key"], item["key"])


def text_output(scene, first, last):
    wanted = {
        ("snapshots",): ["complete"], ("show", "keel"): ["source of authority", "jobTitle"],
        ("diff", str(first), str(last)): ["on-premises", "Officer"], ("drift",): ["accountEnabled"],
        ("explain", "keel"): ["Officer", "version"], ("plan", "--to", str(first)): ["refused", "instead"],
        ("verify",): ["verifies"], ("check",): ["ok"], ("anchors",): [],
    }
    for args, words in wanted.items():
        status, out, err = scene.aw(*args)
        scene.check(f"{' '.join(args)}: text", bool(out.strip()), err)
        scene.check(f"{' '.join(args)}: no colour off a terminal", "\033[" not in out)
        for word in words:
            scene.check(f"{' '.join(args)}: says '{word}'", word in out, out[:800])
    status, out, _ = scene.aw("diff", str(first), "--color", "always")
    scene.check("colour when asked for", "\033[" in out)


def traces(scene):
    before = [i["snapshot"] for i in scene.aw_json("snapshots")[1]["items"]]
    path = re.search(r"^path=(.*)$", open(scene.conf, encoding="utf-8").read(), re.M).group(1)
    digest = dump(path)
    scene.aw("diff", str(before[0]), "live")
    scene.aw("plan", "--to", str(before[0]))
    scene.equal("live reads leave the store as it was", dump(path), digest)
    scene.equal("the store is not readable by others", oct(os.stat(path).st_mode & 0o777), "0o600")


def dump(path):
    connection = sqlite3.connect(f"file:{path}?mode=ro", uri=True)
    tables = [r[0] for r in connection.execute(
        "SELECT name FROM sqlite_master WHERE type = 'table' ORDER BY name")]
    return {t: connection.execute(f'SELECT count(*) FROM "{t}"').fetchone()[0] for t in tables}


def pinned(scene):
    _, doc = scene.aw_json("snapshot", "--pin")
    _, listed = scene.aw_json("snapshots")
    item = next(i for i in listed["items"] if i["snapshot"] == doc["snapshot"])
    scene.equal("a pinned point says so", item["pinned"], True)


def suite(scene):
    schemas = validators()
    first, last = story(scene, schemas)
    machine_output(scene, schemas, first, last)
    content(scene, first, last)
    text_output(scene, first, last)
    traces(scene)
    pinned(scene)
    printed_grant(scene)
    status, out, _ = scene.aw("--help")
    scene.check("--help lists every command", status == 0 and all(
        f"  {name}" in out for name in ("check", "snapshot", "diff", "plan", "agent")), out)


if __name__ == "__main__":
    sys.exit(harness.main(suite))
