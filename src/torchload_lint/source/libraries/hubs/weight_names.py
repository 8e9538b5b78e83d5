"""What libraries call the files of their models: constants that programs import.

Source: the constants of these names in ``transformers.utils``, ``transformers.trainer``,
``diffusers.utils.constants``, ``accelerate.utils.constants`` and ``peft.utils.constants``.
"""

_TRANSFORMERS = ("transformers", "transformers.utils", "transformers.file_utils")
TEXTS = {
    **dict.fromkeys(
        [
            *(f"{module}.WEIGHTS_NAME" for module in _TRANSFORMERS),
            "transformers.modeling_utils.WEIGHTS_NAME",
            "pytorch_pretrained_bert.file_utils.WEIGHTS_NAME",
            "pytorch_transformers.WEIGHTS_NAME",
            "accelerate.utils.WEIGHTS_NAME",
            "accelerate.utils.constants.WEIGHTS_NAME",
        ],
        "pytorch_model.bin",
    ),
    "transformers.trainer.OPTIMIZER_NAME": "optimizer.pt",
    "transformers.trainer.SCHEDULER_NAME": "scheduler.pt",
    "transformers.trainer.TRAINING_ARGS_NAME": "training_args.bin",
    "diffusers.utils.WEIGHTS_NAME": "diffusion_pytorch_model.bin",
    "diffusers.utils.constants.WEIGHTS_NAME": "diffusion_pytorch_model.bin",
    "peft.utils.WEIGHTS_NAME": "adapter_model.bin",
    "peft.utils.constants.WEIGHTS_NAME": "adapter_model.bin",
}
