# SPDX-License-Identifier: Apache-2.0
"""Property metadata of the Graph resources, as tables.

One line per property: name, type, flags.  Types: s string, b boolean, i integer, d date-time,
g GUID, bin base64, T[] collection, or the name of a complex type of COMPLEX or an enum of ENUMS.
Flags:
    D  returned without $select           R  read-only             C  settable on create only
    M  mastered in AD on a synced object  S  single GET only: $select on a collection is 501
    N  never returned (filter only)       B  beta only             H  never shown (write only)
    F  $filter works plainly              A  $filter needs ConsistencyLevel and $count
    P  on-premises identity: writable by beta while not mastered on-premises
    <n longest value
"""

import re

SPECS = {
    'user': '''
        id g DRF
        deletedDateTime d R
        aboutMe s S
        accountEnabled b F
        ageGroup s F
        assignedLicenses assignedLicense[] RF
        assignedPlans assignedPlan[] R
        authorizationInfo authorizationInfo A
        birthday d S
        businessPhones s[] DMA
        city s MF<128
        companyName s MA<64
        consentProvidedForMinor s F
        country s MF<128
        createdDateTime d RF
        creationType s RF
        customSecurityAttributes customSecurityAttributeValue R
        department s MF<64
        deviceEnrollmentLimit i SR
        displayName s DMF<256
        employeeHireDate d MA
        employeeId s MF<16
        employeeLeaveDateTime d MA
        employeeOrgData employeeOrgData MA
        employeeType s MA
        externalUserState s F
        externalUserStateChangeDateTime d R
        faxNumber s MA
        givenName s DMF<64
        hireDate d S
        identities objectIdentity[] F
        imAddresses s[] RF
        interests s[] S
        isManagementRestricted b R
        isResourceAccount b R
        jobTitle s DMF<128
        lastPasswordChangeDateTime d R
        legalAgeGroupClassification s R
        licenseAssignmentStates licenseAssignmentState[] R
        mail s DMF
        mailNickname s MF<64
        mailboxSettings mailboxSettings S
        mobilePhone s DMA<64
        mySite s S
        officeLocation s DMA<128
        onPremisesDistinguishedName s RP
        onPremisesDomainName s RP
        onPremisesExtensionAttributes onPremisesExtensionAttributes MA
        onPremisesImmutableId s MFP
        onPremisesLastSyncDateTime d RF
        onPremisesObjectIdentifier s RPB
        onPremisesProvisioningErrors onPremisesProvisioningError[] RF
        onPremisesSamAccountName s RPA
        onPremisesSecurityIdentifier s RPA
        onPremisesSyncEnabled b RF
        onPremisesUserPrincipalName s RPA
        otherMails s[] F
        passwordPolicies s A
        passwordProfile passwordProfile
        pastProjects s[] S
        postalCode s MA<40
        preferredDataLocation s
        preferredLanguage s DMA
        preferredName s S
        print userPrint SR
        provisionedPlans provisionedPlan[] R
        proxyAddresses s[] RF
        responsibilities s[] S
        schools s[] S
        securityIdentifier s R
        serviceProvisioningErrors serviceProvisioningError[] R
        showInAddressList b
        signInActivity signInActivity R
        signInSessionsValidFromDateTime d R
        skills s[] S
        state s MF<128
        streetAddress s MA<1024
        surname s DMF<64
        usageLocation s F
        userPrincipalName s DMF<1024
        userType s F
        ''',
    'group': '''
        id g DRF
        deletedDateTime d DR
        allowExternalSenders b S
        assignedLabels assignedLabel[] A
        assignedLicenses assignedLicense[] RA
        autoSubscribeNewMembers b S
        classification s D
        createdDateTime d DRA
        description s DM
        displayName s DMF<256
        expirationDateTime d DRA
        groupTypes s[] DMF
        hasMembersWithLicenseErrors b NF
        hideFromAddressLists b S
        hideFromOutlookClients b S
        isAssignableToRole b DCF
        isManagementRestricted b R
        isSubscribedByMail b S
        licenseProcessingState licenseProcessingState R
        mail s DRF
        mailEnabled b DMF
        mailNickname s DMF<64
        membershipRule s DM
        membershipRuleProcessingState s DM
        onPremisesDomainName s DR
        onPremisesExtensionAttributes onPremisesExtensionAttributes R
        onPremisesLastSyncDateTime d DRF
        onPremisesNetBiosName s DR
        onPremisesProvisioningErrors onPremisesProvisioningError[] DRF
        onPremisesSamAccountName s DRA
        onPremisesSecurityIdentifier s DRA
        onPremisesSyncEnabled b DRF
        preferredDataLocation s D
        preferredLanguage s D
        proxyAddresses s[] DRF
        renewedDateTime d DRA
        resourceBehaviorOptions s[] DC
        resourceProvisioningOptions s[] DC
        securityEnabled b DMF
        securityIdentifier s DRF
        serviceProvisioningErrors serviceProvisioningError[] R
        theme s D
        uniqueName s C
        unseenCount i SR
        visibility s D
        ''',
    'orgContact': '''
        id g DRF
        deletedDateTime d DR
        addresses physicalOfficeAddress[] DR
        companyName s DRA
        department s DRA
        displayName s DRF
        givenName s DRF
        jobTitle s DRA
        mail s DRF
        mailNickname s DRF
        onPremisesLastSyncDateTime d DRF
        onPremisesProvisioningErrors onPremisesProvisioningError[] DRF
        onPremisesSyncEnabled b DRF
        phones phone[] DR
        proxyAddresses s[] DRF
        serviceProvisioningErrors serviceProvisioningError[] DR
        surname s DRF
        ''',
    'device': '''
        id g DRF
        deletedDateTime d DR
        accountEnabled b DF
        alternativeSecurityIds alternativeSecurityId[] DR
        approximateLastSignInDateTime d DRF
        complianceExpirationDateTime d DR
        deviceCategory s DR
        deviceId s DMCF
        deviceMetadata s DR
        deviceOwnership s DR
        deviceVersion i DR
        displayName s DMF<256
        enrollmentProfileName s DR
        enrollmentType s DR
        isCompliant b DF
        isManaged b DF
        isManagementRestricted b R
        isRooted b DR
        managementType s DR
        manufacturer s DR
        mdmAppId s DR
        model s DR
        onPremisesLastSyncDateTime d DRF
        onPremisesSecurityIdentifier s RA
        onPremisesSyncEnabled b DRF
        operatingSystem s DMF
        operatingSystemVersion s DMF
        physicalIds s[] DF
        profileType s DR
        registrationDateTime d DRF
        systemLabels s[] DF
        trustType s DRF
        ''',
    'application': '''
        id g DRF
        deletedDateTime d DR
        addIns addIn[] D
        api apiApplication D
        appId s DRF
        applicationTemplateId s DR
        appRoles appRole[] D
        certification certification DR
        createdByAppId s DR
        createdDateTime d DRF
        defaultRedirectUri s D
        description s DA<1024
        disabledByMicrosoftStatus s DR
        displayName s DF<256
        groupMembershipClaims s D
        identifierUris s[] DF
        info informationalUrl D
        isDeviceOnlyAuthSupported b D
        isDisabled b D
        isFallbackPublicClient b D
        keyCredentials keyCredential[] D
        nativeAuthenticationApisEnabled s D
        notes s D<1024
        optionalClaims optionalClaims D
        parentalControlSettings parentalControlSettings D
        passwordCredentials passwordCredential[] D
        publicClient publicClientApplication D
        publisherDomain s DRF
        requestSignatureVerification requestSignatureVerification D
        requiredResourceAccess requiredResourceAccess[] D
        samlMetadataUrl s D
        serviceManagementReference s D
        servicePrincipalLockConfiguration servicePrincipalLockConfiguration D
        signInAudience s DF
        spa spaApplication D
        tags s[] DF
        tokenEncryptionKeyId g D
        uniqueName s DC
        verifiedPublisher verifiedPublisher DR
        web webApplication D
        ''',
    'servicePrincipal': '''
        id g DRF
        deletedDateTime d DR
        accountEnabled b DF
        addIns addIn[] D
        alternativeNames s[] DF
        appDescription s DR
        appDisplayName s DR
        appId s DCF
        applicationTemplateId s DR
        appOwnerOrganizationId g DRF
        appRoleAssignmentRequired b D
        appRoles appRole[] DR
        createdByAppId s DR
        description s DA<1024
        customSecurityAttributes customSecurityAttributeValue R
        disabledByMicrosoftStatus s DR
        displayName s DRF<256
        homepage s D
        info informationalUrl DR
        isDisabled b DR
        keyCredentials keyCredential[] D
        loginUrl s D
        logoutUrl s D
        notes s D<1024
        notificationEmailAddresses s[] D
        oauth2PermissionScopes permissionScope[] DR
        passwordCredentials passwordCredential[] DR
        preferredSingleSignOnMode s D
        preferredTokenSigningKeyThumbprint s D
        replyUrls s[] D
        resourceSpecificApplicationPermissions resourceSpecificPermission[] DR
        samlSingleSignOnSettings samlSingleSignOnSettings D
        servicePrincipalNames s[] DF
        servicePrincipalType s DRF
        signInAudience s DR
        tags s[] DF
        tokenEncryptionKeyId g D
        verifiedPublisher verifiedPublisher DR
        ''',
    'appRoleAssignment': '''
        id s DR
        deletedDateTime d DR
        appRoleId g DC
        createdDateTime d DR
        principalDisplayName s DR
        principalId g DC
        principalType s DR
        resourceDisplayName s DR
        resourceId g DC
        ''',
    'directoryRole': '''
        id g DRF
        deletedDateTime d DR
        description s DR
        displayName s DRF
        roleTemplateId s DRF
        ''',
    'unifiedRoleAssignment': '''
        id s DR
        appScopeId s R
        condition s R
        directoryScopeId s DCF
        principalId s DCF
        principalOrganizationId s R
        resourceScope s DRB
        roleDefinitionId s DCF
        ''',
    'unifiedRoleDefinition': '''
        id s DR
        description s D
        displayName s DF
        isBuiltIn b DRF
        isEnabled b D
        resourceScopes s[] D
        rolePermissions unifiedRolePermission[] D
        templateId s DR
        version s D
        ''',
    'organization': '''
        id g DR
        deletedDateTime d DR
        assignedPlans assignedPlan[] DR
        businessPhones s[] DR
        city s DR
        country s DR
        countryLetterCode s DR
        createdDateTime d DR
        defaultUsageLocation s DR
        displayName s DR
        marketingNotificationEmails s[] D
        mobileDeviceManagementAuthority s R
        onPremisesLastPasswordSyncDateTime d DRB
        onPremisesLastSyncDateTime d DR
        onPremisesSyncEnabled b DR
        partnerTenantType s DR
        postalCode s DR
        preferredLanguage s DR
        privacyProfile privacyProfile D
        provisionedPlans provisionedPlan[] DR
        securityComplianceNotificationMails s[] D
        securityComplianceNotificationPhones s[] D
        state s DR
        street s DR
        technicalNotificationMails s[] D
        tenantType s DR
        verifiedDomains verifiedDomain[] DR
        ''',
    'domain': '''
        id s DR
        authenticationType s DR
        availabilityStatus s DR
        isAdminManaged b DR
        isDefault b D
        isInitial b DR
        isRoot b DR
        isVerified b DR
        manufacturer s DR
        model s DR
        passwordNotificationWindowInDays i D
        passwordValidityPeriodInDays i D
        state domainState DR
        supportedServices s[] D
        ''',
    'subscribedSku': '''
        id s DR
        accountId s DR
        accountName s DR
        appliesTo s DR
        capabilityStatus s DR
        consumedUnits i DR
        prepaidUnits licenseUnitsDetail DR
        servicePlans servicePlanInfo[] DR
        skuId g DR
        skuPartNumber s DR
        subscriptionIds s[] DR
        ''',
    'conditionalAccessPolicy': '''
        id s DRF
        templateId s DR
        displayName s DF
        createdDateTime d DRF
        modifiedDateTime d DRF
        deletedDateTime d R
        state conditionalAccessPolicyState DF
        conditions conditionalAccessConditionSet D
        grantControls conditionalAccessGrantControls D
        sessionControls conditionalAccessSessionControls D
        description s R
        ''',
    'ipNamedLocation': '''
        id s DRF
        displayName s DF
        createdDateTime d DRF
        modifiedDateTime d DRF
        deletedDateTime d R
        isTrusted b DF
        ipRanges ipRange[] D
        ''',
    'countryNamedLocation': '''
        id s DRF
        displayName s DF
        createdDateTime d DRF
        modifiedDateTime d DRF
        deletedDateTime d R
        countriesAndRegions s[] D
        includeUnknownCountriesAndRegions b D
        countryLookupMethod countryLookupMethodType D
        ''',
    'authorizationPolicy': '''
        id s DR
        deletedDateTime d DR
        description s D
        displayName s D
        allowInvitesFrom allowInvitesFrom D
        allowedToSignUpEmailBasedSubscriptions b D
        allowedToUseSSPR b D
        allowEmailVerifiedUsersToJoinOrganization b D
        allowUserConsentForRiskyApps b D
        blockMsolPowerShell b D
        guestUserRoleId g D
        defaultUserRolePermissions defaultUserRolePermissions D
        ''',
    'authenticationMethodsPolicy': '''
        id s DR
        displayName s DR
        description s DR
        lastModifiedDateTime d DR
        policyVersion s DR
        policyMigrationState authenticationMethodsPolicyMigrationState D
        reconfirmationInDays i DR
        registrationEnforcement registrationEnforcement D
        ''',
}

S15 = {'extensionAttribute%d' % i: 's' for i in range(1, 16)}
COMPLEX = {
    'onPremisesExtensionAttributes': S15,
    'customSecurityAttributeValue': {},
    'passwordProfile': {'forceChangePasswordNextSignIn': 'b',
                        'forceChangePasswordNextSignInWithMfa': 'b', 'password': 's'},
    'assignedLicense': {'disabledPlans': 'g[]', 'skuId': 'g'},
    'objectIdentity': {'issuer': 's', 'issuerAssignedId': 's', 'signInType': 's'},
    'employeeOrgData': {'costCenter': 's', 'division': 's'},
    'authorizationInfo': {'certificateUserIds': 's[]'},
    'assignedLabel': {'displayName': 's', 'labelId': 's'},
    'passwordCredential': {'customKeyIdentifier': 'bin', 'displayName': 's', 'endDateTime': 'd',
                           'hint': 's', 'keyId': 'g', 'secretText': 's', 'startDateTime': 'd'},
    'keyCredential': {'customKeyIdentifier': 'bin', 'displayName': 's', 'endDateTime': 'd',
                      'key': 'bin', 'keyId': 'g', 'startDateTime': 'd', 'type': 's', 'usage': 's'},
    'permissionScope': {'adminConsentDescription': 's', 'adminConsentDisplayName': 's', 'id': 'g',
                        'isEnabled': 'b', 'origin': 's', 'type': 's', 'userConsentDescription': 's',
                        'userConsentDisplayName': 's', 'value': 's'},
    'preAuthorizedApplication': {'appId': 's', 'delegatedPermissionIds': 's[]'},
    'apiApplication': {'acceptMappedClaims': 'b', 'knownClientApplications': 'g[]',
                       'oauth2PermissionScopes': 'permissionScope[]',
                       'preAuthorizedApplications': 'preAuthorizedApplication[]',
                       'requestedAccessTokenVersion': 'i'},
    'appRole': {'allowedMemberTypes': 's[]', 'description': 's', 'displayName': 's', 'id': 'g',
                'isEnabled': 'b', 'origin': 's', 'value': 's'},
    'implicitGrantSettings': {'enableAccessTokenIssuance': 'b', 'enableIdTokenIssuance': 'b'},
    'redirectUriSettings': {'uri': 's', 'index': 'i'},
    'webApplication': {'homePageUrl': 's', 'implicitGrantSettings': 'implicitGrantSettings',
                       'logoutUrl': 's', 'redirectUris': 's[]',
                       'redirectUriSettings': 'redirectUriSettings[]'},
    'spaApplication': {'redirectUris': 's[]'},
    'publicClientApplication': {'redirectUris': 's[]'},
    'resourceAccess': {'id': 'g', 'type': 's'},
    'requiredResourceAccess': {'resourceAccess': 'resourceAccess[]', 'resourceAppId': 's'},
    'optionalClaim': {'additionalProperties': 's[]', 'essential': 'b', 'name': 's', 'source': 's'},
    'optionalClaims': {'accessToken': 'optionalClaim[]', 'idToken': 'optionalClaim[]',
                       'saml2Token': 'optionalClaim[]'},
    'informationalUrl': {'logoUrl': 's', 'marketingUrl': 's', 'privacyStatementUrl': 's',
                         'supportUrl': 's', 'termsOfServiceUrl': 's'},
    'keyValue': {'key': 's', 'value': 's'},
    'addIn': {'id': 'g', 'properties': 'keyValue[]', 'type': 's'},
    'servicePrincipalLockConfiguration': {
        'allProperties': 'b', 'credentialsWithUsageSign': 'b', 'credentialsWithUsageVerify': 'b',
        'isEnabled': 'b', 'tokenEncryptionKeyId': 'b'},
    'samlSingleSignOnSettings': {'relayState': 's'},
    'parentalControlSettings': {'countriesBlockedForMinors': 's[]', 'legalAgeGroupRule': 's'},
    'requestSignatureVerification': {'allowedWeakAlgorithms': 's',
                                     'isSignedRequestRequired': 'b'},
    'unifiedRolePermission': {'allowedResourceActions': 's[]', 'condition': 's',
                              'excludedResourceActions': 's[]'},
    'privacyProfile': {'contactEmail': 's', 'statementUrl': 's'},
    'conditionalAccessConditionSet': {
        'applications': 'conditionalAccessApplications',
        'authenticationFlows': 'conditionalAccessAuthenticationFlows',
        'clientApplications': 'conditionalAccessClientApplications',
        'clientAppTypes': 'conditionalAccessClientApp[]', 'devices': 'conditionalAccessDevices',
        'insiderRiskLevels': 'conditionalAccessInsiderRiskLevels',
        'locations': 'conditionalAccessLocations', 'platforms': 'conditionalAccessPlatforms',
        'servicePrincipalRiskLevels': 'riskLevel[]', 'signInRiskLevels': 'riskLevel[]',
        'userRiskLevels': 'riskLevel[]', 'users': 'conditionalAccessUsers'},
    'conditionalAccessUsers': {
        'excludeGroups': 's[]',
        'excludeGuestsOrExternalUsers': 'conditionalAccessGuestsOrExternalUsers',
        'excludeRoles': 's[]', 'excludeUsers': 's[]', 'includeGroups': 's[]',
        'includeGuestsOrExternalUsers': 'conditionalAccessGuestsOrExternalUsers',
        'includeRoles': 's[]', 'includeUsers': 's[]'},
    'conditionalAccessGuestsOrExternalUsers': {
        'externalTenants': 'conditionalAccessExternalTenants', 'guestOrExternalUserTypes': 's'},
    'conditionalAccessExternalTenants': {'membershipKind': 's', 'members': 's[]'},
    'conditionalAccessApplications': {
        'applicationFilter': 'conditionalAccessFilter', 'excludeApplications': 's[]',
        'includeApplications': 's[]', 'includeAuthenticationContextClassReferences': 's[]',
        'includeUserActions': 's[]'},
    'conditionalAccessFilter': {'mode': 'filterMode', 'rule': 's'},
    'conditionalAccessClientApplications': {
        'excludeServicePrincipals': 's[]', 'includeServicePrincipals': 's[]',
        'servicePrincipalFilter': 'conditionalAccessFilter'},
    'conditionalAccessDevices': {'deviceFilter': 'conditionalAccessFilter'},
    'conditionalAccessLocations': {'excludeLocations': 's[]', 'includeLocations': 's[]'},
    'conditionalAccessPlatforms': {'excludePlatforms': 'conditionalAccessDevicePlatform[]',
                                   'includePlatforms': 'conditionalAccessDevicePlatform[]'},
    'conditionalAccessAuthenticationFlows': {'transferMethods': 's'},
    'conditionalAccessGrantControls': {
        'builtInControls': 'conditionalAccessGrantControl[]', 'customAuthenticationFactors': 's[]',
        'operator': 's', 'termsOfUse': 's[]', 'authenticationStrength': 'authenticationStrength'},
    'authenticationStrength': {'id': 's'},
    'conditionalAccessSessionControls': {
        'applicationEnforcedRestrictions': 'sessionControl', 'disableResilienceDefaults': 'b',
        'cloudAppSecurity': 'cloudAppSecuritySessionControl',
        'persistentBrowser': 'persistentBrowserSessionControl',
        'secureSignInSession': 'sessionControl',
        'signInFrequency': 'signInFrequencySessionControl'},
    'sessionControl': {'isEnabled': 'b'},
    'cloudAppSecuritySessionControl': {'cloudAppSecurityType': 'cloudAppSecuritySessionControlType',
                                       'isEnabled': 'b'},
    'persistentBrowserSessionControl': {'mode': 'persistentBrowserSessionMode', 'isEnabled': 'b'},
    'signInFrequencySessionControl': {
        'authenticationType': 'signInFrequencyAuthenticationType',
        'frequencyInterval': 'signInFrequencyInterval', 'type': 'signinFrequencyType',
        'value': 'i', 'isEnabled': 'b'},
    'ipRange': {'cidrAddress': 's'},
    'defaultUserRolePermissions': {
        'allowedToCreateApps': 'b', 'allowedToCreateSecurityGroups': 'b',
        'allowedToCreateTenants': 'b', 'allowedToReadBitlockerKeysForOwnedDevice': 'b',
        'allowedToReadOtherUsers': 'b', 'permissionGrantPoliciesAssigned': 's[]'},
    'registrationEnforcement': {
        'authenticationMethodsRegistrationCampaign': 'authenticationMethodsRegistrationCampaign'},
    'authenticationMethodsRegistrationCampaign': {
        'excludeTargets': 'excludeTarget[]', 'includeTargets': 'campaignTarget[]',
        'snoozeDurationInDays': 'i', 'state': 's'},
    'excludeTarget': {'id': 's', 'targetType': 's'},
    'campaignTarget': {'id': 's', 'targetType': 's', 'targetedAuthenticationMethod': 's'},
}

ENUMS = {
    'conditionalAccessPolicyState': 'enabled disabled enabledForReportingButNotEnforced',
    'conditionalAccessClientApp': 'all browser mobileAppsAndDesktopClients exchangeActiveSync '
                                  'easSupported other',
    'conditionalAccessDevicePlatform': 'android iOS windows windowsPhone macOS all linux',
    'conditionalAccessInsiderRiskLevels': 'minor moderate elevated',
    'riskLevel': 'low medium high hidden none',
    'filterMode': 'include exclude',
    'conditionalAccessGrantControl': 'block mfa compliantDevice domainJoinedDevice '
                                     'approvedApplication compliantApplication passwordChange '
                                     'riskRemediation',
    'cloudAppSecuritySessionControlType': 'mcasConfigured monitorOnly blockDownloads',
    'persistentBrowserSessionMode': 'always never',
    'signInFrequencyAuthenticationType': 'primaryAndSecondaryAuthentication '
                                         'secondaryAuthentication',
    'signInFrequencyInterval': 'timeBased everyTime',
    'signinFrequencyType': 'days hours',
    'countryLookupMethodType': 'clientIpAddress authenticatorAppGps',
    'allowInvitesFrom': 'none adminsAndGuestInviters adminsGuestInvitersAndAllMembers everyone',
    'authenticationMethodsPolicyMigrationState': 'preMigration migrationInProgress '
                                                 'migrationComplete',
}
ENUMS = {name: frozenset(text.split()) for name, text in ENUMS.items()}

# What a POST must carry, with every part non-null.
REQUIRED = {
    'user': ('accountEnabled', 'displayName', 'mailNickname', 'passwordProfile',
             'userPrincipalName'),
    'group': ('displayName', 'mailEnabled', 'mailNickname', 'securityEnabled'),
    'application': ('displayName',),
    'servicePrincipal': ('appId',),
    'device': ('accountEnabled', 'alternativeSecurityIds', 'deviceId', 'displayName',
               'operatingSystem', 'operatingSystemVersion'),
    'conditionalAccessPolicy': ('displayName', 'state', 'conditions'),
    'ipNamedLocation': ('displayName', 'ipRanges'),
    'countryNamedLocation': ('displayName', 'countriesAndRegions'),
}
NOT_CLEARABLE = {
    'user': ('accountEnabled', 'displayName', 'mailNickname', 'userPrincipalName',
             'usageLocation', 'userType', 'passwordProfile'),
    'group': ('displayName', 'mailEnabled', 'mailNickname', 'securityEnabled'),
    'application': ('displayName', 'signInAudience'),
    'servicePrincipal': ('accountEnabled', 'appRoleAssignmentRequired'),
    'device': ('accountEnabled', 'displayName'),
    'conditionalAccessPolicy': ('displayName', 'state', 'conditions'),
    'ipNamedLocation': ('displayName', 'ipRanges'),
    'countryNamedLocation': ('displayName', 'countriesAndRegions'),
}
# $orderby that works without the advanced query mode.
PLAIN_ORDER = {'user': ('displayName', 'userPrincipalName'), 'group': ('displayName',),
               'device': (), 'application': ('displayName',), 'servicePrincipal': ('displayName',),
               'orgContact': (), 'conditionalAccessPolicy': ('displayName', 'createdDateTime',
                                                             'modifiedDateTime'),
               'namedLocation': ('displayName', 'createdDateTime', 'modifiedDateTime')}
RELATIONS = {
    'user': ('manager', 'directReports', 'memberOf', 'transitiveMemberOf', 'sponsors',
             'ownedObjects', 'ownedDevices', 'registeredDevices', 'appRoleAssignments',
             'licenseDetails', 'onPremisesSyncBehavior', 'oauth2PermissionGrants'),
    'group': ('members', 'owners', 'memberOf', 'transitiveMembers', 'transitiveMemberOf',
              'appRoleAssignments', 'onPremisesSyncBehavior'),
    'orgContact': ('manager', 'directReports', 'memberOf', 'transitiveMemberOf',
                   'onPremisesSyncBehavior'),
    'device': ('registeredOwners', 'registeredUsers', 'memberOf', 'transitiveMemberOf'),
    'application': ('owners',),
    'servicePrincipal': ('owners', 'appRoleAssignments', 'appRoleAssignedTo', 'memberOf',
                         'transitiveMemberOf', 'ownedObjects', 'oauth2PermissionGrants'),
    'directoryRole': ('members',),
}


class Property:
    """One row of a table above."""

    __slots__ = ('name', 'type', 'flags', 'longest', 'many', 'empty')

    def __init__(self, line):
        parts = line.split()
        self.name, kind = parts[0], parts[1]
        self.flags, _, longest = (parts[2] if len(parts) > 2 else '').partition('<')
        self.longest = int(longest) if longest else None
        self.many = kind.endswith('[]')
        self.type = kind[:-2] if self.many else kind
        self.empty = [] if self.many and self.name not in NULL_COLLECTIONS else None


# Collections whose schema allows null; the service still answers [] for most of them.
NULL_COLLECTIONS = ()
TYPES = {name: {p.name: p for p in map(Property, filter(None, map(str.strip, text.split('\n'))))}
         for name, text in SPECS.items()}
TYPES['namedLocation'] = {**TYPES['ipNamedLocation'], **TYPES['countryNamedLocation']}
EXTENSION = re.compile(r'extension_[0-9a-f]{32}_[A-Za-z0-9_]+$')


def properties(type_name, version='v1.0'):
    """Rows of a type that exist in this version of the service."""
    table = TYPES[type_name]
    if version == 'beta':
        return table
    return {k: p for k, p in table.items() if 'B' not in p.flags}


def default_names(type_name, version='v1.0'):
    return [p.name for p in properties(type_name, version).values()
            if 'D' in p.flags and 'N' not in p.flags]
