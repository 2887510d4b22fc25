# SPDX-License-Identifier: Apache-2.0
"""Delta queries of documents (catalog.py): administrative units and delegated permission grants.

A round is what differs between two kept copies of the collection. The faults delta_late and
delta_replay do nothing here; the others of delta.py do.
"""

import json

import catalog
import delta
from errors import bad_request

PATHS = {'directory/administrativeUnits': ('members',), 'oauth2PermissionGrants': ()}


def collection(request, path):
    one = next(r for r in catalog.COLLECTIONS if r.path == path)
    request.need(one.read)
    return DocumentRound(request, one).answer()


class DocumentRound(delta.Round):
    """Round over the documents of one path, those in the recycle bin included."""

    def __init__(self, request, one):
        super().__init__(request, one.path, (one.type,))
        self.one = one

    def documents(self):
        bin_path = catalog.RECYCLED.get(self.one.path)
        held = catalog.stored(self.tenant, self.one.path)
        return held + (catalog.stored(self.tenant, bin_path) if bin_path else [])

    def position(self):
        """The name of a copy; a first text keeps an empty collection from having none."""
        return self.feed.keep(['[]'] + [json.dumps(d) for d in self.documents()])

    def copy(self, name):
        if name not in self.feed.lists:
            raise delta.lost('delta_expired')
        return {d['id']: d for d in map(json.loads, self.feed.lists[name][1:])}

    def begin(self, data):
        return {'what': 'skip', 'full': False, 'at': 0, 'told': [], 'again': [],
                'from': data['to'], 'to': self.position(), 'twice': self.fault == 'delta_twice'}

    def parse(self):
        docs, relations = self.documents(), PATHS[self.one.path]
        known = set(catalog.DEFAULTS[self.one.type]).union(
            {'id'}, catalog.REQUIRED[self.one.type], *(catalog.plain(d) for d in docs))
        text = self.options.get('$select')
        wanted = list(known) + list(relations) if text is None else \
            [p.strip() for p in text.split(',')]
        for name in wanted:
            if name not in known and name not in relations:
                raise bad_request("Parsing OData Select and Expand failed: Could not find a "
                                  "property named '%s' on type 'microsoft.graph.%s'."
                                  % (name, self.one.type))
        self.names = sorted(set(wanted) & known - {'id', 'deletedDateTime'})
        self.links = [n for n in relations if n in wanted]
        self.parse_filter()

    def everything(self):
        return [one for doc in self.documents() for one in self.told({}, doc)]

    def changes(self, data):
        old, new, items = self.copy(data['from']), self.copy(data['to']), []
        for key in {**old, **new}:
            items += self.told(old.get(key), new.get(key))
        return items[::-1] + items if data['twice'] else items

    def told(self, old, new):
        """Items about one document; old is None or {} where it was not there."""
        if new is None:
            return [delta.removed(old['id'], 'deleted')]
        if new.get('deletedDateTime'):
            gone_before = old and old.get('deletedDateTime')
            return [] if gone_before else [delta.removed(new['id'], 'changed')]
        fresh = not old or bool(old.get('deletedDateTime'))
        before = {} if fresh else old
        changed = [n for n in self.names if new.get(n) != before.get(n)]
        targets = {n: self.moved(before, new, n) for n in self.links}
        if not fresh and not changed and not any(targets.values()):
            return []
        shown = changed if self.minimal else [n for n in self.names
                                              if n in changed or new.get(n) is not None]
        item = {'id': new['id'], **{n: new.get(n) for n in shown}}
        return self.parts(item, {n: t for n, t in targets.items() if t})

    @staticmethod
    def moved(old, new, name):
        """[(id, is there)] of what entered or left a list."""
        was, now = old.get('+' + name, []), new.get('+' + name, [])
        return [(i, True) for i in now if i not in was] + [(i, False) for i in was if i not in now]

    def parts(self, item, targets):
        size = self.tenant.settings['delta_slice']
        out = [{**item, name + '@delta': [self.member(*one) for one in moved[at:at + size]]}
               for name, moved in targets.items() for at in range(0, len(moved), size)]
        return out or [item]

    def member(self, key, there):
        other = self.tenant.objects.get(key)
        kind = other.type if other else 'user'
        gone = {} if there and other and not other.deleted_at else {
            '@removed': {'reason': 'deleted'}}
        return {'@odata.type': '#microsoft.graph.' + kind, 'id': key, **gone}


def routes():
    return [('GET', '%s/%s' % (path, name), catalog.bound(collection, path))
            for path in PATHS for name in ('delta', 'microsoft.graph.delta')]
