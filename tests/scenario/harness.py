# SPDX-License-Identifier: Apache-2.0
"""What the scenario suites share: a lab of their own, both directories driven with ordinary
tools (ldapmodify, HTTPS), the program under test, and a count of what passed.

A suite is a function of a Scene. `main(suite)` starts a lab in a temporary folder, runs the suite
inside it, and takes the lab down whatever happened. The closing line is
"NAME: N passed, N failed, N skipped".
"""
import base64
import json
import os
import shutil
import ssl
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.parse
import urllib.request
import uuid

HERE = os.path.dirname(os.path.abspath(__file__))
ROOT = os.path.dirname(os.path.dirname(HERE))
LAB = os.path.join(ROOT, "tests", "lab", "lab")


def binary():
    """The program under test: $ANCHORWATCH, else the newest build."""
    named = os.environ.get("ANCHORWATCH")
    if named:
        return named
    for preset in ("asan", "release", "debug"):
        path = os.path.join(ROOT, "build", preset, "agent", "anchorwatch")
        if os.path.exists(path):
            return path
    sys.exit("no anchorwatch binary: set ANCHORWATCH or build one")


class Tally:
    """Counts checks; every failure says what was expected and what came."""

    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def check(self, name, good, detail=""):
        if good:
            self.passed += 1
            print(f"  ok    {name}", flush=True)
        else:
            self.failed += 1
            print(f"  FAIL  {name}: {detail}", flush=True)
        return good

    def equal(self, name, got, wanted):
        return self.check(name, got == wanted, f"wanted {wanted!r}, got {got!r}")

    def skip(self, name, why):
        self.skipped += 1
        print(f"  skip  {name}: {why}", flush=True)


class Scene(Tally):
    """One lab, from inside."""

    def __init__(self):
        super().__init__()
        self.env = dict(os.environ)
        self.dir = self.env["LAB_DIR"]
        self.base = self.env["LAB_BASE_DN"]
        self.conf = self.env["ANCHORWATCH_CONF"]
        self.tls = ssl.create_default_context(cafile=self.env["LAB_CA_FILE"])
        self._token = (None, 0)
        self._ticket = False

    # --- the program --------------------------------------------------------------------------

    def aw(self, *args, conf=None, env=None, timeout=300):
        """Run the program; answers (status, stdout, stderr)."""
        done = subprocess.run([binary(), "-c", conf or self.conf, *args], capture_output=True,
                              text=True, timeout=timeout, env={**self.env, **(env or {})})
        if "Sanitizer" in done.stderr:
            self.check(f"sanitizers during {args}", False, done.stderr[-3000:])
        return done.returncode, done.stdout, done.stderr

    def aw_json(self, *args, **kwargs):
        """Run with --format json; answers (status, document)."""
        status, out, err = self.aw(*args, "--format", "json", **kwargs)
        try:
            return status, json.loads(out)
        except ValueError:
            raise AssertionError(f"no JSON from {args}: status {status}\n{out[:500]}\n{err[:2000]}")

    def snapshot(self):
        status, doc = self.aw_json("snapshot")
        if status != 0:
            raise AssertionError(f"snapshot ended {status}: {json.dumps(doc)[:3000]}")
        return doc["snapshot"]

    # --- Active Directory ---------------------------------------------------------------------

    def _kerberos(self):
        if not self._ticket:
            subprocess.run(["kinit", self.env["LAB_ADMIN_PRINCIPAL"]], check=True,
                           input=self.env["LAB_ADMIN_PASSWORD"] + "\n", text=True,
                           capture_output=True, env=self.env)
            self._ticket = True

    def _ldap(self, tool, text, *options):
        self._kerberos()
        done = subprocess.run([tool, "-Q", "-Y", "GSSAPI", "-N", "-H", self.env["LAB_LDAP_URI"],
                               *options], input=text, text=True, capture_output=True, env=self.env)
        if done.returncode:
            raise AssertionError(f"{tool}: {done.stderr}\n{text}")
        return done.stdout

    def ldif(self, text):
        """Feed LDIF change records to ldapmodify as the domain's administrator."""
        self._ldap("ldapmodify", text)

    def ad_set(self, dn, **values):
        """Replace attributes; None clears; bytes are encoded; lists are multi-valued."""
        lines = [f"dn: {dn}", "changetype: modify"]
        for name, value in values.items():
            lines.append(f"replace: {name}")
            many = value if isinstance(value, list) else [] if value is None else [value]
            lines += [ldif_line(name, one) for one in many] + ["-"]
        self.ldif("\n".join(lines) + "\n")

    def ad_add(self, dn, **values):
        lines = [f"dn: {dn}", "changetype: add"]
        for name, value in values.items():
            lines += [ldif_line(name, one) for one in (value if isinstance(value, list) else [value])]
        self.ldif("\n".join(lines) + "\n")

    def ad_delete(self, dn):
        self.ldif(f"dn: {dn}\nchangetype: delete\n")

    def ad_move(self, dn, rdn, parent):
        self.ldif(f"dn: {dn}\nchangetype: modrdn\nnewrdn: {rdn}\ndeleteoldrdn: 1\n"
                  f"newsuperior: {parent}\n")

    def ad_get(self, query, *attributes):
        """Entries as {dn: {attribute: [values]}}; base64 values decoded to bytes."""
        out = self._ldap("ldapsearch", "", "-LLL", "-o", "ldif-wrap=no", "-E", "pr=1000/noprompt",
                         "-b", self.base, query, *attributes)
        return parse_ldif(out)

    def ad_dn(self, sam):
        found = self.ad_get(f"(sAMAccountName={sam})", "distinguishedName")
        if len(found) != 1:
            raise AssertionError(f"{len(found)} AD objects named {sam}")
        return next(iter(found))

    def ad_user(self, sam, ou="OU=Staff", **values):
        """A new enabled user; answers its DN."""
        dn = f"CN={values.pop('cn', sam)},{ou},{self.base}"
        attributes = {"objectClass": "user", "sAMAccountName": sam, "displayName": sam.title(),
                      "userPrincipalName": f"{sam}@lab.example.test"}
        attributes.update(values)
        self.ad_add(dn, **attributes)
        self.ad_set(dn, userAccountControl="544")
        return dn

    # --- Entra --------------------------------------------------------------------------------

    def token(self):
        token, until = self._token
        if time.time() > until:
            form = urllib.parse.urlencode({
                "grant_type": "client_credentials", "client_id": self.env["LAB_ADMIN_CLIENT_ID"],
                "client_secret": self.env["LAB_ADMIN_CLIENT_SECRET"],
                "scope": "https://graph.microsoft.com/.default"}).encode()
            with urllib.request.urlopen(self.env["LAB_TOKEN_URL"], form, context=self.tls) as answer:
                token = json.load(answer)["access_token"]
            self._token = (token, time.time() + 600)
        return token

    def graph(self, method, path, body=None, as_user=None, version="v1.0", headers=None):
        """One Graph call; answers (status, document or None). as_user: act as that UPN."""
        url = path if path.startswith("https:") else f"{self.env['LAB_GRAPH_URL']}/{version}{path}"
        head = {"Authorization": f"Bearer {self.token()}", "Content-Type": "application/json",
                **(headers or {})}
        if as_user:
            head["X-Lab-Act-As-User"] = as_user
            head["X-Lab-Key"] = self.control_key()
        data = None if body is None else json.dumps(body).encode()
        request = urllib.request.Request(url, data, head, method=method)
        try:
            with urllib.request.urlopen(request, context=self.tls) as answer:
                text = answer.read()
                return answer.status, json.loads(text) if text else None
        except urllib.error.HTTPError as failure:
            text = failure.read()
            try:
                return failure.code, json.loads(text)
            except ValueError:
                return failure.code, None

    def must(self, method, path, body=None, **kwargs):
        status, doc = self.graph(method, path, body, **kwargs)
        if status >= 300:
            raise AssertionError(f"{method} {path}: {status} {json.dumps(doc)}")
        return doc

    def find(self, collection, **equal):
        query = " and ".join(f"{k} eq '{v}'" for k, v in equal.items())
        doc = self.must("GET", f"/{collection}?$filter={urllib.parse.quote(query)}")
        return doc["value"][0] if doc["value"] else None

    def user_id(self, upn):
        found = self.find("users", userPrincipalName=upn)
        if not found:
            raise AssertionError(f"no Entra user {upn}")
        return found["id"]

    def control_key(self):
        with open(os.path.join(self.dir, "tenant", "control.key"), encoding="ascii") as handle:
            return handle.read().strip()

    def control(self, method, path, body=None):
        request = urllib.request.Request(
            f"{self.env['LAB_GRAPH_URL']}/_lab/{path}",
            None if body is None else json.dumps(body).encode(),
            {"X-Lab-Key": self.control_key(), "Content-Type": "application/json"}, method=method)
        with urllib.request.urlopen(request, context=self.tls) as answer:
            text = answer.read()
            return json.loads(text) if text else None

    # --- the sync engine ----------------------------------------------------------------------

    def lab(self, *args):
        done = subprocess.run([LAB, *args], capture_output=True, text=True, env=self.env)
        return done.returncode, done.stdout, done.stderr

    def sync(self, *args):
        status, out, err = self.lab("sync", *args)
        if status:
            raise AssertionError(f"lab sync {args}: status {status}\n{out}\n{err}")
        return out


def ldif_line(name, value):
    raw = value if isinstance(value, bytes) else str(value).encode()
    plain = raw.isascii() and raw.decode("ascii", "replace").isprintable()
    if plain and raw[:1] not in (b" ", b":", b"<") and not raw.endswith(b" "):
        return f"{name}: {raw.decode()}"
    return f"{name}:: {base64.b64encode(raw).decode()}"


def parse_ldif(text):
    entries, dn = {}, None
    for line in text.split("\n"):
        if not line or line.startswith(("#", "ref:")):
            continue
        name, _, rest = line.partition(":")
        if rest.startswith(":"):
            value = base64.b64decode(rest[1:].strip())
            try:
                value = value.decode()
            except UnicodeDecodeError:
                pass
        else:
            value = rest.strip()
        if name == "dn":
            dn = value
            entries[dn] = {}
        elif dn:
            entries[dn].setdefault(name, []).append(value)
    return entries


def immutable_id(guid):
    return base64.b64encode(uuid.UUID(guid).bytes_le).decode()


def _inside(suite, name):
    scene = Scene()
    try:
        suite(scene)
    except Exception as failure:  # a suite that breaks off has failed, and says where
        import traceback
        traceback.print_exc()
        scene.check("the suite ran to its end", False, str(failure))
    print(f"{name}: {scene.passed} passed, {scene.failed} failed, {scene.skipped} skipped")
    return 1 if scene.failed else 0


def main(suite, *up_options):
    name = os.path.splitext(os.path.basename(sys.argv[0]))[0]
    if os.environ.get("AW_SCENE") == name:
        return _inside(suite, name)
    place = tempfile.mkdtemp(prefix=f"anchorwatch-{name}-")
    try:
        up = subprocess.run([LAB, "up", "--dir", place, *up_options], capture_output=True, text=True)
        if up.returncode:
            print(up.stdout + up.stderr)
            print(f"{name}: 0 passed, 1 failed, 0 skipped")
            return 1
        return subprocess.run([LAB, "exec", "--dir", place, "/usr/bin/python3",
                               os.path.abspath(sys.argv[0]), *sys.argv[1:]],
                              env={**os.environ, "AW_SCENE": name}).returncode
    finally:
        subprocess.run([LAB, "down", "--dir", place], capture_output=True)
        shutil.rmtree(place, ignore_errors=True)
