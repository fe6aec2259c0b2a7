//! A DOI in the heads of methods stands for one paper: it is never beside two authors or two years.

use std::collections::BTreeMap;

use crate::pages::{header, sources};

/// The DOIs of a head, each with the first author and the year that it stands beside.
fn cited(head: &str) -> Vec<(String, String)> {
    let joined: Vec<&str> = head.split_whitespace().collect();
    let text = joined.join(" ").replace("et al.", "et al").replace('*', "");
    let mut found = Vec::new();
    let mut before = String::new();
    for word in text.split_whitespace() {
        let Some(at) = word.find("10.").filter(|_| word.contains('/')) else {
            before.push_str(word);
            before.push(' ');
            continue;
        };
        let doi = word[at..].trim_end_matches(['.', ',', ';', ')']);
        if let Some(paper) = paper(&before) {
            found.push((doi.to_lowercase(), paper));
        }
        before.clear();
    }
    found
}

/// First author and year of the last reference in a text.
fn paper(text: &str) -> Option<String> {
    let is_year = |word: &str| {
        let digits = word.trim_matches(|sign: char| !sign.is_ascii_digit());
        digits.len() == 4 && (digits.starts_with("19") || digits.starts_with("20"))
    };
    let words: Vec<&str> = text.split_whitespace().collect();
    let year = words.iter().rposition(|word| is_year(word))?;
    let ends_before = |word: &&str| word.ends_with(['.', ';', ':', ')']);
    let first = words[..year].iter().rposition(ends_before);
    let author = words.get(first.map_or(0, |before| before + 1))?;
    let letters = |word: &str| {
        word.trim_matches(|sign: char| !sign.is_alphanumeric())
            .to_lowercase()
    };
    Some(format!("{} {}", letters(author), letters(words[year])))
}

#[test]
fn a_doi_stands_for_one_paper() {
    let mut papers: BTreeMap<String, (String, String)> = BTreeMap::new();
    for (path, text) in sources() {
        let head = header(&text).collect::<Vec<_>>().join("\n");
        for (doi, paper) in cited(&head) {
            let new = || (paper.clone(), path.clone());
            let first = papers.entry(doi.clone()).or_insert_with(new);
            assert_eq!(first.0, paper, "{doi} of {path} and of {}", first.1);
        }
    }
    assert!(papers.len() > 90, "{} papers", papers.len());
}

#[test]
fn a_reference_is_read_with_its_author_and_year() {
    let head = "**References.** Van Someren EJW et al. 1999, Chronobiol Int 16:505, doi:10.3109/0742. See\n\
                Malik M et al. 1989, Eur Heart J 10:1060. Kamath MV,\nFallen EL 1995. Hammad G et al. 2021, doi:10.1371/x.1.";
    let of = |doi: &str, paper: &str| (doi.to_owned(), paper.to_owned());
    assert_eq!(
        cited(head),
        [
            of("10.3109/0742", "van 1999"),
            of("10.1371/x.1", "hammad 2021")
        ]
    );
}
