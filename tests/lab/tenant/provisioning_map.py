# SPDX-License-Identifier: Apache-2.0
"""Attributes of the sync schema and the Graph properties they become, in both directions.

The sync client speaks of alias, surname, onPremiseSecurityIdentifier; the directory shows
mailNickname, surname, onPremisesSecurityIdentifier.  An attribute without a row here is kept with
the object (Obj.sync['sent']) and shown nowhere, as in the real service.

SHADOWED attributes have a computed visible side.  What the client sent is kept apart and is what
the client reads back, so that the computation never looks like a change made by somebody.
"""

GRAPH_TYPES = {'User': 'user', 'Group': 'group', 'Contact': 'orgContact', 'Device': 'device'}
CLIENT_TYPES = {value: key for key, value in GRAPH_TYPES.items()}
SHADOWED = frozenset(('userPrincipalName', 'proxyAddresses', 'mail', 'alias',
                      'lastPasswordChangeTimestamp'))
EXTENSIONS = {'extensionAttribute%d' % i:
              ('member', 'onPremisesExtensionAttributes', 'extensionAttribute%d' % i)
              for i in range(1, 16)}

# Entra attribute -> (form, Graph property[, field]); plain names are their own property.
USER = dict(EXTENSIONS, **{
    'accountEnabled': ('plain', 'accountEnabled'), 'city': ('plain', 'city'),
    'company': ('plain', 'companyName'), 'country': ('plain', 'country'),
    'department': ('plain', 'department'), 'displayName': ('plain', 'displayName'),
    'dnsDomainName': ('plain', 'onPremisesDomainName'), 'employeeID': ('plain', 'employeeId'),
    'employeeType': ('plain', 'employeeType'),
    'facsimileTelephoneNumber': ('plain', 'faxNumber'), 'givenName': ('plain', 'givenName'),
    'lastPasswordChangeTimestamp': ('time', 'lastPasswordChangeDateTime'),
    'mobile': ('plain', 'mobilePhone'),
    'onPremiseSecurityIdentifier': ('plain', 'onPremisesSecurityIdentifier'),
    'onPremisesDistinguishedName': ('plain', 'onPremisesDistinguishedName'),
    'onPremisesSamAccountName': ('plain', 'onPremisesSamAccountName'),
    'onPremisesUserPrincipalName': ('plain', 'onPremisesUserPrincipalName'),
    'physicalDeliveryOfficeName': ('plain', 'officeLocation'),
    'postalCode': ('plain', 'postalCode'), 'preferredLanguage': ('plain', 'preferredLanguage'),
    'state': ('plain', 'state'), 'streetAddress': ('plain', 'streetAddress'),
    'surname': ('plain', 'surname'), 'telephoneNumber': ('single', 'businessPhones'),
    'title': ('plain', 'jobTitle'), 'usageLocation': ('plain', 'usageLocation'),
})
GROUP = dict(EXTENSIONS, **{
    'description': ('plain', 'description'), 'displayName': ('plain', 'displayName'),
    'dnsDomainName': ('plain', 'onPremisesDomainName'),
    'netBiosName': ('plain', 'onPremisesNetBiosName'),
    'onPremiseSecurityIdentifier': ('plain', 'onPremisesSecurityIdentifier'),
    'onPremisesSamAccountName': ('plain', 'onPremisesSamAccountName'),
    'securityEnabled': ('plain', 'securityEnabled'),
})
CONTACT = {
    'city': ('address', 'addresses', 'city'), 'company': ('plain', 'companyName'),
    'country': ('address', 'addresses', 'countryOrRegion'),
    'department': ('plain', 'department'), 'displayName': ('plain', 'displayName'),
    'facsimileTelephoneNumber': ('phone', 'phones', 'businessFax'),
    'givenName': ('plain', 'givenName'), 'mobile': ('phone', 'phones', 'mobile'),
    'physicalDeliveryOfficeName': ('address', 'addresses', 'officeLocation'),
    'postalCode': ('address', 'addresses', 'postalCode'),
    'state': ('address', 'addresses', 'state'),
    'streetAddress': ('address', 'addresses', 'street'), 'surname': ('plain', 'surname'),
    'telephoneNumber': ('phone', 'phones', 'business'), 'title': ('plain', 'jobTitle'),
}
DEVICE = {
    'accountEnabled': ('plain', 'accountEnabled'), 'deviceId': ('plain', 'deviceId'),
    'deviceOSType': ('plain', 'operatingSystem'),
    'deviceOSVersion': ('plain', 'operatingSystemVersion'),
    'deviceTrustType': ('plain', 'trustType'), 'displayName': ('plain', 'displayName'),
    'onPremiseSecurityIdentifier': ('plain', 'onPremisesSecurityIdentifier'),
}
FIELDS = {'user': USER, 'group': GROUP, 'orgContact': CONTACT, 'device': DEVICE}

# Longest value the directory takes, by Entra attribute (Graph maxima).
LIMITS = {'city': 128, 'company': 64, 'country': 128, 'department': 64, 'displayName': 256,
          'givenName': 64, 'title': 128, 'alias': 64, 'mobile': 64, 'postalCode': 40,
          'state': 128, 'streetAddress': 1024, 'surname': 64}
LIMITS.update(dict.fromkeys(EXTENSIONS, 1024))
MANY = {'userCertificate': 15, 'userSMIMECertificate': 15}
PHOTO_BYTES = 100 * 1024


def sync_time(text):
    """'20261123171500.0Z' -> '2026-11-23T17:15:00Z'."""
    return '%s-%s-%sT%s:%s:%sZ' % (text[0:4], text[4:6], text[6:8], text[8:10], text[10:12],
                                   text[12:14])


def write(obj_type, current, changes, attribute, value):
    """Put one attribute into changes (Graph properties); current: the properties now.

    False when the directory does not show the attribute."""
    field = FIELDS[obj_type].get(attribute)
    if field is None:
        return False
    form, prop = field[0], field[1]
    if form == 'plain':
        changes[prop] = value
    elif form == 'single':
        changes[prop] = None if value is None else [value]
    elif form == 'time':
        changes[prop] = None if value is None else sync_time(value)
    else:
        base = changes.get(prop) if prop in changes else current.get(prop)
        changes[prop] = COMPOSITE[form](base, field[2], value)
    return True


def write_member(base, name, value):
    new = dict(base or {})
    new[name] = value
    return {k: v for k, v in new.items() if v is not None} or None


def write_address(base, name, value):
    new = write_member(base[0] if base else None, name, value)
    return [new] if new else None


def write_phone(base, kind, value):
    new = [p for p in base or () if p.get('type') != kind]
    if value is not None:
        new.append({'type': kind, 'number': value})
    return sorted(new, key=lambda p: p['type']) or None


COMPOSITE = {'member': write_member, 'address': write_address, 'phone': write_phone}


def read(obj, attribute):
    """Current directory value of an attribute in the client's form; None when it has none."""
    form, prop, *rest = FIELDS[obj.type][attribute]
    value = obj.props.get(prop)
    if value is None:
        return None
    if form == 'plain':
        return value
    if form == 'single':
        return value[0] if value else None
    if form == 'member':
        return value.get(rest[0])
    if form == 'address':
        return value[0].get(rest[0]) if value else None
    return next((p.get('number') for p in value if p.get('type') == rest[0]), None)


def imported(obj, full=False):
    """What the client reads back: {Entra attribute: value}.

    Only attributes that the service has ever received from sync are there.  full: everything
    that sync could own, as after the source of authority came back from the cloud.
    """
    sent, fields = obj.sync.get('sent') or {}, FIELDS[obj.type]
    names = set(sent)
    if full:
        names |= set(fields)
    found = {}
    for name in names:
        value = (read(obj, name) if name in fields and name not in SHADOWED
                 else sent.get(name))
        if value is not None:
            found[name] = value
    return found
