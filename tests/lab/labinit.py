# SPDX-License-Identifier: Apache-2.0
"""Process 1 of a lab's namespaces: builds the domain, starts the domain controller and the tenant,
reaps, and restarts nothing. On SIGTERM it ends everything in here and removes the lab's folder.

It talks to `lab up` through one file, DIR/status: what is being done, then "ready" or
"failed: why"; later "broken: which service ended".
"""
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time

import labdc
import labfiles
import labseed
from labfiles import read, run, write

HERE = os.path.dirname(os.path.realpath(__file__))
START_SECONDS, STOP_SECONDS = 60, 15


def port_open(port):
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


class Init:
    def __init__(self, place, options):
        self.place, self.options, self.services = place, options, {}

    def status(self, text):
        write(f"{self.place}/status.new", text + "\n")
        os.replace(f"{self.place}/status.new", f"{self.place}/status")

    def mounts(self):
        run("ip", "link", "set", "lo", "up")
        for name in ("hosts", "resolv.conf"):
            target = os.path.realpath(f"/etc/{name}")
            if os.path.exists(target):  # without a resolv.conf only the DNS of the lab is missed
                run("mount", "--bind", f"{self.place}/{name}", target)

    def start(self, name, port, args):
        """Start a service and wait until it listens."""
        with open(f"{self.place}/log/{name}.out", "a", encoding="utf-8") as log:
            child = subprocess.Popen(args, stdout=log, stderr=log, stdin=subprocess.DEVNULL,
                                     env={**os.environ, **labfiles.environment(self.place)})
        self.services[name] = child
        end = time.monotonic() + START_SECONDS
        while not port_open(port):
            if child.poll() is not None or time.monotonic() > end:
                raise RuntimeError(f"{name} did not start: "
                                   + read(f"{self.place}/log/{name}.out")[-2000:])
            time.sleep(0.05)

    def start_tenant(self):
        tls = f"{self.place}/tls"
        self.start("tenant", labfiles.TENANT_PORT, [
            "/usr/bin/python3", f"{HERE}/tenant/main.py", "--state", f"{self.place}/tenant",
            "--listen", f"127.0.0.1:{labfiles.TENANT_PORT}", "--cert", f"{tls}/tenant.crt",
            "--key", f"{tls}/tenant.key", "--domain", labdc.FQDN,
            "--initial-domain", labfiles.INITIAL_DOMAIN, "--host", labfiles.TENANT_HOST])

    def first_sync(self):
        out = run("/usr/bin/python3", f"{HERE}/sync/main.py", "--dir", self.place, "--full",
                  "--no-audit", "--json",
                  env={**os.environ, **labfiles.environment(self.place)})
        report = json.loads(out)
        if report["status"] != "success":
            raise RuntimeError(f"first synchronization: {report['status']}: "
                               f"{json.dumps(report.get('errors'))[:2000]}")

    def build(self):
        self.mounts()
        labfiles.certificates(self.place)
        conf = labdc.build(self.place, self.options["recycle_bin"], self.status)
        self.status("people, groups, devices")
        labseed.seed(labdc.database(conf))
        labseed.load(conf, self.options["objects"], self.status)
        self.status("starting the domain controller")
        self.start("samba", 389, ["samba", "-s", conf, "-M", "single", "-F", "--no-process-group"])
        if self.options["tenant"]:
            self.status("starting the tenant")
            self.start_tenant()
        labfiles.agent_conf(self.place)
        labfiles.lab_json(self.place)
        if self.options["objects"] and self.options["tenant"]:
            self.status("first synchronization")
            self.first_sync()

    def stop(self, remove):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        for child in self.services.values():
            child.terminate()
        end = time.monotonic() + STOP_SECONDS
        for child in self.services.values():
            try:
                child.wait(max(0.1, end - time.monotonic()))
            except subprocess.TimeoutExpired:
                pass
        if remove:  # before the `lab down` that runs in here loses its life and its caller goes on
            shutil.rmtree(self.place, ignore_errors=True)
        try:
            os.kill(-1, signal.SIGKILL)
        except ProcessLookupError:
            pass
        if remove:  # what the others may have written in between
            shutil.rmtree(self.place, ignore_errors=True)
        os._exit(0)

    def reap(self):
        """The life of process 1; a service that ends by itself is told, not restarted."""
        while True:
            try:
                pid, status = os.waitpid(-1, 0)
            except ChildProcessError:
                time.sleep(1)
                continue
            for name, child in self.services.items():
                if child.pid == pid:
                    self.status(f"broken: {name} ended ({os.waitstatus_to_exitcode(status)})")

    def main(self):
        signal.signal(signal.SIGTERM, lambda *_: self.stop(remove=True))
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        try:
            self.build()
        except Exception as failure:  # whatever it is, `lab up` must hear of it
            self.status(f"failed: {failure}")
            self.stop(remove=False)
        self.status("ready")
        self.reap()


def main(place):
    Init(place, json.loads(read(f"{place}/options.json"))).main()
    sys.exit("process 1 never returns")
