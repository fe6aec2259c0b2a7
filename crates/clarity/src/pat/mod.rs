//! The actigraphy transformer at work: weeks wait in lanes, pass through a model in batches, and
//! become documents that are found again.
//!
//! Nothing here knows the network (`analysis::pat`), its files (`crate::models`) or a path of the API
//! (`crate::http::pat`). It must never answer with a number when there is no verified model, and never
//! call a week healthy or ill.

pub(crate) mod analyse;
pub(crate) mod drift;
pub mod lanes;
pub(crate) mod scaler;

use std::sync::Arc;
use std::time::Duration;

use crate::app::App;

/// How often a server looks whether other models were installed.
const REFRESH_EVERY: Duration = Duration::from_secs(2);

/// Starts the lanes, and keeps the models that serve in line with what is installed.
pub(crate) fn start(app: &Arc<App>) {
    lanes::start(app);
    let task = Arc::clone(app);
    app.spawn("models", async move {
        loop {
            let models = Arc::clone(&task.models);
            let looked = task.tasks.spawn_blocking(move || models.refresh()).await;
            match looked {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::error!(error = %error, "looking for models failed"),
                Err(error) => tracing::error!(error = %error, "looking for models did not finish"),
            }
            tokio::select! {
                () = task.shutdown.cancelled() => return,
                () = tokio::time::sleep(REFRESH_EVERY) => {}
            }
        }
    });
}
