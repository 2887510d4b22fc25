# SPDX-License-Identifier: Apache-2.0
"""Attribute flow: what the default rules make of one AD entry.

A row of a table says: Entra attribute, AD attribute(s), function.  Entra attributes carry the names
of the sync schema (alias, surname, onPremiseSecurityIdentifier ...), not those of Graph; the
service maps them.  The tables are the default rule set: outbound attributes that no AD attribute
feeds by default are left out, because nothing can flow.

Values are text, booleans, or sorted lists of text (multi-values are sets).  An empty value is no
value.  References stay AD distinguished names here; the engine turns them into cloud objects.

Readings chosen where the published text is open:
  - The rules for Exchange attributes need mailNickname; of the tables here that concerns the
    msExch* attributes of users and usageLocation (fed by msExchUsageLocation), nothing else.
  - Trim removes every leading and trailing white-space character, Left counts UTF-16 units.
  - Removing duplicate proxy addresses ignores case; the first one stays.
  - Alternate ID, directory extensions, preferredDataLocation and the employee dates need a choice
    of the customer, so they do not flow.
"""

import datetime

import anchors

DISABLED = 2
SECURITY_ENABLED = 0x80000000
DESCRIPTION_UNITS = 448
FILETIME_EPOCH = datetime.datetime(1601, 1, 1)


# -- functions: (entry, attribute names, context) -> value or None --------------------------------

def left(text, units):
    """First units UTF-16 code units; half a surrogate pair is dropped."""
    if len(text) * 2 <= units:
        return text
    return text.encode('utf-16-le')[:units * 2].decode('utf-16-le', 'ignore')


def direct(entry, names, _):
    return entry.text(names[0]) or None


def trim(entry, names, _):
    text = entry.text(names[0])
    return (text.strip() or None) if text else None


def trims(entry, names, _):
    return sorted({t.strip() for t in entry.texts(names[0])} - {''}) or None


def multi(entry, names, _):
    return sorted(set(entry.texts(names[0]))) or None


def first448(entry, names, _):
    """First value only, trimmed, cut."""
    text = entry.text(names[0])
    return (left(text.strip(), DESCRIPTION_UNITS) or None) if text else None


def name_or_cn(entry, _, __):
    return entry.text('displayName') or entry.text('cn')


def nickname_or_cn(entry, _, __):
    return entry.text('mailNickname') or entry.text('cn')


def binary(entry, names, _):
    octets = entry.raw(names[0])
    return anchors.encode(octets) if octets else None


def binaries(entry, names, _):
    return sorted({anchors.encode(v) for v in entry.raws(names[0])}) or None


def boolean(entry, names, _):
    return entry.true(names[0]) if entry.has(names[0]) else None


def sid(entry, names, _):
    octets = entry.raw(names[0])
    return anchors.sid_text(octets) if octets else None


def guid(entry, _, __):
    return entry.guid


def dn(entry, _, __):
    return entry.dn


def enabled(entry, _, __):
    control = entry.number('userAccountControl')
    return None if control is None else not control & DISABLED


def security_enabled(entry, *_):
    return bool((entry.number('groupType') or 0) & SECURITY_ENABLED)


def primary_smtp(entry):
    """Address of the value that starts SMTP: in capitals, or None."""
    for text in entry.texts('proxyAddresses'):
        text = text.strip()
        if text.startswith('SMTP:') and '@' in text:
            return text[5:]
    return None


def mail_enabled(entry, *_):
    return primary_smtp(entry) is not None or '@' in (entry.text('mail') or '')


def proxies(entry, _, __):
    kept = {}
    for text in entry.texts('proxyAddresses'):
        text = text.strip()
        if text:
            kept.setdefault(text.lower(), text)
    return sorted(kept.values()) or None


def principal_name(entry, _, context):
    """userPrincipalName, else account name at the domain.  Absent account name: see scope.py."""
    return entry.text('userPrincipalName') or '%s@%s' % (entry.text('sAMAccountName'),
                                                         context['domain_fqdn'])


def filetime(entry, names, _):
    """FILETIME -> yyyyMMddHHmmss.0Z; zero is a value and gives the year 1601."""
    ticks = entry.number(names[0])
    if ticks is None:
        return None
    try:
        when = FILETIME_EPOCH + datetime.timedelta(microseconds=ticks // 10)
    except OverflowError:
        return None
    return when.strftime('%Y%m%d%H%M%S').rjust(14, '0') + '.0Z'


def domain_fqdn(_, __, context):
    return context['domain_fqdn']


def domain_netbios(_, __, context):
    return context['domain_netbios']


def server_ad(_, __, ___):
    return 'ServerAd'


FUNCTIONS = {name: value for name, value in globals().items()
             if callable(value) and not name.startswith('_') and value.__module__ == __name__}
REFERENCES = ('reference', 'references')

# -- tables ---------------------------------------------------------------------------------------

EXTENSIONS = '\n'.join('extensionAttribute%d extensionAttribute%d trim' % (i, i)
                       for i in range(1, 16))

PERSON = EXTENSIONS + '''
assistant assistant direct
authOrig authOrig references
city l trim
company company trim
country co trim
countryCode countryCode direct
countryLetterCode c trim
department department trim
description description first448
dLMemRejectPerms dLMemRejectPerms references
dLMemSubmitPerms dLMemSubmitPerms references
facsimileTelephoneNumber facsimileTelephoneNumber trim
givenName givenName trim
homePhone homePhone trim
info info first448
initials initials trim
ipPhone ipPhone trim
legacyExchangeDN legacyExchangeDN direct
mail mail trim
manager manager reference
middleName middleName trim
mobile mobile trim
msDsHabSeniorityIndex msDS-HABSeniorityIndex direct
msDsPhoneticDisplayName msDS-PhoneticDisplayName direct
msExchAssistantName msExchAssistantName direct
msExchBlockedSendersHash msExchBlockedSendersHash binary
msExchHideFromAddressLists msExchHideFromAddressLists boolean
msExchModeratedByLink msExchModeratedByLink references
msExchModerationFlags msExchModerationFlags direct
msExchRecipientDisplayType msExchRecipientDisplayType direct
msExchRecipientTypeDetails msExchRecipientTypeDetails direct
msExchRequireAuthToSendTo msExchRequireAuthToSendTo boolean
msExchRetentionComment msExchRetentionComment direct
msExchRetentionUrl msExchRetentionURL direct
msExchSafeRecipientsHash msExchSafeRecipientsHash binary
msExchSafeSendersHash msExchSafeSendersHash binary
msExchSenderHintTranslations msExchSenderHintTranslations multi
otherFacsimileTelephoneNumber otherFacsimileTelephoneNumber trims
otherHomePhone otherHomePhone trims
otherIpPhone otherIpPhone trims
otherMobile otherMobile trims
otherPager otherPager trims
otherTelephone otherTelephone trims
pager pager trim
physicalDeliveryOfficeName physicalDeliveryOfficeName trim
postalCode postalCode trim
postOfficeBox postOfficeBox first448
proxyAddresses proxyAddresses proxies
publicDelegates publicDelegates references
state st trim
streetAddress streetAddress trim
surname sn trim
targetAddress targetAddress direct
telephoneAssistant telephoneAssistant trim
telephoneNumber telephoneNumber trim
thumbnailPhoto thumbnailPhoto binary
title title trim
unauthOrig unauthOrig references
url url first448
userCertificate userCertificate binaries
userSMIMECertificate userSMIMECertificate binaries
wWWHomePage wWWHomePage trim
displayName displayName+cn name_or_cn
'''

USER = PERSON + '''
accountEnabled userAccountControl enabled
alias mailNickname direct
altRecipient altRecipient references
commonName cn direct
dnsDomainName (domain) domain_fqdn
employeeID employeeID direct
employeeType employeeType direct
lastPasswordChangeTimestamp pwdLastSet filetime
msExchArchiveGuid msExchArchiveGUID binary
msExchArchiveName msExchArchiveName multi
msExchDelegateListLink msExchDelegateListLink references
msExchElcExpirySuspensionEnd msExchELCExpirySuspensionEnd direct
msExchElcExpirySuspensionStart msExchELCExpirySuspensionStart direct
msExchElcMailboxFlags msExchELCMailboxFlags direct
msExchEnableModeration msExchEnableModeration boolean
msExchImmutableId msExchImmutableId direct
msExchMailboxGuid msExchMailboxGuid binary
msExchResourceCapacity msExchResourceCapacity direct
msExchResourceDisplay msExchResourceDisplay direct
msExchResourceMetadata msExchResourceMetaData multi
msExchResourceSearchProperties msExchResourceSearchProperties multi
msExchUserHoldPolicies msExchUserHoldPolicies multi
msRtcSipApplicationOptions msRTCSIP-ApplicationOptions direct
msRtcSipDeploymentLocator msRTCSIP-DeploymentLocator direct
msRtcSipLine msRTCSIP-Line direct
msRtcSipOptionFlags msRTCSIP-OptionFlags direct
msRtcSipOwnerUrn msRTCSIP-OwnerUrn direct
msRtcSipPrimaryUserAddress msRTCSIP-PrimaryUserAddress direct
msRtcSipUserEnabled msRTCSIP-UserEnabled boolean
netBiosName (domain) domain_netbios
onPremiseSecurityIdentifier objectSid sid
onPremisesDistinguishedName (dn) dn
onPremisesObjectIdentifier objectGUID guid
onPremisesSamAccountName sAMAccountName direct
preferredLanguage preferredLanguage trim
usageLocation msExchUsageLocation direct
userPrincipalName userPrincipalName+sAMAccountName principal_name
'''

CONTACT = PERSON + '''
alias mailNickname+cn nickname_or_cn
'''

GROUP = EXTENSIONS + '''
alias mailNickname direct
authOrig authOrig references
commonName cn direct
description description first448
displayName displayName+cn name_or_cn
dLMemRejectPerms dLMemRejectPerms references
dLMemSubmitPerms dLMemSubmitPerms references
dnsDomainName (domain) domain_fqdn
hideDLMembership hideDLMembership boolean
info info first448
legacyExchangeDN legacyExchangeDN direct
mail mail trim
msDsPhoneticDisplayName msDS-PhoneticDisplayName direct
managedBy managedBy reference
member member references
msExchCoManagedByLink msExchCoManagedByLink references
msExchEnableModeration msExchEnableModeration boolean
msExchHideFromAddressLists msExchHideFromAddressLists boolean
msExchModeratedByLink msExchModeratedByLink references
msExchModerationFlags msExchModerationFlags direct
msExchRecipientDisplayType msExchRecipientDisplayType direct
msExchRecipientTypeDetails msExchRecipientTypeDetails direct
msExchRequireAuthToSendTo msExchRequireAuthToSendTo boolean
msExchRetentionComment msExchRetentionComment direct
msExchRetentionUrl msExchRetentionURL direct
msExchSenderHintTranslations msExchSenderHintTranslations multi
netBiosName (domain) domain_netbios
onPremiseSecurityIdentifier objectSid sid
onPremisesSamAccountName sAMAccountName direct
oOFReplyToOriginator oOFReplyToOriginator boolean
proxyAddresses proxyAddresses proxies
publicDelegates publicDelegates references
reportToOriginator reportToOriginator boolean
reportToOwner reportToOwner boolean
securityEnabled groupType security_enabled
unauthOrig unauthOrig references
'''

DEVICE = '''
accountEnabled userAccountControl enabled
deviceId objectGUID guid
deviceOSType operatingSystem direct
deviceTrustType (constant) server_ad
displayName displayName+cn name_or_cn
onPremiseSecurityIdentifier objectSid sid
userCertificate userCertificate binaries
'''
DEVICE_CONNECT = DEVICE + 'deviceOSVersion operatingSystemVersion direct\n'


def device_name(entry, *_):
    return entry.text('displayName') or entry.text('dNSHostName')


FUNCTIONS['device_name'] = device_name
DEVICE_CLOUD_SYNC = DEVICE.replace('displayName displayName+cn name_or_cn',
                                   'displayName displayName+dNSHostName device_name')

# The rule answers IgnoreThisFlow for an absent value: the cloud value stays.
IGNORE_WHEN_EMPTY = {'user': frozenset(('usageLocation', 'countryCode')), 'contact': frozenset(),
                     'group': frozenset(), 'device': frozenset()}
NEEDS_NICKNAME = {'user': lambda target: target.startswith('msExch') or target == 'usageLocation'}


class Rule:
    """One row: target attribute, sources, function; references have no function."""

    __slots__ = ('target', 'sources', 'function', 'kind', 'gated', 'lower')

    def __init__(self, line, object_kind):
        self.target, sources, function = line.split()
        self.sources = tuple(s for s in sources.split('+') if not s.startswith('('))
        self.lower = tuple(s.lower() for s in self.sources)
        self.kind = function
        self.function = None if function in REFERENCES else FUNCTIONS[function]
        self.gated = NEEDS_NICKNAME.get(object_kind, lambda _: False)(self.target)


def parse(text, kind):
    return tuple(Rule(line, kind) for line in text.splitlines() if line.strip())


CONNECT = {'user': parse(USER, 'user'), 'group': parse(GROUP, 'group'),
           'contact': parse(CONTACT, 'contact'), 'device': parse(DEVICE_CONNECT, 'device')}
CLOUD_SYNC = dict(CONNECT, device=parse(DEVICE_CLOUD_SYNC, 'device'))
TABLES = {'connect': CONNECT, 'cloudsync': CLOUD_SYNC}


# engine -> kind -> names of the value attributes (no references) that the rules own
VALUE_TARGETS = {engine: {kind: frozenset(r.target for r in rules if r.function)
                          for kind, rules in table.items()} for engine, table in TABLES.items()}


def source_attributes():
    """Every AD attribute that flow or scoping reads."""
    names = {s for table in TABLES.values() for rules in table.values()
             for r in rules for s in r.sources}
    names.update(('objectClass', 'objectGUID', 'isCriticalSystemObject', 'adminDescription',
                  'uSNChanged', 'cn', 'dNSHostName', anchors.CONSISTENCY,
                  'mS-DS-CreatorSID', 'msExchRecipientTypeDetails'))
    return sorted(names)


def values(entry, kind, context, engine='connect'):
    """{Entra attribute: value} for everything that has a value; references are left out."""
    found, attrs = {}, entry.attrs
    nickname = 'mailnickname' in attrs
    for rule in TABLES[engine][kind]:
        if not rule.function or (rule.gated and not nickname):
            continue
        if rule.lower and not any(name in attrs for name in rule.lower):
            continue
        value = rule.function(entry, rule.sources, context)
        if value is not None:
            found[rule.target] = value
    return found


def references(entry, kind, engine='connect'):
    """{Entra attribute: [DN, ...]} for every reference attribute that has a value."""
    found = {}
    for rule in TABLES[engine][kind]:
        if rule.function or rule.lower[0] not in entry.attrs:
            continue
        if rule.gated and not entry.has('mailNickname'):
            continue
        found[rule.target] = entry.texts(rule.sources[0])
    return found
