//! A manifest: who vouches for a file of weights, signed with Ed25519.
//!
//! What is signed is one line that says what it is, then the description as compact JSON in the
//! order of its fields. A manifest counts only with a key that was trusted on this machine.

use std::fmt;

use aws_lc_rs::signature::{ED25519, Ed25519KeyPair, KeyPair, UnparsedPublicKey};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Deserializer, Serialize, Serializer};
use zeroize::Zeroizing;

use crate::models::digest::Sha256;

/// What a signature is about, so that a signature over something else never fits.
const PURPOSE: &[u8] = b"clarity model manifest 1\n";
/// The longest text in a manifest.
const TEXT_BYTES_MAX: usize = 1_000;

/// A public key of whoever signs manifests.
#[derive(Clone, Copy, PartialEq, Eq)]
pub struct PublicKey([u8; 32]);

impl fmt::Display for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&URL_SAFE_NO_PAD.encode(self.0))
    }
}

impl fmt::Debug for PublicKey {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, formatter)
    }
}

impl std::str::FromStr for PublicKey {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bytes = URL_SAFE_NO_PAD.decode(text).ok();
        let key = bytes.and_then(|bytes| bytes.try_into().ok());
        key.map(Self)
            .ok_or("a public key is 43 characters, as `clarity models sign` prints it")
    }
}

impl Serialize for PublicKey {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for PublicKey {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        text.parse().map_err(serde::de::Error::custom)
    }
}

/// The file that a manifest vouches for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Description {
    /// The name by which it is installed.
    pub name: String,
    /// The digest of the file.
    pub sha256: Sha256,
    /// Its size in bytes.
    pub bytes: u64,
    /// The licence of the weights; may be empty.
    pub licence: String,
    /// What is shown wherever a result of them is; may be empty.
    pub attribution: String,
}

/// A description with the signature of somebody.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// What is vouched for.
    pub model: Description,
    /// Who vouches.
    pub key: PublicKey,
    /// 64 bytes in base64url.
    signature: String,
}

/// Why a manifest vouches for nothing.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ManifestError {
    /// Not a manifest at all.
    #[error("it is no manifest of a model: {0}")]
    Malformed(String),
    /// A text in it is too long to be shown anywhere.
    #[error("a text in it is longer than {TEXT_BYTES_MAX} bytes")]
    TooLong,
    /// The signature does not fit the content.
    #[error("its signature does not fit its content: it was changed after it was signed")]
    Signature,
    /// The key that signs is not readable.
    #[error("the signing key is not readable")]
    SigningKey,
}

impl Manifest {
    /// Reads a manifest and checks its signature; whether the key is trusted is for the caller to say.
    pub fn read(bytes: &[u8]) -> Result<Self, ManifestError> {
        let manifest: Self = serde_json::from_slice(bytes)
            .map_err(|error| ManifestError::Malformed(error.to_string()))?;
        manifest.check()?;
        Ok(manifest)
    }

    /// Checks the signature.
    pub fn check(&self) -> Result<(), ManifestError> {
        let texts = [
            &self.model.name,
            &self.model.licence,
            &self.model.attribution,
        ];
        if texts.iter().any(|text| text.len() > TEXT_BYTES_MAX) {
            return Err(ManifestError::TooLong);
        }
        let signature = URL_SAFE_NO_PAD
            .decode(&self.signature)
            .map_err(|_| ManifestError::Signature)?;
        UnparsedPublicKey::new(&ED25519, self.key.0)
            .verify(&self.model.signed(), &signature)
            .map_err(|_| ManifestError::Signature)
    }

    /// Signs a description with the key of a seed.
    pub fn sign(model: Description, seed: &Zeroizing<[u8; 32]>) -> Result<Self, ManifestError> {
        let pair = Ed25519KeyPair::from_seed_unchecked(seed.as_slice())
            .map_err(|_| ManifestError::SigningKey)?;
        let key = pair.public_key().as_ref();
        let key = PublicKey(key.try_into().map_err(|_| ManifestError::SigningKey)?);
        let signature = URL_SAFE_NO_PAD.encode(pair.sign(&model.signed()));
        let manifest = Self {
            model,
            key,
            signature,
        };
        manifest.check()?;
        Ok(manifest)
    }
}

impl Description {
    fn signed(&self) -> Vec<u8> {
        let mut bytes = PURPOSE.to_vec();
        bytes.extend(serde_json::to_vec(self).expect("texts and numbers are JSON"));
        bytes
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn any_change_breaks_the_signature() {
        let model = Description {
            name: "night-shift".to_owned(),
            sha256: Sha256::of(b"weights"),
            bytes: 7,
            licence: "CC0".to_owned(),
            attribution: String::new(),
        };
        let seed = Zeroizing::new([7; 32]);
        let signed = Manifest::sign(model, &seed).expect("a seed signs");
        let bytes = serde_json::to_vec(&signed).expect("JSON");
        assert_eq!(Manifest::read(&bytes), Ok(signed.clone()));

        let check = |change: &dyn Fn(&mut Manifest)| {
            let mut changed = signed.clone();
            change(&mut changed);
            assert_eq!(changed.check(), Err(ManifestError::Signature));
        };
        check(&|manifest| manifest.model.name.push('s'));
        check(&|manifest| manifest.model.bytes += 1);
        check(&|manifest| manifest.model.sha256 = Sha256::of(b"others"));
        check(&|manifest| manifest.model.licence.clear());
        check(&|manifest| manifest.key.0[0] ^= 1);
        check(&|manifest| manifest.signature.clear());
        let text = signed.key.to_string();
        assert_eq!((text.len(), text.parse()), (43, Ok(signed.key)));
    }
}
