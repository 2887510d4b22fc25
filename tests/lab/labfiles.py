# SPDX-License-Identifier: Apache-2.0
"""The files of a lab: certificates, resolver, Kerberos and agent configuration, and what `lab env`
prints. Every name and path that two parts of the lab must agree on is here or in labdc.
"""
import json
import os
import socket
import subprocess

import labdc

TENANT_HOST, LOGIN_HOST, TENANT_PORT = "graph.lab.example.test", "login.lab.example.test", 8443
INITIAL_DOMAIN = "labexample.onmicrosoft.com"
GRAPH_URL = f"https://{TENANT_HOST}:{TENANT_PORT}"


def write(name, text, mode=0o644):
    with open(os.open(name, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, mode), "w",
              encoding="utf-8") as handle:
        handle.write(text)


def read(name):
    with open(name, encoding="utf-8") as handle:
        return handle.read()


def run(*args, **kwargs):
    done = subprocess.run(args, capture_output=True, text=True, check=False, **kwargs)
    if done.returncode:
        raise RuntimeError(f"{' '.join(args[:4])}: {done.stdout}{done.stderr}")
    return done.stdout


def token_url(tenant_id):
    return f"{GRAPH_URL}/{tenant_id}/oauth2/v2.0/token"


def credentials(place):
    """What the tenant wrote about itself, or None without a tenant."""
    name = os.path.join(place, "tenant", "credentials.json")
    return json.loads(read(name)) if os.path.exists(name) else None


def certificates(place):
    """A lab CA and one certificate for each server."""
    tls = os.path.join(place, "tls")
    os.makedirs(tls, mode=0o700)
    key = ("-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes")
    run("openssl", "req", "-x509", *key, "-days", "30", "-subj", "/CN=Lab CA",
        "-addext", "keyUsage=critical,keyCertSign,cRLSign", "-keyout", f"{tls}/ca.key",
        "-out", f"{tls}/ca.crt")
    servers = {"dc1": f"DNS:{labdc.HOST}",
               "tenant": f"DNS:{TENANT_HOST},DNS:{LOGIN_HOST},IP:127.0.0.1"}
    for name, names in servers.items():
        write(f"{tls}/{name}.ext", f"subjectAltName={names}\nbasicConstraints=CA:FALSE\n"
              "extendedKeyUsage=serverAuth\nauthorityKeyIdentifier=keyid\n")
        run("openssl", "req", *key, "-subj", f"/CN={name}", "-keyout", f"{tls}/{name}.key",
            "-out", f"{tls}/{name}.csr")
        run("openssl", "x509", "-req", "-in", f"{tls}/{name}.csr", "-CA", f"{tls}/ca.crt",
            "-CAkey", f"{tls}/ca.key", "-CAcreateserial", "-days", "30", "-extfile",
            f"{tls}/{name}.ext", "-out", f"{tls}/{name}.crt")
        os.unlink(f"{tls}/{name}.csr")
        os.unlink(f"{tls}/{name}.ext")
        os.chmod(f"{tls}/{name}.key", 0o600)


def resolver(place):
    """hosts and resolv.conf are mounted over those of /etc inside the lab."""
    write(f"{place}/hosts",
          f"127.0.0.1 localhost {socket.gethostname()}\n127.0.0.1 {labdc.HOST} {labdc.DC}\n"
          f"127.0.0.1 {TENANT_HOST} {LOGIN_HOST}\n")
    write(f"{place}/resolv.conf", f"search {labdc.FQDN}\nnameserver 127.0.0.1\n"
          "options timeout:1 attempts:1\n")
    write(f"{place}/krb5.conf",
          f"[libdefaults]\n default_realm = {labdc.REALM}\n dns_lookup_kdc = false\n"
          " dns_lookup_realm = false\n rdns = false\n dns_canonicalize_hostname = false\n"
          f" default_ccache_name = FILE:{place}/krb5cc\n"
          f"[realms]\n {labdc.REALM} = {{\n  kdc = 127.0.0.1\n }}\n"
          f"[domain_realm]\n .{labdc.FQDN} = {labdc.REALM}\n")


def agent_conf(place):
    """The program's configuration; a secret of its own file, as an administrator would do it."""
    text = (f"[store]\npath={place}/anchorwatch.db\n\n"
            f"[ad lab]\ndomain={labdc.FQDN}\nserver={labdc.HOST}\ntransport=ldap\n"
            f"keytab={place}/anchorwatch.keytab\nprincipal={labdc.SERVICE}@{labdc.REALM}\n"
            f"ca_file={place}/tls/ca.crt\n\n")
    tenant = credentials(place)
    if tenant:
        write(f"{place}/agent.secret", tenant["agent"]["client_secret"] + "\n", 0o600)
        text += (f"[entra lab]\ntenant_id={tenant['tenant_id']}\n"
                 f"client_id={tenant['agent']['client_id']}\nsecret_file={place}/agent.secret\n"
                 f"graph_url={GRAPH_URL}\ntoken_url={token_url(tenant['tenant_id'])}\n"
                 f"ca_file={place}/tls/ca.crt\nquota_percent=0\n\n")
    write(f"{place}/anchorwatch.conf", text + "[sync]\nengine=connect\ninterval_minutes=30\n",
          0o600)


def lab_json(place):
    """What the sync engine needs to know."""
    write(f"{place}/lab.json", json.dumps({
        "ldap_uri": f"ldap://{labdc.HOST}", "base_dn": labdc.BASE, "realm": labdc.REALM,
        "connector_account": labdc.CONNECTOR, "connector_password": labdc.CONNECTOR_PASSWORD,
        "tenant_control_url": f"{GRAPH_URL}/_lab",
        "tenant_control_key_file": f"{place}/tenant/control.key",
        "ca_file": f"{place}/tls/ca.crt"}, indent=1), 0o600)


def environment(place):
    """The variables of `lab env` and `lab exec`."""
    values = {"LAB_DIR": place, "ANCHORWATCH_CONF": f"{place}/anchorwatch.conf",
              "KRB5_CONFIG": f"{place}/krb5.conf", "KRB5CCNAME": f"FILE:{place}/krb5cc",
              "LAB_LDAP_URI": f"ldap://{labdc.HOST}", "LAB_BASE_DN": labdc.BASE,
              "LAB_ADMIN_PRINCIPAL": f"Administrator@{labdc.REALM}",
              "LAB_ADMIN_PASSWORD": labdc.ADMIN_PASSWORD, "LAB_CA_FILE": f"{place}/tls/ca.crt",
              "LDAPTLS_CACERT": f"{place}/tls/ca.crt",
              "LAB_KEYTAB": f"{place}/anchorwatch.keytab",
              "LAB_PRINCIPAL": f"{labdc.SERVICE}@{labdc.REALM}",
              "LAB_REPL_KEYTAB": f"{place}/{labdc.REPLICATOR}.keytab",
              "LAB_REPL_PRINCIPAL": f"{labdc.REPLICATOR}@{labdc.REALM}"}
    tenant = credentials(place)
    if tenant:
        values.update({"LAB_TENANT_ID": tenant["tenant_id"], "LAB_GRAPH_URL": GRAPH_URL,
                       "LAB_TOKEN_URL": token_url(tenant["tenant_id"]),
                       "LAB_ADMIN_CLIENT_ID": tenant["admin"]["client_id"],
                       "LAB_ADMIN_CLIENT_SECRET": tenant["admin"]["client_secret"]})
    return values
