#!/usr/bin/python3
# SPDX-License-Identifier: Apache-2.0
"""Synthetic AD objects that reach every branch of an exported Connect configuration.

generate.py --seed N --count M [--base DN] > objects.jsonl

The same seed gives the same objects.  Kinds, names and values are chosen with a bias for what rules
ask about: system names, conflict names, spaces, long texts, duplicate addresses, linked and shared
mailboxes, unsynchronized containers, members and managers of every kind.
"""

import argparse
import base64
import json
import random
import sys
import uuid

BASE = 'OU=CORP,DC=contoso,DC=com'
DOMAIN = 'contoso.com'
KINDS = (('user', 50), ('inetOrgPerson', 12), ('group', 18), ('contact', 12), ('computer', 6),
         ('foreignSecurityPrincipal', 3), ('msDS-Device', 2), ('container', 1))
PERSON_TEXT = (
    'c', 'co', 'company', 'department', 'displayName', 'facsimileTelephoneNumber', 'givenName',
    'homePhone', 'info', 'initials', 'ipPhone', 'l', 'legacyExchangeDN', 'middleName', 'mobile',
    'msDS-PhoneticDisplayName', 'msExchAssistantName', 'msExchImmutableId',
    'msExchResourceDisplay', 'msExchRetentionComment', 'msExchRetentionURL',
    'msRTCSIP-DeploymentLocator', 'msRTCSIP-Line', 'msRTCSIP-OwnerUrn',
    'msRTCSIP-PrimaryUserAddress', 'pager', 'physicalDeliveryOfficeName', 'postalCode',
    'preferredLanguage', 'sn', 'st', 'streetAddress', 'targetAddress', 'telephoneAssistant',
    'telephoneNumber', 'title', 'wWWHomePage') + tuple(
        'extensionAttribute%d' % n for n in range(1, 16))
PERSON_TEXTS = (
    'description', 'msExchArchiveName', 'msExchResourceMetaData', 'msExchResourceSearchProperties',
    'msExchSenderHintTranslations', 'msExchUserHoldPolicies', 'otherFacsimileTelephoneNumber',
    'otherHomePhone', 'otherIpPhone', 'otherMobile', 'otherPager', 'otherTelephone',
    'postOfficeBox', 'url', 'msExchUCVoiceMailSettings')
PERSON_NUMBERS = (
    'countryCode', 'msDS-HABSeniorityIndex', 'msExchELCMailboxFlags', 'msExchModerationFlags',
    'msExchRecipientDisplayType', 'msExchResourceCapacity', 'msRTCSIP-ApplicationOptions',
    'msRTCSIP-OptionFlags')
PERSON_FLAGS = ('msExchEnableModeration', 'msExchHideFromAddressLists',
                'msExchRequireAuthToSendTo', 'msRTCSIP-UserEnabled')
PERSON_OCTETS = ('msExchArchiveGUID', 'msExchBlockedSendersHash', 'msExchMailboxGuid',
                 'msExchSafeRecipientsHash', 'msExchSafeSendersHash', 'thumbnailPhoto')
PERSON_OCTETS_MANY = ('photo', 'userCertificate', 'userSMIMECertificate')
PERSON_TIMES = ('msExchELCExpirySuspensionEnd', 'msExchELCExpirySuspensionStart')
PERSON_LINK = ('assistant', 'manager')
PERSON_LINKS = ('authOrig', 'dLMemRejectPerms', 'dLMemSubmitPerms',
                'msExchBypassModerationFromDLMembersBL', 'msExchBypassModerationFromDLMembersLink',
                'msExchBypassModerationLink', 'msExchDelegateListLink', 'msExchModeratedByLink',
                'publicDelegates', 'unauthOrig')
GROUP_TEXT = ('displayName', 'info', 'legacyExchangeDN', 'msDS-PhoneticDisplayName',
              'msExchRetentionComment', 'msExchRetentionURL') + tuple(
                  'extensionAttribute%d' % n for n in range(1, 16))
GROUP_FLAGS = ('hideDLMembership', 'msExchEnableModeration', 'msExchHideFromAddressLists',
               'msExchRequireAuthToSendTo', 'oOFReplyToOriginator', 'reportToOriginator',
               'reportToOwner')
GROUP_NUMBERS = ('msExchGroupDepartRestriction', 'msExchGroupJoinRestriction',
                 'msExchModerationFlags', 'msExchRecipientDisplayType')
GROUP_LINKS = ('authOrig', 'dLMemRejectPerms', 'dLMemSubmitPerms',
               'msExchBypassModerationFromDLMembersLink', 'msExchBypassModerationLink',
               'msExchCoManagedByLink', 'msExchModeratedByLink', 'publicDelegates', 'unauthOrig')
DETAILS = (1, 2, 4, 16, 32, 128, 4096, 8192, 16384, 4194304, 8388608, 16777216, 536870912,
           1073741824, 2147483648, 34359738368)
GROUP_TYPES = (-2147483646, -2147483644, -2147483640, 2, 4, 8, -2147483643)
SPACES = ('', '', '', '', ' ', '  ', '\t', '\u00a0', '\u2003')
WORDS = ('Ada', 'Berta', 'Ćiril', 'Dörte', 'Eva Ann', "O'Neil", 'Łukasz', '山田', 'Zoë', '𝒳yz')
ACCOUNT_NAMES = ('SUPPORT_388945a0', 'AAD_0123abcd', 'MSOL_0123abcd', 'CAS_{0123}', 'CAS_0123',
                 'MSOL_AD_Sync_RichCoexistence', 'aad_low', None)
NICKNAMES = ('SystemMailbox{0123}', 'CAS_{0123}', 'CAS_0123', 'systemmailbox{x}')


class Maker:
    def __init__(self, seed, bases):
        self.random = random.Random(seed)
        self.bases, self.connector, self.base = bases, None, None
        self.made, self.serial = [], 1000
        self.sids, self.mails, self.computers = [], [], []

    def chance(self, percent):
        return self.random.random() * 100 < percent

    def guid(self):
        return str(uuid.UUID(int=self.random.getrandbits(128), version=4))

    def sid(self):
        self.serial += 1
        return 'S-1-5-21-1004336348-1177238915-682003330-%d' % self.serial

    def text(self):
        """A word with the spaces, lengths and characters that transformations care about."""
        choice = self.random.random()
        if choice < 0.03:
            return self.random.choice((' ', '   ', '\t'))
        word = self.random.choice(WORDS) + ' %d' % self.random.randrange(1000)
        if choice < 0.10:
            word = (word + ' ') * (self.random.randrange(440, 500) // len(word))
        elif choice < 0.13:
            word = 'x' * self.random.choice((447, 448, 449)) + '𝒳' * self.random.randrange(3)
        return self.random.choice(SPACES) + word + self.random.choice(SPACES)

    def texts(self):
        return sorted({self.text() for _ in range(self.random.choice((1, 1, 2, 3, 5)))})

    def octets(self, size=None):
        size = self.random.choice((1, 16, 40)) if size is None else size
        return base64.b64encode(self.random.getrandbits(8 * size).to_bytes(size, 'big')).decode()

    def place(self):
        choice = self.random.random()
        if choice < 0.06:
            return self.random.choice(('CN=Users,DC=contoso,DC=com', 'DC=contoso,DC=com',
                                       'OU=CORPORATE,DC=contoso,DC=com', 'OU=CORP,DC=other,DC=com'))
        return self.base if choice < 0.4 else 'OU=%s,%s' % (
            self.random.choice(('Staff', 'Comma\\, Inc', 'Dept')), self.base)

    def name(self, guid):
        word = self.random.choice(WORDS) + ' %s' % guid[:8]
        if self.chance(4):
            return word + '\\0ACNF:' + guid
        return 'CNF: ' + word if self.chance(1) else word

    def mail(self, guid):
        if self.mails and self.chance(8):
            return self.random.choice(self.mails)
        mail = 'm%s@%s' % (guid[:8], DOMAIN) if not self.chance(5) else 'nowhere'
        return self.random.choice(SPACES) + mail + self.random.choice(SPACES)

    def proxies(self, guid):
        """Primary address or none, aliases, duplicates by space and case, other protocols."""
        found = ['smtp:a%s@%s' % (guid[:8], DOMAIN)]
        if self.chance(80):
            found.append('SMTP:p%s%s%s' % (guid[:8], self.random.choice('@@@@ '), DOMAIN))
        if self.chance(30):
            found.append(found[-1] + ' ')
        if self.chance(20):
            found.append(found[-1].lower() + '\t')
        if self.chance(20):
            found.append(self.random.choice(('SIP:', 'x500:/o=', 'X400:c=us;')) + guid[:8])
        if self.chance(5):
            found.append('  ')
        return sorted(set(found))

    def optional(self, found, names, make, percent):
        for name in names:
            if self.chance(percent):
                found[name] = make()

    def address(self, found, guid, percent):
        self.optional(found, ('mail',), lambda: self.mail(guid), percent)
        self.optional(found, ('proxyAddresses',), lambda: self.proxies(guid), percent)

    def system(self, found, prefix):
        if self.chance(5):
            found['isCriticalSystemObject'] = self.chance(70)
        if self.chance(8):
            found['adminDescription'] = self.random.choice(
                ('User_', 'Group_', 'user_', 'A text', prefix)) + 'x'

    def details(self, found, percent):
        if self.chance(percent):
            found['msExchRecipientTypeDetails'] = self.random.choice(DETAILS + (2, 2))

    def person(self, found, guid):
        percent = self.random.choice((5, 30, 90))
        self.optional(found, PERSON_TEXT, self.text, percent)
        self.optional(found, PERSON_TEXTS, self.texts, percent)
        self.optional(found, PERSON_NUMBERS, lambda: self.random.choice((0, 1, 276, 1073741824)),
                      percent)
        self.optional(found, PERSON_FLAGS, lambda: self.chance(50), percent)
        self.optional(found, PERSON_OCTETS, self.octets, percent)
        self.optional(found, PERSON_OCTETS_MANY, lambda: [self.octets()], percent)
        self.optional(found, PERSON_TIMES, lambda: '2026-0%d-01T10:00:00Z' %
                      self.random.randrange(1, 10), percent)
        self.address(found, guid, 70)
        if self.chance(60):
            found['mailNickname'] = self.random.choice(NICKNAMES) if self.chance(8) else \
                'n' + guid[:8]
        self.system(found, 'User_')

    def make_user(self, found, guid):
        self.person(found, guid)
        found['objectSid'] = self.sid()
        name = self.random.choice(ACCOUNT_NAMES) if self.chance(8) else 'a' + guid[:8]
        if name:
            found['sAMAccountName'] = name
        found['userAccountControl'] = self.random.choice((512, 512, 512, 514, 66048, 66050))
        if self.chance(90):
            found['pwdLastSet'] = self.random.choice((0, 132539616000000000, 133801234567890123))
        if self.chance(80):
            found['userPrincipalName'] = 'u%s@%s' % (guid[:8], DOMAIN)
        self.details(found, 40)
        if self.sids and self.chance(6):
            found[self.random.choice(('msExchMasterAccountSid', 'msRTCSIP-OriginatorSid'))] = \
                self.random.choice(self.sids)
        self.sids.append(found['objectSid'])
        if 'mail' in found:
            self.mails.append(found['mail'].strip())

    make_inetOrgPerson = make_user

    def make_contact(self, found, guid):
        self.person(found, guid)
        self.details(found, 20)
        if self.chance(8):
            found['displayName'] = 'Admin (MSOL) %s' % guid[:4]

    def make_group(self, found, guid):
        percent = self.random.choice((5, 30, 90))
        self.optional(found, GROUP_TEXT, self.text, percent)
        self.optional(found, ('description', 'msExchSenderHintTranslations'), self.texts, percent)
        self.optional(found, GROUP_FLAGS, lambda: self.chance(50), percent)
        self.optional(found, GROUP_NUMBERS, lambda: self.random.randrange(4), percent)
        self.address(found, guid, 50)
        found['objectSid'] = self.sid()
        found['groupType'] = self.random.choice(GROUP_TYPES)
        found['sAMAccountName'] = self.random.choice(ACCOUNT_NAMES[:-1]) if self.chance(8) else \
            'g' + guid[:8]
        if self.chance(50):
            found['mailNickname'] = 'g' + guid[:8]
        self.details(found, 15)
        self.system(found, 'Group_')

    def make_computer(self, found, guid):
        found.update(objectSid=self.sid(), sAMAccountName='C%s$' % guid[:8],
                     userAccountControl=self.random.choice((4096, 4098)))
        self.optional(found, ('displayName', 'operatingSystem', 'operatingSystemVersion'),
                      self.text, 70)
        if self.chance(60):
            found['userCertificate'] = sorted({self.octets(), self.octets()})
        if self.sids and self.chance(60):
            found['mS-DS-CreatorSID'] = self.random.choice(self.sids)
        self.computers.append(guid)

    def make_foreignSecurityPrincipal(self, found, _):
        found['objectSid'] = found['cn'] = self.random.choice(self.sids) \
            if self.sids and self.chance(70) else self.sid()

    def make_device(self, found, _):
        found['msDS-DeviceID'] = self.random.choice(self.computers) if self.computers and \
            self.chance(70) else self.octets(16)
        if self.chance(80):
            found['msDS-CloudAnchor'] = self.octets(16)
        found['displayName'] = self.text()

    def make(self, kind):
        self.connector, self.base = self.random.choice(self.bases)
        guid = self.guid()
        name = self.name(guid)
        found = {'cn': name.replace('\\0A', '\n')}
        maker = {'msDS-Device': self.make_device}.get(kind) or getattr(
            self, 'make_' + kind, lambda *_: None)
        maker(found, guid)
        if kind == 'foreignSecurityPrincipal':
            name = found['cn']
        found['objectGUID'] = guid
        self.made.append({'id': guid, 'connector': self.connector, 'type': kind,
                          'dn': 'CN=%s,%s' % (name, self.place()), 'attributes': found})

    def link(self):
        """References: to anything that was made, and sometimes to nothing."""
        names = [one['dn'] for one in self.made]

        def target():
            return self.random.choice(names) if not self.chance(3) else 'CN=Gone,' + self.base

        def targets():
            return sorted({target() for _ in range(self.random.choice((1, 2, 3, 12)))})
        for one in self.made:
            found, percent = one['attributes'], self.random.choice((5, 50))
            if one['type'] in ('user', 'inetOrgPerson', 'contact'):
                self.optional(found, PERSON_LINK, target, percent)
                self.optional(found, PERSON_LINKS, targets, percent)
            elif one['type'] == 'group':
                self.optional(found, GROUP_LINKS, targets, percent)
                self.optional(found, ('managedBy',), target, percent)
                self.optional(found, ('member',), targets, 80)


def generate(seed, count, bases=((None, BASE),)):
    """The objects, in the order in which they are synchronized; bases: of (connector, selected
    container)."""
    maker = Maker(seed, bases)
    kinds, weights = zip(*KINDS)
    for kind in maker.random.choices(kinds, weights, k=count):
        maker.make(kind)
    maker.link()
    return maker.made


def main(argv=None):
    parser = argparse.ArgumentParser(description=__doc__,
                                     formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--seed', type=int, default=1)
    parser.add_argument('--count', type=int, default=1000)
    parser.add_argument('--forest', action='append', default=[], metavar='CONNECTOR=DN',
                        help='a connector and its selected container, instead of the only one')
    options = parser.parse_args(argv)
    bases = [tuple(f.split('=', 1)) for f in options.forest] or ((None, BASE),)
    for one in generate(options.seed, options.count, bases):
        print(json.dumps(one, ensure_ascii=False, sort_keys=True))
    return 0


if __name__ == '__main__':
    sys.exit(main())
