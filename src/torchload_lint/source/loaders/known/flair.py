"""flair: taggers, classifiers, language models."""

from torchload_lint.source.facts.loader import Behaviour, Does, Library, Loader

_MODELS = (
    "Classifier|DefaultClassifier|EntityLinker|LanguageModel|LemmatizerModel|Lemmatizer|Model"
    "|MultitaskModel|PrefixedSequenceTagger|RelationClassifier|RelationExtractor|SequenceTagger"
    "|SpanClassifier|TARSClassifier|TARSTagger|TextClassifier|TextPairClassifier|TextRegressor"
    "|TokenClassifier"
)
"""flair 0.15.1, models/; ``Dictionary.load`` is no torch.load."""
_FLAIR = (
    Behaviour(Does.DEFAULT, "flair 0.14.0 and 0.15.0, file_utils.py"),
    Behaviour(Does.FALSE, "flair 0.15.1, file_utils.py", since="0.15.1"),
)  # fmt: skip

LIBRARY = Library(
    roots=("flair",),
    distributions=("flair",),
    words=(".load(", "load_torch_state"),
    loaders=(
        Loader("load", "model_path", ("model_path",), _FLAIR, of=_MODELS),
        Loader("load_torch_state", "model_file", ("model_file",), _FLAIR),
    ),
)  # fmt: skip
