# SPDX-License-Identifier: Apache-2.0
"""The summary of a cycle for people."""

SHOWN = 20


def counts(table):
    return ', '.join('%s %d' % (name, n) for name, n in sorted(table.items())) or 'none'


def some(title, rows, line):
    """Lines of a list, shortened; nothing for an empty one."""
    if not rows:
        return []
    lines = ['%s: %d' % (title, len(rows))] + ['  ' + line(row) for row in rows[:SHOWN]]
    if len(rows) > SHOWN:
        lines.append('  ... and %d more' % (len(rows) - SHOWN))
    return lines


def operation(row):
    names = ', '.join(sorted(row['attributes'] or ())) if row['op'] == 'update' else ''
    return '%s %s %s%s%s' % (row.get('action') or row['op'], row['type'], row['dn'],
                             ' [%s]' % row['reason'], ' ' + names if names else '')


def text(report):
    """Readable report."""
    mode = [report['engine'], 'full' if report['full'] else 'delta']
    mode += [word for word in ('staging', 'preview') if report[word]]
    ad, entra = report['imports']['ad'], report['imports']['entra']
    lines = ['sync cycle (%s): %s' % (', '.join(mode), report['status']),
             'import AD: %d read in %d pages; in scope: %s' % (ad['read'], ad['pages'],
                                                             counts(ad['inScope'])),
             'import Entra: %s' % counts(entra)]
    lines[1:1] = ['rules: ' + note for note in report.get('rules', ())]
    for reason, number in sorted(ad['filtered'].items()):
        lines.append('  out of scope: %d: %s' % (number, reason))
    for op, kinds in sorted(report['pending'].items()):
        lines.append('pending %s: %s' % (op, counts(kinds)))
    for kind, actions in sorted(report['exports'].items()):
        lines.append('export %s: %s' % (kind, counts(actions)))
    if report['references']:
        lines.append('export references: %d' % report['references'])
    if report['status'].startswith(('stopped', 'quarantine')):
        lines.append('WARNING: %(pendingDeletes)d deletions pending, threshold %(limit)d: '
                     'nothing was deleted' % report['threshold'])
    if report['waiting']:
        lines.append('WARNING: changed settings wait for a full cycle: %s'
                     % ', '.join(report['waiting']))
    lines += ['WARNING: ' + w for w in report['warnings'][:SHOWN]]
    lines += some('operations', report['operations'], operation)
    lines += some('quarantined', report['quarantined'], lambda r: '%s: %s' % (
        r['dn'], ', '.join(v['attribute'] + '=' + v['value'] for v in r['values'])))
    lines += some('skipped', report['skipped'], lambda r: '%s: %s' % (r['dn'], r['reason']))
    lines += some('events', report['events'], lambda r: '%d %s %s' % (r['id'], r['dn'] or '',
                                                                     r['text']))
    lines += some('errors', report['errors'], lambda r: '%s %s: %s' % (r['error'], r['dn'],
                                                                      r['message']))
    return '\n'.join(lines)
