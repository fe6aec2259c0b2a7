//! Canonical units (UCUM codes) and exact conversion from every unit text that an export or a
//! mobile SDK may print.
//!
//! A text is read as a product of known units with their dimension, so that combinations nobody
//! listed work too; a text of another dimension is refused, never guessed.

use serde::Serialize;

use crate::unit_text::{self, Measure};

/// Unit texts longer than this are refused: the longest real one is half as long.
pub const TEXT_MAX: usize = 64;

/// The canonical unit of a metric. Lengths of the body and distances are metres, weights kilograms,
/// energy kilocalories, durations minutes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
pub enum Unit {
    /// A number of things.
    Count,
    /// A rating on the scale that the metric's sentence names.
    Score,
    /// The code of a category.
    Code,
    /// Per minute.
    PerMinute,
    /// Percent, in points (97, not 0.97).
    Percent,
    /// Kilograms.
    Kilogram,
    /// Grams.
    Gram,
    /// Milligrams.
    Milligram,
    /// Micrograms.
    Microgram,
    /// Kilograms per square metre.
    KilogramPerSquareMetre,
    /// Metres.
    Metre,
    /// Centimetres.
    Centimetre,
    /// Metres per second.
    MetrePerSecond,
    /// Minutes.
    Minute,
    /// Milliseconds.
    Millisecond,
    /// Kilocalories.
    Kilocalorie,
    /// Kilocalories per day.
    KilocaloriePerDay,
    /// Kilocalories per kilogram and hour: metabolic equivalents.
    KilocaloriePerKilogramHour,
    /// Watts.
    Watt,
    /// Degrees Celsius.
    Celsius,
    /// A difference of temperatures.
    KelvinDifference,
    /// Millimetres of mercury.
    MillimetreOfMercury,
    /// Milligrams per decilitre.
    MilligramPerDecilitre,
    /// Litres.
    Litre,
    /// Millilitres.
    Millilitre,
    /// Litres per minute.
    LitrePerMinute,
    /// Millilitres per kilogram and minute.
    MillilitrePerKilogramMinute,
    /// Decibels of sound pressure level.
    Decibel,
    /// Microsiemens.
    Microsiemens,
    /// Lux.
    Lux,
    /// Thousandths of the standard acceleration of free fall.
    MilliGravity,
    /// Degrees of an angle.
    Degree,
    /// International units.
    InternationalUnit,
}

impl Unit {
    /// The UCUM code, as responses print it.
    pub const fn ucum(self) -> &'static str {
        match self {
            Self::Count => "1",
            Self::Score => "{score}",
            Self::Code => "{code}",
            Self::PerMinute => "/min",
            Self::Percent => "%",
            Self::Kilogram => "kg",
            Self::Gram => "g",
            Self::Milligram => "mg",
            Self::Microgram => "ug",
            Self::KilogramPerSquareMetre => "kg/m2",
            Self::Metre => "m",
            Self::Centimetre => "cm",
            Self::MetrePerSecond => "m/s",
            Self::Minute => "min",
            Self::Millisecond => "ms",
            Self::Kilocalorie => "kcal",
            Self::KilocaloriePerDay => "kcal/d",
            Self::KilocaloriePerKilogramHour => "kcal/(kg.h)",
            Self::Watt => "W",
            Self::Celsius => "Cel",
            Self::KelvinDifference => "K",
            Self::MillimetreOfMercury => "mm[Hg]",
            Self::MilligramPerDecilitre => "mg/dL",
            Self::Litre => "L",
            Self::Millilitre => "mL",
            Self::LitrePerMinute => "L/min",
            Self::MillilitrePerKilogramMinute => "mL/(kg.min)",
            Self::Decibel => "dB[SPL]",
            Self::Microsiemens => "uS",
            Self::Lux => "lx",
            Self::MilliGravity => "m[g]",
            Self::Degree => "deg",
            Self::InternationalUnit => "[iU]",
        }
    }
}

/// What a client means by the unit `%`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Percent {
    /// 0.97 is 97 %: HealthKit and everything that prints its values.
    Fraction,
    /// 97 is 97 %: everybody else.
    Points,
}

/// A conversion into a canonical unit: `(value − shift) × numerator ∕ denominator`. The factor is
/// kept as a quotient of whole numbers where it is one, so that decimal values stay exact.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Conversion {
    shift: f64,
    numerator: f64,
    denominator: f64,
}

impl Conversion {
    /// The value is already canonical.
    pub const IDENTITY: Self = Self::ratio(1.0, 1.0);

    const fn ratio(numerator: f64, denominator: f64) -> Self {
        Self {
            shift: 0.0,
            numerator,
            denominator,
        }
    }

    /// The canonical value of `value`.
    pub fn apply(self, value: f64) -> f64 {
        (value - self.shift) * self.numerator / self.denominator
    }

    /// The value in the printed unit of a canonical value.
    pub fn invert(self, canonical: f64) -> f64 {
        canonical * self.denominator / self.numerator + self.shift
    }
}

/// A unit text that does not measure what the metric measures.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("unit {text:?} is not a unit of {metric}")]
pub struct UnknownUnit {
    /// The text that was read.
    pub text: String,
    /// The metric it was read for.
    pub metric: &'static str,
}

/// The conversion from a unit text into a canonical unit; `None` when the text is unknown or of
/// another dimension. An empty text means the canonical unit only where that is a bare number.
pub(crate) fn conversion(unit: Unit, text: &str, percent: Percent) -> Option<Conversion> {
    let text = text.trim();
    if text.len() > TEXT_MAX {
        return None;
    }
    if unit == Unit::Celsius {
        return temperature(text);
    }
    if unit == Unit::Degree {
        return matches!(text, "deg" | "°" | "degrees").then_some(Conversion::IDENTITY);
    }
    let measure = unit_text::measure(text)?;
    if unit == Unit::Percent {
        return percent_conversion(&measure, percent, text.is_empty());
    }
    let is_number = matches!(unit, Unit::Count | Unit::Score | Unit::Code);
    // HealthKit prints the unit of the body mass index as `count`.
    let is_index = unit == Unit::KilogramPerSquareMetre && !text.is_empty();
    if is_number || (is_index && measure.is_bare_number()) {
        return bare_number(&measure);
    }
    ratio(&measure, unit).or_else(|| {
        // Glucose is the one metric in mg/dL, and some meters count its molecules.
        let is_glucose = unit == Unit::MilligramPerDecilitre;
        let mass = is_glucose.then(|| measure.times_molar_mass(GLUCOSE_MG_PER_MOL, -3))??;
        ratio(&mass, unit)
    })
}

/// Molar mass of glucose, milligrams per mole: 180.156 g/mol, so that 1 mmol/L is 18.0156 mg/dL.
const GLUCOSE_MG_PER_MOL: u128 = 180_156;

fn ratio(measure: &Measure, unit: Unit) -> Option<Conversion> {
    let canonical = unit_text::measure(unit.ucum())?;
    let (numerator, denominator) = measure.ratio_to(&canonical)?;
    Some(Conversion::ratio(numerator, denominator))
}

fn bare_number(measure: &Measure) -> Option<Conversion> {
    (measure.is_bare_number() && !measure.has_percent).then_some(Conversion::IDENTITY)
}

fn percent_conversion(measure: &Measure, percent: Percent, unnamed: bool) -> Option<Conversion> {
    if !measure.is_bare_number() {
        return None;
    }
    let is_points = match percent {
        Percent::Points => measure.has_percent || unnamed,
        Percent::Fraction => false,
    };
    Some(if is_points {
        Conversion::IDENTITY
    } else {
        Conversion::ratio(100.0, 1.0)
    })
}

fn temperature(text: &str) -> Option<Conversion> {
    let (shift, numerator, denominator) = match unit_text::temperature(text)? {
        unit_text::Temperature::Celsius => (0.0, 1.0, 1.0),
        unit_text::Temperature::Fahrenheit => (32.0, 5.0, 9.0),
        unit_text::Temperature::Kelvin => (273.15, 1.0, 1.0),
    };
    Some(Conversion {
        shift,
        numerator,
        denominator,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn check(unit: Unit, text: &str, value: f64, expect: f64) {
        let conversion = conversion(unit, text, Percent::Fraction)
            .unwrap_or_else(|| panic!("{text} is a unit of {unit:?}"));
        let got = conversion.apply(value);
        assert!(
            (got - expect).abs() <= 1e-12 * expect.abs(),
            "{value} {text} is {got} {}, not {expect}",
            unit.ucum()
        );
    }

    #[test]
    fn known_values_of_the_body() {
        use Unit::*;
        check(Kilogram, "lb", 154.0, 69.853_224_98);
        check(Kilogram, "st", 11.0, 69.853_224_98);
        check(Kilogram, "oz", 16.0, 0.453_592_37);
        check(Kilogram, "g", 71_200.0, 71.2);
        check(Kilogram, "[lb_av]", 1.0, 0.453_592_37);
        check(Metre, "mi", 1.0, 1_609.344);
        check(Metre, "km", 5.31, 5_310.0);
        check(Metre, "ft", 6.0, 1.8288);
        check(Metre, "in", 70.0, 1.778);
        check(Metre, "cm", 178.0, 1.78);
        check(Metre, "yd", 100.0, 91.44);
        check(Centimetre, "mm", 85.0, 8.5);
        check(Kilocalorie, "kJ", 1_403.1, 335.348_948_374_761);
        check(Kilocalorie, "Cal", 12.5, 12.5);
        check(Kilocalorie, "cal", 1_500.0, 1.5);
        check(Kilocalorie, "J", 4_184.0, 1.0);
        check(Celsius, "degF", 98.6, 37.0);
        check(Celsius, "°F", 212.0, 100.0);
        check(Celsius, "K", 310.15, 37.0);
        check(KelvinDifference, "degF", 1.8, 1.0);
        check(KelvinDifference, "degC", 0.3, 0.3);
        check(
            MilligramPerDecilitre,
            "mmol<180.1558800000541>/L",
            5.0,
            90.077_940_000_027_05,
        );
        check(MilligramPerDecilitre, "mmol/L", 5.0, 90.078);
        check(MilligramPerDecilitre, "g/L", 0.9, 90.0);
        check(PerMinute, "count/min", 61.0, 61.0);
        check(PerMinute, "count/s", 1.5, 90.0);
        check(PerMinute, "bpm", 61.0, 61.0);
        check(PerMinute, "Hz", 0.25, 15.0);
        check(PerMinute, "breaths/min", 14.0, 14.0);
        check(PerMinute, "beats per minute", 61.0, 61.0);
        check(PerMinute, "rpm", 90.0, 90.0);
        check(MillilitrePerKilogramMinute, "mL/min·kg", 42.5, 42.5);
        check(MillilitrePerKilogramMinute, "mL/kg·min", 42.5, 42.5);
        check(MillilitrePerKilogramMinute, "mL/kg/min", 42.5, 42.5);
        check(MillilitrePerKilogramMinute, "ml/(kg*min)", 42.5, 42.5);
        check(KilocaloriePerKilogramHour, "kcal/hr·kg", 2.5, 2.5);
        check(KilocaloriePerKilogramHour, "kcal/(kg*hr)", 2.5, 2.5);
        check(KilocaloriePerKilogramHour, "MET", 2.5, 2.5);
        check(KilocaloriePerDay, "W", 85.0, 85.0 * 86_400.0 / 4_184.0);
    }

    #[test]
    fn known_values_of_speeds_volumes_and_the_rest() {
        use Unit::*;
        check(MetrePerSecond, "km/hr", 4.5, 1.25);
        check(MetrePerSecond, "mi/hr", 1.0, 0.447_04);
        check(MetrePerSecond, "m/min", 90.0, 1.5);
        check(MetrePerSecond, "mph", 10.0, 4.4704);
        check(MillimetreOfMercury, "kPa", 16.0, 16_000.0 / 133.322_387_415);
        check(MillimetreOfMercury, "cmHg", 12.0, 120.0);
        check(Millilitre, "fl_oz_us", 8.0, 236.588_236_5);
        check(Millilitre, "fl_oz_imp", 1.0, 28.413_062_5);
        check(Millilitre, "cup_us", 1.0, 236.588_236_5);
        check(Millilitre, "L", 0.35, 350.0);
        check(Millilitre, "cL", 33.0, 330.0);
        check(LitrePerMinute, "L/min", 480.0, 480.0);
        check(Minute, "hr", 6.58, 394.8);
        check(Minute, "s", 90.0, 1.5);
        check(Millisecond, "s", 0.055, 55.0);
        check(Microgram, "mcg", 400.0, 400.0);
        check(Microgram, "µg", 400.0, 400.0);
        check(Milligram, "g", 0.3, 300.0);
        check(Decibel, "dBASPL", 71.5, 71.5);
        check(Microsiemens, "mcS", 2.0, 2.0);
        check(Microsiemens, "S", 2e-6, 2.0);
        check(Percent, "%", 0.97, 97.0);
        check(Percent, "fraction", 0.97, 97.0);
        check(KilogramPerSquareMetre, "count", 22.5, 22.5);
        check(Score, "appleEffortScore", 6.0, 6.0);
        check(Count, "steps", 412.0, 412.0);
        check(Count, "", 412.0, 412.0);
        check(InternationalUnit, "IU", 4.0, 4.0);
    }

    #[test]
    fn percent_depends_on_the_client() {
        let points = |text, value| {
            conversion(Unit::Percent, text, super::Percent::Points)
                .map(|conversion| conversion.apply(value))
        };
        assert_eq!(points("%", 97.0), Some(97.0));
        assert_eq!(points("percent", 97.0), Some(97.0));
        assert_eq!(points("", 97.0), Some(97.0));
        assert_eq!(points("ratio", 0.5), Some(50.0));
        assert_eq!(points("kg", 97.0), None);
    }

    #[test]
    fn other_dimensions_are_refused() {
        let refuse = |unit, text: &str| {
            assert_eq!(
                conversion(unit, text, super::Percent::Fraction),
                None,
                "{text}"
            );
        };
        refuse(Unit::Kilogram, "km");
        refuse(Unit::Kilogram, "");
        refuse(Unit::Count, "%");
        refuse(Unit::Celsius, "kg");
        refuse(Unit::MetrePerSecond, "min/km");
        refuse(Unit::Kilogram, "furlong");
        refuse(Unit::MilligramPerDecilitre, "mmol");
        refuse(Unit::Kilogram, "kg<");
        refuse(Unit::Kilogram, "mmol<99999999999999999999999999>/L");
        refuse(Unit::Metre, "Gm/nm/nm/nm/nm/nm/nm/nm");
        refuse(Unit::Metre, &"m".repeat(1_000));
    }

    #[test]
    fn decimals_stay_exact() {
        for step in 0..2_000 {
            let grams = f64::from(step) * 100.0;
            let kilograms = conversion(Unit::Kilogram, "g", super::Percent::Fraction)
                .expect("grams")
                .apply(grams);
            assert_eq!(kilograms.to_bits(), (f64::from(step) / 10.0).to_bits());
        }
    }

    proptest! {
        #[test]
        fn conversions_can_be_undone(
            text in prop::sample::select(vec!["lb", "st", "oz", "g", "kg", "mg"]),
            value in 0.001f64..1e6,
        ) {
            let conversion = conversion(Unit::Kilogram, text, super::Percent::Fraction).expect("a mass");
            let back = conversion.invert(conversion.apply(value));
            prop_assert!((back - value).abs() <= 1e-12 * value);
        }

        #[test]
        fn temperatures_can_be_undone(
            text in prop::sample::select(vec!["degC", "degF", "K"]),
            value in 200.0f64..400.0,
        ) {
            let conversion = conversion(Unit::Celsius, text, super::Percent::Fraction).expect("a temperature");
            let back = conversion.invert(conversion.apply(value));
            prop_assert!((back - value).abs() <= 1e-9);
        }

        #[test]
        fn any_text_is_read_or_refused(text in "\\PC{0,40}") {
            let _ = conversion(Unit::Kilogram, &text, super::Percent::Fraction);
            let _ = conversion(Unit::Percent, &text, super::Percent::Points);
        }
    }
}
