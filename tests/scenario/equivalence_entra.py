#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Incremental equals full: random operations against the local tenant, captures in between with
faults on, and from time to time the comparison: a store that was fed incrementally shows the same
as a fresh one that was filled by one full read.

    equivalence_entra.py [--operations N] [--seed N]        (AW_SEED works, too)
"""
import argparse
import collections
import os
import random
import shutil
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import entra  # noqa: E402
import harness  # noqa: E402

PROPERTIES = {"jobTitle": 5, "department": 5, "city": 3, "displayName": 9, "givenName": 4}
FAULTS = [
    {"match": "/delta", "kind": "delta_late"}, {"match": "/delta", "kind": "delta_replay"},
    {"match": "/delta", "kind": "delta_twice"}, {"match": "/delta", "kind": "empty_page"},
    {"match": "/delta", "kind": "expired_page"}, {"match": "/delta", "kind": "delta_gone"},
    {"match": "/delta", "kind": "delta_expired"}, {"match": "/delta", "kind": "delta_resync"},
    {"match": "", "kind": "429", "retry_after": "0.2"}, {"match": "batch", "kind": "503"},
    {"match": "GET", "kind": "429", "retry_after": "0"}, {"match": "", "kind": "500"},
    {"match": "", "kind": "reset"}, {"match": "", "kind": "close"}, {"match": "", "kind": "chunked"},
    {"match": "", "kind": "truncated"}, {"match": "", "kind": "expired_token"},
    {"match": "/delta", "kind": "reset"}, {"match": "directoryAudits", "kind": "503"},
    {"match": "/delta", "kind": "foreign_next"}, {"match": "GET", "kind": "html"},
]
SERIOUS = ("foreign_next", "html", "truncated")  # may leave a half partial or failed


class World:
    """What the operations know of the tenant."""

    def __init__(self, place, chance):
        self.place, self.random, self.number = place, chance, 0
        self.users, self.groups, self.apps, self.devices, self.contacts = [], [], [], [], []
        self.synced, self.policies, self.locations, self.deleted = [], [], [], []
        self.principals, self.given, self.app_ids = [], [], {}
        self.made = {}  # collection -> ids of what is listed
        self.parts = []  # paths of what hangs on applications
        self.links = []  # (collection, holder, relation, target)

    def pick(self, many):
        return self.random.choice(many) if many else None

    def value(self):
        return f"Value {self.random.randrange(8)}"

    def name(self, kind):
        self.number += 1
        return f"eq-{kind}-{self.number}"

    def reference(self, key):
        return {"@odata.id": f"{self.place.base}/v1.0/directoryObjects/{key}"}

    def drop(self, key):
        for many in (self.users, self.groups, self.apps, self.devices, self.contacts, self.synced,
                     self.principals):
            if key in many:
                many.remove(key)
        self.links = [one for one in self.links if key not in (one[1], one[3])]

    # --- operations: each answers whether it did something --------------------------------------

    def create_user(self):
        self.users.append(self.place.user(self.name("user"), jobTitle=self.value()))

    def create_synced(self):
        self.synced.append(self.place.synced_user(self.name("synced")))

    def create_group(self):
        name = self.name("group")
        self.groups.append(self.place.must("POST", "groups", {
            "displayName": name, "mailNickname": name, "mailEnabled": False,
            "securityEnabled": True})["id"])

    def create_app(self):
        made = self.place.must("POST", "applications", {"displayName": self.name("app")})
        self.apps.append(made["id"])
        self.app_ids[made["id"]] = made["appId"]

    def create_principal(self):
        key = self.pick(self.apps)
        if key:
            answer = self.place.call("POST", "servicePrincipals", {"appId": self.app_ids[key]})
            if answer.status == 201:
                self.principals.append(answer["id"])

    def assign_app(self):
        key, target = self.pick(self.principals), self.pick(self.users + self.groups)
        if key and target:
            answer = self.place.call("POST", f"servicePrincipals/{key}/appRoleAssignedTo", {
                "principalId": target, "resourceId": key,
                "appRoleId": "00000000-0000-0000-0000-000000000000"})
            if answer.status == 201:
                self.given.append((key, answer["id"]))

    def unassign_app(self):
        one = self.pick(self.given)
        if one:
            self.place.call("DELETE", "servicePrincipals/%s/appRoleAssignedTo/%s" % one)
            self.given.remove(one)

    # what is listed each time, and how a new one looks
    LISTED = {
        "directory/administrativeUnits": lambda w: {"displayName": w.name("unit")},
        "policies/claimsMappingPolicies": lambda w: {
            "displayName": w.name("claims"), "definition": ['{"ClaimsMappingPolicy":{}}']},
        "policies/authenticationStrengthPolicies": lambda w: {
            "displayName": w.name("strength"), "allowedCombinations": ["fido2"]},
        "policies/permissionGrantPolicies": lambda w: {
            "id": w.name("grant"), "displayName": w.value()},
        "groupLifecyclePolicies": lambda w: {"groupLifetimeInDays": 180,
                                             "managedGroupTypes": "All"}}

    def create_listed(self):
        collection = self.pick(list(self.LISTED))
        answer = self.place.call("POST", collection, self.LISTED[collection](self))
        if answer.status == 201:
            self.made.setdefault(collection, []).append(answer["id"])

    def change_listed(self):
        collection = self.pick(list(self.made))
        key = self.pick(self.made.get(collection))
        if key:
            self.place.call("PATCH", f"{collection}/{key}", {"displayName": self.value()})

    def delete_listed(self):
        collection = self.pick(list(self.made))
        key = self.pick(self.made.get(collection))
        if key and self.place.call("DELETE", f"{collection}/{key}").status == 204:
            self.made[collection].remove(key)

    def fill_unit(self):
        key = self.pick(self.made.get("directory/administrativeUnits"))
        target = self.pick(self.users + self.groups)
        if key and target:
            self.place.call("POST", f"directory/administrativeUnits/{key}/members/$ref",
                            self.reference(target))
            self.links.append(("directory/administrativeUnits", key, "members", target))

    def add_part(self):
        key, name = self.pick(self.apps), self.name("part")
        if not key:
            return
        relation, body = self.pick([
            ("federatedIdentityCredentials", {
                "name": name, "issuer": "https://issuer.example.test", "subject": name,
                "audiences": ["api://AzureADTokenExchange"]}),
            ("extensionProperties", {"name": name.replace("-", ""), "dataType": "String",
                                     "targetObjects": ["User"]})])
        answer = self.place.call("POST", f"applications/{key}/{relation}", body)
        if answer.status == 201:
            self.parts.append(f"applications/{key}/{relation}/" + answer["id"])

    def remove_part(self):
        path = self.pick(self.parts)
        if path:
            self.place.call("DELETE", path)
            self.parts.remove(path)

    def assign_role(self):
        key = self.pick(self.users)
        if key:
            self.place.call("POST", "roleManagement/directory/roleAssignments", {
                "principalId": key, "directoryScopeId": "/",
                "roleDefinitionId": "fe930be7-5e62-47db-91af-98c3a49a38b1"})

    def unassign_role(self):
        found = self.place.get("roleManagement/directory/roleAssignments").value
        mine = [one["id"] for one in found if one["principalId"] in self.users]
        if mine:
            self.place.call("DELETE", "roleManagement/directory/roleAssignments/" +
                            self.pick(mine))

    def create_device(self):
        name = self.name("device")
        self.devices.append(self.place.store("device", {
            "displayName": name, "deviceId": name, "accountEnabled": True}))

    def create_contact(self):
        self.contacts.append(self.place.store(
            "orgContact", {"displayName": self.name("contact"), "onPremisesSyncEnabled": True,
                           "mail": f"{self.number}@example.test"}))

    def create_location(self):
        self.locations.append(self.place.must("POST", "identity/conditionalAccess/namedLocations", {
            "@odata.type": "#microsoft.graph.countryNamedLocation", "displayName":
            self.name("place"), "countriesAndRegions": ["DE"]})["id"])

    def change_user(self):
        key, name = self.pick(self.users), self.pick(list(PROPERTIES))
        if key:
            value = self.value() if name == "displayName" or self.random.random() < .8 else None
            self.place.must("PATCH", "users/" + key, {name: value})

    def change_synced(self):
        key = self.pick(self.synced + self.contacts + self.devices)
        if key:
            self.place.control("POST", "objects/" + key, {"props": {"displayName": self.value()}})

    def change_group(self):
        key = self.pick(self.groups)
        if key:
            self.place.must("PATCH", "groups/" + key, {"description": self.value()})

    def change_app(self):
        key = self.pick(self.apps)
        if key:
            self.place.must("PATCH", "applications/" + key, {"notes": self.value()})

    def change_location(self):
        key = self.pick(self.locations)
        if key:
            self.place.must("PATCH", "identity/conditionalAccess/namedLocations/" + key, {
                "@odata.type": "#microsoft.graph.countryNamedLocation",
                "displayName": self.value()})

    def delete_location(self):
        key = self.pick(self.locations)
        if key:
            self.place.must("DELETE", "identity/conditionalAccess/namedLocations/" + key)
            self.locations.remove(key)

    def delete(self):
        collection, many = self.random.choice((("users", self.users), ("groups", self.groups),
                                               ("applications", self.apps),
                                               ("servicePrincipals", self.principals),
                                               ("devices", self.devices)))
        key = self.pick(many)
        if key and len(many) > 3:
            # an application takes its service principal along
            gone = self.place.call("DELETE", f"{collection}/{key}").status
            self.drop(key)
            if gone != 204 and collection != "servicePrincipals":
                raise AssertionError(f"DELETE {collection}/{key}: {gone}")
            if gone == 204 and collection != "devices":
                self.deleted.append((key, many))

    def restore(self):
        one = self.pick(self.deleted)
        if one:
            answer = self.place.call("POST", f"directory/deletedItems/{one[0]}/restore")
            if answer.status == 200:
                self.deleted.remove(one)
                one[1].append(one[0])

    def purge(self):
        one = self.pick(self.deleted)
        if one and self.place.call("DELETE", "directory/deletedItems/" + one[0]).status == 204:
            self.deleted.remove(one)

    def add_link(self):
        collection, many, relation, targets = self.random.choice((
            ("groups", self.groups, "members", self.users + self.synced + self.groups),
            ("groups", self.groups, "members", self.users),
            ("groups", self.groups, "owners", self.users),
            ("users", self.users, "sponsors", self.users + self.groups),
            ("devices", self.devices, "registeredOwners", self.users),
            ("devices", self.devices, "registeredUsers", self.users),
            ("applications", self.apps, "owners", self.users)))
        key, target = self.pick(many), self.pick(targets)
        if key and target and key != target:
            answer = self.place.call("POST", f"{collection}/{key}/{relation}/$ref",
                                     self.reference(target))
            if answer.status == 204:
                self.links.append((collection, key, relation, target))

    def remove_link(self):
        one = self.pick(self.links)
        if one:
            self.place.call("DELETE", "%s/%s/%s/%s/$ref" % one)
            self.links.remove(one)

    def set_manager(self):
        key, other = self.pick(self.users), self.pick(self.users + self.synced)
        if key and other and key != other:
            self.place.must("PUT", f"users/{key}/manager/$ref", self.reference(other))

    def clear_manager(self):
        key = self.pick(self.users)
        if key:
            self.place.call("DELETE", f"users/{key}/manager/$ref")

    def transfer(self):
        key = self.pick(self.synced)
        if key:
            self.place.call("PATCH", f"users/{key}/onPremisesSyncBehavior",
                            {"isCloudManaged": self.random.random() < .6})

    WEIGHTS = {"create_user": 8, "create_synced": 3, "create_group": 4, "create_app": 2,
               "create_device": 2, "create_principal": 2, "assign_app": 5, "unassign_app": 2,
               "create_listed": 3, "change_listed": 2, "delete_listed": 1, "fill_unit": 3,
               "add_part": 4, "remove_part": 2, "assign_role": 2, "unassign_role": 1, "create_contact": 2, "create_location": 1, "change_user": 18,
               "change_synced": 6, "change_group": 8, "change_app": 3, "change_location": 1,
               "delete_location": 1, "delete": 6, "restore": 4, "purge": 2, "add_link": 22,
               "remove_link": 10, "set_manager": 6, "clear_manager": 3, "transfer": 2}

    def step(self):
        names = list(self.WEIGHTS)
        getattr(self, self.random.choices(names, [self.WEIGHTS[n] for n in names])[0])()


class Run:
    """The captures, and what is demanded of them."""

    def __init__(self, place, tally, chance):
        self.place, self.tally, self.random = place, tally, chance
        self.fed = place.reader("fed")
        self.modes, self.states, self.compared, self.requests = {}, {}, 0, 0

    def live(self):
        found = set()
        for path in ("users", "groups", "contacts", "devices", "applications"):
            found |= self.place.ids(path)
        return found

    def capture(self, faults):
        before = set(self.fed.objects()) if os.path.exists(self.fed.store) else set()
        # time passes, so that audit records age and deleted objects are purged
        self.place.control("POST", "clock", {"advance_seconds": self.random.randrange(7200)})
        self.place.tokens.clear()
        if faults:
            self.place.control("POST", "faults", faults)
        half = self.fed.snapshot()
        self.place.control("DELETE", "faults")
        state = half["state"]
        self.modes[half["mode"]] = self.modes.get(half["mode"], 0) + 1
        self.states[state] = self.states.get(state, 0) + 1
        self.requests += half["requests"]
        lost = (before & self.live()) - set(self.fed.objects())
        if lost:
            self.tally.check("no false deletion", False, f"{lost} after {faults}: {half}")
        if state != "complete" and not any(f["kind"] in SERIOUS for f in faults):
            self.tally.check("complete in spite of faults", False, f"{faults}: {half}")
        return half

    def some_faults(self):
        chosen = self.random.sample(FAULTS, self.random.randrange(4))
        return [{**one, "count": 1, "skip": self.random.randrange(4)} for one in chosen]

    def compare(self, done):
        # a change that was held back needs a second round, and a partial half a full read
        for _ in range(3):
            half = self.capture([])
        self.tally.check(f"after {done} operations: incremental", half["mode"] == "incremental",
                         str(half["problems"]))
        fresh = self.place.reader(f"fresh-{done}")
        full = fresh.snapshot()
        self.tally.equal(f"after {done} operations: the full read is complete",
                         (full["state"], full["mode"]), ("complete", "full"))
        lines = entra.differences(self.fed, fresh)
        self.tally.check(f"after {done} operations: the points are the same", not lines,
                         "\n".join(lines[:20]))
        half = self.place.reader("fed", reconcile_days=0).snapshot()
        self.place.reader("fed")
        self.tally.check(f"after {done} operations: the reconciliation finds nothing",
                         (half["state"], half["mode"], half["versionsAdded"]) ==
                         ("complete", "full", 0) and "divergence" not in str(half["problems"]),
                         str(half))
        status, _, err = self.fed.run("verify")
        self.tally.equal(f"after {done} operations: the store verifies", (status, err), (0, ""))
        os.unlink(fresh.store)
        self.compared += 1


def scenario(place, tally, operations, seed):
    chance = random.Random(seed)
    world, run = World(place, chance), Run(place, tally, chance)
    place.control("POST", "settings", {"delta_page_size": 7, "delta_slice": 3})
    for _ in range(20):
        world.create_user()
        if world.number % 3 == 0:
            world.create_group()
    run.capture([])
    next_capture, next_compare, step = 10, max(operations // 6, 50), max(operations // 6, 50)
    for done in range(1, operations + 1):
        world.step()
        if done == next_capture:
            place.control("POST", "settings", {"audit_delay_seconds": chance.choice((0, 0, 120))})
            run.capture(run.some_faults())
            next_capture += chance.randrange(3, 40)
        if done == next_compare or done == operations:
            run.compare(done)
            next_compare += step
    print(f"{operations} operations, captures by mode {run.modes}, by state {run.states}, "
          f"{run.compared} comparisons, {run.requests} requests, {len(run.fed.objects())} objects, "
          f"{len(run.fed.links())} links")
    print("kinds of links", dict(collections.Counter(one[1] for one in run.fed.links())))


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--operations", type=int, default=300)
    parser.add_argument("--seed", type=int, default=int(os.environ.get(
        "AW_SEED", str(random.randrange(1 << 30)))))
    options = parser.parse_args()
    print(f"seed {options.seed} (--seed or AW_SEED repeats it)", flush=True)
    tally, directory = harness.Tally(), tempfile.mkdtemp(prefix="anchorwatch-equivalence-")
    started = time.monotonic()
    try:
        with entra.Place(directory) as place:
            scenario(place, tally, options.operations, options.seed)
    except Exception as failure:  # a scenario that breaks off has failed, and says where
        import traceback
        traceback.print_exc()
        tally.check("the scenario ran to its end", False, str(failure))
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    print(f"{time.monotonic() - started:.0f} s")
    print(f"equivalence_entra: {tally.passed} passed, {tally.failed} failed, 0 skipped")
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
