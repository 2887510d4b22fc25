# SPDX-License-Identifier: Apache-2.0
"""Where the lab is (lab.json), how the engine is configured, and what it remembers (state.json)."""

import json
import os

import anchors

DEFAULTS = {
    'engine': 'connect',             # or 'cloudsync'
    'anchor': anchors.OBJECT_GUID,   # or mS-DS-ConsistencyGuid; fixed by the first cycle
    'staging': False,
    'threshold': None,               # None: as the tenant says; a number; or 'off'
    'memberLimit': None,             # None: 250,000 (Connect), 50,000 (Cloud Sync)
    'includedContainers': [],        # empty: the whole domain
    'excludedContainers': ['OU=Unsynced,%BASE%'],     # %BASE%: the domain's DN
    'groupFilter': None,             # DN of a pilot group
}
# A change of these takes effect on the next full cycle, as the real engine needs a full import.
NEED_FULL = ('anchor', 'includedContainers', 'excludedContainers', 'groupFilter')
MEMBER_LIMITS = {'connect': 250000, 'cloudsync': 50000}


class Unusable(Exception):
    """The lab description, the settings or the state cannot be used."""


class Lab:
    """What lab.json says, in the engine's words."""

    def __init__(self, directory):
        self.directory = directory
        data = read_json(os.path.join(directory, 'lab.json'))
        try:
            self.ldap_uri = data['ldap_uri']
            self.base_dn = data['base_dn']
            self.realm = data.get('realm')
            self.account = data['connector_account']
            self.password = data.get('connector_password') or read_secret(
                data['connector_password_file'])
            self.bind_dn = data.get('connector_dn') or '%s@%s' % (self.account, self.realm)
            self.tenant_url = data['tenant_control_url']
            self.tenant_key = data.get('tenant_control_key') or read_secret(
                data['tenant_control_key_file'])
            self.ca_file = data.get('ca_file')
        except KeyError as error:
            raise Unusable('lab.json has no %s' % error) from error


def read_json(path):
    try:
        with open(path, encoding='utf-8') as source:
            return json.load(source)
    except (OSError, ValueError) as error:
        raise Unusable('%s: %s' % (path, error)) from error


def read_secret(path):
    try:
        with open(path, encoding='utf-8') as source:
            return source.read().strip()
    except OSError as error:
        raise Unusable('%s: %s' % (path, error)) from error


def write_json(path, data):
    """Complete or not at all: written beside the file, synced, renamed."""
    with open(path + '.new', 'w', encoding='utf-8',
              opener=lambda name, flags: os.open(name, flags, 0o600)) as out:
        out.write(json.dumps(data, ensure_ascii=False, separators=(',', ':')))
        out.flush()
        os.fsync(out.fileno())
    os.replace(path + '.new', path)
    folder = os.open(os.path.dirname(path), os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class Store:
    """LABDIR/sync: settings.json and state.json."""

    def __init__(self, directory):
        self.folder = os.path.join(directory, 'sync')
        os.makedirs(self.folder, mode=0o700, exist_ok=True)
        self.state_path = os.path.join(self.folder, 'state.json')
        self.settings_path = os.path.join(self.folder, 'settings.json')

    def settings(self):
        chosen = read_json(self.settings_path) if os.path.exists(self.settings_path) else {}
        unknown = set(chosen) - set(DEFAULTS)
        if unknown:
            raise Unusable('unknown setting %s' % ', '.join(sorted(unknown)))
        return {**DEFAULTS, **chosen}

    def set(self, assignments):
        """name=value texts; a value is JSON or else plain text."""
        chosen = self.settings()
        for text in assignments:
            name, mark, value = text.partition('=')
            if name not in DEFAULTS or not mark:
                raise Unusable('unknown setting %s (known: %s)' % (name,
                                                                   ', '.join(sorted(DEFAULTS))))
            try:
                chosen[name] = json.loads(value)
            except ValueError:
                chosen[name] = value
        check_settings(chosen)
        write_json(self.settings_path, {k: v for k, v in chosen.items() if v != DEFAULTS[k]})
        return chosen

    def state(self):
        if not os.path.exists(self.state_path):
            return {'version': 1, 'objects': {}, 'filtered': {}, 'applied': None, 'cycles': 0}
        data = read_json(self.state_path)
        if data.get('version') != 1:
            raise Unusable('state.json has another version')
        return data

    def save(self, state):
        write_json(self.state_path, state)


def check_settings(chosen):
    if chosen['engine'] not in MEMBER_LIMITS:
        raise Unusable('engine is connect or cloudsync')
    if chosen['anchor'] not in (anchors.OBJECT_GUID, anchors.CONSISTENCY):
        raise Unusable('anchor is objectGUID or mS-DS-ConsistencyGuid')
    if not (chosen['threshold'] in (None, 'off') or isinstance(chosen['threshold'], int)):
        raise Unusable('threshold is a number, off, or null')
    for name in ('includedContainers', 'excludedContainers'):
        if not isinstance(chosen[name], list):
            raise Unusable('%s is a JSON list of DNs' % name)


def applied(chosen, state, full):
    """(settings in force, names that wait for a full cycle)."""
    before = state.get('applied')
    if before is None:
        return chosen, []
    if (before['anchor'], chosen['anchor']) == (anchors.CONSISTENCY, anchors.OBJECT_GUID):
        raise Unusable('the source anchor cannot go back to objectGUID')
    if full:
        return chosen, []
    waiting = [name for name in NEED_FULL if chosen[name] != before[name]]
    return {**chosen, **{name: before[name] for name in waiting}}, waiting
