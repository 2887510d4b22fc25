# SPDX-License-Identifier: Apache-2.0
"""Delta queries: rounds, tokens, @removed, members@delta in slices, and what goes wrong with them.

Page faults (faults.py) of a delta request:
    delta_gone      410 with a Location whose $deltatoken is empty: start anew
    delta_expired   400 syncStateNotFound
    delta_resync    400 resyncRequired
    delta_late      half of what changed is held back and comes with the next round
    delta_replay    what this round tells comes once more with the next one
    delta_twice     every object comes twice in the round, the second time as it is now
    empty_page, foreign_next, expired_page     as in a listing
"""

import re
import urllib.parse

import feed
import metadata
import query
import read
import render
from errors import GraphError, bad_request, unsupported
from request import Response

RELATIONS = {'user': ('manager',), 'group': ('members', 'owners'), 'orgContact': ('manager',),
             'application': ('owners',), 'servicePrincipal': ('owners',)}
SOFT = ('user', 'group', 'application', 'servicePrincipal')
OPTIONS = {'$select', '$filter', '$deltatoken', '$skiptoken', '$format'}
MAX_IDS = 50
ID_CLAUSE = re.compile(r"\s*id\s+eq\s+'([^']+)'\s*$", re.I)
ISOF = re.compile(r"isof\(\s*'microsoft\.graph\.(\w+)'\s*\)", re.I)


def collection(request, segment):
    """GET /users/delta and the like."""
    type_name = read.COLLECTIONS[segment]
    request.need(render.READ[type_name])
    return Round(request, segment, (type_name,)).answer()


def mixed(request):
    """GET /directoryObjects/delta, with isof() filters."""
    named = ISOF.findall(request.query.get('$filter', ''))
    kinds = {t.lower(): t for t in feed.TYPES}
    if any(n.lower() not in kinds for n in named):
        raise unsupported('The type of an isof() filter is not supported by delta.')
    types = tuple(kinds[n.lower()] for n in named) or feed.TYPES
    for one in types:
        request.need('Directory.Read.All|' + render.READ[one])
    return Round(request, 'directoryObjects', types).answer()


class Round:
    """One request of a round: which token it carries, which objects it tells."""

    def __init__(self, request, segment, types):
        self.request, self.tenant, self.segment = request, request.tenant, segment
        self.feed, self.types, self.fault = request.tenant.feed, types, request.page_fault
        self.minimal = 'return=minimal' in request.headers.get('prefer', '').replace(' ', '')

    def answer(self):
        options = self.request.query
        for name in options:
            if name.startswith('$') and name not in OPTIONS:
                raise unsupported("The query parameter '%s' is not supported for this resource."
                                  % name)
        self.refuse()
        self.feed.is_open = True
        if '$skiptoken' in options:
            data = self.token('$skiptoken', 'skip')
            self.options = data['options']
            return self.page(data)
        if '$deltatoken' in options and options['$deltatoken'].lower() != 'latest':
            data = self.token('$deltatoken', 'delta')
            self.options = data['options']
            return self.page(self.begin(data))
        self.options = {k: v for k, v in options.items() if k in ('$select', '$filter')}
        self.parse()
        if '$deltatoken' in options:
            return self.reply([], {'to': self.position(), 'again': []})
        return self.page({'what': 'skip', 'full': True, 'to': self.position(), 'at': 0,
                          'again': []})

    def position(self):
        """Where the round that begins now ends."""
        return self.feed.end

    def refuse(self):
        if self.fault == 'delta_gone':
            raise GraphError(410, 'resyncRequired', 'Resync required. Replace any local items with '
                             "the server's version and restart with a full synchronization.",
                             {'Location': self.url('$deltatoken', '')})
        if self.fault in ('delta_expired', 'delta_resync'):
            raise lost(self.fault)

    # -- tokens ---------------------------------------------------------------------------------

    def token(self, option, what):
        if len(self.request.query) > 1:
            raise bad_request('A token holds all query options; do not combine it with others.')
        tenant = self.tenant
        longest = tenant.settings['delta_token_lifetime_days'] * 86400
        if what == 'skip':
            longest = tenant.settings['page_token_lifetime_seconds']
        data = query.read_token(tenant, self.request.path.lower(), self.request.query[option],
                                dated=False)
        if data['what'] != what:
            raise bad_request('The specified token value is not valid.')
        for name in ('told', 'again'):  # too long for a token, see link()
            if data.get(name) and data[name] not in self.feed.lists:
                raise lost('delta_expired')
            data[name] = self.feed.lists.get(data.get(name), [])
        if tenant.now().timestamp() - data['born'] > longest or data.get('expired'):
            if what == 'delta':
                raise lost('delta_expired')
            raise GraphError(400, 'Directory_ExpiredPageToken', 'The specified page token value '
                             'has expired and can no longer be included in your request.')
        return data

    def begin(self, data):
        """A new round: what is told, and what the next one tells; each id with the position that
        its changes count from, because what was held back may have changed once more."""
        old = dict(one.split(' ') for one in data['again'])
        told = {one: old.get(one, str(data['to']))
                for one in [*self.feed.since(data['to'], self.types), *old]}
        told, again = [' '.join(one) for one in told.items()], []
        if self.fault == 'delta_late':
            again, told = told[::2], told[1::2]
        elif self.fault == 'delta_replay':
            again = told
        return {'what': 'skip', 'full': False, 'to': self.position(), 'at': 0,
                'told': told, 'again': again,
                'twice': self.fault == 'delta_twice'}

    def url(self, name, value):
        return '%s%s?%s=%s' % (self.request.origin, urllib.parse.quote(self.request.path,
                                                                       safe='/(),.'),
                               name, urllib.parse.quote(value, safe=''))

    def link(self, name, data):
        kept = {n: self.feed.keep(data.get(n)) for n in ('told', 'again')}
        return self.url(name, query.make_token(self.tenant, self.request.path.lower(),
                                               {**data, **kept, 'options': self.options}))

    # -- options --------------------------------------------------------------------------------

    def parse(self):
        """Selected properties and relations by type, and the ids of a filter."""
        text, self.names, self.links = self.options.get('$select'), {}, {}
        for kind in self.types:
            table = metadata.properties(kind, self.request.version)
            relations = RELATIONS.get(kind, ())
            if text is None:
                self.names[kind] = tuple(n for n in metadata.default_names(
                    kind, self.request.version) if n != 'id')
                self.links[kind] = ('members',) if kind == 'group' else ()
                continue
            wanted = self.of_type(kind, [p.strip() for p in text.split(',')])
            for name in wanted:
                if name not in table and name not in relations:
                    raise bad_request("Parsing OData Select and Expand failed: Could not find a "
                                      "property named '%s' on type 'microsoft.graph.%s'."
                                      % (name, kind))
                if name in table and set('SN') & set(table[name].flags):
                    raise GraphError(501, 'NotImplemented',
                                     'This operation target is not yet supported.')
            self.names[kind] = tuple(n for n in wanted if n in table and n != 'id')
            self.links[kind] = tuple(n for n in wanted if n in relations)
        self.parse_filter()

    def of_type(self, kind, names):
        if self.segment != 'directoryObjects':
            return names
        prefix = 'microsoft.graph.%s/' % kind.lower()
        return [n[len(prefix):] for n in names if n.lower().startswith(prefix)]

    def parse_filter(self):
        self.ids, text = None, self.options.get('$filter')
        if text is None:
            return
        rest = text
        if self.segment == 'directoryObjects':
            rest = re.sub(r'\s*(or|and)\s*$', '', re.sub(
                r'^\s*(or|and)\s*', '', re.sub(ISOF.pattern + r'(\s*(or|and)\s*)?', '', text,
                                               flags=re.I), flags=re.I), flags=re.I)
            if not rest.strip(' ()'):
                return
        clauses = [ID_CLAUSE.match(one) for one in re.split(r'\s+or\s+', rest.strip(' ()'))]
        if not all(clauses) or len(clauses) > MAX_IDS:
            raise unsupported('Only id eq filters, at most %d, are supported by delta.' % MAX_IDS)
        self.ids = {one.group(1).lower() for one in clauses}

    # -- pages ----------------------------------------------------------------------------------

    def page(self, data):
        self.parse()
        items = self.everything() if data['full'] else self.changes(data)
        if self.ids is not None:
            items = [one for one in items if one['id'] in self.ids]
        size = self.tenant.settings['delta_page_size']
        empty = self.fault in ('empty_page', 'foreign_next', 'expired_page')
        chunk = [] if empty else items[data['at']:data['at'] + size]
        end = data['at'] + len(chunk)
        if end < len(items) or empty:
            rest = {**data, 'at': end, 'expired': self.fault == 'expired_page'}
            link = self.link('$skiptoken', rest)
            if self.fault == 'foreign_next':
                link = link.replace(self.request.origin, 'https://graph.attacker.example.test', 1)
            return self.reply(chunk, None, link)
        return self.reply(chunk, {'to': data['to'], 'again': data['again']})

    def reply(self, items, done, link=None):
        out = {'@odata.context': self.request.context(self.segment + self.suffix())}
        if link:
            out['@odata.nextLink'] = link
        else:
            out['@odata.deltaLink'] = self.link('$deltatoken', {'what': 'delta', **done})
        return Response(200, {**out, 'value': items})

    def suffix(self):
        text = self.options.get('$select')
        return '(%s)' % text if text else ''

    def everything(self):
        """The initial round: live objects, and those that are soft-deleted as removed ones."""
        items = []
        for kind in self.types:
            for obj in self.tenant.order.get(kind, ()):
                items += self.slices(obj, self.shown(obj, None),
                                     {n: [o.id for o in self.tenant.linked(obj, n)]
                                      for n in self.links[kind]})
            items += [removed(o.id, 'changed') for o in self.tenant.by_type(kind, deleted=True)]
        return items

    def changes(self, data):
        found, items = {}, []
        for one, position in (pair.split(' ') for pair in data['told']):
            if position not in found:
                found[position] = self.feed.since(int(position), self.types)
            items += self.change(found[position][one])
        if data['twice']:
            items = items[::-1] + items
        return items

    def change(self, seen):
        obj = self.tenant.objects.get(seen.id)
        if obj is None:
            return [removed(seen.id, 'deleted')]
        if obj.deleted_at:
            return [removed(seen.id, 'changed' if obj.type in SOFT else 'deleted')]
        targets = {n: list(t) for n, t in seen.targets.items() if n in self.links[obj.type]}
        names = seen.names & set(self.names[obj.type])
        if not seen.life and not names and not targets:
            return []
        return self.slices(obj, self.shown(obj, None if seen.life else names), targets)

    def shown(self, obj, changed):
        """Properties of an item; changed None: all that have a value count as changed."""
        item = {'@odata.type': render.odata_type(obj)} if len(self.types) > 1 else {}
        item['id'] = obj.id
        known = set(obj.props)
        names = [n for n in self.names[obj.type] if n in known or (changed and n in changed)]
        if self.minimal and changed is not None:
            names = [n for n in names if n in changed]
        item.update(render.to_dict(obj, names))
        return item

    def slices(self, obj, item, targets):
        """The same object repeated, each time with the next part of its links."""
        parts, size = [], self.tenant.settings['delta_slice']
        for name, ids in targets.items():
            parts += [(name, ids[at:at + size]) for at in range(0, len(ids), size)] or []
        if not parts:
            return [item]
        return [{**item, name + '@delta': [self.target(obj, name, one) for one in ids]}
                for name, ids in parts]

    def target(self, obj, name, one):
        other = self.tenant.objects.get(one)
        out = {'@odata.type': render.odata_type(other) if other else '#microsoft.graph.user',
               'id': one}
        if other is None or other.deleted_at or one not in obj.links.get(name, ()):
            out['@removed'] = {'reason': 'deleted'}
        return out


def removed(one, reason):
    return {'id': one, '@removed': {'reason': reason}}


def lost(how):
    if how == 'delta_resync':
        return GraphError(400, 'resyncRequired', 'Resync required. Restart with a full '
                          'synchronization.')
    return GraphError(400, 'syncStateNotFound', 'The sync state generation is not found; the token '
                      'has expired, and the data must be synchronized again.')
