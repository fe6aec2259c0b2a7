//! Why parts of live bodies are refused, in the words that a response says.

use crate::batch::RejectCode;
use crate::check::Refusal;

pub(crate) const fn refusal(code: RejectCode, message: &'static str) -> Refusal {
    Refusal { code, message }
}

pub(crate) const UNIT_UNKNOWN: Refusal = refusal(
    RejectCode::UnitUnknown,
    "the unit does not measure this type; see the list of metric types",
);
pub(crate) const NOT_FINITE: Refusal =
    refusal(RejectCode::ValueInvalid, "the value is not a finite number");
pub(crate) const NOT_A_VALUE: Refusal = refusal(
    RejectCode::ValueInvalid,
    "the value is neither a number nor a value that this type knows",
);
pub(crate) const VALUE_MISSING: Refusal = refusal(RejectCode::ValueMissing, "the value is missing");
pub(crate) const TYPE_MISSING: Refusal = refusal(RejectCode::TypeMissing, "the type is missing");
pub(crate) const TIME_INVALID: Refusal = refusal(
    RejectCode::TimeInvalid,
    "the time is missing or cannot be read; send RFC 3339 with an offset",
);
pub(crate) const MALFORMED: Refusal = refusal(
    RejectCode::Malformed,
    "the element is not an object of the expected form",
);
pub(crate) const NAMES_FULL: Refusal = refusal(
    RejectCode::TextTooLong,
    "a name is too long, or there are too many different ones",
);
