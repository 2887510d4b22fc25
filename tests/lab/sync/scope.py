# SPDX-License-Identifier: Apache-2.0
"""Which AD objects take part in synchronization: default scoping of Connect and of Cloud Sync.

Every filter is a row of a table: a reason and a predicate that is true when the object is OUT.
The first row that fires names the reason in the report.  Pure functions of one entry.

Readings chosen where the published text is open:
  - Cloud Sync documents three filters only.  What the target object needs in any case (a user with
    an account name, a mail-enabled contact, a group that is security- or mail-enabled, a device
    with a certificate) is demanded there too.
  - Filtering by container takes effect on the next full run, as a changed container selection
    needs a full import.
"""

import flow

EXCLUDED_RECIPIENTS = 0x21C07000      # system mailboxes of several kinds
EXCLUDED_GROUP_RECIPIENT = 0x40000000


def starts(entry, name, prefix):
    return (entry.text(name) or '').lower().startswith(prefix.lower())


def cas(entry, name):
    """CAS_{...}: an Exchange health mailbox."""
    return starts(entry, name, 'CAS_') and '}' in entry.text(name)


def conflict(entry):
    """A replication conflict object; LDAP writes the line feed in its RDN as \\0A."""
    return '\\0ACNF:' in entry.rdn or '\nCNF:' in entry.rdn


def recipient(entry, mask):
    return bool((entry.number('msExchRecipientTypeDetails') or 0) & mask)


CRITICAL = ('isCriticalSystemObject is present', lambda e: e.has('isCriticalSystemObject'))
CONFLICT = ('replication conflict object', conflict)

CONNECT = {
    'user': (
        CRITICAL,
        ('sAMAccountName is absent', lambda e: not e.text('sAMAccountName')),
        ('built-in support account', lambda e: e.text('sAMAccountName') == 'SUPPORT_388945a0'),
        ('system mailbox', lambda e: starts(e, 'mailNickname', 'SystemMailbox{')),
        ('synchronization account', lambda e: starts(e, 'sAMAccountName', 'AAD_') or
         starts(e, 'sAMAccountName', 'MSOL_')),
        ('CAS_{ account', lambda e: cas(e, 'mailNickname') or cas(e, 'sAMAccountName')),
        ('recipient type is excluded', lambda e: recipient(e, EXCLUDED_RECIPIENTS)),
        CONFLICT,
        ('provisioned from the cloud (adminDescription User_)',
         lambda e: starts(e, 'adminDescription', 'User_')),
        ('userAccountControl is absent', lambda e: e.number('userAccountControl') is None),
    ),
    'group': (
        CRITICAL,
        ('MSOL_AD_Sync_RichCoexistence',
         lambda e: e.text('sAMAccountName') == 'MSOL_AD_Sync_RichCoexistence'),
        ('recipient type is excluded', lambda e: recipient(e, EXCLUDED_GROUP_RECIPIENT)),
        CONFLICT,
        ('provisioned from the cloud (adminDescription Group_)',
         lambda e: starts(e, 'adminDescription', 'Group_')),
        ('neither security-enabled nor mail-enabled',
         lambda e: not (flow.security_enabled(e) or flow.mail_enabled(e))),
    ),
    'contact': (
        CRITICAL,
        ('hidden (MSOL) contact', lambda e: '(MSOL)' in (e.text('displayName') or '') and
         e.has('msExchHideFromAddressLists')),
        ('CAS_{ contact', lambda e: cas(e, 'mailNickname')),
        CONFLICT,
        ('not mail-enabled', lambda e: not flow.mail_enabled(e)),
    ),
    'device': (      # joined computers carry isCriticalSystemObject = FALSE: no such filter
        ('userCertificate is empty', lambda e: not e.has('userCertificate')),
    ),
}

CRITICAL_TRUE = ('isCriticalSystemObject is TRUE', lambda e: e.true('isCriticalSystemObject'))
CAS_NICKNAME = ('mailNickname starts CAS_', lambda e: starts(e, 'mailNickname', 'CAS_'))
DOCUMENTED = (CRITICAL_TRUE, CAS_NICKNAME, CONFLICT)

CLOUD_SYNC = {
    'user': DOCUMENTED + (CONNECT['user'][1], CONNECT['user'][-1]),
    'group': DOCUMENTED + (CONNECT['group'][-1],),
    'contact': DOCUMENTED + (CONNECT['contact'][-1],),
    'device': DOCUMENTED + (CONNECT['device'][-1],),
}

TABLES = {'connect': CONNECT, 'cloudsync': CLOUD_SYNC}


def excluded(entry, kind, engine='connect'):
    """Reason why the rules leave the object out, or None."""
    for reason, test in TABLES[engine][kind]:
        if test(entry):
            return reason
    return None


def below(dn, container):
    dn, container = dn.lower(), container.lower()
    return dn == container or dn.endswith(',' + container)


def container_excluded(entry, included, left_out):
    """Container selection: the most specific selected container decides."""
    best, inside = -1, not included
    for containers, verdict in ((included, True), (left_out, False)):
        for one in containers:
            if len(one) > best and below(entry.dn, one):
                best, inside = len(one), verdict
    return None if inside else 'container is not selected'


def group_filter_excluded(entry, kind, filter_members):
    """Pilot filter: only direct members of one group (and no nested ones) are synchronized."""
    if filter_members is None or kind == 'device' or entry.dn.lower() in filter_members:
        return None
    return 'not a direct member of the filter group'
