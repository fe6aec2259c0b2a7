//! Codes at sign-in are turned on, asked for and turned off, on a server of their own: Ada signs in without.

use axum::http::Method;
use serde_json::{Value, json};

use super::window::{OURS, keep};
use super::{Sent, Story};
use crate::factor;
use crate::harness::{PASSWORD, Person, TestApp, request};

/// What stands for secrets.
const SECRET: &str = "JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP";
const CHALLENGE: &str = "eyJ…";
const RECOVERY: [&str; 2] = ["ABCDE-FGHJK", "23456-789AB"];

struct Codes<'a> {
    story: &'a mut Story,
    test: TestApp,
}

impl Codes<'_> {
    /// Makes an exchange, keeps it as the example of an operation and returns the response.
    async fn take(
        &mut self,
        id: &str,
        (method, path): (Method, &str),
        person: Option<&Person>,
        body: Option<Value>,
    ) -> Value {
        let path = format!("/api/v1/{path}");
        let headers: &[(&str, &str)] = if person.is_none() { &[OURS] } else { &[] };
        let sent = request(method.clone(), &path, person, headers, body.as_ref());
        let answer = self.test.send(sent).await;
        let sent = body.map_or(Sent::Nothing, Sent::Json);
        keep(self.story, id, (method, &path, sent), &answer);
        if answer.bytes.is_empty() {
            return Value::Null;
        }
        answer.json()
    }

    /// Puts what is no secret in the place of what is.
    fn hide(&mut self, id: &str, part: &str, name: &str, value: Value) {
        let example = self.story.examples.get_mut(id).expect("just made");
        example[part][name] = value;
    }

    async fn challenge(&self) -> Value {
        let login = json!({"email": "ada@example.org", "password": PASSWORD});
        let asked = self.test.post("/api/v1/auth/login", None, &login).await;
        asked.json()["challenge"].clone()
    }
}

pub(super) async fn codes(story: &mut Story) {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let ada = Some(&ada);
    let mut codes = Codes { story, test };
    let path = (Method::POST, "auth/mfa/totp");
    let begun = codes.take("begin_totp", path, ada, None).await;
    let uri = format!("otpauth://totp/Clarity:ada%40example.org?secret={SECRET}&issuer=Clarity");
    codes.hide("begin_totp", "response", "secret", json!(SECRET));
    codes.hide("begin_totp", "response", "uri", json!(uri));
    let secret = begun["secret"].as_str().expect("a secret");
    let code = json!({"code": factor::shown(secret, codes.test.app.clock.now_us())});
    let path = (Method::POST, "auth/mfa/totp/verify");
    codes.take("verify_totp", path, ada, Some(code)).await;
    codes.hide("verify_totp", "response", "recovery_codes", json!(RECOVERY));
    let path = (Method::POST, "auth/mfa/recovery-codes");
    let made = codes.take("make_recovery_codes", path, ada, None).await;
    let response = json!(RECOVERY);
    codes.hide(
        "make_recovery_codes",
        "response",
        "recovery_codes",
        response,
    );
    let path = (Method::GET, "auth/mfa");
    codes.take("get_second_factor", path, ada, None).await;
    let code = &made["recovery_codes"];
    let path = (Method::POST, "auth/confirm");
    let shown = json!({"current_password": PASSWORD, "code": code[0]});
    codes.take("confirm_sign_in", path, ada, Some(shown)).await;
    for (id, path, at) in [
        ("login_with_code", "auth/mfa/login", 1),
        ("open_browser_session_with_code", "auth/browser/mfa", 2),
    ] {
        let shown = json!({"challenge": codes.challenge().await, "code": code[at]});
        codes
            .take(id, (Method::POST, path), None, Some(shown))
            .await;
        codes.hide(id, "request", "challenge", json!(CHALLENGE));
    }
    let path = (Method::DELETE, "auth/mfa/totp");
    let shown = json!({"code": code[3]});
    codes.take("remove_totp", path, ada, Some(shown)).await;
    for id in [
        "confirm_sign_in",
        "login_with_code",
        "open_browser_session_with_code",
        "remove_totp",
        "verify_totp",
    ] {
        codes.hide(id, "request", "code", json!("123456"));
    }
}
