//! One week of a person through the transformer: laid on the grid, scaled, embedded, compared with
//! the person's own earlier weeks, and kept as a document.
//!
//! The classical measures of the same minutes come with every document and do not need a model. It
//! must never compare embeddings of different models, scalers or quantities.

use std::sync::Arc;

use analysis::outcome::{Insufficient, Measured, Outcome};
use analysis::report::wear::{Unworn, Wear};
use analysis::report::{Input, Report, groups};
use analysis::series::{DAY_S, Series};
use analysis::wear::choi::{self, CHOI_2011};
use jiff::civil::Date;
use lab::models::LoadedModel;
use model::ids::{AnalysisId, UserId};
use pat::encoder::Embedding;
use pat::novelty;
use pat::scaler::Scaler;
use pat::week::{self, Quantity, Week};
use serde::Deserialize;
use store::embeddings::{self, Kind, StoredEmbedding, Weeks};
use store::revisions::Derived;
use store::{PersonKey, Tx};

use crate::app::App;
use crate::instant::rfc3339;
use crate::pat::document::{EmbeddedWeek, Rhythm, Similarity, WeekDocument, WeekModel};
use crate::pat::lanes::{Lane, LaneError};
use crate::revision;

/// How far back earlier weeks are looked for: two years.
const EARLIER_DAYS: i64 = 728;

/// The day from which civil seconds count.
const EPOCH: Date = Date::constant(1970, 1, 1);

/// What every document ends with.
pub(crate) const DISCLAIMER: &str = "An embedding describes a week of movement for comparison and \
     research. It is not a diagnosis and says nothing about health by itself.";

/// Minutes that somebody wants to have analysed.
#[derive(Debug, Clone)]
pub(crate) struct Question {
    /// The local day on which the week begins.
    pub(crate) week: Date,
    /// The minutes; NaN where nothing was recorded.
    pub(crate) minutes: Series,
    /// What they count.
    pub(crate) quantity: Quantity,
    /// Where they wait.
    pub(crate) lane: Lane,
}

/// A document with the id under which it is found again.
#[derive(Debug, Clone)]
pub(crate) struct Analysed {
    /// The document.
    pub(crate) document: WeekDocument,
    /// Whether it was there before.
    pub(crate) known: bool,
}

/// What is compared between weeks of one person; the rest of a document is for reading.
#[derive(Debug, Deserialize)]
struct Comparable {
    scaler: String,
    quantity: String,
    embedding: Vec<f32>,
}

/// Why a week was not analysed.
#[derive(Debug, thiserror::Error)]
pub(crate) enum AnalyseError {
    /// The week lacks something; the classical measures may still be there.
    #[error("{0}")]
    Insufficient(Insufficient),
    /// The lanes did not answer.
    #[error(transparent)]
    Lane(#[from] LaneError),
    /// The store refused.
    #[error(transparent)]
    Store(#[from] store::Error),
}

/// The name of a quantity in documents.
pub(crate) const fn quantity_name(quantity: Quantity) -> &'static str {
    match quantity {
        Quantity::WristCounts => "wrist_counts",
        Quantity::Counts => "counts",
        Quantity::Acceleration => "acceleration",
        Quantity::Steps => "steps",
    }
}

/// The local day of a series' first minute.
pub(crate) fn first_day(minutes: &Series) -> Date {
    let days = minutes.start_s().div_euclid(i64::from(DAY_S));
    // The start was parsed from a date, so its day is one.
    EPOCH.saturating_add(jiff::Span::new().try_days(days).unwrap_or_default())
}

/// The classical measures of the minutes, as other answers print them; what was not worn is left out of them
/// as it is out of the week.
pub(crate) fn rhythm(question: &Question) -> Rhythm {
    let (wear, unworn) = match question.quantity {
        Quantity::WristCounts | Quantity::Counts => (Wear::Choi, Unworn::LeftOut),
        Quantity::Acceleration | Quantity::Steps => (Wear::Unknown, Unworn::Kept),
    };
    let report = Report::new(Input {
        wear,
        unworn,
        ..Input::new(&question.minutes)
    });
    let measures = groups::measures(&report);
    let named = measures
        .iter()
        .map(|measure| (measure.column.id.to_owned(), measure.into()));
    named.collect()
}

/// The week of the minutes on the grid of the model.
pub(crate) fn on_grid(question: &Question) -> Outcome<Week> {
    let minutes = &question.minutes;
    // Steps are 0 for most of the day, worn or not, and acceleration is never 0: only counts tell wear.
    let nonwear = match question.quantity {
        Quantity::WristCounts | Quantity::Counts => {
            choi::nonwear(minutes, &CHOI_2011).map_or_else(|_| Vec::new(), |found| found.value)
        }
        Quantity::Acceleration | Quantity::Steps => Vec::new(),
    };
    let midnight = question.week.duration_since(EPOCH).as_secs();
    let weeks = week::weeks(minutes, &nonwear, question.quantity, midnight)?;
    weeks
        .into_iter()
        .next()
        .unwrap_or(Err(Insufficient::new("minutes", 1.0, 0.0)))
}

/// Everything that makes a document beside the person's own weeks.
pub(crate) struct Made {
    week: Measured<Week>,
    model: Arc<LoadedModel>,
    scaler: Scaler,
    embedding: Arc<Embedding>,
}

/// Embeds a week.
pub(crate) async fn embed(
    app: &App,
    question: &Question,
    model: Arc<LoadedModel>,
    scaler: &Scaler,
) -> Result<Made, AnalyseError> {
    let week = on_grid(question).map_err(AnalyseError::Insufficient)?;
    let scaled = scaler.scaled(&week.value.values);
    let embedding = app
        .lanes
        .embed(Arc::clone(&model), scaled, question.lane)
        .await?;
    Ok(Made {
        week,
        model,
        scaler: scaler.clone(),
        embedding,
    })
}

/// The document of the same question, if it was answered before.
pub(crate) async fn known(
    tx: &mut Tx,
    key: &PersonKey,
    user: UserId,
    kind: Kind,
    input: [u8; 16],
) -> Result<Option<WeekDocument>, store::Error> {
    let asked = (input, revision::current(Derived::Embeddings));
    let found = embeddings::by_input(tx, key, user, kind, asked).await?;
    // A document that is no JSON any more is made again.
    Ok(found.and_then(|found| serde_json::from_slice(&found.bytes).ok()))
}

/// A keyed hash of the question: what was asked, of which model, with which scaler.
pub(crate) fn input_of(
    key: &PersonKey,
    question: &Question,
    model: &LoadedModel,
    scaler: &Scaler,
) -> [u8; 16] {
    let mut bytes = format!(
        "{}\n{}\n{}\n{}\n",
        model.sha256,
        scaler.label(),
        quantity_name(question.quantity),
        question.minutes.start_s()
    )
    .into_bytes();
    for value in question.minutes.values() {
        bytes.extend(value.to_le_bytes());
    }
    key.identity(&bytes)
}

/// Compares a week with the earlier ones, writes its document and keeps it.
pub(crate) async fn keep(
    app: &App,
    tx: &mut Tx,
    key: &PersonKey,
    owner: Owner,
    question: &Question,
    made: &Made,
) -> Result<WeekDocument, store::Error> {
    let now_us = app.clock.now_us();
    let week = question.week;
    let sha256 = made.model.sha256.to_string();
    let weeks = Weeks {
        model: &sha256,
        from: week.saturating_sub(jiff::Span::new().days(EARLIER_DAYS)),
        until: week,
    };
    let earlier = embeddings::in_weeks(tx, key, owner.user, Kind::Weekly, weeks).await?;
    let document = document(Written {
        id: owner.id,
        made,
        week,
        similarity: similarity(made, question.quantity, &earlier),
        rhythm: rhythm(question),
        now_us,
    });
    let stored = StoredEmbedding {
        id: owner.id,
        week,
        model: sha256,
        input: input_of(key, question, &made.model, &made.scaler),
        bytes: serde_json::to_vec(&document).expect("a document is JSON"),
        now_us,
        methods: revision::current(Derived::Embeddings),
    };
    embeddings::put(tx, key, owner.user, owner.kind, &stored).await?;
    if let Some(number) = crate::pat::drift::number(&made.week.value) {
        let quantity = quantity_name(question.quantity);
        app.drift.count(&app.vault, tx, quantity, number).await?;
    }
    Ok(document)
}

/// Whose document it is and why it is made.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Owner {
    /// The person.
    pub(crate) user: UserId,
    /// The id of the document.
    pub(crate) id: AnalysisId,
    /// Who asked.
    pub(crate) kind: Kind,
}

/// Similarity with the person's earlier weeks, which are the same model's: those of the same scaler and
/// quantity.
fn similarity(made: &Made, quantity: Quantity, earlier: &[StoredEmbedding]) -> Similarity {
    let alike: Vec<Vec<f32>> = earlier
        .iter()
        .filter_map(|stored| serde_json::from_slice::<Comparable>(&stored.bytes).ok())
        .filter(|stored| {
            stored.scaler == made.scaler.label() && stored.quantity == quantity_name(quantity)
        })
        .map(|stored| stored.embedding)
        .collect();
    let weeks: Vec<&[f32]> = alike.iter().map(Vec::as_slice).collect();
    match novelty::against(&made.embedding.mean, &weeks) {
        Ok(found) => Similarity {
            value: Some(found.similarity),
            distance: Some(found.distance),
            threshold: Some(found.threshold),
            novel: Some(found.is_novel()),
            earlier_weeks: Some(found.weeks),
            reason: None,
        },
        Err(lacking) => Similarity {
            value: None,
            distance: None,
            threshold: None,
            novel: None,
            earlier_weeks: None,
            reason: Some(lacking.to_string()),
        },
    }
}

struct Written<'a> {
    id: AnalysisId,
    made: &'a Made,
    week: Date,
    similarity: Similarity,
    rhythm: Rhythm,
    now_us: i64,
}

fn document(written: Written<'_>) -> WeekDocument {
    let Made {
        week,
        model,
        scaler,
        embedding,
    } = written.made;
    WeekDocument::Completed(Box::new(EmbeddedWeek {
        id: written.id.to_string(),
        created_at: rfc3339(written.now_us),
        week_start: written.week,
        quantity: week.value.quantity.into(),
        proxy: week.value.quantity.is_proxy(),
        coverage: week.coverage,
        valid_days: week.value.valid_days(),
        worn_minutes: week.value.worn_min.to_vec(),
        imputed_minutes: week.value.imputed_min,
        model: WeekModel {
            name: model.name.clone(),
            size: model.encoder.size().name().to_owned(),
            sha256: model.sha256.to_string(),
            licence: model.licence.clone(),
            attribution: model.attribution.clone(),
        },
        scaler: scaler.label(),
        embedding: embedding.mean.to_vec(),
        attention_profile: embedding.attention.clone(),
        similarity: written.similarity,
        rhythm: written.rhythm,
        disclaimer: DISCLAIMER.to_owned(),
    }))
}
