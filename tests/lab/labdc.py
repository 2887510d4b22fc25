# SPDX-License-Identifier: Apache-2.0
"""The lab's domain controller: provision, extend the schema, accounts and their rights. Runs inside
the lab's namespaces, as root there, on the database files of a Samba that is not running yet.
"""
import os
import subprocess
import uuid

REALM, DOMAIN, FQDN, DC = "LAB.EXAMPLE.TEST", "LAB", "lab.example.test", "dc1"
HOST = f"{DC}.{FQDN}"
BASE = "DC=lab,DC=example,DC=test"
ADMIN_PASSWORD = "Synthetic-Admin-1!"
CONNECTOR, CONNECTOR_PASSWORD = "MSOL_0123456789ab", "Synthetic-Sync-1!"
SERVICE = "anchorwatch"
OUS = ("Staff", "Groups", "Contacts", "Devices", "Unsynced", "Service")
RECYCLE_BIN = "766ddcd8-acd0-445e-f3b9-a7f9b6744f2a"

# Attributes that Exchange and Skype for Business add to a real forest, as far as default sync
# rules read them. Numbers below the private example arc (RFC 5612) stand in for Microsoft's own,
# which are of no consequence to the lab.
ARC = "1.3.6.1.4.1.32473.77"
TEXT, BOOLEAN, INTEGER, LARGE = ("2.5.5.12", 64), ("2.5.5.8", 1), ("2.5.5.9", 2), ("2.5.5.16", 65)
OCTETS = ("2.5.5.10", 4)
EXTENSION = (
    [("mailNickname", "1.2.840.113556.1.2.447", TEXT)] +
    [(f"extensionAttribute{n}", f"{ARC}.1.{n}", TEXT) for n in range(1, 16)] +
    [(name, f"{ARC}.2.{n}", syntax) for n, (name, syntax) in enumerate([
        ("msExchUsageLocation", TEXT), ("msExchRecipientTypeDetails", LARGE),
        ("msExchHideFromAddressLists", BOOLEAN), ("targetAddress", TEXT),
        ("msExchRecipientDisplayType", INTEGER), ("msExchMailboxGuid", OCTETS),
        ("msRTCSIP-PrimaryUserAddress", TEXT), ("msDS-preferredDataLocation", TEXT),
        ("msDS-ExternalDirectoryObjectId", TEXT)], 1)])


def samba_tool(*args):
    """samba-tool as it is, but for the one step that needs real root: ownership of sysvol."""
    code = ("import sys, samba.provision as p\np.setsysvolacl = lambda *a, **k: None\n"
            "from samba.netcmd.main import cmd_sambatool\n"
            "sys.exit(cmd_sambatool()._run('samba-tool', *sys.argv[1:]))\n")
    done = subprocess.run(["/usr/bin/python3", "-c", code, *args], capture_output=True, text=True,
                          check=False)
    if done.returncode:
        raise RuntimeError(f"samba-tool {' '.join(args[:2])}: {done.stdout}{done.stderr}")


def private_dirs(place):
    run = f"{place}/run"
    return {"pid directory": run, "ncalrpc dir": f"{run}/ncalrpc",
            "winbindd socket directory": f"{run}/winbindd",
            "ntp signd socket directory": f"{run}/ntp", "interfaces": "lo",
            "bind interfaces only": "yes"}


def provision(place):
    target = f"{place}/dc"
    options = [f"--option={name}={value}" for name, value in private_dirs(place).items()]
    samba_tool("domain", "provision", f"--realm={REALM}", f"--domain={DOMAIN}",
               f"--host-name={DC}", "--host-ip=127.0.0.1", f"--adminpass={ADMIN_PASSWORD}",
               "--dns-backend=SAMBA_INTERNAL", "--backend-store=mdb", "--backend-store-size=8Gb",
               f"--targetdir={target}", "--option=vfs objects=dfs_samba4 acl_xattr xattr_tdb",
               *options)
    conf = f"{target}/etc/smb.conf"
    configure(place, conf)
    return conf


def configure(place, conf):
    settings = private_dirs(place)
    settings.update({
        "log file": f"{place}/log/samba.log", "logging": "file", "log level": "1",
        "server services": "ldap, cldap, kdc, dns", "tls enabled": "yes",
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
    """The directory as the system itself, past all access control."""
    import samba.param
    from samba.auth import system_session
    from samba.samdb import SamDB
    lp = samba.param.LoadParm()
    lp.load(conf)
    lp.set("log level", "0")
    return SamDB(session_info=system_session(), lp=lp, options=list(options))


def extend_schema(sam):
    """One auxiliary class with EXTENSION on users, groups and contacts."""
    schema = str(sam.get_schema_basedn())
    for name, oid, (syntax, om_syntax) in EXTENSION:
        sam.add_ldif(f"dn: CN={name},{schema}\nobjectClass: attributeSchema\n"
                     f"lDAPDisplayName: {name}\nattributeID: {oid}\nattributeSyntax: {syntax}\n"
                     f"oMSyntax: {om_syntax}\nisSingleValued: TRUE\n")
    update_now(sam)
    may = "".join(f"mayContain: {name}\n" for name, *_ in EXTENSION)
    sam.add_ldif(f"dn: CN=labMailRecipient,{schema}\nobjectClass: classSchema\n"
                 f"lDAPDisplayName: labMailRecipient\ngovernsID: {ARC}.3.1\nsubClassOf: top\n"
                 f"objectClassCategory: 3\n{may}")
    update_now(sam)
    for cls in ("User", "Group", "Contact"):
        sam.modify_ldif(f"dn: CN={cls},{schema}\nchangetype: modify\nadd: auxiliaryClass\n"
                        "auxiliaryClass: labMailRecipient\n")
    update_now(sam)


def update_now(sam):
    sam.modify_ldif("dn:\nchangetype: modify\nadd: schemaUpdateNow\nschemaUpdateNow: 1\n")
    sam.set_schema_update_now()


def enable_recycle_bin(sam):
    sam.modify_ldif("dn:\nchangetype: modify\nadd: enableOptionalFeature\nenableOptionalFeature: "
                    f"{sam.get_partitions_dn()}:{RECYCLE_BIN}\n")


def service_names(sam):
    """Without these names a client gets no ticket for LDAP."""
    sam.modify_ldif(f"dn: CN={DC.upper()},OU=Domain Controllers,{BASE}\nchangetype: modify\n"
                    f"add: servicePrincipalName\nservicePrincipalName: ldap/{HOST}\n"
                    f"servicePrincipalName: ldap/{HOST}/{FQDN}\nservicePrincipalName: ldap/{DC}\n")


def accounts(conf, sam, place):
    """The reading service account with its keytab, and the sync engine's connector account."""
    sam.newuser(CONNECTOR, CONNECTOR_PASSWORD, userou="OU=Service", description="sync connector")
    sam.newuser(SERVICE, os.urandom(24).hex() + "aA1!", userou="OU=Service",
                description="reads the directory")
    for name in (SERVICE, CONNECTOR):
        sam.setexpiry(f"(sAMAccountName={name})", 0, no_expiry_req=True)
        grant_deleted_objects(sam, sid_of(sam, name))
    grant_anchor(sam, sid_of(sam, CONNECTOR))
    keytab = f"{place}/anchorwatch.keytab"
    samba_tool("domain", "exportkeytab", keytab, f"--principal={SERVICE}@{REALM}", "-s", conf)
    os.chmod(keytab, 0o600)


def sid_of(sam, name):
    import ldb
    from samba.dcerpc import security
    from samba.ndr import ndr_unpack
    found = sam.search(base=BASE, scope=ldb.SCOPE_SUBTREE, attrs=["objectSid"],
                       expression=f"(sAMAccountName={name})")
    return str(ndr_unpack(security.dom_sid, found[0]["objectSid"][0]))


def grant(sam, dn, sddl):
    """Add access control entries to the object's own."""
    import ldb
    from samba.dcerpc import security
    from samba.ndr import ndr_pack, ndr_unpack
    controls = ["show_deleted:1", "sd_flags:1:4"]
    entry = sam.search(dn, ldb.SCOPE_BASE, attrs=["nTSecurityDescriptor"], controls=controls)[0]
    sd = ndr_unpack(security.descriptor, entry["nTSecurityDescriptor"][0])
    domain_sid = security.dom_sid(sam.get_domain_sid())
    for ace in security.descriptor.from_sddl(sddl, domain_sid).dacl.aces:
        sd.dacl_add(ace)
    message = ldb.Message(ldb.Dn(sam, dn))
    message["sd"] = ldb.MessageElement(ndr_pack(sd), ldb.FLAG_MOD_REPLACE, "nTSecurityDescriptor")
    sam.modify(message, controls=controls)


def grant_deleted_objects(sam, sid):
    """List and read: the one right a plain account lacks for a full read."""
    grant(sam, f"CN=Deleted Objects,{BASE}", f"D:(A;;RPLC;;;{sid})")


def grant_anchor(sam, sid):
    """Write mS-DS-ConsistencyGuid of every user, as the set-up of the real engine grants it."""
    import ldb
    guids = []
    for name in ("mS-DS-ConsistencyGuid", "user"):
        found = sam.search(base=sam.get_schema_basedn(), scope=ldb.SCOPE_ONELEVEL,
                           expression=f"(lDAPDisplayName={name})", attrs=["schemaIDGUID"])
        guids.append(uuid.UUID(bytes_le=bytes(found[0]["schemaIDGUID"][0])))
    grant(sam, BASE, f"D:(OA;CIIO;WP;{guids[0]};{guids[1]};{sid})")


def build(place, recycle_bin, progress):
    """The domain without its people; answers the path of smb.conf."""
    progress("provisioning the domain")
    conf = provision(place)
    progress("extending the schema")
    extend_schema(database(conf))
    progress("accounts and rights")
    sam = database(conf)
    if recycle_bin:
        enable_recycle_bin(sam)
    for name in OUS:
        sam.add({"dn": f"OU={name},{BASE}", "objectClass": "organizationalUnit"})
    service_names(sam)
    accounts(conf, sam, place)
    return conf
