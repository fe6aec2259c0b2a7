//! A series as a stream of Apache Arrow: the columns of its JSON, with instants as such and sources by name.
//!
//! What JSON says beside the columns is in the metadata of the schema.

use export::table::arrow::stream;
use export::table::{Column, Values};
use jiff::civil::date;

use crate::http::table::SeriesColumns;

/// The stream of a series; `sources` are the names that its column of places means.
pub(crate) fn of(
    columns: &SeriesColumns<'_>,
    sources: &[&str],
    metadata: &[(&str, String)],
) -> Vec<u8> {
    let mut found = Vec::new();
    if let Some(dates) = &columns.date {
        let epoch = date(1970, 1, 1);
        let days = dates.0.iter().map(|day| Some((*day - epoch).get_days()));
        found.push(Column {
            name: "date",
            values: Values::Days(days.collect()),
        });
    }
    for (name, times) in [("start", &columns.start), ("end", &columns.end)] {
        found.push(Column {
            name,
            values: Values::Instants(times.microseconds().map(Some).collect()),
        });
    }
    let numbers = [
        ("value", &columns.value),
        ("counted", &columns.counted),
        ("min", &columns.min),
        ("max", &columns.max),
        ("minutes", &columns.minutes),
        ("coverage", &columns.coverage),
    ];
    for (name, values) in numbers {
        let values = values.as_ref().map(|all| all.iter().copied().map(Some));
        found.extend(values.map(|values| Column {
            name,
            values: Values::Numbers(values.collect()),
        }));
    }
    for (name, values) in [("mean", &columns.mean), ("weighted", &columns.weighted)] {
        found.extend(values.clone().map(|values| Column {
            name,
            values: Values::Numbers(values),
        }));
    }
    for (name, values) in [("samples", &columns.samples), ("n", &columns.n)] {
        let values = values
            .as_ref()
            .map(|all| all.iter().map(|n| i32::try_from(*n).ok()));
        found.extend(values.map(|values| Column {
            name,
            values: Values::Whole(values.collect()),
        }));
    }
    let codes = columns.code.as_ref();
    found.extend(codes.map(|codes| Column {
        name: "code",
        values: Values::Whole(codes.iter().copied().map(Some).collect()),
    }));
    let places = columns.source.as_ref();
    found.extend(places.map(|places| {
        let name = |place: &u32| {
            let name = usize::try_from(*place).ok().and_then(|at| sources.get(at));
            name.map(|name| (*name).to_owned())
        };
        Column {
            name: "source",
            values: Values::Texts(places.iter().map(name).collect()),
        }
    }));
    stream(found, metadata)
}
