//! What a server does after it was killed: its pipeline catches up by itself.

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use serde_json::Value;

use super::{CATCH_UP, Story, UPLOADED, instant};
use crate::binary::Server;

impl Story {
    /// Waits until the summaries of all days are the plain sums of what is stored, no other days are
    /// there, and the insight is written. Only reads.
    pub(super) fn catch_up(&self, server: &Server, stored: &[(String, i64, u64)]) -> Duration {
        let mut expect: BTreeMap<(String, String), u64> = BTreeMap::new();
        for (metric, start, value) in stored {
            let day = instant(*start)[..10].to_owned();
            *expect.entry((day, metric.clone())).or_default() += value;
        }
        // The insight is about the last day; of floors alone, which only imports bring, it says nothing.
        let last = expect.keys().map(|(day, _)| day).max().cloned();
        let tells = last.is_some_and(|day| expect.contains_key(&(day, UPLOADED.to_owned())));
        let begun = Instant::now();
        loop {
            let (found, status) = (
                self.summaries(server),
                self.get(server, "/api/v1/insights/status"),
            );
            let ready = !tells || status["status"] == "ready";
            if found == expect && ready {
                return begun.elapsed();
            }
            let differing: Vec<_> = expect
                .iter()
                .filter(|(key, sum)| found.get(*key) != Some(*sum))
                .collect();
            assert!(
                begun.elapsed() < CATCH_UP,
                "did not catch up: {status}, {differing:?}, {}",
                self.place.logged()
            );
            std::thread::sleep(Duration::from_millis(100));
        }
    }

    pub(super) fn get(&self, server: &Server, path: &str) -> Value {
        let reply = server
            .client()
            .get(path, Some(&self.token))
            .expect("an answer");
        assert_eq!(reply.status, 200, "{}", reply.text());
        reply.json()
    }

    fn summaries(&self, server: &Server) -> BTreeMap<(String, String), u64> {
        let answer = self.get(
            server,
            "/api/v1/summaries/daily?start=2024-02-01&end=2024-04-01",
        );
        let mut found = BTreeMap::new();
        for day in answer["data"].as_array().expect("days") {
            for (metric, summary) in day["metrics"].as_object().expect("metrics") {
                let value = summary["value"].as_f64().expect("a sum");
                let date = day["date"].as_str().expect("a date").to_owned();
                let whole: u64 = format!("{value}").parse().expect("a whole sum");
                found.insert((date, metric.clone()), whole);
            }
        }
        found
    }
}
