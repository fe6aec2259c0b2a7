//! What of a person's data somebody else may be allowed to read: a closed set of classes, and how far each operation
//! reaches into them.

use model::metric::{Metric, Subject};

/// A class of data that can be allowed on its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Scope {
    /// Movement, energy, and their rhythm.
    Activity,
    /// Heart, blood, breathing, oxygen.
    Heart,
    /// Body measures, temperature, surroundings.
    Body,
    /// Food and drink.
    Nutrition,
    /// Nights.
    Sleep,
    /// Mood, stress, questionnaires.
    Mind,
    /// Symptoms, cycles, notices of devices.
    Symptoms,
    /// Workouts with their routes.
    Workouts,
    /// What the person says about themselves.
    Profile,
    /// All of it, and what is made of several classes at once: days, unusual days, insights.
    Everything,
    /// Not reading: sending health data and taking back what was sent. Only keys of programs have it.
    Send,
}

impl Scope {
    /// Every scope of reading.
    pub const READING: [Self; 10] = [
        Self::Activity,
        Self::Heart,
        Self::Body,
        Self::Nutrition,
        Self::Sleep,
        Self::Mind,
        Self::Symptoms,
        Self::Workouts,
        Self::Profile,
        Self::Everything,
    ];

    /// The name in documents and in the store.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Activity => "activity",
            Self::Heart => "heart",
            Self::Body => "body",
            Self::Nutrition => "nutrition",
            Self::Sleep => "sleep",
            Self::Mind => "mind",
            Self::Symptoms => "symptoms",
            Self::Workouts => "workouts",
            Self::Profile => "profile",
            Self::Everything => "everything",
            Self::Send => "send",
        }
    }

    /// The scope of this name.
    pub fn named(name: &str) -> Option<Self> {
        let mut all = Self::READING.into_iter().chain([Self::Send]);
        all.find(|scope| scope.name() == name)
    }

    /// The scope that a metric belongs to; a type of the person's own belongs to no class.
    pub fn of(metric: Option<&Metric>) -> Self {
        let Some(metric) = metric else {
            return Self::Everything;
        };
        match metric.subject() {
            Subject::Activity => Self::Activity,
            Subject::Heart => Self::Heart,
            Subject::Body => Self::Body,
            Subject::Nutrition => Self::Nutrition,
            Subject::Sleep => Self::Sleep,
            Subject::Mind => Self::Mind,
            Subject::Symptoms => Self::Symptoms,
        }
    }
}

/// Scopes that were given together.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scopes(Vec<Scope>);

impl Scopes {
    /// These, each once.
    pub fn of(scopes: impl IntoIterator<Item = Scope>) -> Self {
        let mut scopes: Vec<Scope> = scopes.into_iter().collect();
        scopes.sort_unstable();
        scopes.dedup();
        Self(scopes)
    }

    /// Reads what [`Scopes::text`] wrote. A name of a later version allows nothing here.
    pub fn read(text: &str) -> Self {
        Self::of(text.split(',').filter_map(Scope::named))
    }

    /// The names, separated by commas.
    pub fn text(&self) -> String {
        self.names().join(",")
    }

    /// The names.
    pub fn names(&self) -> Vec<&'static str> {
        self.0.iter().map(|scope| scope.name()).collect()
    }

    /// Those of the wanted ones that they do not cover.
    pub fn missing(&self, wanted: &[Scope]) -> Vec<Scope> {
        let reads_all = self.0.contains(&Scope::Everything);
        let covers = |scope: Scope| self.0.contains(&scope) || (reads_all && scope != Scope::Send);
        let wanted = wanted.iter().copied();
        wanted.filter(|scope| !covers(*scope)).collect()
    }
}

/// How far an operation reaches into a person's data, for others than the person.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reach {
    /// It is the person's own, and nobody else's whatever they were allowed.
    Own,
    /// It shows something of each of these classes.
    Of(&'static [Scope]),
    /// It shows the metrics that the address names, or something of everything where it names none.
    Named,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scopes_cover_what_they_name_and_nothing_else() {
        let sleep = Scopes::read("sleep,heart,sleep");
        assert_eq!(sleep.text(), "heart,sleep");
        assert!(sleep.missing(&[Scope::Sleep]).is_empty());
        assert_eq!(sleep.missing(&[Scope::Sleep, Scope::Mind]), [Scope::Mind]);
        assert_eq!(sleep.missing(&[Scope::Everything]), [Scope::Everything]);
        let all = Scopes::of([Scope::Everything]);
        assert!(all.missing(&Scope::READING).is_empty());
        assert_eq!(all.missing(&[Scope::Send]), [Scope::Send]);
        assert_eq!(Scopes::read("").missing(&[Scope::Body]), [Scope::Body]);
        assert_eq!(Scopes::read("all,*").names(), Vec::<&str>::new());
    }

    #[test]
    fn names_are_read_back() {
        for scope in Scope::READING.into_iter().chain([Scope::Send]) {
            assert_eq!(Scope::named(scope.name()), Some(scope));
        }
        let of = |id| Scope::of(model::metric::by_id(id));
        assert_eq!(of("heart_rate"), Scope::Heart);
        assert_eq!(of("sleep_analysis"), Scope::Sleep);
        assert_eq!(of("a type of somebody's own"), Scope::Everything);
    }
}
