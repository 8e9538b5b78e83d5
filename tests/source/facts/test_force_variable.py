from __future__ import annotations

import pytest

from source.source_facts import module_of

VARIABLE = "TORCH_FORCE_NO_WEIGHTS_ONLY_LOAD"
SET = {
    "os.environ['V'] = '1'": ("assignment", "1"),
    "os.environ['V'] = 'True'": ("assignment", "true"),
    "environ['V'] = str(1)": ("assignment", "1"),
    "os.environ['V'] = x": ("assignment", None),
    "x = 'yes'\nos.environ['V'] = x": ("assignment", "yes"),
    "K = 'V'\nos.environ[K] = '1'": ("assignment", "1"),
    "os.environ.setdefault('V', '1')": ("setdefault", "1"),
    "os.putenv('V', '1')": ("putenv", "1"),
    "monkeypatch.setenv('V', '1')": ("setenv", "1"),
    "os.environ.update(V='1')": ("mapping", "1"),
    "os.environ.update({'V': '1'})": ("mapping", "1"),
    "run(c, env={**os.environ, 'V': '1'})": ("mapping", "1"),
    "run(c, env=dict(os.environ, V='1'))": ("mapping", "1"),
    "mock.patch.dict(os.environ, {'V': '1'})": ("mapping", "1"),
    "os.system('V=1 python x.py')": ("command", "1"),
    "run(['env', 'V=1', 'python'])": ("command", "1"),
}


@pytest.mark.parametrize("code", SET)
def test_the_variable_is_set(code):
    (switch,) = module_of(code.replace("V", VARIABLE)).environment
    assert (switch.how, switch.value) == SET[code]


@pytest.mark.parametrize(
    "code",
    [
        "os.environ['V'] = '0'",
        "os.environ['V'] = ''",
        "os.environ.setdefault('V', 'false')",
        "os.environ.get('V')",
        "os.environ['V']",
        "os.getenv('V', '1')",
        "'V' in os.environ",
        "os.environ.pop('V', None)",
        "del os.environ['V']",
        "monkeypatch.delenv('V')",
        "raise ValueError('set V')",
        '"""Run with V=1."""',
        "# V=1",
        "os.system('V=0 python x.py')",
        "os.environ['OTHER_V'] = '1'",
        "x = 'V'",
    ],
)
def test_the_variable_is_not_set(code):
    assert module_of(code.replace("V", VARIABLE)).environment == ()
