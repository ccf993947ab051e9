"""Writes the names, members and parameters that the installed release of a library offers: python offers.py LIBRARY FILE.

A parameter is `name(parameter)`; `name(**)` says that any may be given, or that the signature cannot be read. Runs in the library's own
environment, so under any Python from 3.6 on.
"""

import importlib
import inspect
import io
import json
import os
import pkgutil
import sys
import types
import warnings

SKIPPED = (
    "test", "conftest", "setup", "_", "vendor", "externals", "sphinxext", "experimental", "backends", "array_api", "f2py", "distutils",
)  # fmt: skip
DEEPEST = 3
#: Served on request only, so that no listing shows them.
ASKED = {
    "numpy": (
        "float int object complex str unicode float_ complex_ unicode_ string_ Inf Infinity NaN NINF PINF infty in1d trapz product "
        "cumproduct alltrue sometrue row_stack msort asscalar typeDict asfarray round_ mat cast find_common_type rank"
    ).split(),
    "sklearn.datasets": ["load_boston", "fetch_mldata"],
}


def modules(name):
    """The public modules below one, itself first, as far as they can be imported."""
    module = importlib.import_module(name)
    found = [(name, module)]
    if name.count(".") >= DEEPEST:
        return found
    for info in pkgutil.iter_modules(getattr(module, "__path__", [])):
        if info.name.startswith(SKIPPED) or info.name.endswith(("_test", "tests")):
            continue
        out, sys.stdout = sys.stdout, io.StringIO()
        try:
            found += modules("%s.%s" % (name, info.name))
        except BaseException:
            pass
        finally:
            sys.stdout = out
    return found


def signature(name, callee):
    try:
        given = inspect.signature(callee).parameters.values()
    except (TypeError, ValueError):
        return ["%s(**)" % name]
    if any(one.kind == one.VAR_KEYWORD for one in given):
        return ["%s(**)" % name]
    return ["%s(%s)" % (name, one.name) for one in given if one.name not in ("self", "cls", "args", "kwargs")]


def members(name, owner):
    found = signature(name, owner.__init__)
    for member in dir(owner):
        if member.startswith("_"):
            continue
        found.append("%s.%s" % (name, member))
        value = getattr(owner, member, None)
        if callable(value):
            found += signature("%s.%s" % (name, member), value)
    return found


def offers(library):
    names = set()
    for name, module in modules(library):
        names.add(name)
        public = set(getattr(module, "__all__", ())) or {key for key in dir(module) if not key.startswith("_")}
        if name.count(".") <= 1:
            public |= {key for key in dir(module) if not key.startswith("_")}
        for key in public | set(ASKED.get(name, ())):
            try:
                value = getattr(module, key)
            except Exception:
                continue
            if isinstance(value, types.ModuleType):
                continue
            full = "%s.%s" % (name, key)
            names.add(full)
            if inspect.isclass(value):
                if (getattr(value, "__module__", None) or "").split(".")[0] == library:
                    names.update(members(full, value))
            elif callable(value):
                names.update(signature(full, value))
    return names


if __name__ == "__main__":
    warnings.simplefilter("ignore")
    os.environ.setdefault("MPLBACKEND", "Agg")
    with open(sys.argv[2], "w") as file:
        json.dump(sorted(offers(sys.argv[1])), file)
