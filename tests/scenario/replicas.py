#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Two Samba domain controllers that replicate, in namespaces of their own: a switch from one to the
other is no change of the directory, and one that lags behind is not believed. Only Active Directory
is configured, so that every backup point is partial (status 3) and the half tells what counts.
"""
import os
import shutil
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.join(os.path.dirname(HERE), "lab")]
import harness  # noqa: E402
import labdc  # noqa: E402
from labfiles import read, run, write  # noqa: E402

DOMAIN, REALM, BASE = "two.example.test", "TWO.EXAMPLE.TEST", "DC=two,DC=example,DC=test"
PASSWORD = "Synthetic-Admin-1!"
ADDRESS = {"dc1": "10.77.0.1", "dc2": "10.77.0.2"}
SERVICES = "ldap, cldap, kdc, dns, rpc, kcc"
REPLICATING = SERVICES + ", drepl"
NAMESPACES = ["--net", "--mount", "--pid", "--fork", "--mount-proc", "--kill-child"]


class Controller:
    def __init__(self, place, name):
        self.name, self.host = name, f"{name}.{DOMAIN}"
        self.place = os.path.join(place, name)
        self.conf, self.child = f"{self.place}/d/etc/smb.conf", None
        os.makedirs(f"{self.place}/run")

    def options(self):
        settings = {**labdc.private_dirs(self.place), "interfaces": f"{ADDRESS[self.name]}/24"}
        return [f"--option={name}={value}" for name, value in settings.items()] + [
            "--dns-backend=SAMBA_INTERNAL", "--backend-store=mdb", "--backend-store-size=1Gb",
            f"--targetdir={self.place}/d"]

    def serve(self, services):
        lines = [line for line in read(self.conf).split("\n") if line.partition("=")[0].strip() not in
                 ("dns forwarder", "log file", "logging", "server services", "tls enabled")]
        at = lines.index("[global]") + 1
        lines[at:at] = [f"\tlog file = {self.place}/log", "\tlogging = file", "\ttls enabled = no",
                        f"\tserver services = {services}"]
        write(self.conf, "\n".join(lines))
        self.child = subprocess.Popen(["samba", "-s", self.conf, "-i", "-M", "standard"],
                                      stdin=subprocess.PIPE, stdout=subprocess.DEVNULL,
                                      stderr=subprocess.DEVNULL, start_new_session=True)
        for _ in range(300):
            asked = subprocess.run(["ldapsearch", "-x", "-LLL", "-H", f"ldap://{self.host}", "-s",
                                    "base", "-b", "", "dnsHostName"], capture_output=True)
            if asked.returncode == 0:
                return
            time.sleep(0.1)
        raise RuntimeError(f"{self.host} does not answer")

    def stop(self):
        if self.child:
            os.killpg(self.child.pid, 15)
            self.child.wait()
            self.child.stdin.close()
            self.child = None


class Pair(harness.Tally):
    def __init__(self, place):
        super().__init__()
        self.place = place
        os.environ.update(KRB5_CONFIG=f"{place}/krb5.conf", KRB5CCNAME=f"FILE:{place}/cc")
        self.one, self.two = Controller(place, "dc1"), Controller(place, "dc2")
        self.conf = f"{place}/agent.conf"
        write(self.conf, f"[store]\npath={place}/store.db\n[ad two]\ndomain={DOMAIN}\n"
              f"server={self.one.host}, {self.two.host}\ntimeout_ms=5000\n", 0o600)

    def network(self):
        hosts = "".join(f"{ip} {name}.{DOMAIN} {name}\n" for name, ip in ADDRESS.items())
        write(f"{self.place}/hosts", f"127.0.0.1 localhost {os.uname().nodename}\n{hosts}")
        write(f"{self.place}/resolv.conf", f"nameserver {ADDRESS['dc1']}\nsearch {DOMAIN}\n"
                   "options timeout:1 attempts:1\n")
        write(f"{self.place}/krb5.conf",
              f"[libdefaults]\n default_realm = {REALM}\n dns_lookup_kdc = false\n"
                   " rdns = false\n dns_canonicalize_hostname = false\n"
                   f"[realms]\n {REALM} = {{\n  kdc = {ADDRESS['dc1']}\n  kdc = {ADDRESS['dc2']}\n }}\n")
        run("ip", "link", "set", "lo", "up")
        for ip in ADDRESS.values():
            run("ip", "addr", "add", f"{ip}/24", "dev", "lo")
        for name in ("hosts", "resolv.conf"):
            target = os.path.realpath(f"/etc/{name}")
            if os.path.exists(target):
                run("mount", "--bind", f"{self.place}/{name}", target)

    def build(self):
        self.network()
        labdc.samba_tool("domain", "provision", f"--realm={REALM}", "--domain=TWO", "--host-name=dc1",
                         f"--host-ip={ADDRESS['dc1']}", f"--adminpass={PASSWORD}",
                         "--option=vfs objects=dfs_samba4 acl_xattr xattr_tdb", *self.one.options())
        self.one.serve(REPLICATING)
        run("samba_spnupdate", "-s", self.one.conf)
        run("kinit", f"Administrator@{REALM}", input=PASSWORD)
        labdc.samba_tool("domain", "join", DOMAIN, "DC", f"--use-krb5-ccache={self.place}/cc",
                         f"--server={self.one.host}", "--option=netbios name=DC2",
                         *self.two.options())
        self.two.serve(REPLICATING)
        run("samba_spnupdate", "-s", self.two.conf)
        self.replicate(self.two, self.one)
        self.replicate(self.one, self.two)

    def replicate(self, source, target):
        run("samba-tool", "drs", "replicate", target.host, source.host, BASE,
            f"--use-krb5-ccache={self.place}/cc", "-s", self.one.conf)

    def new_user(self, name):
        run("samba-tool", "user", "create", name, "Synthetic-1!aa", "-H", f"ldap://{self.one.host}",
            f"--use-krb5-ccache={self.place}/cc", "-s", self.one.conf)

    def aw_json(self, *args):
        done = subprocess.run([harness.binary(), "-c", self.conf, *args, "--format", "json"],
                              capture_output=True, text=True)
        self.check(f"{args[0]}: no sanitizer has a finding", "Sanitizer" not in done.stderr, done.stderr)
        return done.returncode, harness.json.loads(done.stdout), done.stderr

    def capture(self):
        status, doc, err = self.aw_json("snapshot")
        half = doc["halves"][0]
        return status, half, " ".join([err, *half["problems"]])


def suite(pair):
    status, first, words = pair.capture()
    pair.check("the first one is read", first["state"] == "complete", f"{status} {first} {words}")
    pair.two.stop()
    pair.two.serve(SERVICES)
    pair.new_user("latecomer")
    status, half, words = pair.capture()
    pair.check("a new user is seen", half["state"] == "complete" and
               half["mode"] == "incremental" and half["versionsAdded"] == 1, f"{status} {half} {words}")

    pair.one.stop()
    status, half, words = pair.capture()
    pair.check("the other one lags and is not believed", status == 3 and half["state"] == "failed" and
               f"{pair.two.host} may not have yet what was read from {pair.one.host}" in words,
               f"{status} {half} {words}")
    status, doc, _ = pair.aw_json("show", "latecomer")
    pair.check("what it does not have is still there", status == 0 and len(doc["items"]) == 1, str(doc))

    pair.one.serve(REPLICATING)
    pair.two.stop()
    pair.two.serve(REPLICATING)
    pair.replicate(pair.one, pair.two)
    pair.one.stop()
    status, half, words = pair.capture()
    pair.check("once level it is read whole", half["state"] == "complete" and half["mode"] == "full" and
               half["objectsRead"] == first["objectsRead"] + 1 and
               "another domain controller" in words, f"{status} {half} {words}")
    pair.check("and shows what the first one showed", half["versionsAdded"] == 0, f"{half}")
    last = max(item["snapshot"] for item in pair.aw_json("snapshots")[1]["items"])
    _, doc, _ = pair.aw_json("diff", "2", str(last))
    pair.equal("the switch is no change", doc["items"], [])


def inside(place):
    pair = Pair(place)
    try:
        pair.build()
        suite(pair)
    finally:
        pair.one.stop()
        pair.two.stop()
    print(f"replicas: {pair.passed} passed, {pair.failed} failed, {pair.skipped} skipped")
    return 1 if pair.failed else 0


def user_namespace():
    """Root needs none where root may do all."""
    for options in ([] if os.getuid() else [[]]) + [["--user", "--map-root-user"]]:
        if subprocess.run(["unshare", *options, *NAMESPACES, "true"], capture_output=True).returncode == 0:
            return options
    sys.exit("no namespaces here: run as root, or allow them: sysctl kernel.unprivileged_userns_clone=1")


def main():
    if os.environ.get("AW_SCENE") == "replicas":
        return inside(os.environ["AW_PLACE"])
    place = tempfile.mkdtemp(prefix="anchorwatch-replicas-")
    try:
        return subprocess.run(["unshare", *user_namespace(), *NAMESPACES, "/usr/bin/python3",
                               os.path.abspath(__file__)],
                              env={**os.environ, "AW_SCENE": "replicas", "AW_PLACE": place}).returncode
    finally:
        shutil.rmtree(place, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
