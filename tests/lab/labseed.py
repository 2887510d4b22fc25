# SPDX-License-Identifier: Apache-2.0
"""Who works in the lab's harbour: a small seed that touches every type and trait that
synchronization treats differently, and a loader for as many more as wanted.
"""
import os
import subprocess
import tempfile
import uuid

import labdc
from labdc import BASE, FQDN

GLOBAL, DOMAIN_LOCAL, UNIVERSAL, SECURITY = 0x2, 0x4, 0x8, -0x80000000
ENABLED, DISABLED, WORKSTATION = "544", "546", "4096"  # without a password: 512 + 32, + 2

# login, given name, family name, title, department, login of the manager
PEOPLE = [
    ("ingrid", "Ingrid", "Isbrand", "Harbour Master", "Management", None),
    ("jonas", "Jonas", "Jolle", "Chief Pilot", "Operations", "ingrid"),
    ("karla", "Karla", "Kiel", "Chief Engineer", "Technology", "ingrid"),
    ("mona", "Mona", "Mast", "Chief Accountant", "Finance", "ingrid"),
    ("lars", "Lars", "Lotse", "Pilot", "Operations", "jonas"),
    ("nils", "Nils", "Netz", "Deckhand", "Operations", "lars"),
    ("olga", "Olga", "Ostwind", "Engineer", "Technology", "karla"),
    ("paul", "Paul", "Pier", "Clerk", "Finance", "mona"),
    ("rosa", "Rosa", "Reling", "Cook", "Galley", "ingrid"),
    ("sven", "Sven", "Segel", "Deckhand", "Operations", "lars"),
    ("tilda", "Tilda", "Tau", "Purser", "Finance", "mona"),
    ("vera", "Vera", "Vorschot", "Pilot", "Operations", "jonas"),
    ("wim", "Wim", "Wanten", "Electrician", "Technology", "karla"),
    ("xaver", "Xaver", "Xantholith", "Diver", "Technology", "karla"),
    ("yasmin", "Yasmin", "Yawl", "Radio Operator", "Operations", "jonas"),
    ("zita", "Zita", "Zeising", "Rigger", "Technology", "olga"),
    ("anke", "Anke", "Achterdeck", "Trainee", "Galley", "rosa"),
    ("bjoern", "Bj\u00f6rn", "B\u00f6e", "Weather Observer", "Operations", "jonas"),
    ("carl", "Carl", "Chronometer", "Navigator", "Operations", "jonas"),
    ("uwe", "Uwe", "Ufer", "Watchman", "Operations", "jonas"),  # left: his account is disabled
]
OFFICES = {"Management": ("Quay House", "Hamburg", "Hamburg", "20457"),
           "Operations": ("Pilot Station", "Cuxhaven", "Lower Saxony", "27472"),
           "Technology": ("Dry Dock", "Kiel", "Schleswig-Holstein", "24103"),
           "Finance": ("Quay House", "Hamburg", "Hamburg", "20457"),
           "Galley": ("Mess", "Cuxhaven", "Lower Saxony", "27472")}

CONTACTS = ("Tug Company", "Ship Chandler", "Customs Broker")
DEVICES = ("QUAY1", "QUAY2")


def person_dn(login):
    given, family = next((row[1], row[2]) for row in PEOPLE if row[0] == login)
    return f"CN={given} {family},OU=Staff,{BASE}"


def group_dn(name):
    return f"CN={name},OU=Groups,{BASE}"


def people(sam):
    for number, (login, given, family, title, department, manager) in enumerate(PEOPLE, 1):
        office, city, state, post = OFFICES[department]
        entry = {"dn": person_dn(login), "objectClass": "user", "sAMAccountName": login,
                 "userPrincipalName": f"{login}@{FQDN}", "givenName": given, "sn": family,
                 "displayName": f"{given} {family}", "title": title, "department": department,
                 "company": "Harbour Ltd", "employeeID": f"H{number:04}",
                 "mail": f"{login}@{FQDN}", "mailNickname": login,
                 "proxyAddresses": [f"SMTP:{login}@{FQDN}", f"smtp:{login}.{number}@{FQDN}"],
                 "telephoneNumber": f"+49 30 5550{number:03}", "mobile": f"+49 170 5550{number:03}",
                 "physicalDeliveryOfficeName": office, "l": city, "st": state, "postalCode": post,
                 "streetAddress": f"{number} Example Quay", "c": "DE", "co": "Germany",
                 "countryCode": "276", "extensionAttribute1": f"shift {number % 3 + 1}",
                 "msExchUsageLocation": "DE",
                 "userAccountControl": DISABLED if login == "uwe" else ENABLED}
        if manager:
            entry["manager"] = person_dn(manager)
        sam.add(entry)
    sam.add({"dn": f"CN=Inet Person,OU=Staff,{BASE}", "objectClass": "inetOrgPerson",
             "sAMAccountName": "inet", "userPrincipalName": f"inet@{FQDN}", "sn": "Person",
             "displayName": "Inet Person", "userAccountControl": ENABLED,
             "manager": person_dn("karla")})


def groups(sam):
    def members(department):
        return [person_dn(row[0]) for row in PEOPLE if row[4] == department]
    contact = f"CN={CONTACTS[0]},OU=Contacts,{BASE}"
    rows = [
        ("Pilots", GLOBAL | SECURITY, [person_dn(n) for n in ("jonas", "lars", "vera")]),
        ("Operations", GLOBAL | SECURITY, members("Operations") + [group_dn("Pilots")]),
        ("Technology", GLOBAL | SECURITY, members("Technology")),
        ("Finance", GLOBAL | SECURITY, members("Finance")),
        ("Dock Access", DOMAIN_LOCAL | SECURITY, [group_dn("Technology"), person_dn("ingrid")]),
        ("All Hands", UNIVERSAL, [group_dn(n) for n in ("Operations", "Technology", "Finance")] +
         [contact])]
    for name, kind, member in rows:
        entry = {"dn": group_dn(name), "objectClass": "group", "sAMAccountName": name,
                 "displayName": name, "groupType": str(kind), "managedBy": person_dn("ingrid"),
                 "description": f"{name} of the harbour", "member": member}
        if not kind & SECURITY:
            mail = name.lower().replace(" ", ".") + f"@{FQDN}"
            entry.update({"mail": mail, "mailNickname": mail.partition("@")[0],
                          "proxyAddresses": f"SMTP:{mail}"})
        sam.add(entry)


def contacts(sam):
    for name in CONTACTS:
        mail = name.lower().replace(" ", ".") + "@partner.example.test"
        sam.add({"dn": f"CN={name},OU=Contacts,{BASE}", "objectClass": "contact",
                 "displayName": name, "givenName": name.split()[0], "sn": name.split()[1],
                 "mail": mail, "mailNickname": mail.partition("@")[0], "targetAddress":
                 f"SMTP:{mail}", "proxyAddresses": f"SMTP:{mail}", "company": name,
                 "telephoneNumber": "+49 40 5550999"})


def devices(sam):
    """Computers register by a certificate of their own that bears their objectGUID."""
    import ldb
    for name in DEVICES:
        dn = f"CN={name},OU=Devices,{BASE}"
        sam.add({"dn": dn, "objectClass": "computer", "sAMAccountName": f"{name}$",
                 "dNSHostName": f"{name.lower()}.{FQDN}", "displayName": name,
                 "userAccountControl": WORKSTATION, "operatingSystem": "Windows 11 Enterprise",
                 "operatingSystemVersion": "10.0 (22631)"})
        found = sam.search(dn, ldb.SCOPE_BASE, attrs=["objectGUID"])
        guid = uuid.UUID(bytes_le=bytes(found[0]["objectGUID"][0]))
        message = ldb.Message(ldb.Dn(sam, dn))
        message["userCertificate"] = ldb.MessageElement(
            [certificate(guid)], ldb.FLAG_MOD_REPLACE, "userCertificate")
        sam.modify(message)


def certificate(guid):
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run(
            ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256",
             "-nodes", "-days", "30", "-subj", f"/CN={guid}", "-outform", "DER",
             "-keyout", os.path.join(folder, "key")], capture_output=True, check=True)
    return done.stdout


def seed(sam):
    people(sam)
    contacts(sam)
    groups(sam)
    devices(sam)


# --- as many more as wanted ------------------------------------------------------------------------

USERS_A_STEP, GROUPS_A_STEP, MEMBERS = 5000, 1000, 20


def load_user(sam, n):
    login = f"load{n:06}"
    sam.add({"dn": f"CN={login},OU=Load,{BASE}", "objectClass": "user", "sAMAccountName": login,
             "userPrincipalName": f"{login}@{FQDN}", "givenName": "Load", "sn": f"Number {n}",
             "displayName": f"Load Number {n}", "title": "Deckhand",
             "department": f"Department {n % 50}", "company": "Harbour Ltd",
             "telephoneNumber": f"+49 30 {n}", "mail": f"{login}@{FQDN}",
             "userAccountControl": ENABLED})


def load_group(sam, n, users):
    name = f"loadgroup{n:05}"
    members = {f"CN=load{(n * 10 + k) % users:06},OU=Load,{BASE}" for k in range(MEMBERS)}
    sam.add({"dn": f"CN={name},OU=Load,{BASE}", "objectClass": "group", "sAMAccountName": name,
             "groupType": str(GLOBAL | SECURITY), "member": sorted(members)})


def batches(sam, count, step, add, progress, what):
    """Adds in transactions of `step`: one transaction per object would be ten times slower."""
    for start in range(0, count, step):
        sam.transaction_start()
        try:
            for n in range(start, min(start + step, count)):
                add(n)
        except Exception:
            sam.transaction_cancel()
            raise
        sam.transaction_commit()
        progress(f"{min(start + step, count):,} of {count:,} {what}")


def load(conf, users, progress):
    """`users` users and a tenth as many groups of 20, by the local binding in batch mode."""
    if not users:
        return
    sam = labdc.database(conf, ("batch_mode:1", "transaction_index_cache_size:200000"))
    sam.add({"dn": f"OU=Load,{BASE}", "objectClass": "organizationalUnit"})
    batches(sam, users, USERS_A_STEP, lambda n: load_user(sam, n), progress, "users")
    batches(sam, users // 10, GROUPS_A_STEP, lambda n: load_group(sam, n, users), progress,
            "groups")
