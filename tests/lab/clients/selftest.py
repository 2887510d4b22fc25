#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Microsoft's JavaScript clients against the local tenant, which they must find real enough.

Installs them with npm as the lock file says into build/clients, and skips visibly where node, npm
or its registry is missing. The lock file names no registry: npm takes the one it is set up with.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, os.path.join(HERE, '..', 'tenant'))
sys.dont_write_bytecode = True

import selftest as tenant  # noqa: E402

BUILD = os.path.join(HERE, '..', '..', '..', 'build', 'clients')
FILES = ('package.json', 'package-lock.json', 'clients.mjs')
OLDEST_NODE = 20
EXTRA_USERS = 250


def skip(reason):
    print('SKIP clients: ' + reason)
    print('clients selftest: 0 passed, 0 failed, 1 skipped')
    return 0


def node_version():
    try:
        out = subprocess.run(['node', '--version'], capture_output=True, text=True, check=True)
        return int(out.stdout.lstrip('v').partition('.')[0])
    except (OSError, ValueError, subprocess.CalledProcessError):
        return 0


def current():
    """The packages of this lock file are installed already."""
    mark = os.path.join(BUILD, 'installed.json')
    if not os.path.exists(mark):
        return False
    with open(mark, encoding='utf-8') as old, \
            open(os.path.join(HERE, 'package-lock.json'), encoding='utf-8') as new:
        return old.read() == new.read()


def install():
    """None, or why the clients are not there."""
    os.makedirs(BUILD, exist_ok=True)
    for name in FILES:
        shutil.copy(os.path.join(HERE, name), BUILD)
    if current():
        return None
    try:
        done = subprocess.run(['npm', 'ci', '--ignore-scripts', '--no-audit', '--no-fund',
                               '--fetch-retries=1', '--fetch-timeout=20000'], cwd=BUILD,
                              capture_output=True, text=True, timeout=120)
    except (OSError, subprocess.TimeoutExpired) as error:
        return 'npm does not run: %s' % error
    if done.returncode:
        lines = [one for one in done.stderr.splitlines() if 'error' in one] or ['no reason given']
        return 'npm could not install the clients: ' + lines[0]
    shutil.copy(os.path.join(HERE, 'package-lock.json'), os.path.join(BUILD, 'installed.json'))
    return None


def run(lab):
    lab.control('POST', 'bulk', {'users': EXTRA_USERS, 'groups': 0, 'members': 0})
    pair = lab.credentials['admin']
    told = {'base': lab.base, 'tenant': lab.credentials['tenant_id'], 'key': lab.key,
            'client': pair['client_id'], 'secret': pair['client_secret'],
            'users': len(lab.all('users?$top=999&$select=id'))}
    env = {**os.environ, 'LAB_CLIENTS': json.dumps(told), 'NODE_EXTRA_CA_CERTS': lab.cert}
    done = subprocess.run(['node', 'clients.mjs'], cwd=BUILD, env=env, capture_output=True,
                          text=True, timeout=120)
    checks = [json.loads(line) for line in done.stdout.splitlines() if line.startswith('{')]
    for one in checks:
        lab.check(one['check'], one['ok'], one['seen'])
    lab.same('node ends well', (done.returncode, done.stderr), (0, ''))
    lab.check('all parts ran', len(checks) >= 14, len(checks))


def main():
    if node_version() < OLDEST_NODE:
        return skip('node %d or newer is absent' % OLDEST_NODE)
    reason = install()
    if reason:
        return skip(reason)
    directory = tempfile.mkdtemp(prefix='clients-selftest-')
    lab = tenant.Lab(directory)
    lab.section = 'clients'
    try:
        lab.start()
        run(lab)
        lab.same('exit status after SIGTERM', lab.stop(), 0)
    finally:
        if lab.process and lab.process.poll() is None:
            lab.process.kill()
            lab.process.wait()
        shutil.rmtree(directory)
    print('clients selftest: %d passed, %d failed, 0 skipped' % (lab.passed, lab.failed))
    return 1 if lab.failed else 0


if __name__ == '__main__':
    sys.exit(main())
