# SPDX-License-Identifier: Apache-2.0
"""The engine's connection to the sync service of the lab tenant."""

import http.client
import json
import ssl
import urllib.parse

BATCH_OPERATIONS, BATCH_BYTES = 500, 2 << 20
PAGE = 2000


class CloudError(Exception):
    """The service is unreachable or refuses to sync."""


class Cloud:
    def __init__(self, lab, audit=True):
        url = urllib.parse.urlsplit(lab.tenant_url)
        self.host, self.port, self.prefix = url.hostname, url.port or 443, url.path.rstrip('/')
        self.secure, self.key, self.audit = url.scheme == 'https', lab.tenant_key, audit
        self.tls = ssl.create_default_context(cafile=lab.ca_file) if self.secure else None
        self.link, self.requests = None, 0

    def call(self, method, name, body=None):
        text = None if body is None else json.dumps(body, ensure_ascii=False).encode()
        return self.send(method, name, text)

    def send(self, method, name, text):
        headers = {'X-Lab-Key': self.key, 'Content-Type': 'application/json'}
        path = '%s/sync/%s' % (self.prefix, name)
        try:
            if self.link is None:
                self.link = http.client.HTTPSConnection(
                    self.host, self.port, context=self.tls, timeout=300) if self.secure else \
                    http.client.HTTPConnection(self.host, self.port, timeout=300)
            self.link.request(method, path, text, headers)
            answer = self.link.getresponse()
            data = json.loads(answer.read() or b'{}')
        except (OSError, ValueError, http.client.HTTPException) as error:
            self.link = None
            raise CloudError('%s %s: %s' % (method, path, error)) from error
        self.requests += 1
        if answer.status != 200:
            raise CloudError('%s: %s' % (data.get('error', answer.status),
                                         data.get('message', '')))
        return data

    def status(self):
        return self.call('GET', 'status')

    def rows(self, view='full'):
        """Everything that sync owns in the tenant, and the soft-deleted objects with an anchor."""
        found, deleted, after = [], [], 0
        while after is not None:
            page = self.call('POST', 'import', {'after': after, 'limit': PAGE, 'view': view})
            found += page['rows']
            deleted += page.get('deleted', ())
            after = page['next']
        return found, deleted

    def export(self, operations, engine):
        """Results in the order of operations; batches are bounded by number and by size."""
        results, batch, size = [], [], 0
        for one in operations:
            text = json.dumps(one, ensure_ascii=False)
            if batch and (len(batch) == BATCH_OPERATIONS or size + len(text) > BATCH_BYTES):
                results += self.send_batch(batch, engine)
                batch, size = [], 0
            batch.append(text)
            size += len(text.encode())
        if batch:
            results += self.send_batch(batch, engine)
        return results

    def send_batch(self, batch, engine):
        text = '{"engine":%s,"audit":%s,"operations":[%s]}' % (
            json.dumps(engine), json.dumps(self.audit), ','.join(batch))
        results = self.send('POST', 'export', text.encode())['results']
        if len(results) != len(batch):
            raise CloudError('the service answered %d of %d operations' % (len(results),
                                                                           len(batch)))
        return results

    def complete(self, engine):
        return self.call('POST', 'complete', {'engine': engine})
