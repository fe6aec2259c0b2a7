//! Prints every value of FIT files, for the comparison with another reader (`tools/fit-peers`).
#![expect(clippy::print_stdout, reason = "it prints what it reads")]

use std::fmt::Write;
use std::fs::File;
use std::io;

use import::fit::{Reader, Step, Value};

fn main() -> io::Result<()> {
    for path in std::env::args().skip(1) {
        println!("file {path}");
        let mut file = File::open(&path)?;
        let mut reader = Reader::new(&mut file);
        loop {
            match reader.advance()? {
                Step::Message(message) => {
                    let stamp = message
                        .stamp
                        .map_or("-".to_owned(), |stamp| stamp.to_string());
                    let fields: Vec<String> = message
                        .fields()
                        .map(|(number, values)| format!("{number}={}", shown(values)))
                        .collect();
                    println!("{} {stamp} {}", message.number(), fields.join(";"));
                }
                Step::File | Step::Damage(_) => {}
                Step::End => break,
            }
        }
    }
    Ok(())
}

fn shown(values: import::fit::FieldValues<'_>) -> String {
    if values.is_text() {
        let text = values.text().unwrap_or_default();
        let mut digits = String::new();
        for byte in text.bytes() {
            let _ = write!(digits, "{byte:02x}");
        }
        return if digits.is_empty() {
            "-".to_owned()
        } else {
            digits
        };
    }
    let shown: Vec<String> = values
        .map(|value| match value {
            None => "-".to_owned(),
            Some(Value::Signed(value)) => value.to_string(),
            Some(Value::Unsigned(value)) => value.to_string(),
            Some(Value::Real(value)) => format!("f{:016x}", value.to_bits()),
        })
        .collect();
    shown.join(",")
}
