"""What a model is: text in, causes out.

>>> from recontact import CauseClassifier
>>> CauseClassifier.load().classify(["Ringte tre ganger, ingen ringte tilbake"])  # doctest: +SKIP
"""

from recontact.estimator import CauseClassifier
from recontact.prediction import Evidence, Prediction

__all__ = ["CauseClassifier", "Evidence", "Prediction", "__version__"]
__version__ = "0.1.0"
