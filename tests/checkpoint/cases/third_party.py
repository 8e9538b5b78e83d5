"""What other libraries put into checkpoints; uninstalled ones are played by planted classes."""

from __future__ import annotations

import argparse
import enum
import pathlib
import random
from collections import OrderedDict

import torch
from torch import nn

from checkpoint.cases.registry import (
    ALLOWLIST,
    AS_IS,
    IMPOSSIBLE,
    Case,
    add,
    planted,
    save_all,
    saved,
    saved_bytes,
)


def instance(dotted: str, **state: object) -> object:
    """An object of a planted class with this state."""
    value = planted(dotted)()
    value.__dict__.update(state)
    return value


LIGHTNING = {
    "epoch": 3,
    "global_step": 10,
    "pytorch-lightning_version": "2.1.0",
    "state_dict": OrderedDict(w=torch.ones(1)),
    "loops": {"fit_loop": {"state_dict": {}, "epoch_progress": {"total": {"ready": 3}}}},
    "callbacks": {"ModelCheckpoint{'monitor': None}": {"best_model_score": torch.tensor(0.5)}},
    "optimizer_states": [{"state": {}, "param_groups": [{"lr": 0.1, "params": [0]}]}],
    "lr_schedulers": [],
    "hparams_name": "kwargs",
    "hyper_parameters": {"lr": 0.1},
}


@saved("third", AS_IS)
def lightning_ckpt():
    return LIGHTNING


@saved("third", ALLOWLIST)
def lightning_ckpt_hparams_rich():
    return LIGHTNING | {
        "hyper_parameters": {
            "root": pathlib.PosixPath("/data"),
            "args": argparse.Namespace(lr=1),
            "act": nn.ReLU,
        }
    }


@saved("third", IMPOSSIBLE)
def lightning_attributedict():
    cls = planted("lightning.fabric.utilities.data.AttributeDict", dict)
    return LIGHTNING | {"hyper_parameters": cls(lr=0.1, size=3)}


@saved("third", IMPOSSIBLE)
def hf_modeloutput():
    cls = planted("transformers.modeling_outputs.BaseModelOutput", OrderedDict)
    value = cls(last_hidden_state=torch.ones(1))
    value.__dict__["last_hidden_state"] = value["last_hidden_state"]
    return value


@saved("third", ALLOWLIST)
def hf_training_args():
    def member(dotted: str, **members: str) -> object:
        return next(iter(planted(dotted, enum.Enum, **members)))

    return instance(
        "transformers.training_args.TrainingArguments",
        output_dir="out",
        lr_scheduler_type=member("transformers.trainer_utils.SchedulerType", LINEAR="linear"),
        optim=member("transformers.training_args.OptimizerNames", ADAMW="adamw_torch"),
        logging_strategy=member("transformers.trainer_utils.IntervalStrategy", STEPS="steps"),
        hub_strategy=member("transformers.trainer_utils.HubStrategy", ALL="all"),
        accelerator_config=instance("transformers.trainer_pt_utils.AcceleratorConfig", split=False),
        state=instance("accelerate.state.PartialState", backend=None),
    )


@saved("third", ALLOWLIST, requires=("numpy",))
def hf_rng_state():
    import numpy as np

    return {
        "python": random.getstate(),
        "numpy": np.random.get_state(),  # noqa: NPY002
        "cpu": torch.get_rng_state(),
    }


@saved("third", ALLOWLIST, requires=("pandas",))
def pandas_missing_value():
    import pandas as pd

    return {"value": pd.NA}


@saved("third", ALLOWLIST, requires=("pandas",))
def pandas_df():
    import pandas as pd

    return pd.DataFrame({"a": [1, 2], "b": ["x", "y"]})


@saved("third", ALLOWLIST, requires=("sklearn",))
def sklearn_scaler():
    import numpy as np
    from sklearn.preprocessing import StandardScaler

    return StandardScaler().fit(np.array([[1.0], [2.0]]))


@saved("third", ALLOWLIST, requires=("scipy",))
def scipy_sparse():
    import scipy.sparse

    return scipy.sparse.csr_matrix([[1.0, 0.0]])


def _dill_state_dict() -> bytes:
    import dill

    return saved_bytes(nn.Linear(2, 2).state_dict(), pickle_module=dill)


add(Case("dill_state_dict", "third", _dill_state_dict, truth=AS_IS, requires=("dill",)))


def _cloudpickled() -> bytes:
    import cloudpickle

    return saved_bytes({"f": lambda x: x + 1}, pickle_module=cloudpickle)


add(Case("cloudpickle_lambda", "third", _cloudpickled, requires=("cloudpickle",)))


def _pandas(make: str) -> object:
    import pandas as pd

    return {
        "series": lambda: pd.Series([1.0, 2.0], name="a"),
        "timestamp": lambda: pd.Timestamp("2024-01-01"),
        "index": lambda: pd.Index([1, 2, 3]),
        "categorical": lambda: pd.Categorical(["a", "b"]),
        "float_frame": lambda: pd.DataFrame({"a": [1.0], "b": [2.0]}),
    }[make]()


save_all(
    "third",
    {
        f"pandas_{kind}": lambda kind=kind: _pandas(kind)
        for kind in ("series", "timestamp", "index", "categorical", "float_frame")
    },
    requires=("pandas",),
)


def _sklearn(make: str) -> object:
    import numpy as np
    from sklearn import decomposition, linear_model, preprocessing

    points = np.array([[1.0, 2.0], [2.0, 1.0], [3.0, 3.0]])
    return {
        "minmax": lambda: preprocessing.MinMaxScaler().fit(points),
        "label_encoder": lambda: preprocessing.LabelEncoder().fit(["a", "b"]),
        "pca": lambda: decomposition.PCA(1).fit(points),
        "regression": lambda: linear_model.LinearRegression().fit(points, [1.0, 2.0, 3.0]),
    }[make]()


save_all(
    "third",
    {
        f"sklearn_{kind}": lambda kind=kind: _sklearn(kind)
        for kind in ("minmax", "label_encoder", "pca", "regression")
    },
    requires=("sklearn",),
)


def _omegaconf(value: object) -> object:
    from omegaconf import OmegaConf

    return OmegaConf.create(value)


save_all(
    "third",
    {
        "omegaconf_dict": lambda: {"cfg": _omegaconf({"lr": 0.1, "net": {"size": 3}})},
        "omegaconf_list": lambda: {"cfg": _omegaconf([1, 2])},
        "omegaconf_empty": lambda: _omegaconf({}),
    },
    requires=("omegaconf",),
)


@saved("third", requires=("easydict",))
def easydict_():
    from easydict import EasyDict

    return EasyDict(lr=0.1, net={"size": 3})


@saved("third", requires=("networkx",))
def networkx_graph():
    import networkx as nx

    return nx.path_graph(3)


@saved("third", requires=("scipy",))
def scipy_coo():
    import scipy.sparse

    return scipy.sparse.coo_matrix([[1.0, 0.0]])


@saved("third", requires=("attr",))
def attrs_class():
    import attr

    @attr.s(auto_attribs=True)
    class Settings:
        a: int
        b: int

    return {"factory": attr.Factory(list), "class": attr.Attribute, "kept": vars(Settings(1, 2))}


@saved("third")
def ultralytics_checkpoint():
    """Whole models of a library, as YOLO checkpoints have them."""
    net = instance(
        "ultralytics.nn.tasks.DetectionModel", training=False, yaml={"nc": 3}, names={0: "a"}
    )
    return {"epoch": -1, "model": net, "ema": None, "train_args": {"data": "coco.yaml"}}


@saved("third")
def fairseq_checkpoint():
    return {
        "args": argparse.Namespace(arch="x"),
        "model": {"w": torch.ones(1)},
        "last_optimizer_state": None,
    }


@saved("third")
def fairseq_dictionary():
    return {"task_state": {"dict": instance("fairseq.data.dictionary.Dictionary", symbols=["a"])}}


@saved("third")
def deepspeed_checkpoint():
    return {
        "optimizer_state_dict": {
            "loss_scaler": instance("deepspeed.runtime.fp16.loss_scaler.LossScaler", cur=1.0)
        },
        "ds_version": "0.9",
    }


@saved("third")
def torch_geometric_data():
    return instance(
        "torch_geometric.data.data.Data",
        _store=instance("torch_geometric.data.storage.GlobalStorage"),
    )


@saved("third")
def mmengine_config_dict():
    cls = planted("mmengine.config.config.ConfigDict", dict)
    return {"meta": {"cfg": cls(lr=0.1)}, "state_dict": {}}


@saved("third")
def mmengine_history_buffer():
    return {
        "message_hub": {
            "log_scalars": {"loss": instance("mmengine.logging.history_buffer.HistoryBuffer", n=1)}
        }
    }


@saved("third")
def torchtext_vocab():
    return instance("torchtext.vocab.Vocab", stoi={"a": 0}, itos=["a"])


@saved("third")
def pyannote_specifications():
    member = planted("pyannote.audio.core.task.Problem", enum.Enum, MONO=1)
    return LIGHTNING | {
        "specs": instance("pyannote.audio.core.task.Specifications", problem=next(iter(member)))
    }


@saved("third")
def yacs_node():
    cls = planted("yacs.config.CfgNode", dict)
    return {"cfg": cls(), "model": {}}


@saved("third")
def yacs_node_filled():
    cls = planted("yacs.config.CfgNode", dict)
    value = cls(a=1)
    value.__dict__["__immutable__"] = False
    return {"cfg": value}


@saved("third")
def box_list_subclass():
    cls = planted("box.box_list.BoxList", list)
    return {"list": cls([1, 2])}
