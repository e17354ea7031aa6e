"""Finds the wrong labels and the hard samples of a dataset.

>>> import hspipe
>>> from sklearn.datasets import load_digits
>>> digits = load_digits()
>>> found = hspipe.find(digits.images, digits.target)
>>> found.issues.columns[:6]
['dataset', 'noise_ratio', 'rank', 'position', 'sample_id', 'class']

The work is done by the program hspipe, which comes with this package. Whatever it computes is cached: the same call
again takes as long as it takes to read the data.
"""

from importlib.metadata import PackageNotFoundError, version

from ._error import Error
from ._find import find
from ._found import Found
from ._indexed import Indexed
from ._judge import judge
from ._project import Project, query, run
from ._recorder import Recorder

try:
    __version__ = version("hspipe")
except PackageNotFoundError:  # a checkout that is not installed
    __version__ = "0"

__all__ = ["Error", "Found", "Indexed", "Project", "Recorder", "find", "judge", "query", "run"]
