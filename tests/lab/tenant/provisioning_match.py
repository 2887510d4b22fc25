# SPDX-License-Identifier: Apache-2.0
"""How the service finds the object that a newly sent one belongs to, and what it computes.

Pure decisions over the tenant's look-ups; nothing is written here.

match()      hard match by anchor, then soft match by UPN or primary SMTP, else None; raises the
             documented refusals.
principal()  the visible userPrincipalName;  nickname(), addresses(), mail(): the computed side of
             the shadow attributes.

Readings chosen where the published text is open:
  - The hard-match block concerns active objects that sync does not own now, and soft-deleted ones
    that sync never owned.  Undeleting a formerly synchronized user is not a takeover.
  - The hardening of 2026-07-01 is in force from that day on for every tenant.  Its bypass switch
    concerns the changed identifier, not privileged users.
  - A candidate of another type that holds the primary SMTP address is ObjectTypeMismatch even when
    it has an anchor of its own; a Microsoft 365 group is another type than a group of AD.
  - A candidate that already has an anchor is a duplicate value: quarantined where the tenant
    quarantines that attribute, InvalidSoftMatch otherwise.
  - A user name without exactly one @, without prefix or suffix, or with white space is refused
    (IdentityDataValidationFailed).  Other unusual characters or an unverified suffix give
    mailNickname@initial domain.
"""

import datetime
import re

UTC = datetime.timezone.utc
HARDENING = datetime.datetime(2026, 7, 1, tzinfo=UTC)
UPN_FORM = re.compile(r'[^@\s\x00-\x1f]+@[^@\s\x00-\x1f]+\Z')
UPN_CHARACTERS = re.compile(r"[A-Za-z0-9!#^_~.'+-]+@[A-Za-z0-9.-]+\Z")
MAILBOX_DISPLAY_TYPES = {'0', '2', '7', '8', '10', '15', '16', '17', '18', '1073741824',
                         '1073741840'}


class SyncError(Exception):
    """An export error with its documented name; id: an object made nevertheless."""

    def __init__(self, name, message, code=None):
        super().__init__(message)
        self.name, self.code, self.id = name, code, None


def primary_smtp(addresses):
    """Address of the SMTP: value (capitals), or None."""
    return next((a[5:] for a in addresses or () if a.startswith('SMTP:') and '@' in a), None)


def is_linked(obj):
    """Sync owns the object now, or did until its authority went to the cloud."""
    return bool(obj.sync.get('link')) and obj.deleted_at is None and \
        obj.props.get('onPremisesSyncEnabled') is not False


def held_anchor(obj):
    """The anchor that counts for matching; users can have theirs cleared through Graph."""
    return obj.props.get('onPremisesImmutableId') if obj.type == 'user' else obj.sync.get('anchor')


# -- match ----------------------------------------------------------------------------------------

def match(tenant, obj_type, anchor, attributes):
    """('hard' | 'soft', Obj) or (None, None)."""
    target = hard_candidate(tenant, obj_type, anchor, attributes)
    if target is not None:
        check_hard(tenant, target, attributes)
        return 'hard', target
    target = soft_candidate(tenant, obj_type, attributes)
    if target is not None:
        return 'soft', target
    return None, None


def hard_candidate(tenant, obj_type, anchor, attributes):
    found = [o for o in tenant.find_anchor(anchor) if held_anchor(o) == anchor]
    wrong = [o for o in found if o.type != obj_type and o.deleted_at is None]
    found = [o for o in found if o.type == obj_type and (obj_type == 'user' or
                                                         o.deleted_at is None)]
    if found:
        return found[0]
    if wrong:
        raise SyncError('ObjectTypeMismatch', 'The source anchor belongs to a %s.' % wrong[0].type)
    if obj_type == 'device' and attributes.get('deviceId'):
        return tenant.find_device(attributes['deviceId'])
    return None


def check_hard(tenant, target, attributes):
    """Refuse a takeover that the tenant blocks or that the hardening forbids."""
    if target.type != 'user':
        return
    if target.sync.get('cloud_managed'):
        raise SyncError('InvalidHardMatch', 'The source of authority of the object is the cloud.',
                        103)
    owned = target.props.get('onPremisesSyncEnabled')
    ongoing = owned is True and target.deleted_at is None
    undelete = target.deleted_at is not None and \
        (owned is not None or bool(target.sync.get('was_synced')))
    if tenant.features['blockCloudObjectTakeoverThroughHardMatchEnabled'] and \
            not ongoing and not undelete:
        raise SyncError('InvalidHardMatch', 'Taking over cloud objects by hard match is blocked.',
                        103)
    if other_identifier(tenant, target, attributes):
        raise SyncError('InvalidHardMatch', 'OnPremisesObjectIdentifier is mapped to another '
                        'on-premises object.', 103)
    if tenant.now() >= HARDENING and not ongoing and tenant.is_privileged(target):
        raise SyncError('InvalidHardMatch', 'The target of the hard match holds a privileged '
                        'role.', 103)


def other_identifier(tenant, target, attributes):
    """The hardening: the object is mapped to another AD object than the one that is sent."""
    held, sent = target.sync.get('object_identifier'), attributes.get('onPremisesObjectIdentifier')
    return bool(held and sent and held.lower() != sent.lower() and tenant.now() >= HARDENING and
                not tenant.features['allowOnPremUpdateOfOnPremisesObjectIdentifierEnabled'])


def check_identifier(tenant, target, changes):
    """Ongoing synchronization may not move an object to another AD object either."""
    if other_identifier(tenant, target, changes):
        raise SyncError('AttributeUpdateNotAllowed', 'OnPremisesObjectIdentifier is mapped to '
                        'another on-premises object.', 96)


def soft_candidate(tenant, obj_type, attributes):
    """An object without anchor that has the same user name or primary SMTP address."""
    if obj_type == 'device':
        if tenant.features['blockSoftMatchEnabled']:
            raise SyncError('InvalidSoftMatch', 'Soft match is blocked for the tenant.')
        return None
    found = None
    if obj_type == 'user' and tenant.features['softMatchOnUpnEnabled']:
        found = tenant.find_upn(attributes['userPrincipalName'])
    if found is None or held_anchor(found):
        found = smtp_candidate(tenant, obj_type, attributes) or found
    if found is None or held_anchor(found) or found.sync.get('link'):
        return None
    if tenant.features['blockSoftMatchEnabled']:
        raise SyncError('InvalidSoftMatch', 'Soft match is blocked for the tenant.')
    if found.sync.get('cloud_managed'):
        raise SyncError('InvalidSoftMatch', 'The source of authority of the object is the cloud.')
    if found.type == 'user' and tenant.is_privileged(found):
        raise SyncError('ExistingAdminRoleConflict', 'The match candidate holds an admin role.')
    return found


def smtp_candidate(tenant, obj_type, attributes):
    primary = primary_smtp(attributes.get('proxyAddresses'))
    if primary is None:
        return None
    exact = 'SMTP:' + primary.lower()
    for one in tenant.find_proxy('smtp:' + primary):
        if not any(a.startswith('SMTP:') and a.lower() == exact.lower()
                   for a in one.props.get('proxyAddresses') or ()):
            continue
        if one.type != obj_type or 'Unified' in (one.props.get('groupTypes') or ()):
            raise SyncError('ObjectTypeMismatch', 'The primary SMTP address belongs to a %s.'
                            % one.type)
        return one
    return None


# -- computed attributes --------------------------------------------------------------------------

def prefix(address):
    return address.split('@')[0] if address and '@' in address else None


def nickname(sent):
    """mailNickname at first sync: the first source that has one."""
    addresses = sent.get('proxyAddresses') or ()
    secondary = next((a[5:] for a in addresses if a.startswith('smtp:')), None)
    for text in (sent.get('alias'), prefix(primary_smtp(addresses)), prefix(sent.get('mail')),
                 prefix(sent.get('userPrincipalName')), prefix(secondary)):
        if text:
            return text
    return None


def principal(sent_upn, nick, verified, initial):
    """Visible user name of what the client sent."""
    if not UPN_FORM.match(sent_upn):
        raise SyncError('IdentityDataValidationFailed', 'userPrincipalName has no valid form.')
    if sent_upn.rpartition('@')[2].lower() in verified and UPN_CHARACTERS.match(sent_upn):
        return sent_upn
    return '%s@%s' % (nick, initial)


def has_mailbox_plan(obj_props, sent):
    """Whether the proxy calculation filters: Exchange plan, remote mailbox or shared resource."""
    for plan in obj_props.get('assignedPlans') or ():
        if (plan.get('service') or '').lower() == 'exchange' and \
                plan.get('capabilityStatus') == 'Enabled':
            return True
    return bool(sent.get('msExchRemoteRecipientType')) or \
        sent.get('msExchRecipientDisplayType') in MAILBOX_DISPLAY_TYPES


def addresses(props, sent, nick, verified, initial):
    """Visible proxyAddresses: what was sent, filtered and completed for mailbox users."""
    kept = list(sent.get('proxyAddresses') or ())
    if not has_mailbox_plan(props, sent):
        return kept or None
    kept = [a for a in kept if not a.lower().startswith('smtp:') or
            a.rpartition('@')[2].lower() in verified]
    own = '%s@%s' % (nick, initial)
    if not any(a.lower() == 'smtp:' + own.lower() for a in kept):
        kept.append(('smtp:' if primary_smtp(kept) else 'SMTP:') + own)
    return kept


def mail(sent):
    """AD mail if there is one, else the primary SMTP address."""
    return sent.get('mail') or primary_smtp(sent.get('proxyAddresses'))
