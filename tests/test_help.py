"""What a person meets in Python, in either build: docstrings, signatures, completion, references."""

import doctest
import gc
import inspect
import pydoc
import types
import weakref

import pytest

import autograd_engine as ag
from autograd_engine.primitives import TABLE


def public():
    """Yield the name of each public callable, and the callable."""
    for name in ag.__all__:
        found = getattr(ag, name)
        if isinstance(found, types.ModuleType):
            own = [
                inner
                for inner, value in vars(found).items()
                if getattr(value, "__module__", "") == found.__name__
            ]
            for inner in getattr(found, "__all__", own):
                if callable(getattr(found, inner)) and not inner.startswith("_"):
                    yield f"{name}.{inner}", getattr(found, inner)
        elif callable(found):
            yield name, found


def members(kind):
    """Yield the public methods and properties of a class, not what its instances hold."""
    held = getattr(kind, "__mypyc_attrs__", ())
    for name in dir(kind):
        found = inspect.getattr_static(kind, name)
        described = callable(found) or isinstance(found, (property, types.GetSetDescriptorType))
        if (
            described
            and not name.startswith("_")
            and name not in held
            and not hasattr(Exception, name)
        ):
            yield name, found


PUBLIC = dict(public())
CLASSES = {name: kind for name, kind in PUBLIC.items() if inspect.isclass(kind)}
MEMBERS = {
    f"{name}.{member}": found for name, kind in CLASSES.items() for member, found in members(kind)
}
METHODS = {name: found for name, found in MEMBERS.items() if callable(found)}
PRIMITIVES = {name: found for name, found in PUBLIC.items() if isinstance(found, ag.Primitive)}
CUBE = ag.primitive("cube", lambda x: x**3, lambda out, x: (3.0 * x**2,))


@pytest.mark.parametrize("name", [*PUBLIC, *MEMBERS])
def test_everything_public_says_what_it_is(name):
    found = {**PUBLIC, **MEMBERS}[name]
    text = inspect.getdoc(found)
    assert text and text == text.strip() and "filler" not in text, text
    assert text != inspect.getdoc(type(found))  # an object's own, not its type's


@pytest.mark.parametrize("name", [*PUBLIC, *METHODS])
def test_everything_public_has_a_signature(name):
    parameters = inspect.signature({**PUBLIC, **METHODS}[name]).parameters
    assert not {"args", "kwds"} & set(parameters)


@pytest.mark.parametrize("call", [ag.explore, ag.replay, ag.save, ag.load, ag.Picture.save])
def test_a_signature_says_what_a_path_is_without_names_of_the_package_own(call):
    told = inspect.signature(call).parameters["path"].annotation
    assert told.startswith("str | ") and "PathLike[str]" in told


@pytest.mark.parametrize("kind", [ag.Value, ag.Primitive, ag.nn.MLP, ag.optim.Adam], ids=repr)
def test_help_of_a_class_is_that_of_its_source(kind):
    text = pydoc.render_doc(kind, renderer=pydoc.plaintext)
    assert "filler" not in text and inspect.getdoc(kind).splitlines()[0] in text


@pytest.mark.parametrize("name", PRIMITIVES)
def test_help_of_a_primitive_is_its_own(name):
    text = pydoc.render_doc(PRIMITIVES[name], renderer=pydoc.plaintext)
    operands = list(inspect.signature(PRIMITIVES[name]).parameters)
    assert f"{name}({', '.join(operands)})" in text and "∂" in text and "Defined" in text
    example = doctest.DocTestParser().get_doctest(
        inspect.getdoc(PRIMITIVES[name]), {"ag": ag}, name, None, 0
    )
    assert example.examples and not doctest.DocTestRunner().run(example).failed


def test_help_of_a_primitive_of_ones_own():
    assert str(inspect.signature(CUBE)) == "(x)"
    assert "∂cube(x)/∂x = 3·x²" in pydoc.render_doc(CUBE, renderer=pydoc.plaintext)
    odd = ag.primitive("odd", lambda left, right: 1 / 0, lambda out, left, right: None)
    assert str(inspect.signature(odd)) == "(left, right)" and "odd(left, right)" in inspect.getdoc(
        odd
    )


@pytest.mark.parametrize("rule", TABLE.values(), ids=list(TABLE))
def test_every_row_has_a_text(rule):
    assert rule.name in rule.__doc__ and str(inspect.signature(rule)) in rule.__doc__


V = ag.Value(1.0)
WRONG = [
    (lambda: ag.nn.MLP(), "nin"),
    (lambda: ag.nn.MLP(2), "nouts"),
    (lambda: ag.nn.Layer(2), "nout"),
    (lambda: ag.nn.Neuron(), "nin"),
    (lambda: ag.nn.MLP(2, [1])(), "x"),
    (lambda: ag.nn.MLP(2, [1], aktivation="relu"), "aktivation"),
    (lambda: ag.Value(), "data"),
    (lambda: ag.Value(1.0, name="x"), "name"),
    (lambda: ag.Primitive("cube"), "forward"),
    (lambda: ag.primitive("cube", abs), "partials"),
    (lambda: ag.softmax(), "values"),
    (lambda: ag.clip(1.0, 0.0), "high"),
    (lambda: ag.dot([1.0]), "ys"),
    (lambda: V.maximum(), "other"),
    (lambda: V.backward(sead=1.0), "sead"),
    (lambda: ag.optim.SGD(), "params"),
]


@pytest.mark.parametrize("call, name", WRONG, ids=[name for _, name in WRONG])
def test_a_wrong_call_names_the_parameter(call, name):
    with pytest.raises(TypeError, match=f"'{name}'") as caught:
        call()
    assert "(pos " not in str(caught.value) and "__call__() missing required" not in str(
        caught.value
    )


@pytest.mark.parametrize("value", [V, ag.Value(1.0, "v"), V * V + 1.0, V.detach()], ids=repr)
def test_completion_shows_what_is_meant_for_people(value):
    shown = {name for name in dir(value) if not name.startswith("_")}
    known = {
        "data",
        "grad",
        "label",
        "operands",
        "partials",
        "op",
        "backward",
        "zero_grad",
        "detach",
    }
    assert known < shown
    assert shown - known <= {
        *TABLE,
        "arcsin",
        "arccos",
        "arctan",
        "arctan2",
        "arcsinh",
        "arccosh",
        "arctanh",
    }


REFERRED = {
    "leaf": lambda: ag.Value(1.0, "x"),
    "node": lambda: ag.Value(2.0) * ag.Value(3.0),
    "dot": lambda: ag.dot([ag.Value(1.0)] * 3, [ag.Value(2.0)] * 3, 1.0),
    "primitive": lambda: ag.primitive("own", lambda x: x, lambda out, x: (1.0,)),
    "children": lambda: ag.Value(1.0, (ag.Value(2.0),), "+")._rule,
    "power": lambda: (ag.Value(2.0) ** 3.25)._rule,
}


@pytest.mark.parametrize("made", REFERRED)
def test_a_weak_reference_holds_until_the_object_goes(made):
    gone = []
    found = REFERRED[made]()
    weak = weakref.ref(found, gone.append)
    assert weak() is found and weakref.ref(found, gone.append)() is found
    group = weakref.WeakSet([found])
    if made != "power":  # which the cache keeps
        del found
        gc.collect()
        assert weak() is None and gone == [weak] and not group


def test_a_weak_reference_to_a_primitive_in_a_cycle():
    own = ag.primitive("own", lambda x: x, lambda out, x: (1.0,))
    own.forward = lambda x, own=own: x
    weak = weakref.ref(own)
    del own
    gc.collect()
    assert weak() is None


def test_weak_references_into_a_deep_graph():
    gone = []
    value, below = ag.Value(1.0), []
    for _ in range(100_000):
        value = value * 1.0
        below.append(weakref.ref(value, lambda weak: gone.append(weak())))
    assert below[10]() is not None
    del value
    assert gone == [None] * len(below) and {weak() for weak in below} == {None}
