"""Optimisers and schedules: the numbers of torch.optim, resuming, refusals."""

import json
import math

import pytest

from autograd_engine import optim
from autograd_engine.engine import Value
from autograd_engine.nn import MLP, Neuron
from autograd_engine.optim import SGD, Adam, AdamW, CosineAnnealingLR, LinearLR, RMSprop, StepLR

# Where torch.optim (2.13, float64) leaves a = 1, b = -2 after 12 steps on the loss below.
# Written by hand from its formulas, ours round in another order: 1e-12 is the contract's.
TRAJECTORIES = [
    ("SGD", {}, [1.0107140137536632, -1.8026595926325888]),
    ("SGD", {"lr": 0.05, "momentum": 0.9}, [-1.4448685046440384, 0.37040682251403784]),
    (
        "SGD",
        {"lr": 0.05, "momentum": 0.9, "dampening": 0.3, "weight_decay": 0.1},
        [-1.7452967417544851, -0.2264695155986616],
    ),
    (
        "SGD",
        {"lr": 0.05, "momentum": 0.8, "nesterov": True, "weight_decay": 0.01},
        [-1.23769409099521, 1.1711046514401926],
    ),
    (
        "SGD",
        {"lr": 0.001, "momentum": 0.5, "maximize": True},
        [0.9741093164748412, -2.393915716886033],
    ),
    ("Adam", {}, [1.0119772425479678, -1.9880022531155357]),
    (
        "Adam",
        {"lr": 0.1, "betas": (0.8, 0.95), "eps": 0.001, "weight_decay": 0.1},
        [0.8990749987431748, -0.8395133195004113],
    ),
    (
        "Adam",
        {"lr": 0.1, "amsgrad": True, "betas": (0.5, 0.6)},
        [1.0119036266619985, -0.8936876990598352],
    ),
    (
        "Adam",
        {"lr": 0.1, "maximize": True, "weight_decay": 0.1},
        [-0.22263468485861398, -3.215877740122416],
    ),
    ("AdamW", {}, [1.011856652331197, -1.98776296169169]),
    (
        "AdamW",
        {"lr": 0.1, "weight_decay": 0.2, "amsgrad": True},
        [0.8542306366684242, -0.5307301265905143],
    ),
    ("RMSprop", {}, [1.1542126432683248, -1.4574168651839061]),
    (
        "RMSprop",
        {"lr": 0.05, "alpha": 0.9, "momentum": 0.7, "weight_decay": 0.1},
        [0.34488103590864383, 0.2981351308329793],
    ),
    (
        "RMSprop",
        {"lr": 0.05, "centered": True, "eps": 0.0001},
        [0.4967881816117036, 0.19373239987249768],
    ),
    (
        "RMSprop",
        {"lr": 0.02, "centered": True, "momentum": 0.9},
        [-1.4485948471065855, 2.135046712038352],
    ),
    ("RMSprop", {"lr": 0.02, "maximize": True}, [-0.3539095113625046, -3.223532937986943]),
]


def descend(optimizer, steps):
    a, b = optimizer.parameters
    for _ in range(steps):
        optimizer.zero_grad()
        (a**4 / 4 + 3 * (b - 1) ** 2 + a * b).backward()
        optimizer.step()
    return [a.data, b.data]


@pytest.mark.parametrize(("name", "settings", "expected"), TRAJECTORIES)
def test_an_optimiser_walks_where_torch_walks(name, settings, expected):
    optimizer = getattr(optim, name)([Value(1.0), Value(-2.0)], **settings)
    assert descend(optimizer, 12) == pytest.approx(expected, rel=1e-12, abs=0.0)


# The running means of torch.optim (2.13, float64) after the gradients JUMPS; those of the
# second parameter are -0.7 times as large.
JUMPS = [1e6, 1e-3, 3.0, -1e3, 0.02]
MEANS = [
    ("Adam", {"lr": 0.1, "betas": (0.0, 0.0)}, "exp_avg", [0.02, -0.013999999999999999]),
    (
        "Adam",
        {"lr": 0.1, "betas": (1e-07, 1e-13)},
        "exp_avg",
        [0.019899998010082638, -0.013929998607057844],
    ),
    ("AdamW", {"lr": 0.1, "betas": (0.0, 1e-12)}, "exp_avg", [0.02, -0.013999999999999999]),
    ("RMSprop", {"centered": True, "alpha": 0.5}, "grad_avg", [31000.3850625, -21700.26954375]),
    (
        "RMSprop",
        {"centered": True, "alpha": 1e-07},
        "grad_avg",
        [0.019899998010082638, -0.013929998607057844],
    ),
]


@pytest.mark.parametrize(("name", "settings", "mean", "expected"), MEANS)
def test_a_running_mean_that_forgets_fast_keeps_the_digits_of_torch(name, settings, mean, expected):
    a, b = Value(1.0), Value(-2.0)
    optimizer = getattr(optim, name)([a, b], **settings)
    for jump in JUMPS:
        a.grad, b.grad = jump, -0.7 * jump
        optimizer.step()
    assert optimizer.state_dict()["buffers"][mean] == pytest.approx(expected, rel=1e-12, abs=0.0)


def test_adam_without_memory_walks_where_torch_walks():
    w = Value(1.0)
    optimizer = Adam([w], lr=0.1, betas=(0.0, 0.0))
    for w.grad in JUMPS:
        optimizer.step()
    assert w.data == pytest.approx(0.7000010503223093, rel=1e-12)


@pytest.mark.parametrize(("name", "settings", "expected"), TRAJECTORIES)
def test_an_optimiser_resumed_from_json_walks_on_to_the_same_bits(name, settings, expected):
    whole = descend(getattr(optim, name)([Value(1.0), Value(-2.0)], **settings), 12)
    first = getattr(optim, name)([Value(1.0), Value(-2.0)], **settings)
    halfway = descend(first, 5)
    state = json.loads(json.dumps(first.state_dict()))
    resumed = getattr(optim, name)(list(map(Value, halfway)), lr=0.7)
    resumed.load_state_dict(state)
    assert descend(resumed, 7) == whole


# The learning rates of torch.optim.lr_scheduler (2.13) from 0.3 on, before and after each step.
RATES = [
    ("StepLR", {"step_size": 3, "gamma": 0.5}, [0.3, 0.3, 0.3, 0.15, 0.15, 0.15, 0.075]),
    ("ExponentialLR", {"gamma": 0.9}, [0.3, 0.27, 0.243, 0.2187, 0.19683, 0.177147]),
    ("LinearLR", {}, [0.1, 0.14, 0.18, 0.22, 0.26, 0.3, 0.3, 0.3]),
    (
        "LinearLR",
        {"start_factor": 0.1, "end_factor": 0.7, "total_iters": 4},
        [0.03, 0.075, 0.12, 0.165, 0.21, 0.21, 0.21],
    ),
    (
        "CosineAnnealingLR",
        {"T_max": 5},
        [
            0.3,
            0.27135254915624213,
            0.19635254915624212,
            0.10364745084375789,
            0.028647450843757895,
            0.0,
            0.02864745084375788,
            0.10364745084375791,
            0.19635254915624217,
            0.27135254915624224,
            0.3,
            0.2713525491562423,
        ],
    ),
    (
        "CosineAnnealingLR",
        {"T_max": 4, "eta_min": 0.02},
        [
            0.3,
            0.2589949493661166,
            0.16,
            0.061005050633883354,
            0.02,
            0.06100505063388334,
            0.16,
            0.2589949493661167,
            0.3,
            0.2589949493661167,
        ],
    ),
]


def one(lr):
    return SGD([Value(0.0)], lr=lr)


def rates(optimizer, schedules, steps):
    found = [optimizer.lr]
    for _ in range(steps):
        for schedule in schedules:
            schedule.step()
        found.append(optimizer.lr)
    return found


@pytest.mark.parametrize(("name", "settings", "expected"), RATES)
def test_a_schedule_gives_the_rates_of_torch(name, settings, expected):
    optimizer = one(0.3)
    found = rates(optimizer, [getattr(optim, name)(optimizer, **settings)], len(expected) - 1)
    assert found == pytest.approx(expected, rel=1e-12, abs=1e-15)


def test_two_schedules_of_one_optimiser_multiply_as_in_torch():
    optimizer = one(0.3)
    schedules = [LinearLR(optimizer, total_iters=3), CosineAnnealingLR(optimizer, T_max=6)]
    expected = [0.1, 0.15550211698203656, 0.175, 0.15, 0.075, 0.020096189432334193, 0.0]
    expected += [0.020096189432334193, 0.075]  # torch.optim.lr_scheduler again
    assert rates(optimizer, schedules, 8) == pytest.approx(expected, rel=1e-12, abs=1e-15)


@pytest.mark.parametrize(("name", "settings", "expected"), RATES)
def test_a_schedule_resumed_from_json_goes_on_to_the_same_bits(name, settings, expected):
    optimizer = one(0.3)
    schedule = getattr(optim, name)(optimizer, **settings)
    rates(optimizer, [schedule], 2)
    states = json.loads(json.dumps([optimizer.state_dict(), schedule.state_dict()]))
    resumed = one(0.3)
    again = getattr(optim, name)(resumed, **settings)
    resumed.load_state_dict(states[0])
    again.load_state_dict(states[1])
    assert again.optimizer is resumed
    assert rates(resumed, [again], 4) == rates(optimizer, [schedule], 4)


def test_the_learning_rate_can_be_set_between_steps():
    w = Value(1.0)
    optimizer = SGD([w], lr=0.1)
    optimizer.lr = 0.5
    w.grad = 1.0
    optimizer.step()
    assert w.data == 0.5
    with pytest.raises(ValueError, match="learning rate"):
        optimizer.lr = -0.5


def test_zero_grad_clears_every_parameter():
    a, b = Value(1.0), Value(2.0)
    a.grad = b.grad = 3.0
    SGD([a, b]).zero_grad()
    assert (a.grad, b.grad) == (0.0, 0.0)


@pytest.mark.parametrize("choice", [True, False])
def test_zero_grad_takes_the_switch_of_torch_and_gives_0_either_way(choice):
    w = Value(1.0)
    w.grad = 3.0
    Adam([w]).zero_grad(set_to_none=choice)
    assert w.grad == 0.0


def test_a_closure_is_called_before_the_step_and_its_loss_returned():
    w = Value(1.0)

    def closure():
        w.grad = 2.0
        return "loss"

    assert SGD([w], lr=0.25).step(closure) == "loss"
    assert w.data == 0.5


def test_parameters_may_come_as_a_generator_and_trained_ones_are_the_same_objects():
    neuron = Neuron(2)
    optimizer = SGD(p for p in neuron.parameters())
    assert [id(p) for p in optimizer.parameters] == [id(p) for p in neuron.parameters()]


@pytest.mark.parametrize("make", [lambda p: Adam(p, eps=0.0), lambda p: RMSprop(p, eps=0.0)])
def test_a_gradient_of_0_without_eps_gives_nan_as_in_torch(make):
    w = Value(1.0)
    make([w]).step()
    assert math.isnan(w.data)


def test_nan_gradients_pass_through_every_optimiser_without_an_error():
    for make in (SGD, Adam, AdamW, RMSprop, lambda p: RMSprop(p, centered=True)):
        w = Value(1.0)
        w.grad = math.nan
        make([w]).step()
        assert math.isnan(w.data)


def test_a_constant_gradient_keeps_centered_rmsprop_real():
    w = Value(0.0)
    optimizer = RMSprop([w], centered=True, alpha=0.5)
    for _ in range(60):  # the running variance comes out at -4e-16 in step 54
        w.grad = 1.87
        optimizer.step()
    assert w.data < 0.0


# What they say of themselves.


@pytest.mark.parametrize(
    ("make", "shown"),
    [
        (lambda: SGD(MLP(2, [16, 16, 1]).parameters(), lr=0.1, momentum=0.9), "SGD(337 parameters, lr=0.1, momentum=0.9)"),
        (lambda: SGD([Value(1.0)]), "SGD(1 parameter, lr=0.001)"),
        (lambda: SGD([Value(1.0)], lr=1, momentum=0.5, nesterov=True), "SGD(1 parameter, lr=1.0, momentum=0.5, nesterov=True)"),
        (lambda: Adam([Value(1.0), Value(2.0)], betas=(0.8, 0.999)), "Adam(2 parameters, lr=0.001, betas=(0.8, 0.999), eps=1e-08)"),
        (lambda: AdamW([Value(1.0)]), "AdamW(1 parameter, lr=0.001, betas=(0.9, 0.999), eps=1e-08, weight_decay=0.01)"),
        (lambda: AdamW([Value(1.0)], weight_decay=0.0, eps=1e-6), "AdamW(1 parameter, lr=0.001, betas=(0.9, 0.999), eps=1e-06)"),
        (lambda: RMSprop([Value(1.0)], lr=0.3, maximize=True), "RMSprop(1 parameter, lr=0.3, alpha=0.99, eps=1e-08, maximize=True)"),
        (lambda: StepLR(one(0.1), 2), "StepLR(SGD, step_size=2, gamma=0.1)"),
        (lambda: StepLR(one(0.1), 2, gamma=0.5), "StepLR(SGD, step_size=2, gamma=0.5)"),
        (lambda: LinearLR(one(0.1)), "LinearLR(SGD, start_factor=0.3333333333333333, end_factor=1.0, total_iters=5)"),
        (lambda: CosineAnnealingLR(Adam([Value(1.0)]), 10), "CosineAnnealingLR(Adam, T_max=10)"),
        (lambda: optim.ExponentialLR(one(0.1), 0.9), "ExponentialLR(SGD, gamma=0.9)"),
    ],
)  # fmt: skip
def test_optimisers_and_schedules_show_the_rate_and_all_settings_that_are_not_0(make, shown):
    assert repr(make()) == shown


def test_what_is_shown_is_how_it_stands_now():
    optimizer = one(1.0)
    schedule = StepLR(optimizer, 2, gamma=0.5)
    rates(optimizer, [schedule], 2)
    assert repr(optimizer) == "SGD(1 parameter, lr=0.5)"
    assert repr(schedule) == "StepLR(SGD, step_size=2, gamma=0.5)"


def test_an_optimiser_and_a_schedule_of_your_own_are_shown_without_a_line_for_it():
    class Sign(optim.Optimizer):
        def __init__(self, params, lr=0.1, decay=0.5):
            self.decay = decay
            super().__init__(params, lr)

    class Halving(optim.Schedule):
        pass

    optimizer = Sign([Value(1.0)], lr=0.25, decay=0.75)
    assert repr(optimizer) == "Sign(1 parameter, lr=0.25)"
    assert repr(Halving(optimizer)) == "Halving(Sign)"


# Clipping.


def graded(*grads):
    parameters = [Value(0.0) for _ in grads]
    for parameter, number in zip(parameters, grads, strict=True):
        parameter.grad = number
    return parameters


def test_clipping_scales_to_the_norm_and_returns_the_one_before():
    parameters = graded(3.0, -4.0)
    assert optim.clip_gradients(parameters, 1.0) == 5.0
    # torch.nn.utils.clip_grad_norm_ gives these; its 1e-6 is why the norm is not quite 1.
    assert [p.grad for p in parameters] == pytest.approx(
        [0.599999880000024, -0.799999840000032], rel=1e-12
    )


def test_clipping_leaves_short_gradients_alone():
    parameters = graded(3.0, -4.0)
    assert optim.clip_gradients(parameters, 10.0) == 5.0
    assert [p.grad for p in parameters] == [3.0, -4.0]


@pytest.mark.parametrize(
    ("grads", "norm"), [((3.0, -4.0), 5.0), ((0.0,), 0.0), ((math.inf, 1.0), math.inf)]
)
def test_clipping_to_infinity_measures_the_norm_and_changes_nothing(grads, norm):
    parameters = graded(*grads)
    assert optim.clip_gradients(parameters, math.inf) == norm
    assert tuple(p.grad for p in parameters) == grads


def test_clipping_does_not_overflow_where_squares_would():
    parameters = graded(3e200, 4e200)
    # math.hypot rounds to within 1 ulp.
    assert optim.clip_gradients(parameters, 5.0) == pytest.approx(5e200, rel=1e-15)
    assert [p.grad for p in parameters] == pytest.approx([3.0, 4.0], rel=1e-12)


def test_clipping_shows_nan_as_in_torch():
    parameters = graded(math.nan, 1.0)
    assert math.isnan(optim.clip_gradients(parameters, 1.0))
    assert all(math.isnan(p.grad) for p in parameters)


# Refusals.

w = Value(1.0)


@pytest.mark.parametrize(
    ("call", "error", "message"),
    [
        (lambda: SGD([]), ValueError, "no parameters"),
        (lambda: SGD([w], lr=-0.1), ValueError, "learning rate must be .*at least 0; got -0.1"),
        (lambda: SGD([w], lr=math.nan), ValueError, "learning rate"),
        (lambda: SGD([w], lr=math.inf), ValueError, "learning rate"),
        (lambda: SGD([w], lr="0.1"), TypeError, "learning rate must be a number"),
        (lambda: SGD([w], momentum=-1.0), ValueError, "momentum"),
        (lambda: SGD([w], weight_decay=-1.0), ValueError, "weight_decay"),
        (lambda: SGD([w], nesterov=True), ValueError, "nesterov needs"),
        (lambda: SGD([w], momentum=0.9, dampening=0.1, nesterov=True), ValueError, "nesterov"),
        (lambda: SGD([w, w]), ValueError, "more than once"),
        (lambda: SGD([w, w * 2]), ValueError, "parameter 1 .* is no leaf"),
        (lambda: SGD([w.detach()]), ValueError, "is no leaf"),
        (lambda: SGD([1.0]), TypeError, "no Value but float"),
        (lambda: SGD(Neuron(1)), TypeError, r"model.parameters\(\)"),
        (lambda: SGD(Neuron(1).parameters), TypeError, r"model.parameters\(\), with brackets"),
        (lambda: SGD(w), TypeError, r"expected a list of values to train: write \[w\]"),
        (lambda: SGD(MLP(9, [99, 9])), TypeError, r"got MLP\(9, .{0,80}$"),
        (
            lambda: Adam([w], betas=(0.9, 1.0)),
            ValueError,
            "beta, below 1, must be a finite number, from 0 to 1; got 1.0",
        ),
        (lambda: Adam([w], betas=(-0.1, 0.9)), ValueError, "beta, below 1, must be .*got -0.1"),
        (lambda: Adam([w], betas=(0.9,)), ValueError, "two numbers"),
        (lambda: Adam([w], betas=0.9), ValueError, "betas are two numbers, got 0.9"),
        (lambda: SGD([w], lr=True), TypeError, "learning rate must be a number, got True"),
        (lambda: SGD([w], maximize="no"), TypeError, "maximize must be True or False, got 'no'"),
        (lambda: SGD([w], momentum=0.9, nesterov="no"), TypeError, "nesterov must be True or"),
        (lambda: Adam([w], amsgrad="no"), TypeError, "amsgrad must be True or False"),
        (lambda: RMSprop([w], centered=1), TypeError, "centered must be True or False, got 1"),
        (lambda: AdamW([w], eps=-1.0), ValueError, "eps"),
        (lambda: RMSprop([w], alpha=1.5), ValueError, "alpha must be .*from 0 to 1; got 1.5"),
        (lambda: optim.clip_gradients([w], -1.0), ValueError, "max_norm"),
        (lambda: optim.clip_gradients([w], -math.inf), ValueError, "max_norm"),
        (lambda: optim.clip_gradients([w], math.nan), ValueError, "max_norm"),
        (lambda: optim.clip_gradients(Neuron(1), 1.0), TypeError, r"such as model.parameters\(\)"),
        (lambda: optim.clip_gradients(w, 1.0), TypeError, r"write \[w\]"),
        (lambda: optim.clip_gradients([w, 2.0], 1.0), TypeError, "parameter 1 is no Value but flo"),
        (lambda: StepLR(Neuron(1), 2), TypeError, "a schedule needs an optimizer .* got ReLUNeur"),
        (lambda: StepLR(SGD, 2), TypeError, "a schedule needs an optimizer such as an SGD, got"),
        (lambda: StepLR(one(0.1), 0), ValueError, "step_size must be an integer, at least 1"),
        (lambda: LinearLR(one(0.1), start_factor=0.0), ValueError, "start_factor"),
        (lambda: CosineAnnealingLR(one(0.1), 2.5), ValueError, "T_max"),
        (lambda: optim.ExponentialLR(one(0.1), -1.0), ValueError, "gamma"),
    ],
)
def test_bad_settings_are_refused_at_once(call, error, message):
    with pytest.raises(error, match=message):
        call()


@pytest.mark.parametrize(
    ("make", "name", "given", "error"),
    [
        (lambda: optim.Optimizer([w], lr=0.1), "lr", -1.0, ValueError),
        (lambda: optim.Optimizer([w], lr=0.1), "weight_decay", -1.0, ValueError),
        (lambda: optim.Optimizer([w], lr=0.1), "maximize", "no", TypeError),
        (lambda: AdamW([w]), "betas", (0.9, 1.0), ValueError),
        (lambda: AdamW([w]), "lr", "0.1", TypeError),
        (lambda: StepLR(one(0.1), 2), "step_size", 0, ValueError),
        (lambda: LinearLR(one(0.1)), "start_factor", 0.0, ValueError),
    ],
)
def test_settings_are_checked_whenever_they_are_set(make, name, given, error):
    made = make()
    before = getattr(made, name)
    with pytest.raises(error):
        setattr(made, name, given)
    assert getattr(made, name) == before


def test_subclasses_with_a_constructor_of_their_own_go_on_from_a_state():
    class Heavy(SGD):
        def __init__(self, params, half_life):
            super().__init__(params, lr=0.1, momentum=0.5 ** (1.0 / half_life))

    class Halving(StepLR):
        def __init__(self, optimizer):
            super().__init__(optimizer, 3, gamma=0.5)

    parameters, optimizers = [Value(1.0), Value(2.0)], []
    for half_life in (2.0, 5.0):
        optimizers.append(Heavy(parameters, half_life))
        schedule = Halving(optimizers[-1])
        descend(optimizers[0], 2)
        schedule.load_state_dict({**schedule.state_dict(), "last_epoch": 2})
        schedule.step()
        assert optimizers[-1].lr == 0.05
    state = optimizers[0].state_dict()
    optimizers[1].load_state_dict(state)
    assert optimizers[1].state_dict() == state and optimizers[1].momentum == 0.5**0.5


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"optimizer": "SGD"}, "^the state was written with the optimizer SGD, not Adam$"),
        ({"optimizer": None}, "expected the state of the optimizer Adam"),
        ({"settings": {"lr": 0.1}}, "damaged"),
        ({"steps": -1}, "steps"),
        ({"buffers": {"exp_avg": [0.0]}}, "'exp_avg' is no list of 2 numbers that fit"),
        ({"buffers": {"exp_avg": [0.0, "x"]}}, "damaged"),
        ({"buffers": {"exp_avg": [0.0, True]}}, "no list of 2 numbers that fit"),
        ({"buffers": None}, "damaged"),
    ],
)
def test_a_state_that_does_not_fit_is_refused_and_changes_nothing(change, message):
    optimizer = Adam([Value(1.0), Value(2.0)])
    descend(optimizer, 2)
    before = optimizer.state_dict()
    with pytest.raises(ValueError, match=message):
        optimizer.load_state_dict({**before, "steps": 7, **change})
    assert optimizer.state_dict() == before


def test_a_schedule_refuses_a_state_that_does_not_fit():
    schedule = StepLR(one(0.1), 2)
    state = schedule.state_dict()
    for change, message in (
        ({"schedule": "LinearLR"}, "written with the schedule LinearLR, not StepLR"),
        ({"last_epoch": 1.5}, "last_epoch"),
        ({"settings": {}}, "state of the schedule StepLR is damaged"),
    ):
        with pytest.raises(ValueError, match=message):
            schedule.load_state_dict({**state, **change})
    assert schedule.state_dict() == state
