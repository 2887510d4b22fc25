#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""The local Entra tenant: token endpoint, Microsoft Graph and control API on one HTTPS address."""

import argparse
import collections
import json
import os
import secrets
import signal
import sys
import threading

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
sys.dont_write_bytecode = True

import faults  # noqa: E402
import seed  # noqa: E402
import server  # noqa: E402
import state  # noqa: E402
import throttle  # noqa: E402

REQUESTS_KEPT = 20000


class App:
    """What the server's threads share."""

    def __init__(self, tenant, directory, host, control_key):
        self.tenant, self.directory, self.host = tenant, directory, host
        self.control_key = control_key
        self.faults, self.buckets = faults.Faults(), throttle.Buckets()
        self.requests = collections.deque(maxlen=REQUESTS_KEPT)
        self.request_total = 0

    def take_fault(self, text):
        with self.tenant.lock:
            return self.faults.take(text)

    def log(self, entry):
        self.requests.append(entry)
        self.request_total += 1

    def save(self):
        self.tenant.save(os.path.join(self.directory, 'state.json'))


def write_private(path, text):
    with open(path + '.new', 'w', encoding='utf-8', opener=state.private) as out:
        out.write(text)
    os.replace(path + '.new', path)


def open_app(options):
    """Load the stored tenant, or seed a new one; write the credential and key files."""
    os.makedirs(options.state, mode=0o700, exist_ok=True)
    stored = os.path.join(options.state, 'state.json')
    if os.path.exists(stored):
        tenant = state.Tenant.load(stored)
    else:
        tenant = seed.new_tenant(options.domain, options.initial_domain)
    key_file = os.path.join(options.state, 'control.key')
    if not os.path.exists(key_file):
        write_private(key_file, secrets.token_hex(24))
    with open(key_file, encoding='utf-8') as source:
        key = source.read().strip()
    write_private(os.path.join(options.state, 'credentials.json'),
                  json.dumps(seed.credentials(tenant), indent=2) + '\n')
    app = App(tenant, options.state, options.host, key)
    app.save()
    return app


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument('--state', required=True, help='directory of state and credentials')
    parser.add_argument('--listen', default='127.0.0.1:8443')
    parser.add_argument('--cert', required=True)
    parser.add_argument('--key', required=True)
    parser.add_argument('--domain', default='lab.example.test')
    parser.add_argument('--initial-domain', default='labexample.onmicrosoft.com')
    parser.add_argument('--host', default='graph.lab.example.test')
    options = parser.parse_args()
    address, _, port = options.listen.rpartition(':')
    app = open_app(options)
    front = server.Server((address, int(port)), app, options.cert, options.key)

    def stop(signum, frame):
        threading.Thread(target=front.shutdown).start()
    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    print('ready', flush=True)
    front.serve_forever(poll_interval=0.2)
    app.save()


if __name__ == '__main__':
    main()
