//! The published encoders: what they are called, how their files are known, whom to thank.
//!
//! The digests are those that a third party's manifest records; nobody who wrote this table has
//! hashed the files. A file with another digest is refused until its digest is confirmed once. The
//! links to the files stand on the authors' page and may change, so none is built in.

use pat::Size;

use crate::models::digest::Sha256;

/// The authors' page, where the links to the files are.
pub const PAGE: &str = "https://github.com/njacobsonlab/Pretrained-Actigraphy-Transformer";
/// The licence of the published weights.
pub const LICENCE: &str = "CC BY 4.0";
/// What is shown wherever a result of the published weights is.
pub const ATTRIBUTION: &str = "Pretrained Actigraphy Transformer (PAT), Ruan et al. 2024, \
     arXiv:2411.15240, weights under CC BY 4.0";

/// A published encoder.
#[derive(Debug, Clone, Copy)]
pub struct Published {
    /// The name by which it is installed.
    pub name: &'static str,
    /// What it stands for among the three.
    pub alias: &'static str,
    /// What the authors call the file.
    pub file: &'static str,
    /// Which network it is.
    pub size: Size,
    /// Numbers in it.
    pub parameters: u32,
    /// About how many megabytes the file has.
    pub megabytes: f64,
    sha256: &'static str,
}

impl Published {
    /// The digest of the file as recorded.
    pub fn sha256(&self) -> Sha256 {
        Sha256::parse(self.sha256).expect("the table holds digests")
    }

    /// The published encoder of a name or alias.
    pub fn find(name: &str) -> Option<&'static Self> {
        TABLE
            .iter()
            .find(|model| model.name == name || model.alias == name)
    }
}

/// All of them, smallest first.
pub const TABLE: [Published; 3] = [
    Published {
        name: "small",
        alias: "fast",
        file: "PAT-S_29k_weights.h5",
        size: Size::Small,
        parameters: 274_720,
        megabytes: 1.1,
        sha256: "37b3c530b8d9d89416d28fddbb4545de568cc52ddf6f5c700eeb4aa78f1c3616",
    },
    Published {
        name: "medium",
        alias: "stable",
        file: "PAT-M_29k_weights.h5",
        size: Size::Medium,
        parameters: 993_440,
        megabytes: 4.0,
        sha256: "c432f3f6f48cdd7817368d30fcad87708d6994c61324ae64885bb9f871dba575",
    },
    Published {
        name: "large",
        alias: "latest",
        file: "PAT-L_29k_weights.h5",
        size: Size::Large,
        parameters: 1_984_192,
        megabytes: 8.0,
        sha256: "19f9ad1235bdbea2636b6b40c6425536d624450f0b97302b7440bf978c3ee04f",
    },
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn aliases_and_digests_are_complete() {
        for model in &TABLE {
            assert_eq!(model.sha256().to_string(), model.sha256);
            assert_eq!(model.name, model.size.name());
        }
        let named = |name| Published::find(name).map(|model| model.name);
        assert_eq!(
            [
                named("fast"),
                named("stable"),
                named("latest"),
                named("large"),
                named("huge")
            ],
            [
                Some("small"),
                Some("medium"),
                Some("large"),
                Some("large"),
                None
            ]
        );
    }
}
