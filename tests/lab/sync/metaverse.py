# SPDX-License-Identifier: Apache-2.0
"""Inbound synchronization: from AD entries to the objects that should exist in the cloud.

Readings chosen where the published text is open:
  - A contact whose mail equals the mail of a synchronized user joins that user (contact to person
    join: mail = mail) and makes no object of its own.  Connect only.
  - When two AD objects claim one anchor, the one that is connected already (else the one with the
    smaller objectGUID) keeps it; the other is in error and is neither exported nor deleted.
  - A group with too many members is in error: neither exported nor deleted.
"""

import anchors
import flow
import scope
import settings

ORDER = ('user', 'contact', 'device', 'group')
CLIENT_TYPES = {'user': 'User', 'contact': 'Contact', 'device': 'Device', 'group': 'Group'}


class Candidate:
    """One AD object that is in scope."""

    __slots__ = ('guid', 'kind', 'dn', 'anchor', 'values', 'references', 'error', 'sid',
                 'creator', 'consistency', 'owned')

    def __init__(self, entry, kind, anchor):
        self.guid, self.kind, self.dn, self.anchor = entry.guid, kind, entry.dn, anchor
        self.values, self.references, self.error = {}, {}, None
        self.owned = None       # names to empty in the cloud; None: what the default rules own
        self.sid = entry.raw('objectSid')
        self.creator = entry.raw('mS-DS-CreatorSID') if kind == 'device' else None
        self.consistency = entry.has(anchors.CONSISTENCY)

    @property
    def key(self):
        return CLIENT_TYPES[self.kind], self.anchor


class Metaverse:
    """candidates: objectGUID -> Candidate; filtered: objectGUID -> reason."""

    def __init__(self, entries, chosen, context, connected=()):
        self.engine = chosen['engine']
        self.candidates, self.filtered = {}, {}
        self.by_dn = {e.dn.lower(): e.guid for e in entries}
        self.limit = chosen['memberLimit'] or settings.MEMBER_LIMITS[self.engine]
        pilots = self.pilot_members(entries, chosen['groupFilter'])
        inside, outside = (
            [dn.replace('%BASE%', context['base_dn']) for dn in chosen[name]]
            for name in ('includedContainers', 'excludedContainers'))
        mails = set()
        for kind in ORDER:
            for entry in entries:
                if entry.kind != kind:
                    continue
                reason = self.out_of_scope(entry, kind, pilots, mails) or \
                    scope.container_excluded(entry, inside, outside)
                if reason:
                    self.filtered[entry.guid] = reason
                    continue
                self.admit(entry, kind, chosen, context)
                if kind == 'user' and entry.text('mail'):
                    mails.add(entry.text('mail').strip().lower())
        self.refuse_shared_anchors(set(connected))
        self.by_sid = {c.sid: c.guid for c in self.candidates.values() if c.sid}

    @staticmethod
    def pilot_members(entries, group_dn):
        if group_dn is None:
            return None
        group = next((e for e in entries if e.dn.lower() == group_dn.lower()), None)
        return {dn.lower() for dn in group.texts('member')} if group else set()

    def out_of_scope(self, entry, kind, pilots, mails):
        reason = (scope.excluded(entry, kind, self.engine) or
                  scope.group_filter_excluded(entry, kind, pilots))
        if reason is None and kind == 'contact' and self.engine == 'connect' and \
                (entry.text('mail') or '').strip().lower() in mails - {''}:
            reason = 'contact joined a user with the same mail'
        return reason

    def admit(self, entry, kind, chosen, context):
        anchor = anchors.source_anchor(entry, kind, chosen['anchor'])
        if anchor is None:
            self.filtered[entry.guid] = 'no source anchor (linked mailbox)'
            return
        candidate = Candidate(entry, kind, anchor)
        candidate.values = flow.values(entry, kind, context, self.engine)
        candidate.references = flow.references(entry, kind, self.engine)
        members = len(candidate.references.get('member', ()))
        if members > self.limit:
            candidate.error = 'member limit exceeded: %d of %d' % (members, self.limit)
        self.candidates[entry.guid] = candidate

    def refuse_shared_anchors(self, connected):
        holders = {}
        for one in self.candidates.values():
            holders.setdefault(one.key, []).append(one)
        for group in holders.values():
            if len(group) > 1:
                group.sort(key=lambda c: (c.guid not in connected, c.guid))
                for loser in group[1:]:
                    loser.error = 'source anchor is used by ' + group[0].dn

    def target(self, dn):
        """objectGUID of a reference target that is in scope, or None."""
        guid = self.by_dn.get(dn.lower())
        return guid if guid in self.candidates else None
