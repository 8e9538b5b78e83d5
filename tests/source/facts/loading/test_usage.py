from __future__ import annotations

import pytest

from source.source_facts import module_of
from torchload_lint.source.facts.calls import Use

USES = {
    # the body of a function of p and m, and what becomes of the loaded value
    "the same expression": ("m.load_state_dict(torch.load(p))", Use.STATE_DICT),
    "further arguments": ("m.load_state_dict(torch.load(p), strict=False)", Use.STATE_DICT),
    "by keyword": ("m.load_state_dict(state_dict=torch.load(p))", Use.STATE_DICT),
    "a local": ("s = torch.load(p)\nm.load_state_dict(s)", Use.STATE_DICT),
    "an annotated local": ("s: dict = torch.load(p)\nm.load_state_dict(s)", Use.STATE_DICT),
    "a walrus": ("m.load_state_dict(s := torch.load(p))", Use.STATE_DICT),
    "two locals": ("s = torch.load(p)\nt = s\nm.load_state_dict(t)", Use.STATE_DICT),
    "twice": ("s = torch.load(p)\nm.load_state_dict(s)\nn.load_state_dict(s)", Use.STATE_DICT),
    "then deleted": ("s = torch.load(p)\nm.load_state_dict(s)\ndel s", Use.STATE_DICT),
    "printed": ("s = torch.load(p)\nprint(len(s))\nm.load_state_dict(s)", Use.STATE_DICT),
    "copied": ("m.load_state_dict(OrderedDict(torch.load(p)))", Use.STATE_DICT),
    "an item": ("m.load_state_dict(torch.load(p)['model'])", Use.STATE_DICT_ITEM),
    "an item by get": ("m.load_state_dict(torch.load(p).get('model'))", Use.STATE_DICT_ITEM),
    "an item of a local": ("c = torch.load(p)\nm.load_state_dict(c['model'])", Use.STATE_DICT_ITEM),
    "perhaps an item": (
        "c = torch.load(p)\nif 'model' in c:\n    c = c['model']\nm.load_state_dict(c)",
        Use.STATE_DICT_ITEM,
    ),
    "an item taken out": (
        "c = torch.load(p)\nc.pop('args', None)\nm.load_state_dict(c)",
        Use.STATE_DICT_ITEM,
    ),
    "items replaced": ("c = torch.load(p)\nc['a'] = 1\nm.load_state_dict(c)", Use.STATE_DICT_ITEM),
    "keys": ("c = torch.load(p)\nc.keys()\nm.load_state_dict(c)", Use.STATE_DICT_ITEM),
    "a method of a module": ("m = torch.load(p)\nm.eval()\nreturn m", Use.OBJECT),
    "moved": ("m = torch.load(p).to('cpu')\nm.eval()\nreturn m", Use.OBJECT),
    "a module or a tensor": ("m = torch.load(p).to('cpu')\nreturn m", Use.UNKNOWN),
    "called": ("m = torch.load(p)\nreturn m(x)", Use.OBJECT),
    # nothing is known
    "returned": ("return torch.load(p)", Use.UNKNOWN),
    "in very many places": ("s = torch.load(p)\n" + "m.load_state_dict(s)\n" * 201, Use.UNKNOWN),
    "a local returned": ("s = torch.load(p)\nm.load_state_dict(s)\nreturn s", Use.UNKNOWN),
    "stored": ("self.s = torch.load(p)", Use.UNKNOWN),
    "passed on": ("f(torch.load(p))", Use.UNKNOWN),
    "also passed on": ("s = torch.load(p)\nf(s)\nm.load_state_dict(s)", Use.UNKNOWN),
    "thrown away": ("torch.load(p)", Use.UNKNOWN),
    "another item used": (
        "c = torch.load(p)\nm.load_state_dict(c['m'])\nreturn c['args'].x", Use.UNKNOWN),
    "the second argument": ("m.load_state_dict(x, torch.load(p))", Use.UNKNOWN),
    "used by an inner function": (
        "s = torch.load(p)\ndef g():\n    return s\nm.load_state_dict(s)", Use.UNKNOWN),
    "global": ("global s\ns = torch.load(p)\nm.load_state_dict(s)", Use.UNKNOWN),
    "looped over": ("for x in torch.load(p): pass", Use.UNKNOWN),
    "a tuple": ("a, b = torch.load(p)\nm.load_state_dict(a)", Use.UNKNOWN),
    "an object in a tuple": ("net, n = torch.load(p)\nnet.eval()\nreturn n", Use.OBJECT),
    "a tensor in a tuple": ("w, n = torch.load(p)\nw.tag = 1\nreturn w.shape, w.tag", Use.UNKNOWN),
    "added as a module": ("self.add_module('b', torch.load(p))", Use.OBJECT),
    "an attribute": ("c = torch.load(p)\nreturn c.args", Use.OBJECT),
    "what tensors have": ("c = torch.load(p)\nreturn c.shape", Use.UNKNOWN),
    "a key of something": ("x[torch.load(p)]", Use.UNKNOWN),
    "perhaps another object": (
        "m = torch.load(p)\nif a:\n    m = f()\nm.eval()", Use.UNKNOWN),
}  # fmt: skip


@pytest.mark.parametrize("case", USES)
def test_use(case):
    body, use = USES[case]
    indented = "".join(f"    {line}\n" for line in body.splitlines())
    head = "import torch\nfrom collections import OrderedDict\n"
    (load,) = module_of(f"{head}def f(p, m, self):\n{indented}").loads
    assert load.use is use


def test_module_level():
    (load,) = module_of("import torch\ns = torch.load(p)\nm.load_state_dict(s)\n").loads
    assert load.use is Use.STATE_DICT
