# SPDX-License-Identifier: Apache-2.0
"""Faults that a test orders through the control API.

A fault is a dict: match (regular expression over 'METHOD /path?query'), kind, count (absent: for
ever), skip (let that many matching requests pass first), and options of the kind:

    403 429 500 502 503 504   retry_after: text of the header or null; html: body is a proxy's page
    expired_token         401 InvalidAuthenticationToken
    reset                 headers and half of the body, then a TCP reset
    close                 the connection is closed before any byte of the answer
    lost_answer           the request is carried out, then as close
    truncated             the JSON text stops in the middle, Content-Length agrees
    html                  200 with an HTML page
    drip                  bytes_per_second (default 200), after delay seconds
    hang                  seconds (default 3600) of silence, then close
    huge                  bytes (default 104857600): one string value of that size in the answer
    invalid_utf8          a byte 0xFF inside a string
    unknown               unknown properties and enum members in every object
    chunked               chunked transfer coding in small chunks
    empty_page loop_next foreign_next expired_page      see read.page
    delta_gone delta_expired delta_resync delta_late delta_replay delta_twice      see delta.py
"""

import re

STATUSES = {'403': ('Authorization_RequestDenied', 'Insufficient privileges to complete the '
                    'operation.'),
            '429': ('TooManyRequests', 'Please retry again later.'),
            '500': ('Service_InternalServerError', 'Encountered an internal server error.'),
            '502': ('BadGateway', 'Bad gateway.'),
            '503': ('serviceNotAvailable', 'The service is temporarily unavailable.'),
            '504': ('GatewayTimeout', 'The gateway did not receive an answer in time.')}
PAGE_KINDS = ('empty_page', 'loop_next', 'foreign_next', 'expired_page', 'delta_gone',
              'delta_expired', 'delta_resync', 'delta_late', 'delta_replay', 'delta_twice')
WIRE_KINDS = ('reset', 'close', 'lost_answer', 'truncated', 'html', 'drip', 'hang', 'huge',
              'invalid_utf8', 'unknown', 'chunked')
KINDS = tuple(STATUSES) + ('expired_token',) + PAGE_KINDS + WIRE_KINDS


class Faults:
    """The ordered faults; take() uses one up."""

    def __init__(self):
        self.active, self.next_id = [], 1

    def add(self, fault):
        if fault.get('kind') not in KINDS:
            raise ValueError('kind must be one of ' + ' '.join(KINDS))
        fault = dict(fault)
        fault['pattern'] = re.compile(fault.get('match', ''))
        fault['id'] = self.next_id
        fault['hits'] = 0
        self.next_id += 1
        self.active.append(fault)
        return fault['id']

    def clear(self, fault_id=None):
        self.active = [f for f in self.active if fault_id is not None and f['id'] != fault_id]

    def take(self, text):
        for fault in self.active:
            if not fault['pattern'].search(text):
                continue
            if fault.get('skip'):
                fault['skip'] -= 1
                continue
            if fault.get('count') is not None:
                if fault['count'] <= 0:
                    continue
                fault['count'] -= 1
            fault['hits'] += 1
            return fault
        return None

    def show(self):
        return [{k: v for k, v in f.items() if k != 'pattern'} for f in self.active]
