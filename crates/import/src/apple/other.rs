//! Elements that this version does not know: kept as JSON text, so that a newer version of the phone
//! loses nothing.
//!
//! The form is `{"attributes": {…}, "text": "…", "children": [{"name": "…", …}]}`.

use std::collections::BTreeMap;

use model::record::{Body, Other, Record};
use model::source::SourceNo;
use serde::Serialize;

use crate::apple::reading::{Reading, SourceTag, identity, refusal};
use crate::apple::scan::Tag;
use crate::apple::text::decode;
use crate::batch::RejectCode;

/// Bytes of one unknown element, as printed. A larger one is refused.
const BYTES_MAX: usize = 256 << 10;

/// Elements inside one another. Known elements nest four deep.
const DEPTH_MAX: usize = 20;

#[derive(Debug, Default, Serialize)]
struct Node {
    #[serde(skip_serializing_if = "String::is_empty")]
    name: String,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    attributes: BTreeMap<String, String>,
    #[serde(skip_serializing_if = "String::is_empty")]
    text: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    children: Vec<Node>,
    #[serde(skip)]
    printed: Vec<u8>,
}

impl Node {
    fn read(tag: &Tag<'_>) -> Self {
        let attributes = tag.attributes();
        let attributes = attributes.map(|(key, value)| (decode(key).into(), decode(value).into()));
        Self {
            name: decode(tag.name).into_owned(),
            attributes: attributes.collect(),
            ..Self::default()
        }
    }

    /// Text comes in pieces that may part a character, so it is read when all is there.
    fn finish(mut self) -> Self {
        decode(&self.printed).trim().clone_into(&mut self.text);
        self.printed = Vec::new();
        self
    }
}

/// An unknown element whose end is to come.
#[derive(Debug)]
pub(crate) struct OpenOther {
    position: u64,
    name: String,
    start_us: i64,
    end_us: i64,
    source: Option<SourceNo>,
    open: Vec<Node>,
    deeper: usize,
    spent: usize,
}

impl OpenOther {
    /// Begins an element inside `parent` (empty at the top). Without dates of its own it is filed
    /// under those of its parent, or of the export.
    pub(crate) fn begin(
        tag: &Tag<'_>,
        parent: &str,
        within: Option<(i64, i64)>,
        reading: &mut Reading<'_, '_>,
    ) -> Self {
        let date = |name: &[u8], reading: &mut Reading<'_, '_>| {
            tag.get(name)
                .and_then(|text| reading.dates.read(text))
                .map(|printed| printed.at_us)
        };
        let (from_us, until_us) = within.unwrap_or_else(|| {
            let at_us = reading.exported_us.unwrap_or(reading.now_us);
            (at_us, at_us)
        });
        let start_us = date(b"startDate", reading).or_else(|| date(b"date", reading));
        let end_us = date(b"endDate", reading);
        let source = match tag.get(b"sourceName") {
            Some(name) => reading.source(&SourceTag {
                name,
                ..SourceTag::default()
            }),
            None => reading.exporter(),
        };
        let mut root = Node::read(tag);
        let name = std::mem::take(&mut root.name);
        Self {
            position: tag.position,
            name: if parent.is_empty() {
                name
            } else {
                format!("{parent}/{name}")
            },
            end_us: end_us.or(start_us).unwrap_or(until_us),
            start_us: start_us.unwrap_or(from_us),
            source,
            open: vec![root],
            deeper: 0,
            spent: tag.len(),
        }
    }

    /// Takes in a child element.
    pub(crate) fn child(&mut self, tag: &Tag<'_>) {
        self.spent = self.spent.saturating_add(tag.len());
        let fits = self.spent <= BYTES_MAX && self.open.len() < DEPTH_MAX && self.deeper == 0;
        if tag.empty {
            if let (true, Some(parent)) = (fits, self.open.last_mut()) {
                parent.children.push(Node::read(tag));
            }
        } else if fits {
            self.open.push(Node::read(tag));
        } else {
            self.deeper += 1;
        }
    }

    /// Takes in text.
    pub(crate) fn text(&mut self, piece: &[u8]) {
        self.spent = self.spent.saturating_add(piece.len());
        if let (true, Some(node)) = (self.spent <= BYTES_MAX, self.open.last_mut()) {
            node.printed.extend_from_slice(piece);
        }
    }

    /// Leaves an element; true when it was the whole.
    pub(crate) fn close(&mut self) -> bool {
        if self.deeper > 0 {
            self.deeper -= 1;
            return false;
        }
        if self.open.len() > 1
            && let Some(node) = self.open.pop()
            && let Some(parent) = self.open.last_mut()
        {
            parent.children.push(node.finish());
            return false;
        }
        true
    }

    /// Sends the element.
    pub(crate) fn finish(mut self, reading: &mut Reading<'_, '_>) {
        while self.open.len() > 1 {
            self.close();
        }
        if self.spent > BYTES_MAX {
            let message = "an element that is not known is larger than what is kept";
            let refused = refusal(RejectCode::TextTooLong, message);
            reading.reject(None, self.position, "", refused);
            return;
        }
        let (Some(root), Some(source)) = (self.open.pop(), self.source) else {
            return;
        };
        let Ok(json) = serde_json::to_string(&root.finish()) else {
            return;
        };
        if json == "{}" {
            return;
        }
        let identity = identity(&[&self.name, &self.start_us.to_string(), &json]);
        let record = Record {
            start_us: self.start_us,
            end_us: self.end_us,
            zone: None,
            source,
            uid: None,
            identity,
            body: Body::Other(Other {
                name: self.name,
                json,
            }),
        };
        reading.record(self.position, record);
    }
}
