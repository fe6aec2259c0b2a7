//! The main file of an export: which element means what, and what stands inside what.
//!
//! Elements are handed on as soon as they are whole. An element that lacks its end is finished where
//! the next one begins; one that the file cuts off is dropped and told.

use std::io::Read;

use crate::apple::ReadError;
use crate::apple::clinic::{self, OpenClinic};
use crate::apple::correlation::OpenCorrelation;
use crate::apple::other::OpenOther;
use crate::apple::person::{self, OpenMe};
use crate::apple::reading::{Reading, refusal};
use crate::apple::sample::OpenSample;
use crate::apple::scan::{Event, Refused, Scanner, Tag};
use crate::apple::workout::OpenWorkout;
use crate::batch::{Fact, Printed, RejectCode};

/// Bytes of one element with all that stands inside, as printed. A workout of a day with its route
/// in the old form has 13 MB.
const ELEMENT_BYTES_MAX: usize = 32 << 20;

/// An element with content whose end is to come.
#[derive(Debug)]
enum Block {
    Correlation(OpenCorrelation),
    Workout(Box<OpenWorkout>),
    Clinic(OpenClinic),
    Me(OpenMe),
    /// An element with nothing to keep whose content is passed over.
    Ignored,
}

impl Block {
    const fn name(&self) -> &'static str {
        match self {
            Self::Correlation(_) => "Correlation",
            Self::Workout(_) => "Workout",
            Self::Clinic(OpenClinic::Audiogram(..)) => "Audiogram",
            Self::Clinic(OpenClinic::Vision(..)) => "VisionPrescription",
            Self::Me(_) => "Me",
            Self::Ignored => "",
        }
    }

    fn span(&self) -> Option<(i64, i64)> {
        let heading = match self {
            Self::Correlation(correlation) => correlation.heading(),
            Self::Workout(workout) => workout.heading(),
            Self::Clinic(clinic) => clinic.heading(),
            Self::Me(_) | Self::Ignored => None,
        };
        heading.map(|heading| (heading.start_us, heading.end_us))
    }
}

/// The state of one document.
struct Document<'r, 's, 'f> {
    reading: &'r mut Reading<'s, 'f>,
    block: Option<(Block, u64)>,
    spent: usize,
    sample: Option<OpenSample>,
    other: Option<OpenOther>,
    answer: Option<Vec<u8>>,
    begun: bool,
    closed: bool,
    old_form: bool,
}

/// Reads the document and sends what is in it.
pub(crate) fn read(input: &mut dyn Read, reading: &mut Reading<'_, '_>) -> Result<(), ReadError> {
    let mut scanner = Scanner::new(input);
    let mut document = Document {
        reading,
        block: None,
        spent: 0,
        sample: None,
        other: None,
        answer: None,
        begun: false,
        closed: false,
        old_form: false,
    };
    loop {
        match scanner.next()? {
            Event::Open(tag) => document.open(&tag)?,
            Event::Close(name) => document.close(name),
            Event::Text(piece) => document.text(piece),
            Event::Refused { position, refused } => document.refused(position, refused),
            Event::End { position, cut } => {
                document.end(position, cut);
                break;
            }
        }
        if document.old_form {
            return Err(ReadError::TooOld);
        }
        let wants_text = document.other.is_some() || document.answer.is_some();
        scanner.want_text(wants_text);
        document.reading.flush_when_full()?;
    }
    reading.flush()
}

impl Document<'_, '_, '_> {
    #[inline]
    fn open(&mut self, tag: &Tag<'_>) -> Result<(), ReadError> {
        if self.other.is_some() {
            return self.inside_other(tag);
        }
        match tag.name {
            b"Record" => self.record(tag),
            b"MetadataEntry" if self.sample.is_some() => self.sample_metadata(tag),
            b"InstantaneousBeatsPerMinute" if self.sample.is_some() => {
                if let Some(sample) = &mut self.sample {
                    sample.beat(tag);
                }
            }
            b"HeartRateVariabilityMetadataList" if self.sample.is_some() => {}
            _ => return self.open_other_than_sample(tag),
        }
        Ok(())
    }

    /// A sample, on its own or inside a correlation.
    #[inline]
    fn record(&mut self, tag: &Tag<'_>) {
        if self.sample.is_some() {
            self.finish_dangling_sample(tag.position);
        }
        let printed = match &self.block {
            None => Printed::TopLevel,
            Some((Block::Correlation(_), _)) => Printed::InCorrelation,
            Some(_) => {
                self.finish_dangling_block(tag.position);
                Printed::TopLevel
            }
        };
        if !self.begun {
            self.begun = true;
            self.old_form = tag.get(b"sourceName").is_none()
                && tag.get(b"source").is_some()
                && tag.get(b"startDate").is_some_and(|date| date.len() == 19);
        }
        let sample = OpenSample::begin(tag, printed, self.reading);
        if tag.empty {
            self.send_sample(sample);
        } else {
            self.sample = Some(sample);
        }
    }

    #[inline]
    fn send_sample(&mut self, sample: OpenSample) {
        match &mut self.block {
            Some((Block::Correlation(correlation), _)) => correlation.sample(sample, self.reading),
            _ => {
                sample.finish(self.reading);
            }
        }
    }

    #[inline]
    fn sample_metadata(&mut self, tag: &Tag<'_>) {
        if let Some(sample) = &mut self.sample {
            let value = tag.get(b"value").unwrap_or_default();
            sample.metadata(tag.get(b"key").unwrap_or_default(), value, self.reading);
        }
    }

    /// What stands on its own is never swallowed by an unknown element that lacks its end.
    fn inside_other(&mut self, tag: &Tag<'_>) -> Result<(), ReadError> {
        if tag.name == b"Record" || is_top_level(tag.name) {
            self.finish_other();
            return self.open(tag);
        }
        if let Some(other) = &mut self.other {
            other.child(tag);
        }
        Ok(())
    }

    fn open_other_than_sample(&mut self, tag: &Tag<'_>) -> Result<(), ReadError> {
        if is_top_level(tag.name) {
            if self.sample.is_some() {
                self.finish_dangling_sample(tag.position);
            }
            if self.block.is_some() {
                self.finish_dangling_block(tag.position);
            }
            return self.top_level(tag);
        }
        self.child(tag);
        Ok(())
    }

    fn top_level(&mut self, tag: &Tag<'_>) -> Result<(), ReadError> {
        let block = match tag.name {
            b"HealthData" => return Ok(()),
            b"ExportDate" => {
                self.export_date(tag);
                self.reading.flush()?;
                return Ok(());
            }
            b"ActivitySummary" => {
                person::activity_summary(tag, self.reading);
                Block::Ignored
            }
            b"ClinicalRecord" => {
                clinic::clinical_record(tag, self.reading);
                Block::Ignored
            }
            b"StateOfMind" => {
                if !person::state_of_mind(tag, self.reading) {
                    self.begin_other(tag);
                    return Ok(());
                }
                Block::Ignored
            }
            b"Workout" => Block::Workout(Box::new(OpenWorkout::begin(tag, self.reading))),
            b"Correlation" => Block::Correlation(OpenCorrelation::begin(tag, self.reading)),
            b"Audiogram" => Block::Clinic(OpenClinic::audiogram(tag, self.reading)),
            b"VisionPrescription" => Block::Clinic(OpenClinic::vision(tag, self.reading)),
            _ => Block::Me(OpenMe::begin(tag)),
        };
        self.spent = 0;
        if tag.empty {
            self.finish_block(block, tag.position);
        } else {
            self.block = Some((block, tag.position));
        }
        Ok(())
    }

    fn child(&mut self, tag: &Tag<'_>) {
        self.spent = self.spent.saturating_add(tag.len());
        if self.spent > ELEMENT_BYTES_MAX && self.block.is_some() {
            return;
        }
        let known = match &mut self.block {
            _ if self.sample.is_some() => false,
            Some((Block::Workout(workout), _)) => workout.child(tag, self.reading),
            Some((Block::Correlation(correlation), _)) => correlation.child(tag),
            Some((Block::Clinic(clinic), _)) => clinic.child(tag),
            Some((Block::Me(_), _)) => {
                self.answer = (!tag.empty).then(Vec::new);
                true
            }
            Some((Block::Ignored, _)) => true,
            // Parts of an element whose own tag was refused.
            None => is_part(tag.name),
        };
        if !known {
            self.begin_other(tag);
        }
    }

    fn begin_other(&mut self, tag: &Tag<'_>) {
        let (parent, span) = match (&self.sample, &self.block) {
            (Some(_), _) => ("Record", None),
            (None, Some((block, _))) => (block.name(), block.span()),
            (None, None) => ("", None),
        };
        let other = OpenOther::begin(tag, parent, span, self.reading);
        if tag.empty {
            other.finish(self.reading);
        } else {
            self.other = Some(other);
        }
    }

    #[inline]
    fn close(&mut self, name: &[u8]) {
        if let Some(other) = &mut self.other {
            if other.close() {
                self.finish_other();
            }
            return;
        }
        match name {
            b"Record" => {
                if let Some(sample) = self.sample.take() {
                    self.send_sample(sample);
                }
            }
            b"HealthData" => self.closed = true,
            _ => self.close_block(name),
        }
    }

    fn close_block(&mut self, name: &[u8]) {
        match &mut self.block {
            Some((Block::Me(me), _)) if self.answer.is_some() => {
                me.answer(name, &self.answer.take().unwrap_or_default());
            }
            Some((Block::Workout(workout), _)) if name != b"Workout" => {
                workout.close(name, self.reading);
            }
            Some((block, _)) if block.name().as_bytes() == name || is_ignored(block, name) => {
                if let Some((block, position)) = self.block.take() {
                    self.finish_block(block, position);
                }
            }
            Some(_) | None => {}
        }
    }

    fn finish_block(&mut self, block: Block, position: u64) {
        if self.spent > ELEMENT_BYTES_MAX {
            let refused = refusal(
                RejectCode::TextTooLong,
                "the element is larger than allowed",
            );
            self.reading.reject(None, position, "", refused);
            return;
        }
        match block {
            Block::Workout(workout) => workout.finish(self.reading),
            Block::Correlation(correlation) => correlation.finish(self.reading),
            Block::Clinic(clinic) => clinic.finish(self.reading),
            Block::Me(me) => me.finish(self.reading),
            Block::Ignored => {}
        }
    }

    fn finish_other(&mut self) {
        if let Some(other) = self.other.take() {
            other.finish(self.reading);
        }
    }

    #[cold]
    fn finish_dangling_sample(&mut self, position: u64) {
        if let Some(sample) = self.sample.take() {
            self.reading.damage(position, "a record lacks its end");
            self.send_sample(sample);
        }
    }

    #[cold]
    fn finish_dangling_block(&mut self, position: u64) {
        if let Some((block, begun)) = self.block.take() {
            if !matches!(block, Block::Ignored) {
                self.reading.damage(position, "an element lacks its end");
            }
            self.answer = None;
            self.finish_block(block, begun);
        }
    }

    fn text(&mut self, piece: &[u8]) {
        if let Some(answer) = &mut self.answer {
            if answer.len() + piece.len() <= 1_024 {
                answer.extend_from_slice(piece);
            }
        } else if let Some(other) = &mut self.other {
            other.text(piece);
        }
    }

    fn refused(&mut self, position: u64, refused: Refused) {
        let (code, message) = match refused {
            Refused::TooLong => (RejectCode::TextTooLong, "the tag is longer than 1 MiB"),
            Refused::Unfinished => (RejectCode::Malformed, "the tag has no end"),
        };
        self.reading
            .reject(None, position, "", refusal(code, message));
    }

    fn export_date(&mut self, tag: &Tag<'_>) {
        let Some(at) = tag
            .get(b"value")
            .and_then(|text| self.reading.dates.read(text))
        else {
            self.reading
                .damage(tag.position, "the date of the export cannot be read");
            return;
        };
        if self.reading.exported_us.is_none() {
            self.reading.exported_us = Some(at.at_us);
            self.reading.outbox.fact(Fact::Snapshot {
                exported_us: at.at_us,
                offset_min: Some(at.offset_min),
            });
        }
    }

    fn end(&mut self, position: u64, cut: bool) {
        if cut || !self.closed {
            self.reading.damage(
                position,
                "the document is cut off; what came before was read",
            );
        }
        // An element that lacks only its own end when the document has one is whole.
        if self.closed {
            self.finish_dangling_sample(position);
            self.finish_dangling_block(position);
            self.finish_other();
        }
    }
}

/// Elements that only stand directly inside the root.
fn is_top_level(name: &[u8]) -> bool {
    matches!(
        name,
        b"HealthData"
            | b"ExportDate"
            | b"Me"
            | b"Workout"
            | b"Correlation"
            | b"ActivitySummary"
            | b"ClinicalRecord"
            | b"Audiogram"
            | b"VisionPrescription"
            | b"StateOfMind"
    )
}

/// Elements that are part of a known one and mean nothing without it.
fn is_part(name: &[u8]) -> bool {
    matches!(
        name,
        b"MetadataEntry"
            | b"HeartRateVariabilityMetadataList"
            | b"InstantaneousBeatsPerMinute"
            | b"WorkoutEvent"
            | b"WorkoutStatistics"
            | b"WorkoutActivity"
            | b"WorkoutRoute"
            | b"FileReference"
            | b"Location"
            | b"SensitivityPoint"
            | b"RightEye"
            | b"LeftEye"
            | b"Attachment"
    )
}

fn is_ignored(block: &Block, name: &[u8]) -> bool {
    matches!(block, Block::Ignored)
        && matches!(
            name,
            b"ActivitySummary" | b"ClinicalRecord" | b"StateOfMind"
        )
}
