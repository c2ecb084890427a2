"""Write the example pictures: digits/0.png to digits/9.png and seven.png, all from the test part.

pip install scikit-learn
python examples/draw_digits.py
"""

from __future__ import annotations

from pathlib import Path

from digits_data import picture, split_digits

HERE = Path(__file__).parent

PICTURES = {
    "digits/0.png": 20,
    "digits/1.png": 80,
    "digits/2.png": 107,
    "digits/3.png": 93,
    "digits/4.png": 111,
    "digits/5.png": 108,
    "digits/6.png": 140,
    "digits/7.png": 303,
    "digits/8.png": 186,
    "digits/9.png": 75,
    "seven.png": 308,
}
"""Which row of the test part each picture shows; picked by eye, for looking like handwriting at that size."""


def main() -> None:
    (HERE / "digits").mkdir(exist_ok=True)
    ink = split_digits().test.ink
    for name, row in PICTURES.items():
        picture(ink[row]).save(HERE / name, optimize=True)
        print(f"wrote {name}")


if __name__ == "__main__":
    main()
