# SPDX-License-Identifier: Apache-2.0
"""Create, update and delete directory objects: permissions, mastery, uniqueness, side effects."""

import hmac
import secrets
import uuid

import links
import metadata
import read
import render
import state
import values
from errors import (EXTERNAL_SERVICE, MAIL_ENABLED_GROUP, GraphError, bad_request, denied,
                    not_found, not_unique, on_prem_mastered)
from request import Response

WRITE = {'user': 'User.ReadWrite.All', 'group': 'Group.ReadWrite.All',
         'orgContact': 'Directory.ReadWrite.All', 'device': 'Device.ReadWrite.All',
         'application': 'Application.ReadWrite.All',
         'servicePrincipal': 'Application.ReadWrite.All'}
# Changing these on a holder of an administrative role needs a directory role on the caller.
SENSITIVE = frozenset(('accountEnabled', 'businessPhones', 'mobilePhone', 'otherMails',
                       'passwordProfile', 'userPrincipalName', 'onPremisesImmutableId'))
IDENTITY = ('onPremisesDistinguishedName', 'onPremisesDomainName', 'onPremisesSamAccountName',
            'onPremisesSecurityIdentifier', 'onPremisesUserPrincipalName')
MERGED = ('onPremisesExtensionAttributes', 'employeeOrgData')
AUDIENCES = ('AzureADMyOrg', 'AzureADMultipleOrgs', 'AzureADandPersonalMicrosoftAccount',
             'PersonalMicrosoftAccount')


def is_unified(props):
    return 'Unified' in (props.get('groupTypes') or ())


def is_dynamic(props):
    return 'DynamicMembership' in (props.get('groupTypes') or ())


def caller_is_administrator(request):
    principal = request.caller.service_principal
    actor = request.tenant.objects.get(request.actor.id) or principal
    return request.tenant.is_privileged(actor) or request.tenant.is_privileged(principal)


def guard_privileged(request, obj):
    if obj.type == 'user' and request.tenant.is_privileged(obj) and \
            not caller_is_administrator(request):
        raise denied()


def created(request, obj, segment):
    names = metadata.default_names(obj.type, request.version)
    body = {'@odata.context': request.context(segment + '/$entity'),
            **render.to_dict(obj, names)}
    return Response(201, body, {'Location': '%s/%s/%s/%s' % (
        request.origin, request.version, segment, obj.id)})


def create(request, segment):
    obj_type = read.COLLECTIONS[segment]
    maker = MAKERS.get(obj_type)
    if maker is None:
        raise GraphError(405, 'Request_BadRequest',
                         'Specified HTTP method is not allowed for the request target.')
    return created(request, maker(request), segment)


# -- users --------------------------------------------------------------------------------------

def create_user(request):
    request.need('User.ReadWrite.All')
    tenant = request.tenant
    props = values.check_body('user', request.json(), creating=True, version=request.version)
    profile = props.pop('passwordProfile')
    if not profile.get('password'):
        raise bad_request("The specified password does not comply with password complexity "
                          "requirements. Please provide a different password.")
    check_password(profile['password'])
    check_user(tenant, props, None)
    props.setdefault('userType', 'Member')
    props['lastPasswordChangeDateTime'] = tenant.timestamp()
    if props.get('mail'):
        props['proxyAddresses'] = ['SMTP:' + props['mail']]
    props.setdefault('identities', [{
        'signInType': 'userPrincipalName', 'issuer': tenant.initial_domain,
        'issuerAssignedId': props['userPrincipalName']}])
    obj = tenant.create(request.actor, 'user', props)
    if props.get('onPremisesImmutableId'):
        tenant.set_sync(obj, anchor=props['onPremisesImmutableId'])
    return obj


def check_password(text):
    kinds = (any(c.islower() for c in text) + any(c.isupper() for c in text) +
             any(c.isdigit() for c in text) + any(not c.isalnum() for c in text))
    if len(text) < 8 or kinds < 3:
        raise bad_request('The specified password does not comply with password complexity '
                          'requirements. Please provide a different password.')


def check_user(tenant, props, own_id):
    """Semantic checks of the values of a user."""
    if props.get('userPrincipalName'):
        values.check_upn(tenant, props['userPrincipalName'], own_id)
    if props.get('mailNickname'):
        values.check_nickname(tenant, props['mailNickname'], own_id)
    if props.get('mail'):
        values.check_mail(tenant, props['mail'], own_id)
    if 'usageLocation' in props:
        values.check_usage_location(props['usageLocation'])
    if props.get('onPremisesImmutableId'):
        values.check_anchor(tenant, props['onPremisesImmutableId'], own_id)
    sid = props.get('onPremisesSecurityIdentifier')
    if sid and any(o.id != own_id for o in tenant.find_sid(sid)):
        raise not_unique('onPremisesSecurityIdentifier')
    if len(props.get('businessPhones') or ()) > 1:
        raise values.invalid('businessPhones')
    if props.get('ageGroup') not in (None, 'Minor', 'NotAdult', 'Adult'):
        raise values.invalid('ageGroup')
    if props.get('consentProvidedForMinor') not in (None, 'Granted', 'Denied', 'NotRequired'):
        raise values.invalid('consentProvidedForMinor')
    if 'userType' in props and props['userType'] not in ('Member', 'Guest'):
        raise values.invalid('userType')
    for word in (props.get('passwordPolicies') or 'None').split(','):
        if word.strip() not in ('None', 'DisablePasswordExpiration', 'DisableStrongPassword'):
            raise values.invalid('passwordPolicies')


def need_user_update(request, obj, names):
    """The narrowest permission that covers the named properties."""
    if names <= {'accountEnabled'}:
        if not request.may('User.ReadWrite.All'):
            request.need('User.EnableDisableAccount.All')
            request.need('User.Read.All')
    elif names <= {'passwordProfile'}:
        request.need('User-PasswordProfile.ReadWrite.All')
    elif names <= {'onPremisesObjectIdentifier'}:
        request.need('User-OnPremisesSyncBehavior.ReadWrite.All')
    else:
        request.need('User.ReadWrite.All')
        if 'passwordProfile' in names:
            request.need('User-PasswordProfile.ReadWrite.All')
    if names & SENSITIVE:
        guard_privileged(request, obj)


def update_user(request, obj):
    tenant, body = request.tenant, request.json()
    need_user_update(request, obj, {n for n in body if not n.startswith('@')})
    if 'onPremisesObjectIdentifier' in body and request.beta:
        return clear_object_identifier(request, obj, body)
    props = values.check_body('user', body, version=request.version)
    refuse_mastered(request, obj, props)
    check_user(tenant, props, obj.id)
    profile = props.pop('passwordProfile', None)
    for name in MERGED:
        if isinstance(props.get(name), dict):
            merged = {**(obj.props.get(name) or {}), **props[name]}
            props[name] = {k: v for k, v in merged.items() if v is not None} or None
    if props.get('mail'):
        props['proxyAddresses'] = with_primary(obj, props['mail'])
    if profile is not None:
        set_password(request, obj, profile)
    tenant.update(request.actor, obj, props)
    if 'onPremisesImmutableId' in props:
        tenant.set_sync(obj, anchor=props['onPremisesImmutableId'])


def clear_object_identifier(request, obj, body):
    """Beta: onPremisesObjectIdentifier accepts null only, and stands alone."""
    if len(body) != 1 or body['onPremisesObjectIdentifier'] is not None:
        raise values.invalid('onPremisesObjectIdentifier')
    before = obj.sync.get('object_identifier')
    if before is not None:
        request.tenant.set_sync(obj, object_identifier=None)
        rows = state.log.property_changes(obj, {'onPremisesObjectIdentifier': before},
                                          {'onPremisesObjectIdentifier': None}, ())
        request.tenant.audit(request.actor, *state.log.activity('Update', 'user'),
                             [state.log.target(obj, rows)])


def refuse_mastered(request, obj, props):
    """One mastered property refuses the whole PATCH."""
    table = metadata.TYPES['user']
    if obj.on_prem_mastered:
        if any('M' in table[n].flags or 'P' in table[n].flags for n in props if n in table):
            raise on_prem_mastered()
    elif obj.props.get('onPremisesSyncEnabled') is False and \
            not request.tenant.settings['unlinked_editable']:
        if any('M' in table[n].flags for n in props if n in table):
            raise on_prem_mastered()
    domain = request.tenant.objects.get(obj.props['userPrincipalName'].rpartition('@')[2].lower())
    if domain is not None and domain.props.get('authenticationType') == 'Federated' and \
            {'passwordProfile', 'passwordPolicies'} & set(props):
        raise on_prem_mastered()
    formerly = obj.sync.get('was_synced') and not obj.sync.get('cloud_managed')
    if formerly and not obj.on_prem_mastered and obj.props.get('proxyAddresses') and \
            'onPremisesExtensionAttributes' in props:
        raise bad_request(EXTERNAL_SERVICE)


def with_primary(obj, mail):
    """proxyAddresses once mail became the primary SMTP address."""
    old = [a for a in obj.props.get('proxyAddresses') or ()
           if a.lower() != 'smtp:' + mail.lower()]
    return ['SMTP:' + mail] + ['smtp:' + a[5:] if a.startswith('SMTP:') else a for a in old]


def set_password(request, obj, profile):
    """An administrator's reset; on a synchronized user it holds until AD sends another hash."""
    tenant = request.tenant
    force = profile.get('forceChangePasswordNextSignIn')
    if profile.get('password') is not None:
        check_password(profile['password'])
        stamp = tenant.timestamp()
        tenant.update(request.actor, obj, {'lastPasswordChangeDateTime': stamp,
                                           'signInSessionsValidFromDateTime': stamp}, audit=False)
        tenant.set_sync(obj, cloud_password_at=stamp)
        tenant.audit(request.actor, 'Reset password', 'UserManagement', 'Update', 'Core Directory',
                     [state.log.target(obj)])
    if force:
        tenant.audit(request.actor, 'Set force change user password', 'UserManagement', 'Update',
                     'Core Directory', [state.log.target(obj)])


def revoke_sessions(request, key):
    request.need('User.ReadWrite.All')
    obj = read.resolve(request, 'user', key)
    stamp = request.tenant.timestamp()
    old = obj.props.get('signInSessionsValidFromDateTime')
    request.tenant.update(request.actor, obj, {'signInSessionsValidFromDateTime': stamp},
                          audit=False)
    rows = [state.log.modified('StsRefreshTokensValidFrom', state.log.encode(old),
                               state.log.encode(stamp))]
    request.tenant.audit(request.actor, 'Update StsRefreshTokenValidFrom Timestamp',
                         'UserManagement', 'Update', 'Core Directory',
                         [state.log.target(obj, rows)])
    return Response(200, {'@odata.context': request.context('Edm.Boolean'), 'value': True})


# -- groups -------------------------------------------------------------------------------------

def create_group(request):
    request.need('Group.Create|Group.ReadWrite.All')
    tenant, body = request.tenant, dict(request.json())
    bound = {name: [links.reference(request, url) for url in body.pop(name + '@odata.bind', [])]
             for name in ('members', 'owners')}
    props = values.check_body('group', body, creating=True, version=request.version)
    kinds = props.setdefault('groupTypes', [])
    if not set(kinds) <= {'Unified', 'DynamicMembership'}:
        raise values.invalid('groupTypes')
    if is_dynamic(props) != bool(props.get('membershipRule')):
        raise bad_request('A dynamic group needs groupTypes DynamicMembership and a '
                          'membershipRule.')
    if props['mailEnabled'] != is_unified(props):
        raise bad_request('The service does not currently support writes of mail-enabled groups. '
                          'Please ensure that the mail-enablement property is unset and the '
                          'security-enablement property is set.')
    if not props['securityEnabled'] and not is_unified(props):
        raise bad_request('A group must be mail-enabled or security-enabled.')
    if props.get('isAssignableToRole'):
        request.need('RoleManagement.ReadWrite.Directory')
    check_group(props)
    values.check_nickname(tenant, props['mailNickname'], unified=is_unified(props))
    if is_dynamic(props):
        props.setdefault('membershipRuleProcessingState', 'On')
    if is_unified(props):
        mail = '%s@%s' % (props['mailNickname'], tenant.domain)
        values.check_mail(tenant, mail)
        props.update(mail=mail, proxyAddresses=['SMTP:' + mail])
        props.setdefault('visibility', 'Public')
    props['renewedDateTime'] = tenant.timestamp()
    obj = tenant.create(request.actor, 'group', props)
    for name, targets in bound.items():
        for target in targets:
            tenant.add_link(request.actor, obj, name, target)
    return obj


def check_group(props):
    if props.get('visibility') not in (None, 'Public', 'Private', 'HiddenMembership'):
        raise values.invalid('visibility')
    if props.get('membershipRuleProcessingState') not in (None, 'On', 'Paused'):
        raise values.invalid('membershipRuleProcessingState')


def need_group_write(request, obj):
    """Permission for a write on this group, and whether Graph may write it at all."""
    if obj.props.get('isAssignableToRole'):
        request.need('RoleManagement.ReadWrite.Directory')
    if obj.props.get('mailEnabled') and not is_unified(obj.props):
        raise bad_request(MAIL_ENABLED_GROUP)
    if obj.on_prem_mastered:
        raise on_prem_mastered()


def update_group(request, obj):
    tenant, body = request.tenant, dict(request.json())
    request.need('Group.ReadWrite.All')
    bound = {name: body.pop(name + '@odata.bind', None) for name in ('members', 'owners')}
    props = values.check_body('group', body, version=request.version)
    need_group_write(request, obj)
    if props.get('mailEnabled', obj.props.get('mailEnabled')) != obj.props.get('mailEnabled'):
        raise values.read_only('mailEnabled')
    if 'groupTypes' in props and is_unified(props) != is_unified(obj.props):
        raise values.invalid('groupTypes')
    if props.get('visibility') == 'HiddenMembership' and \
            obj.props.get('visibility') != 'HiddenMembership':
        raise values.invalid('visibility')
    if is_dynamic({**obj.props, **props}) != bool({**obj.props, **props}.get('membershipRule')):
        raise bad_request('A dynamic group needs groupTypes DynamicMembership and a '
                          'membershipRule.')
    check_group(props)
    if 'mailNickname' in props:
        values.check_nickname(tenant, props['mailNickname'], obj.id, is_unified(obj.props))
    targets = {}
    for name, urls in bound.items():
        if urls is not None:
            targets[name] = links.check_many(request, obj, name, urls)
    tenant.update(request.actor, obj, props)
    for name, found in targets.items():
        for target in found:
            tenant.add_link(request.actor, obj, name, target)


# -- applications, service principals, devices, contacts ---------------------------------------

def create_application(request):
    request.need('Application.ReadWrite.All')
    props = values.check_body('application', request.json(), creating=True,
                              version=request.version)
    if props.get('passwordCredentials'):
        raise bad_request('passwordCredentials is set by addPassword only.')
    check_application(request, props, None)
    props.setdefault('signInAudience', 'AzureADMyOrg')
    props.update(appId=str(uuid.uuid4()), publisherDomain=request.tenant.domain)
    return request.tenant.create(request.actor, 'application', props)


def check_application(request, props, own_id):
    if props.get('signInAudience', AUDIENCES[0]) not in AUDIENCES:
        raise values.invalid('signInAudience')
    for uri in props.get('identifierUris') or ():
        for other in request.tenant.by_type('application'):
            if other.id != own_id and uri in (other.props.get('identifierUris') or ()):
                raise not_unique('identifierUris')
    seen = set()
    for role in props.get('appRoles') or ():
        if not role.get('id') or not role.get('allowedMemberTypes') or role['id'] in seen:
            raise values.invalid('appRoles')
        seen.add(role['id'])


def update_application(request, obj):
    request.need('Application.ReadWrite.All')
    props = values.check_body('application', request.json(), version=request.version)
    check_application(request, props, obj.id)
    if 'passwordCredentials' in props:
        raise bad_request('New password credentials must be generated by addPassword.')
    if 'appRoles' in props:
        kept = {r['id'] for r in props['appRoles']}
        if any(r.get('isEnabled') and r['id'] not in kept for r in obj.props.get('appRoles', ())):
            raise GraphError(400, 'CannotDeleteOrUpdateEnabledEntitlement',
                             'Permission (scope or role) cannot be deleted or updated unless '
                             'disabled first.')
    request.tenant.update(request.actor, obj, props)


def create_principal(request):
    request.need('Application.ReadWrite.All')
    tenant = request.tenant
    props = values.check_body('servicePrincipal', request.json(), creating=True,
                              version=request.version)
    application = tenant.find_app(props['appId'], 'application')
    if application is None:
        raise bad_request("The appId '%s' of the service principal does not reference a valid "
                          'application object.' % props['appId'])
    if tenant.find_app(props['appId'], 'servicePrincipal'):
        raise GraphError(409, 'Request_MultipleObjectsWithSameKeyValue',
                         'The service principal cannot be created, updated, or restored because '
                         'the service principal name %s is already in use.' % props['appId'])
    name = application.props['displayName']
    props.update(displayName=name, appDisplayName=name, servicePrincipalType='Application',
                 appOwnerOrganizationId=tenant.tenant_id,
                 signInAudience=application.props.get('signInAudience'),
                 appRoles=application.props.get('appRoles') or [])
    props.setdefault('accountEnabled', True)
    props.setdefault('appRoleAssignmentRequired', False)
    props.setdefault('servicePrincipalNames', [props['appId']])
    return tenant.create(request.actor, 'servicePrincipal', props)


def update_principal(request, obj):
    request.need('Application.ReadWrite.All')
    props = values.check_body('servicePrincipal', request.json(), version=request.version)
    request.tenant.update(request.actor, obj, props)


def create_device(request):
    request.need('Device.ReadWrite.All')
    raise denied()  # registration is delegated only


def update_device(request, obj):
    request.need('Device.ReadWrite.All')
    props = values.check_body('device', request.json(), version=request.version)
    table = metadata.TYPES['device']
    if obj.on_prem_mastered and any('M' in table[n].flags for n in props if n in table):
        raise on_prem_mastered()
    request.tenant.update(request.actor, obj, props)


def refuse_contact(request, obj):
    """Contacts have no write in Graph: mastered in AD, or kept by Exchange after conversion."""
    request.need('Directory.ReadWrite.All')
    request.json()
    raise on_prem_mastered() if obj.on_prem_mastered else bad_request(EXTERNAL_SERVICE)


def add_password(request, key):
    request.need('Application.ReadWrite.All')
    tenant = request.tenant
    obj = read.resolve(request, 'application', key)
    wanted = request.json(required=False).get('passwordCredential') or {}
    values.check_one('passwordCredential', wanted, 'passwordCredential')
    text = secrets.token_urlsafe(30)
    end = (state.parse_time(wanted['endDateTime']) if wanted.get('endDateTime') else
           tenant.now() + state.datetime.timedelta(days=730))
    row = {'customKeyIdentifier': None, 'displayName': wanted.get('displayName'),
           'endDateTime': state.graph_time(end), 'hint': text[:3], 'keyId': str(uuid.uuid4()),
           'secretText': None, 'startDateTime': tenant.timestamp()}
    tenant.secrets.setdefault(obj.props['appId'], []).append(
        {'value': text, 'expires': end.timestamp(), 'keyId': row['keyId']})
    change_credentials(request, obj, (obj.props.get('passwordCredentials') or []) + [row])
    return Response(200, {'@odata.context': request.context('microsoft.graph.passwordCredential'),
                          **row, 'secretText': text})


def remove_password(request, key):
    request.need('Application.ReadWrite.All')
    obj = read.resolve(request, 'application', key)
    key_id = str(request.json().get('keyId'))
    rows = obj.props.get('passwordCredentials') or []
    kept = [r for r in rows if not hmac.compare_digest(r['keyId'], key_id)]
    if len(kept) == len(rows):
        raise bad_request("No credentials found to be removed.")
    held = request.tenant.secrets.get(obj.props['appId'], [])
    request.tenant.secrets[obj.props['appId']] = [s for s in held if s.get('keyId') != key_id]
    change_credentials(request, obj, kept)
    return Response(204)


def change_credentials(request, obj, rows):
    old = obj.props.get('passwordCredentials') or []
    request.tenant.update(request.actor, obj, {'passwordCredentials': rows}, audit=False)
    text = [['[KeyIdentifier=%s,KeyType=Password,KeyUsage=Verify,DisplayName=%s]'
             % (r['keyId'], r['displayName'] or '') for r in part] for part in (old, rows)]
    changes = [state.log.modified('KeyDescription', state.log.encode(text[0]),
                                  state.log.encode(text[1])),
               state.log.modified('Included Updated Properties', None,
                                  state.log.quoted('KeyDescription'))]
    request.tenant.audit(request.actor, 'Update application \N{EN DASH} Certificates and secrets '
                         'management', 'ApplicationManagement', 'Update', 'Core Directory',
                         [state.log.target(obj, changes)])


# -- dispatch -----------------------------------------------------------------------------------

MAKERS = {'user': create_user, 'group': create_group, 'application': create_application,
          'servicePrincipal': create_principal, 'device': create_device}
UPDATERS = {'user': update_user, 'group': update_group, 'application': update_application,
            'servicePrincipal': update_principal, 'device': update_device,
            'orgContact': refuse_contact}


def update(request, segment, key):
    obj_type = read.COLLECTIONS[segment]
    obj = find_for_write(request, obj_type, key)
    UPDATERS[obj_type](request, obj)
    return Response(204)


def find_for_write(request, obj_type, key):
    """404 is not told to a caller who may not even read."""
    if not (request.may(render.READ[obj_type]) or request.may(WRITE[obj_type])):
        raise denied()
    return read.resolve(request, obj_type, key)


def delete(request, segment, key):
    obj_type = read.COLLECTIONS[segment]
    obj = find_for_write(request, obj_type, key)
    delete_object(request, obj)
    return Response(204)


def delete_object(request, obj):
    """Soft delete where the service has it; the caller needs the type's permission."""
    tenant = request.tenant
    if obj.type not in WRITE:
        raise not_found(obj.id)
    request.need('User.DeleteRestore.All|User.ReadWrite.All' if obj.type == 'user'
                 else WRITE[obj.type])
    if obj.type == 'orgContact':
        raise on_prem_mastered() if obj.on_prem_mastered else bad_request(EXTERNAL_SERVICE)
    guard_privileged(request, obj)
    if obj.type == 'group':
        # Not documented for synchronized groups; refused here, as every other write on them is.
        need_group_write(request, obj)
    if obj.type == 'device':
        tenant.hard_delete(request.actor, obj)
        return
    tenant.soft_delete(request.actor, obj)
    if obj.type == 'application':
        principal = tenant.find_app(obj.props['appId'], 'servicePrincipal')
        if principal:
            tenant.soft_delete(request.actor, principal)
