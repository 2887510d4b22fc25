#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Forecast against fact. Takes every item of a real `plan`, really performs that write on the
tenant, runs the sync cycle, reads again, and compares the verdict with what happened.

Usage: verdicts.py [connect|cloudsync]
Prints the confusion matrix (forecast by fact). A wrong "durable" is a failure, and so is every
other disagreement; "unknown" is counted by itself and never as right.
"""
import json
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402
import origins  # noqa: E402

COLLECTION = {
    "user": "/users", "group": "/groups", "contact": "/contacts", "device": "/devices",
    "application": "/applications", "servicePrincipal": "/servicePrincipals",
    "conditionalAccessPolicy": "/identity/conditionalAccess/policies",
    "namedLocation": "/identity/conditionalAccess/namedLocations",
    "authorizationPolicy": "/policies/authorizationPolicy",
    "authenticationMethodsPolicy": "/policies/authenticationMethodsPolicy",
}
SINGLETONS = {"authorizationPolicy", "authenticationMethodsPolicy"}


def url(kind, key):
    return COLLECTION[kind] if kind in SINGLETONS else f"{COLLECTION[kind]}/{key}"


# --- the story: objects, the backup point, and what went wrong afterwards -------------------------

def prepare(scene, place):
    base = scene.base
    for n in range(1, 25):
        place[n] = scene.ad_user(f"sailor{n:02}", title="Clerk", department="Stock",
                                 telephoneNumber="+49 30 1000", company="Harbour Ltd")
    scene.ad_set(place[5], mailNickname="sailor05", msExchUsageLocation="FR")
    for name in ("watch", "galley", "sunk", "ours"):
        scene.ad_add(f"CN={name},OU=Groups,{base}", objectClass="group", sAMAccountName=name,
                     groupType="-2147483646", description="before", member=[place[1], place[2]])
    scene.ad_add(f"CN=Agent Contact,OU=Contacts,{base}", objectClass="contact",
                 displayName="Agent Contact", mail="agent@partner.example.test", company="Before",
                 proxyAddresses="SMTP:agent@partner.example.test")
    for name in ("HELM", "MAST", "KEEL"):
        scene.ad_add(f"CN={name},OU=Devices,{base}", objectClass="computer",
                     sAMAccountName=f"{name}$", userAccountControl="4096", displayName=name,
                     operatingSystem="Windows 11", operatingSystemVersion="10.0 (1)",
                     userCertificate=b"0\x82synthetic")
    for nick in ("amy", "ben", "cas", "dot", "eve"):
        place[nick] = origins.cloud_user(scene, nick, jobTitle="Cook", department="Galley")
    for nick in ("lounge", "cabin"):
        place[nick] = origins.cloud_group(scene, nick)
        origins.member_ref(scene, "members", place[nick], place["amy"])
    place["app"] = scene.must("POST", "/applications", {"displayName": "Chart App"})["id"]
    place["chart2"] = scene.must("POST", "/applications", {"displayName": "Second App"})["id"]
    place["saloon"] = origins.cloud_group(scene, "saloon")
    place["policy"] = scene.must("POST", "/identity/conditionalAccess/policies", {
        "displayName": "Chart policy", "state": "disabled",
        "conditions": {"users": {"includeUsers": ["All"]}, "clientAppTypes": ["all"],
                       "applications": {"includeApplications": ["All"]}},
        "grantControls": {"operator": "OR", "builtInControls": ["mfa"]}})["id"]
    scene.run_sync()
    for n in range(1, 25):
        place[f"id{n}"] = scene.user_id(f"sailor{n:02}@lab.example.test")
    for name in ("watch", "galley", "sunk", "ours"):
        place[name] = scene.find("groups", displayName=name)["id"]
    for name in ("HELM", "MAST", "KEEL"):
        place[name] = scene.find("devices", displayName=name)["id"]
    scene.must("PATCH", f"/users/{place['id4']}", {"usageLocation": "DE"})
    for n in (9, 10):
        soa(scene, "users", place[f"id{n}"], True)
        scene.must("PATCH", f"/users/{place[f'id{n}']}", {"jobTitle": "Cloud Clerk"})
    soa(scene, "groups", place["ours"], True)
    origins.member_ref(scene, "members", place["lounge"], place["id3"])
    scene.must("PUT", f"/users/{place['ben']}/manager/$ref",
               {"@odata.id": f"https://graph.microsoft.com/v1.0/users/{place['amy']}"})
    scene.run_sync()


def soa(scene, kind, key, cloud):
    scene.must("PATCH", f"/{kind}/{key}/onPremisesSyncBehavior", {"isCloudManaged": cloud})


def change_on_premises(scene, place):
    base = scene.base
    scene.ad_set(place[1], title="Officer", telephoneNumber="+49 30 2000")
    scene.ad_set(place[2], department=None, displayName="Sailor The Second")
    scene.ad_set(place[3], userAccountControl="546")
    scene.ad_set(place[5], msExchUsageLocation="IT")
    scene.ad_delete(place[7])
    scene.ad_set(place[8], adminDescription="User_filtered")
    scene.ad_user("sailor25", title="Recruit")
    scene.ad_set(f"CN=watch,OU=Groups,{base}", description="after")
    scene.ldif(f"dn: CN=galley,OU=Groups,{base}\nchangetype: modify\nadd: member\n"
               f"member: {place[4]}\n-\ndelete: member\nmember: {place[1]}\n")
    scene.ad_delete(f"CN=sunk,OU=Groups,{base}")
    scene.ad_set(f"CN=Agent Contact,OU=Contacts,{base}", company="After")
    scene.ad_set(f"CN=HELM,OU=Devices,{base}", operatingSystemVersion="10.0 (2)")
    scene.ad_set(place[12], manager=place[1])
    scene.ad_set(place[13], userPrincipalName="thirteen@lab.example.test")


def change_cloud(scene, place):
    patch = [
        (f"/users/{place['id4']}", {"usageLocation": "NL"}),
        (f"/users/{place['id9']}", {"jobTitle": "Changed"}),
        (f"/users/{place['id14']}", {"accountEnabled": False}),
        (f"/users/{place['id15']}", {"otherMails": ["other@partner.example.test"]}),
        (f"/users/{place['id16']}", {"passwordPolicies": "DisablePasswordExpiration"}),
        (f"/users/{place['id17']}", {"userType": "Guest"}),
        (f"/users/{place['amy']}", {"jobTitle": "Baker", "department": None}),
        (f"/groups/{place['ours']}", {"description": "changed in the cloud"}),
        (f"/identity/conditionalAccess/policies/{place['policy']}", {"state": "enabled"}),
        (f"/devices/{place['MAST']}", {"accountEnabled": False}),
        (f"/applications/{place['app']}", {"displayName": "Wrong App"}),
        (f"/groups/{place['cabin']}", {"displayName": "Wrong Cabin"}),
    ]
    for path, body in patch:
        scene.must("PATCH", path, body)
    soa(scene, "users", place["id10"], False)
    scene.must("PATCH", f"/users/{place['id10']}", {"jobTitle": "Between"})
    scene.must("DELETE", f"/users/{place['id6']}")
    scene.must("DELETE", f"/devices/{place['KEEL']}")
    scene.must("DELETE", f"/applications/{place['chart2']}")
    scene.must("DELETE", f"/groups/{place['saloon']}")
    scene.must("DELETE", f"/users/{place['cas']}")
    scene.must("DELETE", f"/users/{place['dot']}")
    scene.must("DELETE", f"/directory/deletedItems/{place['dot']}")
    scene.must("DELETE", f"/groups/{place['cabin']}/members/{place['amy']}/$ref")
    scene.must("DELETE", f"/groups/{place['lounge']}/members/{place['id3']}/$ref")
    scene.must("DELETE", f"/users/{place['ben']}/manager/$ref")
    origins.member_ref(scene, "members", place["cabin"], place["eve"])
    place["stray"] = origins.cloud_user(scene, "stray")


# --- performing a forecast write ---------------------------------------------------------------

def nest(attribute, value):
    head, _, rest = attribute.partition(".")
    return {head: nest(rest, value)} if rest else {head: value}


def perform(scene, item):
    """The write a restore would make; answers the HTTP status, or None when there is no such call."""
    kind, key, action = item["type"], item["key"], item["action"]
    if action == "update":
        if item["attribute"].startswith("onPremisesSyncBehavior"):
            return scene.graph("PATCH", f"{url(kind, key)}/onPremisesSyncBehavior",
                               {"isCloudManaged": bool(item["target"])})[0]
        body = nest(item["attribute"], item["target"])
        if kind == "namedLocation":
            body["@odata.type"] = "#microsoft.graph.ipNamedLocation"
        return scene.graph("PATCH", url(kind, key), body)[0]
    if action == "restore":
        return scene.graph("POST", f"/directory/deletedItems/{key}/restore")[0]
    if action == "softDelete":
        return scene.graph("DELETE", url(kind, key))[0]
    if action == "create":
        return scene.graph("POST", f"/directory/deletedItems/{key}/restore")[0]
    target = item["linkTarget"]
    reference = {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{target}"}
    if item["attribute"] == "manager":
        if action == "link":
            return scene.graph("PUT", f"{url(kind, key)}/manager/$ref", reference)[0]
        return scene.graph("DELETE", f"{url(kind, key)}/manager/$ref")[0]
    plural = {"member": "members", "owner": "owners"}[item["attribute"]]
    if action == "link":
        return scene.graph("POST", f"{url(kind, key)}/{plural}/$ref", reference)[0]
    return scene.graph("DELETE", f"{url(kind, key)}/{plural}/{target}/$ref")[0]


def linked(scene, item):
    path = url(item["type"], item["key"])
    if item["attribute"] == "manager":
        status, doc = scene.graph("GET", f"{path}/manager")
        return status == 200 and doc["id"] == item["linkTarget"]
    plural = {"member": "members", "owner": "owners"}[item["attribute"]]
    _, doc = scene.graph("GET", f"{path}/{plural}?$top=999&$select=id")
    return any(one["id"] == item["linkTarget"] for one in doc["value"])


def same(a, b):
    def plain(v):
        if isinstance(v, list):
            return sorted(json.dumps(plain(x), sort_keys=True) for x in v)
        return None if v in ([], "") else v
    return plain(a) == plain(b)


def present(scene, item):
    """Is the tenant as the write wanted it?"""
    kind, key, action = item["type"], item["key"], item["action"]
    if action in ("link", "unlink"):
        return linked(scene, item) == (action == "link")
    if action in ("restore", "softDelete", "create"):
        alive = scene.graph("GET", url(kind, key))[0] == 200
        return alive == (action != "softDelete")
    if item["attribute"].startswith("onPremisesSyncBehavior"):
        _, doc = scene.graph("GET", f"{url(kind, key)}/onPremisesSyncBehavior")
        return doc["isCloudManaged"] == bool(item["target"])
    head = item["attribute"].split(".")[0]
    status, doc = scene.graph("GET", f"{url(kind, key)}?$select=id,{head}"
                              if kind in ("user", "group", "device", "contact") else url(kind, key))
    if status != 200:
        return False
    value = doc
    for part in item["attribute"].split("."):
        value = (value or {}).get(part)
    return same(value, item["target"])


def reborn(scene, item):
    """Did sync make the object anew, under another id?"""
    if item["type"] == "device":
        found = scene.find("devices", displayName=item["name"])
    elif item["type"] == "group":
        found = scene.find("groups", displayName=item["name"])
    elif item["type"] == "user":
        found = scene.find("users", userPrincipalName=item["name"])
    else:
        found = None
    return bool(found) and found["id"] != item["key"]


def fact(scene, item, status, after_delta, after_full):
    if item["action"] == "create":
        return "recreated" if reborn(scene, item) else "unrecoverable"
    if status is None or status >= 400:
        return "refused"
    if item["action"] == "softDelete" and not after_delta:
        return "recreated"
    if not after_delta:
        return "overwritten"
    return "durable" if after_full else "overwritten-later"


def agrees(forecast, happened):
    # "conflict" is seen by its refusal; a restore that sync would have made itself also holds
    also = {"conflict": {"refused", "overwritten"}, "recreated": {"recreated", "durable"},
            "no-op": {"durable"}}
    return happened == forecast or happened in also.get(forecast, set())


def print_matrix(scene, matrix):
    facts = ["refused", "durable", "overwritten", "overwritten-later", "recreated", "unrecoverable"]
    print(f"\n{'forecast / fact':20}" + "".join(f"{f:>19}" for f in facts))
    for row in sorted({f for f, _ in matrix}):
        print(f"{row:20}" + "".join(f"{matrix.get((row, f), 0):>19}" for f in facts))
    print()


def change_passwords(scene, items):
    """The later occasion of what holds until the next password change: let it come."""
    for item in items:
        if item["row"] in ("A9", "A11"):
            scene.ad_set(item["source"]["dn"], unicodePwd='"Synthetic-Pass-2!"'.encode("utf-16-le"))
    scene.run_sync()


def judge(scene, items, statuses):
    scene.run_sync()
    delta = {id(i): present(scene, i) for i in items}
    scene.run_sync("--full")
    change_passwords(scene, items)
    matrix = {}
    for item in items:
        happened = fact(scene, item, statuses[id(item)], delta[id(item)], present(scene, item))
        forecast = item["verdict"]
        matrix[(forecast, happened)] = matrix.get((forecast, happened), 0) + 1
        label = (f"{item['row']} {item['action']} {item['type']} {item['name']} "
                 f"{item['attribute'] or ''}: {forecast}")
        if forecast == "unknown":
            scene.skip(label, f"no forecast was dared; it was {happened}")
            continue
        scene.check(label, agrees(forecast, happened),
                    f"but it was {happened} (HTTP {statuses[id(item)]}); {item['why']}")
    print_matrix(scene, matrix)
    wrong = sum(n for (f, h), n in matrix.items() if f == "durable" and h != "durable")
    scene.equal("no wrong durable", wrong, 0)
    return matrix


def never_writes(scene, before):
    """Reading the plan changed neither side."""
    after = scene.control("GET", "requests")
    calls = after["requests"] if isinstance(after, dict) else after
    new = calls[before:]
    bad = [c for c in new if c["method"] not in ("GET", "HEAD")
           and "/oauth2/" not in c["url"] and "$batch" not in c["url"] and "/_lab/" not in c["url"]]
    scene.check("plan never writes", not bad, str(bad[:3]))


def suite(scene):
    engine = sys.argv[1] if len(sys.argv) > 1 else "connect"
    scene.run_sync = lambda *args: scene.sync("--engine", engine, *args)
    if engine == "cloudsync":
        text = open(scene.conf, encoding="utf-8").read().replace("engine=connect", "engine=cloudsync")
        scene.conf = os.path.join(scene.dir, "cloudsync.conf")
        with open(os.open(scene.conf, os.O_WRONLY | os.O_CREAT, 0o600), "w") as handle:
            handle.write(text)
    place = {}
    scene.control("POST", "settings", {"features": {"passwordSyncEnabled": True}})
    prepare(scene, place)
    backup = scene.snapshot()
    change_on_premises(scene, place)
    scene.run_sync()
    change_cloud(scene, place)
    log = scene.control("GET", "requests")
    seen = len(log["requests"] if isinstance(log, dict) else log)
    status, doc = scene.aw_json("plan", "--to", str(backup))
    scene.equal("a plan with doomed writes says so by its exit status", status, 1)
    never_writes(scene, seen)
    items = [i for i in doc["items"] if i["type"] in COLLECTION]
    scene.check("the plan covers at least 30 writes", len(items) >= 30, str(len(items)))
    order = {"restore": 0, "create": 1, "update": 2, "link": 3, "unlink": 3, "softDelete": 4}
    items.sort(key=lambda i: order[i["action"]])
    statuses = {}
    for item in items:
        statuses[id(item)] = perform(scene, item)
    matrix = judge(scene, items, statuses)
    print(f"{sum(matrix.values())} forecasts compared with what happened ({engine})")


if __name__ == "__main__":
    sys.exit(harness.main(suite))
