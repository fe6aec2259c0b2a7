//! What a live form is: a JSON payload of one app, how it is recognised and what reads it.
//!
//! One file per form lies in the folder `forms`; nothing here knows any of them.

use std::ops::ControlFlow;

use model::unit::Percent;

use crate::batch::{Batch, Sink};
use crate::json::{self, Fields, Json, ReadError};
use crate::live::{Context, Intake, MALFORMED, Place, ROOT, Summary};
use crate::tables::Outbox;

/// A JSON body, checked from its first byte to its last.
#[derive(Debug)]
pub struct Document<'a> {
    text: &'a str,
    fields: Option<Fields<'a>>,
}

impl<'a> Document<'a> {
    /// Checks encoding, depth and syntax of a body that must be an object or an array.
    pub fn of(body: &'a [u8]) -> Result<Self, ReadError> {
        const EXPECTED: &str = "a JSON object or array";
        let text = json::text(body)?;
        let fields = if text.trim_start().starts_with('[') {
            json::whole(text)?;
            None
        } else {
            Some(Fields::of_document(text, EXPECTED)?)
        };
        Ok(Self { text, fields })
    }

    /// The whole text.
    pub(crate) fn text(&self) -> &'a str {
        self.text
    }

    /// The members of the outermost object; `None` where the body is an array.
    pub(crate) fn fields(&self) -> Option<&Fields<'a>> {
        self.fields.as_ref()
    }

    /// Whether the body is an array.
    pub(crate) fn is_array(&self) -> bool {
        self.fields.is_none()
    }

    /// Whether the body is an object with a member of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        let fields = self.fields.as_ref();
        fields.is_some_and(|fields| fields.get(name).is_some())
    }
}

/// A form of live bodies.
pub struct Form {
    /// The name that commands and requests use.
    pub name: &'static str,
    /// One line about it.
    pub about: &'static str,
    /// The name of the source where a body names none: the same through every door, so that one
    /// payload is one set of samples.
    pub source: &'static str,
    /// What a body of this form has, for the message of a refusal.
    pub(crate) expected: &'static str,
    /// What its clients mean by `%`.
    pub(crate) percent: Percent,
    /// Whether a body is of this form.
    pub(crate) is_meant: fn(&Document<'_>) -> bool,
    /// Takes what the body holds.
    pub(crate) read: fn(&Document<'_>, &mut Intake<'_, '_, '_>) -> Result<(), ReadError>,
}

impl std::fmt::Debug for Form {
    fn fmt(&self, out: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        out.debug_tuple("Form").field(&self.name).finish()
    }
}

impl PartialEq for Form {
    fn eq(&self, other: &Self) -> bool {
        self.name == other.name
    }
}

impl Form {
    /// Reads a document of this form and hands its content over in one batch; on error nothing of
    /// it was.
    pub fn read(
        &self,
        document: &Document<'_>,
        context: &Context<'_>,
        sink: &mut Sink<'_>,
    ) -> Result<Summary, ReadError> {
        let context = Context {
            source: if context.source.is_empty() {
                self.source
            } else {
                context.source
            },
            ..*context
        };
        let mut intake = Intake::new(&context, Outbox::for_small(sink), self.percent);
        (self.read)(document, &mut intake)?;
        Ok(intake.finish(document.text.len()))
    }

    /// Reads a body of this form into one batch.
    pub fn read_body(
        &self,
        body: &[u8],
        context: &Context<'_>,
    ) -> Result<(Batch, Summary), ReadError> {
        self.read_whole(&Document::of(body)?, context)
    }

    /// Reads a document of this form into one batch.
    pub fn read_whole(
        &self,
        document: &Document<'_>,
        context: &Context<'_>,
    ) -> Result<(Batch, Summary), ReadError> {
        let mut whole = Batch::default();
        let mut sink = |batch: Batch| {
            whole = batch;
            ControlFlow::Continue(())
        };
        let summary = self.read(document, context, &mut sink)?;
        Ok((whole, summary))
    }

    /// The refusal of a body that is not of this form.
    pub(crate) const fn refusal(&self) -> ReadError {
        ReadError::WrongShape {
            expected: self.expected,
        }
    }
}

/// What takes an element of an array.
pub(crate) type Take<'t> = &'t mut dyn FnMut(&Json<'_>, Place<'_>, &mut Intake<'_, '_, '_>);

/// Hands over every element of the array at `pointer`; one that cannot be read is refused at its
/// place.
pub(crate) fn elements(
    array: &str,
    pointer: &str,
    max_allowed: u64,
    intake: &mut Intake<'_, '_, '_>,
    take: Take<'_>,
) -> Result<(), ReadError> {
    let named = if pointer == ROOT { "" } else { pointer };
    json::each(array, named, max_allowed, &mut |index,
                                                element: Option<
        Json<'_>,
    >| {
        let place = Place {
            array: pointer,
            index,
        };
        match element {
            Some(element) => take(&element, place, intake),
            None => intake.reject(place, "", None, MALFORMED),
        }
    })?;
    Ok(())
}

/// [`elements`] that are objects with members; anything else is refused at its place.
pub(crate) fn objects(
    array: &str,
    pointer: &str,
    max_allowed: u64,
    intake: &mut Intake<'_, '_, '_>,
    take: Take<'_>,
) -> Result<(), ReadError> {
    elements(
        array,
        pointer,
        max_allowed,
        intake,
        &mut |element, place, intake| {
            if element.members().is_empty() {
                return intake.reject(place, "", None, MALFORMED);
            }
            take(element, place, intake);
        },
    )
}
