# SPDX-License-Identifier: Apache-2.0
"""What changed, in order: the memory behind delta queries (delta.py).

state.py notes every change of an object that has a delta query, from the first token on. An entry
is [type, id, what, target]: what is CREATED, DELETED, RESTORED, GONE, the name of a property, or
the name of a link with its target. The position of a reader is the number of entries it has seen.
"""

CREATED, DELETED, RESTORED, GONE = '+created', '+deleted', '+restored', '+gone'
LIFE = (CREATED, DELETED, RESTORED, GONE)
TYPES = ('user', 'group', 'orgContact', 'device', 'application', 'servicePrincipal')

LISTS_KEPT = 500


class Feed:
    """The entries since the first token; closed until then, so that a bulk load costs nothing."""

    def __init__(self, data=None):
        data = data or {}
        self.entries, self.is_open = data.get('entries', []), data.get('open', False)
        self.blind = False  # changes are not noted: what a recovery job of the service does
        self.lists, self.next_list = data.get('lists', {}), data.get('next_list', 1)

    def dump(self):
        return {'entries': self.entries, 'open': self.is_open, 'lists': self.lists,
                'next_list': self.next_list}

    def keep(self, ids):
        """A name for a list of ids, which would make a token too long; the oldest are dropped."""
        if not ids:
            return ''
        name, self.next_list = str(self.next_list), self.next_list + 1
        self.lists[name] = list(ids)
        while len(self.lists) > LISTS_KEPT:
            del self.lists[next(iter(self.lists))]
        return name

    @property
    def end(self):
        return len(self.entries)

    def note(self, obj, what, target=None):
        if self.is_open and not self.blind and obj.type in TYPES:
            self.entries.append([obj.type, obj.id, what, target])

    def since(self, position, types):
        """{id: Seen} of what changed after a position, in the order of the last change."""
        found = {}
        for kind, one, what, target in self.entries[position:]:
            if kind not in types:
                continue
            seen = found.pop(one, None) or Seen(kind, one)
            seen.add(what, target)
            found[one] = seen
        return found


class Seen:
    """Everything noted about one object, merged."""

    def __init__(self, kind, obj_id):
        self.type, self.id = kind, obj_id
        self.life, self.names, self.targets = set(), set(), {}

    def add(self, what, target):
        if what in LIFE:
            self.life.add(what)
        elif target is None:
            self.names.add(what)
        else:
            self.targets.setdefault(what, {})[target] = True
