# SPDX-License-Identifier: Apache-2.0
"""A proxy for tests: CONNECT only, with or without Basic authentication; it counts its tunnels."""
import base64
import select
import socket
import socketserver
import threading


class Proxy:
    def __init__(self, target, user=None):
        """Every tunnel ends at target, whatever name was asked for."""
        self.target, self.wanted, self.tunnels, self.refused = target, None, 0, 0
        if user:
            self.wanted = "Basic " + base64.b64encode(user.encode()).decode()
        proxy = self

        class Handler(socketserver.StreamRequestHandler):
            def handle(self):
                proxy.serve(self)
        self.front = socketserver.ThreadingTCPServer(("127.0.0.1", 0), Handler)
        self.front.daemon_threads = True
        self.url = f"http://127.0.0.1:{self.front.server_address[1]}"
        threading.Thread(target=self.front.serve_forever, daemon=True).start()

    def stop(self):
        self.front.shutdown()
        self.front.server_close()

    def serve(self, handler):
        while True:
            words = handler.rfile.readline().decode("latin-1").split()
            head = {}
            while (line := handler.rfile.readline().strip()):
                name, _, value = line.decode("latin-1").partition(":")
                head[name.lower()] = value.strip()
            if not words:
                return
            if words[0] == "CONNECT" and self.wanted in (None, head.get("proxy-authorization")):
                break
            self.refused += 1
            handler.wfile.write(b"HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: "
                                b"Basic realm=\"test\"\r\nContent-Length: 0\r\n\r\n")
        self.tunnels += 1
        handler.wfile.write(b"HTTP/1.1 200 Connection established\r\n\r\n")
        with socket.create_connection(self.target) as far:
            pair = {handler.connection: far, far: handler.connection}
            while True:
                for one in select.select(list(pair), [], [])[0]:
                    data = one.recv(65536)
                    if not data:
                        return
                    pair[one].sendall(data)
