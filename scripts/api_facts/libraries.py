"""Libraries whose releases are read: distribution, import name, and how deep their public names lie."""

LIBRARIES = {
    "pandas": ("pandas", 1),
    "numpy": ("numpy", 2),
    "scikit-learn": ("sklearn", 2),
    "scipy": ("scipy", 2),
    "matplotlib": ("matplotlib", 2),
    "seaborn": ("seaborn", 1),
    "statsmodels": ("statsmodels", 3),
    "imbalanced-learn": ("imblearn", 2),
    "xgboost": ("xgboost", 2),
    "lightgbm": ("lightgbm", 1),
    "patsy": ("patsy", 1),
    "category-encoders": ("category_encoders", 1),
}
#: Known by their releases only: what they offer is kept by hand, or not at all.
DATED = ("tensorflow", "keras", "torch", "polars", "pyarrow", "feature-engine", "networkx", "ipython")


def order(version: str) -> tuple[int, ...]:
    """Sorts 1.9 before 1.10."""
    return tuple(int(part) for part in version.split("."))
