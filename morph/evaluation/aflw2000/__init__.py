"""AFLW2000-3D: points, errors, crops and the evaluator."""
