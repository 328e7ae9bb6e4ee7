"""Datasets: shapes drawn at random, the tables that ship with the package, the user's own."""

import math
import subprocess
import sys
from collections import Counter

import numpy
import pytest

from autograd_engine import datasets
from autograd_engine.datasets import Dataset

SHAPES = [datasets.moons, datasets.circles, datasets.spirals, datasets.xor]


@pytest.fixture
def table(tmp_path):
    """Write a table and return what `datasets.csv` makes of it."""

    def read(text, target="kind", **options):
        path = tmp_path / "table.csv"
        path.write_bytes(text if isinstance(text, bytes) else text.encode())
        return datasets.csv(path, target, **options)

    return read


# The sequence.


def test_a_dataset_is_a_sequence_of_pairs():
    data = datasets.iris()
    assert len(data) == 150
    assert data[0] == ([5.1, 3.5, 1.4, 0.2], 0)
    assert data[-1] == data[149] == (data.inputs[149], data.targets[149])
    assert list(data) == list(zip(data.inputs, data.targets))
    with pytest.raises(IndexError):
        data[150]


def test_a_slice_of_a_dataset_is_a_dataset():
    part = datasets.iris()[::50]
    assert isinstance(part, Dataset)
    assert part.targets == [0, 1, 2]
    assert part.classes == ["setosa", "versicolor", "virginica"]


def test_lengths_that_differ_are_both_named():
    with pytest.raises(ValueError, match="1 inputs, but 2 targets"):
        Dataset([[1.0]], [0, 1], ["x"])
    with pytest.raises(ValueError, match=r"input 1 has 2 numbers.* 1 names"):
        Dataset([[1.0], [1.0, 2.0]], [0, 1], ["x"])


# Splitting.


@pytest.mark.parametrize("fraction", [0.01, 0.5, 0.8, 0.99])
def test_a_split_keeps_every_sample_once(fraction):
    data = datasets.moons(100)
    first, second = data.split(fraction, seed=3)
    assert (len(first), len(second)) == (round(100 * fraction), 100 - round(100 * fraction))
    assert sorted([*first, *second]) == sorted(data)
    assert (first.names, second.classes) == (data.names, data.classes)


def test_a_split_is_shuffled_by_its_seed():
    data = datasets.iris()
    assert list(data.split(0.5, seed=1)[0]) == list(data.split(0.5, seed=1)[0])
    assert list(data.split(0.5, seed=1)[0]) != list(data.split(0.5, seed=2)[0])
    assert set(data.split(0.5, seed=1)[0].targets) == {0, 1, 2}


@pytest.mark.parametrize("fraction", [0.0, 1.0])
def test_a_split_with_all_samples_on_one_side_is_refused(fraction):
    with pytest.raises(ValueError, match=f"at {fraction} leaves one side empty"):
        datasets.iris().split(fraction, 0)


@pytest.mark.parametrize("fraction", [-0.5, 80, math.nan])
def test_a_split_needs_a_fraction_between_0_and_1(fraction):
    with pytest.raises(ValueError, match=f"from 0 to 1; got {fraction}"):
        datasets.iris().split(fraction, 0)


def test_a_split_leaves_no_side_empty():
    with pytest.raises(ValueError, match=r"split of 3 sample\(s\) at 0.9 leaves one side empty"):
        datasets.xor(3).split(0.9, 0)


# Scaling.


def test_scaled_inputs_have_mean_0_and_deviation_1():
    scaled = datasets.iris().scaled()
    for column in zip(*scaled.inputs):
        # rounding: 150 numbers of size 1, each off by at most a few 1e-16
        assert math.fsum(column) / 150 == pytest.approx(0.0, abs=1e-14)
        assert math.fsum(x * x for x in column) / 150 == pytest.approx(1.0, abs=1e-14)


def test_test_data_is_scaled_as_its_training_data_was():
    train = Dataset([[0.0, 5.0], [4.0, 5.0]], [0, 1], ["x", "same"])
    test = Dataset([[8.0, 6.0]], [0], ["x", "same"])
    assert test.scaled(train.scaling()).inputs == [[3.0, 1.0]]
    with pytest.raises(ValueError, match=r"for 2 column\(s\), the inputs have 4"):
        datasets.iris().scaled(train.scaling())
    with pytest.raises(ValueError, match="empty dataset"):
        train[:0].scaling()


def test_a_dataset_says_how_its_columns_were_scaled():
    data = Dataset([[0.0, 5.0], [4.0, 5.0], [8.0, 9.0]], [0, 1, 1], ["x", "y"])
    assert data.scaled_by is None and data[:2].scaled_by is None
    train, test = data.scaled().split(0.7)
    assert train.scaled_by == test[:0].scaled_by == data.scaling()
    twice = data.scaled().scaled(datasets.Scaling([1.0, 2.0], [4.0, 0.5]))
    shift, scale = twice.scaled_by
    for before, after in zip(data.inputs, twice.inputs):
        found = [(x - m) / s for x, m, s in zip(before, shift, scale)]
        assert found == pytest.approx(after, abs=1e-14)  # rounding of numbers of size 10


def test_scaling_survives_numbers_whose_squares_overflow():
    scaled = Dataset([[1e200], [3e200]], [0, 1], ["x"]).scaled().inputs
    assert scaled == [[pytest.approx(-1.0)], [pytest.approx(1.0)]]


# Shapes.


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_is_the_same_for_the_same_seed(shape):
    assert list(shape(50, noise=0.2, seed=7)) == list(shape(50, noise=0.2, seed=7))
    assert list(shape(50, noise=0.2, seed=7)) != list(shape(50, noise=0.2, seed=8))


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("n", [1, 2, 3, 100, 101])
def test_a_shape_has_n_points_in_the_plane_and_balanced_classes(shape, n):
    data = shape(n)
    assert len(data) == n
    assert all(len(point) == 2 and all(map(math.isfinite, point)) for point in data.inputs)
    count = Counter(data.targets)
    assert set(count) <= {0, 1}
    assert abs(count[0] - count[1]) <= 1
    assert (data.names, data.classes) == (["x", "y"], ["0", "1"])


def test_without_noise_each_shape_lies_on_its_curves():
    for (x, y), target in datasets.moons(51, noise=0.0):
        centre, up = ((0.0, 0.0), 1.0) if target == 0 else ((1.0, 0.5), -1.0)
        assert math.dist((x, y), centre) == pytest.approx(1.0)
        assert (y - centre[1]) * up >= -1e-15  # sin(pi) is 1e-16 off
    for point, target in datasets.circles(51, noise=0.0):
        assert math.hypot(*point) == pytest.approx(0.5 if target else 1.0)
    for point, _ in datasets.spirals(51, noise=0.0):
        assert 0.099 < math.hypot(*point) < 1.001
    assert datasets.xor(4, noise=0.0).targets == [0, 1, 1, 0]


def test_noise_has_the_standard_deviation_asked_for():
    calm, noisy = datasets.moons(5000, noise=0.0), datasets.moons(5000, noise=0.3)
    moved = [a - b for p, q in zip(noisy.inputs, calm.inputs) for a, b in zip(p, q)]
    # 10,000 draws: the deviation is known to 0.3 / sqrt(20,000) = 0.002
    assert math.hypot(*moved) / math.sqrt(len(moved)) == pytest.approx(0.3, abs=0.01)


def test_no_point_of_a_closed_circle_is_drawn_twice():
    points = {(round(x, 9), round(y, 9)) for x, y in datasets.circles(20, noise=0.0).inputs}
    assert len(points) == 20


def test_spirals_have_as_many_arms_as_classes():
    data = datasets.spirals(30, classes=3)
    assert Counter(data.targets) == {0: 10, 1: 10, 2: 10}
    assert data.classes == ["0", "1", "2"]
    with pytest.raises(ValueError, match="classes must be at least 2, got 1"):
        datasets.spirals(30, classes=1)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_refuses_no_samples_and_impossible_noise(shape):
    with pytest.raises(ValueError, match=r"samples \(n\) must be at least 1, got 0"):
        shape(0)
    for noise in (-0.1, math.nan, math.inf):
        with pytest.raises(ValueError, match="noise"):
            shape(10, noise=noise)


@pytest.mark.parametrize("shape", SHAPES)
def test_a_shape_takes_numbers_and_neither_text_nor_a_part_of_a_sample(shape):
    for n in ("100", 10.5, True, None):
        message = rf"^the number of samples \(n\) must be a whole number, got {n!r}$"
        with pytest.raises(TypeError, match=message):
            shape(n)
    for noise in ("x", None, [0.1]):
        with pytest.raises(
            TypeError, match="^the noise, a standard deviation, must be a number, got "
        ):
            shape(10, noise=noise)
    assert shape(numpy.int64(3), noise=numpy.float64(0.1)).inputs == shape(3, noise=0.1).inputs


def test_arguments_of_the_wrong_kind_are_refused_in_words():
    data = datasets.xor(8)
    with pytest.raises(TypeError, match="number of classes must be a whole number, got '3'"):
        datasets.spirals(9, classes="3")
    with pytest.raises(TypeError, match="the fraction of a split must be a number, got '0.8'"):
        data.split("0.8")
    with pytest.raises(TypeError, match="Dataset takes lists of numbers as inputs; got float: 2.0"):
        Dataset([[1.0], 2.0], [0, 1], ["x"])
    with pytest.raises(TypeError, match="Dataset takes a list of targets; got int: 5"):
        Dataset([[1.0]], 5, ["x"])
    with pytest.raises(TypeError, match="expected one real number, got str: 'a'"):
        Dataset([["a"]], [0], ["x"]).scaling()
    with pytest.raises(TypeError, match="cannot read a table from 3: write a path such as 'table"):
        datasets.csv(3, "x")
    with pytest.raises(TypeError, match="classes must be True or False, got 'yes'"):
        datasets.csv("table.csv", "x", classes="yes")


# The tables that ship with the package.


def test_iris_has_50_flowers_of_each_of_three_species():
    data = datasets.iris()
    assert Counter(data.targets) == {0: 50, 1: 50, 2: 50}
    assert data.names[0] == "sepal_length_cm"
    assert data.classes == ["setosa", "versicolor", "virginica"]
    # the column means that are published with the table
    means = [round(mean, 3) for mean in data.scaling().shift]
    assert means == [5.843, 3.057, 3.758, 1.199]


def test_digits_are_1797_images_of_64_pixels_from_0_to_16():
    data = datasets.digits()
    assert len(data) == 1797
    assert len(data.names) == 64
    assert {pixel for image in data.inputs for pixel in image} == set(map(float, range(17)))
    assert data.classes == list("0123456789")
    assert data.targets[:12] == [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 0, 1]


def test_datasets_need_no_numpy():
    code = "import sys, autograd_engine.datasets as d; d.iris(); print('numpy' in sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


# A table of the user's own.


def test_text_in_the_target_column_names_classes_in_sorted_order(table):
    data = table("a,kind,b\n1,moss,2\n3,fern,4e0\n-.5,moss,6\n")
    assert data.names == ["a", "b"]
    assert data.classes == ["fern", "moss"]
    assert list(data) == [([1.0, 2.0], 1), ([3.0, 4.0], 0), ([-0.5, 6.0], 1)]


def test_whole_numbers_without_a_gap_are_classes_in_ascending_order(table):
    data = table("a,kind\n1,10\n2,9\n3,10\n")
    assert (data.targets, data.classes) == ([1, 0, 1], ["9", "10"])
    data = table("a,kind\n1,-1\n2,1\n3,-1\n")
    assert (data.targets, data.classes) == ([0, 1, 0], ["-1", "1"])
    data = table("a,kind\n1,0\n2,1\n")
    assert (data.targets, data.classes) == ([0, 1], ["0", "1"])


@pytest.mark.parametrize(
    "cells",
    [
        ["1.5", "2.0", "1.5"],
        ["2", "4", "6"],
        [str(i % 21) for i in range(100)],
        [str(100 * (1 + i % 12)) for i in range(60)],
        ["2019", "2020", "2021"],
        ["0", "2", "0"],
        ["2", "4", "2", "4", "6"],
    ],
)
def test_other_numbers_are_predicted_themselves(table, cells):
    data = table("a,kind\n" + "".join(f"1,{cell}\n" for cell in cells))
    assert data.targets == [float(cell) for cell in cells]
    assert data.classes == []


def test_the_caller_can_say_whether_targets_are_classes(table):
    assert table("a,kind\n1,1\n2,1\n", classes=False).targets == [1.0, 1.0]
    data = table("a,kind\n1,7\n2,A\n3,2.5\n", classes=True)
    assert (data.targets, data.classes) == ([1, 2, 0], ["2.5", "7", "A"])


def test_blank_lines_spaces_a_byte_order_mark_and_quotes_are_read_over(table):
    data = table(b'\xef\xbb\xbfa , "kind"\r\n\r\n 1 , x \r\n   \r\n"2","y"\r\n')
    assert (data.names, data.classes, data.inputs) == (["a"], ["x", "y"], [[1.0], [2.0]])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "the file is empty"),
        ("\n\n", "the file is empty"),
        ("a,kind\n", "no rows below the header"),
        ("kind\nx\n", "beside 'kind' there is no column"),
        ("a,kin\n1,x\n", "no column 'kind'; the columns are 'a', 'kin'$"),
        ("a:kind\n1:x\n", "'a:kind'; what separates them was taken to be ',', pass separator= "),
        ("a,kind,a\n1,x,2\n", "line 1: two columns are called 'a'"),
        ("a,,,kind\n1,7,8,x\n2,7,8,y\n", r"line 1: two columns are called '': .* drop=\[2\]"),
        ("a,b,kind\n1,2,x\n1,2\n", r"line 3: 2 cell\(s\), where the header has 3"),
        ("a,kind\n1,x\n1,x,\n", r"line 3: 3 cell\(s\), where the header has 2"),
        ("a,kind\n1,x\n,x\n", "line 3: the cell of column 'a' is missing"),
        ("a,kind\n1,x\n2, \n", "line 3: the cell of column 'kind' is missing"),
        ("a,kind\n1,x\n\n\noops,x\n", "line 5: column 'a' has 'oops', which is no finite number"),
        ("a,kind\n1_0,x\n", "line 2: column 'a' has '1_0', which is no finite number"),
        ("a,kind\n1,x\nnan,x\n", "line 3: column 'a' has 'nan', which marks a missing"),
        (
            "a,kind\n1e999,x\n",
            "line 2: column 'a' has '1e999', which is no finite number: write one",
        ),
        ("a,kind\n1,1.5\n2,inf\n", "line 3: column 'kind' has 'inf', which is no finite"),
        ("a,kind\n1,1.5\n2,oops\n", "line 3: column 'kind' mixes numbers and text, here 'oops'"),
        ("a,kind\n1,x\n2,3\n3,y\n", "line 3: column 'kind' mixes numbers and text, here '3'"),
        (
            'a,kind\n1,"two\nlines"\nno,x\n',
            "line 4: column 'a' has 'no', which is no finite number",
        ),
        (
            'a,kind\nno,"two\nlines"\n1,x\n',
            "line 2: column 'a' has 'no', which is no finite number",
        ),
        ('a,kind\n1,"x\n2,x\n', r"line 2: unexpected end of data: is a quote never closed\?"),
        ('a,kind\n1,"x"y\n', r"line 2: .* expected after .*: is a quote never closed\?"),
        (f'a,kind\n1,"{"x" * 200_000}\n', r"line 2: field larger .*: is a quote never closed\?"),
        (b"a,kind\n1,\xff\n", r"not UTF-8 text \(.*\); save it as UTF-8 \(in Excel: CSV UTF-8\)$"),
    ],
)
def test_a_faulty_table_is_refused_by_file_and_line(table, text, message):
    with pytest.raises(ValueError, match=rf"table\.csv(:|,) .*{message}"):
        table(text)


def test_a_missing_file_raises_the_usual_error(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"nothing\.csv"):
        datasets.csv(tmp_path / "nothing.csv", "kind")


# Tables as people have them.

WINE = """"fixed acidity";"density";"quality"
7.4;0.9978;5
7.8;1.001;6

6;0.997;5
"""
CARS = """\
18.0   8   307.0   130.0\t"chevrolet chevelle malibu"
15.0   8   350.0   165.0\t"buick skylark 320"
25.0   4   98.00   ?\t"ford pinto"
"""
CANCER = "1000025,5,1,2\n1002945,?,4,2\n1015425,3,1,4\n1016277,6,8,2\n1017023,4,1,4\n"
IRIS = "5.1,3.5,Iris-setosa\n7.0,3.2,Iris-versicolor\n6.3,3.3,Iris-setosa\n\n"
GERMAN = (
    '\ufeff"Größe";Preis;Art\r\n1,5;1.234,50;Tanne\r\n-0,25;12.500;Kiefer\r\n1e2;,5;Tanne\r\n;;\r\n'
)
PANDAS = ",height,tall,kind\n0,1.5,True,fern\n1,2.5,False,moss\n2,0.5,True,fern\n"
TABLES = {
    "wine": (WINE, {"target": "quality"}, ["fixed acidity", "density"], [7.8, 1.001], [0, 1, 0]),
    "cars": (
        CARS, {"target": 0, "header": False, "drop": -1, "missing": "drop"},
        ["x1", "x2", "x3"], [8.0, 350.0, 165.0], [18.0, 15.0],
    ),
    "cars, filled": (
        CARS, {"target": "x0", "header": False, "drop": "x4", "missing": -1},
        ["x1", "x2", "x3"], [8.0, 350.0, 165.0], [18.0, 15.0, 25.0],
    ),
    "cancer": (
        CANCER, {"target": -1, "header": False, "drop": [0], "missing": "drop"},
        ["x1", "x2"], [3.0, 1.0], [0, 1, 0, 1],
    ),
    "iris": (IRIS, {"target": 2, "header": False}, ["x0", "x1"], [7.0, 3.2], [0, 1, 0]),
    "german": (GERMAN, {"target": "Art"}, ["Größe", "Preis"], [-0.25, 12500.0], [1, 0, 1]),
    "pandas": (PANDAS, {"target": "kind", "drop": [0]}, ["height", "tall"], [2.5, 0.0], [0, 1, 0]),
    "all named": (
        "1 2 3\n4 5 6\n7 8 9\n", {"target": "3", "header": True},
        ["1", "2"], [7.0, 8.0], [6.0, 9.0],
    ),
    "from 1": ("a|c\n5|1\n6|2\n7|3\n8|1\n", {"target": "c"}, ["a"], [6.0], [0, 1, 2, 0]),
    "truths": ("a\tb\nTRUE\t1.5\nfalse\t2\n", {"target": "b"}, ["a"], [0.0], [1.5, 2.0]),
    "marks": (
        "\ufeffa,b\n\ufeff1,2.5\n\ufeff2,3\n", {"target": "b"}, ["a"], [2.0], [2.5, 3.0],
    ),
    "tab and comma": (
        "a\tb\tk\n1,5\t2\tx y\n2,25\t1\tz\n", {"target": "k"},
        ["a", "b"], [2.25, 1.0], [0, 1],
    ),
    "commas, no header": (
        "1,5;2,5;x\n2,5;3,75;y\n", {"target": 2, "header": False},
        ["x0", "x1"], [2.5, 3.75], [0, 1],
    ),
    "blanks and commas": (
        "1,5 2,5 3,5\n4,5  5,5 6,5\n", {"target": 2, "header": False},
        ["x0", "x1"], [4.5, 5.5], [3.5, 6.5],
    ),
    "points told": ('a,k\n"1,500",x\n"2,000.5",y\n', {"target": "k", "decimal": "."},
                    ["a"], [2000.5], [0, 1]),
    "commas told": ('a,k\n"1,500",x\n"2.000",y\n', {"target": "k", "decimal": ","},
                    ["a"], [2000.0], [0, 1]),
    "separator told": ("a;b,k\n1,2\n3,4.5\n", {"target": "k", "separator": ","},
                       ["a;b"], [3.0], [2.0, 4.5]),
    "text with blanks": ("a,k\n1, New York\n2, Los Angeles\n", {"target": 1}, ["a"], [2.0], [1, 0]),
    "one row": ("a b\n1 2\n", {"target": "b"}, ["a"], None, [2.0]),
}  # fmt: skip


@pytest.mark.parametrize("name", TABLES)
def test_tables_are_read_as_people_have_them(table, name):
    text, options, names, second, targets = TABLES[name]
    data = table(text, **options)
    assert (data.names, data.targets) == (names, targets)
    assert second is None or data.inputs[1] == second


@pytest.mark.parametrize("line_end", ["\n", "\r\n", "\r"])
@pytest.mark.parametrize("separator", [";", "\t", "|", " ", "   ", ","])
def test_separators_are_found_whatever_ends_a_line(table, separator, line_end):
    rows = [["a", "long b", "kind"], ["1.5", "2", "x"], ["3", "-4e0", "long y"], ["", "", ""]]
    lines = (separator.join(f'"{c}"' if " " in c else c for c in row) for row in rows)
    data = table(line_end.join(lines))
    assert list(data) == [([1.5, 2.0], 1), ([3.0, -4.0], 0)]
    assert (data.names, data.classes) == (["a", "long b"], ["long y", "x"])


@pytest.mark.parametrize(
    ("text", "options", "message"),
    [
        (IRIS, {}, "line 1: '5.1' looks like data, .*: pass header=False if there are none"),
        (CARS, {}, "line 1: '18.0' looks like data, .* header=True if it is a name"),
        ("x,True\n1,2\n", {}, "line 1: 'True' looks like data"),
        ("?,kind\n1,x\n", {}, "line 1: '\\?' looks like data"),
        ("nan,kind\n1,x\n", {}, "line 1: 'nan' looks like data"),
        ("inf,kind\n1,x\n", {}, "line 1: 'inf' looks like data"),
        ("$5,kind\n1,x\n", {}, "line 1: '\\$5' looks like data"),
        ('"1,500",kind\n1,x\n', {}, "line 1: '1,500' looks like data"),
        ("a,a,kind\n1,2,x\n", {"drop": "a"}, "line 1: two columns are called 'a': say which by its index"),
        (",a,kind\n0,1,x\n", {"target": ""}, "there is no column ''; the columns are '', 'a', 'kind'"),
        ("a,kind\n1,x\n", {"header": False, "target": 1}, "line 1: column 'x0' has 'a', which is no finite number"),
        (IRIS, {"header": False, "target": 3}, "no column 3; the columns are 'x0', 'x1', 'x2'$"),
        (IRIS, {"header": False, "target": -4}, "no column -4; the columns are 'x0', 'x1', 'x2'$"),
        ("a,kind\n1,x\n", {"drop": ["b"]}, "no column 'b'; the columns are 'a', 'kind'$"),
        ("a,kind\n1,x\n", {"drop": 1}, r"line 1: the target 'kind' is in drop= too"),
        ("a,kind\n1,x\n", {"drop": "a"}, "beside 'kind' there is no column"),
        ("a,kind\n1,x\n,y\n", {}, '3: .* \'a\' is missing: missing="drop" .*, missing=0 fills'),
        ("a,kind\n?,x\n1,y\n", {}, "line 2: column 'a' has '\\?', which marks a missing cell: mis"),
        ("a,kind\n1,x\n2,NA\n", {}, "3: column 'kind' has 'NA', .* leaves such rows out, missing=0 fills in inputs$"),
        ("a,kind\n1,x\n2,\n", {"missing": 0}, "line 3: the cell of column 'kind' is missing: "),
        ("a,kind\n?,x\n2,\n", {"missing": "drop"}, "each row lacks a cell, so that none is left"),
        ("a;kind\n1,500;x\n", {}, "2: .* '1,500', .* such as 1234.5, or pass decimal=\"\\.\" or "),
        ("a;kind\n1,5;x\n1.500;y\n", {}, "line 3: .* '1.500', .* or pass decimal=\"\\.\" or dec"),
        ("a;kind\n1.234,5;x\n1,500;y\n", {}, "line 3: .* '1,500', .* pass decimal="),
        ("a;kind\n1,5;x\n1.5;y\n", {}, "line 3: .* '1.5', .* pass decimal=\"\\.\"$"),
        ('a,kind\n"1,5",x\n', {}, "line 2: .* '1,5', .* pass decimal=\",\"$"),
        ("a,kind\n1.5,x\n", {"decimal": ","}, "line 2: column 'a' has '1.5', which is no finite number"),
        ("a,kind\nred,x\n", {}, r"has 'red', .* leave the column out with drop=\['a'\]"),
        ("a;b;kind\n1;2;x\n1;2\n", {}, "3: 2 cell.*, where the header has 3; .* taken to be ';'"),
        ("a,b\n1,2\n", {"header": False, "target": "c"}, "no column 'c'; the columns are 'x0'"),
    ],
)  # fmt: skip
def test_what_a_table_lacks_is_refused_with_the_cure(table, text, options, message):
    with pytest.raises(ValueError, match=rf"table\.csv(:|,) .*{message}"):
        table(text, **{"target": "kind", **options})


@pytest.mark.parametrize(
    ("options", "error", "message"),
    [
        ({"separator": ";;"}, ValueError, "separator must be one character such as \";\", .* ';;'"),
        ({"separator": 3}, ValueError, "separator must be one character .*, got 3"),
        ({"decimal": ";"}, ValueError, 'decimal must be "\\." or ",", got \';\''),
        ({"missing": "mean"}, ValueError, 'missing must be "refuse", "drop" or a .* got \'mean\''),
        ({"missing": True}, ValueError, "missing must be .*, got True"),
        ({"missing": False}, ValueError, "missing must be .*, got False"),
        ({"missing": math.nan}, ValueError, "missing must be .* a number, got nan"),
        ({"missing": None}, ValueError, "missing must be .*, got None"),
        ({"header": 1}, TypeError, "header must be True or False, got 1"),
        ({"target": 1.0}, TypeError, "target takes the name or index of a column, got 1.0"),
        ({"target": True}, TypeError, "target takes the name or index of a column, got True"),
        ({"drop": [None]}, TypeError, "drop takes the name or index of a column, got None"),
    ],
)
def test_options_of_the_wrong_kind_are_refused_in_words(table, options, error, message):
    with pytest.raises(error, match=message):
        table("a,b,kind\n1,2,x\n", **{"target": "kind", **options})


@pytest.mark.parametrize(
    ("text", "message", "names"),
    [
        (PANDAS, "line 1: column 1 has no name and names the rows: .*drop=.0. does", 2),
        ('"","a","kind"\n"Mazda RX4",1,x\n"Datsun",2,y\n', "column 1 has no name and names", 1),
        ("Unnamed: 0,a,kind\n7,1,x\n3,2,y\n", "column 1 has no name and names the rows", 1),
        ("a;kind;\n1,5;x;\n2;y;\n", "column 3 has no name and is empty: it is left out", 1),
    ],
)
def test_a_column_without_a_name_is_left_out_with_a_word(table, text, message, names):
    with pytest.warns(UserWarning, match=message) as said:
        data = table(text)
    assert len(said) == 1 and said[0].filename == __file__
    assert len(data.names) == names and set(data.targets) == {0, 1}


@pytest.mark.parametrize("index", ["0 1 0 1", "0.5 1.5 2.5 3.5", "a b a b"])
def test_a_column_without_a_name_is_kept_with_a_word(table, index):
    rows = [f"{name},{n},{n % 2}" for n, name in enumerate(index.split())]
    text = "\n".join([",a,kind", *rows])
    if "a" in index:
        with pytest.raises(ValueError, match="column '' has 'a', which is no finite number"):
            table(text)
        return
    with pytest.warns(UserWarning, match="column 1 has no name: it is kept; drop=.0. leaves it"):
        assert table(text).names == ["", "a"]


def test_an_index_with_negative_or_decimal_numbers_is_left_out(table):
    with pytest.warns(UserWarning, match="column 1 has no name and names the rows"):
        assert table(",a,kind\n-1,1,x\n0.0,2,y\n1,3,x\n").names == ["a"]


@pytest.mark.parametrize(
    ("text", "target", "drop", "names"),
    [
        ("2019,2020,y\n1,2,0\n2,3,1\n3,4,0\n4,5,1\n", "2020", (), ["2019", "y"]),
        ("1,2,y\n1,2,0\n2,3,1\n3,4,0\n4,5,1\n", "y", ["1"], ["2"]),
        ("1,2,y\n1,2,0\n2,3,1\n3,4,0\n4,5,1\n", "-1", [0], ["2"]),
    ],
)
def test_a_name_that_is_a_number_goes_before_an_index(table, text, target, drop, names):
    assert table(text, target=target, drop=drop, header=True).names == names


def test_what_excel_says_of_its_separator_is_heeded(table):
    data = table("sep=|\r\na|kind\r\n1|x\r\n2|y\r\n")
    assert data.names == ["a"] and data.classes == ["x", "y"]
    with pytest.raises(ValueError, match="line 3: column 'a' has 'no'"):
        table("sep=;\na;kind\nno;x\n")


@pytest.mark.parametrize(
    ("target", "classes"),
    [("0.0 1.0 0.0 1.0", ["0.0", "1.0"]), ("0.0 1.0 2.0 1.0", []), ("0.5 1.5 0.5 1.5", [])],
)
def test_two_whole_numbers_are_classes_however_they_are_written(table, target, classes):
    rows = [f"{n},{cell}" for n, cell in enumerate(target.split())]
    assert table("\n".join(["a,kind", *rows])).classes == classes


@pytest.mark.parametrize("cell", ["na", "n.a.", "NAN", "NaT", "#DIV/0!", "#VALUE!", "\\N"])
def test_marks_of_missing_cells(table, cell):
    with pytest.raises(ValueError, match="which marks a missing cell"):
        table(f"a,kind\n{cell},x\n1,y\n")


@pytest.mark.parametrize(
    ("one", "other"), [("1", "01"), ("1", "+1"), ("café", "cafe\u0301"), ("New York", "New  York")]
)
def test_classes_that_are_one_in_another_spelling_are_told(table, one, other):
    with pytest.warns(
        UserWarning, match="tells .* from .*: write them alike if they are one class"
    ):
        assert len(table(f"a,kind\n1,{one}\n2,{other}\n3,{one}\n4,2\n", classes=True).classes) == 3


@pytest.mark.parametrize("size", range(1, 200))
def test_a_constant_column_is_scaled_by_1(size):
    for number in (0.1, 0.9, 1.8, 3.1, -3.6, 1e-300, 1e300, 0.0):
        shift, scale = Dataset([[number]] * size, [0] * size, ["x"]).scaling()
        assert scale == [1.0] and math.isclose(shift[0], number, rel_tol=1e-15)
    noisy = Dataset([[0.3], [0.1 + 0.2]] * size, [0] * 2 * size, ["x"])
    assert noisy.scaling().scale == [1.0]


@pytest.mark.parametrize("other", ["Yes", "YES", "y es"])
def test_classes_that_are_alike_but_for_their_letters_are_told_apart_with_a_word(table, other):
    text = f"a,kind\n1,yes\n2,{other}\n3,no\n"
    if other == "y es":
        assert table(text).classes == ["no", "y es", "yes"]
        return
    with pytest.warns(UserWarning, match=f"column 'kind' tells '{other}' from 'yes': write"):
        assert table(text).classes == [other, "no", "yes"]


# Quantities that are no numbers to Python.

ODD = {
    "a number in another spelling": (
        "$12.50 -$5 ($7.10) €3 12,50€ 12.50_EUR USD_3 £1,500 ₹100 US$_3 R$5,50 $5k €1.2_mio"
        " 12% 12.5% -3,5_% 7‰ 1,5 -1,5 ,5 1,500 1,500.25 1.234,56 1,234,567 1,5e3 1_000,5"
        " 1_000 12_345 1'000 1.000.000 −5 −1.5 (12.50) (3)"
    ),
}
CELLS = [(what, cell.replace("_", " ")) for what, cells in ODD.items() for cell in cells.split()]
CELLS += [("a number in another spelling", cell) for cell in ("1_000", "1\u202f000", "1\u00a0000")]


@pytest.mark.parametrize("what, cell", CELLS)
def test_a_target_of_quantities_in_an_odd_spelling_is_refused_saying_what_they_are(
    tmp_path, what, cell
):
    path = tmp_path / "prices.csv"
    for rows in ([cell] * 3, [cell, "red", "blue"], ["red", cell], ["3", cell, "4"]):
        lines = ["x,price", *(f'{i},"{row}"' for i, row in enumerate(rows))]
        path.write_text("\n".join(lines), "utf-8")
        with pytest.raises(ValueError) as caught:
            datasets.csv(path, "price")
        said = str(caught.value)
        assert said.startswith(f"{path}, line {rows.index(cell) + 2}: column 'price' has ")
        assert f"which looks like {what}: write plain numbers" in said and "classes=True" in said
        assert datasets.csv(path, "price", classes=True).classes  # whoever means classes says so
    path.write_text(f'x,y\n"{cell}",1\n2,2\n', "utf-8")
    with pytest.raises(ValueError, match=f"it looks like {what}: write plain numbers"):
        datasets.csv(path, "y")


@pytest.mark.parametrize(
    "cells",
    [
        "0-17 18-25 55+", "<=50K >50K", "1st 2nd 3rd", "red green", "A320 B737", "1.2.3 10.0.0.1",
        "class-1 class-2", "x$ y%", "a,b 1,a", "yes no", "True False", "12-lead 3/4", "½ Ⅷ",
    ],
)  # fmt: skip
def test_names_with_digits_and_signs_stay_classes(tmp_path, cells):
    path = tmp_path / "names.csv"
    lines = ["x,kind", *(f'{i},"{cell}"' for i, cell in enumerate(cells.split() * 2))]
    path.write_text("\n".join(lines), "utf-8")
    assert datasets.csv(path, "kind").classes == sorted(cells.split())


def test_names_that_never_come_again_are_no_classes(tmp_path):
    path = tmp_path / "names.csv"
    for count in (20, 21):
        lines = ["x,name", *(f"{i},person {chr(97 + i)}" for i in range(count))]
        path.write_text("\n".join(lines), "utf-8")
        assert len(datasets.csv(path, "name", classes=True).classes) == count
        if count == 20:
            assert len(datasets.csv(path, "name").classes) == count
    with pytest.raises(ValueError, match="names.csv, line 2: .* has another text in each row"):
        datasets.csv(path, "name")
