"""Faces of pictures by HTTP, on a machine without a display: python server.py [PORT]

Then: curl --data-binary @face.jpg localhost:PORT
"""

import json
import sys
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import cv2
import numpy as np

from morph import Tracker

LOCAL = threading.local()


class Handler(BaseHTTPRequestHandler):
    """Answers a picture with a list of faces."""

    protocol_version = "HTTP/1.1"  # a client that keeps its connection keeps its thread, and with it its tracker

    def do_POST(self) -> None:
        data = self.rfile.read(int(self.headers["Content-Length"]))
        picture = cv2.imdecode(np.frombuffer(data, np.uint8), cv2.IMREAD_COLOR)
        if picture is None:
            self.send_error(415, "no picture")
            return
        if not hasattr(LOCAL, "tracker"):
            LOCAL.tracker = Tracker(level=0, max_faces=8)  # one a thread
        LOCAL.tracker.forget()  # pictures that have nothing to do with each other
        body = json.dumps([face.to_dict() for face in LOCAL.tracker.process(picture, bgr=True)]).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


if __name__ == "__main__":
    server = ThreadingHTTPServer(("127.0.0.1", int(sys.argv[1]) if len(sys.argv) > 1 else 8000), Handler)
    print(f"listening on port {server.server_address[1]}", flush=True)
    server.serve_forever()
