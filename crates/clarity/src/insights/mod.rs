//! Insights: short texts about a person's day in which every number is a fact that a typed query
//! returned.
//!
//! Texts come from templates here; each says so (`source: "template"`). A sentence whose numbers are
//! not all supported by the facts it cites is not shown and is counted. No text diagnoses, blames or
//! advises on treatment.

mod check;
pub(crate) mod cite;
mod daily;
#[cfg(test)]
mod examples;
pub(crate) mod language;
#[cfg(test)]
mod weeks;
mod words;
mod written;

use analysis::daily::facts::Fact;
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::insights::check::Support;
use crate::insights::cite::CitedFact;
use crate::insights::language::{Language, Writing};
use crate::person::profile::Units;

/// Version of the templates; a changed wording is a new version.
pub(crate) const TEMPLATE_VERSION: u16 = 4;

/// One sentence and the facts it cites.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Sentence {
    /// The sentence.
    pub(crate) text: String,
    /// Ids of the facts that hold its numbers.
    pub(crate) facts: Vec<String>,
}

/// A text about a day: stored, and passed on as it is stored.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, ToSchema)]
pub(crate) struct Insight {
    /// Its id.
    #[schema(format = Uuid)]
    pub(crate) id: String,
    /// `daily`.
    pub(crate) kind: String,
    /// The local day it is about.
    #[schema(value_type = String, format = Date)]
    pub(crate) date: Date,
    /// `template`, `llm` or `cache`.
    pub(crate) source: String,
    /// The model that wrote it; null for a template.
    pub(crate) model: Option<String>,
    /// Version of the prompt; null for a template.
    pub(crate) prompt_version: Option<u16>,
    /// Version of the template; null for a model.
    pub(crate) template_version: Option<u16>,
    /// BCP 47 tag of the language it is written in.
    pub(crate) language: Language,
    /// Units that it is written in; the facts are in UCUM units always.
    #[serde(default)]
    pub(crate) units: Units,
    /// A headline.
    pub(crate) title: String,
    /// The sentences.
    pub(crate) sentences: Vec<Sentence>,
    /// The facts that the sentences cite, with the requests that reproduce them.
    pub(crate) facts: Vec<CitedFact>,
    /// What every text ends with.
    pub(crate) disclaimer: String,
    /// When it was made, RFC 3339.
    #[schema(format = DateTime)]
    pub(crate) created_at: String,
}

impl Insight {
    /// Whether the text is in a language and units already.
    fn is_in(&self, writing: Writing) -> bool {
        self.language == writing.language && self.units == writing.units
    }

    /// The same insight in another language and units: the same id and facts in other words. `None` where it is in
    /// these already, and where its facts do not say enough to be written anew.
    pub(crate) fn rewritten(&self, writing: Writing) -> Option<Self> {
        if self.is_in(writing) {
            return None;
        }
        let chosen: Vec<&CitedFact> = self.facts.iter().collect();
        let said = said(writing, &chosen)?;
        Some(Self {
            language: writing.language,
            units: writing.units,
            title: said.title,
            sentences: said.sentences,
            disclaimer: said.disclaimer,
            ..self.clone()
        })
    }
}

/// The words of an insight.
struct Said {
    title: String,
    sentences: Vec<Sentence>,
    disclaimer: String,
}

/// What is said of chosen facts; `None` when nothing can be.
fn said(writing: Writing, chosen: &[&CitedFact]) -> Option<Said> {
    let sentences: Vec<Sentence> = chosen
        .iter()
        .filter_map(|fact| {
            let text = daily::sentence(writing, fact)?;
            is_sound(writing, &text, &support(writing, fact)).then(|| Sentence {
                text,
                facts: vec![fact.id.clone()],
            })
        })
        .collect();
    if sentences.is_empty() {
        return None;
    }
    Some(Said {
        title: daily::title(writing, chosen)?,
        sentences,
        disclaimer: words::say(writing.language, "disclaimer", &[])?,
    })
}

/// What a sentence about a fact may say.
fn support(writing: Writing, fact: &CitedFact) -> Support {
    let mut support = Support::default();
    let Some(wording) = daily::wording_of(&fact.id) else {
        return support;
    };
    let usual = fact.baseline.as_ref();
    let numbers = [
        fact.value,
        usual.map(|usual| usual.median),
        usual.and_then(|usual| usual.low),
        usual.and_then(|usual| usual.high),
    ];
    for number in numbers.into_iter().flatten() {
        support.add(wording.quantity, writing.units, number);
    }
    support.sides.extend(daily::side_of(writing, fact));
    support
}

/// Whether a text may be shown; what is wrong with one that may not is counted.
fn is_sound(writing: Writing, text: &str, support: &Support) -> bool {
    let fault = check::fault(writing.language, text, support);
    if let Some(fault) = fault {
        metrics::counter!("clarity_insight_checks_failed_total", "check" => fault.name())
            .increment(1);
    }
    fault.is_none()
}

/// Writes the daily insight from the day's facts; `None` when no fact has a value.
pub(crate) fn daily(
    id: &str,
    date: Date,
    facts: &[Fact],
    writing: Writing,
    created_at: &str,
) -> Option<Insight> {
    let facts: Vec<CitedFact> = facts.iter().map(CitedFact::from).collect();
    let chosen = daily::choose(writing, &facts);
    let Said {
        title,
        sentences,
        disclaimer,
    } = said(writing, &chosen)?;
    Some(Insight {
        id: id.to_owned(),
        kind: "daily".to_owned(),
        date,
        source: "template".to_owned(),
        model: None,
        prompt_version: None,
        template_version: Some(TEMPLATE_VERSION),
        language: writing.language,
        units: writing.units,
        title,
        sentences,
        facts: chosen.into_iter().cloned().collect(),
        disclaimer,
        created_at: created_at.to_owned(),
    })
}
