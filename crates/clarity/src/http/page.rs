//! Lists and parameters: `?limit=&cursor=`, `{"data": […], "next_cursor": …}`, and extractors that
//! answer with a problem when a parameter is wrong.

use std::str::FromStr;
use std::sync::Arc;

use axum::extract::{FromRequestParts, Path, Query};
use axum::http::request::Parts;
use serde::de::DeserializeOwned;
use serde::de::value::MapDeserializer;
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use crate::app::App;
use crate::http::faults::{Fault, Text};
use crate::problem::{Code, FieldError, Problem};

/// Rows on a page when the client does not say.
const LIMIT_DEFAULT: usize = 100;

/// One page of a list.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Page<T> {
    /// The rows.
    pub data: Vec<T>,
    /// Continues the list; null at its end.
    pub next_cursor: Option<String>,
}

/// A list that is given whole.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct List<T> {
    /// The rows.
    pub data: Vec<T>,
}

/// Which page of a list.
#[derive(Debug, Clone, Deserialize, IntoParams)]
#[into_params(parameter_in = Query)]
pub struct PageQuery {
    /// Rows on the page.
    #[param(minimum = 1, maximum = 1000)]
    pub limit: Option<usize>,
    /// The `next_cursor` of the page before.
    pub cursor: Option<String>,
}

impl PageQuery {
    /// How many rows to answer with, within the configured limit.
    pub fn limit(&self, app: &App) -> Result<usize, Problem> {
        let most = app.config.limits.page_rows;
        match self.limit {
            None => Ok(LIMIT_DEFAULT.min(most)),
            Some(limit) if (1..=most).contains(&limit) => Ok(limit),
            Some(_) => Err(Problem::parameter(
                "limit",
                format!("must be between 1 and {most}"),
            )),
        }
    }
}

/// Query parameters.
#[derive(Debug)]
pub struct Params<T>(pub T);

impl<T: DeserializeOwned> FromRequestParts<Arc<App>> for Params<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, _: &Arc<App>) -> Result<Self, Problem> {
        let Query(pairs) = Query::<Vec<(String, String)>>::try_from_uri(&parts.uri)
            .map_err(|_| Problem::new(Code::InvalidParameter, "the query could not be read"))?;
        let texts = pairs.iter().map(|(name, text)| (name.as_str(), Text(text)));
        let texts = MapDeserializer::<_, Fault>::new(texts);
        let read = serde_path_to_error::deserialize(texts);
        read.map(Self).map_err(|error| {
            let name = error.path().to_string();
            let fault = error.into_inner();
            let name = fault.member.unwrap_or(name);
            let detail = format!("{name}: {}", fault.message);
            let errors = vec![FieldError::new(name, fault.code, fault.message)];
            Problem::new(Code::InvalidParameter, detail).with_errors(errors)
        })
    }
}

/// The id in the path; text that is no id names nothing, hence 404.
#[derive(Debug, Clone, Copy)]
pub struct PathId<T>(pub T);

impl<T: FromStr + Send> FromRequestParts<Arc<App>> for PathId<T> {
    type Rejection = Problem;

    async fn from_request_parts(parts: &mut Parts, app: &Arc<App>) -> Result<Self, Problem> {
        let Path(text) = Path::<String>::from_request_parts(parts, app)
            .await
            .map_err(|_| Problem::not_found())?;
        text.parse().map(Self).map_err(|_| Problem::not_found())
    }
}
