//! A body of a live upload, in the form that its first byte picks or that its members tell.
#![no_main]

use import::form::Document;
use import::forms;
use import::live::Context;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    let Some((first, body)) = bytes.split_first() else {
        return;
    };
    let picked = forms::ALL.get(usize::from(*first));
    let Some(form) = picked.or_else(|| forms::of(&Document::of(body).ok()?).ok()) else {
        return;
    };
    let zones = model::zone::ZoneHistory::fixed(model::zone::Zone::utc());
    let context = Context {
        now_us: 1_798_675_200_000_000,
        zones: &zones,
        aggregation: None,
        source: "fuzz",
    };
    let Ok((batch, _)) = form.read_body(body, &context) else {
        return;
    };
    for incoming in &batch.samples {
        let type_index = usize::try_from(incoming.type_index).unwrap_or(usize::MAX);
        assert!(type_index < batch.new_types.len());
        assert!(usize::from(incoming.sample.source.0) < batch.new_sources.len());
        assert!(incoming.sample.value.is_finite());
        assert!(incoming.sample.start_us <= incoming.sample.end_us);
    }
    for record in &batch.records {
        assert!(usize::from(record.source.0) < batch.new_sources.len());
    }
});
