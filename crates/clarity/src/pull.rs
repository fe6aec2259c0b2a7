//! Fetches a file of weights: in pieces, again from where it broke off, and never under its own name.
//!
//! What arrives is a `.part` file; whoever asked checks its digest and installs it. Only `https` is
//! spoken, except with this machine itself. Proxies are taken from the environment, as other
//! programs do (`HTTPS_PROXY`, `NO_PROXY`). It stays outside `lab`, whose shelf of models it fills,
//! because nothing there may open a connection.

use std::path::{Path, PathBuf};
use std::time::Duration;

use import::weights::FILE_BYTES_MAX;
use lab::models::digest::Sha256;
use lab::models::shelf::Shelf;
use reqwest::header::{CONTENT_RANGE, RANGE};
use reqwest::redirect::{Attempt, Policy};
use reqwest::{Client, Response, StatusCode, Url};
use tokio::io::AsyncWriteExt;

/// How long a connection may take to open.
const CONNECT: Duration = Duration::from_secs(15);
/// How long the other side may be silent.
const SILENCE: Duration = Duration::from_mins(1);
/// Redirects that are followed; file hosts use two or three.
const REDIRECTS_MAX: usize = 8;
/// Tries in a row that bring nothing before the transfer is given up.
const TRIES: u32 = 4;
/// Pause before the second try; doubled before each further one.
const PAUSE: Duration = Duration::from_millis(250);

/// Where a file comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Source(Url);

/// Why a file was not fetched.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PullError {
    /// Not an address that is fetched from.
    #[error("{0:?} is not an address that weights are fetched from; it must begin with https://")]
    Address(String),
    /// The client does not start, which is about proxies or certificates of this machine.
    #[error("could not start the transfer; check the proxy settings and the system's certificates")]
    Client(#[source] reqwest::Error),
    /// The connection failed, again and again.
    #[error("could not fetch {url}; what has arrived is kept, the same command goes on from there")]
    Cut {
        /// The address.
        url: String,
        /// The last failure.
        #[source]
        error: reqwest::Error,
    },
    /// The other side said no.
    #[error("{url} answered {status}; open it in a browser to see whether the link is still right")]
    Status {
        /// The address.
        url: String,
        /// The answer.
        status: StatusCode,
    },
    /// The file is larger than any weights.
    #[error("{url} sends more than the {FILE_BYTES_MAX} bytes that a file of weights may have")]
    TooLarge {
        /// The address.
        url: String,
    },
    /// It sent something else.
    #[error("{url} sent a web page, not a file; take the link that downloads directly")]
    Page {
        /// The address.
        url: String,
    },
    /// The disk.
    #[error("could not write {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// Why not.
        #[source]
        error: std::io::Error,
    },
}

/// How a try ended that did not end the transfer.
enum Broke {
    /// The connection was cut or the server overloaded; another try may do.
    Again(reqwest::Error),
    /// The part does not fit what the server has; it was dropped.
    Anew,
    /// Nothing helps.
    Ended(PullError),
}

impl Source {
    /// Reads an address. Links of Dropbox that show a page are turned into those that download.
    pub(crate) fn parse(text: &str) -> Result<Self, PullError> {
        let wrong = || PullError::Address(text.to_owned());
        let mut url = Url::parse(text).map_err(|_| wrong())?;
        if !may_fetch(&url) || !url.username().is_empty() || url.password().is_some() {
            return Err(wrong());
        }
        if matches!(url.host_str(), Some("www.dropbox.com" | "dropbox.com")) {
            let kept: Vec<(String, String)> = url
                .query_pairs()
                .filter(|(name, _)| name != "dl")
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect();
            url.query_pairs_mut()
                .clear()
                .extend_pairs(kept)
                .append_pair("dl", "1");
        }
        Ok(Self(url))
    }

    /// The `.part` file of this address: another address never continues it.
    pub(crate) fn part(&self, shelf: &Shelf) -> PathBuf {
        let digest = Sha256::of(self.0.as_str().as_bytes());
        shelf.folder().join(format!("pull-{}.part", digest.short()))
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.0.fmt(formatter)
    }
}

/// Fetches into the `.part` file, going on where an earlier try ended; `told` hears how far it is
/// and, where the server says so, how much there is.
pub(crate) async fn fetch(
    source: &Source,
    part: &Path,
    told: &mut (dyn FnMut(u64, Option<u64>) + Send),
) -> Result<(), PullError> {
    let client = client().map_err(PullError::Client)?;
    let mut pause = PAUSE;
    let mut tries = 0;
    let mut had = length(part).await;
    loop {
        let broke = match transfer(&client, source, part, told).await {
            Ok(()) => return refuse_page(source, part).await,
            Err(broke) => broke,
        };
        let has = length(part).await;
        if has > had {
            (tries, pause) = (0, PAUSE);
        }
        had = has;
        tries += 1;
        match broke {
            Broke::Ended(error) => return Err(error),
            Broke::Again(error) if tries >= TRIES => {
                let url = source.to_string();
                return Err(PullError::Cut { url, error });
            }
            Broke::Anew if tries >= TRIES => {
                return Err(PullError::Status {
                    url: source.to_string(),
                    status: StatusCode::RANGE_NOT_SATISFIABLE,
                });
            }
            Broke::Again(_) | Broke::Anew => tokio::time::sleep(pause).await,
        }
        pause *= 2;
    }
}

fn client() -> Result<Client, reqwest::Error> {
    Client::builder()
        .user_agent(concat!("clarity/", env!("CARGO_PKG_VERSION")))
        .connect_timeout(CONNECT)
        .read_timeout(SILENCE)
        .redirect(Policy::custom(follow))
        .build()
}

fn follow(attempt: Attempt<'_>) -> reqwest::redirect::Action {
    let came_from_here = attempt.previous().iter().all(is_loopback);
    if attempt.previous().len() > REDIRECTS_MAX {
        attempt.error("redirected too often")
    } else if attempt.url().scheme() == "https" || came_from_here && is_loopback(attempt.url()) {
        attempt.follow()
    } else {
        attempt.error("redirected to an address without encryption")
    }
}

fn may_fetch(url: &Url) -> bool {
    url.scheme() == "https" || url.scheme() == "http" && is_loopback(url)
}

fn is_loopback(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost"
        || address
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// One request and all that it brings.
async fn transfer(
    client: &Client,
    source: &Source,
    part: &Path,
    told: &mut (dyn FnMut(u64, Option<u64>) + Send),
) -> Result<(), Broke> {
    let has = length(part).await;
    let mut request = client.get(source.0.clone());
    if has > 0 {
        request = request.header(RANGE, format!("bytes={has}-"));
    }
    let mut response = request.send().await.map_err(Broke::of_request)?;
    let from = starts_at(&response, has, source)?;
    let Some(from) = from else {
        drop(tokio::fs::remove_file(part).await);
        return Err(Broke::Anew);
    };
    let total = response.content_length().map(|rest| from + rest);
    let too_large = || {
        let url = source.to_string();
        Broke::Ended(PullError::TooLarge { url })
    };
    if total.is_some_and(is_too_large) {
        return Err(too_large());
    }
    let mut file = open(part, from)
        .await
        .map_err(|error| on_file(part, error))?;
    let mut done = from;
    told(done, total);
    while let Some(piece) = response.chunk().await.map_err(Broke::Again)? {
        done += u64::try_from(piece.len()).unwrap_or(u64::MAX);
        if is_too_large(done) {
            return Err(too_large());
        }
        let written = file.write_all(&piece).await;
        written.map_err(|error| on_file(part, error))?;
        told(done, total);
    }
    file.sync_all().await.map_err(|error| on_file(part, error))
}

/// The place in the file at which the answer begins; `None` if the part is of no use.
fn starts_at(response: &Response, has: u64, source: &Source) -> Result<Option<u64>, Broke> {
    match response.status() {
        StatusCode::OK => Ok(Some(0)),
        StatusCode::PARTIAL_CONTENT => {
            let range = response.headers().get(CONTENT_RANGE);
            let text = range
                .and_then(|range| range.to_str().ok())
                .unwrap_or_default();
            let begins = text
                .strip_prefix("bytes ")
                .and_then(|range| range.split('-').next()?.parse::<u64>().ok());
            Ok(begins.filter(|&begins| begins == has))
        }
        StatusCode::RANGE_NOT_SATISFIABLE => Ok(None),
        status => Err(Broke::Ended(PullError::Status {
            url: source.to_string(),
            status,
        })),
    }
}

impl Broke {
    /// A redirect that is not followed stays so; everything else may be a matter of time.
    fn of_request(error: reqwest::Error) -> Self {
        if error.is_redirect() || error.is_builder() {
            let url = error.url().map(ToString::to_string).unwrap_or_default();
            return Self::Ended(PullError::Cut { url, error });
        }
        Self::Again(error)
    }
}

fn on_file(part: &Path, error: std::io::Error) -> Broke {
    let path = part.to_owned();
    Broke::Ended(PullError::File { path, error })
}

async fn open(part: &Path, from: u64) -> std::io::Result<tokio::fs::File> {
    let mut options = tokio::fs::OpenOptions::new();
    options.create(true).mode(0o600);
    if from == 0 {
        options.write(true).truncate(true);
    } else {
        options.append(true);
    }
    options.open(part).await
}

async fn length(part: &Path) -> u64 {
    tokio::fs::metadata(part)
        .await
        .map_or(0, |metadata| metadata.len())
}

fn is_too_large(bytes: u64) -> bool {
    usize::try_from(bytes).map_or(true, |bytes| bytes > FILE_BYTES_MAX)
}

/// A link to a page about the file is the usual mistake; it deserves its own words.
async fn refuse_page(source: &Source, part: &Path) -> Result<(), PullError> {
    let bytes = tokio::fs::read(part)
        .await
        .map_err(|error| PullError::File {
            path: part.to_owned(),
            error,
        })?;
    let begins = bytes.iter().find(|byte| !byte.is_ascii_whitespace());
    if begins == Some(&b'<') {
        drop(tokio::fs::remove_file(part).await);
        let url = source.to_string();
        return Err(PullError::Page { url });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_encrypted_or_at_home() {
        let check = |text: &str, expect: Option<&str>| {
            let read = Source::parse(text).map(|source| source.to_string());
            assert_eq!(read.ok().as_deref(), expect, "{text}");
        };
        check("https://example.org/a.h5", Some("https://example.org/a.h5"));
        check("http://127.0.0.1:9/a.h5", Some("http://127.0.0.1:9/a.h5"));
        check("http://[::1]:9/a.h5", Some("http://[::1]:9/a.h5"));
        check("http://example.org/a.h5", None);
        check("http://127.0.0.1.example.org/a.h5", None);
        check("https://me:secret@example.org/a.h5", None);
        check("ftp://example.org/a.h5", None);
        check("a.h5", None);
        check(
            "https://www.dropbox.com/s/x/PAT-S.h5?rlkey=k&dl=0",
            Some("https://www.dropbox.com/s/x/PAT-S.h5?rlkey=k&dl=1"),
        );
    }
}
