//! What the columns of a table mean, as a person declares it: `time=date,count=3,light=lux`.
//!
//! It must never guess; what is not declared is not read.

/// What a declared column holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Role {
    /// Date and time, or the time of day where a date column is declared.
    Time,
    /// The date, beside a time of day.
    Date,
    /// The pseudonym of the wearer; rows of different ones are recordings of different people.
    Subject,
    /// Raw acceleration along an axis: 0 is x, 1 is y, 2 is z.
    Axis(u8),
    /// Activity counts.
    Count,
    /// Light in lux.
    Light,
    /// Temperature in degrees Celsius.
    Temperature,
    /// Steps.
    Steps,
    /// Beats per minute.
    HeartRate,
    /// Presses of the event button.
    Event,
    /// Device score, 1 is sleep.
    Sleep,
    /// Wear sensor, 1 is worn.
    Worn,
    /// Anything else, under its own name.
    Other(String),
}

/// Which column of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Column {
    /// By its heading, upper and lower case alike.
    Heading(String),
    /// By its number, counted from 1.
    Number(usize),
}

impl std::fmt::Display for Column {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Heading(heading) => out.write_str(heading),
            Self::Number(number) => write!(out, "{number}"),
        }
    }
}

/// The declared columns of a table.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Columns {
    roles: Vec<(Role, Column)>,
}

/// Why a declaration of columns was refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ColumnsError {
    /// A part is not `name=column`.
    #[error("expected name=column, found {part:?}")]
    Part {
        /// The part.
        part: String,
    },
    /// A name was declared twice.
    #[error("{name:?} is declared twice")]
    Twice {
        /// The name.
        name: String,
    },
    /// The time is not declared.
    #[error("no time column is declared; write time=column")]
    NoTime,
    /// There is nothing beside the time.
    #[error("no column with values is declared; write count=column")]
    NoValues,
    /// More columns than a table may have.
    #[error("more than {COLUMNS_MAX} columns are declared")]
    TooMany,
}

/// Columns that may be declared or that a table may have; devices write some twenty.
pub const COLUMNS_MAX: usize = 64;

impl Columns {
    /// Reads a declaration such as `time=Date/Time,count=PIM,light=5`; a heading with a comma stands
    /// in double quotes.
    pub fn parse(text: &str) -> Result<Self, ColumnsError> {
        let mut roles: Vec<(Role, Column)> = Vec::new();
        for part in parts(text) {
            let declared = part.split_once('=').map(|(name, column)| {
                let column = column.trim().trim_matches('"').trim();
                (name.trim(), column)
            });
            let Some((name, column)) =
                declared.filter(|(name, column)| !name.is_empty() && !column.is_empty())
            else {
                return Err(ColumnsError::Part {
                    part: part.to_owned(),
                });
            };
            let role = Role::of(name);
            if roles.iter().any(|(known, _)| *known == role) {
                return Err(ColumnsError::Twice {
                    name: name.to_owned(),
                });
            }
            let column = match column.parse() {
                Ok(number) if number > 0 => Column::Number(number),
                _ => Column::Heading(column.to_owned()),
            };
            roles.push((role, column));
        }
        if roles.len() > COLUMNS_MAX {
            return Err(ColumnsError::TooMany);
        }
        if !roles.iter().any(|(role, _)| *role == Role::Time) {
            return Err(ColumnsError::NoTime);
        }
        if roles
            .iter()
            .all(|(role, _)| matches!(role, Role::Time | Role::Date | Role::Subject))
        {
            return Err(ColumnsError::NoValues);
        }
        Ok(Self { roles })
    }

    /// Whether the three axes of raw acceleration are declared.
    pub fn are_raw(&self) -> bool {
        (0..3).all(|axis| self.roles.iter().any(|(role, _)| *role == Role::Axis(axis)))
    }

    /// The declared columns in their order.
    pub fn roles(&self) -> &[(Role, Column)] {
        &self.roles
    }
}

impl Role {
    fn of(name: &str) -> Self {
        match name.to_ascii_lowercase().as_str() {
            "time" => Self::Time,
            "date" => Self::Date,
            "subject" => Self::Subject,
            "x" => Self::Axis(0),
            "y" => Self::Axis(1),
            "z" => Self::Axis(2),
            "count" | "counts" | "activity" => Self::Count,
            "light" | "lux" => Self::Light,
            "temperature" => Self::Temperature,
            "steps" => Self::Steps,
            "heart_rate" => Self::HeartRate,
            "event" => Self::Event,
            "sleep" => Self::Sleep,
            "worn" => Self::Worn,
            other => Self::Other(other.to_owned()),
        }
    }
}

/// Splits at commas outside double quotes.
fn parts(text: &str) -> impl Iterator<Item = &str> {
    let mut is_quoted = false;
    text.split(move |letter| {
        is_quoted ^= letter == '"';
        letter == ',' && !is_quoted
    })
}
