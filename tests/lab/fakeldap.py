#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""A scripted LDAP server for what no real server does on demand.

It holds a tiny directory (rootDSE, schema, partitions, one site, users and groups) and plays one
scenario, named on the command line. BER is written by hand so that it can also be written wrongly.

    fakeldap.py --port-file FILE [--cert PEM --key PEM] [--users N] SCENARIO

The port is written to FILE once the server listens. It serves until it is killed or its standard
input is closed. The password of the simple bind is "fake-secret".
"""

import argparse
import os
import socket
import ssl
import struct
import sys
import threading
import time
import uuid

NC = "DC=lab,DC=example,DC=test"
CONFIG = "CN=Configuration," + NC
SCHEMA = "CN=Schema," + CONFIG
PASSWORD = b"fake-secret"

PAGED = "1.2.840.113556.1.4.319"
DELETED = "1.2.840.113556.1.4.417"
KNOWN = {PAGED, DELETED, "1.2.840.113556.1.4.529", "1.2.840.113556.1.4.1339",
         "1.2.840.113556.1.4.2064"}


# --- BER ------------------------------------------------------------------------------------------

def tlv(tag, *parts):
    body = b"".join(parts)
    n = len(body)
    if n < 128:
        return bytes([tag, n]) + body
    size = n.to_bytes((n.bit_length() + 7) // 8, "big")
    return bytes([tag, 0x80 | len(size)]) + size + body


def integer(value, tag=0x02):
    return tlv(tag, value.to_bytes(max(1, (value.bit_length() + 8) // 8), "big", signed=True))


def octets(value, tag=0x04):
    return tlv(tag, value if isinstance(value, bytes) else value.encode())


def parse(data, at=0):
    """One element at an offset: (tag, content, next offset)."""
    tag, n = data[at], data[at + 1]
    at += 2
    if n & 0x80:
        width = n & 0x7F
        n = int.from_bytes(data[at:at + width], "big")
        at += width
    return tag, data[at:at + n], at + n


def children(data):
    at, found = 0, []
    while at < len(data):
        tag, content, at = parse(data, at)
        found.append((tag, content))
    return found


def message(ident, op, controls=b""):
    return tlv(0x30, integer(ident), op, tlv(0xA0, controls) if controls else b"")


def entry(dn, attributes):
    rows = [tlv(0x30, octets(name), tlv(0x31, *[octets(v) for v in values]))
            for name, values in attributes]
    return tlv(0x64, octets(dn), tlv(0x30, *rows))


def result(tag, code, text="", referrals=()):
    refs = tlv(0xA3, *[octets(r) for r in referrals]) if referrals else b""
    return tlv(tag, integer(code, 0x0A), octets(""), octets(text), refs)


def paging(cookie):
    return tlv(0x30, octets(PAGED), octets(tlv(0x30, integer(0), octets(cookie))))


# --- directory ------------------------------------------------------------------------------------

def guid(number):
    return uuid.UUID(int=0x5EED0000000000000000000000000000 + number)


def raw(number):
    return guid(number).bytes_le


def extended(number, dn):
    return "<GUID=%s>;%s" % (guid(number), dn)


ATTRIBUTES = [  # name, OID, syntax, single, linkID, systemFlags
    ("objectClass", "2.5.4.0", "2.5.5.2", False, 0, 0x12),
    ("cn", "2.5.4.3", "2.5.5.12", True, 0, 0x12),
    ("description", "2.5.4.13", "2.5.5.12", False, 0, 0x10),
    ("objectGUID", "1.2.840.113556.1.4.2", "2.5.5.10", True, 0, 0x13),
    ("objectSid", "1.2.840.113556.1.4.146", "2.5.5.17", True, 0, 0x12),
    ("sAMAccountName", "1.2.840.113556.1.4.221", "2.5.5.12", True, 0, 0x12),
    ("userAccountControl", "1.2.840.113556.1.4.8", "2.5.5.9", True, 0, 0x12),
    ("uSNChanged", "1.2.840.113556.1.2.120", "2.5.5.16", True, 0, 0x13),
    ("thumbnailPhoto", "2.16.840.1.113730.3.1.35", "2.5.5.10", True, 0, 0),
    ("isDeleted", "1.2.840.113556.1.2.48", "2.5.5.8", True, 0, 0x12),
    ("member", "2.5.4.31", "2.5.5.1", False, 2, 0x12),
    ("memberOf", "1.2.840.113556.1.2.102", "2.5.5.1", False, 3, 0x11),
    ("manager", "0.9.2342.19200300.100.1.10", "2.5.5.1", True, 42, 0),
    ("replPropertyMetaData", "1.2.840.113556.1.4.3", "2.5.5.10", True, 0, 0x1B),
    ("proxyAddresses", "1.2.840.113556.1.2.210", "2.5.5.12", False, 0, 0),
    ("uSNCreated", "1.2.840.113556.1.2.19", "2.5.5.16", True, 0, 0x13),
    ("name", "1.2.840.113556.1.4.1", "2.5.5.12", True, 0, 0x12),
    ("ou", "2.5.4.11", "2.5.5.12", True, 0, 0x12),
    ("lastKnownParent", "1.2.840.113556.1.4.781", "2.5.5.1", True, 0, 0x10),
    ("assistant", "1.2.840.113556.1.4.652", "2.5.5.1", True, 0, 0),
]


def schema_entries():
    rows = list(ATTRIBUTES)
    rows += [("labFiller%d" % i, "1.3.6.1.4.1.99999.%d" % i, "2.5.5.12", True, 0, 0)
             for i in range(120)]
    for name, oid, syntax, single, link, flags in rows:
        yield ("CN=%s,%s" % (name, SCHEMA),
               [("lDAPDisplayName", [name]), ("attributeID", [oid]), ("attributeSyntax", [syntax]),
                ("isSingleValued", ["TRUE" if single else "FALSE"]), ("linkID", [str(link)]),
                ("systemFlags", [str(flags)])])


def metadata(usn):
    head = struct.pack("<IIII", 1, 0, 1, 0)
    return head + struct.pack("<IIQ16sQQ", 0x000D, 2, 13439884106, raw(1), usn, usn)


def user(number):
    dn = "CN=User %06d,%s" % (number, NC)
    return (dn, [("objectClass", ["top", "person", "organizationalPerson", "user"]),
                 ("cn", ["User %06d" % number]), ("objectGUID", [raw(1000 + number)]),
                 ("sAMAccountName", ["user%06d" % number]), ("userAccountControl", ["512"]),
                 ("uSNChanged", [str(5000 + number)]),
                 ("description", ["synthetic"]), ("memberOf", ["CN=Big," + NC]),
                 ("replPropertyMetaData", [metadata(5000 + number)])])


def group(members, usn=7):
    """The group Big; members is a list of (attribute name, [user numbers])."""
    rows = [("objectClass", ["top", "group"]), ("cn", ["Big"]), ("objectGUID", [raw(500)]),
            ("sAMAccountName", ["Big"]), ("uSNChanged", [str(usn)])]
    for name, numbers in members:
        rows.append((name, [extended(1000 + n, "CN=User %06d,%s" % (n, NC)) for n in numbers]))
    return ("CN=Big," + NC, rows)


STAMPED = 133_500_000_000_000_000  # FILETIME of the first link of Big; each later one a second later


def link_blob(number):
    """DS_REPL_VALUE_META_DATA_BLOB of one member; every fifth was removed."""
    texts = [t.encode("utf-16-le") + b"\0\0" for t in
             ("member", "CN=User %06d,%s" % (number, NC), "CN=NTDS Settings,CN=DC1," + NC)]
    name, target, dsa = 88, 88 + len(texts[0]), 88 + len(texts[0]) + len(texts[1])
    when, gone = STAMPED + number * 10**7, number % 5 == 0
    return struct.pack("<IIIIQQIQ16s4xQQI4x", name, target, 0, 0, when if gone else 0,
                       STAMPED, 2 if gone else 1, when, raw(1), 77, 78, dsa) + b"".join(texts)


def link_xml(number):
    gone = number % 5 == 0
    return ("<DS_REPL_VALUE_META_DATA>\n\t<pszAttributeName>member</pszAttributeName>\n"
            "\t<pszObjectDn>CN=User %06d,%s</pszObjectDn>\n\t<cbData>0</cbData>\n"
            "\t<pbData></pbData>\n\t<ftimeDeleted>%s</ftimeDeleted>\n"
            "\t<ftimeCreated>2024-01-17T13:20:00Z</ftimeCreated>\n\t<dwVersion>%d</dwVersion>\n"
            "\t<ftimeLastOriginatingChange>2024-01-17T13:20:%02dZ</ftimeLastOriginatingChange>\n"
            "\t<uuidLastOriginatingDsaInvocationID>%s</uuidLastOriginatingDsaInvocationID>\n"
            "\t<usnOriginatingChange>77</usnOriginatingChange>\n\t<usnLocalChange>78</usnLocalChange>\n"
            "\t<pszLastOriginatingDsaDN></pszLastOriginatingDsaDN>\n</DS_REPL_VALUE_META_DATA>\n\0"
            % (number, NC, "2024-01-17T13:21:00Z" if gone else "1601-01-01T00:00:00Z",
               2 if gone else 1, number, guid(1)))


# --- one connection -------------------------------------------------------------------------------

class Gone(Exception):
    pass


class Session:
    def __init__(self, server, stream):
        self.server, self.stream, self.scenario = server, stream, server.scenario
        self.buffer = b""
        self.counter = 0
        self.range_loops = 0

    def read(self):
        while True:
            if len(self.buffer) >= 2:
                width = self.buffer[1] & 0x7F if self.buffer[1] & 0x80 else 0
                if len(self.buffer) >= 2 + width:
                    n = (int.from_bytes(self.buffer[2:2 + width], "big") if width
                         else self.buffer[1])
                    if len(self.buffer) >= 2 + width + n:
                        whole = self.buffer[:2 + width + n]
                        self.buffer = self.buffer[2 + width + n:]
                        return whole
            more = self.stream.recv(65536)
            if not more:
                raise Gone()
            self.buffer += more

    def send(self, *messages):
        self.stream.sendall(b"".join(messages))

    def serve(self):
        while True:
            parts = children(parse(self.read())[1])
            ident = int.from_bytes(parts[0][1], "big")
            tag, body = parts[1]
            controls = self.controls(parts[2][1]) if len(parts) > 2 else {}
            for oid, critical in [(o, c[0]) for o, c in controls.items()]:
                if critical and oid not in KNOWN:
                    time.sleep(3600)
            if tag == 0x60:
                self.bind(ident, body)
            elif tag == 0x42:
                raise Gone()
            elif tag == 0x63:
                self.search(ident, body, controls)

    @staticmethod
    def controls(data):
        found = {}
        for _, control in children(data):
            fields = children(control)
            critical = any(t == 0x01 and v != b"\0" for t, v in fields)
            value = next((v for t, v in fields[1:] if t == 0x04), None)
            found[fields[0][1].decode()] = (critical, value)
        return found

    def bind(self, ident, body):
        password = children(body)[2][1]
        if self.scenario == "silent-bind":
            time.sleep(3600)
        if password != PASSWORD:
            self.send(message(ident, result(
                0x61, 49, "80090308: LdapErr: DSID-0C0903A9, comment: error, data 52e, v1db1")))
        else:
            self.send(message(ident, result(0x61, 0)))

    def done(self, ident, code=0, text="", cookie=None, referrals=()):
        control = paging(cookie) if cookie is not None else b""
        self.send(message(ident, result(0x65, code, text, referrals), control))

    def search(self, ident, body, controls):
        fields = children(body)
        base = fields[0][1].decode()
        scope = fields[1][1][0]
        attributes = [v.decode() for _, v in children(fields[7][1])]
        cookie = None
        if PAGED in controls:
            cookie = children(parse(controls[PAGED][1])[1])[1][1]
        handler = self.route(base, scope)
        handler(ident, base, attributes, cookie, controls)

    def route(self, base, scope):
        if base == "":
            return self.root
        if base == NC and scope == 2:
            return self.objects
        if base.startswith("<GUID="):
            return self.one
        if base.startswith("CN=Deleted Objects"):
            return self.deleted
        return self.fixed

    def root(self, ident, base, attributes, cookie, controls):
        if self.scenario == "silent-search":
            time.sleep(3600)
        listed = KNOWN - ({PAGED} if self.scenario == "no-paging" else set())
        capabilities = ["1.2.840.113556.1.4.800"]
        if self.scenario == "rodc":
            capabilities.append("1.2.840.113556.1.4.1920")
        self.send(message(ident, entry("", [
            ("defaultNamingContext", [NC]), ("configurationNamingContext", [CONFIG]),
            ("schemaNamingContext", [SCHEMA]), ("rootDomainNamingContext", [NC]),
            ("dnsHostName", ["dc1.lab.example.test"]), ("domainFunctionality", ["7"]),
            ("isSynchronized", ["FALSE" if self.scenario == "unsynchronized" else "TRUE"]),
            ("currentTime", [time.strftime("%Y%m%d%H%M%S.0Z", time.gmtime())]),
            ("supportedCapabilities", capabilities), ("supportedControl", sorted(listed))])))
        self.done(ident)

    def fixed(self, ident, base, attributes, cookie, controls):
        rows = []
        if base == SCHEMA:
            rows = list(schema_entries())
        elif base == "CN=Partitions," + CONFIG and "nCName" in attributes:
            rows = [("CN=LAB," + base, [("nCName", [NC]), ("dnsRoot", ["lab.example.test"]),
                                        ("nETBIOSName", ["LAB"])]),
                    ("CN=Configuration," + base, [("nCName", [CONFIG])])]
        elif base == "CN=Partitions," + CONFIG:
            rows = [(base, [("msDS-EnabledFeature", [
                "CN=Recycle Bin Feature,CN=Optional Features,CN=Directory Service,CN=Windows NT,"
                "CN=Services," + CONFIG])])]
        elif base.startswith("CN=Directory Service"):
            rows = [(base, [("tombstoneLifetime", ["180"])])]
        elif base == NC:
            rows = [(base, [("objectGUID", [raw(1)])])]
        elif base.startswith("CN=Sites") and "invocationId" in attributes:
            rows = [("CN=NTDS Settings,CN=DC1,CN=Servers,CN=Main,CN=Sites," + CONFIG,
                     [("objectGUID", [raw(2)]), ("invocationId", [raw(3)])])]
        elif base.startswith("CN=Sites"):
            rows = [("CN=DC1,CN=Servers,CN=Main,CN=Sites," + CONFIG,
                     [("dNSHostName", ["dc1.lab.example.test"])])]
        self.send(*[message(ident, entry(dn, values)) for dn, values in rows])
        self.done(ident, cookie=None if cookie is None else b"")

    def deleted(self, ident, base, attributes, cookie, controls):
        if "isDeleted" in attributes:
            hidden = self.scenario == "deleted-hidden"
            self.send(message(ident, entry(base, [] if hidden else [("isDeleted", ["TRUE"])])))
        else:
            dn = "CN=Old\\0ADEL:%s,%s" % (guid(900), base)
            self.send(message(ident, entry(dn, [
                ("objectClass", ["top", "user"]), ("objectGUID", [raw(900)]),
                ("cn", ["Old\nDEL:%s" % guid(900)]), ("isDeleted", ["TRUE"])])))
        self.done(ident, cookie=None if cookie is None else b"")

    # --- the scenarios ---

    def objects(self, ident, base, attributes, cookie, controls):
        name = "play_" + self.scenario.replace("-", "_")
        getattr(self, name, self.play_whole)(ident, cookie)

    def users(self, ident, first, count):
        self.send(*[message(ident, entry(*user(n))) for n in range(first, first + count)])

    def play_whole(self, ident, cookie):
        """Users in pages of 100, then the group with two members."""
        first = int(cookie or b"0")
        count = min(100, self.server.users - first)
        self.users(ident, first, count)
        if first + count < self.server.users:
            self.done(ident, cookie=b"%d" % (first + count))
        else:
            self.send(message(ident, entry(*group([("member", [0, 1])]))))
            self.done(ident, cookie=b"")

    def play_no_paging(self, ident, cookie):
        self.users(ident, 0, self.server.users)
        self.done(ident)

    def play_size_limit(self, ident, cookie):
        if cookie:
            self.users(ident, 100, 50)
            self.done(ident, 4, "00002023: size limit")
        else:
            self.users(ident, 0, 100)
            self.done(ident, cookie=b"1")

    def play_size_limit_first(self, ident, cookie):
        self.users(ident, 0, 100)
        self.done(ident, 4, "00002023: size limit")

    def second_page(self, ident, cookie, code, text):
        if cookie:
            self.users(ident, 100, 10)
            self.done(ident, code, text)
        else:
            self.users(ident, 0, 100)
            self.done(ident, cookie=b"1")

    def play_time_limit(self, ident, cookie):
        self.second_page(ident, cookie, 3, "00002024: time limit")

    def play_busy(self, ident, cookie):
        self.second_page(ident, cookie, 51, "00002024: going away")

    def play_unavailable(self, ident, cookie):
        self.second_page(ident, cookie, 52, "00002024: going away")

    def play_referral(self, ident, cookie):
        self.done(ident, 10, "0000202B: RefErr", cookie=b"",
                  referrals=["ldap://other.example.test/" + NC])

    def reference(self, ident, dn):
        self.users(ident, 0, 3)
        self.send(message(ident, tlv(0x73, octets("ldap://lab.example.test/" + dn))))
        self.done(ident, cookie=b"")

    def play_reference_partition(self, ident, cookie):
        self.reference(ident, CONFIG)

    def play_reference_inside(self, ident, cookie):
        self.reference(ident, "OU=Elsewhere," + NC)

    def play_endless_cookie(self, ident, cookie):
        self.users(ident, 0, 10)
        self.done(ident, cookie=b"again")

    def play_empty_pages(self, ident, cookie):
        self.done(ident, cookie=b"again")

    def play_no_cookie_control(self, ident, cookie):
        self.users(ident, 0, 10)
        self.done(ident)

    def play_cut(self, ident, cookie):
        if cookie:
            self.users(ident, 100, 7)
            raise Gone()
        self.users(ident, 0, 100)
        self.done(ident, cookie=b"1")

    def play_cut_first(self, ident, cookie):
        self.users(ident, 0, 7)
        raise Gone()

    def play_stall(self, ident, cookie):
        """Half of a message, then nothing."""
        if not cookie:
            self.users(ident, 0, 100)
            self.done(ident, cookie=b"1")
            return
        whole = message(ident, entry(*user(100)))
        self.send(whole[:len(whole) // 2])
        time.sleep(3600)

    def play_garbage(self, ident, cookie):
        if cookie:
            self.send(b"\x30\x84\xff\xff\xff\xff" + b"\xde\xad" * 40)
            time.sleep(1)
            raise Gone()
        self.users(ident, 0, 100)
        self.done(ident, cookie=b"1")

    def play_bad_entry(self, ident, cookie):
        if cookie:
            self.send(message(ident, tlv(0x64, octets("CN=x," + NC),
                                         tlv(0x30, tlv(0x30, b"\x04\x50member")))))
            self.done(ident, cookie=b"")
        else:
            self.users(ident, 0, 100)
            self.done(ident, cookie=b"1")

    def play_huge(self, ident, cookie):
        """A value of 100 MB: announced honestly, sent until nobody listens."""
        if not cookie:
            self.users(ident, 0, 100)
            self.done(ident, cookie=b"1")
            return
        size = 100 * 1024 * 1024
        dn, rows = user(100)
        whole = message(ident, entry(dn, rows + [("thumbnailPhoto", [bytes(size)])]))
        self.send(whole)
        self.done(ident, cookie=b"")

    def play_large(self, ident, cookie):
        """Values at the ceiling, one below and one above."""
        for number, size in enumerate((102399, 102400, 102401)):
            dn, rows = user(number)
            self.send(message(ident, entry(dn, rows + [("thumbnailPhoto", [b"x" * size])])))
        self.done(ident, cookie=b"")

    def play_no_guid(self, ident, cookie):
        self.users(ident, 0, 1)
        self.send(message(ident, entry("CN=Big," + NC, [
            ("objectClass", ["top", "group"]), ("objectGUID", [raw(500)]),
            ("member", ["CN=User 000000," + NC])])))
        self.done(ident, cookie=b"")

    def play_slow(self, ident, cookie):
        first = int(cookie or b"0")
        time.sleep(0.2)
        self.users(ident, first, 1)
        self.done(ident, cookie=b"%d" % (first + 1))

    # Value ranges: the group has 25 members, delivered 10 at a time.

    def play_range(self, ident, cookie):
        self.users(ident, 0, 2)
        self.send(message(ident, entry(*group([("member", []),
                                               ("member;range=0-9", range(10))]))))
        self.done(ident, cookie=b"")

    play_range_moving = play_range_once_moved = play_range_endless = play_range
    play_range_refused = play_range_text = play_range_gone = play_range

    # Metadata of single links comes in ranges like any long attribute.

    def stamps(self, low):
        total, step = (200000, 1500) if self.scenario == "stamps-many" else (25, 10)
        high = min(low + step, total) - 1
        bounds = "range=%d-%s" % (low, "*" if high == total - 1 else high)
        if self.scenario == "stamps-xml":
            return ("msDS-ReplValueMetaData;" + bounds,
                    [link_xml(n) for n in range(low, high + 1)])
        values = [link_blob(n) for n in range(low, high + 1)]
        if self.scenario == "stamps-garbage":
            values[:3] = [b"", b"<DS_REPL", values[2][:90]]
        return ("msDS-ReplValueMetaData;binary;" + bounds, values)

    def stamped_group(self):
        dn, rows = group([("member", range(10))])
        return dn, rows + [self.stamps(0)]

    def play_stamps(self, ident, cookie):
        self.users(ident, 0, 2)
        self.send(message(ident, entry(*self.stamped_group())))
        self.done(ident, cookie=b"")

    play_stamps_xml = play_stamps_garbage = play_stamps_refused = play_stamps_many = play_stamps

    def stamps_again(self, ident, wanted):
        if ";range=" in wanted:
            if self.scenario == "stamps-refused":
                self.done(ident, 1, "range refused")
                return
            low = int(wanted.partition(";range=")[2].split("-")[0])
            self.send(message(ident, entry("CN=Big," + NC, [self.stamps(low)])))
        elif wanted == "uSNChanged":
            self.send(message(ident, entry(*group([]))))
        else:
            self.send(message(ident, entry(*self.stamped_group())))
        self.done(ident)

    def one(self, ident, base, attributes, cookie, controls):
        wanted = attributes[0]
        if self.scenario.startswith("stamps"):
            self.stamps_again(ident, wanted)
            return
        if self.scenario == "range-gone":
            self.done(ident, 32, "0000208D: no such object")
            return
        if wanted == "uSNChanged":
            usn = 7
            self.range_loops += 1
            if self.scenario == "range-moving":
                usn = 7 + self.range_loops
            elif self.scenario == "range-once-moved":
                usn = 8
            self.send(message(ident, entry(*group([], usn))))
        elif ";range=" in wanted:
            if not self.range_chunk(ident, wanted):
                return
        else:
            usn = 7 + self.range_loops if self.scenario != "range" else 7
            rows = group([("member", []), ("member;range=0-9", range(10))],
                         min(usn, 8) if self.scenario == "range-once-moved" else usn)
            if self.scenario == "range-text":
                rows[1].append(("proxyAddresses;range=0-1", ["smtp:c@example.test",
                                                             "smtp:a@example.test"]))
            self.send(message(ident, entry(*rows)))
        self.done(ident)

    def range_chunk(self, ident, wanted):
        name, _, bounds = wanted.partition(";range=")
        low = int(bounds.split("-")[0])
        if self.scenario == "range-refused":
            self.done(ident, 1, "range refused")
            return False
        if self.scenario == "range-endless":
            high = low + 9
            self.send(message(ident, entry(*group([("member;range=0-9", range(10))]))))
            return True
        if name == "proxyAddresses":
            self.send(message(ident, entry("CN=Big," + NC, [
                ("proxyAddresses;range=2-*", ["smtp:b@example.test"])])))
            return True
        high = min(low + 9, 24)
        label = "member;range=%d-%s" % (low, "*" if high == 24 else high)
        self.send(message(ident, entry(*group([(label, range(low, high + 1))]))))
        return True


# --- the server -----------------------------------------------------------------------------------

class Server:
    def __init__(self, options, session=Session):
        self.session, self.captures = session, 0
        self.scenario, self.users = options.scenario, options.users
        self.context = None
        if options.cert:
            self.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            self.context.load_cert_chain(options.cert, options.key)
        self.listener = socket.create_server(("127.0.0.1", 0))
        with open(options.port_file + ".new", "w") as out:
            out.write(str(self.listener.getsockname()[1]))
        os.rename(options.port_file + ".new", options.port_file)

    def connection(self, client):
        try:
            if self.scenario == "silent-tls":
                time.sleep(3600)
            stream = self.context.wrap_socket(client, server_side=True) if self.context else client
            self.session(self, stream).serve()
        except (Gone, OSError, IndexError):
            pass
        finally:
            client.close()
            try:
                stream.close()
            except (UnboundLocalError, OSError):
                pass

    def run(self):
        while True:
            client, _ = self.listener.accept()
            client.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            threading.Thread(target=self.connection, args=(client,), daemon=True).start()


def main(session=Session):
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("--port-file", required=True)
    arguments.add_argument("--cert")
    arguments.add_argument("--key")
    arguments.add_argument("--users", type=int, default=250)
    arguments.add_argument("scenario")
    server = Server(arguments.parse_args(), session)
    threading.Thread(target=server.run, daemon=True).start()
    sys.stdin.read()


if __name__ == "__main__":
    main()
