"""Servers count as threads that may load, but for those that are known to start none."""

from __future__ import annotations

import pytest

from rules.in_memory import World, needing
from torchload_lint.diagnostic import Applicability
from torchload_lint.linter import lint

READ = "import torch\ndef read():\n    return torch.load('a.pt')\n"
HANDLER = "class Handler(BaseHTTPRequestHandler):\n    def do_GET(self): answer()\n"
HTTP = f"from http.server import BaseHTTPRequestHandler, HTTPServer\n{HANDLER}"
SERVE = "HTTPServer(('', 80), Handler).serve_forever()\n"
WITHOUT_THREADS = {
    "a plain server": HTTP + SERVE,
    "of TCP": "import socketserver\nclass H(socketserver.BaseRequestHandler): ...\n"
    "socketserver.TCPServer(('', 80), H).serve_forever()\n",
    "by the name of its module": "import http.server\nimport http.client as c\n"
    "class H(http.server.BaseHTTPRequestHandler): ...\n"
    "http.server.HTTPServer(('', 80), H).serve_forever()\n",
    "by the module's other name": "from http import \\\n  server as s, HTTPStatus\n"
    "class H(s.BaseHTTPRequestHandler): ...\ns.HTTPServer(('', 80), H).serve_forever()\n",
    "a class of its own": f"{HTTP}class S(HTTPServer):\n    pass\nS(('', 80), Handler)\n",
    "processes": f"import socketserver\n{HTTP}"
    "class S(socketserver.ForkingMixIn, HTTPServer): ...\nS(('', 80), Handler)\n",
    "in a process of its own": f"from multiprocessing import Process\n{HTTP}"
    f"class P(Process):\n    def run(self):\n        {SERVE}P().start()\n",
}
WITH_THREADS = {
    "by its name": f"{HTTP}from http.server import ThreadingHTTPServer\n{SERVE}",
    "by a mixin": f"{HTTP}from socketserver import ThreadingMixIn\n"
    f"class S(ThreadingMixIn, HTTPServer): ...\n{SERVE}",
    "by a base that is not known": f"{HTTP}import kit\nclass S(kit.Base, HTTPServer): ...\n{SERVE}",
    "by a base of a base": f"{HTTP}from kit import A\nclass B(A): ...\n"
    f"class S(B, HTTPServer): ...\n{SERVE}",
    "by a metaclass": f"{HTTP}class S(HTTPServer, metaclass=make()): ...\n{SERVE}",
    "by type": f"{HTTP}S = type('S', (kit, HTTPServer), {{}})\n{SERVE}",
    "everything": f"from http.server import *\n{HANDLER}{SERVE}",
    "the module, handed on": f"import http.server as h\n{HTTP}go(h)\n{SERVE}",
    "by an attribute": f"import http.server as h\n{HTTP}h.ThreadingHTTPServer(('', 80), Handler)\n",
    "the module's own function": f"{HTTP}from http.server import test\ntest(Handler)\n{SERVE}",
    "a changed class": f"{HTTP}HTTPServer.process_request = other\n{SERVE}",
    "no server beside the handler": "from http.server import BaseHTTPRequestHandler as B\n",
    "handlers alone": "from http.server import BaseHTTPRequestHandler\n"
    f"{HANDLER}kit.serve(Handler)\n",
    "a thread that serves": f"{HTTP}import threading\ns = HTTPServer(('', 80), Handler)\n"
    "threading.Thread(target=s.serve_forever).start()\n",
    "a thread that comes to serve": f"{HTTP}import threading\ndef go():\n    {SERVE}"
    "def start(): go()\nthreading.Thread(target=start).start()\n",
    "a thread's class": f"{HTTP}from threading import Thread\n"
    f"class T(Thread):\n    def run(self):\n        {SERVE}T().start()\n",
    "a pool": f"{HTTP}from concurrent.futures import ThreadPoolExecutor\n"
    "pool = ThreadPoolExecutor(4)\nclass S(HTTPServer):\n    def process_request(self, r, a):\n"
    "        pool.submit(self.go, r, a)\n    def go(self, r, a): self.finish_request(r, a)\n",
    "behind another import": "import os, flask\napp = flask.Flask('a')\n",
    "on a continued row": "import \\\n  flask\napp = flask.Flask('a')\n",
    "of a package": "from http import server\nserver.ThreadingHTTPServer(('', 80), None)\n",
}


def fix_beside(files):
    world = World(files=files, checkpoints={"a.pt": needing("argparse.Namespace")})
    module, _, context = world.read(READ)
    (found,) = [found for found in lint(module, context) if found.code == "TLL103"]
    return found.fix


@pytest.mark.parametrize("server", WITHOUT_THREADS.values(), ids=WITHOUT_THREADS)
def test_a_server_that_answers_in_the_calling_thread_leaves_fixes_safe(server):
    assert fix_beside({"served.py": server}).applicability is Applicability.SAFE


@pytest.mark.parametrize("server", WITH_THREADS.values(), ids=WITH_THREADS)
def test_a_server_that_may_answer_in_threads_makes_fixes_unsafe(server):
    fix = fix_beside({"served.py": server})
    assert fix.applicability is Applicability.UNSAFE
    assert "hands a thread what may load" in fix.risk


def test_a_server_that_another_file_inherits_from_may_be_of_another_kind():
    server = f"{HTTP}class Own(HTTPServer): ...\nOwn(('', 80), Handler).serve_forever()\n"
    other = "import kit\nfrom served import Own\nclass Both(kit.Base, Own): ...\n"
    assert fix_beside({"served.py": server}).applicability is Applicability.SAFE
    fix = fix_beside({"served.py": server, "other.py": other})
    assert fix.applicability is Applicability.UNSAFE
