#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""A real export of Entra Connect, imported and shown again: every rule, mapping, condition and join
of the files must be there. The files are read here by Python's own XML parser. Then the Cloud Sync
jobs of a tenant (the lab's, with jobs made up here), with the permission and without it.
"""
import glob
import json
import os
import shutil
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as xml

import jsonschema

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(HERE, "..", "lab", "tenant")]
import harness  # noqa: E402
import selftest  # noqa: E402

SAMPLE = os.path.join(harness.ROOT, "..", "shared", "data", "connect-contoso")
SCHEMAS = os.path.join(harness.ROOT, "docs", "schema")
CONFIG = """[store]
path={place}/store.db
[ad lab]
domain=lab.example.test
[entra lab]
tenant_id=11111111-2222-4333-8444-555555555555
client_id=11111111-2222-4333-8444-555555555556
secret_file={place}/secret
"""


class Place:
    """A store of its own, without any directory behind it."""

    def __init__(self, path):
        self.path = path
        self.config = os.path.join(path, "anchorwatch.conf")
        with open(self.config, "w", encoding="utf-8") as handle:
            handle.write(CONFIG.format(place=path))
        secret = os.path.join(path, "secret")
        with open(secret, "w", encoding="utf-8") as handle:
            handle.write("unused\n")
        os.chmod(secret, 0o600)

    def run(self, *args):
        done = subprocess.run([harness.binary(), "-c", self.config, *args], capture_output=True,
                              text=True, timeout=120)
        return done.returncode, done.stdout, done.stderr

    def document(self, *args):
        status, out, err = self.run(*args, "--format", "json")
        return status, json.loads(out) if out else err


def valid(tally, doc):
    kind = doc["schema"].split(".")[1].split("/")[0]
    store = {}
    for name in (f"{kind}.json", "common.json"):
        with open(os.path.join(SCHEMAS, name), encoding="utf-8") as handle:
            store[name] = json.load(handle)
    schema = store[f"{kind}.json"]
    resolver = jsonschema.RefResolver(f"{kind}.json", schema, store=store)
    faults = [e.message for e in
              jsonschema.Draft202012Validator(schema, resolver=resolver).iter_errors(doc)]
    tally.check(f"valid against docs/schema/{kind}.json", not faults, str(faults[:3]))


def text(node, name):
    found = node.find(name)
    return "" if found is None or found.text is None else found.text.strip()


def read_mapping(node):
    source = node.find("src")
    attributes = [] if source is None else [a.text.strip() for a in source.findall("attr")]
    constant = None
    if source is not None and not attributes and (source.text or "").strip():
        constant = source.text.strip()
    return (text(node, "dest"), tuple(attributes), constant, text(node, "expression") or None,
            node.get("execute-once") == "true", text(node, "valueMergeType"))


def read_rule(path):
    root = xml.parse(path).getroot()
    return text(root, "id").lower(), {
        "name": text(root, "name"), "tag": text(root, "immutable-tag"),
        "direction": text(root, "direction"), "precedence": int(text(root, "precedence")),
        "disabled": text(root, "disabled").lower() == "true",
        "sourceType": text(root, "sourceObjectType"), "targetType": text(root, "targetObjectType"),
        "link": text(root, "linkType"),
        "mappings": [read_mapping(m) for m in root.find("attribute-mappings")],
        "scope": [[(text(c, "csAttribute"), text(c, "csOperator"),
                    None if text(c, "csOperator") in ("ISNULL", "ISNOTNULL") else text(c, "csValue"))
                   for c in group] for group in root.find("synchronizationCriteria")],
        "join": [[(text(c, "csAttribute"), text(c, "ilmAttribute"),
                   text(c, "caseSensitive").lower() == "true") for c in group]
                 for group in root.find("relationshipCriteria")],
    }


def shown_rule(item):
    return {
        **{name: item[name] for name in ("name", "direction", "precedence", "disabled",
                                         "sourceType", "targetType", "link")},
        "tag": item.get("tag", ""),
        "mappings": [(m["target"], tuple(m["source"]), m.get("constant"), m.get("expression"),
                      m["executeOnce"], m["merge"]) for m in item["mappings"]],
        "scope": [[(c["attribute"], c["operator"], c.get("value")) for c in group]
                  for group in item["scope"]],
        "join": [[(c["attribute"], c["metaverse"], c["caseSensitive"]) for c in group]
                 for group in item["join"]],
    }


def counts(rules):
    return {"rules": len(rules), "mappings": sum(len(r["mappings"]) for r in rules),
            "conditions": sum(len(g) for r in rules for g in r["scope"]),
            "joins": sum(len(g) for r in rules for g in r["join"])}


def round_trip(tally, place):
    pattern = os.path.join(SAMPLE, "SynchronizationRules", "*.xml")
    files = dict(read_rule(path) for path in glob.glob(pattern))
    status, summary = place.document("rules", "import", SAMPLE)
    tally.equal("import ends with 0", status, 0)
    wanted = counts(files.values())
    tally.equal("import counts what the files hold", {k: summary[k] for k in wanted}, wanted)
    tally.check("import takes less than 2 s", summary["seconds"] < 2, str(summary["seconds"]))
    status, shown = place.document("rules", "show")
    tally.equal("show ends with 0", status, 0)
    valid(tally, summary)
    valid(tally, shown)
    items = {item["id"]: shown_rule(item) for item in shown["items"]}
    tally.equal("show counts what the files hold", counts(items.values()), wanted)
    for rule in sorted(files):
        tally.equal(f"{files[rule]['name']} is as in its file", items.get(rule), files[rule])
    print(f"  {wanted} in {summary['seconds']:.2f} s")


def again_and_changed(tally, place):
    status, summary = place.document("rules", "import", SAMPLE)
    tally.equal("the same again adds nothing", (summary["added"], summary["version"]), (False, 1))
    copy = os.path.join(place.path, "copy")
    shutil.copytree(SAMPLE, copy, copy_function=shutil.copyfile)
    names = sorted(glob.glob(os.path.join(copy, "SynchronizationRules", "*.xml")))
    with open(names[0], encoding="utf-8") as handle:
        changed = handle.read().replace("50000", "250000")
    with open(names[0], "w", encoding="utf-8") as handle:
        handle.write(changed)
    os.chmod(os.path.dirname(names[1]), 0o700)
    os.unlink(names[1])
    status, summary = place.document("rules", "import", copy)
    tally.equal("a changed export is version 2", (summary["added"], summary["version"]), (True, 2))
    status, found = place.document("rules", "diff")
    tally.equal("diff ends with 1", status, 1)
    valid(tally, found)
    valid(tally, place.document("rules", "versions")[1])
    kinds = sorted((item["kind"], [c["part"] for c in item["changes"]]) for item in found["items"])
    tally.equal("diff names rule and mapping", kinds, [("changed", ["mapping member", "scope"]),
                                                       ("removed", [])])
    tally.equal("no difference ends with 0", place.run("rules", "diff", "2", "2")[0], 0)
    tally.equal("the old version is kept", len(place.document("rules", "show", "--version", "1")[1]
                                               ["items"]), 62)
    tally.equal("verify is content", place.run("verify")[0], 0)
    with open(names[2], "w", encoding="utf-8") as handle:
        handle.write("<synchronizationRule>\n<id>x</id></synchronizationRule>")
    status, _, err = place.run("rules", "import", copy)
    tally.check("a broken file is named with its line",
                f"{os.path.basename(names[2])}:2: expected a GUID" in err, err)
    tally.equal("and nothing is imported", len(place.document("rules", "versions")[1]["items"]), 2)


# --- from the tenant ---------------------------------------------------------------------------

TEMPLATE = "1a4721b3-e57f-4451-ae87-ef078703ec94"
DOMAIN = {"DomainFQDN": "lab.example.test", "DomainNetBios": "LAB", "ForestFQDN": "example.test",
          "ForestNetBios": "EXAMPLE"}


def mapping(target, kind, name, **more):
    return {"targetAttributeName": target, "flowType": "Always", "flowBehavior": "FlowWhenChanged",
            "matchingPriority": 0, "exportMissingReferences": False, "defaultValue": None,
            "source": {"type": kind, "name": name, "expression": None, "parameters": []}, **more}


def cloud_job():
    rule = {"id": "03f7d90d-bf71-41b1-bda6-aaf0ddbee5d8", "name": "users", "priority": 1,
            "editable": True, "metadata": [], "sourceDirectoryName": "lab.example.test",
            "targetDirectoryName": "Azure Active Directory",
            "containerFilter": {"includedContainers": ["OU=Staff,DC=lab,DC=example,DC=test"]},
            "groupFilter": None,
            "objectMappings": [{
                "enabled": True, "flowTypes": "Add, Update, Delete", "name": "user", "metadata": [],
                "sourceObjectName": "user", "targetObjectName": "User", "scope": None,
                "attributeMappings": [
                    mapping("userPrincipalName", "Attribute", "userPrincipalName",
                            matchingPriority=1),
                    mapping("displayName", "Attribute", "displayName"),
                    mapping("usageLocation", "Constant", "AT", flowType="ObjectAddOnly")]}]}
    job = {"id": "AD2AADProvisioning.0123", "templateId": "AD2AADProvisioning",
           "synchronizationJobSettings": [{"name": "Domain", "value": json.dumps(DOMAIN)}]}
    return {"job": job, "schema": {"id": job["id"], "version": "v1", "directories": [],
                                   "synchronizationRules": [rule]}}


def password_job():
    job = {"id": "AD2AADPasswordHash.0123", "templateId": "AD2AADPasswordHash"}
    return {"job": job, "schema": {"id": job["id"], "synchronizationRules": []}}


class TenantPlace(Place):
    """A store whose tenant is the lab's."""

    def __init__(self, path, lab):
        super().__init__(path)
        known = lab.credentials
        lines = {"tenant_id": known["tenant_id"], "client_id": known["agent"]["client_id"],
                 "secret_file": f"{path}/secret", "graph_url": lab.base, "ca_file": lab.cert,
                 "token_url": f"{lab.base}/{known['tenant_id']}/oauth2/v2.0/token"}
        with open(self.config, "w", encoding="utf-8") as handle:
            handle.write(f"[store]\npath={path}/store.db\n[entra lab]\n")
            handle.writelines(f"{name}={value}\n" for name, value in lines.items())
        with open(os.path.join(path, "secret"), "w", encoding="utf-8") as handle:
            handle.write(known["agent"]["client_secret"] + "\n")


def put_jobs(lab):
    made = lab.control("POST", "objects", {"type": "servicePrincipal", "props": {
        "appId": "5a5a5a5a-0000-4000-8000-000000000001", "displayName": "lab.example.test",
        "applicationTemplateId": TEMPLATE}})
    lab.control("POST", f"jobs/{made['id']}", {"jobs": [cloud_job(), password_job()]})


def from_tenant(tally, lab, path):
    place = TenantPlace(path, lab)
    status, _, err = place.run("rules", "import", "--from-tenant")
    tally.check("a tenant without Cloud Sync has nothing to import",
                status != 0 and "no Cloud Sync job" in err, err)
    put_jobs(lab)
    status, summary = place.document("rules", "import", "--from-tenant")
    tally.equal("the unread job is a finding", status, 1)
    tally.equal("one rule with its mappings", (summary["source"], summary["rules"],
                                               summary["mappings"]), ("cloud-sync", 1, 3))
    tally.equal("nothing is unknown", summary["unknown"], 0)
    tally.check("and names the job", "AD2AADPasswordHash.0123" in summary["items"][0]["finding"],
                str(summary["items"]))
    valid(tally, summary)
    shown = place.document("rules", "show")[1]
    valid(tally, shown)
    rule = shown["items"][0]
    tally.equal("targets", [m["target"] for m in rule["mappings"]],
                ["userPrincipalName", "displayName", "usageLocation"])
    tally.equal("only while it is created", [m["executeOnce"] for m in rule["mappings"]],
                [False, False, True])
    tally.equal("the same again adds nothing",
                place.document("rules", "import", "--from-tenant")[1]["added"], False)
    without_permission(tally, lab, place)


def without_permission(tally, lab, place):
    client = lab.credentials["agent"]["client_id"]
    held = lab.control("POST", "grants", {"client_id": client})["permissions"]
    lab.control("POST", "grants", {"client_id": client, "permissions": [
        one for one in held if not one.startswith("Synchronization.")]})
    status, _, err = place.run("rules", "import", "--from-tenant")
    tally.check("without the permission it is named",
                status not in (0, 1) and "Synchronization.Read.All" in err, f"{status} {err}")
    tally.equal("and nothing is imported", len(place.document("rules", "versions")[1]["items"]), 1)


def tenant_scene(tally):
    with tempfile.TemporaryDirectory(prefix="anchorwatch-rules-") as path:
        lab = selftest.Lab(path)
        lab.start()
        try:
            from_tenant(tally, lab, path)
        finally:
            lab.stop()


def main():
    tally = harness.Tally()
    if not os.path.isdir(SAMPLE):
        tally.skip("rules_import", f"{SAMPLE} is not there")
    else:
        with tempfile.TemporaryDirectory(prefix="anchorwatch-rules-") as path:
            place = Place(path)
            round_trip(tally, place)
            again_and_changed(tally, place)
    tenant_scene(tally)
    print(f"rules_import: {tally.passed} passed, {tally.failed} failed, {tally.skipped} skipped")
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
