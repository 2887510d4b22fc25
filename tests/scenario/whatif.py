#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What would happen if, asked of the tenant's own rules, and then really done: an attribute edited, an
object deleted, an organizational unit of a thousand users moved out of the selection. Each foretold
effect is compared with what the lab's sync engine does next, which reads the same exported
configuration through code of its own. Skipped without ../shared/data.
"""
import json
import os
import shutil
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402

SAMPLE = os.path.join(harness.ROOT, "..", "shared", "data", "connect-contoso")
USERS = 1000
LOAD = "OU=Load"


def lab_rules(scene, name="rules", **replace):
    """The sample as if it had been exported here: the lab's domain, and OU=Load alone selected."""
    folder = os.path.join(scene.dir, name)
    shutil.rmtree(folder, ignore_errors=True)
    shutil.copytree(SAMPLE, folder)
    words = [("OU=CORP,DC=contoso,DC=com", f"{LOAD},{scene.base}"), ("DC=contoso,DC=com", scene.base),
             ("contoso.com", "lab.example.test"), (">CONTOSO<", ">LAB<"), *replace.items()]
    for part in ("Connectors", "SynchronizationRules"):
        for file in os.listdir(os.path.join(folder, part)):
            path = os.path.join(folder, part, file)
            with open(path, encoding="utf-8-sig") as handle:
                text = handle.read()
            for old, new in words:
                text = text.replace(old, new)
            with open(path, "w", encoding="utf-8") as handle:
                handle.write(text)
    return folder


def whatif(scene, *args):
    """Items and the seconds it took."""
    started = time.monotonic()
    status, out, err = scene.aw("rules", "whatif", *args, "--format", "json")
    seconds = time.monotonic() - started
    if status not in (0, 1):
        raise AssertionError(f"whatif {args}: {status} {out}{err}")
    return json.loads(out), seconds


def cloud(scene, collection):
    """Live synchronized objects of the tenant: id -> object."""
    found, url = {}, f"/{collection}?$top=999&$select=id,displayName,onPremisesSyncEnabled"
    if collection == "users":
        url += ",jobTitle,department"
    while url:
        status, page = scene.graph("GET", url)
        assert status == 200, page
        found.update({o["id"]: o for o in page["value"] if o.get("onPremisesSyncEnabled")})
        url = page.get("@odata.nextLink", "").partition("/v1.0")[2]
    return found


def bad_questions(scene):
    """What cannot be answered is refused with the thing named, and never answered with nothing."""
    dn = f"CN=load000007,{LOAD},{scene.base}"
    for words, named in ((("set", dn, "userAccountControl", "abc"), "userAccountControl"),
                         (("set", dn, "manager", dn), "reference"),
                         (("set", dn, "noSuchAttribute", "x"), "noSuchAttribute"),
                         (("move", f"OU=Nowhere,{scene.base}", scene.base), "OU=Nowhere"),
                         (("disable", "No such rule"), "No such rule"), (("turn", "round"), "move OBJECT")):
        status, out, err = scene.aw("rules", "whatif", *words)
        scene.check(f"refused: whatif {' '.join(words)[:60]}", status == 2 and named in err and not out,
                    f"{status} {out}{err}")


def edited_attribute(scene, folder):
    dn = f"CN=load000007,{LOAD},{scene.base}"
    doc, _ = whatif(scene, "set", dn, "title", "  Captain  ")
    scene.equal("set: one property would change", [(i["effect"], i["attribute"], i["new"])
                                                   for i in doc["items"]],
                [("changes", "jobTitle", "Captain")])
    scene.ad_set(dn, title="  Captain  ")
    scene.sync("--rules", folder)
    key = doc["items"][0]["peer"]["key"]
    _, user = scene.graph("GET", f"/users/{key}?$select=jobTitle")
    scene.equal("set: the engine writes what was foretold", user["jobTitle"], "Captain")


def deleted_object(scene, folder):
    dn = f"CN=load000008,{LOAD},{scene.base}"
    doc, _ = whatif(scene, "delete", dn)
    scene.equal("delete: one object would go", [(i["effect"], i["name"].partition("@")[0])
                                                for i in doc["items"]], [("deleted", "load000008")])
    loses = doc["items"][0]["loses"]
    scene.check("delete: memberships that go with it are counted", loses["groups"] > 0, str(loses))
    scene.check("delete: a user is restorable", loses["forGood"] is False, str(loses))
    scene.ad_delete(dn)
    scene.sync("--rules", folder)
    status, _ = scene.graph("GET", f"/users/{doc['items'][0]['peer']['key']}")
    scene.equal("delete: the cloud object is gone", status, 404)


def moved_unit(scene, folder):
    """The whole unit out of the selection: nothing until the guard is lifted, then all of it."""
    scene.ad_add(f"OU=Archive,{scene.base}", objectClass="organizationalUnit")
    scene.snapshot()
    before = {**cloud(scene, "users"), **cloud(scene, "groups")}
    doc, seconds = whatif(scene, "move", f"{LOAD},{scene.base}", f"OU=Archive,{scene.base}")
    print(f"  move of an OU of {USERS} users: answered in {seconds:.2f} s, "
          f"{len(doc['items'])} effects", flush=True)
    foretold = {i["peer"]["key"] for i in doc["items"] if i["effect"] == "deleted"}
    scene.equal("move: nothing but deletions", {i["effect"] for i in doc["items"]}, {"deleted"})
    scene.check("move: about every user of the unit", len(foretold) >= USERS - 1, str(len(foretold)))
    _, text, _ = scene.aw("rules", "whatif", "move", f"{LOAD},{scene.base}",
                          f"OU=Archive,{scene.base}")
    scene.check("move: the guard is foretold to stop it", "guard would stop" in text, text[-500:])
    scene.ad_move(f"{LOAD},{scene.base}", LOAD, f"OU=Archive,{scene.base}")
    scene.sync("--rules", folder)
    kept = {**cloud(scene, "users"), **cloud(scene, "groups")}
    scene.equal("move: the engine's guard stops it", set(kept), set(before))
    scene.sync("--rules", folder, "--threshold", "off")
    left = {**cloud(scene, "users"), **cloud(scene, "groups")}
    scene.equal("move: exactly the foretold objects are deleted", set(before) - set(left), foretold)


def suite(scene):
    if not os.path.isdir(SAMPLE):
        scene.skip("the tenant's own rules", "no sample configuration in ../shared/data")
        return
    folder = lab_rules(scene)
    scene.sync("--rules", folder, "--threshold", "off")
    scene.snapshot()
    status, out, err = scene.aw("rules", "whatif", "delete", f"CN=load000001,{LOAD},{scene.base}")
    scene.check("without imported rules whatif says how to get them",
                status == 2 and "rules import" in err, out + err)
    status, out, err = scene.aw("rules", "import", folder)
    scene.equal("the rules are imported", status, 0)
    _, out, err = scene.aw("rules", "explain", "load000007", "jobTitle")
    scene.check("explain: the chain from AD to Entra", "Out to AAD - User" in out and
                "In from AD - User Common" in out and "Trim([title])" in out, out + err)
    bad_questions(scene)
    edited_attribute(scene, folder)
    scene.snapshot()
    deleted_object(scene, folder)
    moved_unit(scene, folder)


if __name__ == "__main__":
    harness.main(suite, "--objects", str(USERS))
