//! Every operation with every kind of credential: which status it has is a committed table (`matrix.tsv`). An operation
//! without a row fails, and so does one whose status changed.
//!
//! `CLARITY_WRITE_DOCS=1` writes the table anew.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use aws_lc_rs::signature::Ed25519KeyPair;
use axum::http::Method;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use clarity::access::scope::{Reach, Scope};
use clarity::access::{Permission, Recency, rule};
use clarity::auth::account::{self, Arrival, Email};
use clarity::auth::apikey::ApiKey;
use clarity::auth::keys::Claims;
use clarity::auth::network::Network;
use clarity::auth::role::Role;
use clarity::erasure;
use jsonwebtoken::{Algorithm, EncodingKey, Header};
use model::ids::{SessionId, UserId};
use serde_json::{Value, json};
use store::api_keys::NewApiKey;
use store::grants::NewGrant;
use store::people::Access;
use tower::ServiceExt;
use zeroize::Zeroizing;

use crate::harness::{Person, TestApp, request};
use crate::promise::{document, operations};

/// Set by `make docs`: the table is written instead of compared.
const WRITE: &str = "CLARITY_WRITE_DOCS";

/// Seconds for which a sign-in is recent: fewer than an access token is valid for.
const RECENT_S: i64 = 600;

/// What comes with a request to say who asks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Shown {
    Nothing,
    Expired,
    WrongIssuer,
    AlgNone,
    PublicKeyAsSecret,
    UnknownKey,
    EndedSession,
    Disabled,
    Erased,
    RevokedDevice,
    Device,
    CrossSiteCookie,
    Role(Role),
    OthersIds,
    /// The key of a program that may do all that one may.
    Key,
    /// One whose time was over a moment ago.
    ExpiredKey,
    /// One that was revoked.
    RevokedKey,
    /// One that may do something else.
    KeyOfAnotherScope,
    /// A session that signed in longer ago than what is sensitive takes.
    StaleSession,
    /// The data of somebody who allows all of it.
    Grant,
    /// The data of somebody who allowed all of it until a moment ago.
    ExpiredGrant,
    /// The data of somebody who allows something else.
    GrantOfAnotherScope,
}

const ALL: [(&str, Shown); 25] = [
    ("nothing", Shown::Nothing),
    ("expired", Shown::Expired),
    ("wrong_issuer", Shown::WrongIssuer),
    ("alg_none", Shown::AlgNone),
    ("hs256_public_key", Shown::PublicKeyAsSecret),
    ("unknown_key", Shown::UnknownKey),
    ("ended_session", Shown::EndedSession),
    ("disabled", Shown::Disabled),
    ("erased", Shown::Erased),
    ("revoked_device", Shown::RevokedDevice),
    ("device", Shown::Device),
    ("cross_site_cookie", Shown::CrossSiteCookie),
    ("patient", Shown::Role(Role::Patient)),
    ("clinician", Shown::Role(Role::Clinician)),
    ("researcher", Shown::Role(Role::Researcher)),
    ("admin", Shown::Role(Role::Admin)),
    ("others_ids", Shown::OthersIds),
    ("key", Shown::Key),
    ("expired_key", Shown::ExpiredKey),
    ("revoked_key", Shown::RevokedKey),
    ("key_of_another_scope", Shown::KeyOfAnotherScope),
    ("grant", Shown::Grant),
    ("expired_grant", Shown::ExpiredGrant),
    ("grant_of_another_scope", Shown::GrantOfAnotherScope),
    ("stale_session", Shown::StaleSession),
];

/// Somebody with an account and a session.
struct Somebody {
    user: UserId,
    session: SessionId,
    access: String,
}

struct Matrix {
    test: TestApp,
    next: u32,
    /// What belongs to somebody else, by the name of the parameter.
    others: BTreeMap<&'static str, String>,
}

impl Matrix {
    async fn new() -> Self {
        let test = TestApp::with(|config| config.tokens.recent_s = RECENT_S).await;
        let eve = test.register("eve@example.org").await;
        let steps = json!({"data_type": "step_count", "value": 7, "unit": "count",
                           "recorded_at": "2026-11-19T10:00:00Z"});
        let sent = test
            .post("/api/v1/health-data", Some(&eve), &steps)
            .await
            .json();
        let device = test
            .post("/api/v1/devices", Some(&eve), &json!({"name": "x"}))
            .await
            .json();
        let id = |value: &Value| value.as_str().expect("an id").to_owned();
        let others = BTreeMap::from([
            ("session_id", eve.session.clone()),
            ("processing_id", id(&sent["processing_id"])),
            ("device_id", id(&device["device_id"])),
        ]);
        Self {
            test,
            next: 0,
            others,
        }
    }

    async fn somebody(&mut self, role: Role) -> Somebody {
        self.next += 1;
        let app = &self.test.app;
        let email = Email::parse(&format!("{}@example.org", self.next)).expect("an address");
        let mut tx = app.store.write().await.expect("a transaction");
        let user = account::create(app, &mut tx, &email, "no hash", role).await;
        let user = user.expect("an account");
        let key = app.vault.person_key(&mut tx, user).await.expect("a key");
        let arrival = Arrival {
            by: "login",
            label: "",
            network: Network::UNKNOWN,
        };
        let tokens = account::start_session(app, &mut tx, &key, (user, role), arrival).await;
        let tokens = tokens.expect("a session");
        tx.commit().await.expect("a commit");
        Somebody {
            user,
            session: tokens.session_id,
            access: tokens.access_token,
        }
    }

    fn claims(&self, who: &Somebody) -> Claims {
        let now_s = self.test.app.clock.now_us() / 1_000_000;
        Claims {
            iss: self.test.app.config.tokens.issuer.clone(),
            sub: who.user,
            sid: who.session,
            role: "patient".to_owned(),
            iat: now_s - 1_000,
            exp: now_s + 1_000,
        }
    }

    fn signed(&self, claims: &Claims) -> String {
        self.test.app.keys.issue(claims).expect("a token")
    }

    /// A token of our own key's id under another algorithm or key.
    fn forged(&self, claims: &Claims, shown: Shown) -> String {
        let keys = self.test.app.keys.public();
        let key = serde_json::to_value(&keys[0]).expect("a key");
        let kid = key["kid"].as_str().expect("an id").to_owned();
        let encoded = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
        if shown == Shown::AlgNone {
            let header = json!({"alg": "none", "kid": kid, "typ": "JWT"});
            return format!("{}.{}.", encoded(&header), encoded(&json!(claims)));
        }
        if shown == Shown::PublicKeyAsSecret {
            let public = URL_SAFE_NO_PAD.decode(key["x"].as_str().expect("a key"));
            let mut header = Header::new(Algorithm::HS256);
            header.kid = Some(kid);
            let secret = EncodingKey::from_secret(&public.expect("base64"));
            return jsonwebtoken::encode(&header, claims, &secret).expect("a token");
        }
        let pair = Ed25519KeyPair::generate().expect("a key");
        let pair = pair.to_pkcs8v1().expect("a document");
        let mut header = Header::new(Algorithm::EdDSA);
        header.kid = Some("unknown".to_owned());
        let key = EncodingKey::from_ed_der(pair.as_ref());
        jsonwebtoken::encode(&header, claims, &key).expect("a token")
    }

    /// The key of a device of somebody.
    async fn device(&self, who: &Somebody, is_revoked: bool) -> String {
        let person = Person {
            access: who.access.clone(),
            refresh: String::new(),
            session: String::new(),
        };
        let name = json!({"name": "Phone"});
        let added = self
            .test
            .post("/api/v1/devices", Some(&person), &name)
            .await
            .json();
        if is_revoked {
            let path = format!(
                "/api/v1/devices/{}",
                added["device_id"].as_str().expect("an id")
            );
            self.test
                .send(request(Method::DELETE, &path, Some(&person), &[], None))
                .await;
        }
        added["pairing"]["key"].as_str().expect("a key").to_owned()
    }

    /// What a request shows, as headers.
    async fn shown(
        &mut self,
        id: &str,
        shown: Shown,
    ) -> (Vec<(&'static str, String)>, Option<UserId>) {
        if shown == Shown::Nothing {
            return (Vec::new(), None);
        }
        let role = if let Shown::Role(role) = shown {
            role
        } else {
            Role::Patient
        };
        let who = self.somebody(role).await;
        let user = who.user;
        let is_key = matches!(
            shown,
            Shown::Key | Shown::ExpiredKey | Shown::RevokedKey | Shown::KeyOfAnotherScope
        );
        let headers = if is_key {
            vec![("x-api-key", self.key(id, shown, user).await)]
        } else {
            self.headers(shown, who).await
        };
        (headers, Some(user))
    }

    /// The key of a program of somebody.
    async fn key(&self, id: &str, shown: Shown, user: UserId) -> String {
        let reach = rule(id).expect("a row").reach;
        let scopes = if shown == Shown::KeyOfAnotherScope {
            another(reach).name()
        } else {
            "everything,send"
        };
        let app = &self.test.app;
        let now_us = app.clock.now_us();
        let (key_id, secret) = (app.ids.api_key(now_us), app.ids.bytes());
        let new = NewApiKey {
            id: key_id,
            scopes,
            secret: &secret,
            name: "Program",
            now_us,
            expires_us: now_us + i64::from(shown != Shown::ExpiredKey),
        };
        let mut tx = app.store.write().await.expect("a transaction");
        let person = app.vault.person_key(&mut tx, user).await.expect("a key");
        let made = store::api_keys::create(&mut tx, &app.vault, &person, user, &new, 9).await;
        assert!(made.expect("a write"));
        if shown == Shown::RevokedKey {
            let revoked = store::api_keys::revoke(&mut tx, user, key_id).await;
            assert!(revoked.expect("a write"));
        }
        tx.commit().await.expect("a commit");
        ApiKey::of(key_id, Zeroizing::new(secret))
            .text()
            .to_string()
    }

    async fn headers(&self, shown: Shown, who: Somebody) -> Vec<(&'static str, String)> {
        let bearer = |token: String| vec![("authorization", format!("Bearer {token}"))];
        let claims = self.claims(&who);
        let app = &self.test.app;
        bearer(match shown {
            Shown::Expired => self.signed(&Claims {
                exp: claims.iat + 1,
                ..claims
            }),
            Shown::WrongIssuer => self.signed(&Claims {
                iss: "https://elsewhere.example".to_owned(),
                ..claims
            }),
            Shown::AlgNone | Shown::PublicKeyAsSecret | Shown::UnknownKey => {
                self.forged(&claims, shown)
            }
            Shown::EndedSession => {
                let mut tx = app.store.write().await.expect("a transaction");
                let ended = store::sessions::revoke(&mut tx, who.user, who.session).await;
                assert!(ended.expect("a write"));
                tx.commit().await.expect("a commit");
                who.access
            }
            Shown::Disabled => {
                let mut tx = app.store.write().await.expect("a transaction");
                let disabled =
                    store::people::set_access(&mut tx, &app.vault, who.user, Access::Disabled)
                        .await;
                assert!(disabled.expect("a write"));
                tx.commit().await.expect("a commit");
                who.access
            }
            Shown::Erased => {
                erasure::of_person(app, who.user).await.expect("an erasure");
                who.access
            }
            Shown::RevokedDevice | Shown::Device => {
                self.device(&who, shown == Shown::RevokedDevice).await
            }
            Shown::CrossSiteCookie => {
                let iss = format!("{}#browser", claims.iss);
                let token = self.signed(&Claims { iss, ..claims });
                return vec![
                    ("cookie", format!("clarity={token}")),
                    ("sec-fetch-site", "cross-site".to_owned()),
                ];
            }
            Shown::StaleSession => {
                app.clock.advance_us(RECENT_S * 1_000_000);
                who.access
            }
            Shown::Nothing
            | Shown::Role(_)
            | Shown::OthersIds
            | Shown::Key
            | Shown::ExpiredKey
            | Shown::RevokedKey
            | Shown::KeyOfAnotherScope
            | Shown::Grant
            | Shown::ExpiredGrant
            | Shown::GrantOfAnotherScope => who.access,
        })
    }

    /// Somebody whose data a request asks for by a grant; `None` where it is the own.
    async fn owner(&mut self, id: &str, shown: Shown, reader: UserId) -> Option<UserId> {
        let reach = rule(id).expect("a row").reach;
        let now_us = self.test.app.clock.now_us();
        let grants = [
            (Shown::Grant, Scope::Everything, now_us + 1),
            (Shown::ExpiredGrant, Scope::Everything, now_us),
            (Shown::GrantOfAnotherScope, another(reach), now_us + 1),
        ];
        let wanted = grants.into_iter().find(|(of, ..)| *of == shown);
        let (_, scope, expires_us) = wanted?;
        let owner = self.somebody(Role::Patient).await.user;
        let app = &self.test.app;
        let mut tx = app.store.write().await.expect("a transaction");
        let key = app.vault.person_key(&mut tx, owner).await.expect("a key");
        let grant = NewGrant {
            id: app.ids.grant(now_us),
            reader,
            scopes: scope.name(),
            now_us,
            expires_us,
            words: br#"{"reader": "reader@example.org", "purpose": "a test"}"#,
        };
        let made = store::grants::create(&mut tx, &app.vault, &key, owner, &grant, 9).await;
        assert!(made.expect("a write"));
        tx.commit().await.expect("a commit");
        Some(owner)
    }

    /// The status of an operation, asked with the least that it takes.
    async fn status(&mut self, id: &str, asked: (&Method, &str, bool), shown: Shown) -> u16 {
        let (method, path, has_body) = asked;
        let (headers, who) = self.shown(id, shown).await;
        let headers: Vec<(&str, &str)> = headers
            .iter()
            .map(|(name, value)| (*name, value.as_str()))
            .collect();
        let owner = match who {
            Some(who) => self.owner(id, shown, who).await,
            None => None,
        };
        let path = match owner {
            Some(owner) if path.ends_with("/user/{user_id}") => {
                path.replace("{user_id}", &owner.to_string())
            }
            Some(owner) => format!("{path}?user_id={owner}"),
            None => path.to_owned(),
        };
        let path = self.filled(&path, shown == Shown::OthersIds);
        let body = json!({});
        let body = has_body.then_some(&body);
        let sent = request(method.clone(), &path, None, &headers, body);
        let response = self.test.router().oneshot(sent).await.expect("infallible");
        response.status().as_u16()
    }

    fn filled(&self, path: &str, others: bool) -> String {
        let mut out = String::new();
        let mut rest = path;
        while let Some((before, after)) = rest.split_once('{') {
            out.push_str(before);
            let (name, after) = after.split_once('}').expect("a name");
            let known = self.others.get(name).filter(|_| others);
            let nobodys = match name {
                "metric" => "step_count",
                _ => "0190a6e0-7c1a-7000-8000-000000000009",
            };
            out.push_str(known.map_or(nobodys, String::as_str));
            rest = after;
        }
        out + rest
    }
}

/// A scope that does not cover what an operation shows.
fn another(reach: Reach) -> Scope {
    let shows: &[Scope] = match reach {
        Reach::Own => &[],
        Reach::Of(scopes) => scopes,
        // The paths name steps.
        Reach::Named => &[Scope::Activity],
    };
    let mut all = Scope::READING.into_iter();
    let another = all.find(|scope| *scope != Scope::Everything && !shows.contains(scope));
    another.expect("no operation shows every class alone")
}

fn file() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("tests/it/matrix.tsv")
}

#[tokio::test(flavor = "multi_thread")]
async fn every_operation_has_its_status_for_every_credential() {
    let mut matrix = Matrix::new().await;
    let names: Vec<&str> = ALL.iter().map(|(name, _)| *name).collect();
    let mut text = format!("operation\t{}\n", names.join("\t"));
    let document = document();
    for (path, method, operation) in operations(&document) {
        let id = operation["operationId"].as_str().expect("an id");
        let has_body = operation.get("requestBody").is_some();
        write!(text, "{id}").expect("a String takes all");
        for (_, shown) in ALL {
            let status = matrix.status(id, (&method, &path, has_body), shown).await;
            write!(text, "\t{status}").expect("a String takes all");
            holds(id, shown, status);
        }
        text.push('\n');
    }
    if std::env::var_os(WRITE).is_some() {
        return std::fs::write(file(), text).expect("written");
    }
    let written = std::fs::read_to_string(file()).expect("the table");
    for (ours, theirs) in text.lines().zip(written.lines()) {
        assert_eq!(ours, theirs, "run make docs and look at what changed");
    }
    assert_eq!(text.lines().count(), written.lines().count());
}

/// What must hold whatever the table says.
fn holds(id: &str, shown: Shown, status: u16) {
    let rule = rule(id).expect("a row");
    let Some(needs) = rule.needs else { return };
    let is_in = !matches!(status, 401 | 403);
    match shown {
        // What is the person's own takes nobody else's name.
        Shown::Grant | Shown::ExpiredGrant | Shown::GrantOfAnotherScope
            if rule.reach == Reach::Own =>
        {
            assert_eq!(status, 400, "{id}: {shown:?}");
        }
        // What is the person's own is for nobody's program (403), but for sending.
        Shown::Key if rule.reach == Reach::Own => assert_ne!(status, 401, "{id}"),
        Shown::Grant | Shown::Key => assert!(is_in, "{id}: {status}"),
        Shown::ExpiredGrant => assert_eq!(status, 404, "{id}"),
        Shown::GrantOfAnotherScope | Shown::KeyOfAnotherScope => {
            assert_eq!(status, 403, "{id}");
        }
        Shown::Role(role) => assert_eq!(
            !needs.is_of(role),
            status == 403,
            "{id}: {role:?} and {}: {status}",
            needs.name()
        ),
        // What only administrators may do says so before it looks for anything.
        Shown::OthersIds => assert!(
            matches!(needs, Permission::ManageUsers | Permission::SystemAdmin) || status != 403,
            "{id}: {status}"
        ),
        // Signed in, but what is sensitive asks once more.
        Shown::StaleSession => assert_eq!(
            rule.recency == Recency::Recent || !needs.is_of(Role::Patient),
            status == 403,
            "{id}: {status}"
        ),
        Shown::Device => {}
        Shown::CrossSiteCookie
        | Shown::Nothing
        | Shown::Expired
        | Shown::WrongIssuer
        | Shown::AlgNone
        | Shown::PublicKeyAsSecret
        | Shown::UnknownKey
        | Shown::EndedSession
        | Shown::Disabled
        | Shown::Erased
        | Shown::ExpiredKey
        | Shown::RevokedKey
        | Shown::RevokedDevice => assert!(!is_in, "{id}: {shown:?} is let in with {status}"),
    }
}
