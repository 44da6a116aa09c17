"""Plots of the lessons: each function draws on Axes of matplotlib and returns them.

All take `ax`, the Axes to draw on (several, where a plot has several panels); without it they make
a new figure. None calls `plt.show()` or changes `plt.rcParams`. Texts are English; matplotlib's
own methods, `ax.set_xlabel("época")`, change them. Colours are Okabe and Ito's, which colour-blind
eyes can tell apart; lines differ by their dashes too, and classes by their markers.

matplotlib is the extra `plots`, `pip install "tinygrad-es[plots]"`, and is loaded by the first
plot.

>>> from tinygrad_es import plots
>>> ax = plots.roc_curve([0, 0, 1, 1], [0.1, 0.4, 0.35, 0.8])
>>> [text.get_text() for text in ax.get_legend().get_texts()]
['AUC = 0.75']
"""

from .classification import confusion_matrix, decision_regions, precision_recall_curve, roc_curve
from .fitting import fits, search
from .flow import gradient_flow
from .functions import activation, activations
from .networks import dropout, network
from .optimization import descent, nesterov, smoothing, trajectory
from .pictures import images
from .training import compare_histories, history

__all__ = [
    "activation",
    "activations",
    "compare_histories",
    "confusion_matrix",
    "decision_regions",
    "descent",
    "dropout",
    "fits",
    "gradient_flow",
    "history",
    "images",
    "nesterov",
    "network",
    "precision_recall_curve",
    "roc_curve",
    "search",
    "smoothing",
    "trajectory",
]
