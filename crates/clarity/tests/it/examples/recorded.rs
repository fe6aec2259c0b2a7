//! What the story does is in the log of who did it.

use axum::http::{Method, StatusCode};
use clarity::access;

use super::Story;
use crate::harness::request;

impl Story {
    /// Asserts that the person's log has what they just did, unless they are signed out by it.
    pub(super) async fn is_recorded(&mut self, id: &str) {
        let rule = access::rule(id).expect("a row");
        let Some((action, ada)) = rule.recorded_as().zip(self.ada.as_ref()) else {
            return;
        };
        let path = "/api/v1/audit?limit=500";
        let log = self
            .test
            .send(request(Method::GET, path, Some(ada), &[], None))
            .await;
        if log.status == StatusCode::UNAUTHORIZED {
            return;
        }
        let log = log.json();
        let rows = log["data"].as_array().expect("rows");
        let actions = crate::audit::actions(rows);
        assert!(
            actions.contains(&action),
            "{id} is not recorded: {actions:?}"
        );
        self.recorded += 1;
    }
}
