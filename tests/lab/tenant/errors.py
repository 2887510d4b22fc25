# SPDX-License-Identifier: Apache-2.0
"""The errors a Graph request can end with, and their documented texts."""

ON_PREM_MASTERED = ('Unable to update the specified properties for on-premises mastered Directory '
                    'Sync objects or objects currently undergoing migration.')
EXTERNAL_SERVICE = ('Unable to update the specified properties for objects that have originated '
                    'within an external service.')
MAIL_ENABLED_GROUP = 'Cannot Update a mail-enabled security groups and or distribution list.'
DENIED = 'Insufficient privileges to complete the operation.'


class GraphError(Exception):
    """An answer other than success: status, OData code, message and extra headers."""

    def __init__(self, status, code, message, headers=None, details=None):
        super().__init__(message)
        self.status, self.code, self.message = status, code, message
        self.headers = headers or {}
        self.details = details


def bad_request(message, details=None):
    return GraphError(400, 'Request_BadRequest', message, details=details)


def unsupported(message):
    return GraphError(400, 'Request_UnsupportedQuery', message)


def denied(message=DENIED):
    return GraphError(403, 'Authorization_RequestDenied', message)


def not_found(what):
    return GraphError(404, 'Request_ResourceNotFound',
                      "Resource '%s' does not exist or one of its queried reference-property "
                      'objects are not present.' % what)


def on_prem_mastered():
    return bad_request(ON_PREM_MASTERED)


def not_unique(name):
    return GraphError(400, 'Request_BadRequest',
                      'Another object with the same value for property %s already exists.' % name,
                      details=[{'code': 'ObjectConflict', 'target': name,
                                'message': 'Another object with the same value for property %s '
                                           'already exists.' % name}])
