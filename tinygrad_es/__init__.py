from .autodiff.tensor import Tensor
from .autodiff import record, backward
from .autodiff import protocols
from .autodiff.transforms import *
from .autodiff.modes import *
from .autodiff.config import *
from .autodiff.primitive import primitive
from .check import *
from . import ops
