#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A scripted LDAP server whose directory changes between two captures, and which tells of it, or
lies about it, as the scenario says. The options are those of fakeldap.py.

Before its second bind the directory is as in `before`, from then on as in `after`. Among the
changes are those of which no server tells: objects below a renamed container, DNs shown by others,
links to what was deleted or came back.
"""
import struct

import fakeldap
from fakeldap import (CONFIG, NC, children, entry, integer, message, octets, paging, parse, raw,
                      result, tlv)

DIRSYNC = "1.2.840.113556.1.4.841"
fakeldap.KNOWN.add(DIRSYNC)
HOST, SERVICE = "dc1.lab.example.test", "CN=NTDS Settings,CN=DC1,CN=Servers,CN=Main,CN=Sites," + CONFIG
BURIED = "CN=Deleted Objects," + NC
NAME, DELETED, DESCRIPTION = 0x90001, 0x20030, 0xD
BEFORE, AFTER = 6000, 6100  # highestCommittedUSN


# replUpToDateVector of the second domain controller, as far as it has the first one's changes (which
# were seen up to USN 5901): the first one's invocation ID is raw(3).
def vector(*cursors, version=2):
    out = struct.pack("<IIII", version, 0, len(cursors), 0)
    for which, usn in cursors:
        out += raw(which) + struct.pack("<Q", usn) + (bytes(8) if version == 2 else b"")
    return out


VECTORS = {"bare": None, "behind": vector((9, 1 << 40), (3, 5900)), "level": vector((3, 5901), (9, 1)),
           "level-old": vector((9, 1), (3, 6000), version=1), "stranger": vector((9, 1 << 40)),
           "torn": vector((3, 1 << 40))[:-1]}
OBJECTS = 0x10000  # where the GUIDs of objects begin; below are domain and controllers


def guid(number):
    return fakeldap.guid(OBJECTS + number)


def extended(number, dn):
    return fakeldap.extended(OBJECTS + number, dn)


def stamps(**usns):
    """replPropertyMetaData with one stamp for each attribute: usn, or (usn, version)."""
    rows = sorted((globals()[name.upper()], usn) for name, usn in usns.items())
    out = struct.pack("<IIII", 1, 0, len(rows), 0)
    for attrtyp, usn in rows:
        usn, version = usn if isinstance(usn, tuple) else (usn, 1)
        out += struct.pack("<IIQ16sQQ", attrtyp, version, 13439884106 + usn, raw(1), usn, usn)
    return out


class Thing:
    """An object: rows are what a reader is shown."""

    def __init__(self, number, dn, classes, meta, usn, created=100, **rows):
        self.number, self.dn, self.usn = number, dn, usn
        self.deleted = "isDeleted" in rows
        self.rows = [("objectClass", classes), ("objectGUID", [guid(number).bytes_le]),
                     ("uSNChanged", [str(usn)]), ("uSNCreated", [str(created)]),
                     ("replPropertyMetaData", [meta])]
        self.rows += [(name, value if isinstance(value, list) else [value])
                      for name, value in rows.items()]

    def get(self, name):
        return [v if isinstance(v, bytes) else v.encode()
                for key, values in self.rows if key.lower() == name.lower() for v in values]


USER, GROUP, OU = ["top", "person", "user"], ["top", "group"], ["top", "organizationalUnit"]


def member(*numbers):
    return [extended(n, "CN=u%d,%s" % (n, NC)) for n in numbers]


def user(number, usn=None, parent=NC, created=100, **rows):
    usn = usn or 5000 + number
    return Thing(number, "CN=u%d,%s" % (number, parent), USER,
                 stamps(name=created, description=(usn, 2)), usn, created,
                 sAMAccountName="u%d" % number, description="at %d" % usn, **rows)


def buried(number, usn, parent):
    dn = "CN=u%d\\0ADEL:%s,%s" % (number, guid(number), BURIED)
    return Thing(number, dn, USER, stamps(name=(usn, 2), deleted=usn), usn, isDeleted="TRUE",
                 sAMAccountName="u%d" % number, lastKnownParent=parent)


def before():
    staff = "OU=Staff," + NC
    return [
        user(1), user(2), user(3), user(4), user(6, parent=staff), user(7, parent=staff), user(9, 200),
        user(5, assistant=extended(6, "CN=u6," + staff)),
        Thing(600, staff, OU, stamps(name=100), 100, ou="Staff"),
        Thing(700, "CN=Big," + NC, GROUP, stamps(name=100), 5700, member=member(1, 2, 3)),
        Thing(701, "CN=Back," + NC, GROUP, stamps(name=100), 5701, member=member(3)),
        buried(900, 5900, extended(600, staff)), buried(901, 5901, NC)]


def after():
    crew = "OU=Crew," + NC
    return [
        user(1, 6001), user(3), user(4), user(6, parent=crew), user(7, parent=crew),
        user(5, assistant=extended(6, "CN=u6," + crew)), user(8, 6008, created=6008),
        Thing(600, crew, OU, stamps(name=(6003, 2)), 6003, ou="Crew"),
        Thing(700, "CN=Big," + NC, GROUP, stamps(name=100), 5700, member=member(1, 3)),
        Thing(701, "CN=Back," + NC, GROUP, stamps(name=100), 5701, member=member(3, 901)),
        buried(2, 6002, NC), buried(900, 5900, extended(600, crew)),
        Thing(901, "CN=u901," + NC, USER, stamps(name=(6010, 3), deleted=(6010, 2)), 6010,
              sAMAccountName="u901")]


CHANGED = (1, 2, 600, 8, 9, 901)  # 9 is named, and not there any more


# --- filters (RFC 4511 4.5.1.7) ------------------------------------------------------------------

def value_equal(name, stored, wanted):
    if stored.startswith(b"<GUID="):
        stored = stored[stored.index(b";") + 1:]
    if name in ("objectguid", "replpropertymetadata"):
        return stored == wanted
    return stored.lower() == wanted.lower()


def fits(thing, tag, body):
    if tag == 0xA0:
        return all(fits(thing, *part) for part in children(body))
    if tag == 0xA1:
        return any(fits(thing, *part) for part in children(body))
    if tag == 0xA2:
        return not fits(thing, *children(body)[0])
    if tag == 0x87:
        return bool(thing.get(body.decode()))
    name, wanted = (part[1] for part in children(body))
    name = name.decode().lower()
    if tag == 0xA5:
        return any(int(v) >= int(wanted) for v in thing.get(name))
    return any(value_equal(name, v, wanted) for v in thing.get(name))


# --- the session ----------------------------------------------------------------------------------

class Session(fakeldap.Session):
    def __init__(self, server, stream):
        super().__init__(server, stream)
        self.number, self.reads, self.rounds = 0, 0, 0
        self.plot = self.scenario.replace("delta-", "")
        self.left = int(self.plot[6:]) if self.plot.startswith("count-") else None

    def bind(self, ident, body):
        self.server.captures += 1
        self.number = self.server.captures
        super().bind(ident, body)

    def send(self, *messages):
        """count-N: the second capture loses its connection after N messages since DirSync."""
        for one in messages:
            if self.left is not None and self.number == 2 and self.rounds:
                self.left -= 1
                if self.left < 0:
                    raise fakeldap.Gone()
            super().send(one)

    def first(self):
        return self.number == 1

    def things(self):
        return before() if self.first() else after()

    def service(self):
        return SERVICE.replace("=DC1", "=DC2") if self.plot in VECTORS and not self.first() else SERVICE

    def root(self, ident, base, attributes, cookie, controls):
        usn = BEFORE if self.first() else 5950 if self.plot == "backwards" else AFTER
        second = not self.first() and (self.plot == "other" or self.plot in VECTORS)
        host = "dc2.lab.example.test" if second else HOST
        service = self.service()
        self.send(message(ident, entry("", [
            ("defaultNamingContext", [NC]), ("configurationNamingContext", [CONFIG]),
            ("schemaNamingContext", ["CN=Schema," + CONFIG]), ("rootDomainNamingContext", [NC]),
            ("dnsHostName", [host]), ("dsServiceName", [service]), ("domainFunctionality", ["7"]),
            ("highestCommittedUSN", [str(usn)]), ("isSynchronized", ["TRUE"]),
            ("supportedCapabilities", ["1.2.840.113556.1.4.800"]),
            ("supportedControl", sorted(fakeldap.KNOWN))])))
        self.done(ident)

    def fixed(self, ident, base, attributes, cookie, controls):
        if base == self.service():
            which = 4 if (self.plot == "restored" or self.plot in VECTORS) and not self.first() else 3
            self.send(message(ident, entry(base, [("invocationId", [raw(which)])])))
            self.done(ident)
        elif base == NC and attributes == ["replUpToDateVector"]:
            told = VECTORS.get(self.plot)
            self.send(message(ident, entry(base, [("replUpToDateVector", [told])] if told else [])))
            self.done(ident)
        else:
            super().fixed(ident, base, attributes, cookie, controls)

    def search(self, ident, body, controls):
        fields = children(body)
        base, scope = fields[0][1].decode(), fields[1][1][0]
        if DIRSYNC in controls:
            self.dirsync(ident, controls[DIRSYNC][1], fields[6][0])
        elif base == NC and scope == 2 or base == BURIED and scope == 1 or base.startswith("<GUID="):
            self.select(ident, base, scope, fields, controls)
        else:
            super().search(ident, body, controls)

    def deleted(self, ident, base, attributes, cookie, controls):
        hidden = self.plot == "hidden"
        self.send(message(ident, entry(base, [] if hidden else [("isDeleted", ["TRUE"])])))
        self.done(ident)

    def within(self, thing, base, scope):
        if base.startswith("<GUID="):
            root = [t for t in self.things() if base == "<GUID=%s>" % guid(t.number)]
            base = root[0].dn if root else "?"
        if scope == 1:
            return thing.dn.endswith(base) and thing.dn != base
        return thing.dn == base or thing.dn.endswith("," + base)

    def select(self, ident, base, scope, fields, controls):
        """A search as any server answers it, but for what the scenario spoils."""
        wanted = [v.decode().lower() for _, v in children(fields[7][1])]
        show = fakeldap.DELETED in controls
        found = [t for t in self.things() if (show or not t.deleted)
                 and self.within(t, base, scope) and fits(t, *fields[6])]
        full_rows = "*" in wanted
        self.reads += full_rows
        for thing in found:
            rows = thing.rows
            if self.plot == "rollback" and not self.first() and "usnchanged" in wanted:
                rows = [("uSNChanged", ["4000"]) if n == "uSNChanged" else (n, v) for n, v in rows]
            if not full_rows:
                rows = [row for row in rows if row[0].lower() in wanted]
            self.send(message(ident, entry(thing.dn, rows)))
            if self.plot == "cut" and self.number == 2 and full_rows:
                raise fakeldap.Gone()
        if self.plot == "limit" and self.number == 2 and full_rows:
            self.done(ident, 3, "00002024: time limit")
        else:
            self.send(message(ident, result(0x65, 0), paging(b"") if fakeldap.PAGED in controls
                              else b""))

    # --- DirSync ---

    def answer(self, ident, cookie, more=0, code=0, value=None):
        if value is None:
            value = tlv(0x30, integer(more), integer(0), octets(cookie))
        control = tlv(0x30, octets(DIRSYNC), octets(value)) if code == 0 else b""
        self.send(message(ident, result(0x65, code, "0000203D: DirSync" if code else ""), control))

    def name(self, ident, number, rows=()):
        self.send(message(ident, entry("CN=told," + NC, [("objectGUID", [guid(number).bytes_le]), *rows])))

    def dirsync(self, ident, value, filter_tag):
        fields = children(parse(value)[1])
        flags, cookie = int.from_bytes(fields[0][1], "big"), fields[2][1]
        here = b"at-%d" % (BEFORE if self.first() else AFTER)
        self.rounds += 1
        if self.plot == "usn":
            self.answer(ident, b"", code=50)
        elif self.plot == "old" and flags:
            self.answer(ident, b"", code=12)
        elif filter_tag == 0xA2:  # nothing fits: only a cookie is wanted
            self.answer(ident, here)
        else:
            play = getattr(self, "tell_" + self.plot.replace("-", "_"), self.tell_whole)
            play(ident, cookie, here)

    def tell_whole(self, ident, cookie, here):
        if cookie == b"at-%d" % BEFORE:
            for number in CHANGED:
                self.name(ident, number)
        self.answer(ident, here)

    def tell_more(self, ident, cookie, here):
        """Two objects at a time."""
        at = int(cookie.split(b"+")[1]) if b"+" in cookie else 0
        for number in CHANGED[at:at + 2]:
            self.name(ident, number)
        if at + 2 < len(CHANGED):
            self.answer(ident, b"at+%d" % (at + 2), more=1)
        else:
            self.answer(ident, here)

    def tell_lies(self, ident, cookie, here):
        """Everything is said to be deleted, empty or something else; things are told twice, and
        some that never were."""
        for number in CHANGED + CHANGED + (3, 4, 777):
            self.name(ident, number, [("isDeleted", ["TRUE"]), ("sAMAccountName", []),
                                      ("objectClass", ["top", "container"]), ("member", [])])
        self.answer(ident, here)

    def tell_replay(self, ident, cookie, here):
        """An answer that was given before comes again, with its old cookie."""
        for number in CHANGED:
            self.name(ident, number)
        self.answer(ident, cookie, more=1)

    def tell_endless(self, ident, cookie, here):
        self.answer(ident, b"turn-%d" % self.rounds, more=1)

    def tell_silent(self, ident, cookie, here):
        self.send(message(ident, result(0x65, 0)))

    def tell_garbled(self, ident, cookie, here):
        self.answer(ident, here, value=b"\x30\x84\xff\xff\xff\xff\x02\x01")

    def tell_nameless(self, ident, cookie, here):
        self.send(message(ident, entry("CN=u1," + NC, [("description", ["whose?"])])))
        self.answer(ident, here)

    def tell_refused_53(self, ident, cookie, here):
        self.answer(ident, here, code=53)

    def tell_refused_12(self, ident, cookie, here):
        self.answer(ident, here, code=12)

    def tell_refused_8(self, ident, cookie, here):
        self.answer(ident, here, code=8)

    def tell_refused_2(self, ident, cookie, here):
        self.answer(ident, here, code=2)

    def tell_revoked(self, ident, cookie, here):
        self.answer(ident, here, code=50)

    def tell_cut_telling(self, ident, cookie, here):
        self.name(ident, 1)
        if self.number == 2:
            raise fakeldap.Gone()
        self.tell_whole(ident, cookie, here)


if __name__ == "__main__":
    fakeldap.main(Session)
