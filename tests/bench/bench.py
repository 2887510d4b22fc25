#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Capture against its peers in the same run, as ratios (docs/performance.md keeps the figures).

    bench.py [--objects N] [--runs N] [--lab DIR] [ad] [entra] [history] [entra-incremental]

ad       one capture of N users against ldapsearch: same filter, attributes, paging, GSSAPI bind.
entra    one capture of N users against curl asking the same requests one after the other.
entra-alone  the same with N cloud-only users and N/10 groups of 20 members; needs no lab and runs only
         when it is named.
ad-incremental  100 changes among N users against the full capture: bytes, requests, time, by both ways
         of learning what changed (demand: 1 % at 100,000).
history  what recaptures, differences, verification and the store's file cost.
entra-incremental  requests and bytes of a capture after 100 changes, as a share of the full one's,
         with N users and N/5 groups of 20 members; needs no lab and runs only when it is named.
Peak memory is the process's own (getrusage), at N/10 and N objects, to show that it does not grow.
Each figure is the median of the runs; peers alternate with the program. --lab DIR uses a lab that is
up (`lab up --objects N`) and skips N/10. $ANCHORWATCH names the program; take a release build.
"""
import argparse
import json
import os
import re
import statistics
import subprocess
import sys
import time
import urllib.parse
import urllib.request

sys.path.insert(0, os.path.join(os.path.dirname(os.path.dirname(os.path.abspath(__file__))),
                                "scenario"))
import harness  # noqa: E402

LIMITS = {"AD": {"wall ratio": 1.15, "peak MiB": 64, "cpu ratio": 2.5},
          "Entra": {"wall ratio": 1.15, "peak MiB": 96}}
AD_LARGE = 100000  # users, from which on the wall ratio may only be
AD_LARGE_RATIO = 1.05
INCREMENTAL_SHARE = 0.01  # of the full capture's requests and bytes, from so many users on
INCREMENTAL_FROM = 100000
GROWTH_MIB = 8  # from N/10 to N objects; more is not the noise of an allocator
FILTER = ("(|(objectClass=user)(objectClass=group)(objectClass=contact)"
          "(objectClass=organizationalUnit))")
EXTENDED_DN = "1.2.840.113556.1.4.529=::MAMCAQE="  # links with the GUID of their target


def measure(args, env, good=(0,), stdout=subprocess.DEVNULL):
    """Wall seconds, CPU seconds and peak MiB of one process."""
    started = time.monotonic()
    child = subprocess.Popen(args, env=env, stdout=stdout, stderr=subprocess.PIPE)
    err = child.stderr.read()
    _, status, usage = os.wait4(child.pid, 0)
    wall = time.monotonic() - started
    code = os.waitstatus_to_exitcode(status)
    if code not in good:
        raise SystemExit(f"{args[:4]} ended {code}: {err.decode()[-2000:]}")
    return wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024


def write_private(path, text):
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
        handle.write(text)


class Half:
    """The lab's configuration with one directory alone, and a store of its own."""

    def __init__(self, scene, keep, name):
        with open(scene.conf, encoding="utf-8") as handle:
            text = handle.read()
        drop = "entra" if keep == "ad" else "ad"
        text = re.sub(rf"(?ms)^\[{drop} [^\]]*\]\n.*?(?=^\[|\Z)", "", text)
        self.scene, self.directory, self.half = scene, keep, None
        self.store = os.path.join(scene.dir, f"{name}.db")
        self.conf = os.path.join(scene.dir, f"{name}.conf")
        write_private(self.conf, re.sub(r"(?m)^path=.*$", f"path={self.store}", text))
        for suffix in ("", "-wal", "-shm", ".lock"):
            if os.path.exists(self.store + suffix):
                os.unlink(self.store + suffix)

    def use_account(self, keytab, principal):
        with open(self.conf, encoding="utf-8") as handle:
            text = handle.read()
        text = re.sub(r"(?m)^keytab=.*$", f"keytab={keytab}", text)
        write_private(self.conf, re.sub(r"(?m)^principal=.*$", f"principal={principal}", text))

    def run(self, *args, good=(0,)):
        return measure([harness.binary(), "-c", self.conf, *args], self.scene.env, good)

    def capture(self, mode=None):
        """Status 3: the point is partial, because the other directory is not configured. mode: the
        kind of read it must have been; the half's own report stays in self.half."""
        figures = self.run("snapshot", good=(0, 3))
        _, doc, _ = self.scene.aw("snapshots", "--format", "json", conf=self.conf)
        self.half = [h for h in json.loads(doc)["items"][-1]["halves"]
                     if h["directory"] == self.directory][0]
        if self.half["state"] != "complete" or (mode and self.half["mode"] != mode):
            raise SystemExit(f"the capture is {self.half['state']}, {self.half['mode']}: "
                             f"{self.half['problems']}")
        return figures


# --- the peers ----------------------------------------------------------------------------------

def ldapsearch(scene):
    """As the program's own account: its keytab, sign and seal."""
    env = {**scene.env, "KRB5CCNAME": f"FILE:{scene.dir}/bench.cc"}
    subprocess.run(["kinit", "-k", "-t", env["LAB_KEYTAB"], env["LAB_PRINCIPAL"]], check=True,
                   env=env)
    return measure(["ldapsearch", "-Q", "-Y", "GSSAPI", "-N", "-LLL", "-o", "ldif-wrap=no",
                    "-H", env["LAB_LDAP_URI"], "-b", scene.base, "-E", "pr=1000/noprompt",
                    "-E", EXTENDED_DN, FILTER, "*", "replPropertyMetaData"], env)


def agent_token(scene):
    with open(os.path.join(scene.dir, "tenant", "credentials.json"), encoding="utf-8") as handle:
        agent = json.load(handle)["agent"]
    form = urllib.parse.urlencode({
        "grant_type": "client_credentials", "client_id": agent["client_id"],
        "client_secret": agent["client_secret"],
        "scope": "https://graph.microsoft.com/.default"}).encode()
    with urllib.request.urlopen(scene.env["LAB_TOKEN_URL"], form, context=scene.tls) as answer:
        return json.load(answer)["access_token"]


def quoted(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def curl_script(scene, requests):
    """curl's own file of requests; each block stands alone, the connection is kept."""
    token = scene.token() if isinstance(scene, Alone) else agent_token(scene)
    base, blocks = scene.env["LAB_GRAPH_URL"], []
    common = ["silent", "show-error", "compressed", f"cacert = {scene.env['LAB_CA_FILE']}",
              'output = "/dev/null"', 'write-out = "%{http_code}\\n"',
              f'header = "Authorization: Bearer {token}"', 'header = "Accept: application/json"',
              'header = "Prefer: include-unknown-enum-members"']
    for request in requests:
        lines = common + [f"url = {quoted(urllib.parse.urljoin(base, request['url']))}"]
        if request["method"] == "POST":
            lines += ['header = "Content-Type: application/json"',
                      f"data-raw = {quoted(request['body'])}"]
        blocks.append("\n".join(lines))
    return "\nnext\n".join(blocks) + "\n"


def curl_replay(scene, requests):
    """One curl process, one connection, the capture's requests one after the other."""
    script = os.path.join(scene.dir, "bench.curl")
    write_private(script, curl_script(scene, requests))
    answers = os.path.join(scene.dir, "bench.codes")
    with open(answers, "wb") as out:
        figures = measure(["curl", "--config", script], scene.env, stdout=out)
    with open(answers, encoding="ascii") as handle:
        got = [int(line) for line in handle]
    wanted = [r["status"] for r in requests]
    if got != wanted:
        bad = [(r["url"], w, g) for r, w, g in zip(requests, wanted, got) if w != g]
        raise SystemExit(f"curl got other answers: {len(got)} of {len(wanted)}, {bad[:3]}")
    return figures


def capture_requests(scene):
    """What the capture just made has asked the tenant, without the token."""
    log = scene.control("GET", "requests")
    if log["total"] != len(log["requests"]):
        raise SystemExit("the tenant's log of requests was too short")
    return [r for r in log["requests"] if "/oauth2/" not in r["url"]]


# --- the comparisons ----------------------------------------------------------------------------

def compare(name, ours, peers, peer_name):
    pairs = [a[0] / b[0] for a, b in zip(ours, peers)]
    row = {"what": name, "wall s": statistics.median(f[0] for f in ours),
           f"{peer_name} wall s": statistics.median(f[0] for f in peers),
           "wall ratio": statistics.median(pairs), "best": min(pairs), "worst": max(pairs),
           "cpu s": statistics.median(f[1] for f in ours),
           f"{peer_name} cpu s": statistics.median(f[1] for f in peers),
           "cpu ratio": statistics.median(a[1] / b[1] for a, b in zip(ours, peers)),
           "peak MiB": max(f[2] for f in ours)}
    print("  ".join(f"{k} {v:.2f}" if isinstance(v, float) else v if k == "what" else f"{k} {v}"
                    for k, v in row.items()), flush=True)
    return row


def bench_ad(scene, count, runs):
    ours, peers = [], []
    for _ in range(runs):
        peers.append(ldapsearch(scene))
        ours.append(Half(scene, "ad", "bench-ad").capture())
    return [compare(f"AD, {count} users:", ours, peers, "ldapsearch")]


def bench_entra(scene, count, runs):
    ours, peers = [], []
    for _ in range(runs):
        scene.control("DELETE", "requests")
        ours.append(Half(scene, "entra", "bench-entra").capture())
        peers.append(curl_replay(scene, capture_requests(scene)))
    return [compare(f"Entra, {count} users:", ours, peers, "curl")]


def bench_history(scene, count, runs):
    half = Half(scene, "ad", "bench-history")
    first = half.capture()
    size = os.path.getsize(half.store)
    again = [half.capture() for _ in range(runs)]
    grown = os.path.getsize(half.store) - size
    diffs = [half.run("diff", "1", "2") for _ in range(runs)]
    checks = [half.run("verify") for _ in range(runs)]
    print(f"history, {count} users: first {first[0]:.2f} s, {size / 1e6:.1f} MB "
          f"({size / count:.0f} bytes a user); unchanged again "
          f"{statistics.median(f[0] for f in again):.2f} s, {grown / runs / 1e3:.1f} kB each; diff "
          f"{statistics.median(f[0] for f in diffs):.3f} s; verify "
          f"{statistics.median(f[0] for f in checks):.2f} s, peak "
          f"{max(f[2] for f in checks):.0f} MiB", flush=True)
    return []


def change_some(scene, users, some, text):
    """So many of the loaded users get another description."""
    step = max(1, users // some)
    scene.ldif("\n\n".join(
        f"dn: CN=load{n * step:06},OU=Load,{scene.base}\nchangetype: modify\n"
        f"replace: description\ndescription: {text}\n-" for n in range(min(some, users))) + "\n")


def bench_ad_incremental(scene, count, runs):
    accounts = {"USN polling": (scene.env["LAB_KEYTAB"], scene.env["LAB_PRINCIPAL"]),
                "DirSync": (scene.env["LAB_REPL_KEYTAB"], scene.env["LAB_REPL_PRINCIPAL"])}
    for method, (keytab, principal) in accounts.items():
        half = Half(scene, "ad", "bench-ad-incremental")
        half.use_account(keytab, principal)
        full, whole, some, part = half.capture("full"), half.half, [], None
        for run in range(runs):
            change_some(scene, count, 100, f"{method} {run} {time.time()}")
            some.append(half.capture("incremental"))
            part = half.half
            if part["versionsAdded"] != min(100, count) or method not in part["problems"][0]:
                raise SystemExit(f"{method}: {part}")
        seconds = statistics.median(f[0] for f in some)
        print(f"AD, 100 changes among {count} users, {method}: "
              f"{part['bytes']} bytes of {whole['bytes']} ({100 * part['bytes'] / whole['bytes']:.2f} "
              f"%), {part['requests']} requests of {whole['requests']}, {seconds:.2f} s of "
              f"{full[0]:.2f} s ({100 * seconds / full[0]:.1f} %), peak "
              f"{max(f[2] for f in some):.1f} MiB", flush=True)
    return []


def hundred_changes(place, users, groups, number):
    """What a day brings: 60 users change, 20 groups change, 20 memberships come or go."""
    for n in range(60):
        place.must("PATCH", f"users/{users[n]}", {"jobTitle": f"Title {number}.{n}"})
    for n in range(20):
        place.must("PATCH", f"groups/{groups[n]}", {"description": f"Text {number}.{n}"})
        holder, member = groups[n + 20], users[n + 60]
        address = {"@odata.id": f"{place.base}/v1.0/directoryObjects/{member}"}
        if number % 2:
            place.must("POST", f"groups/{holder}/members/$ref", address)
        else:
            place.must("DELETE", f"groups/{holder}/members/{member}/$ref")


def bench_incremental(options):
    """Shares of the full capture. The first capture after it is the plain case; the second reads
    what changed in the first one once more."""
    import entra
    import tempfile
    with tempfile.TemporaryDirectory(prefix="anchorwatch-bench-") as directory, \
            entra.Place(directory) as place:
        for _ in range(0, options.objects, 5000):
            size = min(5000, options.objects)
            place.control("POST", "bulk", {"users": size, "groups": size // 5, "members": 20})
        reader = place.reader("bench", timeout_ms=120000)
        users = [u["id"] for u in place.get("users?$select=id&$top=999").value][-100:]
        groups = [g["id"] for g in place.get("groups?$select=id&$top=999").value][-40:]
        full, worst = reader.snapshot(), 0
        print(f"entra-incremental, {options.objects} users, {options.objects // 5} groups: full "
              f"{full['requests']} requests, {full['bytes']} bytes, {full['seconds']:.1f} s",
              flush=True)
        for number in range(1, options.runs + 1):
            hundred_changes(place, users, groups, number)
            half = reader.snapshot()
            if (half["state"], half["mode"]) != ("complete", "incremental"):
                raise SystemExit(f"not an incremental capture: {half}")
            shares = [half[k] / full[k] for k in ("requests", "bytes")]
            worst = max(worst, *shares)
            print(f"  100 changes: {half['requests']} requests ({shares[0]:.2%}), {half['bytes']} "
                  f"bytes ({shares[1]:.2%}), {half['seconds']:.2f} s", flush=True)
    if options.objects >= INCREMENTAL_FROM and worst > INCREMENTAL_SHARE:
        print(f"over the limit: {worst:.2%} of the full capture")
        return 1
    return 0


class Alone:
    """A tenant without a domain, as bench_entra wants a lab."""

    def __init__(self, place):
        self.place, self.dir, self.tls = place, place.directory, place.tls
        reader = place.reader("bench-entra", timeout_ms=120000)
        self.conf, self.store = reader.conf, reader.store
        self.directory, self.half = "entra", None
        self.env = {**os.environ, "LAB_GRAPH_URL": place.base, "LAB_CA_FILE": place.cert,
                    "LAB_TOKEN_URL": f"{place.base}/{place.credentials['tenant_id']}"
                                     "/oauth2/v2.0/token"}

    def control(self, method, path):
        return self.place.control(method, path).json

    def token(self):
        return self.place.token("agent")

    def capture(self):
        for suffix in ("", "-wal", "-shm", ".lock"):
            if os.path.exists(self.store + suffix):
                os.unlink(self.store + suffix)
        return measure([harness.binary(), "-c", self.conf, "snapshot"], self.env, (0, 3))


def bench_alone(options):
    import entra
    import tempfile
    rows = []
    for count in (options.objects // 10, options.objects):
        with tempfile.TemporaryDirectory(prefix="anchorwatch-bench-") as directory, \
                entra.Place(directory) as place:
            for _ in range(0, count, 5000):
                size = min(5000, count)
                place.control("POST", "bulk", {"users": size, "groups": size // 10, "members": 20})
            scene, ours, peers = Alone(place), [], []
            for _ in range(options.runs):
                scene.control("DELETE", "requests")
                ours.append(scene.capture())
                peers.append(curl_replay(scene, capture_requests(scene)))
            rows.append(compare(f"Entra alone, {count} users:", ours, peers, "curl"))
    return verdict(rows[:1], rows[1:])


BENCHES = {"ad": bench_ad, "ad-incremental": bench_ad_incremental, "entra": bench_entra,
           "history": bench_history}


def limits_of(what):
    directory = what.split()[0].strip(",")
    limits = dict(LIMITS[directory])
    if directory == "AD" and int(re.search(r"\d+", what)[0]) >= AD_LARGE:
        limits["wall ratio"] = AD_LARGE_RATIO
    return limits


def verdict(small, large):
    bad = [f"{row['what']} {k} {row[k]:.2f} > {limit}" for row in large
           for k, limit in limits_of(row["what"]).items() if row[k] > limit]
    for a, b in zip(small, large):
        grown = b["peak MiB"] - a["peak MiB"]
        print(f"memory: {a['what']} {a['peak MiB']:.1f} MiB, {b['what']} {b['peak MiB']:.1f} MiB")
        if grown > GROWTH_MIB:
            bad.append(f"{b['what']} memory grows by {grown:.1f} MiB")
    for line in bad:
        print("over the limit:", line)
    return 1 if bad else 0


# --- where it runs ------------------------------------------------------------------------------

def inside(options):
    scene = harness.Scene()
    rows = []
    for name in options.what:
        rows += BENCHES[name](scene, options.objects, options.runs)
    write_private(os.path.join(scene.dir, "bench.json"), json.dumps(rows))
    return 0


def run_in(place, options, count):
    """The rows measured in the lab of a folder."""
    subprocess.run([harness.LAB, "exec", "--dir", place, "/usr/bin/python3",
                    os.path.abspath(__file__), "--objects", str(count), "--runs",
                    str(options.runs), *options.what],
                   env={**os.environ, "ANCHORWATCH_BENCH_INSIDE": "1"}, check=True)
    with open(os.path.join(place, "bench.json"), encoding="utf-8") as handle:
        return json.load(handle)


def in_lab(options, count):
    """A new lab with count users in AD and, synchronized, in the tenant."""
    place = f"/tmp/anchorwatch-bench-{os.getpid()}-{count}"
    try:
        tenant = [] if "entra" in options.what else ["--no-tenant"]
        subprocess.run([harness.LAB, "up", "--dir", place, "--objects", str(count), *tenant],
                       check=True, stdout=subprocess.DEVNULL)
        return run_in(place, options, count)
    finally:
        subprocess.run([harness.LAB, "down", "--dir", place], stdout=subprocess.DEVNULL,
                       check=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--objects", type=int, default=50000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--lab")
    parser.add_argument("what", nargs="*")
    options = parser.parse_args()
    if options.what == ["entra-incremental"]:
        return bench_incremental(options)
    if options.what == ["entra-alone"]:
        return bench_alone(options)
    options.what = options.what or list(BENCHES)
    unknown = set(options.what) - set(BENCHES)
    if unknown:
        parser.error(f"unknown: {' '.join(sorted(unknown))}; known: {' '.join(BENCHES)}")
    if os.environ.get("ANCHORWATCH_BENCH_INSIDE"):
        return inside(options)
    if options.lab:
        return verdict([], run_in(options.lab, options, options.objects))
    small = in_lab(options, options.objects // 10)
    return verdict(small, in_lab(options, options.objects))


if __name__ == "__main__":
    sys.exit(main())
