#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
"""Rate and memory of the rules engine: all outbound properties of generated users.

    rules_rate.py --program BUILD/tests/rules_evaluate --rules DIR [--objects N]

DIR is a folder of Get-ADSyncServerConfiguration; the users lie in its first included container.
Use a release build. Prints objects a second of one core, and the largest resident size per object.
"""

import argparse
import json
import os
import re
import resource
import subprocess
import sys
import tempfile
import uuid
from pathlib import Path


AIM = 20000  # objects a second of one core


def container(rules):
    for path in sorted(Path(rules, "Connectors").glob("*.xml")):
        found = re.search(r"<inclusion>(.*?DC=.*?)</inclusion>", path.read_text("utf-8-sig"))
        if found:
            return found.group(1)
    sys.exit("no included container in the connectors")


def user(number, base):
    name = f"user{number:06d}"
    key = str(uuid.UUID(int=(0x5A << 120) + number))
    mail = f"{name}@example.test"
    attributes = {
        "cn": name, "displayName": f"User {number}", "givenName": f"Given{number % 977}",
        "sn": f"Family{number % 991}", "sAMAccountName": name, "userPrincipalName": mail,
        "mail": mail, "mailNickname": name, "userAccountControl": 514 if number % 20 == 0 else 512,
        "objectGUID": key, "objectSid": f"S-1-5-21-1004336348-1177238915-682003330-{1000 + number}",
        "proxyAddresses": [f"SMTP:{mail}", f"smtp:{name}@old.example.test"],
        "department": f"Department {number % 40}", "title": "Engineer", "company": "Example",
        "telephoneNumber": f"+1 555 {number:07d}", "mobile": f"+1 556 {number:07d}",
        "physicalDeliveryOfficeName": f"B{number % 12}", "streetAddress": "1 Main Street",
        "l": "Springfield", "st": "Test", "postalCode": f"{number % 90000:05d}", "co": "Nowhere",
        "c": "US", "countryCode": 840, "description": ["a generated user"],
        "employeeID": str(number), "extensionAttribute1": "one", "extensionAttribute7": " seven ",
        "pwdLastSet": 133600000000000000 + number, "objectClass": ["top", "person", "user"],
        "manager": f"CN=user{number // 10:06d},{base}", "whenCreated": "2026-01-01T00:00:00Z",
        "msExchRecipientTypeDetails": 1, "legacyExchangeDN": f"/o=Example/cn={name}",
    }
    return {"id": key, "connector": None, "type": "user", "dn": f"CN={name},{base}",
            "attributes": attributes}


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--program", required=True)
    parser.add_argument("--rules", required=True)
    parser.add_argument("--objects", type=int, default=100000)
    args = parser.parse_args()
    base = container(args.rules)
    with tempfile.TemporaryFile("w+") as lines:
        for number in range(args.objects):
            lines.write(json.dumps(user(number, base)) + "\n")
        lines.flush()
        os.lseek(lines.fileno(), 0, os.SEEK_SET)
        done = subprocess.run([args.program, "--rules", args.rules, "--now", "2026-06-01T00:00:00Z",
                               "--quiet"], stdin=lines, capture_output=True, text=True, check=False)
    print(done.stderr.strip())
    rate = int(re.search(r"(\d+) objects/s", done.stderr).group(1))
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss
    print(f"largest resident size {peak / 1024:.0f} MiB, objects held in memory as JSON included")
    return done.returncode or (1 if rate < AIM else 0)


if __name__ == "__main__":
    sys.exit(main())
