#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""What goes wrong with an incremental capture of Entra ID: a table of faults, what the user sees,
and what is in the store. Before each fault the tenant changes in every way a capture must notice.
For every row: no object that exists is missing, the capture ends in time, and after one or two
captures without the fault the store shows what a full read into a fresh one shows.

    faults_entra.py [ROW ...]        ROW is a name of the table, or optional, vanished, returns, preview,
    expiry, untracked,
    silent, binding
"""
import os
import shutil
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import entra  # noqa: E402
import harness  # noqa: E402

LONGEST_S = 60  # of one capture: the time-outs are 5 s, the budget for waiting is 20 s
DAY = 86400
COMPLETE, FULL, PARTIAL = ("complete", "incremental"), ("complete", "full"), ("partial", None)


def fault(match, kind, count=1, **more):
    return {"match": match, "kind": kind, "count": count, **more}


class World:
    """A small tenant and its changes."""

    def __init__(self, place):
        self.place, self.round = place, 0
        self.users = [place.user(f"fault-{n}") for n in range(8)]
        self.group = self.new_group("fault-group")
        self.link("members", self.users[0])
        self.add_relations()
        self.spare = place.user("fault-spare")
        place.must("DELETE", "users/" + self.spare)

    def new_group(self, name):
        return self.place.must("POST", "groups", {
            "displayName": name, "mailNickname": name, "mailEnabled": False,
            "securityEnabled": True})["id"]

    def add_relations(self):
        """What no delta query tells: a sponsor, the owner of a device, who may use an application,
        who holds a directory role."""
        place, reference = self.place, "%s/v1.0/directoryObjects/%s"
        place.must("POST", f"users/{self.users[4]}/sponsors/$ref",
                   {"@odata.id": reference % (place.base, self.users[5])})
        self.device = place.store("device", {"displayName": "fault-device",
                                             "deviceId": "fault-device"})
        place.must("POST", f"devices/{self.device}/registeredOwners/$ref",
                   {"@odata.id": reference % (place.base, self.users[5])})
        app = place.must("POST", "applications", {"displayName": "fault-service"})
        self.service = place.must("POST", "servicePrincipals", {"appId": app["appId"]})["id"]
        self.assigned = self.assign(self.users[5])
        self.role = place.must("POST", "roleManagement/directory/roleAssignments", {
            "principalId": self.users[5], "directoryScopeId": "/",
            "roleDefinitionId": "fe930be7-5e62-47db-91af-98c3a49a38b1"})["id"]

    def assign(self, principal):
        return self.place.must("POST", f"servicePrincipals/{self.service}/appRoleAssignedTo", {
            "principalId": principal, "resourceId": self.service,
            "appRoleId": "00000000-0000-0000-0000-000000000000"})["id"]

    def link(self, relation, target):
        self.place.must("POST", f"groups/{self.group}/{relation}/$ref",
                        {"@odata.id": f"{self.place.base}/v1.0/directoryObjects/{target}"})

    def change(self):
        """One of everything: changed, created, soft-deleted, restored, purged, linked, unlinked."""
        self.round += 1
        place, name = self.place, f"fault-new-{self.round}"
        fresh = place.user(name)
        place.must("PATCH", "users/" + self.users[1], {"jobTitle": name})
        self.link("members", fresh)
        if self.round > 1:
            place.must("DELETE", f"groups/{self.group}/members/{self.last}/$ref")
            place.must("DELETE", "users/" + self.last)
        place.must("POST", f"directory/deletedItems/{self.spare}/restore")
        place.must("PATCH", "users/" + self.spare, {"city": name})
        place.must("DELETE", "users/" + self.users[7])
        self.spare, self.users[7] = self.users[7], self.spare
        gone = place.user(name + "-gone")
        place.must("DELETE", "users/" + gone)
        place.must("DELETE", "directory/deletedItems/" + gone)
        self.last = fresh

    def live(self):
        return self.place.ids("users") | self.place.ids("groups") | self.place.ids("devices")

    def links(self):
        return {(self.group, "member", one)
                for one in self.place.ids(f"groups/{self.group}/members")}


def advance(days):
    def act(world):
        world.place.control("POST", "clock", {"advance_seconds": days * DAY})
        world.place.tokens.clear()
    return act


def settings(**values):
    return lambda world: world.place.control("POST", "settings", values)


def recover(audit):
    def act(world):
        world.place.control("POST", "recovery", {"audit": audit, "objects": [
            {"id": world.users[2], "props": {"jobTitle": f"Recovered {audit}"}},
            {"id": world.group, "add": {"members": [world.users[3]]},
             "remove": {"members": [world.users[0]]}}]})
        world.users[0], world.users[3] = world.users[3], world.users[0]
    return act


def withdraw(world):
    client = world.place.credentials["agent"]["client_id"]
    world.grants = world.place.control("POST", "grants", {"client_id": client})["permissions"]
    world.place.control("POST", "grants", {
        "client_id": client, "permissions": [p for p in world.grants if p != "User.Read.All"]})


def grant(world):
    world.place.control("POST", "grants", {
        "client_id": world.place.credentials["agent"]["client_id"], "permissions": world.grants})


# name, faults, what else happens before, expected (state, mode), a word the user sees, after
ROWS = [
    ("none", [], None, COMPLETE, None),
    ("410 Gone", [fault("users/delta", "delta_gone")], None, FULL, "can no longer be asked for"),
    ("410 Gone, and a damaged round besides", [
        fault("users/delta", "delta_gone"), fault("groups/delta", "truncated", 3)], None, FULL,
     "can no longer be asked for"),
    ("400 syncStateNotFound", [fault("groups/delta", "delta_expired")], None, FULL,
     "syncStateNotFound"),
    ("400 resyncRequired", [fault("users/delta", "delta_resync")], None, FULL, "resyncRequired"),
    ("token older than 7 days", [], advance(8), FULL, "everything was read"),
    ("token of 20 days where 30 are allowed", [], lambda world: (
        settings(delta_token_lifetime_days=30)(world), advance(6)(world)), COMPLETE, None),
    ("page token expires within a round", [fault("users/delta", "expired_page")], None, COMPLETE,
     None),
    ("late changes", [fault("/delta", "delta_late", 4)], None, COMPLETE, None),
    ("changes told again", [fault("/delta", "delta_replay", 4)], None, COMPLETE, None),
    ("objects twice in a round", [fault("/delta", "delta_twice", 4)], None, COMPLETE, None),
    ("empty page with a next link", [fault("/delta", "empty_page", 2)], None, COMPLETE, None),
    ("next link to another host", [fault("users/delta", "foreign_next", None)], None, PARTIAL,
     "another host"),
    ("truncated page, once", [fault("users/delta", "truncated")], None, COMPLETE, None),
    ("truncated pages", [fault("users/delta", "truncated", None)], None, PARTIAL, "damaged"),
    ("a proxy's page for a delta page", [fault("users/delta", "html", None)], None, PARTIAL,
     "proxy"),
    ("a proxy's page for a batch", [fault("batch", "html", None)], None, PARTIAL, "proxy"),
    ("invalid UTF-8 in a round", [fault("users/delta", "invalid_utf8", None)], None, PARTIAL,
     "damaged"),
    ("unknown properties and enum members", [fault("/delta", "unknown", 4)], None, COMPLETE, None),
    ("429, fractional Retry-After", [fault("batch", "429", 2, retry_after="0.25")], None, COMPLETE,
     None),
    ("429 without Retry-After", [fault("/delta", "429")], None, COMPLETE, None),
    ("429 inside a batch", [fault("GET /v1.0/users/", "429", 2, retry_after="0.1")], None, COMPLETE,
     None),
    ("429 for longer than the budget", [fault("users/delta", "429", None, retry_after="600")], None,
     PARTIAL, "retry budget"),
    ("a burst of 503", [fault("", "503", 3, retry_after="0.1")], None, COMPLETE, None),
    ("reset in mid-body", [fault("/delta", "reset", 2)], None, COMPLETE, None),
    ("connection closed", [fault("batch", "close", 2)], None, COMPLETE, None),
    ("token refused once", [fault("/delta", "expired_token")], None, COMPLETE, None),
    ("silence", [fault("users/delta", "hang", None, seconds=30)], None, PARTIAL, "in time"),
    ("a drop at a time", [fault("users/delta", "drip", None, bytes_per_second=20)], None, PARTIAL,
     "in time"),
    ("deleted items out of order", [fault("deletedItems/microsoft.graph.user", "500", None)], None,
     PARTIAL, "deleted users"),
    ("members out of order", [fault("groups/[^/]*/members", "500", None)], None, PARTIAL,
     "/members: HTTP 500"),
    ("new objects not replicated yet", [], settings(replication_delay_seconds=2), COMPLETE, None),
    ("a permission withdrawn", [], withdraw, PARTIAL, "User.Read.All", grant),
    ("recovery job of the service, audited", [], recover(True), FULL, "recovery job"),
]


class Run:
    def __init__(self, place, tally):
        self.place, self.tally, self.world = place, tally, World(place)
        self.fed = place.reader("fed")
        first = self.fed.snapshot()
        tally.equal("first capture", (first["state"], first["mode"]), FULL)
        second = self.fed.snapshot()
        tally.equal("second capture", (second["state"], second["mode"]), COMPLETE)

    def capture(self, name, reader=None, faults=()):
        before, live = set(self.fed.objects()), self.world.live()
        held, linked = self.fed.links(), self.world.links()
        self.place.control("POST", "faults", list(faults))
        started = time.monotonic()
        half = (reader or self.fed).snapshot()
        seconds = time.monotonic() - started
        self.place.control("DELETE", "faults")
        self.tally.check(f"{name}: ends in time", seconds < LONGEST_S, f"{seconds:.0f} s")
        lost = (before & live) - set(self.fed.objects())
        lost |= (held & linked) - self.fed.links()
        self.tally.check(f"{name}: no false deletion", not lost, str(lost))
        return half

    def settle(self, name):
        """Without the fault the store catches up."""
        for _ in range(3):
            half = self.capture(name + ", afterwards")
        self.tally.equal(f"{name}: complete afterwards", half["state"], "complete")
        fresh = self.place.reader("fresh")
        fresh.snapshot()
        lines = entra.differences(self.fed, fresh)
        self.tally.check(f"{name}: no lost change", not lines, "\n".join(lines[:10]))
        os.unlink(fresh.store)

    def row(self, name, faults, act, expected, word, after=None):
        self.world.change()
        if act:
            act(self.world)
        half = self.capture(name, faults=faults)
        told = "; ".join(half["problems"]) + half["errors"]
        state, mode = expected
        self.tally.check(f"{name}: {state} {mode or ''}", half["state"] == state and
                         mode in (None, half["mode"]), f"{half}")
        self.tally.check(f"{name}: the user is told", not word or word in told, told)
        if after:
            after(self.world)
        self.place.control("DELETE", "settings")
        print(f"        {name} | {half['state']}, {half['mode']}, {half['requests']} requests | "
              f"{shortened(half['problems'], word)}", flush=True)
        self.settle(name)

    def preview(self):
        """What is looked at live is read incrementally, and leaves checkpoint and store alone."""
        self.world.change()
        name, title = "diff latest live", f"fault-new-{self.world.round}"
        before, kept = self.fed.objects(), self.fed.rows("SELECT * FROM checkpoint")
        for _ in range(2):
            status, out, err = self.fed.run("diff", "latest", "live")
            self.tally.check(f"{name}: shows the changes", status == 1 and title in out, out + err)
        self.tally.equal(f"{name}: the store is as it was",
                         (self.fed.objects(), self.fed.rows("SELECT * FROM checkpoint")),
                         (before, kept))
        half = self.capture(name + ", then a capture")
        self.tally.equal(f"{name}: the capture after it", (half["state"], half["mode"]), COMPLETE)
        self.settle(name)

    OPTIONAL = [  # what is refused, in full and incremental captures; a word the user sees
        ("sponsors", "sponsors", "sponsors of users not readable"),
        ("owners of devices", "registeredOwners", "registered owners of devices not readable"),
        ("app role assignments", "appRoleAssignedTo", "app role assignments not readable"),
        ("role assignments", "roleManagement/directory/roleAssignments",
         "RoleManagement.Read.Directory")]

    def optional(self):
        """A refused optional read leaves the half complete, and what it would have shown stands."""
        world = self.world
        held = {(world.users[4], "sponsor", world.users[5]),
                (world.device, "registeredOwner", world.users[5]),
                (world.service, "appRoleAssignedTo", world.assigned)}
        self.settle("before optional reads")
        for name, path, word in self.OPTIONAL:
            for mode in ("incremental", "full"):
                title = f"{name} refused, {mode}"
                world.change()
                # a reason to read them in an incremental capture, too
                self.place.must("PATCH", "users/" + world.users[4], {"city": title})
                extra = world.assign(world.users[1 + self.OPTIONAL.index((name, path, word))]) \
                    if mode == "incremental" else None
                self.place.reader("fed", reconcile_days=0 if mode == "full" else 7)
                half = self.capture(title, faults=[fault(path, "403", None)])
                known = (half["state"], half["mode"])
                told = "; ".join(half["problems"])
                self.tally.equal(f"{title}: state", known, ("complete", mode))
                self.tally.check(f"{title}: told", word in told or (
                    path == "registeredOwners" and mode == "incremental"), told)
                self.tally.check(f"{title}: links stand", held <= self.fed.links(),
                                 str(held - self.fed.links()))
                self.tally.check(f"{title}: parts stand", {world.assigned, world.role} <=
                                 set(self.fed.objects()), told)
                if extra:
                    self.place.must("DELETE", f"servicePrincipals/{world.service}/"
                                    f"appRoleAssignedTo/{extra}")
        self.place.reader("fed")
        self.settle("optional reads")

    def vanished(self):
        """What is really gone is gone in an incremental capture, too."""
        world, place = self.world, self.place
        self.settle("before what vanishes")
        place.must("DELETE", f"users/{world.users[4]}/sponsors/{world.users[5]}/$ref")
        place.must("DELETE", f"servicePrincipals/{world.service}/appRoleAssignedTo/"
                   + world.assigned)
        place.must("DELETE", "roleManagement/directory/roleAssignments/" + world.role)
        half = self.capture("a sponsor, an assignment and a role are withdrawn")
        self.tally.equal("withdrawn: state", (half["state"], half["mode"]), COMPLETE)
        self.tally.check("withdrawn: gone", not {world.assigned, world.role} &
                         set(self.fed.objects()), str(half["problems"]))
        self.tally.check("withdrawn: the sponsor is gone", (
            world.users[4], "sponsor", world.users[5]) not in self.fed.links(), "")
        self.settle("withdrawn")

    def expiry(self):
        """A page token that expires in the middle of a full listing."""
        self.world.change()
        name = "page token expires within a listing"
        self.place.reader("fed", reconcile_days=0, page_size=3)
        half = self.capture(name, faults=[fault(r"GET /v1.0/users\?", "expired_page", 1, skip=2)])
        self.tally.equal(f"{name}: walked again", (half["state"], half["mode"]), FULL)
        half = self.capture(name, faults=[fault(r"GET /v1.0/users\?", "expired_page", None)])
        self.tally.equal(f"{name}: not for ever", half["state"], "partial")
        self.place.reader("fed")
        self.settle(name)

    def untracked(self):
        """A tenant without delta queries: everything is listed, and still told incrementally."""
        name, reader = "no delta queries", self.place.reader("untracked")
        self.place.control("POST", "faults", [fault("deltatoken=latest", "delta_gone", None)])
        first = reader.snapshot()
        self.place.control("DELETE", "faults")
        self.tally.equal(f"{name}: first capture", (first["state"], first["mode"]), FULL)
        self.tally.check(f"{name}: told", "each capture lists them all" in str(first["problems"]),
                         str(first["problems"]))
        for number in range(2):
            self.world.change()
            half = self.capture(f"{name}, {number}", reader)
            self.tally.equal(f"{name}: captured", (half["state"], half["mode"]), COMPLETE)
            fresh = self.place.reader("fresh")
            fresh.snapshot()
            lines = entra.differences(reader, fresh)
            self.tally.check(f"{name}: no lost change", not lines, "\n".join(lines[:10]))
            os.unlink(fresh.store)

    def silent(self):
        """A recovery job that no log tells: only the reconciliation finds it, and reports it."""
        name = "recovery job of the service, not audited"
        # an audit record of the last hour would be a reason to look at the objects
        self.place.control("POST", "clock", {"advance_seconds": 7200})
        self.place.tokens.clear()
        self.settle(name + ", before")
        recover(False)(self.world)
        half = self.capture(name)
        self.tally.equal(f"{name}: not noticed", (half["state"], half["mode"]), COMPLETE)
        self.reconcile(name, ["silent divergence repaired: 2 objects", "fault-2", "fault-group"])
        half = self.reconcile(name + ", again", [])
        self.tally.check(f"{name}: told once", "divergence" not in str(half["problems"]),
                         str(half["problems"]))
        self.world.change()
        half = self.reconcile("reconciliation with changes that were told", [])
        self.tally.check("changes that were told are no divergence",
                         "divergence" not in str(half["problems"]), str(half["problems"]))
        self.settle(name)

    def reconcile(self, name, words):
        due = self.place.reader("fed", reconcile_days=0)
        half = self.capture(name, due)
        self.tally.equal(f"{name}: reconciled", (half["state"], half["mode"]), FULL)
        for word in words:
            self.tally.check(f"{name}: told {word}", word in str(half["problems"]),
                             str(half["problems"]))
        self.place.reader("fed")
        return half

    def binding(self):
        """A checkpoint of another service is not followed."""
        self.world.change()
        self.place.reader("fed", graph_url=self.place.base + "/")
        half = self.capture("another service")
        self.tally.equal("another service: read in full", (half["state"], half["mode"]), FULL)
        self.tally.check("another service: told", "names another tenant" in str(half["problems"]),
                         str(half["problems"]))
        self.place.reader("fed")
        self.settle("another service")


    def returns(self):
        """Between two captures each: what no delta record tells, or tells only in part."""
        place, group = self.place, self.world.new_group("fault-returns")
        member = self.world.users[4]
        place.must("POST", f"groups/{group}/members/$ref",
                   {"@odata.id": f"{place.base}/v1.0/directoryObjects/{member}"})
        managed = place.synced_user("fault-managed")
        spot = place.must("POST", "identity/conditionalAccess/namedLocations", {
            "@odata.type": "#microsoft.graph.countryNamedLocation", "displayName": "Spot",
            "countriesAndRegions": ["DE"]})["id"]
        app = place.must("POST", "applications", {"displayName": "fault-app"})["id"]
        steps = [
            ("authority goes to the cloud", "PATCH", f"users/{managed}/onPremisesSyncBehavior",
             {"isCloudManaged": True}),
            ("nothing happens", "GET", "users/" + managed, None),
            ("nothing happens again", "GET", "users/" + managed, None),
            ("authority goes back", "PATCH", f"users/{managed}/onPremisesSyncBehavior",
             {"isCloudManaged": False}),
            ("a group with members is deleted", "DELETE", "groups/" + group, None),
            ("the group is restored", "POST", f"directory/deletedItems/{group}/restore", None),
            ("a member is deleted", "DELETE", "users/" + member, None),
            ("the member is restored", "POST", f"directory/deletedItems/{member}/restore", None),
            ("a named location is deleted", "DELETE",
             "identity/conditionalAccess/namedLocations/" + spot, None),
            ("an application gets an owner", "POST", f"applications/{app}/owners/$ref",
             {"@odata.id": f"{place.base}/v1.0/users/{member}"}),
            ("the application is deleted", "DELETE", "applications/" + app, None),
            ("the application is purged", "DELETE", "directory/deletedItems/" + app, None)]
        self.settle("before")
        for name, method, path, body in steps:
            place.must(method, path, body)
            half = self.capture(name)
            self.tally.equal(f"{name}: captured", (half["state"], half["mode"]), COMPLETE)
            fresh = place.reader("fresh")
            fresh.snapshot()
            lines = entra.differences(self.fed, fresh)
            self.tally.check(f"{name}: at once", not lines, "\n".join(lines[:10]))
            os.unlink(fresh.store)


def shortened(problems, word):
    chosen = [p for p in problems if word and word in p] or ["-"]
    return chosen[0][:160]


def scenario(place, tally, names):
    run = Run(place, tally)
    for row in ROWS:
        if not names or row[0] in names:
            run.row(*row)
    for part in (run.optional, run.vanished, run.returns, run.preview, run.expiry, run.untracked, run.silent,
                 run.binding):
        if not names or part.__name__ in names:
            part()


def main():
    tally, directory = harness.Tally(), tempfile.mkdtemp(prefix="anchorwatch-faults-")
    try:
        with entra.Place(directory) as place:
            scenario(place, tally, sys.argv[1:])
    except Exception as failure:  # a scenario that breaks off has failed, and says where
        import traceback
        traceback.print_exc()
        tally.check("the scenario ran to its end", False, str(failure))
    finally:
        shutil.rmtree(directory, ignore_errors=True)
    print(f"faults_entra: {tally.passed} passed, {tally.failed} failed, 0 skipped")
    return 1 if tally.failed else 0


if __name__ == "__main__":
    sys.exit(main())
