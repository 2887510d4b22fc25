#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Who changed what: more than 40 changes through LDAP, Graph and the sync engine, each compared
with the truth, which the suite knows because it made the change itself.

Every case names the change it expects in `anchorwatch diff`: directory, object, attribute, kind,
origin, the grades that are honest for it, and whether an actor may be named.
"""
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402

PERSON = "helga.admin@labexample.onmicrosoft.com"


class Expect:
    def __init__(self, directory, name, attribute, kind, origin, grades, actor=None, evidence=None,
                 old=Ellipsis, new=Ellipsis):
        self.directory, self.name, self.attribute, self.kind = directory, name, attribute, kind
        self.origin, self.grades, self.actor, self.evidence = origin, grades, actor, evidence
        self.old, self.new = old, new

    def label(self):
        return f"{self.directory} {self.name} {self.attribute or 'object'} {self.kind}"

    def find(self, items):
        return [i for i in items
                if i["directory"] == self.directory and i["attribute"] == self.attribute
                and i["kind"] == self.kind and self.name.lower() in (i["name"] or "").lower()]


def onprem(name, attribute, kind="modified", **kwargs):
    return Expect("ad", name, attribute, kind, "onprem", {"derived"}, **kwargs)


def echo(name, attribute, kind="modified", **kwargs):
    """The cloud half of an AD change: carried by sync, mastered on-premises."""
    return Expect("entra", name, attribute, kind, "onprem", {"derived", "masked"}, **kwargs)


def cloud(name, attribute, kind="modified", actor="any", **kwargs):
    return Expect("entra", name, attribute, kind, "cloud", {"measured"}, actor=actor, **kwargs)


def cloud_user(scene, nick, **more):
    body = {"accountEnabled": True, "displayName": nick.title(), "mailNickname": nick,
            "userPrincipalName": f"{nick}@labexample.onmicrosoft.com",
            "passwordProfile": {"password": "Synthetic-Pass-1!"}, **more}
    return scene.must("POST", "/users", body)["id"]


def cloud_group(scene, nick):
    return scene.must("POST", "/groups", {
        "displayName": nick.title(), "mailNickname": nick, "mailEnabled": False,
        "securityEnabled": True})["id"]


def member_ref(scene, kind, group, member):
    scene.must("POST", f"/groups/{group}/{kind}/$ref",
               {"@odata.id": f"https://graph.microsoft.com/v1.0/directoryObjects/{member}"})


def prepare(scene):
    """Objects that the cases change, on both sides, synchronized; answers their names."""
    place = {}
    for n in range(1, 31):
        place[n] = scene.ad_user(f"person{n:02}", givenName="Per", sn=f"Son{n}", title="Clerk",
                                 department="Stock", telephoneNumber="+49 30 1000")
    for name in ("crew", "deck", "doomed", "handed"):
        scene.ad_add(f"CN={name},OU=Groups,{scene.base}", objectClass="group", sAMAccountName=name,
                     groupType="-2147483646", description="before")
    scene.ldif(f"dn: CN=crew,OU=Groups,{scene.base}\nchangetype: modify\nadd: member\n"
               f"member: {place[9]}\n")
    scene.ad_add(f"OU=Harbour,{scene.base}", objectClass="organizationalUnit", description="old")
    scene.ad_add(f"CN=Pilot Contact,OU=Contacts,{scene.base}", objectClass="contact",
                 displayName="Pilot Contact", mail="pilot@partner.example.test",
                 company="Before", proxyAddresses="SMTP:pilot@partner.example.test")
    scene.ad_add(f"CN=BRIDGE,OU=Devices,{scene.base}", objectClass="computer",
                 sAMAccountName="BRIDGE$", userAccountControl="4096", operatingSystem="Windows 11",
                 operatingSystemVersion="10.0 (1)", userCertificate=b"0\x82synthetic")
    cloud_user(scene, PERSON.split("@")[0])
    place["carl"] = cloud_user(scene, "carl", jobTitle="Cook")
    place["cora"] = cloud_user(scene, "cora", jobTitle="Cook")
    place["curt"] = cloud_user(scene, "curt")
    place["cleo"] = cloud_user(scene, "cleo")
    place["gone"] = cloud_user(scene, "gone")
    place["club"] = cloud_group(scene, "club")
    member_ref(scene, "members", place["club"], place["curt"])
    place["app"] = scene.must("POST", "/applications", {"displayName": "Old App"})["id"]
    place["policy"] = scene.must("POST", "/identity/conditionalAccess/policies", {
        "displayName": "Harbour policy", "state": "disabled",
        "conditions": {"users": {"includeUsers": ["All"]}, "clientAppTypes": ["all"],
                       "applications": {"includeApplications": ["All"]}},
        "grantControls": {"operator": "OR", "builtInControls": ["mfa"]}})["id"]
    place["location"] = scene.must("POST", "/identity/conditionalAccess/namedLocations", {
        "@odata.type": "#microsoft.graph.ipNamedLocation", "displayName": "Harbour net",
        "isTrusted": False, "ipRanges": [{"@odata.type": "#microsoft.graph.iPv4CidrRange",
                                          "cidrAddress": "192.0.2.0/24"}]})["id"]
    scene.must("DELETE", f"/users/{place['gone']}")
    scene.sync()
    for n in (16, 17, 18, 19, 20):
        place[f"id{n}"] = scene.user_id(f"person{n:02}@lab.example.test")
    # drift that stands at the first point, so that its re-export falls between the points
    scene.must("PATCH", f"/users/{place['id20']}", {"accountEnabled": False})
    return place


def change_ad(scene, place):
    base = scene.base
    scene.ad_set(place[1], title="Officer")
    scene.ad_set(place[2], department=None)
    scene.ad_set(place[3], telephoneNumber="+49 30 2000")
    for text in ("First", "Second", "Third Name"):
        scene.ad_set(place[4], displayName=text)
    scene.ad_move(place[5], "CN=person05", f"OU=Harbour,{base}")
    scene.ad_move(place[6], "CN=Renamed Person", f"OU=Staff,{base}")
    scene.ad_set(place[7], userAccountControl="546")
    scene.ldif(f"dn: CN=crew,OU=Groups,{base}\nchangetype: modify\nadd: member\n"
               f"member: {place[8]}\n-\ndelete: member\nmember: {place[9]}\n")
    scene.ad_set(place[10], manager=place[1])
    scene.ad_user("newcomer", title="Recruit")
    scene.ad_delete(place[11])
    scene.ad_set(f"CN=deck,OU=Groups,{base}", description="after")
    scene.ad_set(f"CN=Pilot Contact,OU=Contacts,{base}", company="After")
    scene.ad_set(f"CN=BRIDGE,OU=Devices,{base}", operatingSystemVersion="10.0 (2)")
    scene.ad_set(f"OU=Harbour,{base}", description="new")
    scene.ad_set(place[12], otherTelephone=["+49 30 1", "+49 30 2"])
    scene.ad_set(place[13], mail="thirteen@lab.example.test", sn="Renamed")
    scene.ad_delete(f"CN=doomed,OU=Groups,{base}")
    scene.ad_set(place[14], physicalDeliveryOfficeName="Pier 4", company="Harbour Ltd")
    scene.ad_set(place[15], userPrincipalName="fifteen@lab.example.test")


def change_cloud(scene, place):
    scene.must("PATCH", f"/users/{place['carl']}", {"jobTitle": "Baker"})
    scene.must("PATCH", f"/users/{place['cora']}", {"jobTitle": "Baker"}, as_user=PERSON)
    scene.must("PATCH", f"/users/{place['cleo']}", {"usageLocation": "DE"})
    member_ref(scene, "members", place["club"], place["carl"])
    scene.must("DELETE", f"/groups/{place['club']}/members/{place['curt']}/$ref")
    member_ref(scene, "owners", place["club"], place["cora"])
    scene.must("PATCH", f"/identity/conditionalAccess/policies/{place['policy']}",
               {"state": "enabledForReportingButNotEnforced"})
    scene.must("PATCH", f"/identity/conditionalAccess/namedLocations/{place['location']}",
               {"@odata.type": "#microsoft.graph.ipNamedLocation", "isTrusted": True})
    scene.must("PATCH", f"/applications/{place['app']}", {"displayName": "New App"})
    scene.must("DELETE", f"/users/{place['curt']}")
    cloud_user(scene, "fresh")
    cloud_group(scene, "freshgroup")
    scene.must("PATCH", "/policies/authorizationPolicy", {"blockMsolPowerShell": True})
    scene.must("PATCH", f"/users/{place['id16']}", {"accountEnabled": False}, as_user=PERSON)
    scene.must("PATCH", f"/users/{place['id17']}", {"usageLocation": "NL"})
    scene.must("PATCH", f"/users/{place['id18']}/onPremisesSyncBehavior", {"isCloudManaged": True},
               as_user=PERSON)
    group = scene.find("groups", displayName="handed")
    scene.must("PATCH", f"/groups/{group['id']}/onPremisesSyncBehavior", {"isCloudManaged": True})
    scene.must("POST", f"/directory/deletedItems/{place['gone']}/restore")
    scene.must("PATCH", f"/users/{place['id18']}", {"jobTitle": "Cloud Clerk"}, as_user=PERSON)
    scene.must("DELETE", f"/users/{place['id19']}", as_user=PERSON)


def expectations():
    return [
        onprem("person01", "title", new="Officer"), echo("person01", "jobTitle", new="Officer"),
        onprem("person02", "department"), echo("person02", "department"),
        onprem("person03", "telephoneNumber"), echo("person03", "businessPhones"),
        onprem("person04", "displayName", evidence="version-gap", new="Third Name"),
        echo("person04", "displayName"),
        onprem("person05", "distinguishedName", "moved"),
        onprem("person06", "distinguishedName", "moved"),
        onprem("person07", "userAccountControl"), echo("person07", "accountEnabled"),
        onprem("crew", "member", "linked"), onprem("crew", "member", "unlinked"),
        echo("crew", "member", "linked"), echo("crew", "member", "unlinked"),
        onprem("person10", "manager", "linked"), echo("person10", "manager", "linked"),
        onprem("newcomer", None, "added"), echo("newcomer", None, "added"),
        onprem("person11", None, "deleted"), echo("person11", None, "deleted"),
        onprem("deck", "description"), echo("deck", "description"),
        onprem("Pilot Contact", "company"), echo("Pilot Contact", "companyName"),
        onprem("BRIDGE", "operatingSystemVersion"), echo("BRIDGE", "operatingSystemVersion"),
        onprem("Harbour", "description"),
        onprem("person12", "otherTelephone"),
        onprem("person13", "mail"), echo("person13", "surname"),
        onprem("doomed", None, "deleted"), echo("doomed", None, "removed"),
        onprem("person14", "company"), echo("person14", "officeLocation"),
        onprem("fifteen", "userPrincipalName"), echo("fifteen", "userPrincipalName"),
        cloud("carl", "jobTitle", new="Baker"),
        cloud("cora", "jobTitle", actor=PERSON),
        Expect("entra", "cleo", "usageLocation", "modified", "cloud", {"derived", "absent"},
               evidence="unlogged"),
        cloud("club", "member", "linked"), cloud("club", "member", "unlinked"),
        cloud("club", "owner", "linked"),
        cloud("Harbour policy", "state"), cloud("Harbour net", "isTrusted"),
        cloud("New App", "displayName"),
        cloud("curt", None, "deleted"), cloud("fresh@", None, "added"),
        cloud("freshgroup", None, "added"),
        Expect("entra", "", "blockMsolPowerShell", "modified", "cloud", {"measured"}, actor="any"),
        cloud("person16", "accountEnabled", actor=PERSON),
        Expect("entra", "person17", "usageLocation", "modified", "cloud",
               {"derived", "absent"}, evidence="unlogged"),
        cloud("person18", "onPremisesSyncBehavior.isCloudManaged", actor=PERSON),
        cloud("handed", "onPremisesSyncBehavior.isCloudManaged"),
        cloud("gone", None, "restored"),
        cloud("person18", "jobTitle", actor=PERSON),
        cloud("person19", None, "deleted", actor=PERSON),
        Expect("entra", "person20", "accountEnabled", "modified", "sync", {"derived", "masked"},
               evidence="sync-actor"),
    ]


def judge(scene, want, found):
    label = want.label()
    if not scene.check(f"{label}: reported once", len(found) == 1,
                       f"{len(found)} items"):
        return
    item = found[0]
    shown = {k: item[k] for k in ("origin", "grade", "actor", "when")}
    kinds = [e["kind"] for e in item["evidence"]]
    texts = [e["text"] for e in item["evidence"]]
    scene.check(f"{label}: origin {want.origin}", item["origin"] == want.origin,
                f"{shown} {texts}")
    scene.check(f"{label}: grade {'/'.join(sorted(want.grades))}", item["grade"] in want.grades,
                f"{shown} {texts}")
    scene.check(f"{label}: has evidence", bool(item["evidence"]))
    if want.actor is None:
        scene.check(f"{label}: no bare actor", item["actor"] is None, str(item["actor"]))
    elif want.actor == "any":
        scene.check(f"{label}: actor named", bool(item["actor"]), f"{shown} {texts}")
    else:
        scene.check(f"{label}: actor {want.actor}", want.actor in (item["actor"] or ""), str(shown))
    if want.evidence:
        scene.check(f"{label}: evidence {want.evidence}", want.evidence in kinds, str(kinds))
    for side in ("old", "new"):
        value = getattr(want, side)
        if value is not Ellipsis:
            scene.equal(f"{label}: {side} value", item[side], value)


def no_person_for_sync(scene, items):
    """Sync identities are never reported as a person."""
    wrong = [i for i in items if i["actor"] and any(
        mark in i["actor"] for mark in ("Sync_", "ConnectSyncProvisioning", "ADToAADSync"))]
    scene.check("no change names the sync engine as a person", not wrong, str(wrong[:2]))


def suite(scene):
    place = prepare(scene)
    before = scene.snapshot()
    change_ad(scene, place)
    scene.sync()
    change_cloud(scene, place)
    after = scene.snapshot()
    status, doc = scene.aw_json("diff", str(before), str(after))
    scene.equal("diff reports findings by its exit status", status, 1)
    if os.environ.get("AW_DUMP"):
        import json
        with open(os.environ["AW_DUMP"], "w", encoding="utf-8") as handle:
            json.dump(doc, handle, indent=1)
    wanted = expectations()
    for want in wanted:
        judge(scene, want, want.find(doc["items"]))
    no_person_for_sync(scene, doc["items"])
    scene.check("at least 40 changes were compared", len(wanted) >= 40, str(len(wanted)))
    status, again = scene.aw_json("snapshot")
    added = [half["versionsAdded"] + half["linksAdded"] + half["linksRemoved"]
             for half in again["halves"]]
    scene.equal("a capture without changes adds no version and no link", added, [0, 0])
    print(f"{len(wanted)} changes compared with the truth")


if __name__ == "__main__":
    sys.exit(harness.main(suite))
