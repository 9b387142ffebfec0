"""Perturbations: a request as hurried people, keyboards and speech recognition write it, and the check that it still says the same."""

from fgdata.perturb.perturbation import Perturbed, perturb, perturb_one, untouched
from fgdata.perturb.rates import LEVELS, WEIGHTS, Language
from fgdata.perturb.recover import recovered

__all__ = ["LEVELS", "WEIGHTS", "Language", "Perturbed", "perturb", "perturb_one", "recovered", "untouched"]
