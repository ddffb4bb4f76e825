//! Signed requests: AWS Signature Version 4, with the crate `aws-sigv4` in a hook of the session.
//!
//! The hook is called with each hop of each attempt, so a retry gets a new signature. Requests to other
//! origins are not signed. The tests compare the signatures with the published cases of AWS.

use std::{
    error::Error as StdError,
    sync::atomic::{AtomicU32, Ordering},
    time::SystemTime,
};

use aws_credential_types::Credentials;
use aws_sigv4::{
    http_request::{PayloadChecksumKind, SignableBody, SignableRequest, SigningSettings, sign},
    sign::v4::SigningParams,
};
use backstop::{Error, HopRequest, Session, header, request};
use backstop_tests::{Answer, Server};

/// The credentials, the region and the service.
struct Signer {
    credentials: Credentials,
    region: &'static str,
    service: &'static str,
    /// Whether the hash of the body is sent as a header, as S3 requires.
    hashes_body: bool,
    now: fn() -> SystemTime,
}

impl Signer {
    /// Signs a hop, by setting its headers.
    fn sign(&self, hop: &mut HopRequest<'_>) -> Result<(), Box<dyn StdError + Send + Sync>> {
        if !hop.is_own_origin() {
            return Ok(());
        }
        let mut settings = SigningSettings::default();
        if self.hashes_body {
            settings.payload_checksum_kind = PayloadChecksumKind::XAmzSha256;
        }
        let identity = self.credentials.clone().into();
        let params = SigningParams::builder()
            .identity(&identity)
            .region(self.region)
            .name(self.service)
            .time((self.now)())
            .settings(settings)
            .build()?
            .into();
        let body = hop.body().ok_or("a stream cannot be signed, as its bytes are not known")?;
        let signed = hop.headers().iter().filter(|(name, _)| {
            // Not signed: headers that a proxy may change, and the length of an empty body.
            *name != header::ACCEPT_ENCODING
                && !(*name == header::CONTENT_LENGTH && body.is_empty())
        });
        let headers =
            signed.filter_map(|(name, value)| Some((name.as_str(), value.to_str().ok()?)));
        let request = SignableRequest::new(
            hop.method().as_str(),
            hop.url().as_str(),
            headers,
            SignableBody::Bytes(body),
        )?;
        let (instructions, _) = sign(request, &params)?.into_parts();
        let (headers, _) = instructions.into_parts();
        for header in &headers {
            hop.set_header(header.name(), header.value())?;
        }
        Ok(())
    }
}

/// A session whose requests are signed.
fn session(base: &str, signer: Signer) -> Result<Session, Error> {
    Session::builder().base_url(base).prepare(move |hop| signer.sign(hop)).build()
}

#[request(
    post = "/?Action=SendMessage",
    session = session,
    form = &[("MessageBody", message)],
    retry(times = 2, on(Status(503)), idempotency_key),
)]
async fn send_message(session: &Session, message: &str) -> Result<String, Error>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Error> {
    // The server is busy at first, and then returns the request's headers.
    let server = Server::start({
        let answered = AtomicU32::new(0);
        move |asked| match answered.fetch_add(1, Ordering::Relaxed) {
            0 => Answer::new(503, "busy"),
            _ => Answer::new(
                200,
                format!("{}\n{}", asked.header("x-amz-date"), asked.header("authorization")),
            ),
        }
    });
    let signer = Signer {
        credentials: Credentials::from_keys("AKIDEXAMPLE", "not-a-secret", None),
        region: "eu-central-1",
        service: "sqs",
        hashes_body: false,
        now: SystemTime::now,
    };
    let session = session(&server.url(), signer)?;
    println!("{}", send_message(&session, "a message").await?);
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path, time::Duration};

    use backstop::{Request, testing::Script};
    use serde::Deserialize;

    use super::*;

    /// The context of a case, in addition to its request.
    #[derive(Deserialize)]
    struct Context {
        credentials: Keys,
        sign_body: bool,
    }

    #[derive(Deserialize)]
    struct Keys {
        access_key_id: String,
        secret_access_key: String,
        token: Option<String>,
    }

    /// A request in the format of a case: a request line, headers and a body.
    struct Written {
        method: String,
        target: String,
        headers: Vec<(String, String)>,
        body: String,
    }

    fn parse(text: &str) -> Written {
        let (head, body) = text.split_once("\n\n").unwrap_or((text, ""));
        let mut lines = head.lines();
        let line = lines.next().expect("a request line");
        let (method, target) = line.split_once(' ').expect("a method");
        let target = target.strip_suffix(" HTTP/1.1").expect("a version");
        let header = |line: &str| {
            let (name, value) = line.split_once(':').expect("a header");
            (name.to_lowercase(), value.trim().to_owned())
        };
        Written {
            method: method.to_owned(),
            target: target.to_owned(),
            headers: lines.map(header).collect(),
            body: body.to_owned(),
        }
    }

    /// 2015-08-30T12:36:00Z, the time of all cases.
    fn then() -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(1_440_938_160)
    }

    async fn check(case: &Path) {
        let read = |file: &str| fs::read_to_string(case.join(file)).expect(file);
        let Context { credentials, sign_body } =
            serde_json::from_str(&read("context.json")).expect("a context");
        let Keys { access_key_id, secret_access_key, token } = credentials;
        let signer = Signer {
            credentials: Credentials::from_keys(access_key_id, secret_access_key, token),
            region: "us-east-1",
            service: "service",
            hashes_body: sign_body,
            now: then,
        };
        let script = Script::new();
        script.any("/{*rest}").status(200);
        script.any("/").status(200);
        let session = session("https://example.amazonaws.com", signer).expect("a session");

        let Written { method, target, headers, body } = parse(&read("request.txt"));
        let mut request = Request::method(&method, target);
        for (name, value) in headers.iter().filter(|(name, _)| name != "host") {
            request = request.header(name, value.as_str());
        }
        if !body.is_empty() {
            request = request.body(body);
        }
        script.run(session.fetch(request)).await.expect("a response");

        let sent = script.last();
        for (name, value) in parse(&read("header-signed-request.txt")).headers {
            let found = sent.header(&name);
            assert_eq!(found, Some(&*value), "{name} of {}", case.display());
        }
    }

    #[tokio::test]
    async fn requests_are_signed_as_in_the_published_cases() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sigv4");
        let mut cases = 0;
        for entry in fs::read_dir(folder).expect("the cases") {
            let path = entry.expect("a file").path();
            if path.is_dir() {
                check(&path).await;
                cases += 1;
            }
        }
        assert_eq!(cases, 14);
    }

    #[tokio::test]
    async fn a_signature_is_sent_to_no_other_origin() {
        let signer = Signer {
            credentials: Credentials::from_keys("AKIDEXAMPLE", "not-a-secret", None),
            region: "us-east-1",
            service: "service",
            hashes_body: true,
            now: then,
        };
        let script = Script::new();
        let away = script.get("https://elsewhere.test/").text("away");
        script.get("/").reply(backstop::testing::Reply::redirect(302, "https://elsewhere.test/"));
        let session = session("https://example.amazonaws.com", signer).expect("a session");
        script.run(session.fetch(Request::get("/"))).await.expect("a response");
        away.last().assert_no_header("authorization").assert_no_header("x-amz-date");
    }
}
