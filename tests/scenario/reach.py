#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Every way to a domain controller that the configuration offers: each transport with each mechanism
binds with the promised protection, and none of them falls back to less when something is wrong.
"""
import os
import re
import socket
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
import harness  # noqa: E402

HOST = "dc1.lab.example.test"


def conf_with(scene, name, *lines, without=()):
    """The lab's configuration with lines of its [ad] section dropped or put in."""
    with open(scene.conf, encoding="utf-8") as handle:
        text = handle.read()
    head, section, rest = re.split(r"(?ms)(^\[ad [^\]]*\]\n.*?)(?=^\[|\Z)", text, maxsplit=1)
    for key in ("transport", *without):
        section = re.sub(rf"(?m)^{key}=.*\n", "", section)
    title, _, kept = section.partition("\n")
    text = head + "\n".join([title, *lines, kept]) + rest
    path = os.path.join(scene.dir, f"reach-{name}.conf")
    with open(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
        handle.write(text)
    return path


def ways(scene):
    ca = f"ca_file={scene.env['LAB_CA_FILE']}"
    sealed = "signed and sealed with 256 bits"
    for transport, port, protection in (("ldap", ":389", sealed), ("ldaps", "", "TLS"),
                                        ("starttls", ":389", "TLS")):
        for mechanism in ("GSSAPI", "GSS-SPNEGO"):
            label = f"{transport} with {mechanism}"
            conf = conf_with(scene, f"{transport}-{mechanism}", f"transport={transport}",
                             f"mechanism={mechanism}", ca, without=("mechanism", "ca_file"))
            _, out, err = scene.aw("check", conf=conf)
            scene.check(f"{label}: binds", f"({mechanism})" in out and "read users" in out, out + err)
            scene.check(f"{label}: {protection}", protection in out, out)


def strength(scene):
    """A session weaker than demanded is refused, though the server would grant it."""
    weak = os.path.join(scene.dir, "reach-weak.conf")
    with open(scene.env["KRB5_CONFIG"], encoding="utf-8") as handle:
        text = handle.read()
    with open(weak, "w", encoding="utf-8") as handle:
        handle.write(text.replace("[libdefaults]", "[libdefaults]\n"
                                  "  permitted_enctypes = aes128-cts-hmac-sha1-96", 1))
    for bits, krb5, expected in ((256, None, "with 256 bits"), (128, weak, "with 128 bits"),
                                 (256, weak, "with 128 bits only, 256 are required")):
        conf = conf_with(scene, f"strength-{bits}", "transport=ldap", f"min_ssf={bits}",
                         without=("min_ssf",))
        _, out, err = scene.aw("check", conf=conf, env={"KRB5_CONFIG": krb5} if krb5 else None)
        bound = "read users" in out
        scene.check(f"min_ssf {bits}, {'AES-128' if krb5 else 'AES-256'}: {expected}",
                    expected in " ".join((out + err).split()) and bound == ("only" not in expected),
                    out + err)


def password(scene):
    """A simple bind goes inside TLS or not at all."""
    secret = os.path.join(scene.dir, "reach-password")
    with open(os.open(secret, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
        handle.write(scene.env["LAB_ADMIN_PASSWORD"])
    lines = [f"bind_dn={scene.env['LAB_ADMIN_PRINCIPAL']}", f"password_file={secret}",
             f"ca_file={scene.env['LAB_CA_FILE']}"]
    without = ("keytab", "principal", "ca_file")
    for transport in ("ldaps", "starttls"):
        conf = conf_with(scene, f"simple-{transport}", f"transport={transport}", *lines,
                         without=without)
        _, out, err = scene.aw("check", conf=conf)
        scene.check(f"simple bind over {transport}", "(simple)" in out and "read users" in out,
                    out + err)
    conf = conf_with(scene, "simple-ldap", "transport=ldap", *lines, without=without)
    status, out, err = scene.aw("check", conf=conf)
    scene.check("a password is not sent in clear", status == 2 and "in clear" in err, out + err)


def distrust(scene):
    """A server whose certificate does not fit is not given credentials, however TLS begins."""
    other = os.path.join(scene.dir, "reach-other-ca.pem")
    harness.subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", "/dev/null", "-out",
         other, "-days", "1", "-subj", "/CN=Another CA"], check=True, capture_output=True)
    for transport in ("ldaps", "starttls"):
        conf = conf_with(scene, f"distrust-{transport}", f"transport={transport}",
                         f"ca_file={other}", without=("ca_file",))
        status, out, err = scene.aw("check", conf=conf)
        scene.check(f"{transport}: a certificate of another CA is refused with the reason",
                    status in (1, 2, 4) and "certificate" in out + err and "(GSSAPI)" not in out,
                    f"{status} {out}{err}")


class Door:
    """Another door to the domain controller, which closes, or falls silent, after so many bytes from it."""

    def __init__(self, limit, silent=False):
        self.limit, self.silent, self.passed, self.open = limit, silent, 0, []
        self.listener = socket.create_server((socket.gethostbyname(HOST), 0))
        self.port = self.listener.getsockname()[1]
        threading.Thread(target=self.serve, daemon=True).start()

    def serve(self):
        while True:
            try:
                client = self.listener.accept()[0]
            except OSError:
                return
            server = socket.create_connection((HOST, 389))
            self.open += [client, server]
            threading.Thread(target=self.pass_on, args=(client, server, False), daemon=True).start()
            threading.Thread(target=self.pass_on, args=(server, client, True), daemon=True).start()

    def pass_on(self, one, other, counted):
        try:
            while data := one.recv(16384):
                self.passed += len(data) if counted else 0
                if self.passed > self.limit:
                    break
                other.sendall(data)
        except OSError:
            pass
        if not self.silent:
            for end in (one, other):
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def close(self):
        for one in [self.listener, *self.open]:
            one.close()


def lost_in_mid_read(scene):
    """A domain controller that goes away while it is read: another is read whole, and nothing is gone."""
    everything = Door(1 << 40)
    conf = conf_with(scene, "whole", f"server={HOST}:{everything.port}", "full_every_hours=0",
                     without=("server", "full_every_hours"))
    first = scene.aw_json("snapshot", conf=conf)[1]["halves"][0]
    scene.equal("through the door: complete", first["state"], "complete")
    everything.close()
    for label, silent, share in (("cut in the schema", False, 0.3), ("cut among the users", False, 0.95),
                                 ("cut in the last answer", False, 0.998), ("silent", True, 0.95)):
        door = Door(int(everything.passed * share), silent)
        conf = conf_with(scene, "lost", f"server={HOST}:{door.port}, {HOST}:389", "timeout_ms=1500",
                         "full_every_hours=0", without=("server", "full_every_hours", "timeout_ms"))
        status, doc = scene.aw_json("snapshot", conf=conf)
        half = doc["halves"][0]
        scene.check(f"{label}: another is read whole", status == 0 and half["state"] == "complete" and
                    half["objectsRead"] == first["objectsRead"], f"{status} {half}")
        scene.check(f"{label}: nothing is gone or new", half["versionsAdded"] == 0 and
                    half["linksAdded"] == half["linksRemoved"] == 0, str(half))
        scene.check(f"{label}: it is told", any(f"{HOST}:{door.port} was lost while it was read" in p
                                                for p in half["problems"]), str(half["problems"]))
        door.close()
        alone = Door(int(everything.passed * share), silent)
        conf = conf_with(scene, "alone", f"server={HOST}:{alone.port}", "timeout_ms=1500",
                         "full_every_hours=0", without=("server", "full_every_hours", "timeout_ms"))
        status, doc = scene.aw_json("snapshot", conf=conf)
        half = doc["halves"][0]
        scene.check(f"{label}, no other: not complete, and nothing is gone", status != 0 and
                    half["state"] != "complete" and half["linksRemoved"] == 0 and
                    half.get("versionsAdded", 0) == 0, f"{status} {half}")
        alone.close()
    last = scene.snapshot()
    _, doc = scene.aw_json("diff", "1", str(last))
    scene.equal("after all that: no difference in AD",
                [i for i in doc["items"] if i["directory"] == "ad"], [])


def suite(scene):
    lost_in_mid_read(scene)
    ways(scene)
    strength(scene)
    password(scene)
    distrust(scene)


if __name__ == "__main__":
    harness.main(suite)
