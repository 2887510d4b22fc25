# SPDX-License-Identifier: Apache-2.0
"""The lab's domain controller: provision, extend the schema, seed, grant, load. Runs inside the lab's
namespaces, as root there, on the database files of a Samba that is not running yet (or is, for
the bulk loader).
"""
import os
import subprocess
import sys

REALM, DOMAIN, FQDN, DC = "LAB.EXAMPLE.TEST", "LAB", "lab.example.test", "dc1"
BASE = "DC=lab,DC=example,DC=test"
ADMIN_PASSWORD = "Synthetic-Admin-1!"
CONNECTOR, CONNECTOR_PASSWORD = "MSOL_0123456789ab", "Synthetic-Sync-1!"
SERVICE = "anchorwatch"
OUS = ("Staff", "Groups", "Contacts", "Devices", "Unsynced", "Service")

# Attributes that Exchange adds to a real forest. The numbers below the private example arc
# (RFC 5612) stand in where Microsoft's own are of no consequence to the lab.
ARC = "1.3.6.1.4.1.32473.77"
EXCHANGE = ([("mailNickname", "1.2.840.113556.1.2.447", "2.5.5.12", 64, True)] +
            [(f"extensionAttribute{n}", f"{ARC}.1.{n}", "2.5.5.12", 64, True)
             for n in range(1, 16)] +
            [("msExchUsageLocation", f"{ARC}.2.1", "2.5.5.12", 64, True),
             ("msExchRecipientTypeDetails", f"{ARC}.2.2", "2.5.5.16", 65, True),
             ("msExchHideFromAddressLists", f"{ARC}.2.3", "2.5.5.8", 1, True)])


def samba_tool(conf, *args, quiet=True):
    """samba-tool as it is, but for the one step that needs real root: ownership of sysvol."""
    code = ("import sys, samba.provision as p\np.setsysvolacl = lambda *a, **k: None\n"
            "from samba.netcmd.main import cmd_sambatool\n"
            "sys.exit(cmd_sambatool()._run('samba-tool', *sys.argv[1:]))\n")
    extra = ["-s", conf] if conf else []
    done = subprocess.run(["/usr/bin/python3", "-c", code, *args, *extra], capture_output=True,
                          text=True)
    if done.returncode:
        raise RuntimeError(f"samba-tool {' '.join(args[:3])}: {done.stdout}{done.stderr}")
    return done.stdout


def private_dirs(place):
    run = os.path.join(place, "run")
    os.makedirs(run, exist_ok=True)
    return [("pid directory", run), ("ncalrpc dir", f"{run}/ncalrpc"),
            ("winbindd socket directory", f"{run}/winbindd"),
            ("ntp signd socket directory", f"{run}/ntp"), ("interfaces", "lo"),
            ("bind interfaces only", "yes")]


def provision(place):
    target = os.path.join(place, "dc")
    options = [f"--option={name}={value}" for name, value in private_dirs(place)]
    samba_tool(None, "domain", "provision", f"--realm={REALM}", f"--domain={DOMAIN}",
               f"--host-name={DC}", "--host-ip=127.0.0.1", f"--adminpass={ADMIN_PASSWORD}",
               "--dns-backend=SAMBA_INTERNAL", "--backend-store=mdb", "--backend-store-size=8Gb",
               f"--targetdir={target}", "--option=vfs objects=dfs_samba4 acl_xattr xattr_tdb",
               *options)
    conf = os.path.join(target, "etc", "smb.conf")
    configure(place, conf)
    return conf


def configure(place, conf):
    settings = dict(private_dirs(place))
    settings.update({
        "log file": f"{place}/log/samba.log", "logging": "file", "log level": "1",
        "server services": "ldap, kdc, dns", "tls enabled": "yes",
        "tls keyfile": f"{place}/tls/dc1.key", "tls certfile": f"{place}/tls/dc1.crt",
        "tls cafile": f"{place}/tls/ca.crt", "dsdb:schema update allowed": "yes",
        # as Windows: Kerberos without a second layer is welcome inside TLS
        "ldap server require strong auth": "allow_sasl_over_tls"})
    with open(conf, encoding="utf-8") as handle:
        lines = handle.read().split("\n")
    kept = [line for line in lines if line.partition("=")[0].strip() not in
            {*settings, "dns forwarder"}]
    at = kept.index("[global]") + 1
    kept[at:at] = [f"\t{name} = {value}" for name, value in settings.items()]
    with open(conf, "w", encoding="utf-8") as handle:
        handle.write("\n".join(kept))


def database(conf, options=()):
    import samba.param
    from samba.auth import system_session
    from samba.samdb import SamDB
    lp = samba.param.LoadParm()
    lp.load(conf)
    lp.set("log level", "0")
    return SamDB(session_info=system_session(), lp=lp, options=list(options))


def extend_schema(sam):
    """The Exchange attributes of sync's default rules, on users, groups and contacts."""
    schema = str(sam.get_schema_basedn())
    for name, oid, syntax, om_syntax, single in EXCHANGE:
        sam.add_ldif(f"dn: CN={name},{schema}\nobjectClass: attributeSchema\nlDAPDisplayName: {name}\n"
                     f"attributeID: {oid}\nattributeSyntax: {syntax}\noMSyntax: {om_syntax}\n"
                     f"isSingleValued: {'TRUE' if single else 'FALSE'}\n")
    update_now(sam)
    may = "".join(f"mayContain: {name}\n" for name, *_ in EXCHANGE)
    sam.add_ldif(f"dn: CN=labMailRecipient,{schema}\nobjectClass: classSchema\n"
                 f"lDAPDisplayName: labMailRecipient\ngovernsID: {ARC}.3.1\nsubClassOf: top\n"
                 f"objectClassCategory: 3\n{may}")
    update_now(sam)
    for cls in ("User", "Group", "Person"):
        sam.modify_ldif(f"dn: CN={cls},{schema}\nchangetype: modify\nadd: auxiliaryClass\n"
                        "auxiliaryClass: labMailRecipient\n")
    update_now(sam)


def update_now(sam):
    sam.modify_ldif("dn:\nchangetype: modify\nadd: schemaUpdateNow\nschemaUpdateNow: 1\n")
    sam.set_schema_update_now()


def enable_recycle_bin(sam):
    partitions = str(sam.get_partitions_dn())
    sam.modify_ldif("dn:\nchangetype: modify\nadd: enableOptionalFeature\nenableOptionalFeature: "
                    f"{partitions}:766ddcd8-acd0-445e-f3b9-a7f9b6744f2a\n")


def accounts(conf, sam, place):
    """The reading service account with its keytab, and the sync engine's connector account."""
    sam.newuser(CONNECTOR, CONNECTOR_PASSWORD, userou="OU=Service", description="sync connector")
    sam.newuser(SERVICE, os.urandom(24).hex() + "aA1!", userou="OU=Service",
                description="reads the directory")
    for name in (SERVICE, CONNECTOR):
        sam.setexpiry(f"(sAMAccountName={name})", 0, no_expiry_req=True)
    keytab = os.path.join(place, "anchorwatch.keytab")
    samba_tool(conf, "domain", "exportkeytab", keytab, f"--principal={SERVICE}@{REALM}")
    os.chmod(keytab, 0o600)
    for name in (SERVICE, CONNECTOR):
        grant_deleted_objects(sam, name)


def grant_deleted_objects(sam, name):
    """List and read on CN=Deleted Objects: the one right a plain account lacks for a full read."""
    import ldb
    from samba.dcerpc import security
    from samba.ndr import ndr_pack, ndr_unpack
    domain_sid = security.dom_sid(sam.get_domain_sid())
    found = sam.search(base=BASE, scope=ldb.SCOPE_SUBTREE, attrs=["objectSid"],
                       expression=f"(sAMAccountName={name})")
    sid = str(ndr_unpack(security.dom_sid, found[0]["objectSid"][0]))
    dn = f"CN=Deleted Objects,{BASE}"
    entry = sam.search(dn, ldb.SCOPE_BASE, attrs=["nTSecurityDescriptor"],
                       controls=["show_deleted:1", "sd_flags:1:15"])[0]
    sd = ndr_unpack(security.descriptor, entry["nTSecurityDescriptor"][0])
    for ace in security.descriptor.from_sddl(f"D:(A;;RPLC;;;{sid})", domain_sid).dacl.aces:
        sd.dacl_add(ace)
    message = ldb.Message(ldb.Dn(sam, dn))
    message["sd"] = ldb.MessageElement(ndr_pack(sd), ldb.FLAG_MOD_REPLACE, "nTSecurityDescriptor")
    sam.modify(message, controls=["show_deleted:1", "sd_flags:1:4"])


PEOPLE = [("ingrid", "Ingrid", "Isbrand", "Harbour Master", "Management"),
          ("jonas", "Jonas", "Jolle", "Pilot", "Operations"),
          ("karla", "Karla", "Kiel", "Engineer", "Technology"),
          ("lars", "Lars", "Lotse", "Pilot", "Operations"),
          ("mona", "Mona", "Mast", "Accountant", "Finance"),
          ("nils", "Nils", "Netz", "Deckhand", "Operations"),
          ("olga", "Olga", "Ostwind", "Engineer", "Technology"),
          ("paul", "Paul", "Pier", "Clerk", "Finance"),
          ("rosa", "Rosa", "Reling", "Cook", "Galley"),
          ("sven", "Sven", "Segel", "Deckhand", "Operations"),
          ("tilda", "Tilda", "Tau", "Purser", "Finance"),
          ("uwe", "Uwe", "Ufer", "Watchman", "Operations")]


def seed(sam):
    for name in OUS:
        sam.add({"dn": f"OU={name},{BASE}", "objectClass": "organizationalUnit"})


def people(sam):
    for login, given, family, title, department in PEOPLE:
        sam.add({"dn": f"CN={given} {family},OU=Staff,{BASE}", "objectClass": "user",
                 "sAMAccountName": login, "userPrincipalName": f"{login}@{FQDN}",
                 "givenName": given, "sn": family, "displayName": f"{given} {family}",
                 "title": title, "department": department, "company": "Harbour Ltd",
                 "mail": f"{login}@{FQDN}", "mailNickname": login,
                 "proxyAddresses": [f"SMTP:{login}@{FQDN}", f"smtp:{login}.{family}@{FQDN}"],
                 "telephoneNumber": "+49 30 5550100", "userAccountControl": "544"})
    first = f"CN=Ingrid Isbrand,OU=Staff,{BASE}"
    for login, given, family, *_ in PEOPLE[1:4]:
        sam.modify_ldif(f"dn: CN={given} {family},OU=Staff,{BASE}\nchangetype: modify\n"
                        f"add: manager\nmanager: {first}\n")
    sam.modify_ldif(f"dn: CN=Uwe Ufer,OU=Staff,{BASE}\nchangetype: modify\n"
                    "replace: userAccountControl\nuserAccountControl: 546\n")
    sam.add({"dn": f"CN=Inet Person,OU=Staff,{BASE}", "objectClass": "inetOrgPerson",
             "sAMAccountName": "inet", "userPrincipalName": f"inet@{FQDN}", "sn": "Person",
             "displayName": "Inet Person", "userAccountControl": "544"})


def groups_and_things(sam):
    for name in ("Operations", "Technology", "Finance", "All Hands"):
        members = [f"CN={g} {f},OU=Staff,{BASE}" for _, g, f, _, d in PEOPLE if d == name]
        if name == "All Hands":
            members = [f"CN={n},OU=Groups,{BASE}" for n in ("Operations", "Technology")]
        sam.add({"dn": f"CN={name},OU=Groups,{BASE}", "objectClass": "group",
                 "sAMAccountName": name, "groupType": "-2147483646",
                 "description": f"{name} of the harbour", "member": members})
    for name in ("Tug Company", "Ship Chandler"):
        mail = name.lower().replace(" ", ".") + "@partner.example.test"
        sam.add({"dn": f"CN={name},OU=Contacts,{BASE}", "objectClass": "contact",
                 "displayName": name, "mail": mail, "proxyAddresses": f"SMTP:{mail}",
                 "company": name})
    for name in ("QUAY1", "QUAY2"):
        sam.add({"dn": f"CN={name},OU=Devices,{BASE}", "objectClass": "computer",
                 "sAMAccountName": f"{name}$", "userAccountControl": "4096",
                 "operatingSystem": "Windows 11", "operatingSystemVersion": "10.0 (22631)",
                 "userCertificate": b"0\x82synthetic-" + name.encode()})


def load(conf, count, progress):
    """count users and count/10 groups of 20 members, by the local binding in batch mode."""
    batch = ("batch_mode:1", "transaction_index_cache_size:200000")
    sam = database(conf, batch)
    sam.add({"dn": f"OU=Load,{BASE}", "objectClass": "organizationalUnit"})
    step = 5000
    for start in range(0, count, step):
        sam.transaction_start()
        for n in range(start, min(start + step, count)):
            login = f"load{n:06}"
            sam.add({"dn": f"CN={login},OU=Load,{BASE}", "objectClass": "user",
                     "sAMAccountName": login, "userPrincipalName": f"{login}@{FQDN}",
                     "givenName": "Load", "sn": f"Number {n}", "displayName": f"Load Number {n}",
                     "title": "Deckhand", "department": f"Department {n % 50}",
                     "company": "Harbour Ltd", "telephoneNumber": f"+49 30 {n}",
                     "mail": f"{login}@{FQDN}", "userAccountControl": "544"})
        sam.transaction_commit()
        progress(f"{min(start + step, count)} of {count} users")
    groups = count // 10
    for start in range(0, groups, 1000):
        sam.transaction_start()
        for n in range(start, min(start + 1000, groups)):
            members = [f"CN=load{(n * 10 + k) % count:06},OU=Load,{BASE}" for k in range(20)]
            sam.add({"dn": f"CN=loadgroup{n:05},OU=Load,{BASE}", "objectClass": "group",
                     "sAMAccountName": f"loadgroup{n:05}", "groupType": "-2147483646",
                     "member": sorted(set(members))})
        sam.transaction_commit()
        progress(f"{min(start + 1000, groups)} of {groups} groups")


def build(place, recycle_bin, objects, progress):
    progress("provisioning the domain")
    conf = provision(place)
    sam = database(conf)
    progress("extending the schema")
    extend_schema(sam)
    sam = database(conf)
    if recycle_bin:
        enable_recycle_bin(sam)
    progress("people, groups, accounts")
    seed(sam)
    accounts(conf, sam, place)
    people(sam)
    groups_and_things(sam)
    del sam
    if objects:
        load(conf, objects, progress)
    return conf


def fix_spn(conf):
    samba_tool(conf, "spn", "add", f"ldap/{DC}.{FQDN}", f"{DC.upper()}$")


if __name__ == "__main__":
    sys.exit("this module is used by the lab")
