import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from visuals.isf.expression import DEEPEST, LONGEST, Expression

NAMES = {"WIDTH", "HEIGHT", "blur", "odd_Name"}
VALUES = {"WIDTH": 640.0, "HEIGHT": 360.0, "blur": 0.25, "odd_Name": 3.0}


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1", 1.0),
        (16, 16.0),
        (2.5, 2.5),
        ("$WIDTH", 640.0),
        ("$width / 2", 320.0),
        ("floor($HEIGHT/16.0)", 22.0),
        ("max($WIDTH*0.02,1.0)", 12.8),
        ("MAX(1, MIN($HEIGHT, 8))", 8.0),
        ("-$blur + 1", 0.75),
        ("- - 2", 2.0),
        ("2 - 3 - 4", -5.0),
        ("2 + 3 * 4", 14.0),
        ("(2 + 3) * 4", 20.0),
        ("7 % 4", 3.0),
        ("$WIDTH > $HEIGHT ? 1 : 2", 1.0),
        ("$blur == 0 || $blur >= 1 ? 1 : $odd_Name", 3.0),
        ("if($WIDTH < 100, 1 / 0, 5)", 5.0),
        ("clamp(5, 0, 2) + round(2.5) + ceil(0.1) + trunc(-1.5)", 5.0),
        (".5e1", 5.0),
        ("sqrt(pow(3, 2))", 3.0),
        ("WIDTH / 10", 64.0),
    ],
)
def test_value(text: str | float, value: float) -> None:
    assert Expression(text, NAMES)(VALUES) == pytest.approx(value)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "ends too early"),
        ("1 +", "ends too early"),
        ("1 2", "'2' is one too many"),
        ("(1", r"'\)' is missing at its end"),
        ("1)", "one too many"),
        ("max()", "doesn't belong there"),
        ("$WIDHT", r"no variable '\$WIDHT'; did you mean \$WIDTH"),
        ("flor(1)", "no function 'flor'; did you mean floor"),
        ("floor(1, 2)", "floor takes 1, not 2"),
        ("__import__('os')", "no function"),
        ("1 ? 2", "':' is missing"),
        ("$", "doesn't belong there"),
        ("1; 2", "one too many"),
        ("!1", "isn't known here"),
        ("1" * (LONGEST + 1), f"{LONGEST} at most"),
        ("(" * (DEEPEST + 1) + "1", "in each other"),
        ("\n\n", "ends too early"),
        ("é", "doesn't belong there"),
    ],
)
def test_what_is_none(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Expression(text, NAMES)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("$WIDTH / ($blur - 0.25)", "divides by zero, WIDTH is 640, blur is 0.25"),
        ("1 % 0", "divides by zero"),
        ("mod(1, 0)", "divides by zero"),
        ("sqrt(-1)", "has no value"),
        ("log(0)", "has no value"),
        ("pow(10, 400)", "has no value"),
        ("1e308 * 10", "is inf"),
        ("exp(1000)", "has no value"),
    ],
)
def test_no_value(text: str, says: str) -> None:
    with pytest.raises(ValueError, match=says):
        Expression(text, NAMES)(VALUES)


WORDS = ["1", "0", ".5", "$WIDTH", "$blur", "blur", "+", "-", "*", "/", "%", "(", ")", ",", "?", ":", "<", "==", "&&"]


@given(st.one_of(st.text(max_size=40), st.lists(st.sampled_from([*WORDS, "max(", "if(", "floor("])).map(" ".join)))
def test_any_text_is_a_finite_number_or_an_error_of_one_line(text: str) -> None:
    try:
        assert math.isfinite(Expression(text, NAMES)(VALUES))
    except ValueError as error:
        assert str(error) and "\n" not in str(error)
