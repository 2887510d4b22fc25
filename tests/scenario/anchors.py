#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Anchor health against fact. Makes each situation in a real directory and the lab's tenant, runs
`anchors`, then the real sync cycle, and compares what was foretold with what happened.

Prints the confusion matrix (foretold by fact). Every disagreement is a failure.
"""
import json
import os
import sys
import uuid

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import commands  # noqa: E402
import harness  # noqa: E402
import origins  # noqa: E402

DOMAIN = "lab.example.test"
GUID = "mS-DS-ConsistencyGuid"
FACTS = ["nothing", "error", "conflict", "taken-over", "undeleted", "new-object", "deleted", "held"]


# --- both sides ----------------------------------------------------------------------------------

def guid_of(scene, sam):
    """The 16 octets of an account's objectGUID."""
    value = next(iter(scene.ad_get(f"(sAMAccountName={sam})", "objectGUID").values()))["objectGUID"][0]
    return value if isinstance(value, bytes) else value.encode()


def anchor(octets):
    return harness.immutable_id(str(uuid.UUID(bytes_le=octets)))


def cloud_only(scene, nick, smtp=False, upn=None):
    """A cloud-only user; smtp: with the primary address of the AD account of that name."""
    key = origins.cloud_user(scene, nick, **({"userPrincipalName": upn} if upn else {}))
    if smtp:
        scene.control("POST", f"objects/{key}",
                      {"props": {"proxyAddresses": [f"SMTP:{nick}@{DOMAIN}"]}})
    return key


def give_role(scene, key):
    role = scene.must("GET", "/roleManagement/directory/roleDefinitions")["value"][0]["id"]
    scene.must("POST", "/roleManagement/directory/roleAssignments",
               {"principalId": key, "roleDefinitionId": role, "directoryScopeId": "/"})


def mail_user(scene, sam, **more):
    return scene.ad_user(sam, mail=f"{sam}@{DOMAIN}", proxyAddresses=f"SMTP:{sam}@{DOMAIN}", **more)


# --- the situations -------------------------------------------------------------------------------

TIED = ("changed", "owner", "copier", "twin", "twinrole", "unlinked", "reborn", "recopied", "leaver",
        "scope", "soa", "rolled", "calm", "swap")


def prepare(scene, place):
    """Users that both sides know, anchored by mS-DS-ConsistencyGuid; two left and came back."""
    for sam in TIED:
        place[sam] = scene.ad_user(f"a-{sam}")
    for number in range(12):
        place[f"crew{number}"] = scene.ad_user(f"a-crew{number}")
    scene.lab("sync", "--set", f"anchor={GUID}")
    scene.sync("--full")
    for sam in TIED:
        place["id-" + sam] = scene.user_id(f"a-{sam}@{DOMAIN}")
    scene.ad_set(place["unlinked"], adminDescription="User_out")
    scene.sync()
    scene.must("POST", f"/directory/deletedItems/{place['id-unlinked']}/restore")
    scene.ad_set(place["unlinked"], adminDescription=None)
    for sam in ("soa", "rolled"):
        scene.must("PATCH", f"/users/{place['id-' + sam]}/onPremisesSyncBehavior",
                   {"isCloudManaged": True})
    give_role(scene, place["id-twinrole"])  # the earlier point knows it, a deleted user's is not told


def break_ties(scene, place):
    scene.ad_set(place["changed"], **{GUID: uuid.uuid4().bytes_le})
    scene.ad_set(place["copier"], **{GUID: guid_of(scene, "a-owner")})
    for sam in ("twin", "twinrole"):
        scene.must("DELETE", f"/users/{place['id-' + sam]}")
    scene.ad_delete(place["reborn"])
    place["reborn"] = scene.ad_user("a-reborn")
    old = guid_of(scene, "a-recopied")
    scene.ad_delete(place["recopied"])
    place["recopied"] = scene.ad_user("a-recopied", **{GUID: old})
    scene.ad_delete(place["leaver"])
    scene.ad_set(place["scope"], adminDescription="User_out")
    scene.must("PATCH", f"/users/{place['id-rolled']}/onPremisesSyncBehavior",
               {"isCloudManaged": False})
    first = uuid.UUID(bytes_le=guid_of(scene, "a-swap"))
    scene.ad_set(place["swap"], **{GUID: first.bytes})


def candidates(scene, tag):
    """AD accounts without a cloud half, and what waits for each in the cloud."""
    for sam in ("hard", "hardrole", "upn", "smtp", "uprole", "type", "new"):
        mail_user(scene, f"{tag}-{sam}")
    for sam in ("hard", "hardrole"):
        key = cloud_only(scene, f"{tag}-c{sam}")
        scene.must("PATCH", f"/users/{key}",
                   {"onPremisesImmutableId": anchor(guid_of(scene, f"{tag}-{sam}"))})
        if sam == "hardrole":
            give_role(scene, key)
    cloud_only(scene, f"{tag}-upn", upn=f"{tag}-upn@{DOMAIN}")
    cloud_only(scene, f"{tag}-smtp", smtp=True)
    give_role(scene, cloud_only(scene, f"{tag}-uprole", upn=f"{tag}-uprole@{DOMAIN}"))
    group = origins.cloud_group(scene, f"{tag}-type")
    scene.control("POST", f"objects/{group}",
                  {"props": {"proxyAddresses": [f"SMTP:{tag}-type@{DOMAIN}"]}})
    base = scene.base
    scene.ad_add(f"CN={tag}-plain,OU=Groups,{base}", objectClass="group",
                 sAMAccountName=f"{tag}-plain", groupType="-2147483646")
    scene.ad_add(f"CN={tag}-pal,OU=Contacts,{base}", objectClass="contact",
                 displayName=f"{tag}-pal", mail=f"{tag}-pal@partner.example.test",
                 proxyAddresses=f"SMTP:{tag}-pal@partner.example.test")
    scene.ad_add(f"CN={tag}-mast,OU=Devices,{base}", objectClass="computer",
                 sAMAccountName=f"{tag}-mast$", userAccountControl="4096",
                 userCertificate=b"0\x82synthetic")
    cloud_only(scene, f"{tag}-idle")
    idle = scene.user_id(f"{tag}-idle@labexample.onmicrosoft.com")
    scene.must("PATCH", f"/users/{idle}", {"onPremisesImmutableId": anchor(uuid.uuid4().bytes)})


# --- foretold and fact ----------------------------------------------------------------------------

class Fact:
    """What one cycle did, by objectGUID of the AD object and by id of the cloud object."""

    def __init__(self, scene, report):
        self.report, self.dns = report, {}
        for dn, entry in scene.ad_get("(objectGUID=*)", "objectGUID").items():
            value = entry["objectGUID"][0]
            raw = value if isinstance(value, bytes) else value.encode()
            self.dns[str(uuid.UUID(bytes_le=raw))] = dn
        self.quarantined = {q["dn"] for q in report["quarantined"]}

    def rows(self, name, key):
        dn = self.dns.get(key)
        return [r for r in self.report[name] if r.get("id") == key or (dn and r.get("dn") == dn)]

    def of(self, item):
        """One word of FACTS."""
        keys = [item["key"]] if item["directory"] == "ad" or not item["peer"] else [
            item["key"], item["peer"]["key"]]
        if item["outcome"] == "held":
            return "held" if "threshold" in self.report else "nothing"
        if item["key"] is None:
            return "many"
        errors = [e for key in keys for e in self.rows("errors", key)]
        done = [o for key in keys for o in self.rows("operations", key) if o["result"] == "success"]
        actions = {o["action"] for o in done}
        if errors:
            return "conflict" if any(e.get("id") for e in errors if e["op"] == "add") else "error"
        if "added" in actions:
            clash = any(o["dn"] in self.quarantined for o in done)
            return "conflict" if clash else "new-object"
        for action, word in (("undeleted", "undeleted"), ("matched-hard", "taken-over"),
                             ("matched-soft", "taken-over"), ("deleted", "deleted")):
            if action in actions:
                return word
        if any(o.get("reason") == "taken over" for o in done):
            return "taken-over"
        return "deleted" if any(o["op"] == "delete" for o in done) else "nothing"


def agrees(item, fact, copies):
    if item["kind"] == "guid-copied":  # one of the two keeps the object, nobody knows which
        return fact == "error" or copies.get(item["peer"]["key"]) == "error"
    if item["outcome"] == "conflict":  # a refusal or a quarantined value
        return fact in ("conflict", "error")
    return fact == item["outcome"]


def foretell(scene, schemas, label, *args):
    status, doc = scene.aw_json("anchors", *args)
    commands.valid(scene, schemas, doc, label)
    scene.equal(f"{label}: exit status", status, 1)
    return doc


def many(scene, item, fact, doc):
    """What is said of many objects, by the objects' own facts."""
    if item["kind"] == "mass-anchor-change":
        hit = [i for i in doc["items"] if i["kind"] in ("anchor-changed", "recreated")]
        lost = [i for i in hit if fact.of(i) in ("error", "conflict")]
        return scene.check("mass-anchor-change: none of them is synchronized any more",
                           bool(hit) and len(lost) == len(hit), f"{len(lost)} of {len(hit)}")
    return scene.check(f"{item['kind']}: the deletions happen",
                       any(o["op"] == "delete" for o in fact.report["operations"]))


def compare(scene, schemas, matrix, label, *sync):
    scene.snapshot()
    doc = foretell(scene, schemas, label)
    fact = Fact(scene, json.loads(scene.sync("--json", *sync)))
    copies = {i["key"]: fact.of(i) for i in doc["items"] if i["kind"] == "guid-copied"}
    for item in doc["items"]:
        if item["key"] is None and item["outcome"] != "held":
            many(scene, item, fact, doc)
            continue
        happened = fact.of(item)
        good = agrees(item, happened, copies)
        cell = (item["outcome"], item["outcome"] if good else happened)
        matrix[cell] = matrix.get(cell, 0) + 1
        scene.check(f"{label}: {item['kind']} {item['name'] or ''}: {item['outcome']}", good,
                    f"but it was {happened}; {item['text']}; "
                    f"{fact.rows('errors', item['key'])} {fact.rows('operations', item['key'])}"[:900])
    return doc


def print_matrix(matrix):
    print(f"\n{'foretold / fact':16}" + "".join(f"{f:>12}" for f in FACTS))
    for row in FACTS:
        cells = [matrix.get((row, f), 0) for f in FACTS]
        if any(cells):
            print(f"{row:16}" + "".join(f"{n:>12}" for n in cells))
    print()


# --- the rounds -----------------------------------------------------------------------------------

def kinds(doc):
    return {i["kind"] for i in doc["items"]}


def must_find(scene, label, doc, *wanted):
    for kind in wanted:
        scene.check(f"{label}: {kind} is found", kind in kinds(doc), str(sorted(kinds(doc))))


def one_object(scene, schemas):
    """OBJECT: its identifiers and the repair as commands; --kind: nothing else."""
    doc = foretell(scene, schemas, "one object", "a-changed")
    scene.equal("one object: only its findings", kinds(doc), {"anchor-changed"})
    item = doc["items"][0]
    scene.equal("one object: the immutable ID is in the repair",
                item["identifiers"]["immutableId"] in item["repair"][0]["command"], True)
    scene.equal("one object: its identifiers", doc["object"], item["identifiers"])
    doc = foretell(scene, schemas, "one kind", "--kind", "twin-deleted")
    scene.equal("--kind keeps only that", kinds(doc), {"twin-deleted"})
    status, _, err = scene.aw("anchors", "--kind", "no-such")
    scene.check("an unknown kind is refused", status == 2 and "no-such" in err, err)
    status, out, _ = scene.aw("anchors")
    scene.check("text: worst first", status == 1 and out.find("error  anchor-changed") <
                out.find("warning  twin-deleted") and "Repair:" in out, out[:2000])
    scene.ldif(item["repair"][0]["command"] + "\n")  # the repair is what it says


def suite(scene):
    schemas, place, matrix = commands.validators(), {}, {}
    # the service of today tells its switches to signed-in administrators only
    scene.control("POST", "settings", {"onprem_sync_app_only": True})
    prepare(scene, place)
    scene.snapshot()
    break_ties(scene, place)
    candidates(scene, "open")
    doc = compare(scene, schemas, matrix, "open")
    must_find(scene, "open", doc, "anchor-changed", "guid-copied", "twin-deleted",
              "hard-match-privileged", "unlinked-twin", "recreated", "hard-match-identifier",
              "ad-deleted", "out-of-scope", "converted", "rollback", "hard-match", "soft-match-upn",
              "soft-match-smtp", "match-privileged", "match-type", "new-object", "anchor-unclaimed")
    scene.equal("the anchor attribute is derived", doc["anchorAttribute"]["name"], GUID)
    one_object(scene, schemas)
    scene.ad_delete(place["twinrole"])  # whether a deleted user has a role is not known any more
    scene.control("POST", "settings", {"features": {
        "blockSoftMatchEnabled": True, "blockCloudObjectTakeoverThroughHardMatchEnabled": True}})
    candidates(scene, "shut")
    doc = compare(scene, schemas, matrix, "blocked")
    must_find(scene, "blocked", doc, "hard-match-blocked", "soft-match-blocked")
    scene.check("the repaired anchor is no finding any more",
                not any(i["kind"] == "anchor-changed" and "a-changed" in (i["name"] or "")
                        for i in doc["items"]))
    scene.control("POST", "settings", {"features": {
        "blockSoftMatchEnabled": False, "blockCloudObjectTakeoverThroughHardMatchEnabled": False,
        "softMatchOnUpnEnabled": False}})
    candidates(scene, "name")
    must_find(scene, "names off", compare(scene, schemas, matrix, "names off"), "upn-taken")
    for number in range(11):
        scene.ad_set(place[f"crew{number}"], **{GUID: uuid.uuid4().bytes_le})
    doc = compare(scene, schemas, matrix, "many changed")
    must_find(scene, "many changed", doc, "mass-anchor-change")
    scene.control("POST", "settings", {"deletion_prevention": {"alertThreshold": 2}})
    for sam in ("calm", "crew11", "twin"):
        scene.ad_delete(place[sam])
    scene.snapshot()
    doc = foretell(scene, schemas, "held")
    must_find(scene, "held", doc, "mass-deletion")
    fact = Fact(scene, json.loads(scene.sync("--json")))
    for item in (i for i in doc["items"] if i["outcome"] == "held"):
        happened = fact.of(item)
        matrix[("held", happened)] = matrix.get(("held", happened), 0) + 1
        scene.equal(f"held: {item['kind']}", happened, "held")
    print_matrix(matrix)
    print(f"{sum(matrix.values())} findings compared with what happened")


if __name__ == "__main__":
    sys.exit(harness.main(suite))
