"""Units: what each is in base units, exactly as it is defined."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fractions import Fraction

Dimensions = tuple[tuple[str, int], ...]

_PI = Fraction("3.14159265358979323846264338327950288419716939937510")


@dataclass(frozen=True, slots=True)
class Unit:
    """A unit: `name` as it is written, and what one of it is in base units.

    `shift` is where a scale of temperature has its zero, in kelvin.
    """

    name: str
    factor: Fraction
    dimensions: Dimensions
    exact: bool = True
    shift: Fraction = Fraction(0)


# Base units: m, g, s, b(it), K, deg, A. One line per kind: its dimensions, then names and sizes.
_KINDS: tuple[tuple[str, str], ...] = (
    (
        "m:1",
        "m metre metres meter meters=1|km kilometre kilometres kilometer kilometers=1000"
        "|cm centimetre centimetres centimeter centimeters=0.01"
        "|dm decimetre decimetres decimeter decimeters=0.1"
        "|mm millimetre millimetres millimeter millimeters=0.001"
        "|µm um micrometre micrometres micrometer micrometers=1e-6"
        "|nm nanometre nanometres nanometer nanometers=1e-9"
        "|inch inches=0.0254|ft foot feet=0.3048|yd yard yards=0.9144|mi mile miles=1609.344"
        "|nmi=1852|au=149597870700|ly lightyear lightyears=9460730472580800",
    ),
    (
        "m:2",
        "ha hectare hectares=10000|acre acres=4046.8564224|sqm=1|sqkm=1e6|sqft=0.09290304"
        "|sqmi=2589988.110336",
    ),
    (
        "m:3",
        "l L litre litres liter liters=0.001|ml mL millilitre millilitres milliliter milliliters"
        "=1e-6|cl=1e-5|dl=1e-4|gal gallon gallons=0.003785411784|qt quart quarts=0.000946352946"
        "|pt pint pints=0.000473176473|cup cups=0.0002365882365|floz=0.0000295735295625"
        "|tbsp tablespoon tablespoons=0.00001478676478125"
        "|tsp teaspoon teaspoons=0.00000492892159375",
    ),
    (
        "g:1",
        "g gram grams gramme grammes=1|kg kilo kilos kilogram kilograms=1000"
        "|mg milligram milligrams=0.001|µg ug mcg microgram micrograms=1e-6"
        "|t tonne tonnes=1000000|lb lbs pound pounds=453.59237|oz ounce ounces=28.349523125"
        "|stone stones=6350.29318|ton tons=907184.74",
    ),
    (
        "s:1",
        "s sec secs second seconds=1|ms millisecond milliseconds=0.001"
        "|µs us microsecond microseconds=1e-6|ns nanosecond nanoseconds=1e-9"
        "|min mins minute minutes=60|h hr hrs hour hours=3600|d day days=86400"
        "|week weeks=604800|fortnight fortnights=1209600"
        "|month months=2629746|year years yr yrs=31556952",
    ),
    ("s:-1", "Hz hertz=1|kHz=1e3|MHz=1e6|GHz=1e9|rpm=1/60"),
    (
        "b:1",
        "bit bits=1|kbit kilobit kilobits=1e3|Mbit Mb megabit megabits=1e6"
        "|Gbit Gb gigabit gigabits=1e9|B byte bytes=8|kB KB kilobyte kilobytes=8e3"
        "|MB megabyte megabytes=8e6|GB gigabyte gigabytes=8e9|TB terabyte terabytes=8e12"
        "|PB petabyte petabytes=8e15|KiB kibibyte kibibytes=8192|MiB mebibyte mebibytes=8388608"
        "|GiB gibibyte gibibytes=8589934592|TiB tebibyte tebibytes=8796093022208",
    ),
    ("b:1 s:-1", "kbps=1e3|Mbps=1e6|Gbps=1e9"),
    ("m:1 s:-1", "kmh kph=5/18|mph=0.44704|mps=1|kn knot knots=463/900|fps=0.3048"),
    ("g:1 m:1 s:-2", "N newton newtons=1000|kN=1000000"),
    ("g:1 m:-1 s:-2", "Pa pascal pascals=1e3|hPa=1e5|kPa=1e6|MPa=1e9|bar bars=1e8|mbar=1e5"),
    ("g:1 m:-1 s:-2", "atm=101325e3|mmHg=133322.387415|psi=8896443230521/1290320"),
    (
        "g:1 m:2 s:-2",
        "J joule joules=1e3|kJ kilojoule kilojoules=1e6|MJ=1e9|cal calorie calories=4184"
        "|kcal kilocalorie kilocalories=4184000|Wh=3600e3|kWh=3600e6|MWh=3600e9"
        "|BTU=1055055.85262|eV=1.602176634e-16",
    ),
    (
        "g:1 m:2 s:-3",
        "W watt watts=1e3|mW=1|kW kilowatt kilowatts=1e6|MW megawatt megawatts=1e9|GW=1e12"
        "|hp horsepower=745699.87158227022",
    ),
    ("A:1", "A amp amps ampere amperes=1|mA=0.001"),
    ("A:1 s:1", "Ah=3600|mAh=3.6"),
    ("g:1 m:2 s:-3 A:-1", "V volt volts=1000|mV=1|kV=1e6"),
    ("g:1 m:2 s:-3 A:-2", "ohm ohms Ω=1000"),
    ("K:1", "K kelvin kelvins=1"),
    ("deg:1", "deg degree degrees °=1|arcmin=1/60|arcsec=1/3600|turn turns=360"),
)
_THERMOMETERS = (
    ("C °C celsius degC", Fraction(1), Fraction("273.15")),
    ("F °F fahrenheit degF", Fraction(5, 9), Fraction("459.67") * Fraction(5, 9)),
)


def find(name: str) -> Unit | None:
    """The unit of a name; the case matters only where it makes a difference (`MB`, `Mb`)."""
    return UNITS.get(name) or _ANY_CASE.get(name.lower())


def dimensions(text: str) -> Dimensions:
    """Dimensions from their short form, such as `m:1 s:-1`."""
    pairs = (part.split(":") for part in text.split())
    return tuple(sorted((name, int(exponent)) for name, exponent in pairs))


def _all() -> Iterator[Unit]:
    for kind, lines in _KINDS:
        for line in lines.split("|"):
            names, size = line.split("=")
            for name in names.split():
                yield Unit(name, Fraction(size), dimensions(kind))
    for names, factor, shift in _THERMOMETERS:
        for name in names.split():
            yield Unit(name, factor, (("K", 1),), shift=shift)
    for name in ("rad", "radian", "radians"):
        yield Unit(name, 180 / _PI, (("deg", 1),), exact=False)


def _loosely() -> Iterator[tuple[str, Unit]]:
    """Names in small letters, without those that stand for several things."""
    sizes: dict[str, set[tuple[Dimensions, Fraction]]] = {}
    for unit in UNITS.values():
        sizes.setdefault(unit.name.lower(), set()).add((unit.dimensions, unit.factor))
    for unit in UNITS.values():
        if len(sizes[unit.name.lower()]) == 1 and len(unit.name) > 1:
            yield unit.name.lower(), unit


UNITS = {unit.name: unit for unit in _all()}
# Written in small letters people mean bytes, not bits.
_ANY_CASE = dict(_loosely()) | {name.lower(): UNITS[name] for name in ("kB", "MB", "GB", "TB")}
