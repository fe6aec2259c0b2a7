//! The page that says what is in a bundle. It opens from the disk, loads nothing and runs nothing.

use std::fmt::Write;

/// A member of the archive.
pub(super) struct Member {
    /// Its name.
    pub(super) name: &'static str,
    /// How many things are in it.
    pub(super) count: u64,
    /// What they are, in a sentence.
    pub(super) about: &'static str,
}

const HEAD: &str = "<!doctype html>
<html lang=\"en\">
<meta charset=\"utf-8\">
<meta name=\"viewport\" content=\"width=device-width\">
<title>Your data</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 46rem; margin: 2rem auto; padding: 0 1rem }
table { border-collapse: collapse; width: 100% }
th, td { text-align: start; vertical-align: top; padding: .4rem .6rem; border-block-end: 1px solid #8885 }
td:nth-child(2) { text-align: end; font-variant-numeric: tabular-nums }
</style>
<h1>Your data</h1>
";

const FOOT: &str = "<p>The files hold your data in the clear: keep them as you keep your papers. Times are in UTC; intervals are half \
open; units are UCUM codes. A line of NDJSON is one JSON document. Keys, passwords and secrets are in none of the \
files.</p>
</html>
";

/// The page.
pub(super) fn page(members: &[Member], made: &str) -> String {
    let mut page = HEAD.to_owned();
    let put = "a String takes every text";
    write!(
        page,
        "<p>Everything that is kept about you, as of {made}.</p>\n<table>\n"
    )
    .expect(put);
    page.push_str(
        "<tr><th scope=\"col\">File<th scope=\"col\">Entries<th scope=\"col\">What it holds\n",
    );
    for Member { name, count, about } in members {
        writeln!(
            page,
            "<tr><td><a href=\"{name}\">{name}</a><td>{count}<td>{about}"
        )
        .expect(put);
    }
    page.push_str("</table>\n");
    page.push_str(FOOT);
    page
}
