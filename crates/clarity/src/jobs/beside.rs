//! The blocks of a range of days: those that are stored, and where one is not there, made of documents.

use jiff::civil::Date;
use model::ids::UserId;
use store::{PersonKey, Tx};

use crate::app::App;
use crate::jobs::block::Block;
use crate::problem::Problem;

/// The blocks that have days in `[start, end)`, oldest first.
pub(crate) async fn blocks(
    app: &App,
    tx: &mut Tx,
    (key, user): (&PersonKey, UserId),
    (start, end): (Date, Date),
) -> Result<Vec<Block>, Problem> {
    let kept = store::blocks::get(tx, key, user, start, end).await?;
    let mut blocks = app.compute(move || opened(&kept)).await?;
    for (from, until) in missing(&blocks, start, end) {
        let documents = store::days::get(tx, key, user, from, until).await?;
        blocks.extend(app.compute(move || made(&documents)).await?);
    }
    blocks.sort_unstable_by_key(Block::first);
    Ok(blocks)
}

fn opened(kept: &[store::blocks::Block]) -> Vec<Block> {
    let read = kept.iter();
    read.filter_map(|(first, bytes)| Block::from_bytes(*first, bytes))
        .collect()
}

/// Blocks of stored documents, oldest first.
fn made(documents: &[(Date, Vec<u8>)]) -> Vec<Block> {
    let mut blocks: Vec<Block> = Vec::new();
    for (day, document) in documents {
        let first = store::blocks::start_of(*day);
        if blocks.last().is_none_or(|last| last.first() != first) {
            blocks.push(Block::around(*day));
        }
        if let Some(block) = blocks.last_mut() {
            block.replace(*day, Some(document));
        }
    }
    blocks
}

/// The stretches of a range that no block is there for.
fn missing(blocks: &[Block], start: Date, end: Date) -> Vec<(Date, Date)> {
    let mut missing = Vec::new();
    let mut from = start;
    for block in blocks {
        if block.first() > from {
            missing.push((from, block.first()));
        }
        from = store::blocks::end_of(block.first());
    }
    if from < end {
        missing.push((from, end));
    }
    missing
}

#[cfg(test)]
mod tests {
    use jiff::civil::date;

    use super::*;

    #[test]
    fn what_no_block_is_there_for_is_read_from_documents() {
        let (start, end) = (date(2026, 1, 10), date(2026, 12, 20));
        assert_eq!(missing(&[], start, end), [(start, end)]);
        let second = Block::around(store::blocks::end_of(start));
        let third = Block::around(store::blocks::end_of(second.first()));
        let rest = (store::blocks::end_of(third.first()), end);
        let found = missing(&[second.clone(), third], start, end);
        assert_eq!(found, [(start, second.first()), rest]);
        let whole = Block::around(start);
        assert_eq!(missing(&[whole], start, start), []);
    }
}
