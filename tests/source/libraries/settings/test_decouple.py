"""Settings that are read with decouple, beside the programs in ``fixtures/paths/decouple``."""

from __future__ import annotations

from source.resolving import resolve, texts
from torchload_lint.source.domain.patterns import Rung

CALL = "from decouple import config\ntorch.load(config('CHECKPOINT', default='own.pt'))\n"
INI = "[settings]\nCHECKPOINT = {}\n"


def test_the_environment_may_always_say_otherwise():
    for files in ({}, {".env": "CHECKPOINT=runs/a.pt\n"}):
        found = resolve(CALL, files)
        assert not found.complete
        assert "the environment variable CHECKPOINT may say otherwise" in found.unknown


def test_a_default_and_a_file_are_told_apart():
    (default,) = resolve(CALL).patterns
    (file,) = resolve(CALL, {".env": "CHECKPOINT=runs/a.pt\n"}).patterns
    assert (default.rung, file.rung) == (Rung.DEFAULT, Rung.CONFIG_FILE)


def test_the_nearest_file_holds_and_settings_ini_comes_first_in_its_folder():
    files = {".env": "CHECKPOINT=env.pt\n", "settings.ini": INI.format("ini.pt")}
    assert texts(resolve(CALL, files)) == ["ini.pt"]
    assert texts(resolve(CALL, {**files, "tools/.env": "X=1\n"}, at="tools/main.py")) == ["own.pt"]
    assert texts(resolve(CALL, files, at="tools/main.py")) == ["ini.pt"]


def test_a_file_that_cannot_be_read_gives_nothing():
    for broken in ("CHECKPOINT = a.pt\n", "[settings\n", INI.format("%(missing)s"), "[other]\n"):
        assert texts(resolve(CALL, {"settings.ini": broken})) == ["own.pt"]


def test_an_object_of_another_file_is_called_by_its_name_there():
    others = {
        "settings.py": "from decouple import Config, RepositoryEnv\n"
        "settings = Config(RepositoryEnv('conf/a.env'))\n",
        "conf/a.env": "CHECKPOINT=runs/a.pt\n",
    }
    source = "from settings import settings\ntorch.load(settings('CHECKPOINT'))\n"
    assert texts(resolve(source, others)) == ["runs/a.pt"]


def test_what_load_dotenv_puts_into_the_environment_comes_first():
    source = "from dotenv import load_dotenv\nload_dotenv('a.env')\n" + CALL
    files = {"a.env": "CHECKPOINT=a.pt\n", ".env": "CHECKPOINT=b.pt\n"}
    assert texts(resolve(source, files)) == ["a.pt"]
