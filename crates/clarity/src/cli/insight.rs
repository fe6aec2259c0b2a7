//! The insight about a day of a person, on the command line.

use crate::cli::args::{Global, WantedInsight};
use crate::cli::failure::Failure;
use crate::cli::user::refused;
use crate::cli::{household, output};
use crate::http::insights;
use crate::insights::Insight;

/// Prints the insight as text, or as it is stored.
pub(super) async fn insight(global: &Global, wanted: WantedInsight) -> Result<(), Failure> {
    let found = household::with(global, async |app| {
        let user = household::read_by_operator(app, &wanted.user, "get_daily_insight").await?;
        let found = insights::about(app, user, wanted.date).await;
        found.map_err(|problem| refused(&problem))
    })
    .await?;
    let insight: Insight = serde_json::from_slice(&found.bytes).map_err(anyhow::Error::from)?;
    if global.json {
        return output::json(&insight);
    }
    output::line(&format!("{}: {}", insight.date, insight.title))?;
    for sentence in &insight.sentences {
        output::line(&format!(
            "  {} [{}]",
            sentence.text,
            sentence.facts.join(", ")
        ))?;
    }
    output::line(&insight.disclaimer)
}
