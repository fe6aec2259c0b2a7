//! Reads a unit text as a product of powers of known units: a whole-number quotient, a power of ten
//! and a dimension.
//!
//! Everything after the first `/` is a denominator, as HealthKit prints it (`mL/min·kg`). This never
//! guesses: one unknown part makes the whole text unknown.

/// Powers of kilogram, metre, second, kelvin, ampere, mole, candela, international unit, decibel.
type Dimension = [i8; 9];

const NONE: Dimension = [0; 9];
const MASS: Dimension = [1, 0, 0, 0, 0, 0, 0, 0, 0];
const LENGTH: Dimension = [0, 1, 0, 0, 0, 0, 0, 0, 0];
const AREA_INVERSE_LIGHT: Dimension = [0, -2, 0, 0, 0, 0, 1, 0, 0];
const VOLUME: Dimension = [0, 3, 0, 0, 0, 0, 0, 0, 0];
const TIME: Dimension = [0, 0, 1, 0, 0, 0, 0, 0, 0];
const RATE: Dimension = [0, 0, -1, 0, 0, 0, 0, 0, 0];
const SPEED: Dimension = [0, 1, -1, 0, 0, 0, 0, 0, 0];
const ACCELERATION: Dimension = [0, 1, -2, 0, 0, 0, 0, 0, 0];
const TEMPERATURE: Dimension = [0, 0, 0, 1, 0, 0, 0, 0, 0];
const AMOUNT: Dimension = [0, 0, 0, 0, 0, 1, 0, 0, 0];
const ENERGY: Dimension = [1, 2, -2, 0, 0, 0, 0, 0, 0];
const POWER: Dimension = [1, 2, -3, 0, 0, 0, 0, 0, 0];
const POWER_PER_MASS: Dimension = [0, 2, -3, 0, 0, 0, 0, 0, 0];
const PRESSURE: Dimension = [1, -1, -2, 0, 0, 0, 0, 0, 0];
const VOLTAGE: Dimension = [1, 2, -3, 0, -1, 0, 0, 0, 0];
const CONDUCTANCE: Dimension = [-1, -2, 3, 0, 2, 0, 0, 0, 0];
const POTENCY: Dimension = [0, 0, 0, 0, 0, 0, 0, 1, 0];
const LEVEL: Dimension = [0, 0, 0, 0, 0, 0, 0, 0, 1];

/// The size of a unit: `numerator ∕ denominator × 10^power` of its dimension's base units.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Measure {
    numerator: u128,
    denominator: u128,
    power: i32,
    dimension: Dimension,
    /// Whether a percent sign was part of the text.
    pub(crate) has_percent: bool,
}

impl Measure {
    const ONE: Self = Self {
        numerator: 1,
        denominator: 1,
        power: 0,
        dimension: NONE,
        has_percent: false,
    };

    const fn of(numerator: u128, denominator: u128, power: i32, dimension: Dimension) -> Self {
        Self {
            numerator,
            denominator,
            power,
            dimension,
            has_percent: false,
        }
    }

    pub(crate) fn is_bare_number(&self) -> bool {
        self.dimension == NONE
    }

    /// The product with `other` to the power of `exponent`.
    fn times(mut self, other: &Self, exponent: i8) -> Option<Self> {
        let (up, down) = if exponent < 0 {
            (other.denominator, other.numerator)
        } else {
            (other.numerator, other.denominator)
        };
        for _ in 0..exponent.unsigned_abs() {
            self.numerator = self.numerator.checked_mul(up)?;
            self.denominator = self.denominator.checked_mul(down)?;
        }
        self.power += other.power * i32::from(exponent);
        for (own, others) in self.dimension.iter_mut().zip(other.dimension) {
            *own = own.checked_add(others.checked_mul(exponent)?)?;
        }
        self.has_percent |= other.has_percent;
        Some(self)
    }

    /// This amount of substance as a mass, for a molar mass of `digits × 10^power` grams.
    pub(crate) fn times_molar_mass(self, digits: u128, power: i32) -> Option<Self> {
        let molar_mass = Self::of(digits, 1, power - 3, MASS).times(&MOLE, -1)?;
        self.times(&molar_mass, 1)
    }

    /// The factor from this measure to `other` as a reduced quotient; `None` when they measure
    /// different things.
    pub(crate) fn ratio_to(&self, other: &Self) -> Option<(f64, f64)> {
        if self.dimension != other.dimension || self.has_percent || other.has_percent {
            return None;
        }
        let mut up = self.numerator.checked_mul(other.denominator)?;
        let mut down = self.denominator.checked_mul(other.numerator)?;
        let power = self.power - other.power;
        let scale = 10_u128.checked_pow(power.unsigned_abs())?;
        if power >= 0 {
            up = up.checked_mul(scale)?;
        } else {
            down = down.checked_mul(scale)?;
        }
        let shared = greatest_common_divisor(up, down);
        Some(((up / shared) as f64, (down / shared) as f64))
    }
}

const MOLE: Measure = Measure::of(1, 1, 0, AMOUNT);

fn greatest_common_divisor(mut a: u128, mut b: u128) -> u128 {
    while b != 0 {
        (a, b) = (b, a % b);
    }
    a.max(1)
}

/// Reads a unit text. An empty one is a bare number.
pub(crate) fn measure(text: &str) -> Option<Measure> {
    let text = text.trim();
    if let Some(phrase) = phrase(text) {
        return measure(phrase);
    }
    if let Some(atom) = atom(text) {
        return Some(atom);
    }
    let text = text.replace(" per ", "/");
    let mut product = Measure::ONE;
    let mut sign = 1;
    let mut rest = text.as_str();
    loop {
        let end = end_of_part(rest);
        let (part, tail) = rest.split_at(end);
        let (name, exponent) = split_exponent(part.trim());
        if !name.is_empty() {
            product = product.times(&atom(name)?, sign * exponent)?;
        }
        let mut chars = tail.chars();
        match chars.next() {
            None => return Some(product),
            Some('/') => sign = -1,
            Some(_) => {}
        }
        rest = chars.as_str();
    }
}

/// Where the part that `text` begins with ends: at a sign of multiplication or division outside `<>`
/// and `[]`.
fn end_of_part(text: &str) -> usize {
    let mut depth = 0_u32;
    for (at, c) in text.char_indices() {
        match c {
            '<' | '[' | '{' => depth += 1,
            '>' | ']' | '}' => depth = depth.saturating_sub(1),
            '/' | '*' | '.' | '·' | '⋅' | '(' | ')' | ' ' if depth == 0 => return at,
            _ => {}
        }
    }
    text.len()
}

/// `m2`, `m^2`, `m²` and `min-1` are powers. Exponents beyond 3 do not occur in units of health.
fn split_exponent(part: &str) -> (&str, i8) {
    const EXPONENTS: [(&str, i8); 10] = [
        ("^-1", -1),
        ("^-2", -2),
        ("-1", -1),
        ("-2", -2),
        ("^2", 2),
        ("^3", 3),
        ("²", 2),
        ("³", 3),
        ("2", 2),
        ("3", 3),
    ];
    for (suffix, exponent) in EXPONENTS {
        if let Some(name) = part.strip_suffix(suffix)
            && !name.is_empty()
        {
            return (name, exponent);
        }
    }
    (part, 1)
}

/// One unit with its prefix and, for moles, its molar mass; annotations in braces are bare numbers.
fn atom(text: &str) -> Option<Measure> {
    if text.is_empty() {
        return Some(Measure::ONE);
    }
    if let Some((name, annotation)) = text.split_once('{') {
        return annotation.ends_with('}').then(|| atom(name))?;
    }
    if let Some((name, molar_mass)) = text.split_once('<') {
        let (digits, power) = decimal(molar_mass.strip_suffix('>')?)?;
        return atom(name)?.times_molar_mass(digits, power);
    }
    cased_atom(text)
        .or_else(|| cased_atom(&text.to_lowercase()))
        .or_else(|| word(&text.to_lowercase()))
}

/// A decimal number as its digits and a power of ten.
fn decimal(text: &str) -> Option<(u128, i32)> {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{whole}{fraction}");
    let all_digits = digits.bytes().all(|byte| byte.is_ascii_digit());
    if digits.is_empty() || digits.len() > 18 || !all_digits {
        return None;
    }
    let power = i32::try_from(fraction.len()).ok()?;
    Some((digits.parse().ok()?, -power))
}

fn cased_atom(text: &str) -> Option<Measure> {
    let find = |name: &str| ATOMS.iter().find(|(known, _)| *known == name);
    if let Some((_, measure)) = find(text) {
        return Some(*measure);
    }
    PREFIXES.iter().find_map(|(prefix, power)| {
        let name = text.strip_prefix(prefix)?;
        let is_prefixable = PREFIXABLE.contains(&name);
        let (_, base) = is_prefixable.then(|| find(name))??;
        Some(Measure {
            power: base.power + power,
            ..*base
        })
    })
}

fn phrase(text: &str) -> Option<&'static str> {
    PHRASES
        .iter()
        .find(|(phrase, _)| phrase.eq_ignore_ascii_case(text))
        .map(|(_, unit)| *unit)
}

fn word(text: &str) -> Option<Measure> {
    let (_, unit) = WORDS.iter().find(|(words, _)| words.contains(&text))?;
    cased_atom(unit)
}

/// A scale of temperature, where zero is not nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Temperature {
    /// Degrees Celsius.
    Celsius,
    /// Degrees Fahrenheit.
    Fahrenheit,
    /// Kelvin.
    Kelvin,
}

/// Reads a unit text as a scale of temperature.
pub(crate) fn temperature(text: &str) -> Option<Temperature> {
    match text.trim() {
        "degC" | "Cel" | "C" | "°C" | "℃" | "ºC" => return Some(Temperature::Celsius),
        "degF" | "[degF]" | "F" | "°F" | "℉" | "ºF" => return Some(Temperature::Fahrenheit),
        "K" => return Some(Temperature::Kelvin),
        _ => {}
    }
    match text.trim().to_lowercase().as_str() {
        "celsius" | "degc" | "c" | "cel" => Some(Temperature::Celsius),
        "fahrenheit" | "degf" | "f" => Some(Temperature::Fahrenheit),
        "kelvin" => Some(Temperature::Kelvin),
        _ => None,
    }
}

/// Prefixes as HealthKit and UCUM print them; longer ones first.
const PREFIXES: [(&str, i32); 13] = [
    ("mc", -6),
    ("µ", -6),
    ("μ", -6),
    ("u", -6),
    ("p", -12),
    ("n", -9),
    ("m", -3),
    ("c", -2),
    ("d", -1),
    ("h", 2),
    ("k", 3),
    ("M", 6),
    ("G", 9),
];

const PREFIXABLE: [&str; 17] = [
    "g", "m", "s", "L", "l", "cal", "J", "Pa", "W", "V", "S", "mol", "Hz", "IU", "[iU]", "lx",
    "[g]",
];

/// Units by their exact text. Sizes are definitions, except the mercury column (NIST SP 811).
#[rustfmt::skip]
const ATOMS: [(&str, Measure); 81] = [
    ("1", Measure::ONE),
    ("count", Measure::ONE),
    ("g", Measure::of(1, 1, -3, MASS)),
    ("lb", Measure::of(45_359_237, 1, -8, MASS)),
    ("[lb_av]", Measure::of(45_359_237, 1, -8, MASS)),
    ("oz", Measure::of(45_359_237, 16, -8, MASS)),
    ("[oz_av]", Measure::of(45_359_237, 16, -8, MASS)),
    ("st", Measure::of(635_029_318, 1, -8, MASS)),
    ("m", Measure::of(1, 1, 0, LENGTH)),
    ("in", Measure::of(254, 1, -4, LENGTH)),
    ("[in_i]", Measure::of(254, 1, -4, LENGTH)),
    ("ft", Measure::of(3_048, 1, -4, LENGTH)),
    ("[ft_i]", Measure::of(3_048, 1, -4, LENGTH)),
    ("yd", Measure::of(9_144, 1, -4, LENGTH)),
    ("[yd_i]", Measure::of(9_144, 1, -4, LENGTH)),
    ("mi", Measure::of(1_609_344, 1, -3, LENGTH)),
    ("[mi_i]", Measure::of(1_609_344, 1, -3, LENGTH)),
    ("s", Measure::of(1, 1, 0, TIME)),
    ("min", Measure::of(60, 1, 0, TIME)),
    ("h", Measure::of(3_600, 1, 0, TIME)),
    ("hr", Measure::of(3_600, 1, 0, TIME)),
    ("d", Measure::of(86_400, 1, 0, TIME)),
    ("Hz", Measure::of(1, 1, 0, RATE)),
    ("bpm", Measure::of(1, 60, 0, RATE)),
    ("rpm", Measure::of(1, 60, 0, RATE)),
    ("spm", Measure::of(1, 60, 0, RATE)),
    ("brpm", Measure::of(1, 60, 0, RATE)),
    ("mph", Measure::of(1_609_344, 3_600, -3, SPEED)),
    ("[g]", Measure::of(980_665, 1, -5, ACCELERATION)),
    ("kph", Measure::of(1_000, 3_600, 0, SPEED)),
    ("kmh", Measure::of(1_000, 3_600, 0, SPEED)),
    ("L", Measure::of(1, 1, -3, VOLUME)),
    ("l", Measure::of(1, 1, -3, VOLUME)),
    ("cc", Measure::of(1, 1, -6, VOLUME)),
    ("fl_oz_us", Measure::of(295_735_295_625, 1, -16, VOLUME)),
    ("[foz_us]", Measure::of(295_735_295_625, 1, -16, VOLUME)),
    ("fl_oz_imp", Measure::of(284_130_625, 1, -13, VOLUME)),
    ("[foz_br]", Measure::of(284_130_625, 1, -13, VOLUME)),
    ("pt_us", Measure::of(473_176_473, 1, -12, VOLUME)),
    ("pt_imp", Measure::of(56_826_125, 1, -11, VOLUME)),
    ("cup_us", Measure::of(2_365_882_365, 1, -13, VOLUME)),
    ("[cup_us]", Measure::of(2_365_882_365, 1, -13, VOLUME)),
    ("cup_imp", Measure::of(284_130_625, 1, -12, VOLUME)),
    ("mol", MOLE),
    ("J", Measure::of(1, 1, 0, ENERGY)),
    ("cal", Measure::of(4_184, 1, -3, ENERGY)),
    ("Cal", Measure::of(4_184, 1, 0, ENERGY)),
    ("W", Measure::of(1, 1, 0, POWER)),
    ("MET", Measure::of(4_184, 3_600, 0, POWER_PER_MASS)),
    ("[MET]", Measure::of(4_184, 3_600, 0, POWER_PER_MASS)),
    ("Pa", Measure::of(1, 1, 0, PRESSURE)),
    ("mmHg", Measure::of(133_322_387_415, 1, -9, PRESSURE)),
    ("mm[Hg]", Measure::of(133_322_387_415, 1, -9, PRESSURE)),
    ("cmHg", Measure::of(133_322_387_415, 1, -8, PRESSURE)),
    ("inHg", Measure::of(133_322_387_415 * 254, 1, -10, PRESSURE)),
    ("cmAq", Measure::of(980_665, 1, -4, PRESSURE)),
    ("atm", Measure::of(101_325, 1, 0, PRESSURE)),
    ("V", Measure::of(1, 1, 0, VOLTAGE)),
    ("S", Measure::of(1, 1, 0, CONDUCTANCE)),
    ("K", Measure::of(1, 1, 0, TEMPERATURE)),
    ("degC", Measure::of(1, 1, 0, TEMPERATURE)),
    ("Cel", Measure::of(1, 1, 0, TEMPERATURE)),
    ("°C", Measure::of(1, 1, 0, TEMPERATURE)),
    ("degF", Measure::of(5, 9, 0, TEMPERATURE)),
    ("[degF]", Measure::of(5, 9, 0, TEMPERATURE)),
    ("°F", Measure::of(5, 9, 0, TEMPERATURE)),
    ("lx", Measure::of(1, 1, 0, AREA_INVERSE_LIGHT)),
    ("lux", Measure::of(1, 1, 0, AREA_INVERSE_LIGHT)),
    ("D", Measure::of(1, 1, 0, [0, -1, 0, 0, 0, 0, 0, 0, 0])),
    ("diopter", Measure::of(1, 1, 0, [0, -1, 0, 0, 0, 0, 0, 0, 0])),
    ("IU", Measure::of(1, 1, 0, POTENCY)),
    ("[iU]", Measure::of(1, 1, 0, POTENCY)),
    ("dB", Measure::of(1, 1, 0, LEVEL)),
    ("dB[SPL]", Measure::of(1, 1, 0, LEVEL)),
    ("dBASPL", Measure::of(1, 1, 0, LEVEL)),
    ("dBHL", Measure::of(1, 1, 0, LEVEL)),
    ("dBA", Measure::of(1, 1, 0, LEVEL)),
    ("%", Measure { has_percent: true, power: -2, ..Measure::ONE }),
    ("percent", Measure { has_percent: true, power: -2, ..Measure::ONE }),
    ("pct", Measure { has_percent: true, power: -2, ..Measure::ONE }),
    ("fraction", Measure::ONE),
];

/// Units of several words, which the parts alone would not give.
const PHRASES: [(&str, &str); 6] = [
    ("fl oz", "fl_oz_us"),
    ("fl_oz", "fl_oz_us"),
    ("dB(SPL)", "dB"),
    ("dB(A)", "dB"),
    ("dBASPL/count", "dB"),
    ("mL/min/kg", "mL/(kg.min)"),
];

/// Words in lower case, and the unit they mean. Things that are counted are bare numbers.
const WORDS: [(&[&str], &str); 24] = [
    (
        &[
            "counts",
            "step",
            "steps",
            "floor",
            "floors",
            "flight",
            "flights",
            "beat",
            "beats",
            "breath",
            "breaths",
            "stroke",
            "strokes",
            "push",
            "pushes",
            "event",
            "events",
            "time",
            "times",
            "rep",
            "reps",
            "drink",
            "drinks",
            "serving",
            "servings",
            "score",
            "scores",
            "point",
            "points",
            "appleeffortscore",
            "revolution",
            "revolutions",
            "ratio",
            "unitless",
        ],
        "count",
    ),
    (&["gram", "grams"], "g"),
    (&["kilogram", "kilograms", "kgs"], "kg"),
    (&["milligram", "milligrams"], "mg"),
    (&["microgram", "micrograms"], "ug"),
    (&["pound", "pounds", "lbs"], "lb"),
    (&["ounce", "ounces"], "oz"),
    (&["stone", "stones"], "st"),
    (&["meter", "meters", "metre", "metres"], "m"),
    (
        &["kilometer", "kilometers", "kilometre", "kilometres"],
        "km",
    ),
    (
        &["centimeter", "centimeters", "centimetre", "centimetres"],
        "cm",
    ),
    (&["mile", "miles"], "mi"),
    (&["foot", "feet"], "ft"),
    (&["inch", "inches"], "in"),
    (&["second", "seconds", "sec", "secs"], "s"),
    (&["millisecond", "milliseconds", "millis", "msec"], "ms"),
    (&["minute", "minutes", "mins"], "min"),
    (&["hour", "hours", "hrs"], "h"),
    (&["day", "days"], "d"),
    (&["liter", "liters", "litre", "litres"], "L"),
    (
        &["milliliter", "milliliters", "millilitre", "millilitres"],
        "mL",
    ),
    (
        &["calories", "kcals", "kilocalorie", "kilocalories"],
        "kcal",
    ),
    (&["mmhg"], "mmHg"),
    (&["watt", "watts"], "W"),
];
