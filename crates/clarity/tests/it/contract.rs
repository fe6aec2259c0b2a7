//! The rules for every endpoint: names, headers, problems, and a document that matches the router.

use std::collections::{BTreeMap, BTreeSet};

use axum::http::{Method, StatusCode};
use clarity::config::Switch;
use clarity::http::cursor::{self, Query};
use clarity::http::{docs, methods, router};
use model::ids::UserId;
use serde_json::{Value, json};

use crate::harness::{TestApp, request};
use crate::promise;

/// Every (path, methods) of the document.
fn documented(document: &Value) -> BTreeMap<String, BTreeSet<String>> {
    let paths = document["paths"].as_object().expect("paths");
    let methods = |item: &Value| {
        let item = item.as_object().expect("a path item");
        item.keys().map(|method| method.to_uppercase()).collect()
    };
    paths
        .iter()
        .map(|(path, item)| (path.clone(), methods(item)))
        .collect()
}

fn filled(path: &str) -> String {
    let mut out = String::new();
    let mut rest = path;
    while let Some((before, after)) = rest.split_once('{') {
        out.push_str(before);
        out.push_str("0190a6e0-7c1a-7000-8000-000000000009");
        rest = after.split_once('}').map_or("", |(_, rest)| rest);
    }
    out + rest
}

/// The paths that the router itself holds, from its debug output: there is no other way to list them,
/// and a route that bypassed the documentation must not go unnoticed.
fn routed(test: &TestApp) -> BTreeSet<String> {
    let (routes, _) = router::routes(&test.app);
    let debug = format!("{routes:?}");
    let (_, paths) = debug.split_once("paths: {").expect("axum prints its paths");
    let (paths, _) = paths.split_once('}').map_or((paths, ""), |_| {
        let end = paths.find("}, ").unwrap_or(paths.len());
        paths.split_at(end)
    });
    paths
        .split('"')
        .filter(|text| text.starts_with('/'))
        .map(str::to_owned)
        .collect()
}

#[tokio::test]
async fn the_document_holds_every_route_and_no_other() {
    let test = TestApp::new().await;
    let document = test.get("/api/v1/openapi.json", None).await.json();
    assert!(
        document["openapi"]
            .as_str()
            .is_some_and(|version| version.starts_with("3.1"))
    );
    let documented = documented(&document);
    let paths: BTreeSet<String> = documented.keys().cloned().collect();
    assert!(paths.len() > 15, "{paths:?}");
    // The pages that show the document are for people, and no operations.
    let mut known = paths;
    for page in docs::PAGES.into_iter().chain(methods::ADDRESSES) {
        assert!(known.insert(page.to_owned()), "{page} is no operation");
    }
    assert_eq!(routed(&test), known);
    for (path, methods) in documented {
        let unknown = Method::from_bytes(b"BREW").expect("a method");
        let answer = test
            .send(request(unknown, &filled(&path), None, &[], None))
            .await;
        answer.problem(405, "method_not_allowed");
        let allowed = answer
            .header("allow")
            .split(',')
            .map(|method| method.trim().to_owned());
        let allowed: BTreeSet<String> = allowed.filter(|method| method != "HEAD").collect();
        assert_eq!(allowed, methods, "{path}");
    }
}

#[tokio::test]
async fn every_personal_route_wants_a_token() {
    let test = TestApp::new().await;
    let document = test.get("/api/v1/openapi.json", None).await.json();
    let mut personal = 0;
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
            let path = filled(path);
            let send = |headers: &[(&str, &str)]| {
                request(method.clone(), &path, None, headers, Some(&json!({})))
            };
            if operation.get("security").is_some() {
                personal += 1;
                let answer = test.send(send(&[])).await;
                answer.problem(401, "token_missing");
                assert_eq!(
                    answer.header("www-authenticate"),
                    "Bearer realm=\"clarity\""
                );
                for value in ["Bearer x.y.z", "Basic YTpi", "Bearer", ""] {
                    let answer = test.send(send(&[("authorization", value)])).await;
                    answer.problem(401, "token_invalid");
                }
            } else {
                let status = test.send(send(&[])).await.status;
                assert_ne!(
                    status,
                    StatusCode::UNAUTHORIZED,
                    "{method} {path} lacks security(…)"
                );
            }
        }
    }
    assert!(personal >= 9, "{personal}");
}

#[tokio::test]
async fn ids_that_are_nobodys_or_someone_elses_name_nothing() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let document = test.get("/api/v1/openapi.json", None).await.json();
    let mut tried = 0;
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let bodiless = operation.get("requestBody").is_none();
            if !path.contains('{') || !bodiless || operation.get("security").is_none() {
                continue;
            }
            tried += 1;
            let method = Method::from_bytes(method.to_uppercase().as_bytes()).expect("a method");
            for path in [
                filled(path),
                filled(path).replace("0190a6e0-7c1a", "not-an-id"),
            ] {
                let answer = test
                    .send(request(method.clone(), &path, Some(&ada), &[], None))
                    .await;
                // What only administrators may ask for says so before it looks for anything.
                if answer.status == StatusCode::FORBIDDEN && path.starts_with("/api/v1/admin/") {
                    answer.problem(403, "forbidden");
                } else {
                    answer.problem(404, "not_found");
                }
            }
        }
    }
    assert!(tried >= 1);
}

#[tokio::test]
async fn every_operation_documents_its_problems() {
    let test = TestApp::new().await;
    let document = test.get("/api/v1/openapi.json", None).await.json();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let responses = operation["responses"].as_object().expect("responses");
            assert!(responses.contains_key("500"), "{method} {path}");
            let parameters = operation["parameters"].as_array();
            let takes = |name| {
                let mut parameters = parameters.into_iter().flatten();
                parameters.any(|parameter| parameter["name"] == name)
            };
            if takes("start") && takes("end") {
                assert!(responses.contains_key("422"), "{method} {path}");
            }
            let has_body = operation.get("requestBody").is_some();
            assert_eq!(responses.contains_key("415"), has_body, "{method} {path}");
            assert_eq!(
                responses.contains_key("401"),
                operation.get("security").is_some()
                    || path.ends_with("/auth/login")
                    || path.ends_with("/auth/refresh")
                    || path.ends_with("/auth/mfa/login")
                    || path.ends_with("/auth/browser/mfa")
                    || path.ends_with("/token/refresh")
                    || path.ends_with("/invitation-code/redeem")
                    || path.ends_with("/auth/browser"),
                "{method} {path}"
            );
            for (status, response) in responses {
                let response = promise::resolve(&document, response);
                let is_problem = response["content"]["application/problem+json"].is_object();
                let is_failure = status.as_str() >= "400";
                assert_eq!(is_failure, is_problem, "{method} {path} {status}");
                let headers = &response["headers"];
                assert!(
                    headers["X-Request-Id"].is_object(),
                    "{method} {path} {status}"
                );
                let may_wait = matches!(status.as_str(), "409" | "429" | "503");
                assert_eq!(
                    headers["Retry-After"].is_object(),
                    may_wait,
                    "{path} {status}"
                );
            }
            assert!(operation["tags"].is_array(), "{method} {path}");
            assert!(operation["summary"].is_string(), "{method} {path}");
        }
    }
    let schema = &document["components"]["schemas"]["Problem"];
    assert!(schema["properties"]["request_id"].is_object(), "{schema}");
}

#[tokio::test]
async fn every_operation_has_a_name_of_its_own() {
    let document = promise::document();
    let described: BTreeSet<&str> = document["tags"]
        .as_array()
        .expect("tags")
        .iter()
        .filter(|tag| {
            tag["description"]
                .as_str()
                .is_some_and(|text| text.len() > 10)
        })
        .filter_map(|tag| tag["name"].as_str())
        .collect();
    let mut ids = BTreeMap::new();
    let mut used = BTreeSet::new();
    for (path, method, operation) in promise::operations(&document) {
        let id = operation["operationId"].as_str().expect("an id");
        let is_word =
            |word: &str| word.len() > 1 && word.bytes().all(|byte| byte.is_ascii_lowercase());
        assert!(id.split('_').all(is_word), "{id}");
        let earlier = ids.insert(id, format!("{method} {path}"));
        assert_eq!(earlier, None, "{id} is also {method} {path}");
        for tag in operation["tags"].as_array().expect("tags") {
            let tag = tag.as_str().expect("a tag");
            assert!(described.contains(tag), "{tag} of {id} is not described");
            used.insert(tag);
        }
    }
    assert_eq!(used, described);
}

#[tokio::test]
async fn path_and_query_parameters_have_one_form() {
    let document = promise::document();
    for (path, method, operation) in promise::operations(&document) {
        let parameters = operation["parameters"].as_array();
        for parameter in parameters.into_iter().flatten() {
            let parameter = promise::resolve(&document, parameter);
            let name = parameter["name"].as_str().expect("a name");
            let what = format!("{name} of {method} {path}");
            assert!(
                parameter["description"]
                    .as_str()
                    .is_some_and(|text| text.len() > 5),
                "{what}"
            );
            let is_path = parameter["in"] == "path";
            assert_eq!(is_path, path.contains(&format!("{{{name}}}")), "{what}");
            if is_path && name.ends_with("_id") {
                assert_eq!(parameter["schema"]["format"], "uuid", "{what}");
            }
            assert!(!is_path || name != "id", "{what} says not of what");
            assert_ne!(name, "import_id", "{what} has a former name");
            assert_eq!(
                parameter["deprecated"] == true,
                name == "data_type",
                "{what}"
            );
        }
    }
    let import = &document["paths"]["/api/v1/imports"]["post"]["requestBody"];
    let import = &import["content"]["application/octet-stream"]["schema"];
    assert_eq!(import["format"], "binary", "{import}");
}

#[tokio::test]
async fn unknown_query_parameters_are_refused_everywhere() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    for (path, method, _) in promise::operations(&promise::document()) {
        let path = format!("{}?colour=blue", filled(&path));
        let problem = test
            .send(request(method.clone(), &path, Some(&ada), &[], None))
            .await;
        let problem = problem.problem(400, "invalid_parameter");
        assert_eq!(problem["errors"][0]["pointer"], "colour", "{method} {path}");
        assert_eq!(problem["errors"][0]["code"], "unknown_parameter");
        assert!(!problem.to_string().contains("blue"), "{problem}");
    }
    let refused = test.get("/v1/sleep/?strat=2026-05-04", Some(&ada)).await;
    let refused = refused.problem(400, "invalid_parameter");
    assert_eq!(
        refused["detail"],
        "strat: is not a parameter of this path; did you mean `start`?"
    );
    let twice = "/v1/sleep?start=2026-05-04&start=2026-05-05";
    let twice = test
        .get(twice, Some(&ada))
        .await
        .problem(400, "invalid_parameter");
    assert_eq!(twice["errors"][0]["code"], "repeated");
}

#[tokio::test]
async fn faults_are_said_in_our_own_words_and_point_at_the_place() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let words = [
        "expected",
        "invalid type",
        "unknown variant",
        "missing field",
        "deserialize",
        "secret",
    ];
    let ours = |problem: &Value, pointer: &str| {
        assert_eq!(problem["errors"][0]["pointer"], pointer, "{problem}");
        for word in words {
            assert!(!problem.to_string().contains(word), "{word} in {problem}");
        }
    };
    let profile = "/api/v1/user/profile";
    for (body, pointer) in [
        (json!({"height_cm": "secret"}), "/height_cm"),
        (json!({"birth_date": "secret"}), "/birth_date"),
        (json!({"sex": "secret"}), "/sex"),
        (json!("secret"), ""),
    ] {
        let answer = test.put(profile, &ada, &[], &body).await;
        ours(&answer.problem(422, "validation_failed"), pointer);
    }
    let login = json!({"email": "ada@example.org"});
    let login = test.post("/api/v1/auth/login", None, &login).await;
    ours(&login.problem(422, "validation_failed"), "/password");
    let counts = json!({"start": "2026-05-04T00:00", "counts": [1, "secret"]});
    let counts = test.post("/api/v1/pat/analysis", Some(&ada), &counts).await;
    ours(&counts.problem(422, "validation_failed"), "/counts/1");
    for (query, pointer) in [
        ("health-data?limit=secret", "limit"),
        ("health-data/export?format=secret", "format"),
        ("series/heart_rate?resolution=secret", "resolution"),
        ("trends?timeframe=week", "metric"),
        ("insights/daily?date=secret", "date"),
    ] {
        let answer = test.get(&format!("/api/v1/{query}"), Some(&ada)).await;
        ours(&answer.problem(400, "invalid_parameter"), pointer);
    }
}

#[tokio::test]
async fn former_names_still_work() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    for name in ["metric", "data_type"] {
        let body =
            json!({name: "heart_rate", "value": 60.0, "recorded_at": "2026-11-19T08:00:00Z"});
        let taken = test.post("/api/v1/health-data", Some(&ada), &body).await;
        assert_eq!(taken.status, StatusCode::ACCEPTED, "{}", taken.text());
        let path = format!("/api/v1/health-data?{name}=heart_rate");
        let found = test.get(&path, Some(&ada)).await.json();
        assert_eq!(found["data"][0]["metric"], "heart_rate", "{found}");
        assert_eq!(found["data"][0]["data_type"], "heart_rate");
    }
    let both = "/api/v1/health-data?metric=heart_rate&data_type=heart_rate";
    test.get(both, Some(&ada))
        .await
        .problem(400, "invalid_parameter");
}

#[tokio::test]
async fn aliases_and_slashes_answer_alike() {
    let test = TestApp::new().await;
    let ada = test.register("ada@example.org").await;
    let me = test.get("/api/v1/auth/me", Some(&ada)).await.text();
    for path in [
        "/api/v1/auth/me/",
        "/v1/auth/me",
        "/v1/auth/me/",
        "/v1/auth/me//",
    ] {
        let answer = test.get(path, Some(&ada)).await;
        assert_eq!(
            (answer.status, answer.text()),
            (StatusCode::OK, me.clone()),
            "{path}"
        );
    }
    let health = test.get("/health", None).await.text();
    for path in [
        "/health/",
        "/api/health",
        "/api/v1/health",
        "/v1/health",
        "/v1/system/health/",
    ] {
        assert_eq!(test.get(path, None).await.text(), health, "{path}");
    }
    for path in [
        "/",
        "/health/live",
        "/health/ready",
        "/v1/system/metrics",
        "/docs/",
        "/redoc",
    ] {
        assert_eq!(test.get(path, None).await.status, StatusCode::OK, "{path}");
    }
    let missing = test.get("/v1/nothing/here/?x=1", None).await;
    let problem = missing.problem(404, "not_found");
    assert_eq!(problem["instance"], "/v1/nothing/here/");
}

#[tokio::test]
async fn every_answer_carries_the_headers() {
    let test = TestApp::new().await;
    for path in [
        "/health",
        "/api/v1/auth/me",
        "/nowhere",
        "/api/v1/metric-types",
    ] {
        let answer = test.get(path, None).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff", "{path}");
        assert_eq!(answer.header("x-frame-options"), "DENY");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        assert!(
            answer
                .header("content-security-policy")
                .starts_with("default-src 'none'")
        );
        assert!(!answer.header("permissions-policy").is_empty());
        assert_eq!(answer.header("x-request-id").len(), 36);
    }
    let docs = test.get("/docs", None).await;
    let policy = docs.header("content-security-policy").to_owned();
    assert!(policy.contains("script-src 'self';"), "{policy}");
    assert!(!docs.text().contains("<script>"));
    for file in [
        "swagger-ui-bundle.js",
        "swagger-ui.css",
        "swagger-init.js",
        "redoc.standalone.js",
    ] {
        let asset = test.get(&format!("/docs/{file}"), None).await;
        assert!(
            asset.status.is_success() && asset.bytes.len() > 100,
            "{file}"
        );
        assert!(
            !asset.bytes.starts_with(&[0x1f, 0x8b]),
            "{file} is unpacked for those who cannot"
        );
    }
    test.get("/docs/../config.rs", None)
        .await
        .problem(404, "not_found");
}

#[tokio::test]
async fn request_ids_are_taken_over_when_harmless() {
    let test = TestApp::new().await;
    let ask = async |id: &str| {
        let request = request(Method::GET, "/nowhere", None, &[("x-request-id", id)], None);
        let answer = test.send(request).await;
        answer.problem(404, "not_found");
        answer.header("x-request-id").to_owned()
    };
    for harmless in [
        "4bf92f3577b34da6a3ce929d0e0e4736",
        "0190a6e0-7c1a-7000-8000-00000000ABCD",
    ] {
        assert_eq!(ask(harmless).await, harmless);
    }
    assert_eq!(ask("ada.lovelace").await.len(), 36);
    assert_eq!(ask("deadbeef").await.len(), 36);
    assert_eq!(ask("with space").await.len(), 36);
    assert_eq!(ask("<script>").await.len(), 36);
    assert_eq!(ask(&"x".repeat(200)).await.len(), 36);
}

#[tokio::test]
async fn limits_are_told_and_kept() {
    let test = TestApp::with(|config| {
        config.rates.enabled = Switch::On;
        config.rates.reads_per_min = 3;
    })
    .await;
    let ada = test.register("ada@example.org").await;
    let bob = test.register("bob@example.org").await;
    for left in ["2", "1", "0"] {
        let answer = test.get("/api/v1/auth/me", Some(&ada)).await;
        assert_eq!(answer.status, StatusCode::OK);
        assert_eq!(answer.header("ratelimit-limit"), "3");
        assert_eq!(answer.header("ratelimit-remaining"), left);
        assert!(answer.header("ratelimit-reset").parse::<u64>().is_ok());
    }
    let over = test.get("/api/v1/auth/me", Some(&ada)).await;
    over.problem(429, "rate_limited");
    let wait: u64 = over.header("retry-after").parse().expect("seconds");
    assert!((1..=20).contains(&wait), "{wait}");
    assert_eq!(over.header("ratelimit-remaining"), "0");
    assert_eq!(
        test.get("/api/v1/auth/me", Some(&bob)).await.status,
        StatusCode::OK
    );
    for _ in 0..10 {
        assert_eq!(test.get("/health/live", None).await.status, StatusCode::OK);
    }
}

#[tokio::test]
async fn only_listed_origins_may_read() {
    let test =
        TestApp::with(|config| config.cors.origins = vec!["https://app.example".to_owned()]).await;
    let ask = async |origin: &str| {
        let headers = [("origin", origin), ("access-control-request-method", "GET")];
        let request = request(Method::OPTIONS, "/api/v1/auth/me", None, &headers, None);
        let answer = test.send(request).await;
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        answer.header("access-control-allow-origin").to_owned()
    };
    assert_eq!(ask("https://app.example").await, "https://app.example");
    assert_eq!(ask("https://evil.example").await, "");
    let headers = [("origin", "https://app.example")];
    let problem = request(Method::GET, "/nowhere", None, &headers, None);
    let problem = test.send(problem).await;
    assert_eq!(
        problem.header("access-control-allow-origin"),
        "https://app.example"
    );
}

#[tokio::test]
async fn cursors_open_only_where_they_were_made() {
    let test = TestApp::new().await;
    let user = |number| UserId::from_uuid(uuid::Uuid::from_u128(number));
    let query = Query {
        user: user(1),
        list: "/health-data",
        filter: "data_type=steps",
    };
    let sealed = cursor::seal(&test.app, query, &(17_i64, "abc"));
    let open = |query: Query<'_>, text: &str| {
        cursor::open::<(i64, String)>(&test.app, query, text).map_err(|problem| problem.code.name())
    };
    assert_eq!(open(query, &sealed), Ok((17, "abc".to_owned())));
    let refused = Err("invalid_cursor");
    assert_eq!(
        open(
            Query {
                user: user(2),
                ..query
            },
            &sealed
        ),
        refused
    );
    assert_eq!(
        open(
            Query {
                filter: "data_type=sleep",
                ..query
            },
            &sealed
        ),
        refused
    );
    assert_eq!(
        open(
            Query {
                list: "/workouts",
                ..query
            },
            &sealed
        ),
        refused
    );
    for at in 0..sealed.len() {
        let mut changed = sealed.clone().into_bytes();
        changed[at] = if changed[at] == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(changed).expect("ASCII");
        assert_eq!(open(query, &changed), refused, "{at}");
    }
    assert_eq!(open(query, ""), refused);
    assert_eq!(open(query, &"A".repeat(5_000)), refused);
}

#[tokio::test]
async fn the_catalogue_is_public() {
    let test = TestApp::new().await;
    let answer = test.get("/api/v1/metric-types", None).await;
    let listed = answer.json()["data"].as_array().map(Vec::len);
    assert_eq!(listed, Some(model::metric::CATALOGUE.len()));
}
