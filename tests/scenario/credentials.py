#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every kind of credential through the program, against the local tenant: what works, what is
refused and in which words, and that no secret is ever printed.

The suite runs in a mount namespace of its own, where /var/opt is empty: the Arc agent's directory
is a fixed path.
"""
import datetime
import os
import re
import shutil
import ssl
import subprocess
import sys
import tempfile
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True
import entra  # noqa: E402
import harness  # noqa: E402
import proxy  # noqa: E402
import arc  # noqa: E402
import permissions  # noqa: E402

COMPLETE, USAGE, INCOMPLETE, AUTH = 0, 2, 3, 4
FAR = "graph.far.example.test"


def openssl(*args, **kwargs):
    subprocess.run(["openssl", *args], check=True, capture_output=True, **kwargs)


class Place(entra.Place):
    def make_certificate(self):
        """Its address on loopback, and a name that nobody resolves."""
        super().make_certificate()
        openssl("req", "-x509", "-key", self.key_file, "-days", "2", "-subj", "/CN=lab", "-addext",
                f"subjectAltName=IP:127.0.0.1,DNS:localhost,DNS:{FAR}", "-out", self.cert)
        self.tls = ssl.create_default_context(cafile=self.cert)


class Stage(harness.Tally):
    def __init__(self, place):
        super().__init__()
        self.place, self.dir, self.count, self.secrets = place, place.directory, 0, []
        self.application = place.must(
            "GET", "applications?$filter=appId eq '%s'" % place.credentials["agent"]["client_id"]
        ).value[0]["id"]

    def file(self, name, text, mode=0o600):
        path = os.path.join(self.dir, name)
        data = text if isinstance(text, bytes) else text.encode()
        with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as out:
            out.write(data)
        os.chmod(path, mode)
        return path

    def read(self, name):
        with open(os.path.join(self.dir, name), "rb") as source:
            return source.read()

    def run(self, *args, env=None, **keys):
        """Run with these keys in the place of the secret; answers status and all that was said."""
        self.count += 1
        if set(keys) & {"certificate_file", "managed_identity"}:
            keys.setdefault("secret_file", None)
        reader = self.place.reader(f"c{self.count}", **keys)
        with open(reader.conf, encoding="utf-8") as source:
            lines = [line for line in source if not line.endswith("=None\n")]
        self.file(f"c{self.count}.conf", "".join(lines))
        done = subprocess.run([harness.binary(), "-c", reader.conf, *(args or ["snapshot"])],
                              capture_output=True, text=True, timeout=120,
                              env={**os.environ, **(env or {})})
        said = done.stdout + done.stderr
        self.check("no sanitizer spoke", "Sanitizer" not in said, said[-3000:])
        leaked = [s for s in self.secrets if s in said]
        self.check("no secret is printed", not leaked, leaked)
        # without an Active Directory no point is complete; this is about the half of Entra ID
        half = re.search(r"^ *Entra +lab +complete", said, re.M) and done.returncode == INCOMPLETE
        return COMPLETE if half else done.returncode, said

    def expect(self, name, wanted, *words, args=(), env=None, **keys):
        status, said = self.run(*args, env=env, **keys)
        self.check(name, status == wanted, f"wanted {wanted}, got {status}: {said[-1500:]}")
        for word in words:
            self.check(f"{name}: says '{word}'", word.lower() in said.lower(), said[-1500:])

    def certificate(self, name, days=365, register=True, algorithm=("rsa:2048",), age=0):
        """NAME.key, NAME.crt and NAME.pem, made so many days ago; the application knows it unless
        told otherwise."""
        base = os.path.join(self.dir, name)
        made = datetime.datetime.now(datetime.timezone.utc) - datetime.timedelta(days=age)
        subprocess.run(["faketime", made.strftime("%Y-%m-%d %H:%M:%S"), "openssl", "req", "-x509",
                        "-newkey", *algorithm, "-nodes", "-days", str(days), "-subj", f"/CN={name}",
                        "-keyout", base + ".key", "-out", base + ".crt"],
                       check=True, capture_output=True, env={**os.environ, "TZ": "UTC"})
        self.file(name + ".pem", self.read(name + ".key") + self.read(name + ".crt"))
        if register:
            self.register(name)
        return base + ".pem"

    def register(self, *names):
        rows = []
        for name in names:
            text = self.read(name + ".crt").decode()
            rows.append({"type": "AsymmetricX509Cert", "usage": "Verify", "displayName": name,
                         "key": "".join(text.split("-----")[2].split())})
        self.place.must("PATCH", f"applications/{self.application}", {"keyCredentials": rows})


# --- certificates -------------------------------------------------------------------------------

def pem(stage):
    path = stage.certificate("good", age=2)
    stage.expect("PS256", COMPLETE, certificate_file=path)
    stage.expect("RS256", COMPLETE, certificate_file=path, certificate_algorithm="RS256")
    stage.certificate("ca", register=False)
    chain = stage.file("chain.pem", stage.read("ca.crt") + stage.read("good.crt")
                       + stage.read("good.key"))
    stage.expect("the chain stands before the certificate", COMPLETE, certificate_file=chain)
    stage.secrets.append("Open-Sesame-1")
    word = stage.file("word", "Open-Sesame-1\n")
    wrong = stage.file("wrong", "Open-Sesame-2\n")
    openssl("pkcs8", "-topk8", "-v2", "aes-256-cbc", "-in", stage.dir + "/good.key", "-out",
            stage.dir + "/locked.key", "-passout", "pass:Open-Sesame-1")
    locked = stage.file("locked.pem", stage.read("locked.key") + stage.read("good.crt"))
    stage.expect("encrypted key", COMPLETE, certificate_file=locked, certificate_password_file=word)
    stage.expect("encrypted key, wrong password", USAGE, locked, "password does not open",
                 certificate_file=locked, certificate_password_file=wrong)
    stage.expect("encrypted key, no password", USAGE, locked, "certificate_password_file",
                 certificate_file=locked)
    status, said = stage.run("check", certificate_file=path)
    stage.check("check tells how long the certificate lasts", "certificate" in said and "days" in said
                and status in (0, 1), said)


def pkcs12(stage):
    word, wrong = stage.dir + "/word", stage.dir + "/wrong"
    for name, options in (("modern", ()), ("old", ("-legacy",))):
        path = f"{stage.dir}/{name}.p12"
        openssl("pkcs12", "-export", *options, "-inkey", stage.dir + "/good.key", "-in",
                stage.dir + "/good.crt", "-certfile", stage.dir + "/ca.crt", "-passout",
                "pass:Open-Sesame-1", "-out", path)
        os.chmod(path, 0o600)
    modern, old = stage.dir + "/modern.p12", stage.dir + "/old.p12"
    stage.expect("PKCS#12", COMPLETE, certificate_file=modern, certificate_password_file=word)
    stage.expect("PKCS#12, wrong password", USAGE, modern, "password is wrong",
                 certificate_file=modern, certificate_password_file=wrong)
    stage.expect("PKCS#12, no password", USAGE, modern, "certificate_password_file",
                 certificate_file=modern)
    stage.expect("PKCS#12 of an old export", USAGE, old, "no longer opens", "AES-256",
                 certificate_file=old, certificate_password_file=word)


def refused_certificates(stage):
    good = stage.dir + "/good.pem"
    unknown = stage.certificate("unknown", register=False)
    stage.expect("certificate the app does not know", AUTH, "does not know this certificate",
                 "700027", certificate_file=unknown)
    mixed = stage.file("mixed.pem", stage.read("good.key") + stage.read("unknown.crt"))
    stage.expect("key that does not fit", USAGE, mixed, "fits its private key",
                 certificate_file=mixed)
    lonely = stage.file("lonely.pem", stage.read("good.key"))
    stage.expect("no certificate", USAGE, lonely, "no certificate", certificate_file=lonely)
    bare = stage.file("bare.pem", stage.read("good.crt"))
    stage.expect("no key", USAGE, bare, "no private key", certificate_file=bare)
    noise = stage.file("noise", b"\x30\x82\x01\x00" + b"x" * 300)
    stage.expect("neither PEM nor PKCS#12", USAGE, noise, "neither", certificate_file=noise)
    elliptic = stage.certificate("elliptic", register=False,
                                 algorithm=("ec", "-pkeyopt", "ec_paramgen_curve:P-256"))
    stage.expect("no RSA key", USAGE, elliptic, "no RSA key", certificate_file=elliptic)
    world = stage.file("world.pem", stage.read("good.pem"), 0o644)
    stage.expect("readable by others", USAGE, world, "chmod 600", certificate_file=world)
    stage.expect("no such file", USAGE, "/no-such.pem", certificate_file="/no-such.pem")
    huge = stage.file("huge.pem", b"-----BEGIN x" * 30000)
    stage.expect("too large", USAGE, huge, "262144", certificate_file=huge)
    expired(stage)
    stage.register("good")
    stage.expect("and the good one still works", COMPLETE, certificate_file=good)


def expired(stage):
    """A certificate of the past is told before anything is sent; one of the next weeks warns."""
    path = stage.certificate("past", days=1, age=10, register=False)
    before = stage.place.total()
    stage.expect("expired certificate", AUTH, path, "expired on", certificate_file=path)
    stage.equal("expired certificate: nothing was sent", stage.place.total(), before)
    soon = stage.certificate("soon", days=10)
    stage.expect("check warns ahead", 1, "9 days", "ends soon", args=["check"], certificate_file=soon)


def clock(stage):
    """Our clock an hour off: the service finds the assertion untimely and tells its time."""
    stage.register("good")
    for name, seconds in (("behind", 3600), ("ahead", -3600)):
        stage.place.control("POST", "clock", {"offset_seconds": seconds})
        stage.expect(f"our clock is an hour {name}", COMPLETE,
                     certificate_file=stage.dir + "/good.pem")
    stage.place.control("DELETE", "clock")


# --- renewal ------------------------------------------------------------------------------------

def renewal(stage):
    place = stage.place
    place.control("POST", "settings", {"token_lifetime_seconds": 2})
    place.control("POST", "faults", {"match": "/groups", "kind": "503", "retry_after": 1, "count": 4})
    place.control("DELETE", "requests")
    stage.expect("tokens of two seconds", COMPLETE, certificate_file=stage.dir + "/good.pem")
    log = place.control("GET", "requests")["requests"]
    tokens = [one for one in log if "/oauth2/" in one["url"]]
    stage.check("tokens are renewed", len(tokens) >= 3, len(tokens))
    stage.check("before they end: no 401", not [one for one in log if one["status"] == 401],
                [one for one in log if one["status"] == 401])
    place.control("DELETE", "faults")
    place.control("DELETE", "settings")
    place.control("POST", "faults", {"match": "/users", "kind": "expired_token", "count": 1})
    stage.expect("a token refused once is renewed", COMPLETE, secret_file=stage.dir + "/secret")
    place.control("POST", "faults", {"match": "/users", "kind": "expired_token", "count": 50})
    stage.expect("a fresh token that is refused ends it", AUTH, "refuses a fresh token",
                 secret_file=stage.dir + "/secret")
    place.control("DELETE", "faults")
    outage(stage)


def outage(stage):
    """The token service fails while the old token still serves: nothing is lost."""
    place = stage.place
    place.control("POST", "settings", {"token_lifetime_seconds": 16})
    place.control("POST", "faults", {"match": "/oauth2/", "kind": "503", "count": 50, "skip": 1})
    place.control("POST", "faults", {"match": "/groups", "kind": "503", "retry_after": 9, "count": 1})
    place.control("DELETE", "requests")
    stage.expect("token service down, old token good", COMPLETE, secret_file=stage.dir + "/secret")
    log = place.control("GET", "requests")["requests"]
    down = [one for one in log if "/oauth2/" in one["url"] and one["status"] == 503]
    stage.check("token service down: it was asked ahead", len(down) >= 1, len(down))
    place.control("DELETE", "faults")
    place.control("DELETE", "settings")


# --- managed identity ---------------------------------------------------------------------------

def managed(stage):
    place = stage.place

    def get_token(resource):
        return place.token_call(place.form("agent", scope=resource + "/.default")).json
    agent = arc.Agent(get_token)
    keys = {"managed_identity": "arc", "client_id": None}
    env = {"IDENTITY_ENDPOINT": agent.url}
    try:
        stage.expect("Arc", COMPLETE, env=env, **keys)
        stage.equal("Arc: two requests", agent.asked, 2)
        stage.equal("Arc: the key file is gone", os.listdir(arc.DIRECTORY), [])
        for trick, word in (("outside", "is not read"), ("suffix", "is not read"),
                            ("large", "4096"), ("none", "challenge")):
            agent.trick = trick
            stage.expect(f"Arc, {trick}", INCOMPLETE, word, env=env, **keys)
        agent.trick = "stale"
        stage.expect("Arc, proof refused", AUTH, "azcmagent show", env=env, **keys)
        agent.trick = None
        relay = proxy.Proxy(("127.0.0.1", place.port))
        stage.expect("Arc is never asked through a proxy", COMPLETE, proxy=relay.url, env={
            **env, "http_proxy": "http://127.0.0.1:1", "https_proxy": "http://127.0.0.1:1"}, **keys)
        relay.stop()
    finally:
        agent.stop()
    stage.expect("no Arc agent", INCOMPLETE, "Arc agent", env=env, retry_budget_ms=1000, **keys)
    stage.expect("endpoint elsewhere", USAGE, "IDENTITY_ENDPOINT",
                 env={"IDENTITY_ENDPOINT": "http://169.254.169.254/metadata"}, **keys)


# --- proxy --------------------------------------------------------------------------------------

def proxies(stage):
    """Loopback goes through no proxy, so the tenant gets a name, which only the proxy resolves."""
    place = stage.place
    name = f"https://{FAR}:{place.port}"
    far = {"graph_url": name, "token_url":
           f"{name}/{place.credentials['tenant_id']}/oauth2/v2.0/token"}
    plain = proxy.Proxy(("127.0.0.1", place.port))
    stage.expect("proxy", COMPLETE, proxy=plain.url, **far)
    stage.check("proxy: it was used", plain.tunnels >= 1, plain.tunnels)
    used = plain.tunnels
    stage.expect("loopback does not go through the proxy", COMPLETE, proxy=plain.url)
    stage.expect("the environment names no proxy", INCOMPLETE, "not known", retry_budget_ms=600,
                 env={"https_proxy": plain.url, "HTTPS_PROXY": plain.url, "ALL_PROXY": plain.url},
                 **far)
    stage.equal("the environment names no proxy: nor was one used", plain.tunnels, used)
    plain.stop()
    stage.secrets.append("Proxy-Word-9")
    strict = proxy.Proxy(("127.0.0.1", place.port), "watch:Proxy-Word-9")
    good = stage.file("proxy.secret", "watch:Proxy-Word-9\n")
    bad = stage.file("proxy.bad", "watch:Proxy-Word-8\n")
    world = stage.file("proxy.world", "watch:Proxy-Word-9\n", 0o644)
    stage.expect("proxy with password", COMPLETE, proxy=strict.url, proxy_secret_file=good, **far)
    stage.expect("proxy, no password", USAGE, "407", "proxy_secret_file", proxy=strict.url, **far)
    stage.expect("proxy, wrong password", USAGE, "407", proxy=strict.url, proxy_secret_file=bad,
                 **far)
    stage.expect("proxy secret readable by others", USAGE, world, "chmod 600", proxy=strict.url,
                 proxy_secret_file=world, **far)
    strict.stop()
    stage.expect("no proxy there", INCOMPLETE, "cannot connect", proxy=strict.url,
                 retry_budget_ms=1000, **far)


# --- configuration ------------------------------------------------------------------------------

def configuration(stage):
    secret = stage.dir + "/secret"
    stage.expect("two credentials", USAGE, "only one credential", secret_file=secret,
                 certificate_file=stage.dir + "/good.pem")
    stage.expect("no credential", USAGE, "needs a credential", secret_file=None)
    stage.expect("unknown cloud", USAGE, "global, usgov, usgov-dod, china", cloud="mars")
    stage.expect("unknown algorithm", USAGE, "PS256, RS256", certificate_algorithm="ES256")
    stage.expect("password in the proxy's address", USAGE, "proxy_secret_file",
                 proxy="http://me:word@proxy.example.test:8080")
    stage.expect("client id with a managed identity", USAGE, "leave it out",
                 managed_identity="arc")
    status, said = stage.run("check", cloud="china")
    stage.check("check tells the cloud and what lacks there",
                "21Vianet" in said and "directory audits" in said and status in (0, 1), said)


# --- registering --------------------------------------------------------------------------------

AZ = """#!/bin/sh
echo "$*" >> "$AZ_LOG"
case "$*" in
*"app create"*) echo 00000000-0000-0000-0000-00000000cafe ;;
*"sp show"*) echo "$*" | sed "s/.*value=='\\([^']*\\)'.*/id-of-\\1/" ;;
esac
"""


def registering(stage):
    """The az script, run with an az that only writes down what it is told."""
    status, script = stage.run("check", "--script", "az", secret_file=stage.dir + "/secret")
    path, log = stage.file("register.sh", script), stage.dir + "/az.log"
    stage.file("az", AZ, 0o755)
    done = subprocess.run(["sh", path], capture_output=True, text=True, cwd=stage.dir, env={
        **os.environ, "PATH": stage.dir + ":" + os.environ["PATH"], "AZ_LOG": log})
    stage.equal("the script runs", (status, done.returncode, done.stderr), (0, 0, ""))
    stage.check("it tells the client id", "client_id=00000000-0000-0000-0000-00000000cafe" in
                done.stdout, done.stdout)
    with open(log, encoding="utf-8") as source:
        asked = set(re.findall(r"permission add .*--api-permissions id-of-(\S+)=Role", source.read()))
    held = {p for p in permissions.AGENT if "SyncBehavior" not in p}
    # what the tenant's own list has and reads nothing yet, is not asked for
    stage.check("the permissions that are read with", {"User.Read.All", "AuditLog.Read.All",
                "Policy.Read.All"} <= asked, asked)
    stage.check("none that writes", not [p for p in asked if "Write" in p], asked)
    stage.check("none that the tenant does not know", asked <= held | set(permissions.INCLUDED_IN),
                asked - held)
    status, text = stage.run("check", "--script", "powershell", secret_file=stage.dir + "/secret")
    listed = set(re.findall(r"^  '(\S+)'$", text, re.M))
    stage.equal("PowerShell: the same", (status, listed), (0, asked))
    stage.expect("no such shell", USAGE, "az, powershell", args=["check", "--script", "bash"])
    stage.expect("managed identity by az", USAGE, "--script powershell", client_id=None,
                 args=["check", "--script", "az"], managed_identity="arc")


SECTIONS = [configuration, registering, pem, pkcs12, refused_certificates, clock, renewal, managed, proxies]


def suite(place):
    stage = Stage(place)
    stage.secrets.append(place.credentials["agent"]["client_secret"])
    wanted = sys.argv[1:]
    for section in SECTIONS:
        if wanted and section.__name__ not in wanted:
            continue
        started = time.monotonic()
        try:
            section(stage)
        except Exception as failure:  # a section that breaks off has failed, and says where
            import traceback
            traceback.print_exc()
            stage.check(f"{section.__name__} ran to its end", False, str(failure))
        print(f"--    {section.__name__}: {time.monotonic() - started:.1f} s", flush=True)
    print(f"credentials: {stage.passed} passed, {stage.failed} failed, {stage.skipped} skipped")
    return 1 if stage.failed else 0


def main():
    if os.environ.get("AW_SCENE") != "credentials":
        user = [] if os.getuid() == 0 else ["--map-root-user"]
        return subprocess.run(["unshare", *user, "--mount", sys.executable, *sys.argv],
                              env={**os.environ, "AW_SCENE": "credentials"}).returncode
    subprocess.run(["mount", "-t", "tmpfs", "tmpfs", "/var/opt"], check=True)
    directory = tempfile.mkdtemp(prefix="anchorwatch-credentials-")
    try:
        with Place(directory) as place:
            return suite(place)
    finally:
        shutil.rmtree(directory, ignore_errors=True)


if __name__ == "__main__":
    sys.exit(main())
