//! Exports of vendors, through the one front door, against what an import of them must bring.

mod devices;
mod expected;
mod generated;
mod hostile;
mod samples;
mod support;
