//! Keys: one master key outside the database wraps one data key per person inside it.
//!
//! Key material is wiped when dropped and never printed. Nothing here logs, and no plaintext key
//! ever reaches the database.

use std::fmt;
use std::io::{Read, Write};
use std::path::{Path, PathBuf};

use aws_lc_rs::aead::{AES_256_GCM, Aad, Nonce, RandomizedNonceKey};
use aws_lc_rs::constant_time::verify_slices_are_equal;
use aws_lc_rs::hmac;
use model::ids::UserId;
use zeroize::Zeroizing;

use crate::bound;
use crate::database::{Store, Tx};
use crate::error::Error;
use crate::meta;
use crate::seal::{self, Key, Sealer};

/// Name of the fact by which a wrong master key is recognised.
const KEY_CHECK: &str = "master_key_check";
/// Part of it since rows are bound, so that only a database of an older version has rows bound for it: the
/// older form cannot be made without the key.
const BOUND: &[u8] = b"rows are bound";
/// First word of a key file.
const KEY_FILE_LABEL: &str = "clarity-master-key-1";
/// A key file is one short line; a longer file is something else.
const KEY_FILE_BYTES_MAX: u64 = 1_024;
const WRAP_FORMAT: u8 = 1;
const WRAP_NONCE_BYTES: usize = 12;

/// The keys of the installation.
pub struct Vault {
    wrapping: RandomizedNonceKey,
    server: Sealer,
    email: hmac::Key,
    device: hmac::Key,
    plain: hmac::Key,
}

impl fmt::Debug for Vault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Vault(***)")
    }
}

/// The key of one person: seals and opens what is theirs.
pub struct PersonKey {
    user: UserId,
    person: i64,
    key_no: i64,
    sealer: Sealer,
    identity: hmac::Key,
}

impl fmt::Debug for PersonKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PersonKey({}, ***)", self.user)
    }
}

/// A new person key, wrapped for the database.
pub(crate) struct Wrapped {
    pub(crate) key_no: i64,
    pub(crate) bytes: Vec<u8>,
}

impl Vault {
    /// Opens the vault of a migrated database. On the first start it creates the key file (mode 0600);
    /// afterwards it refuses a missing or wrong key and changes nothing.
    pub async fn open(store: &Store, key_file: &Path) -> Result<Self, Error> {
        let mut tx = store.read().await?;
        let check = meta::get(&mut tx, KEY_CHECK).await?;
        tx.rollback().await?;
        let master = match read_key_file(key_file)? {
            Some(master) => master,
            None if check.is_some() => {
                return Err(Error::MasterKeyMissing {
                    path: key_file.to_owned(),
                });
            }
            None => create_key_file(key_file)?,
        };
        let check_key = hmac::Key::new(
            hmac::HMAC_SHA256,
            seal::derive(&master, "master key check").as_slice(),
        );
        let vault = Self::from_master(&master);
        let expected = seal::keyed_hash(&check_key, &[KEY_CHECK.as_bytes(), BOUND]);
        let older = seal::keyed_hash(&check_key, &[KEY_CHECK.as_bytes()]);
        let is = |wanted: &[u8; 32]| {
            let check = check.as_deref();
            check.is_some_and(|check| verify_slices_are_equal(check, wanted).is_ok())
        };
        if is(&expected) {
            return Ok(vault);
        }
        if check.is_some() && !is(&older) {
            return Err(Error::MasterKeyWrong {
                path: key_file.to_owned(),
            });
        }
        let mut tx = store.write().await?;
        if check.is_some() {
            bound::bind_older(&mut tx, &vault).await?;
        }
        meta::put(&mut tx, KEY_CHECK, &expected).await?;
        tx.commit().await?;
        Ok(vault)
    }

    fn from_master(master: &Key) -> Self {
        let wrapping = seal::derive(master, "wrap person keys");
        Self {
            wrapping: RandomizedNonceKey::new(&AES_256_GCM, wrapping.as_slice())
                .expect("AES-256 takes 32 bytes"),
            server: Sealer::new(&seal::derive(master, "server secrets")),
            email: hmac::Key::new(
                hmac::HMAC_SHA256,
                seal::derive(master, "e-mail addresses").as_slice(),
            ),
            device: hmac::Key::new(
                hmac::HMAC_SHA256,
                seal::derive(master, "device keys").as_slice(),
            ),
            plain: hmac::Key::new(
                hmac::HMAC_SHA256,
                seal::derive(master, "plain columns").as_slice(),
            ),
        }
    }

    /// Unwraps the key of a person.
    pub async fn person_key(&self, tx: &mut Tx, user: UserId) -> Result<PersonKey, Error> {
        let row = run!(tx, connection => sqlx::query_as::<_, (i64, i64, Vec<u8>)>(
            "SELECT no, key_no, key_wrapped FROM persons WHERE id = $1",
        )
        .bind(user.uuid())
        .fetch_optional(connection)
        .await)?;
        let (person, key_no, wrapped) = row.ok_or(Error::PersonUnknown)?;
        let data_key = self
            .unwrap(user, key_no, &wrapped)
            .ok_or(Error::Damaged { what: "person key" })?;
        Ok(PersonKey {
            user,
            person,
            key_no,
            sealer: Sealer::new(&seal::derive(&data_key, "seal")),
            identity: hmac::Key::new(
                hmac::HMAC_SHA256,
                seal::derive(&data_key, "identity").as_slice(),
            ),
        })
    }

    /// Seals a secret of the server itself under its name.
    pub fn seal_server(&self, name: &str, bytes: &[u8]) -> Vec<u8> {
        self.server.seal(name.as_bytes(), bytes)
    }

    /// Opens a secret of the server that was sealed under this name.
    pub fn open_server(&self, name: &str, sealed: &[u8]) -> Result<Zeroizing<Vec<u8>>, Error> {
        self.server
            .open(name.as_bytes(), sealed)
            .map(Zeroizing::new)
            .ok_or(Error::Damaged {
                what: "server secret",
            })
    }

    /// Keyed hash of an e-mail address, case and outer white space ignored: finds an account without
    /// the database knowing the address.
    pub fn email_key(&self, email: &str) -> [u8; 32] {
        seal::keyed_hash(&self.email, &[normalised_email(email).as_bytes()])
    }

    /// Keyed hash of a device's secret and of what it is bound to.
    pub(crate) fn device_hash(&self, bound: &str, secret: &[u8]) -> [u8; 32] {
        seal::keyed_hash(&self.device, &[bound.as_bytes(), secret])
    }

    /// Whether a stored hash is that of this secret; how long it takes says nothing.
    pub(crate) fn is_device_hash(&self, stored: &[u8], bound: &str, secret: &[u8]) -> bool {
        verify_slices_are_equal(stored, &self.device_hash(bound, secret)).is_ok()
    }

    /// Holds the plain columns of a row together: whoever can only write to the database can neither make
    /// such a row nor move a value from another one into it.
    pub(crate) fn bind(&self, table: &str, columns: &[&[u8]]) -> Vec<u8> {
        let mut named = vec![table.as_bytes()];
        named.extend_from_slice(columns);
        seal::keyed_hash(&self.plain, &named).to_vec()
    }

    /// Whether the columns of a row are those that were bound.
    pub(crate) fn is_bound(&self, bound: Option<&[u8]>, table: &str, columns: &[&[u8]]) -> bool {
        bound
            .is_some_and(|bound| verify_slices_are_equal(bound, &self.bind(table, columns)).is_ok())
    }

    /// Makes and wraps a key for a person.
    pub(crate) fn new_person_key(&self, user: UserId, key_no: i64) -> Wrapped {
        let data_key = seal::random_key();
        let mut sealed = Zeroizing::new(data_key.to_vec());
        let nonce = self
            .wrapping
            .seal_in_place_append_tag(Aad::from(wrap_aad(user, key_no)), &mut *sealed)
            .expect("32 bytes can be sealed");
        let mut bytes = vec![WRAP_FORMAT];
        bytes.extend_from_slice(nonce.as_ref());
        bytes.extend_from_slice(&sealed);
        Wrapped { key_no, bytes }
    }

    fn unwrap(&self, user: UserId, key_no: i64, wrapped: &[u8]) -> Option<Key> {
        let (&format, rest) = wrapped.split_first()?;
        let (nonce, sealed) = rest.split_first_chunk::<WRAP_NONCE_BYTES>()?;
        if format != WRAP_FORMAT {
            return None;
        }
        let mut sealed = Zeroizing::new(sealed.to_vec());
        let plain = self
            .wrapping
            .open_in_place(
                Nonce::from(nonce),
                Aad::from(wrap_aad(user, key_no)),
                &mut sealed,
            )
            .ok()?;
        let mut key = Key::default();
        if plain.len() != key.len() {
            return None;
        }
        key.copy_from_slice(plain);
        Some(key)
    }
}

/// The form of an address under which accounts are found.
fn normalised_email(email: &str) -> String {
    email.trim().to_lowercase()
}

fn wrap_aad(user: UserId, key_no: i64) -> Vec<u8> {
    let mut aad = b"clarity person key".to_vec();
    aad.extend_from_slice(user.uuid().as_bytes());
    aad.extend_from_slice(&key_no.to_le_bytes());
    aad
}

impl PersonKey {
    /// Whose key it is.
    pub const fn user(&self) -> UserId {
        self.user
    }

    /// Seals bytes under a name; they open only with this key and the same name.
    pub fn seal(&self, aad: &[u8], bytes: &[u8]) -> Vec<u8> {
        self.sealer.seal(aad, bytes)
    }

    /// Opens what [`PersonKey::seal`] made.
    pub fn open(&self, aad: &[u8], sealed: &[u8]) -> Result<Vec<u8>, Error> {
        self.open_as("document", aad, sealed)
    }

    /// A keyed hash: equal for equal bytes of one person, unrelated between persons.
    pub fn identity(&self, bytes: &[u8]) -> [u8; 16] {
        let hash = seal::keyed_hash(&self.identity, &[bytes]);
        let (half, _) = hash
            .split_first_chunk::<16>()
            .expect("32 bytes hold 16 bytes");
        *half
    }

    /// How many keys the person has had.
    pub(crate) const fn number(&self) -> i64 {
        self.key_no
    }

    pub(crate) fn open_as(
        &self,
        what: &'static str,
        aad: &[u8],
        sealed: &[u8],
    ) -> Result<Vec<u8>, Error> {
        self.sealer.open(aad, sealed).ok_or(Error::Damaged { what })
    }

    /// The person's number, once it is sure that the key is theirs.
    pub(crate) fn person(&self, user: UserId) -> Result<i64, Error> {
        if self.user == user {
            Ok(self.person)
        } else {
            Err(Error::KeyOfAnother)
        }
    }

    /// Name under which a row of a table is sealed: the table, the owner and the row.
    pub(crate) fn row_name(&self, table: &str, row: &[u8]) -> Vec<u8> {
        let mut name = Vec::with_capacity(table.len() + row.len() + 17);
        name.extend_from_slice(table.as_bytes());
        name.push(0);
        name.extend_from_slice(self.user.uuid().as_bytes());
        name.extend_from_slice(row);
        name
    }

    /// Waits for other writers of this person, and makes sure that the key is still the current one.
    pub(crate) async fn lock(&self, tx: &mut Tx, user: UserId) -> Result<i64, Error> {
        const SQLITE: &str = "SELECT key_no FROM persons WHERE no = $1";
        const POSTGRES: &str = "SELECT key_no FROM persons WHERE no = $1 FOR NO KEY UPDATE";
        let person = self.person(user)?;
        let text = match tx {
            Tx::Sqlite(_) => SQLITE,
            Tx::Postgres(_) => POSTGRES,
        };
        let key_no = run!(tx, connection => sqlx::query_scalar::<_, i64>(text)
            .bind(person)
            .fetch_optional(connection)
            .await)?;
        match key_no {
            Some(key_no) if key_no == self.key_no => Ok(person),
            Some(_) => Err(Error::KeyStale),
            None => Err(Error::PersonUnknown),
        }
    }
}

fn file_error(path: &Path) -> impl FnOnce(std::io::Error) -> Error + '_ {
    |source| Error::MasterKeyFile {
        path: path.to_owned(),
        source,
    }
}

fn read_key_file(path: &Path) -> Result<Option<Key>, Error> {
    let file = match std::fs::File::open(path) {
        Ok(file) => file,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(file_error(path)(error)),
    };
    let mut text = Zeroizing::new(String::new());
    file.take(KEY_FILE_BYTES_MAX)
        .read_to_string(&mut text)
        .map_err(file_error(path))?;
    let key = parse_key_file(&text).ok_or_else(|| Error::MasterKeyInvalid {
        path: path.to_owned(),
    })?;
    Ok(Some(key))
}

fn parse_key_file(text: &str) -> Option<Key> {
    let (label, digits) = text.trim_end().split_once(' ')?;
    let mut key = Key::default();
    if label != KEY_FILE_LABEL || digits.len() != 2 * key.len() || !digits.is_ascii() {
        return None;
    }
    for (at, byte) in key.iter_mut().enumerate() {
        *byte = u8::from_str_radix(digits.get(2 * at..2 * at + 2)?, 16).ok()?;
    }
    Some(key)
}

fn create_key_file(path: &Path) -> Result<Key, Error> {
    use std::fmt::Write as _;
    use std::os::unix::fs::OpenOptionsExt as _;

    let key = seal::random_key();
    let mut line = Zeroizing::new(String::with_capacity(KEY_FILE_LABEL.len() + 66));
    line.push_str(KEY_FILE_LABEL);
    line.push(' ');
    for byte in key.iter() {
        write!(line, "{byte:02x}").expect("a String takes every text");
    }
    line.push('\n');
    if let Some(folder) = folder_of(path) {
        std::fs::create_dir_all(&folder).map_err(file_error(path))?;
    }
    let mut file = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(path)
        .map_err(file_error(path))?;
    file.write_all(line.as_bytes()).map_err(file_error(path))?;
    file.sync_all().map_err(file_error(path))?;
    // The file's name must be as durable as what will be sealed with the key.
    let folder = folder_of(path).unwrap_or_else(|| PathBuf::from("."));
    std::fs::File::open(folder)
        .and_then(|folder| folder.sync_all())
        .map_err(file_error(path))?;
    Ok(key)
}

fn folder_of(path: &Path) -> Option<PathBuf> {
    let folder = path.parent()?;
    (!folder.as_os_str().is_empty()).then(|| folder.to_owned())
}
